"""The commands for the daily run: install, show, remove."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Unpack

import typer

from runner import words
from runner.campaign.setting import KeySettings
from runner.cli import late
from runner.cli.ledger import ledger_place, utc_now
from runner.cli.options import AsJson, Ledger, command
from runner.errors import UsageError
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
@command
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
    ledger: Ledger = None,
    as_json: AsJson = False,
    **said: Unpack[KeySettings],
) -> int:
    """Have the campaign file run every day; its own calendar decides what goes."""
    campaign = late.campaign.load(_campaign_file(source), said)
    machine = late.machine.this_machine()
    job = late.job.daily(
        source,
        late.job.parse_at(at),
        utc_now(),
        ledger_place(ledger),
        said.get("key_file"),
        os.environ,
    )
    planned = late.install.plan(job, machine, scheduler)
    notices = late.install.notices(campaign, job, planned.scheduler, os.environ)
    if not only_print:
        late.machine.perform(planned.steps, machine.call)
    return late.show_schedule.show_installed(
        Console(as_json=as_json),
        source,
        job,
        planned,
        [*notices, *planned.notices],
        done=not only_print,
    )


@schedule_app.command("show")
def schedule_show(source: CampaignFile, as_json: AsJson = False) -> int:
    """Show what is installed for a campaign file: where, what, and when it runs next."""
    entries = late.install.find(_campaign_file(source), late.machine.this_machine())
    if not entries and not source.exists():
        raise UsageError(
            f"There is no campaign file {source}, and nothing is scheduled for it.",
            remedy="Check the spelling.",
        )
    return late.show_schedule.show_entries(Console(as_json=as_json), source, entries)


@schedule_app.command("remove")
def schedule_remove(source: CampaignFile, as_json: AsJson = False) -> int:
    """Take the daily run away; the campaign, its ledger and its results stay."""
    machine = late.machine.this_machine()
    having, steps = late.install.removal(_campaign_file(source), machine)
    late.machine.perform(steps, machine.call)
    return late.show_schedule.show_removed(Console(as_json=as_json), source, having)


def _campaign_file(source: Path) -> Path:
    """Only a campaign file says all that a run needs when nobody is there to say it."""
    if late.campaign.is_campaign_file(source):
        return source
    command = words.command("new", words.argument(source.stem), words.argument(source))
    raise UsageError(
        f"{source} is no campaign file.", remedy=f"Write one, and name it instead: {command}"
    )
