"""The commands for the daily run: install, show, remove."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from runner import words
from runner.cli.ledger import ledger_file, utc_now
from runner.cli.options import AsJson, KeyOption, LedgerPlace, load_campaign, takes
from runner.errors import ExitCode, UsageError
from runner.show.console import Console

schedule_app = typer.Typer(
    help="The daily run of a campaign file, by this computer's own scheduler.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CampaignFile = Annotated[
    Path, typer.Argument(metavar="CAMPAIGN.toml", readable=False, help="The campaign file.")
]
SchedulerName = Literal["systemd", "cron", "launchd", "task-scheduler"]


@schedule_app.command("install")
@takes(KeyOption)
def schedule_install(
    source: CampaignFile,
    at: Annotated[
        str,
        typer.Option("--at", metavar="HH:MM", help="When, every day, on this computer's clock."),
    ],
    scheduler: Annotated[
        SchedulerName | None,
        typer.Option("--with", help="The scheduler.  [default: what this computer has]"),
    ] = None,
    only_print: Annotated[
        bool, typer.Option("--print", help="Show what would be written and run; install nothing.")
    ] = False,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Have the campaign file run every day; its own calendar decides what goes."""
    from runner.schedule.install import notices, plan
    from runner.schedule.job import daily, parse_at
    from runner.schedule.machine import perform, this_machine

    console = Console(as_json=as_json)
    campaign = load_campaign(_campaign_file(source), **options)
    job = daily(
        source, parse_at(at), utc_now(), ledger_file(ledger), options["key_file"], os.environ
    )
    machine = this_machine()
    planned = plan(job, machine, scheduler)
    said = [*notices(campaign, job, planned.scheduler, os.environ), *planned.notices]
    if only_print:
        console.say("\n".join(map(str, planned.steps)))
    else:
        perform(planned.steps, machine.call)
        console.say(
            f"Scheduled with {planned.scheduler}: {job.campaign}, every day at {job.at:%H:%M}."
        )
        named = words.argument(source)
        console.say(
            f"  Look: campaign schedule show {named}   Undo: campaign schedule remove {named}"
        )
    for sentence in said:
        console.tell(f"Note: {sentence}")
    steps = [str(step) for step in planned.steps]
    shown = {
        "campaignFile": str(job.campaign),
        "scheduler": planned.scheduler,
        "at": f"{job.at:%H:%M}",
        "command": job.command,
    }
    console.answer(
        {**shown, "installed": not only_print, "steps": steps, "notes": said, "exitCode": 0}
    )
    return ExitCode.DONE


@schedule_app.command("show")
def schedule_show(source: CampaignFile, as_json: AsJson = False) -> int:
    """Show what is installed for a campaign file: where, what, and when it runs next."""
    from runner.schedule.install import find
    from runner.schedule.machine import this_machine

    console = Console(as_json=as_json)
    entries = find(_campaign_file(source), this_machine())
    if not entries and not source.exists():
        raise UsageError(
            f"There is no campaign file {source}, and nothing is scheduled for it.",
            remedy="Check the spelling.",
        )
    for entry in entries:
        console.say(f"Scheduled with {entry.scheduler}: {entry.place}")
        console.say(f"Next run: {entry.next_run or f'{entry.scheduler} does not tell'}")
        if entry.trouble:
            console.say(f"It will not start: {entry.trouble}.")
        console.say(entry.text)
    if not entries:
        console.say(f"Nothing is scheduled for {source}.")
    found = [
        {"scheduler": e.scheduler, "place": e.place, "nextRun": e.next_run, "text": e.text}
        for e in entries
    ]
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
    console.say(
        f"Removed from {', '.join(having)}." if having else f"Nothing is scheduled for {source}."
    )
    console.answer({"campaignFile": str(source), "removed": having, "exitCode": 0})
    return ExitCode.DONE


def _campaign_file(source: Path) -> Path:
    """Only a campaign file says all that a run needs when nobody is there to say it."""
    if source.suffix.lower() != ".toml":
        raise UsageError(
            f"{source} is no campaign file.",
            remedy=(
                f"Write one, and name it instead: campaign new {words.argument(source.stem)} "
                f"{words.argument(source)}"
            ),
        )
    return source
