"""The ledger as a function opens it, and the time that is noted in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.location import default_path, place_of
from runner.ledger.lock import told_as_running


@contextmanager
def opened_ledger(place: str | None, *, create: bool = True) -> Iterator[Ledger]:
    """The ledger for as long as an act needs it; without `create`, one that is there already."""
    at = place_of(place or default_path())
    with told_as_running(at):
        ledger = open_ledger(at, create=create)
    try:
        with told_as_running(at):
            yield ledger
    finally:
        ledger.close()


def utc_now() -> datetime:
    """This computer's clock."""
    return datetime.now(UTC)
