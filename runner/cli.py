"""The command line: options in, one call, one renderer, exit code out. Commands import the heavy modules they use."""

from __future__ import annotations

import inspect
import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from runner import __version__
from runner.console import Console
from runner.errors import CampaignError, ExitCode, InterruptedRunError, RefusedError, UsageError, explain

if TYPE_CHECKING:
    from runner.campaign import Campaign
    from runner.intake.recipient import Recipient
    from runner.ledger.ledger import Ledger
    from runner.ledger.record import CampaignRecord
    from runner.results.summary import Summary
    from runner.run import Plan
    from runner.sending.lane import Event
    from runner.sending.pace import Pace

app = typer.Typer(
    name="campaign",
    help="Send one LinkedIn message to each person of a spreadsheet, at most once, within each account's daily quota.",
    epilog="Automated messaging can breach LinkedIn's terms and get an account restricted; pacing cannot prevent that.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
suppress_app = typer.Typer(help="The do-not-contact list, for all campaigns.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(suppress_app, name="suppress")
schedule_app = typer.Typer(
    help="The daily run of a campaign file, by this computer's own scheduler.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(schedule_app, name="schedule")

Hidden = Literal["include", "skip"]
ResultsIn = Literal["new", "copy"]
Source = Annotated[
    Path,
    typer.Argument(metavar="SHEET|CAMPAIGN.toml", readable=False, help="The spreadsheet (CSV, XLSX …), or a campaign file."),
]
Which = Annotated[str | None, typer.Option("--name", envvar="CAMPAIGN_NAME", help="The campaign; default: the one last read.")]
Results = Annotated[
    Path | None,
    typer.Option(
        "--results", "-o", envvar="CAMPAIGN_RESULTS", help="Where results go (.csv or .xlsx).  [default: beside the sheet]"
    ),
]
LedgerPlace = Annotated[
    str | None,
    typer.Option("--ledger", envvar="CAMPAIGN_LEDGER", metavar="PATH|URL", help="The ledger.  [default: one per user]"),
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", envvar="CAMPAIGN_BASE_URL", help="The API's address.  [default: the vendor's]")
]
Timeout = Annotated[
    float, typer.Option("--timeout", envvar="CAMPAIGN_TIMEOUT", min=1, max=3600, help="Seconds to wait for an answer.")
]
AsJson = Annotated[bool, typer.Option("--json", envvar="CAMPAIGN_JSON", help="Answer with one JSON object on stdout.")]
Row = Annotated[int, typer.Argument(metavar="ROW", help="The row's number, as the spreadsheet program shows it.")]


@dataclass(frozen=True)
class ReadingOptions:
    """How the sheet is to be read."""

    sheet_name: Annotated[str | None, typer.Option("--sheet", envvar="CAMPAIGN_SHEET", help="The worksheet to read.")] = None
    header_row: Annotated[
        int | None,
        typer.Option(
            "--header-row", envvar="CAMPAIGN_HEADER_ROW", min=1, help="The row with the columns' names.  [default: found]"
        ),
    ] = None
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", envvar="CAMPAIGN_COLUMN", metavar="ROLE=HEADER", help="What a column is for. Repeatable."),
    ] = None
    hidden: Annotated[
        Hidden | None,
        typer.Option(
            "--hidden", envvar="CAMPAIGN_HIDDEN", help="Write to people in hidden and filtered-out rows, or skip them."
        ),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", envvar="CAMPAIGN_ENCODING", help="A CSV's encoding.  [default: UTF-8 or refused]"),
    ] = None


@dataclass(frozen=True)
class TemplateOption:
    """The text."""

    template: Annotated[
        Path | None,
        typer.Option("--template", "-t", envvar="CAMPAIGN_TEMPLATE", readable=False, help="The message template (Jinja2)."),
    ] = None


@dataclass(frozen=True)
class AccountsOption:
    """From whom."""

    accounts: Annotated[
        list[str] | None,
        typer.Option(
            "--account",
            envvar="CAMPAIGN_ACCOUNT",
            help="A LinkedIn account ID to send from; several share the rows. Repeatable.",
        ),
    ] = None


@dataclass(frozen=True)
class SendingOptions:
    """When, how many, and where the results go."""

    daily_limit: Annotated[
        int | None, typer.Option("--daily-limit", envvar="CAMPAIGN_DAILY_LIMIT", help="At most this many per account and day.")
    ] = None
    reserve: Annotated[
        int | None,
        typer.Option("--reserve", envvar="CAMPAIGN_RESERVE", help="Leave this many of the quota to people and other tools."),
    ] = None
    ramp: Annotated[
        str | None,
        typer.Option("--ramp", envvar="CAMPAIGN_RAMP", metavar="'20 +10 to 100'", help="A daily limit that grows by the day."),
    ] = None
    priority: Annotated[
        int | None,
        typer.Option(
            "--priority", envvar="CAMPAIGN_PRIORITY", help="Its share where campaigns have an account in common.  [default: 1]"
        ),
    ] = None
    hours: Annotated[
        str | None, typer.Option("--hours", envvar="CAMPAIGN_HOURS", help="Sending hours.  [default: 09:00-17:00]")
    ] = None
    days: Annotated[str | None, typer.Option("--days", envvar="CAMPAIGN_DAYS", help="Sending days.  [default: mon-fri]")] = None
    holidays: Annotated[
        str | None,
        typer.Option("--holidays", envvar="CAMPAIGN_HOLIDAYS", metavar="DE-BY,US", help="Countries whose holidays are kept."),
    ] = None
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", envvar="CAMPAIGN_TIME_ZONE", help="Whose hours.  [default: this computer's]")
    ] = None
    now: Annotated[
        bool, typer.Option("--now", envvar="CAMPAIGN_NOW", help="No calendar: send as fast as quota and gap allow.")
    ] = False
    min_gap: Annotated[
        float | None,
        typer.Option("--min-gap", envvar="CAMPAIGN_MIN_GAP", help="Seconds between an account's messages.  [default: 30]"),
    ] = None
    min_days: Annotated[
        int | None,
        typer.Option(
            "--min-days", envvar="CAMPAIGN_MIN_DAYS", min=0, max=36_500, help="Days between a person's messages.  [default: 30]"
        ),
    ] = None
    results: Results = None
    results_in: Annotated[
        ResultsIn | None,
        typer.Option(
            "--results-in", envvar="CAMPAIGN_RESULTS_IN", help="A new file, or a copy of your workbook.  [default: new]"
        ),
    ] = None


@dataclass(frozen=True)
class KeyOption:
    """The way in."""

    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", envvar="CAMPAIGN_KEY_FILE", readable=False, help="The file that holds the API key."),
    ] = None


