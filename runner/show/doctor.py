"""The doctor's findings, in lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from runner.errors import ExitCode
from runner.show.answer import finished
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.doctor.finding import Finding


def show_findings(console: Console, findings: Iterable[Finding]) -> ExitCode:
    """Each finding as soon as it is made; the exit code of the first bad one."""
    told = []
    exit_code = ExitCode.DONE
    for finding in findings:
        console.say(f"{finding.verdict:4}  {finding.name}: {finding.says}")
        if finding.remedy:
            console.say(f"      Next: {finding.remedy}")
        if finding.verdict == "bad" and exit_code is ExitCode.DONE:
            exit_code = finding.exit_code
        told.append(
            {
                "name": finding.name,
                "verdict": finding.verdict,
                "says": finding.says,
                "remedy": finding.remedy,
            }
        )
    console.answer(finished({"checks": told}, exit_code))
    return exit_code
