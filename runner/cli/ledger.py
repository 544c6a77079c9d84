"""The ledger as a command opens it, and the time that is noted in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import late
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.ledger.ledger import Ledger
    from runner.ledger.location import Place


def ledger_place(place: str | Place | None) -> Place:
    """The place of the ledger that --ledger names; without it, the user's own. Raises
    UsageError."""
    return late.location.place_of(place or late.location.default_path())


def ledger_file(place: str | None) -> Path:
    """The same of one that is a file. Raises UsageError for another."""
    return late.location.ledger_path(place or late.location.default_path())


@contextmanager
def opened_ledger(
    place: str | Place | None, *, create: bool = True, lanes: int = 1
) -> Iterator[Ledger]:
    """The ledger for as long as a command needs it, for so many lanes in threads of their own;
    without `create`, one that is there already."""
    at = ledger_place(place)
    with late.lock.told_as_running(at):
        opened = late.door.open_ledger(at, create=create, lanes=lanes)
    try:
        with late.lock.told_as_running(at):
            yield opened
    finally:
        opened.close()


def tell_new(ledger: Ledger, console: Console) -> None:
    """Tell that there was no ledger: the name may be a mistyped one, or the ledger elsewhere."""
    if ledger.is_new:
        console.tell(
            f"Note: a new ledger begins at {ledger.place}; it knows nothing of what others have "
            "sent."
        )


def utc_now() -> datetime:
    """This computer's clock."""
    return datetime.now(UTC)
