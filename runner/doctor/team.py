"""The checks of a shared ledger's workers: whether each key is served, and can serve so many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Final

from runner import words
from runner.action.team import Team, team
from runner.doctor.finding import Finding, look, ok
from runner.ledger.door import open_ledger
from runner.ledger.lane import Backlog
from runner.ledger.location import Server
from runner.sending.pace import CALLS_A_MINUTE
from runner.sending.quota import DEFAULT_LIMIT

# The usual sending hours, 09:00-17:00.
_HOURS: Final = 8
# So many accounts can send their whole quota by one key in those hours.
MOST_ACCOUNTS: Final = _HOURS * 60 * CALLS_A_MINUTE // DEFAULT_LIMIT


def judge_team(place: Server, now: datetime) -> Iterator[Finding]:
    """Judge the workers of a ledger that is known to answer. Raises StorageError."""
    with closing(open_ledger(place, create=False)) as ledger:
        found = team(ledger, now)
    for one in found.backlog:
        yield from _judge_key(found, one)
    if found.alive:
        yield ok("workers", f"{words.count(len(found.alive), 'worker')} alive")


def _judge_key(found: Team, one: Backlog) -> Iterator[Finding]:
    if one in found.unserved:
        lanes = words.count(one.lanes, "account")
        yield look(
            "workers",
            f"no worker that is alive has the key {one.key}, for which {lanes} wait",
            "campaign worker begins one; --keys names the file with its keys.",
        )
    if one.lanes > MOST_ACCOUNTS:
        yield look(
            "workers",
            f"{one.lanes} accounts go by the key {one.key}: at {CALLS_A_MINUTE} calls a minute, "
            f"{MOST_ACCOUNTS} can send {DEFAULT_LIMIT} messages each in {_HOURS} hours",
            "Let some go by another key (--key-name), lengthen the hours, or lower --daily-limit.",
        )
