"""Installing, finding and removing a campaign file's daily run.

This module finds the scheduler, the steps, and the facts that a person has to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from runner.campaign.campaign import Campaign
from runner.errors import UsageError
from runner.schedule.cron import Cron
from runner.schedule.entry import Entry, Scheduler
from runner.schedule.job import Job, absolute, label
from runner.schedule.launchd import Launchd
from runner.schedule.machine import Machine, Step
from runner.schedule.systemd import Systemd
from runner.schedule.task_scheduler import TaskScheduler
from runner.sending.key import default_key_file, find_key

# The schedulers of each platform, in the order of preference. Any other platform has cron.
_SCHEDULERS: Final[Mapping[str, tuple[Callable[[Machine], Scheduler], ...]]] = {
    "linux": (Systemd, Cron),
    "darwin": (Launchd, Cron),
    "win32": (TaskScheduler,),
}
# A run takes the variables of _SURROUNDINGS from its surroundings, beside CAMPAIGN_…. An
# installation carries those of _CARRIED over, or a daily run has no use for them.
_SURROUNDINGS: Final = (
    "CONNECTSAFELY_ACCOUNT_ID",
    "TZ",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_CARRIED: Final = (
    "CAMPAIGN_LEDGER",
    "CAMPAIGN_KEY_FILE",
    "CAMPAIGN_JSON",
    "CAMPAIGN_YES",
    "CAMPAIGN_UNATTENDED",
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned installation: its scheduler, its steps and its notices.

    The notices say what the scheduler does not do.
    """

    scheduler: str
    steps: tuple[Step, ...]
    notices: tuple[str, ...]


def plan(job: Job, machine: Machine, chosen: str | None = None) -> Planned:
    """Plan the installation in the chosen scheduler, or in the first that works here.

    It takes the place of an earlier installation in any scheduler. Raises UsageError, StorageError.
    """
    here = _schedulers(machine)
    scheduler = next(
        (each for each in here if (each.name == chosen if chosen else each.works())), None
    )
    if scheduler is None:
        known = ", ".join(each.name for each in here)
        raise UsageError(
            f"There is no {chosen} on this computer."
            if chosen
            else f"No scheduler works on this computer, of: {known}.",
            remedy=f"Give --with one of: {known}." if chosen else "Install cron.",
        )
    earlier = [each for each in here if each is not scheduler and each.find(job.label)]
    steps = [
        *scheduler.install(job),
        *(step for each in earlier for step in each.remove(job.label)),
    ]
    return Planned(scheduler.name, tuple(steps), scheduler.notices())


def find(campaign: Path, machine: Machine) -> list[Entry]:
    """Find the installed entries of a campaign file. The file itself may be gone by now.

    Raises StorageError.
    """
    name = label(absolute(campaign))
    return [entry for scheduler in _schedulers(machine) if (entry := scheduler.find(name))]


def removal(campaign: Path, machine: Machine) -> tuple[list[str], list[Step]]:
    """Find the schedulers that have the campaign file's daily run, and the steps that remove it.

    Raises StorageError.
    """
    name = label(absolute(campaign))
    having = [scheduler for scheduler in _schedulers(machine) if scheduler.find(name)]
    return [scheduler.name for scheduler in having], [
        step for scheduler in having for step in scheduler.remove(name)
    ]


def _schedulers(machine: Machine) -> list[Scheduler]:
    return [scheduler(machine) for scheduler in _SCHEDULERS.get(machine.platform, (Cron,))]


def notices(
    campaign: Campaign, job: Job, scheduler: str, environment: Mapping[str, str]
) -> tuple[str, ...]:
    """Say, in sentences, what would make the scheduled run differ from one in this shell.

    Raises UsageError when the key file that was named cannot be used.
    """
    said = (_key(campaign, scheduler), _left_behind(environment), _too_late(campaign, job))
    return tuple(sentence for sentence in said if sentence)


def _key(campaign: Campaign, scheduler: str) -> str | None:
    try:
        key = find_key(
            campaign.key_file, campaign.folder, name=campaign.key_name, environment=False
        )
    except UsageError as error:
        if campaign.key_file is not None:
            raise
        return (
            "The scheduled run does not see this shell's variables, and without them: "
            f"{error.what} Put the key, alone, into the file {default_key_file()} (mode 0600), "
            "or name another: --key-file."
        )
    if key.path is None and scheduler == "cron":
        return (
            "Under cron the keyring is mostly locked. Put the key, alone, into the file "
            f"{default_key_file()} (mode 0600)."
        )
    return None


def _left_behind(environment: Mapping[str, str]) -> str | None:
    names = [
        name
        for name, value in environment.items()
        if value
        and (name.startswith("CAMPAIGN_") or name.upper() in _SURROUNDINGS)
        and name not in _CARRIED
    ]
    if not names:
        return None
    return (
        f"The scheduled run will not have what this shell sets: {', '.join(sorted(names))}. "
        "Where it matters, say it in the campaign file, if that has a key for it, or for the "
        "whole computer."
    )


def _too_late(campaign: Campaign, job: Job) -> str | None:
    calendar = campaign.pace.calendar
    if calendar is None or calendar.end is None:
        return None
    begins = datetime.combine(job.begins, job.at).astimezone(calendar.zone)
    if begins.time() < calendar.end:
        return None
    return (
        f"At {job.at:%H:%M} the campaign's sending hours ({calendar}) are over: nothing would be "
        "sent. Choose an earlier --at."
    )
