"""Holes in a second record: events of the chain that it does not tell, or not as they were.

A line can be damaged, cut off or changed. While the ledger is there, it can say them all again.
"""

from __future__ import annotations

from datetime import datetime

from runner.ledger.about import left_as
from runner.ledger.ledger import Ledger
from runner.ledger.lock import is_any_running
from runner.ledger.noted import Noted, What
from runner.ledger.replay import lines_of
from runner.ledger.second import SecondRecord


def fill(ledger: Ledger, now: datetime) -> bool:
    """Write a second record anew from its ledger, where it does not tell all that the ledger knows;
    tell whether that was needed.

    The caller has made sure that the ledger knows all that the record tells. Raises StorageError.
    """
    second = ledger.second
    if second is None or is_as_left(second) or is_any_running(ledger.lock_folder):
        return False
    with ledger.read() as connection:
        lines = list(lines_of(connection, now))
    told = {(line.n, line.head): line for line in second.lines() if line.n}
    known = {(line.n, line.head) for line in lines if line.n}
    if known == set(told) and all(
        _is_told(line, told[line.n, line.head]) for line in lines if line.n
    ):
        return False
    second.rewrite(lines, beside=f"{now:%Y%m%dT%H%M%SZ}")
    return True


def holes(second: SecondRecord, known: int) -> int:
    """Count the events that a second record must have had, and does not tell; the first `known` of
    them are known elsewhere."""
    told = {line.n for line in second.lines() if line.n}
    last = second.last()
    most = max([known, *told, *([last.n] if last else [])])
    return sum(number not in told for number in range(known + 1, most + 1))


def is_as_left(second: SecondRecord) -> bool:
    """Tell whether a second record is byte for byte as the last run left it."""
    left = second.left("record")
    return left is not None and left == left_as(second.path)


def _is_told(line: Noted, told: Noted) -> bool:
    """Tell whether the record has the event as it was, of the same person."""
    if told.what is not line.what:
        return False
    if line.what is What.INTENT:
        return (told.slug, told.urn, told.attempt) == (line.slug, line.urn, line.attempt)
    return line.what is not What.OUTCOME or told.status == line.status
