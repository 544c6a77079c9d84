"""The commands around sending: run, and what comes before it: check, preview, rehearse, new."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from runner.campaign.execution import PlanSettings, RunSettings
from runner.campaign.setting import ListSettings, NewSettings, RehearsalSettings
from runner.cli import late
from runner.cli.ledger import ledger_place, opened_ledger, tell_new, utc_now
from runner.cli.options import AsJson, Source, command
from runner.cli.vendor import found_vendor
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.campaign.campaign import Campaign
    from runner.ledger.ledger import Ledger
    from runner.sending.vendor import Vendor


@command
def run(source: Source, **said: Unpack[RunSettings]) -> int:
    """Send what may go today; the same command resumes, tomorrow or after a crash."""
    if said.get("dry_run", False):
        return _plan(source, said)
    if test_to := said.get("test_to"):
        return _test(source, test_to, said)
    console = Console(as_json=said.get("json", False))
    unattended, most = said.get("unattended", False), said.get("max")
    screen = late.show_run.RunScreen(
        console,
        yes=said.get("yes", False),
        unattended=unattended,
        most=most,
        stay=said.get("wait", False),
    )
    witness = late.witness.Witness(screen, said.get("notify"), source)
    with late.witness.witnessed(witness, console.tell):
        if unattended:
            log = late.log.log_path(late.location.look(ledger_place(said.get("ledger"))))
            witness.log = late.log.RunLog(log, said.get("name") or source.stem)
        campaign = late.campaign.load(source, said)
        witness.loaded(campaign)
        vendor = _vendor(campaign, said)
        late.compare.refuse_lost_results(campaign, ledger_place(said.get("ledger")))
        with opened_ledger(said.get("ledger")) as ledger, late.asyncio.Runner() as loop:
            asks = not (unattended or said.get("yes", False))
            witness.refused = _refused(campaign, ledger, console, asks=asks)
            tell_new(ledger, console)
            if ledger.is_new:
                witness.log.write("new-ledger")
            stay = said.get("wait", False)
            report = late.run.run(campaign, ledger, vendor, witness, loop, stay=stay, most=most)
        witness.ended(report)
    return screen.end(report)


def _test(source: Path, test_to: str, said: RunSettings) -> int:
    """Send one message to a person of one's own choice; nobody of the list gets any."""
    console = Console(as_json=said.get("json", False))
    person = late.standing.person_of(test_to)
    campaign = late.campaign.load(source, said)
    vendor = _vendor(campaign, said)
    with opened_ledger(said.get("ledger")) as ledger, late.asyncio.Runner() as loop:
        tell_new(ledger, console)
        tested = late.trial.send_test(campaign, ledger, vendor, person, loop)
    return late.show_trial.show_tested(console, tested)


def _refused(campaign: Campaign, ledger: Ledger, console: Console, *, asks: bool) -> str | None:
    """Ask once whether the command of somebody else's campaign file may be run.

    Return the reason why it is not run, if so.
    """
    if campaign.doubt is None or campaign.notify is None:
        return None
    mark = late.trust.fingerprint(campaign.source, campaign.notify)
    with ledger.read() as connection:
        if late.trusted.is_trusted(connection, mark):
            return None
    command = late.trust.shown(campaign.notify)
    if asks and console.can_ask:
        console.tell(f"When this run ends, a command is to be run: {command}")
        if console.ask(f"But {campaign.doubt}. Run the command?", otherwise="it is not run"):
            with ledger.write() as connection:
                late.trusted.trust(connection, mark, utc_now())
            return None
        return f"The command of {campaign.source.name} was not run."
    return (
        f"The command was not run, since {campaign.doubt}: {command}. To agree to it, run once at "
        "a terminal without --yes."
    )


@command
def plan(source: Source, **said: Unpack[PlanSettings]) -> int:
    """Show what a run would do now: with ledger, do-not-contact list, quota and calendar. Nothing
    is sent, and nobody is asked."""
    return _plan(source, said)


