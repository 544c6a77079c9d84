"""A ledger that is gone, and a journal that is not its own: what is left of them is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from pathlib import Path

from runner import words
from runner.errors import StorageError
from runner.ledger.about import left_as
from runner.ledger.file import has_hot_journal, is_idle, journal_of, mend
from runner.ledger.journal import would_undo
from runner.ledger.noted import Noted, What
from runner.ledger.record import Status
from runner.ledger.second import SecondRecord, records_of


def refuse_lost(path: Path) -> None:
    """Raise StorageError for a missing ledger of which something is left."""
    if known := known_of(path):
        accept = words.command("ledger accept", ledger=path)
        raise StorageError(
            f"The ledger is gone. {known}",
            where=str(path),
            remedy=f"{_elsewhere(path)}{mend(path)} To begin anew all the same: {accept}.",
        )
    if journal_of(path).exists():
        raise StorageError(
            "The ledger is gone, but the journal of its last change lies there: "
            f"{journal_of(path).name}.",
            where=str(path),
            remedy=(
                "If you moved the ledger, name it with --ledger, or move its journal too. Else: "
                f"{mend(path)}"
            ),
        )


def _elsewhere(path: Path) -> str:
    """Name the other place where the ledger was seen, if it is there."""
    for record in records_of(path):
        for place in record.places():
            if place != str(path) and Path(place).is_file():
                return f"If you moved it: --ledger {words.argument(place)}. Else: "
    return ""


def known_of(path: Path) -> str:
    """Say what second records know of the ledger at a path; nothing when they know nothing."""
    for record in records_of(path):
        told = missing(record, {})
        if told:
            return f"Its second record knows of {said(record, told)}."
        last = record.last()
        if record.latest() is None and (last or record.copies()):
            count = words.count(last.n, "event") if last else "more"
            return f"Its second record is damaged or gone; it knew of {count}."
    return ""


def missing(record: SecondRecord, known: Mapping[int, str]) -> list[Noted]:
    """The messages that a second record knows of and the links of a chain, by number, do not.

    A message that certainly was not sent is none.
    """
    told: dict[int | None, Noted] = {}
    for line in record.lines():
        if line.what is What.INTENT and known.get(line.n) != line.head:
            told[line.attempt] = line
        elif line.what is What.OUTCOME and line.status == Status.WAITING:
            told.pop(line.attempt, None)
    return list(told.values())


def said(record: SecondRecord, told: Sequence[Noted]) -> str:
    """Put messages into words: how many, of which campaigns, since when."""
    names = {line.campaign: line.name for line in record.lines() if line.what is What.CAMPAIGN}
    counts: dict[str, int] = {}
    for line in told:
        name = names.get(line.campaign) or "an unnamed campaign"
        counts[name] = counts.get(name, 0) + 1
    of = ", ".join(f"{count} of {name!r}" for name, count in counts.items())
    since = f"{told[0].at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{words.count(len(told), 'message')} ({of}) since {since}"


def refuse_foreign_journal(path: Path) -> None:
    """Raise StorageError for a journal that does not belong to the file as it is.

    A file that is as a run left it has no change in it that was half done. A journal with other
    pages than the file's was put there since, and SQLite would put them over the new ones.
    """
    if not has_hot_journal(path):
        return
    lefts = [record.left() for record in records_of(path)]
    if any(lefts) and left_as(path) in lefts and is_idle(path) and would_undo(path):
        raise StorageError(
            "Beside the ledger lies the journal of another time. SQLite would undo with it what "
            "the ledger has learned since.",
            where=str(journal_of(path)),
            remedy=(
                "Take that file away, and run the same command again. Nothing was sent. Whether "
                f"the ledger is whole: {words.command('ledger verify', ledger=path)}."
            ),
        )
