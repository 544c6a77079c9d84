"""What a message costs stays the same as the ledger grows.

Seconds differ from machine to machine; the steps that SQLite takes for a statement do not. So they
are counted: for a claim, its intent and its outcome, in ledgers that differ in one thing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from runner.ledger import schema
from runner.ledger.attempt import commit_intent, settle
from runner.ledger.campaign import put_campaign
from runner.ledger.claim import claim
from runner.ledger.door import open_ledger
from runner.ledger.forgotten import Forgotten
from runner.ledger.ledger import Ledger
from runner.ledger.record import AccountState, Claim, Outcome, Status, Told, Wait
from runner.ledger.setting import Stored, pace_words
from runner.sending.pace import pace_of
from runner.sending.turn import Turn

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PACE = pace_of(pace_words({"now": True, "min_gap": 0}))
MINUTE = timedelta(minutes=1)
LIMIT = 150
# The statements of a message, with the beginnings of its three transactions. This bound only falls:
# who makes it rise has to say why.
MOST = 27


@dataclass(frozen=True)
class Size:
    """A ledger: rows that wait on one account, rows that wait for a later date, rows that were
    settled long ago, people on the do-not-contact list, forgotten people, campaigns."""

    waiting: int = 1_000
    later: int = 20
    settled: int = 100
    listed: int = 20
    forgotten: int = 0
    campaigns: int = 1


@contextmanager
def ledger_of(folder: Path, size: Size) -> Iterator[Ledger]:
    ledger = open_ledger(folder / "ledger.db")
    with ledger.write() as connection:
        for number in range(size.campaigns):
            put_campaign(
                connection,
                f"campaign {number}",
                source=f"list {number}",
                template_hash="",
                headers=("profile",),
                delimiter=",",
                settings=Stored(sheet="", results="", steps=(3,)),
                now=NOW - timedelta(days=3),
            )
        _add(connection, size)
    try:
        yield ledger
    finally:
        ledger.close()


def _add(connection: sa.Connection, size: Size) -> None:
    long_ago, later = NOW - timedelta(days=60), NOW + timedelta(days=2)
    rows: list[dict[str, Any]] = []

    def add(count: int, name: str, status: Status, **values: Any) -> None:
        for number in range(count):
            rows.append(
                {
                    "campaign_id": 1 + (number % size.campaigns if status is Status.SENT else 0),
                    "identity": f"{name}-{number}",
                    "step": 1,
                    "slug": f"{name}-{number}",
                    "position": len(rows),
                    "row": len(rows) + 2,
                    "account": "acc",
                    "message": "Hi",
                    "message_type": "normal",
                    "status": status,
                    "due_at": None,
                    "sent_at": None,
                    **values,
                }
            )

    add(size.settled, "settled", Status.SENT, sent_at=long_ago)
    add(size.waiting, "waiting", Status.WAITING)
    add(size.later, "later", Status.WAITING, step=2, due_at=later)
    connection.execute(sa.insert(schema.delivery), rows)
    attempts = [
        {
            "delivery_id": number + 1,
            "campaign_id": 1 + number % size.campaigns,
            "account": "acc",
            "claimed_at": long_ago,
            "deadline": long_ago,
            "wired_at": long_ago,
            "settled_at": long_ago,
            "status": Status.SENT,
        }
        for number in range(size.settled)
    ]
    connection.execute(sa.insert(schema.attempt), attempts)
    listed = [{"identity": f"listed-{n}", "added_at": long_ago} for n in range(size.listed)]
    connection.execute(sa.insert(schema.do_not_contact), listed)
    if size.forgotten:
        Forgotten(connection).add([f"forgotten-{n}" for n in range(size.forgotten)], long_ago)
    connection.execute(
        sa.insert(schema.account).values(
            account="acc",
            told_at=NOW - MINUTE,
            quota_limit=LIMIT,
            quota_used=0,
            quota_remaining=LIMIT,
            quota_reset_at=NOW + timedelta(hours=12),
        )
    )


@dataclass
class Cost:
    """The statements of some messages, and the steps of each."""

    messages: int
    statements: Counter[str]
    steps: Counter[str]

    @property
    def steps_per_message(self) -> float:
        return self.steps.total() / self.messages

    @property
    def statements_per_message(self) -> float:
        return self.statements.total() / self.messages


def cost(ledger: Ledger, messages: int = 5) -> Cost:
    """Send some messages, as a lane does, and count."""
    spent, ticks = Cost(messages, Counter(), Counter()), 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    def before(connection: sa.Connection, *_: object) -> None:
        nonlocal ticks
        ticks = 0
        connection.connection.driver_connection.set_progress_handler(tick, 1)  # type: ignore[union-attr]

    def after(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        spent.statements[statement] += 1
        spent.steps[statement] += ticks

    def decide(at: datetime, state: AccountState) -> Wait | None:
        return Turn(PACE, state, at).wait()

    engine = ledger._store.engine
    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        for number in range(messages):
            at = NOW + number * MINUTE
            taken = claim(
                ledger, 1, "acc", lambda at=at: at, MINUTE, lambda state, at=at: decide(at, state)
            )
            assert isinstance(taken, Claim)
            taken = commit_intent(ledger, taken, lambda at=at: at)
            told = Told(at, LIMIT, number + 1, LIMIT - number - 1, NOW + timedelta(hours=12))
            named = f"urn:li:fsd_profile:ACoAAB{number:06}"
            outcome = Outcome(Status.SENT, http_status=200, told=told, recipient_urn=named)
            settle(ledger, taken, outcome, at)
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)
    return spent


GROWN = {"waiting": 8_000, "later": 4_000, "settled": 8_000, "listed": 5_000, "campaigns": 100}
# What costs something once there is any: nothing more when it is much.
ANY = {"forgotten": (1, 3_000)}


@pytest.mark.parametrize("what", [*GROWN, *ANY])
def test_a_message_costs_the_same_in_a_ledger_that_has_grown(tmp_path: Path, what: str) -> None:
    """However much waits, was settled or is listed, a message takes the same statements and, but
    for the depth of a tree, the same steps."""
    few, many = ANY.get(what, (getattr(Size, what), GROWN.get(what)))
    with ledger_of(tmp_path / "small", replace(Size(), **{what: few})) as ledger:
        small = cost(ledger)
    with ledger_of(tmp_path / "large", replace(Size(), **{what: many})) as ledger:
        large = cost(ledger)
    assert large.statements_per_message == small.statements_per_message
    assert large.steps_per_message < 1.1 * small.steps_per_message, (
        large.steps - small.steps
    ).most_common(3)


def test_a_search_without_its_index_is_caught(tmp_path: Path) -> None:
    """Without the index that finds the next row, the count of steps grows with those that wait."""
    found = []
    for waiting in (1_000, 4_000):
        with ledger_of(tmp_path / str(waiting), Size(waiting=waiting)) as ledger:
            name = "ix_delivery_campaign_id_account_status_step_due_at_position"
            with ledger.write() as connection:
                connection.exec_driver_sql(f"DROP INDEX {name}")
            found.append(cost(ledger).steps_per_message)
    assert found[1] > 2 * found[0]


def test_a_message_asks_few_statements(tmp_path: Path) -> None:
    with ledger_of(tmp_path, Size()) as ledger:
        assert cost(ledger).statements_per_message <= MOST
