"""The commands around sending: run, and what comes before it: check, preview, rehearse, new."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runner import words
from runner.cli.ledger import ledger_file, opened_ledger, tell_if_new, utc_now
from runner.cli.options import (
    AccountsOption,
    AsJson,
    BaseUrl,
    KeyOption,
    LedgerPlace,
    ReadingOptions,
    SendingOptions,
    TemplateOption,
    Timeout,
    load_campaign,
    takes,
)
from runner.errors import ExitCode, UsageError
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.action.run import Plan
    from runner.sending.lane import Event

Source = Annotated[
    Path,
    typer.Argument(
        metavar="SHEET|CAMPAIGN.toml",
        readable=False,
        help="The spreadsheet (CSV, XLSX …), or a campaign file.",
    ),
]


@takes(TemplateOption, ReadingOptions, AccountsOption, SendingOptions, KeyOption)
def run(
    source: Source,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            envvar="CAMPAIGN_NAME",
            help="The campaign's name; default: the sheet's file name.",
        ),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(
            "--max",
            metavar="N",
            envvar="CAMPAIGN_MAX",
            min=1,
            help="At most this many messages in this run.",
        ),
    ] = None,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait", envvar="CAMPAIGN_WAIT", help="Stay until the campaign is done, across resets."
        ),
    ] = False,
    ledger: LedgerPlace = None,
    base_url: BaseUrl = None,
    timeout: Timeout = 90.0,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", envvar="CAMPAIGN_YES", help="Send without asking.")
    ] = False,
    unattended: Annotated[
        bool,
        typer.Option(
            "--unattended",
            envvar="CAMPAIGN_UNATTENDED",
            help="--yes, a log beside the ledger, and no output when all is well.",
        ),
    ] = False,
    notify: Annotated[
        str | None,
        typer.Option(
            "--notify",
            envvar="CAMPAIGN_NOTIFY",
            metavar="COMMAND|URL",
            help="Whom to tell how the run ended: a command, or an https:// webhook.",
        ),
    ] = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Send what may go today; the same command resumes, tomorrow or after a crash."""
    from runner.action.run import Session
    from runner.action.run import run as run_campaign
    from runner.sending.api import Endpoint
    from runner.sending.client import BASE_URL
    from runner.sending.clock import ServerClock
    from runner.sending.key import find_key
    from runner.sending.lookup import Lookup
    from runner.unattended.log import RunLog, log_path
    from runner.unattended.witness import Witness, witnessed

    console, witness = Console(as_json=as_json, unattended=unattended), Witness(notify, source)

    def agree(plan: Plan) -> bool:
        console.plan(plan, most)
        witness.planned(plan)
        waiting = plan.summary.totals.waiting
        if (
            waiting
            and not (yes or unattended)
            and not console.ask("Send?", otherwise="nothing was sent")
        ):
            return False
        console.progress(min(waiting, most or waiting))
        return True

    def see(event: Event) -> None:
        console.event(event)
        witness.log.event(event)

    with witnessed(witness, console.tell):
        if unattended:
            witness.log = RunLog(log_path(ledger_file(ledger)), name or source.stem)
        campaign = load_campaign(source, name=name, notify=notify, **options)
        witness.loaded(campaign)
        key, clock = find_key(campaign.key_file, campaign.folder).secret, ServerClock(utc_now)
        endpoint = Endpoint(key, clock, base_url=base_url or BASE_URL, read_seconds=timeout)
        lookup = Lookup(key, clock, base_url=base_url or BASE_URL)
        with opened_ledger(ledger) as opened:
            if not unattended:
                tell_if_new(opened, ledger, console)
            session = Session(endpoint, agree, see, stay=wait, most=most, lookup=lookup)
            report = run_campaign(campaign, opened, session)
        witness.ended(report)
    console.report(report)
    return report.exit_code


