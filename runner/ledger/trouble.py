"""What SQLite says of a ledger that fails, in words and with the next step."""

from __future__ import annotations

from typing import Final

from runner.errors import BusyError, StorageError
from runner.ledger.file import mend

# What SQLite says of a file that is not, or no longer, a ledger.
_DAMAGED: Final = (
    "not a database",
    "malformed",
    "file is encrypted",
    "no such table",
    "no such column",
    "Could not decode",
)


def damaged(reason: str) -> StorageError:
    """The error for a ledger that contradicts itself."""
    return StorageError(f"The ledger is damaged: {reason}.")


def unusable(place: str, reason: str) -> StorageError:
    """Say in words what SQLite says: whether the file is damaged, held, or out of room."""
    if any(mark in reason for mark in _DAMAGED):
        what = f"This is no ledger, or a damaged one ({reason}); it was left as it is."
        return StorageError(what, where=place, remedy=mend(place))
    if "locked" in reason or "busy" in reason:
        return BusyError(
            f"The ledger is held by another program ({reason}).",
            where=place,
            remedy=(
                "See what has it open (another run, a backup, a database viewer), let it finish, "
                "and run the same command again; nothing is lost."
            ),
        )
    if "full" in reason:
        what = f"The ledger could not be written ({reason})."
        remedy = "Free disk space, and run the same command again; nothing is lost."
    elif "constraint" in reason:
        return StorageError(
            f"The ledger refused a change ({reason}).", where=place, remedy=mend(place)
        )
    else:
        what = f"The ledger could not be written or read ({reason})."
        remedy = (
            "Check the disk, and that the file and its folder may be written; then run the same "
            "command again. Nothing is lost."
        )
    return StorageError(what, where=place, remedy=remedy)
