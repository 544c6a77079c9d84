"""Installing, finding and removing a campaign file's daily run: which scheduler, which steps, and what a person has to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from runner.campaign import Campaign
from runner.errors import UsageError
from runner.schedule.cron import Cron
from runner.schedule.entry import Entry, Scheduler
from runner.schedule.job import Job, absolute, label
from runner.schedule.launchd import Launchd
from runner.schedule.machine import Machine, Step, perform
from runner.schedule.systemd import Systemd
from runner.schedule.task_scheduler import TaskScheduler

# In the order of preference; what is not listed has cron.
_SCHEDULERS: Final[Mapping[str, tuple[type[Scheduler], ...]]] = {
    "linux": (Systemd, Cron),
    "darwin": (Launchd, Cron),
    "win32": (TaskScheduler,),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """What an installation will do. `notices` are for a person to read, before or after."""

    job: Job
    scheduler: str
    steps: tuple[Step, ...]
    notices: tuple[str, ...]


def plan(job: Job, machine: Machine, chosen: str | None = None) -> Planned:
    """The installation in the chosen scheduler, or the first that works here, in place of any earlier one in whichever.

    Raises UsageError, StorageError."""
    here = _schedulers(machine)
    scheduler = next((each for each in here if (each.name == chosen if chosen else each.works())), None)
    if scheduler is None:
        known = ", ".join(each.name for each in here)
        raise UsageError(
            f"There is no {chosen} on this computer." if chosen else f"No scheduler works on this computer, of: {known}.",
            remedy=f"Choose: --with {known}." if chosen else "Install cron.",
        )
    earlier = [each for each in here if each is not scheduler and each.find(job.label)]
    steps = [*scheduler.install(job), *(step for each in earlier for step in each.remove(job.label))]
    return Planned(job, scheduler.name, tuple(steps), scheduler.notices())


def find(campaign: Path, machine: Machine) -> list[Entry]:
    """What is installed for a campaign file, which need not be there any more. Raises StorageError."""
    name = label(absolute(campaign))
    return [entry for scheduler in _schedulers(machine) if (entry := scheduler.find(name))]


def removal(campaign: Path, machine: Machine) -> tuple[list[str], list[Step]]:
    """The schedulers that have the campaign file's daily run, and the steps that take it away. Raises StorageError."""
    name = label(absolute(campaign))
    having = [scheduler for scheduler in _schedulers(machine) if scheduler.find(name)]
    return [scheduler.name for scheduler in having], [step for scheduler in having for step in scheduler.remove(name)]


def take(steps: tuple[Step, ...] | list[Step], machine: Machine) -> None:
    """Take the steps, up to the first that fails. Raises StorageError, UsageError."""
    for step in steps:
        perform(step, machine.call)


def left_behind(campaign: Campaign, environment: Mapping[str, str]) -> str | None:
    """The settings that this shell has and the scheduled run will not have, as a sentence."""
    carried = ("CAMPAIGN_LEDGER", "CAMPAIGN_KEY_FILE", "CAMPAIGN_JSON", "CAMPAIGN_YES")
    network = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
    names = sorted(
        name
        for name, value in environment.items()
        if value
        and name not in carried
        and (name.startswith("CAMPAIGN_") or name.upper() in network or name in ("CONNECTSAFELY_ACCOUNT_ID", "TZ"))
    )
    return None


def too_late(campaign: Campaign, job: Job, zone: tzinfo | None = None) -> str | None:
    """That the daily run would begin when the campaign's sending hours are over, as a sentence."""
    calendar = campaign.pace.calendar
    if calendar is None or calendar.end is None:
        return None
    begins = datetime.combine(job.begins, job.at).astimezone(zone).astimezone(calendar.zone)
    if begins.time() < calendar.end:
        return None
    return f"At {job.at:%H:%M} the campaign's sending hours are over ({calendar}): nothing would ever be sent."
