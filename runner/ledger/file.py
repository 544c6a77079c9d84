"""The ledger's file: its place, and a look at what lies there before anything touches it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from runner.errors import StorageError

_SQLITE: Final = b"SQLite format 3\0"
_HOT_JOURNAL: Final = bytes.fromhex("d9d505f920a163d7")
# Every version of a ledger has these tables. SQLite keeps their names among the first pages.
_TABLES: Final = (b"alembic_version", b"do_not_contact")
_LOOKED_AT: Final = 1024**2
_ELSEWHERE: Final = "Choose another place with --ledger PATH."
RESTORE: Final = (
    "Restore the ledger from a backup. A new one would not know who was messaged already."
)


def real_path(path: Path) -> Path:
    """Return the one path of a ledger's file, whatever links lead to it.

    The run locks, the log and SQLite's journal lie beside it. Raises StorageError.
    """
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its path leads nowhere"
        raise _unopened(path, reason) from None


def is_there(path: Path) -> bool:
    """Tell whether a ledger lies there, without changing anything.

    Raises StorageError for anything else that lies there: it is left as it is.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unopened(path, error.strerror) from None
    if not stat.S_ISREG(found.st_mode):
        raise StorageError(
            "This is no file, so it is no ledger.", where=str(path), remedy=_ELSEWHERE
        )
    if found.st_nlink > 1:
        # SQLite keeps its journal beside the name that it was opened by. Under another name, half
        # of a transaction would pass for the whole.
        raise StorageError(
            "The ledger's file has a second name (a hard link), so it cannot be trusted.",
            where=str(path),
            remedy="Keep one of the names and delete the others; copies of a ledger are files of "
            "their own.",
        )
    if found.st_size and not _is_ledger(path):
        raise StorageError(
            "This is no ledger, or a damaged one; it was left as it is.",
            where=str(path),
            remedy=f"{_ELSEWHERE} If it was a ledger: {RESTORE[0].lower()}{RESTORE[1:]}",
        )
    return True


def make_private(path: Path) -> None:
    """Let only the owner read the file, since people's names are in it. Raises StorageError."""
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise _unopened(path, error.strerror) from None


def make(path: Path) -> None:
    """Make the file of a new ledger, for its owner only. Raises StorageError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise _unopened(path, error.strerror) from None


def _is_ledger(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT)
        if not start.startswith(_SQLITE):
            return False
        if all(table in start for table in _TABLES):
            return True
        # A process that died while it wrote left the rest in the journal. SQLite puts that right.
        with path.with_name(f"{path.name}-journal").open("rb") as journal:
            return journal.read(8) == _HOT_JOURNAL
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unopened(path, error.strerror) from None


def _unopened(path: Path, reason: str | None) -> StorageError:
    return StorageError(
        f"The ledger cannot be opened ({reason}).",
        where=str(path),
        remedy="Check the folder's permissions, or choose another place with --ledger PATH.",
    )
