"""Doubts: deliveries that may or may not have arrived.

Each doubt has everything in the ledger that could settle it. This module only queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import URN_PREFIX, Recipient
from runner.ledger import schema
from runner.ledger.campaign import TESTS
from runner.ledger.instant import Instant
from runner.ledger.person import spellings_of
from runner.ledger.record import Status, Verdict
from runner.ledger.standing import SAME

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Count:
    """An account's count of used messages, as answers told it around an attempt.

    `before` is the last number before the attempt, and `after` is the first number after it. `ours`
    counts our other messages that were certainly sent in between. `doubtful` counts those that may
    have been sent besides.
    """

    before: int
    after: int
    ours: int
    doubtful: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """An uncertain delivery, with its text.

    `row` is None when the row has left the list. `slugs` are all profile IDs of the person. `since`
    is the time from which on the message could be there.
    """

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
        """The delivery's name in texts for people."""
        return (
            f"Row {self.row}" if self.row is not None else f"{self.person} (no longer in the list)"
        )


def doubts(connection: Connection, campaign_id: int, rows: Sequence[int] = ()) -> list[Doubt]:
    """Return the campaign's uncertain deliveries in the sheet's order.

    Given `rows`, only the deliveries of those rows are returned. Otherwise all are, also those to
    people who have left the sheet.
    """
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


def undecided(connection: Connection) -> list[tuple[int, int]]:
    """Return the uncertain deliveries of all campaigns, each with its campaign: those of the
    campaign last read first, in their order."""
    table, campaign = schema.delivery, schema.campaign
    statement = (
        sa.select(campaign.c.id, table.c.id)
        .join(table, table.c.campaign_id == campaign.c.id)
        .where(table.c.status == Status.UNCERTAIN, campaign.c.name != TESTS)
        .order_by(campaign.c.read_at.desc(), campaign.c.id.desc(), table.c.position, table.c.id)
    )
    return [(number, delivery) for number, delivery in connection.execute(statement)]


def left_open(connection: Connection) -> list[int]:
    """Return the campaigns with a message that is being sent, or was when its run died."""
    table = schema.delivery.c
    sending = sa.select(table.campaign_id).where(table.status == Status.SENDING)
    return list(connection.scalars(sending.distinct()))


def doubt(connection: Connection, delivery_id: int) -> Doubt | None:
    """Return one doubt; None for a delivery that is not uncertain."""
    table = schema.delivery
    statement = sa.select(table, schema.row.c.number).select_from(table.outerjoin(schema.row, SAME))
    found = connection.execute(
        statement.where(table.c.id == delivery_id, table.c.status == Status.UNCERTAIN)
    ).first()
    return _doubt(connection, found) if found else None


def named(
    connection: Connection, campaign_id: int, delivery_id: int
) -> tuple[int | None, str] | None:
    """Return the row of a campaign's delivery, where it stands in the list, and a name for both;
    None where the campaign has no such delivery."""
    table = schema.delivery
    statement = sa.select(table.c.slug, table.c.urn, schema.row.c.number).select_from(
        table.outerjoin(schema.row, SAME)
    )
    mine = statement.where(table.c.id == delivery_id, table.c.campaign_id == campaign_id)
    found = connection.execute(mine).first()
    if found is None:
        return None
    person = found.slug or found.urn or "forgotten"
    return found.number, f"Row {found.number}, {person}" if found.number is not None else person


def next_waiting(
    connection: Connection, campaign_id: int, account: str, number: int | None
) -> list[Doubt]:
    """Return the campaign's next waiting deliveries of an account, as if each had been sent before.

    Without a `number`, all are returned. The message could be there since any time.
    """
    table = schema.delivery
    waiting = sa.select(table).where(
        table.c.campaign_id == campaign_id,
        table.c.account == account,
        table.c.status == Status.WAITING,
    )
    return [
        Doubt(
            delivery=found.id,
            row=found.row,
            person=found.slug or found.urn,
            account=found.account,
            text=found.message,
            slugs=_slugs(connection, found.slug, found.urn),
            conversation_urn=found.conversation_urn,
            since=_LONG_AGO,
            count=None,
        )
        for found in connection.execute(waiting.order_by(table.c.position).limit(number)).all()
    ]


def _slugs(connection: Connection, slug: str | None, urn: str | None) -> tuple[str, ...]:
    keys = spellings_of(connection, Recipient(slug, urn).keys)
    return tuple(key for key in keys if not key.startswith(URN_PREFIX))


def _doubt(connection: Connection, found: sa.Row[tuple[object, ...]]) -> Doubt:
    table = schema.attempt
    # A person may have let an uncertain message go once more. The message that arrived may then be
    # the first one.
    statement = (
        sa.select(table)
        .where(table.c.delivery_id == found.id, table.c.status == Status.UNCERTAIN)
        .order_by(table.c.id)
    )
    attempts = connection.execute(statement).all()
    return Doubt(
        delivery=found.id,
        row=found.number,
        person=found.slug or found.urn or "forgotten",
        account=found.account,
        text=found.message,
        slugs=_slugs(connection, found.slug, found.urn),
        conversation_urn=found.conversation_urn,
        since=attempts[0].wired_at or attempts[0].claimed_at,
        count=_count(connection, attempts[-1]),
    )


def _count(connection: Connection, attempt: sa.Row[tuple[object, ...]]) -> Count | None:
    """Return the count around an attempt, if the ledger has it.

    Returns None when no number was told before or after the attempt on its day in UTC. Counts begin
    anew with each such day.
    """
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
    decision, later = schema.decision, table.alias()
    next_claim = sa.select(sa.func.min(later.c.claimed_at)).where(
        later.c.delivery_id == table.c.delivery_id, later.c.id > table.c.id
    )
    # The last word on this attempt, before another one was made; none where it was taken back.
    verdict = (
        sa.select(sa.func.nullif(decision.c.verdict, Verdict.UNDONE))
        .where(
            decision.c.delivery_id == table.c.delivery_id,
            decision.c.decided_at >= table.c.claimed_at,
            decision.c.decided_at
            < sa.func.coalesce(next_claim.scalar_subquery(), sa.literal(_NEVER, Instant())),
        )
        .order_by(decision.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    others = sa.select(table.c.status, verdict).where(
        table.c.account == attempt.account,
        table.c.id > before.id,
        table.c.id <= after.id,
        table.c.id != attempt.id,
    )
    # A person's word or evidence may have settled an uncertain attempt since. An attempt that is
    # settled as not sent is counted nowhere.
    became = [
        status if status not in (Status.UNCERTAIN, None) else word
        for status, word in connection.execute(others)
    ]
    return Count(before.quota_used, after.quota_used, became.count(Status.SENT), became.count(None))