def _vendor(campaign: Campaign, said: PlanSettings) -> Vendor:
    return found_vendor(
        campaign.key_file,
        campaign.folder,
        said.get("base_url"),
        campaign.key_name,
        read_seconds=said["timeout"],
        path=campaign.endpoint,
    )


def _plan(source: Path, said: PlanSettings) -> int:
    console = Console(as_json=said.get("json", False))
    campaign = late.campaign.load(source, said)
    vendor = _vendor(campaign, said)
    path = ledger_place(said.get("ledger"))
    late.compare.refuse_lost_results(campaign, path)
    with late.asyncio.Runner() as loop:
        if not late.door.is_begun(path):
            console.tell(f"Note: there is no ledger at {path} yet; nobody is known before.")
            made = late.run.plan(campaign, path, None, vendor, loop)
        else:
            with opened_ledger(said.get("ledger"), create=False) as ledger:
                made = late.run.plan(campaign, path, ledger, vendor, loop)
    return late.show_run.show_only_plan(console, made)


@command
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
    **said: Unpack[ListSettings],
) -> int:
    """Show every problem of sheet and template; nothing is sent."""
    checked = late.check.check(late.campaign.load(source, said), problems)
    return late.show_check.show_check(Console(as_json=as_json), checked)


@command
def preview(
    source: Source,
    number: Annotated[
        int, typer.Option("-n", metavar="N", min=1, help="How many rows to show.")
    ] = 5,
    row: Annotated[int | None, typer.Option("--row", metavar="ROW", help="Show this row.")] = None,
    as_json: AsJson = False,
    **said: Unpack[ListSettings],
) -> int:
    """Show the rendered messages, as they would go out."""
    previewed = late.check.preview(late.campaign.load(source, said), number, row)
    return late.show_check.show_preview(Console(as_json=as_json), previewed)


@command
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
    replies: Annotated[
        float,
        typer.Option(
            "--replies", metavar="SHARE", min=0, max=1, help="The share of people who answer."
        ),
    ] = 0.0,
    strangers_share: Annotated[
        float,
        typer.Option(
            "--strangers-share",
            metavar="SHARE",
            min=0,
            max=1,
            help="The share of people who are no connections.",
        ),
    ] = 0.0,
    credits_: Annotated[
        int, typer.Option("--credits", metavar="N", min=0, help="Each account's InMail credits.")
    ] = 50,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Repeat the same chances.")] = 0,
    as_json: AsJson = False,
    **said: Unpack[RehearsalSettings],
) -> int:
    """Run the whole campaign against a simulated endpoint, days in seconds; nothing is sent, nobody
    is known before."""
    console = Console(as_json=as_json)
    if source is None:
        source = late.rehearse.sample("recipients.csv")
        said.setdefault("template", [late.rehearse.sample("introduction.j2")])
        said.setdefault("results", Path("recipients.rehearsal.results.csv"))
    campaign = late.campaign.load(source, said)
    if "results" not in said:
        campaign = late.rehearse.beside(campaign)
    rehearsed = late.rehearse.rehearse(
        campaign,
        utc_now(),
        limit=quota,
        faults=faults,
        seed=seed,
        people=late.rehearsed_people.People(replies, strangers_share, credits_, seed),
        plan=lambda plan: late.show_run.show_plan(console, plan),
        day=lambda day: late.show_rehearsal.tell_day(console, day),
    )
    return late.show_rehearsal.show_rehearsal(console, rehearsed)


@command
def new(
    name: Annotated[
        Path,
        typer.Argument(
            metavar="NAME", readable=False, help="The campaign's name, or the file to write."
        ),
    ],
    sheet: Annotated[
        Path | None, typer.Argument(metavar="SHEET", readable=False, help="The spreadsheet.")
    ] = None,
    as_json: AsJson = False,
    **said: Unpack[NewSettings],
) -> int:
    """Write a campaign file to begin with, every key explained; what the options say stands in
    it."""
    late.campaign.load(sheet or name.with_suffix(""), said)  # what makes no sense is not written
    templates = said.pop("template", ())
    written = late.starter.write(name, sheet, templates, said)
    return late.show_starter.show_written(Console(as_json=as_json), written)
