"""Copies of the ledger, kept beside its second record: the last seven, for their owner only.

A copy is made by SQLite itself, while runs go on.
"""

from __future__ import annotations

import glob
import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from runner.errors import StorageError
from runner.ledger.file import journal_of
from runner.ledger.second import SecondRecord
from runner.system.file import make_folders, sync_folder

KEPT: Final = 7
_WAIT_SECONDS: Final = 60


def copy_ledger(path: Path, target: Path) -> None:
    """Copy a ledger as it is at one instant (mode 0600), durably and in one step.

    Raises StorageError.
    """
    part = target.with_name(f".{target.name.lstrip('.')}.part")
    try:
        for left in (part, journal_of(part)):
            left.unlink(missing_ok=True)
        part.touch(mode=0o600)
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with (
            closing(sqlite3.connect(uri, timeout=_WAIT_SECONDS, uri=True)) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            source.backup(copy)
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(target)
        sync_folder(target.parent)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or str(error)
        raise StorageError(
            f"The ledger could not be copied ({reason}).",
            where=str(target),
            remedy="Free disk space and check that the folder may be written.",
        ) from None


def keep(path: Path, second: SecondRecord, mark: str = "", now: datetime | None = None) -> Path:
    """Keep a copy of the ledger; with a `mark` its name says what it was made for.

    Only the last copies are kept. Raises StorageError.
    """
    at = now or datetime.now(UTC)
    _clear(second)
    name = f"ledger-{at:%Y%m%dT%H%M%SZ}{f'-{mark}' if mark else ''}.db"
    target = second.backups / name
    try:
        make_folders(second.backups)
    except OSError as error:
        raise StorageError(
            f"The ledger cannot be copied ({error.strerror}).", where=str(target)
        ) from None
    copy_ledger(path, target)
    # A clock that was ahead once has left names of the future, which do not outlive the new copy.
    others = [copy for copy in second.copies() if copy != target]
    for old in others[KEPT - 1 :]:
        old.unlink(missing_ok=True)
    return target


def keep_daily(path: Path, second: SecondRecord, now: datetime) -> str | None:
    """Copy the ledger once a day, in UTC; return what went wrong with that, if anything."""
    _clear(second)
    if any(copy.name.startswith(f"ledger-{now:%Y%m%d}T") for copy in second.copies()):
        return None
    try:
        keep(path, second, now=now)
    except StorageError as error:
        return f"Today's copy of the ledger is missing. {error.what}"
    return None


def _clear(second: SecondRecord) -> None:
    """Remove what a copying that was killed has left."""
    clear(second.backups, "ledger-")


def clear(folder: Path, name: str) -> None:
    """Remove the unfinished copies in a folder whose names begin so, behind a dot.

    The caller keeps others from making any.
    """
    for part in folder.glob(f".{glob.escape(name)}*"):
        with suppress(OSError):
            part.unlink()


def discard(second: SecondRecord) -> None:
    """Delete all copies. Raises StorageError."""
    for path in second.copies():
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"A copy of the ledger cannot be deleted ({error.strerror}).",
                where=str(path),
                remedy="Delete it by hand.",
            ) from None