def _takes(*groups: type) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Let a command take the options of these groups besides its own; they reach it as one mapping, its `options`."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        own = [
            found
            for found in inspect.signature(command, eval_str=True).parameters.values()
            if found.kind is not found.VAR_KEYWORD
        ]
        hints = {name: hint for group in groups for name, hint in get_type_hints(group, include_extras=True).items()}
        shared = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=getattr(group, name), annotation=hints[name])
            for group in groups
            for name in group.__annotations__
        ]
        first = [parameter for parameter in own if parameter.name == "source"]
        parameters = [*first, *shared, *(parameter for parameter in own if parameter not in first)]
        command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        )
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return command

    return decorate


@app.callback(invoke_without_command=True)
def _campaign(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        Console().say(f"campaign-runner {__version__}")
        raise typer.Exit


@app.command()
@_takes(TemplateOption, ReadingOptions, AccountsOption, SendingOptions, KeyOption)
def run(
    source: Source,
    name: Annotated[
        str | None, typer.Option("--name", envvar="CAMPAIGN_NAME", help="The campaign's name; default: the sheet's file name.")
    ] = None,
    most: Annotated[
        int | None, typer.Option("--max", envvar="CAMPAIGN_MAX", min=1, help="At most this many messages in this run.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", envvar="CAMPAIGN_WAIT", help="Stay until the campaign is done, across resets.")
    ] = False,
    ledger: LedgerPlace = None,
    base_url: BaseUrl = None,
    timeout: Timeout = 90.0,
    yes: Annotated[bool, typer.Option("--yes", "-y", envvar="CAMPAIGN_YES", help="Send without asking.")] = False,
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
    from runner.key import find_key
    from runner.log import RunLog, log_path
    from runner.run import Session
    from runner.run import run as run_campaign
    from runner.sending.api import Endpoint
    from runner.sending.client import BASE_URL
    from runner.sending.clock import ServerClock
    from runner.sending.lookup import Lookup
    from runner.witness import Witness, witnessed

    console, witness = Console(as_json=as_json, unattended=unattended), Witness(notify, source)

    def agree(plan: Plan) -> bool:
        console.plan(plan, most)
        witness.planned(plan)
        waiting = plan.summary.totals.waiting
        if waiting and not (yes or unattended):
            if not (sys.stdin.isatty() and sys.stderr.isatty()):
                raise UsageError("There is no terminal to ask for a yes.", remedy="Add --yes; nothing was sent.")
            if not console.ask("Send?"):
                return False
        console.progress(min(waiting, most or waiting))
        return True

    def see(event: Event) -> None:
        console.event(event)
        witness.log.event(event)

    with witnessed(witness, console.tell):
        if unattended:
            witness.log = RunLog(log_path(_ledger_path(ledger)), name or source.stem)
        campaign = _load(source, name=name, notify=notify, **options)
        witness.loaded(campaign)
        key, clock = find_key(campaign.key_file, campaign.folder).secret, ServerClock(_now)
        endpoint = Endpoint(key, clock, base_url=base_url or BASE_URL, read_seconds=timeout)
        lookup = Lookup(key, clock, base_url=base_url or BASE_URL)
        with _ledger(ledger) as opened:
            if ledger and opened.is_new and not unattended:
                console.tell(f"Note: a new ledger begins at {ledger}; it knows nothing of what others have sent.")
            session = Session(endpoint, agree, see, stay=wait, most=most, lookup=lookup)
            report = run_campaign(campaign, opened, session)
        witness.ended(report)
    console.report(report)
    return report.exit_code


@app.command()
@_takes(TemplateOption, ReadingOptions, AccountsOption)
def check(
    source: Source,
    problems: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Also write the problems to a workbook (.xlsx), for a colleague to work through."),
    ] = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Show every problem of sheet and template; nothing is sent."""
    from runner.results.problems import write as write_problems
    from runner.run import take

    console = Console(as_json=as_json)
    campaign = _load(source, **options)
    intake = take(campaign)
    exit_code = ExitCode.NEEDS_A_PERSON if intake.findings.invalid else ExitCode.DONE
    if intake.blocking or not intake.findings.rows:
        exit_code = ExitCode.REFUSED
    written = write_problems(problems, campaign.sheet, intake.checked, intake.findings) if problems else None
    console.check(intake, exit_code, written.path if written else None)
    return exit_code


@app.command()
@_takes(TemplateOption, ReadingOptions, AccountsOption)
def preview(
    source: Source,
    number: Annotated[int, typer.Option("-n", min=1, help="How many rows to show.")] = 5,
    row: Annotated[int | None, typer.Option("--row", help="Show this row.")] = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Show the rendered messages, as they would go out."""
    from itertools import islice

    from runner.run import refuse_unusable, take

    intake = take(_load(source, **options))
    refuse_unusable(intake)
    wanted = (entry for entry in intake.checked.entries() if row is None or entry.row.number == row)
    entries = list(islice(wanted, number))
    if not entries:
        raise UsageError(f"The sheet has no row {row}.", remedy="Rows are numbered as the spreadsheet program shows them.")
    Console(as_json=as_json).preview(entries, intake.findings.rows if row is None else 1)
    return ExitCode.DONE


@app.command()
@_takes(TemplateOption, ReadingOptions, AccountsOption, SendingOptions)
def rehearse(
    source: Annotated[
        Path | None, typer.Argument(metavar="[SHEET|CAMPAIGN.toml]", help="The spreadsheet; without one, the packaged sample.")
    ] = None,
    quota: Annotated[int, typer.Option("--quota", min=1, help="Each simulated account's daily quota.")] = 150,
    faults: Annotated[float, typer.Option("--faults", min=0, max=0.9, help="The share of requests that meet a fault.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Repeat the same faults.")] = 0,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Run the whole campaign against a simulated endpoint, days in seconds; nothing is sent."""
    from dataclasses import replace

    from runner.intake.sheet import load as load_sheet
    from runner.intake.table import read
    from runner.ledger.record import Status
    from runner.rehearsal.rehearse import rehearse as rehearse_campaign
    from runner.rehearsal.rehearse import results_path, sample
    from runner.results.handback import copy_of

    console = Console(as_json=as_json)
    if source is None:
        source, options["template"] = sample("recipients.csv"), options["template"] or sample("introduction.j2")
        options["results"] = options["results"] or Path("recipients.rehearsal.results.csv")
    campaign = _load(source, **options)
    if options["results"] is None:
        source_file = load_sheet(campaign.sheet)
        ending = copy_of(source_file)[0] if campaign.results_in_copy else ""
        workbook = read(source_file, campaign.reading).delimiter is None
        campaign = replace(campaign, results=results_path(campaign.sheet, workbook=workbook, ending=ending))
    rehearsed = rehearse_campaign(campaign, _now(), limit=quota, faults=faults, seed=seed, plan=console.plan, day=console.day)
    shown = [line for line in rehearsed.lines if line.status is not Status.SENT] + [
        line for line in rehearsed.lines if line.status is Status.SENT
    ]
    lines = [(str(line.number), line.status.value, line.error or line.reason or "") for line in shown[:12]]
    console.table(("row", "status", "reason or error"), lines)
    if len(shown) > len(lines):
        console.say(f"… and {len(shown) - len(lines)} more rows in the results.")
    console.rehearsed(rehearsed)
    return rehearsed.report.exit_code


@app.command()
def new(
    name: Annotated[Path, typer.Argument(metavar="NAME", readable=False, help="The campaign's name, or the file to write.")],
    source: Annotated[Path | None, typer.Argument(metavar="SHEET", readable=False, help="The spreadsheet.")] = None,
    template: Annotated[
        Path | None, typer.Option("--template", "-t", envvar="CAMPAIGN_TEMPLATE", readable=False, help="The message template.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Write a campaign file to begin with, every key explained."""
    from runner.draft import write

    console = Console(as_json=as_json)
    written = write(name, source, template)
    console.say(f"Written: {written}")
    console.say(f"  Next: fill it in, then: campaign check {written}")
    console.answer({"campaignFile": str(written), "exitCode": 0})
    return ExitCode.DONE


@app.command()
def status(name: Which = None, ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Show where a campaign stands: totals, each account's quota, the forecast, and where the ledger is."""
    from runner.ledger.ledger import campaigns

    console = Console(as_json=as_json)
    with _ledger(ledger, create=False) as opened:
        summary = _summary(opened, name)
        with opened.read() as connection:
            others = [record for record in campaigns(connection) if record.id != summary.campaign.id]
        console.status(summary, others, opened.place)
    return ExitCode.DONE


@app.command()
def why(row: Row, name: Which = None, ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Say what a row waits for and until when, or what happened to it."""
    from runner.results.summary import why as reasons
    from runner.run import find_line

    console = Console(as_json=as_json)
    with _ledger(ledger, create=False) as opened:
        summary = _summary(opened, name)
        line = find_line(opened, summary.campaign, row)
        said = reasons(opened, summary, line)
    for sentence in said:
        console.say(sentence)
    console.answer({"campaign": summary.campaign.name, "row": row, "status": line.status.value, "why": said, "exitCode": 0})
    return ExitCode.DONE


@app.command()
@_takes(AccountsOption, KeyOption)
def doctor(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="[SHEET|CAMPAIGN.toml]", readable=False, help="The campaign; without one, what any run needs."),
    ] = None,
    ledger: LedgerPlace = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Look at all that a run needs: key, endpoint, accounts, quota, ledger, clock; nothing is sent."""
    from runner.doctor.examine import examine
    from runner.doctor.finding import bad, exit_code
    from runner.sending.client import BASE_URL

    console = Console(as_json=as_json)
    findings = []
    campaign, key_file, accounts = None, options["key_file"], options["accounts"] or ()
    if source is not None:
        try:
            campaign = _load(source, **options)
            key_file, accounts = campaign.key_file, campaign.accounts
        except CampaignError as error:
            findings.append(bad("campaign", error))
            console.finding(findings[-1])
    path, address = _ledger_path(ledger), base_url or BASE_URL
    for finding in examine(campaign, key_file=key_file, accounts=accounts, ledger=path, base_url=address, now=_now):
        findings.append(finding)
        console.finding(finding)
    code = exit_code(findings)
    told = [{"name": f.name, "verdict": f.verdict, "says": f.says, "remedy": f.remedy} for f in findings]
    console.answer({"checks": told, "exitCode": int(code)})
    return code


@app.command()
def results(name: Which = None, results: Results = None, ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Write the results sheet again, from the ledger."""
    from runner.results.handback import check_replaceable, write_results
    from runner.results.place import check_path

    console = Console(as_json=as_json)
    with _ledger(ledger, create=False) as opened:
        summary = _summary(opened, name)
        stored = summary.campaign.settings
        path = (results or Path(str(stored["results"]))).absolute()
        check_path(path, Path(str(stored["sheet"])), ending=Path(str(stored["results"])).suffix if stored.get("copy") else "")
        if str(path) != stored["results"]:
            with opened.read() as connection:
                check_replaceable(connection, path, summary.campaign.name)
        written = write_results(opened, summary, path)
    console.results(written)
    console.answer({"campaign": summary.campaign.name, "results": str(written.path), "exitCode": 0})
    return ExitCode.DONE


@app.command()
@_takes(KeyOption)
def settle(
    rows: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ROW...]", help="Rows, as the spreadsheet program numbers them; --check without any: all."),
    ] = None,
    sent: Annotated[
        bool | None, typer.Option("--sent/--not-sent", help="You looked: it arrived, or it did not and may be sent again.")
    ] = None,
    look: Annotated[
        bool, typer.Option("--check", help="Look for the message in the conversation; settles as sent what is found there.")
    ] = False,
    base_url: BaseUrl = None,
    timeout: Timeout = 15.0,
    name: Which = None,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Decide uncertain rows, by a look in LinkedIn or by evidence (--check); --not-sent also makes a failed row wait again."""
    from runner.evidence import check as check_evidence
    from runner.key import find_key
    from runner.ledger.ledger import campaigns
    from runner.results.handback import write_results
    from runner.run import settle_rows
    from runner.sending.client import BASE_URL
    from runner.sending.clock import ServerClock
    from runner.sending.lookup import Lookup

    console = Console(as_json=as_json)
    if look == (sent is not None):
        raise UsageError(
            "Say what you found: --sent or --not-sent; or --check alone.",
            remedy="Look in LinkedIn whether the message arrived. campaign settle --check looks by itself.",
        )
    if not rows and not look:
        raise UsageError("Say which rows.", remedy="campaign status names those that are uncertain.")
    with _ledger(ledger, create=False) as opened:
        with opened.read() as connection:
            names = [record.name for record in campaigns(connection)]
        if name is None and len(names) > 1:
            raise UsageError("There are several campaigns.", remedy=f"Add --name, one of: {', '.join(names)}.")
        record = _record(opened, name)
        if look:
            key = find_key(options["key_file"], Path(record.source).parent).secret
            lookup = Lookup(key, ServerClock(_now), base_url=base_url or BASE_URL, seconds=timeout)
            findings = check_evidence(opened, record, rows or (), lookup, _user(), _now)
            console.findings(findings)
        else:
            settle_rows(opened, record, rows or (), sent=bool(sent), by=_user(), now=_now())
            verdict = "sent" if sent else "not sent, to be sent with the next run"
            console.say(f"Settled as {verdict}: {', '.join(f'row {row}' for row in rows or ())}.")
        summary = _summary(opened, record.name)
        console.results(write_results(opened, summary, Path(str(record.settings["results"]))))
    if look:
        console.checked(record.name, findings, summary.totals.uncertain)
        return ExitCode.NEEDS_A_PERSON if summary.totals.uncertain else ExitCode.DONE
    console.answer({"campaign": record.name, "rows": rows, "verdict": "sent" if sent else "not-sent", "exitCode": 0})
    return ExitCode.DONE


People = Annotated[list[str], typer.Argument(metavar="PERSON...", help="Profile IDs, URNs or links.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for those who ask later.")]


@suppress_app.command("add")
def suppress_add(people: People, reason: Reason = None, ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Put people on the do-not-contact list."""
    from runner.ledger.suppression import suppress

    identities = [key for person in people for key in _person(person).keys]
    with _ledger(ledger) as opened, opened.write() as connection:
        added = suppress(connection, identities, reason, _now())
    console = Console(as_json=as_json)
    console.say(f"{added} added to the do-not-contact list; {len(identities) - added} were on it.")
    console.answer({"added": added, "exitCode": 0})
    return ExitCode.DONE


@suppress_app.command("remove")
def suppress_remove(people: People, ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Take people off the do-not-contact list."""
    from runner.ledger.suppression import unsuppress

    recipients = [_person(person) for person in people]
    with _ledger(ledger) as opened, opened.write() as connection:
        removed = sum(unsuppress(connection, recipient) > 0 for recipient in recipients)
    console = Console(as_json=as_json)
    console.say(f"{removed} taken off the do-not-contact list; {len(people) - removed} were not on it.")
    console.answer({"removed": removed, "exitCode": 0})
    return ExitCode.DONE


@suppress_app.command("list")
def suppress_list(ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Show the do-not-contact list."""
    from runner.ledger.suppression import suppressions

    with _ledger(ledger) as opened, opened.read() as connection:
        Console(as_json=as_json).suppressions(list(suppressions(connection)))
    return ExitCode.DONE


@suppress_app.command("import")
@_takes(ReadingOptions)
def suppress_import(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, XLSX … with a column of profiles.")],
    reason: Reason = None,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Add everyone in a sheet to the do-not-contact list; nobody is ever removed by it."""
    from runner.ledger.suppression import suppress
    from runner.run import people_in

    console = Console(as_json=as_json)
    found, problems = people_in(source, _load(source, **options).reading)
    with _ledger(ledger) as opened, opened.write() as connection:
        added = suppress(connection, [key for recipient in found for key in recipient.keys], reason or source.name, _now())
    console.say(f"{added} added to the do-not-contact list, from {len(found)} people in {source.name}.")
    for problem in problems:
        console.tell(f"Not added: {problem}")
    console.answer({"added": added, "people": len(found), "notAdded": len(problems), "exitCode": int(bool(problems))})
    return ExitCode.NEEDS_A_PERSON if problems else ExitCode.DONE


@app.command("import-history")
@_takes(ReadingOptions)
def import_history(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="An earlier results sheet, or what another tool exported.")],
    date_column: Annotated[
        str | None, typer.Option("--date-column", metavar="HEADER", help="When each was messaged.  [default: found]")
    ] = None,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Note everyone a sheet says was messaged before, so that no campaign writes to them too soon."""
    from runner.intake.history import read_history
    from runner.intake.sheet import load as load_sheet
    from runner.ledger.contact import Contact, imported_at, note_contacts, note_import

    reading, file = _load(source, **options).reading, load_sheet(source)
    with _ledger(ledger) as opened:
        with opened.read() as connection:
            now = imported_at(connection, file.digest) or _now()  # the same file once more says the same
        history = read_history(file, reading, date_column, now)
        contacts = [Contact(keys, at or now) for keys, at in history.contacts]
        with opened.write() as connection:
            note_import(connection, file.digest, now)
            added = note_contacts(connection, contacts, source.name, now)
    Console(as_json=as_json).history(source.name, history, contacts, added)
    return ExitCode.NEEDS_A_PERSON if history.nobody or history.unread else ExitCode.DONE


@app.command()
def forget(
    people: People,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without asking.")] = False,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
) -> int:
    """Erase people from the ledger, for good; they stay on the do-not-contact list, without their names."""
    from runner.ledger.erasure import forget as erase

    console = Console(as_json=as_json)
    keys = [_person(person).keys for person in people]
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError("There is no terminal to ask for a yes.", remedy="Add --yes; nothing was erased.")
        if not console.ask("Erase what the ledger holds of them? It cannot be brought back."):
            raise InterruptedRunError("Nothing was erased.", remedy="Run the same command again when you are ready.")
    with _ledger(ledger) as opened:
        console.erased(len(keys), erase(opened, keys, _now()))
    return ExitCode.DONE


CampaignFile = Annotated[Path, typer.Argument(metavar="CAMPAIGN.toml", readable=False, help="The campaign file.")]
SchedulerName = Literal["systemd", "cron", "launchd", "task-scheduler"]


@schedule_app.command("install")
@_takes(KeyOption)
def schedule_install(
    source: CampaignFile,
    at: Annotated[str, typer.Option("--at", metavar="HH:MM", help="When, every day, on this computer's clock.")],
    scheduler: Annotated[
        SchedulerName | None, typer.Option("--with", help="The scheduler.  [default: what this computer has]")
    ] = None,
    only_print: Annotated[bool, typer.Option("--print", help="Show what would be written and run; install nothing.")] = False,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Have the campaign file run every day; its own calendar decides what goes."""
    from runner.schedule.install import notices, plan
    from runner.schedule.job import daily, parse_at
    from runner.schedule.machine import perform, this_machine

    console = Console(as_json=as_json)
    campaign = _load(_campaign_file(source), **options)
    job = daily(source, parse_at(at), _now(), _ledger_path(ledger), options["key_file"], os.environ)
    machine = this_machine()
    planned = plan(job, machine, scheduler)
    said = [*notices(campaign, job, planned.scheduler, os.environ), *planned.notices]
    if only_print:
        console.say("\n".join(map(str, planned.steps)))
    else:
        perform(planned.steps, machine.call)
        console.say(f"Scheduled with {planned.scheduler}: {job.campaign}, every day at {job.at:%H:%M}.")
        console.say(f"  Look: campaign schedule show {source}   Undo: campaign schedule remove {source}")
    for sentence in said:
        console.tell(f"Note: {sentence}")
    steps = [str(step) for step in planned.steps]
    shown = {"campaignFile": str(job.campaign), "scheduler": planned.scheduler, "at": f"{job.at:%H:%M}", "command": job.command}
    console.answer({**shown, "installed": not only_print, "steps": steps, "notes": said, "exitCode": 0})
    return ExitCode.DONE


@schedule_app.command("show")
def schedule_show(source: CampaignFile, as_json: AsJson = False) -> int:
    """Show what is installed for a campaign file: where, what, and when it runs next."""
    from runner.schedule.install import find
    from runner.schedule.machine import this_machine

    console = Console(as_json=as_json)
    entries = find(_campaign_file(source), this_machine())
    for entry in entries:
        console.say(f"Scheduled with {entry.scheduler}: {entry.place}")
        console.say(f"Next run: {entry.next_run or f'{entry.scheduler} does not tell'}")
        console.say(entry.text)
    if not entries:
        console.say(f"Nothing is scheduled for {source}.")
    found = [{"scheduler": e.scheduler, "place": e.place, "nextRun": e.next_run, "text": e.text} for e in entries]
    console.answer({"campaignFile": str(source), "installed": found, "exitCode": 0})
    return ExitCode.DONE


@schedule_app.command("remove")
def schedule_remove(source: CampaignFile, as_json: AsJson = False) -> int:
    """Take the daily run away; the campaign, its ledger and its results stay."""
    from runner.schedule.install import removal
    from runner.schedule.machine import perform, this_machine

    console = Console(as_json=as_json)
    machine = this_machine()
    having, steps = removal(_campaign_file(source), machine)
    perform(steps, machine.call)
    console.say(f"Removed from {', '.join(having)}." if having else f"Nothing is scheduled for {source}.")
    console.answer({"campaignFile": str(source), "removed": having, "exitCode": 0})
    return ExitCode.DONE


def main() -> None:
    """The installed command: every error leaves through here, as sentences and an exit code."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name that a terminal cannot show must not end a run
    logging.getLogger().addHandler(logging.NullHandler())  # no library speaks on the terminal for itself
    sys.exit(_guarded(sys.argv[1:]))


def _guarded(arguments: list[str]) -> int:
    asked = os.environ.get("CAMPAIGN_JSON", "").strip().lower() in ("1", "true", "t", "yes", "y", "on")
    console = Console(as_json="--json" in arguments or asked)
    try:
        code = app(arguments, standalone_mode=False)
    except CampaignError as error:
        console.error(error)
        return error.exit_code
    except typer.TyperException as error:
        if console.as_json or not hasattr(error, "show"):
            console.error(UsageError(error.format_message(), remedy="campaign COMMAND --help shows the options."))
        else:
            error.show()
        return ExitCode.USAGE
    except typer.Abort:
        console.error(explain(KeyboardInterrupt()))
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has left; say nothing more
        return ExitCode.DONE
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - the last door: a traceback could show what is in a row
        explained = explain(error)
        console.error(explained)
        return explained.exit_code
    if code == ExitCode.INTERRUPTED and not isinstance(code, ExitCode):  # typer's own answer to Ctrl-C
        console.error(explain(KeyboardInterrupt()))
    return int(code or 0)


def _load(source: Path, *, columns: list[str] | None = None, accounts: list[str] | None = None, **options: Any) -> Campaign:
    from runner.campaign import Options, check_role, load

    mapping: dict[str, str] = {}
    for said in columns or ():
        role, separator, header = said.partition("=")
        if not separator and mapping:  # CAMPAIGN_COLUMN comes split at its spaces, also at those within a header
            mapping[next(reversed(mapping))] += f" {said}"
            continue
        if not separator or not header.strip():
            remedy = 'Write ROLE=HEADER: --column recipientProfileId="LinkedIn".'
            raise UsageError(f"--column {said!r} names no header.", remedy=remedy)
        try:
            check_role(role.strip(), "--column")
        except RefusedError as error:
            raise UsageError(error.what, where=error.where, remedy=error.remedy) from None
        mapping[role.strip()] = header
    return load(source, Options(columns=mapping, accounts=tuple(accounts or ()), **options))


def _now() -> datetime:
    return datetime.now(UTC)


def _campaign_file(source: Path) -> Path:
    """Only a campaign file says all that a run needs when nobody is there to say it."""
    if source.suffix.lower() != ".toml":
        raise UsageError(
            f"{source} is no campaign file.", remedy=f"Write one, and name it instead: campaign new {source.stem} {source}"
        )
    return source


def _ledger_path(place: str | None) -> Path:
    from platformdirs import user_data_path

    from runner.ledger.ledger import ledger_path

    return ledger_path(place or user_data_path("campaign-runner", appauthor=False) / "ledger.db")


@contextmanager
def _ledger(place: str | None, *, create: bool = True) -> Iterator[Ledger]:
    from runner.ledger.ledger import open_ledger

    opened = open_ledger(_ledger_path(place), create=create)
    try:
        yield opened
    finally:
        opened.close()


def _record(ledger: Ledger, name: str | None) -> CampaignRecord:
    """The named campaign, or the one last read."""
    from runner.intake.column import nearest
    from runner.ledger.ledger import campaigns

    with ledger.read() as connection:
        known = campaigns(connection)
    if not known:
        raise UsageError("There is no campaign yet.", where=ledger.place, remedy="Begin one: campaign run SHEET -t TEMPLATE")
    found = next((record for record in known if name is None or record.name == name), None)
    if found is None:
        guess = nearest(str(name), [record.name for record in known])
        remedy = f"Did you mean {guess!r}?" if guess else f"There are: {', '.join(record.name for record in known)}."
        raise UsageError(f"There is no campaign {name!r}.", where=ledger.place, remedy=remedy)
    return found


def _summary(ledger: Ledger, name: str | None) -> Summary:
    from runner.campaign import pace
    from runner.ledger.lock import is_running
    from runner.results.summary import summarise

    record = _record(ledger, name)
    stored: Pace = pace(record.settings)
    accounts = record.settings.get("accounts")
    named = [str(account) for account in accounts] if isinstance(accounts, list) else []
    return summarise(ledger, record, stored, _now(), named, live=is_running(ledger, record.id))


def _person(text: str) -> Recipient:
    from runner.intake.recipient import RecipientError, parse

    try:
        return parse(text)
    except RecipientError as error:
        raise UsageError(f"{error}.", remedy="Give a profile ID, a URN or a link (linkedin.com/in/…).") from None


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
