"""The log of unattended runs: one JSON object a line, in a file beside the ledger.

Only the file's owner can read it. The log says what happened to which row and when, and how the run
ended. It never says who: it holds no names, texts, identities or keys, and nothing that the
endpoint said beyond its HTTP status. No library's logger can write to it, since it belongs to no
logger.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final, assert_never

from runner import words
from runner.errors import ExitCode, StorageError
from runner.ledger.pause import NO_END
from runner.ledger.record import Claim, Outcome
from runner.sending.event import (
    AnswerWaits,
    ClockOff,
    Event,
    ForeignUse,
    Halting,
    LookFailed,
    OtherConversation,
    Sending,
    Sent,
    UnbelievedLimit,
    Waiting,
)
from runner.system.file import is_no_file, make_folders

MAX_BYTES: Final = 2_000_000
FILES: Final = 5
# A link is not followed: it may lead to any file. A pipe is not waited for.
_OWN_FILE: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def log_path(ledger: Path) -> Path:
    """Return the path of the log of a ledger's runs."""
    return ledger.with_name(f"{ledger.name}.log")


def log_files(ledger: Path) -> list[Path]:
    """Return all files that the log can have, the latest first."""
    path = log_path(ledger)
    return [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, FILES))]


class RunLog:
    """Writes one run's records, or nothing when it has no path.

    `campaign` is noted with each record. `trouble` says why a later record could not be written.
    That does not end a run.

    Raises StorageError when the log cannot be begun.
    """

    def __init__(
        self,
        path: Path | None,
        campaign: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.campaign = campaign
        self._now = now
        self._file = _begin(path) if path else None

    @property
    def trouble(self) -> str | None:
        return self._file.trouble if self._file else None

    def write(self, event: str, **more: object) -> None:
        """Add a record.

        The caller makes sure that nothing in it names a person or repeats a foreign text.
        """
        if self._file is not None:
            record = {
                "time": words.instant(self._now()),
                "pid": os.getpid(),
                "event": event,
                "campaign": self.campaign,
                **more,
            }
            self._file.handle(logging.makeLogRecord({"msg": json.dumps(record)}))

    def event(self, event: Event) -> None:
        """Write one event of the run."""
        match event:
            case Sending():
                pass  # its attempt is written when it is settled
            case Sent(claim, outcome):
                self._attempt(claim, outcome)
            case Waiting(account, wait):
                until = None if wait.until == NO_END else words.instant(wait.until)
                self.write("wait", account=account or None, reason=wait.reason, until=until)
            case ForeignUse(account, count):
                self.write("foreign-use", account=account or None, count=count)
            case UnbelievedLimit(account, told, limit):
                self.write("limit", account=account or None, told=told, taken=limit)
            case ClockOff(ahead):
                self.write("clock", aheadSeconds=round(ahead.total_seconds()))
            case LookFailed(row, _):
                self.write("look-failed", row=row)
            case OtherConversation(row):
                self.write("other-conversation", row=row)
            case AnswerWaits(row):
                self.write("answer-waits", row=row)
            case Halting():
                self.write("interrupted")
            case _:
                assert_never(event)

    def _attempt(self, claim: Claim, outcome: Outcome) -> None:
        # Without a status line the text is our own: the kind of error, and the system's word for
        # it.
        error = None
        if outcome.error and outcome.http_status is None:
            error = outcome.error.partition(":")[0]
        self.write(
            "attempt",
            row=claim.row,
            account=claim.account or None,
            status=outcome.status.value,
            httpStatus=outcome.http_status,
            error=error,
            holdUntil=words.instant(outcome.hold.until) if outcome.hold else None,
        )

    def ended(self, answer: Mapping[str, Any]) -> None:
        """Write the end of a run, from its JSON answer.

        The caller has taken the endpoint's words out of the answer.
        """
        told = ("totals", "sentThisRun", "accounts", "nextSendAt", "exitCode")
        stop = answer["stopped"]
        self.write(
            "end", **{name: answer[name] for name in told}, stopped=stop["reason"] if stop else None
        )

    def failed(self, error: BaseException, exit_code: ExitCode) -> None:
        """Write a run's end by an error: its kind, and the place in this program that raised it.

        The error's words are left out, for they may be a cell's.
        """
        places = traceback.extract_tb(error.__traceback__)
        at = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else None
        self.write("error", error=type(error).__name__, at=at, exitCode=int(exit_code))


class _File(RotatingFileHandler):
    """A rotating file that is open only while a record is written.

    So runs of several campaigns can share it, and one of them can rotate it, on Windows too.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=FILES - 1, encoding="utf-8", delay=True
        )
        self.trouble: str | None = None

    def _open(self) -> io.TextIOWrapper:
        return open(  # a path's own open does not take an opener
            self.baseFilename,
            "a",
            encoding="utf-8",
            newline="\n",
            opener=lambda path, flags: os.open(path, flags | _OWN_FILE, 0o600),
        )

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if self.stream is not None:
            self.stream.close()
            self.stream = None  # opened again for the next record

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the library's names
        error = sys.exc_info()[1]
        self.trouble = getattr(error, "strerror", None) or type(error).__name__


def _begin(path: Path) -> _File:
    try:
        make_folders(path.parent)
        if path.is_symlink() or is_no_file(path):
            raise StorageError(
                "The log is a link, a pipe or a device, so it is not written; nothing was sent.",
                where=str(path),
                remedy="Take it away, or choose another place with --ledger PATH.",
            )
        file = _File(path)
        with file._open():
            if os.name == "posix":
                path.chmod(0o600)  # even when somebody else made it readable
    except OSError as error:
        raise StorageError(
            f"The log cannot be written ({error.strerror}); nothing was sent.",
            where=str(path),
            remedy="Check the folder's permissions, or choose another place with --ledger PATH.",
        ) from None
    return file
