"""A ledger that is gone, and a journal that is not its own: what is left of them is known."""

from __future__ import annotations

from pathlib import Path

from runner import words
from runner.errors import StorageError
from runner.ledger.file import has_hot_journal, is_idle, journal_of, mend
from runner.ledger.journal import would_undo
from runner.ledger.noted import What
from runner.ledger.second import left_as, records_of


def refuse_lost(path: Path) -> None:
    """Raise StorageError for a missing ledger of which something is left."""
    for record in records_of(path):
        if (latest := record.latest()) is not None:
            accept = words.command("ledger accept", ledger=path)
            told = sum(1 for line in record.lines() if line.what is What.INTENT)
            raise StorageError(
                f"The ledger is gone. Its second record knows of {words.count(told, 'message')}, "
                f"the last event on {latest.at:%Y-%m-%d %H:%M} UTC.",
                where=str(path),
                remedy=f"{mend(path)} To begin anew all the same: {accept}.",
            )
    if journal_of(path).exists():
        raise StorageError(
            "The ledger is gone, but the journal of its last change lies there: "
            f"{journal_of(path).name}.",
            where=str(path),
            remedy=f"{mend(path)} If you took the ledger away yourself, take its journal too.",
        )


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
            remedy="Take that file away, and run the same command again. Nothing was sent.",
        )
