"""Doubts: deliveries that may or may not have arrived, with all the ledger knows that could settle
them. Only queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import URN_PREFIX, Recipient
from runner.ledger import schema
from runner.ledger.person import spellings_of
from runner.ledger.record import Status
from runner.ledger.standing import SAME


@dataclass(frozen=True, slots=True)
class Count:
    """An account's count of used messages, as answers told it around an attempt: the last number
    before and the first after.

    `ours` is how many of our other messages were certainly sent in between, `doubtful` how many
    more may have been.
    """

    before: int
    after: int
    ours: int
    doubtful: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """An uncertain delivery: its row, None when that has left the list; its text, every profile ID
    of the person, and since when the message could be there."""

    delivery: int
    row: int | None
    person: str
    account: str
    text: str
    slugs: tuple[str, ...]
    conversation_urn: str | None
    since: datetime
    count: Count | None

    @property
    def label(self) -> str:
        """What people call it."""
        return (
            f"Row {self.row}" if self.row is not None else f"{self.person} (no longer in the list)"
        )


def doubts(connection: Connection, campaign_id: int, rows: Sequence[int] = ()) -> list[Doubt]:
    """The campaign's uncertain deliveries in the sheet's order; all of them, also of people who
    have left the sheet, or those of the given rows."""
    table, row = schema.delivery, schema.row
    statement = (
        sa.select(table, row.c.number)
        .select_from(table.outerjoin(row, SAME))
        .where(table.c.campaign_id == campaign_id, table.c.status == Status.UNCERTAIN)
        .order_by(row.c.position)
    )
    if rows:
        statement = statement.where(row.c.number.in_(rows))
    return [_doubt(connection, found) for found in connection.execute(statement).all()]


def _doubt(connection: Connection, found: sa.Row[tuple[object, ...]]) -> Doubt:
    table = schema.attempt
    # A person may have let an uncertain message go once more: the first one may be the one that
    # arrived.
    statement = (
        sa.select(table)
        .where(table.c.delivery_id == found.id, table.c.status == Status.UNCERTAIN)
        .order_by(table.c.id)
    )
    attempts = connection.execute(statement).all()
    keys = spellings_of(connection, Recipient(found.slug, found.urn).keys)
    return Doubt(
        found.id,
        found.number,
        found.slug or found.urn or "forgotten",
        found.account,
        found.message,
        tuple(key for key in keys if not key.startswith(URN_PREFIX)),
        found.conversation_urn,
        attempts[0].wired_at or attempts[0].claimed_at,
        _count(connection, attempts[-1]),
    )


def _count(connection: Connection, attempt: sa.Row[tuple[object, ...]]) -> Count | None:
    """None when no number was told before or after the attempt on its day in UTC, which is when
    counts begin anew."""
    table = schema.attempt
    midnight = attempt.claimed_at.replace(hour=0, minute=0, second=0, microsecond=0)
    told = sa.select(table.c.id, table.c.quota_used, table.c.claimed_at).where(
        table.c.account == attempt.account, table.c.quota_used.is_not(None)
    )
    before = connection.execute(
        told.where(table.c.id < attempt.id).order_by(table.c.id.desc()).limit(1)
    ).first()
    after = connection.execute(
        told.where(table.c.id >= attempt.id).order_by(table.c.id).limit(1)
    ).first()
    if (
        before is None
        or after is None
        or before.claimed_at < midnight
        or after.claimed_at.date() != midnight.date()
    ):
        return None
    decision = schema.decision
    verdict = (
        sa.select(decision.c.verdict)
        .where(
            decision.c.delivery_id == table.c.delivery_id,
            decision.c.decided_at >= table.c.claimed_at,
        )
        .order_by(decision.c.id)
        .limit(1)
        .scalar_subquery()
    )
    others = sa.select(table.c.status, verdict).where(
        table.c.account == attempt.account,
        table.c.id > before.id,
        table.c.id <= after.id,
        table.c.id != attempt.id,
    )
    # Of what was uncertain, a person's word or evidence may have told since; what is settled as not
    # sent is counted nowhere.
    became = [
        status if status not in (Status.UNCERTAIN, None) else word
        for status, word in connection.execute(others)
    ]
    return Count(before.quota_used, after.quota_used, became.count(Status.SENT), became.count(None))
