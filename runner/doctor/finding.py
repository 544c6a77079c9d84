"""A finding of the doctor: what it found about one thing, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from runner.errors import CampaignError, ExitCode


@dataclass(frozen=True, slots=True)
class Finding:
    """The doctor's verdict on one thing.

    `ok`: all is well. `look`: a person should look at it, but a run can go on. `bad`: a run would
    end with `exit_code`.
    """

    name: str
    verdict: Literal["ok", "look", "bad"]
    says: str
    remedy: str | None = None
    exit_code: ExitCode = ExitCode.DONE


def ok(name: str, says: str) -> Finding:
    return Finding(name, "ok", says)


def look(name: str, says: str, remedy: str) -> Finding:
    return Finding(name, "look", says, remedy)


def bad(name: str, error: CampaignError) -> Finding:
    """Return a bad finding for the error that a run would end with."""
    where = f" ({error.where})" if error.where else ""
    return Finding(
        name=name,
        verdict="bad",
        says=f"{error.what}{where}",
        remedy=error.remedy,
        exit_code=error.exit_code,
    )


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """Return the exit code of the first bad finding."""
    return next(
        (finding.exit_code for finding in findings if finding.verdict == "bad"), ExitCode.DONE
    )
