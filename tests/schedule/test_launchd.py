"""The property list, read back."""

from __future__ import annotations

import plistlib
from pathlib import Path

from hypothesis import given

from runner.schedule.job import Job
from runner.schedule.launchd import command_of, plist
from tests.schedule.computer import jobs


@given(jobs())
def test_any_path_and_argument_comes_through(job: Job) -> None:
    """launchd is told exactly what was meant, with any characters in it."""
    assert plistlib.loads(plist(job, Path("/logs/x.log"))) == {
        "Label": job.label,
        "ProgramArguments": list(job.command),
        "WorkingDirectory": str(job.folder),
        "EnvironmentVariables": dict(job.environment),
        "StartCalendarInterval": {"Hour": job.at.hour, "Minute": job.at.minute},
        "StandardOutPath": str(Path("/logs/x.log")),
        "StandardErrorPath": str(Path("/logs/x.log")),
        "ExitTimeOut": 150,
    }
    assert command_of(plist(job, Path("/logs/x.log")).decode()) == job.command
