"""The ledger, compared with its second record: one that knows less is not to be gone on with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from runner import words
from runner.errors import StorageError
from runner.ledger.chain import digest_at, digests
from runner.ledger.holes import is_as_left
from runner.ledger.ledger import Ledger
from runner.ledger.lost import missing, said
from runner.ledger.second import records_of


def refuse_behind(ledger: Ledger, *, fully: bool = False) -> None:
    """Raise StorageError when a second record knows more than the ledger.

    A record that is as the last run left it was compared then, event by event; `fully` compares
    it again.
    """
    second = ledger.second
    if second is None:
        return
    for record in records_of(ledger.path):
        if record.identity != second.identity and (told := missing(record, {})):
            raise _behind(
                ledger.path,
                f"Another ledger stood here before. Its second record knows of "
                f"{said(record, told)}.",
            )
    latest = second.latest()  # before the ledger is asked: a run beside this one writes it first
    noted = [one for one in (latest, second.last()) if one is not None and one.n]
    with ledger.read() as connection:
        is_told = all(digest_at(connection, one.n) == one.head for one in noted)
        if is_told and is_as_left(second) and not fully:
            return
        known = digests(connection)
    told = missing(second, known)
    if is_told and not told:
        return
    count = words.count(max(one.n for one in noted) - len(known), "event")
    what = f"the last {count}" if not latest else f"what was decided up to {day(latest.at)}"
    what = said(second, told) if told else what
    raise _behind(
        ledger.path, f"The ledger is older than its second record: it does not know of {what}."
    )


def _behind(path: Path, what: str) -> StorageError:
    restore, accept = (
        words.command("ledger restore", ledger=path),
        words.command("ledger accept", ledger=path),
    )
    return StorageError(
        f"{what} Nothing was sent.",
        where=str(path),
        remedy=(
            f"Mend it: {restore} (it says first what it will do). If you know that the ledger is "
            f"right as it is: {accept}."
        ),
    )


def day(instant: datetime) -> str:
    """A time in words, to the minute."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