@takes(TemplateOption, ReadingOptions, AccountsOption)
def check(
    source: Source,
    problems: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Also write the problems to a workbook (.xlsx), for a colleague to work through.",
        ),
    ] = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Show every problem of sheet and template; nothing is sent."""
    from runner.action.run import take
    from runner.results.problems import write as write_problems

    console = Console(as_json=as_json)
    campaign = load_campaign(source, **options)
    intake = take(campaign)
    exit_code = ExitCode.NEEDS_A_PERSON if intake.findings.invalid else ExitCode.DONE
    if intake.blocking or not intake.findings.rows:
        exit_code = ExitCode.REFUSED
    written = (
        write_problems(problems, campaign.sheet, intake.checked, intake.findings)
        if problems
        else None
    )
    console.check(intake, exit_code, written.path if written else None)
    return exit_code


@takes(TemplateOption, ReadingOptions, AccountsOption)
def preview(
    source: Source,
    number: Annotated[
        int, typer.Option("-n", metavar="N", min=1, help="How many rows to show.")
    ] = 5,
    row: Annotated[int | None, typer.Option("--row", metavar="ROW", help="Show this row.")] = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Show the rendered messages, as they would go out."""
    from itertools import islice

    from runner.action.run import refuse_unusable, take

    intake = take(load_campaign(source, **options))
    refuse_unusable(intake)
    wanted = (entry for entry in intake.checked.entries() if row is None or entry.row.number == row)
    entries = list(islice(wanted, number))
    if not entries:
        raise UsageError(
            f"The sheet has no row {row}.",
            remedy="Rows are numbered as the spreadsheet program shows them.",
        )
    Console(as_json=as_json).preview(entries, intake.findings.rows if row is None else 1)
    return ExitCode.DONE


@takes(TemplateOption, ReadingOptions, AccountsOption, SendingOptions)
def rehearse(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="SHEET|CAMPAIGN.toml", help="The spreadsheet; without one, the packaged sample."
        ),
    ] = None,
    quota: Annotated[
        int,
        typer.Option("--quota", metavar="N", min=1, help="Each simulated account's daily quota."),
    ] = 150,
    faults: Annotated[
        float,
        typer.Option(
            "--faults",
            metavar="SHARE",
            min=0,
            max=0.9,
            help="The share of requests that meet a fault.",
        ),
    ] = 0.0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Repeat the same faults.")] = 0,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Run the whole campaign against a simulated endpoint, days in seconds; nothing is sent, nobody
    is known before."""
    from dataclasses import replace

    from runner.intake.sheet import load as load_sheet
    from runner.intake.table import read
    from runner.ledger.record import Status
    from runner.rehearsal.rehearse import rehearse as rehearse_campaign
    from runner.rehearsal.rehearse import results_path, sample
    from runner.results.handback import copy_of

    console = Console(as_json=as_json)
    if source is None:
        source, options["template"] = (
            sample("recipients.csv"),
            options["template"] or sample("introduction.j2"),
        )
        options["results"] = options["results"] or Path("recipients.rehearsal.results.csv")
    campaign = load_campaign(source, **options)
    if options["results"] is None:
        source_file = load_sheet(campaign.sheet)
        ending = copy_of(source_file)[0] if campaign.results_in_copy else ""
        workbook = read(source_file, campaign.reading).delimiter is None
        campaign = replace(
            campaign, results=results_path(campaign.sheet, workbook=workbook, ending=ending)
        )
    rehearsed = rehearse_campaign(
        campaign,
        utc_now(),
        limit=quota,
        faults=faults,
        seed=seed,
        plan=console.plan,
        day=console.day,
    )
    shown = [line for line in rehearsed.lines if line.status is not Status.SENT] + [
        line for line in rehearsed.lines if line.status is Status.SENT
    ]
    lines = [
        (str(line.number), line.status.value, line.error or line.reason or "")
        for line in shown[:12]
    ]
    console.table(("row", "status", "reason or error"), lines)
    if len(shown) > len(lines):
        console.say(f"… and {len(shown) - len(lines)} more rows in the results.")
    console.rehearsed(rehearsed)
    return rehearsed.report.exit_code


def new(
    name: Annotated[
        Path,
        typer.Argument(
            metavar="NAME", readable=False, help="The campaign's name, or the file to write."
        ),
    ],
    source: Annotated[
        Path | None, typer.Argument(metavar="SHEET", readable=False, help="The spreadsheet.")
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            "--template",
            "-t",
            metavar="FILE",
            envvar="CAMPAIGN_TEMPLATE",
            readable=False,
            help="The message template.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Write a campaign file to begin with, every key explained."""
    from runner.campaign.starter import write

    console = Console(as_json=as_json)
    written = write(name, source, template)
    console.say(f"Written: {written}")
    console.say(f"  Next: fill it in, then: campaign check {words.argument(written)}")
    console.answer({"campaignFile": str(written), "exitCode": 0})
    return ExitCode.DONE
