"""The ledger's file: its place, a look at what lies there before anything touches it, and how it is
written."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Final

from runner import words
from runner.errors import StorageError
from runner.system.file import BINARY, make_folders, sync_folder

BUSY_SECONDS: Final = 60
# PERSIST ends each commit with a synced write in place: DELETE ends with an unlink that a power cut
# can undo, WAL carries a race in SQLite before 3.51.3, and only PERSIST could still record an
# outcome on a full disk. fullfsync matters on macOS.
PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = PERSIST",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA foreign_keys = ON",
)
# A new one is in nobody's way, and is synced as a whole.
PRAGMAS_OF_A_NEW_ONE: Final = ("PRAGMA journal_mode = MEMORY", "PRAGMA foreign_keys = ON")
# One that is thrown away need not reach the disk.
PRAGMAS_OF_A_PASSING_ONE: Final = (*PRAGMAS_OF_A_NEW_ONE, "PRAGMA synchronous = OFF")
_SQLITE: Final = b"SQLite format 3\0"
HOT_JOURNAL: Final = bytes.fromhex("d9d505f920a163d7")
# Every version of a ledger has these tables. SQLite keeps their names among the first pages.
_TABLES: Final = (b"alembic_version", b"do_not_contact")
_LOOKED_AT: Final = 1024**2
_RESERVED_BYTE: Final = 0x40000001
_ELSEWHERE: Final = "Choose another place with --ledger PATH."


def mend(place: str | Path) -> str:
    """Say how a ledger is brought back that is gone or damaged."""
    restore = words.command("ledger restore", ledger=place)
    return (
        f"Bring it back from its backup: {restore} (it says first what it will do). A new ledger "
        "would not know who was messaged already."
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
    if not found.st_size:
        raise StorageError(
            "The ledger is empty: its content is gone. It was left as it is.",
            where=str(path),
            remedy=f"{mend(path)} If this file never was a ledger, delete it.",
        )
    if not _is_ledger(path):
        raise StorageError(
            "This is no ledger, or a damaged one; it was left as it is.",
            where=str(path),
            remedy=f"{_ELSEWHERE} If it was a ledger: {mend(path)}",
        )
    return True


def make_private(path: Path) -> None:
    """Let only the owner read the file, since people's names are in it. Raises StorageError."""
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise _unopened(path, error.strerror) from None


def journal_of(path: Path) -> Path:
    """The file in which SQLite keeps what undoes a change that is under way."""
    return path.with_name(f"{path.name}-journal")


def begin(path: Path) -> Path:
    """Make the empty file that becomes a new ledger, for its owner only, and return its path.

    What an earlier beginning has left is removed. Raises StorageError.
    """
    part = path.with_name(f".{path.name}.new")
    try:
        for left in (part, journal_of(part)):
            left.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | BINARY, 0o600))
    except OSError as error:
        raise _unopened(path, error.strerror) from None
    return part


def finish(part: Path, path: Path) -> None:
    """Put a new ledger into its place, durably and in one step. Raises StorageError."""
    try:
        handle = os.open(part, os.O_RDWR | BINARY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _unopened(path, error.strerror) from None


def make_folder(path: Path) -> None:
    """Make the folder of a ledger's file, durably. Raises StorageError."""
    try:
        make_folders(path.parent)
    except OSError as error:
        raise _unopened(path, error.strerror) from None


def set_aside(path: Path, stamp: str) -> Path | None:
    """Give what lies in a ledger's place another name, its journal too; None for nothing."""
    aside, journal = aside_of(path, stamp), journal_of(path)
    try:
        if journal.exists():
            journal.rename(journal_of(aside))
        if not path.exists():
            return None
        path.rename(aside)
    except OSError as error:
        raise StorageError(
            f"The ledger cannot be set aside ({error.strerror}).",
            where=str(path),
            remedy="Close what has it open, and run the same command again.",
        ) from None
    return aside


def aside_of(path: Path, stamp: str) -> Path:
    """Return the free name under which a ledger is set aside."""
    free, number = path.with_name(f"{path.name}.before-{stamp}"), 1
    while free.exists() or journal_of(free).exists():
        number += 1
        free = path.with_name(f"{path.name}.before-{stamp}-{number}")
    return free


def has_hot_journal(path: Path) -> bool:
    """Tell whether a journal lies beside the file that SQLite would undo a change with.

    Raises StorageError.
    """
    try:
        with journal_of(path).open("rb") as journal:
            return journal.read(8) == HOT_JOURNAL
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unopened(path, error.strerror) from None


def is_idle(path: Path) -> bool:
    """Tell whether nobody writes to the file just now, as far as systems tell.

    The process itself must not have the file open.
    """
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        with path.open("r+b") as file:
            # SQLite holds a lock on this byte for as long as a change is under way.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _RESERVED_BYTE)
    except OSError:
        return False
    return True


def _is_ledger(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT)
        if not start.startswith(_SQLITE):
            return False
    except OSError as error:
        raise _unopened(path, error.strerror) from None
    # A process that died while it wrote left the rest in the journal. SQLite puts that right.
    return all(table in start for table in _TABLES) or has_hot_journal(path)


def _unopened(path: Path, reason: str | None) -> StorageError:
    return StorageError(
        f"The ledger cannot be opened ({reason}).",
        where=str(path),
        remedy="Check the folder's permissions, or choose another place with --ledger PATH.",
    )
