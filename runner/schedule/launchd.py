"""A launch agent of the user's, on macOS."""

from __future__ import annotations

import plistlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from xml.parsers.expat import ExpatError

from runner.schedule.entry import STOP_SECONDS, Entry, read
from runner.schedule.job import Job
from runner.schedule.machine import Delete, Machine, MissingProgramError, Run, Step, Write


@dataclass(frozen=True, slots=True)
class Launchd:
    """A property list in the user's LaunchAgents. launchd does not tell when it runs next."""

    machine: Machine
    name: ClassVar = "launchd"

    def works(self) -> bool:
        return True

    def find(self, label: str) -> Entry | None:
        """Raises StorageError."""
        path = self._path(label)
        text = read(path)
        if text is None:
            return None
        try:
            answer = self.machine.call(
                ("launchctl", "print", f"gui/{self.machine.uid}/{label}"), ""
            )
            trouble = "launchd has not loaded it" if answer.code else None
        except MissingProgramError:
            trouble = "launchctl does not answer"
        return Entry(
            scheduler=self.name,
            place=str(path),
            text=text,
            next_run=None,
            command=command_of(text),
            trouble=trouble,
        )

    def install(self, job: Job) -> tuple[Step, ...]:
        """The steps; they replace an earlier installation."""
        path, domain = self._path(job.label), f"gui/{self.machine.uid}"
        return (
            Write(path, plist(job, self.machine.home / "Library" / "Logs" / f"{job.label}.log")),
            Run(("launchctl", "bootout", f"{domain}/{job.label}"), may_fail=True),
            Run(("launchctl", "enable", f"{domain}/{job.label}")),
            Run(("launchctl", "bootstrap", domain, str(path))),
        )

    def remove(self, label: str) -> tuple[Step, ...]:
        """The steps. A run that is under way is told to stop. It stops after its message."""
        return (
            Run(("launchctl", "bootout", f"gui/{self.machine.uid}/{label}"), may_fail=True),
            Delete(self._path(label)),
        )

    def notices(self) -> tuple[str, ...]:
        return ()

    def _path(self, label: str) -> Path:
        return self.machine.home / "Library" / "LaunchAgents" / f"{label}.plist"


def command_of(text: str) -> tuple[str, ...]:
    """The program and arguments of a property list."""
    try:
        return tuple(plistlib.loads(text.encode())["ProgramArguments"])
    except (ValueError, ExpatError, LookupError, TypeError):
        return ()


def plist(job: Job, log: Path) -> bytes:
    """Return the property list.

    `log` is the file for the run's standard streams, which launchd would drop.
    """
    return plistlib.dumps(
        {
            "Label": job.label,
            "ProgramArguments": list(job.command),
            "WorkingDirectory": str(job.folder),
            "EnvironmentVariables": dict(job.environment),
            "StartCalendarInterval": {"Hour": job.at.hour, "Minute": job.at.minute},
            "StandardOutPath": str(log),
            "StandardErrorPath": str(log),
            "ExitTimeOut": STOP_SECONDS,
        }
    )
