"""The one error tree: what happened, where, what to do next, and the exit code.

Anything a person can cause or mend is a `CampaignError`. The command line shows it as sentences.
Any other error is a bug.
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import ClassVar, Final

# Of an error that is not ours so many places are told, the innermost first.
_PLACES: Final = 5


class ExitCode(IntEnum):
    """The exit codes that other programs rely on."""

    DONE = 0
    NEEDS_A_PERSON = 1
    USAGE = 2
    REFUSED = 3
    ACCESS = 4
    ENDPOINT = 5
    ALREADY_RUNNING = 6
    STORAGE = 7
    PAUSED = 75
    INTERRUPTED = 130


class CampaignError(Exception):
    """An error that a person can act on.

    `what` is one sentence. `where` names a file, sheet, row or column. `remedy` is the next step,
    as a command when it can be.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.STORAGE

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy


class UsageError(CampaignError):
    """The command line, an environment variable or an argument makes no sense."""

    exit_code = ExitCode.USAGE


class RefusedError(CampaignError):
    """The sheet, the template or the campaign file cannot be used; nothing was sent."""

    exit_code = ExitCode.REFUSED


class AccessError(CampaignError):
    """The vendor refused the key, the plan or an account."""

    exit_code = ExitCode.ACCESS


class AlreadyRunningError(CampaignError):
    """Another run of this campaign holds its lock."""

    exit_code = ExitCode.ALREADY_RUNNING


class StorageError(CampaignError):
    """The ledger or the results cannot be read, written or trusted."""

    exit_code = ExitCode.STORAGE


class BusyError(StorageError):
    """Another program holds the ledger, for longer than is waited for."""


class UnreachableError(StorageError):
    """The server that keeps the ledger cannot be reached, for now."""


class InterruptedRunError(CampaignError):
    """A person interrupted before anything was under way."""

    exit_code = ExitCode.INTERRUPTED


def explain(error: BaseException) -> CampaignError:
    """Return any end of a command as an error with a next step.

    An error that is not ours is a bug. It is told by its place, for its words could be a cell's.
    """
    if isinstance(error, CampaignError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return InterruptedRunError("Interrupted.", remedy="Run the same command again; it is safe.")
    places = []
    trace = error.__traceback__
    while trace is not None:
        name = Path(trace.tb_frame.f_code.co_filename).name
        places.append(f"{name}, line {trace.tb_lineno}")
        trace = trace.tb_next
    return CampaignError(
        f"Something is wrong in Campaign Runner itself ({type(error).__name__}).",
        where="; ".join(reversed(places[-_PLACES:])) or None,
        remedy=(
            "Report these lines. Nothing is lost: `campaign status` shows where the campaign "
            "stands."
        ),
    )
