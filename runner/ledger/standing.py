"""The standing of a campaign: the result of each row, and the counts.

Everything here is a query; nothing changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.account import is_due
from runner.ledger.campaign import settings_of
from runner.ledger.record import (
    POSSIBLY_RECEIVED,
    Status,
    Totals,
    UncertainRow,
)

# The condition that a row stands for a delivery, of any step.
OF_ROW: Final = sa.and_(
    schema.delivery.c.campaign_id == schema.row.c.campaign_id,
    schema.delivery.c.identity == schema.row.c.identity,
)
LATER_STEP: Final = schema.delivery.alias()
# The condition that a row has its status from a delivery: from that of the last step that is not
# skipped, or else from the first one.
SAME: Final = sa.and_(
    OF_ROW,
    sa.or_(schema.delivery.c.step == 1, schema.delivery.c.status != Status.SKIPPED),
    ~sa.exists()
    .where(
        LATER_STEP.c.campaign_id == schema.delivery.c.campaign_id,
        LATER_STEP.c.identity == schema.delivery.c.identity,
        LATER_STEP.c.step > schema.delivery.c.step,
        LATER_STEP.c.status != Status.SKIPPED,
    )
    .correlate(schema.delivery),
)
JOINED: Final = schema.row.outerjoin(schema.delivery, SAME)
STATUS: Final = sa.func.coalesce(schema.delivery.c.status, schema.row.c.status)


def shown(status: Status, *, live: bool = False) -> Status:
    """Return the status that people see.

    A claim without an outcome may have been delivered, so it counts as uncertain. While the run
    that made it is `live`, it is just being sent and counts as waiting.
    """
    if status is Status.SENDING:
        return Status.WAITING if live else Status.UNCERTAIN
    return status


class Deliveries(NamedTuple):
    """A campaign's deliveries in numbers: those that wait by account, and the `senders`, both in
    the sheet's order; all by status; the people; the last step."""

    waiting: dict[str, int]
    senders: list[str]
    by_status: Counter[str]
    people: int
    last_step: int


def deliveries(connection: Connection, campaign_id: int) -> Deliveries:
    """Count a campaign's deliveries, in one walk along an index."""
    table = schema.delivery.c
    parts = (table.account, table.status, table.step)
    statement = sa.select(*parts, sa.func.count(), sa.func.min(table.position)).where(
        table.campaign_id == campaign_id
    )
    waiting, by_status = Counter[str](), Counter[str]()
    people, last_step = 0, 1
    senders: list[tuple[int, str]] = []
    waiters: list[tuple[int, str]] = []
    for account, status, step, count, first in connection.execute(statement.group_by(*parts)):
        by_status[status] += count
        people += count if step == 1 else 0
        last_step = max(last_step, step)
        if status != Status.SKIPPED:
            senders.append((first, account))
        if status == Status.WAITING:
            waiters.append((first, account))
            waiting[account] += count
    in_order = {account: waiting[account] for _, account in sorted(waiters)}
    sending = list(dict.fromkeys(account for _, account in sorted(senders)))
    return Deliveries(in_order, sending, by_status, people, last_step)


def totals(
    connection: Connection,
    campaign_id: int,
    counted: Deliveries | None = None,
    *,
    live: bool = False,
) -> tuple[Totals, int]:
    """Count the rows by status; and the people who were, or may have been, messaged and are no
    longer in the sheet. `counted` are the deliveries, where they are counted already."""
    counted = counted or deliveries(connection, campaign_id)
    gone = _gone(connection, campaign_id, counted)
    by_status = _counted_apart(connection, campaign_id, counted, gone)
    if by_status is None:
        joined = sa.select(STATUS, sa.func.count()).select_from(JOINED)
        mine = joined.where(schema.row.c.campaign_id == campaign_id)
        by_status = _counts(connection, mine.group_by(STATUS))
    counts = Counter[str]()
    for status, count in by_status.items():
        counts[shown(Status(status), live=live).value] += count
    return Totals(**counts), sum(gone[status] for status in POSSIBLY_RECEIVED)


def _gone(connection: Connection, campaign_id: int, counted: Deliveries) -> Counter[str]:
    """Count the people who are no longer in the sheet, by how their first message stands."""
    table, row = schema.delivery, schema.row
    named = sa.select(sa.func.count(row.c.identity.distinct())).where(
        row.c.campaign_id == campaign_id
    )
    # Each row that names a delivery names one that there is. So nobody is gone where all are named,
    # and nobody has to be looked for.
    if connection.execute(named).scalar() == counted.people:
        return Counter()
    statement = sa.select(table.c.status, sa.func.count()).where(
        table.c.campaign_id == campaign_id, table.c.step == 1, ~sa.exists().where(OF_ROW)
    )
    return _counts(connection, statement.group_by(table.c.status))


def _counted_apart(
    connection: Connection, campaign_id: int, counted: Deliveries, gone: Mapping[str, int]
) -> Counter[str] | None:
    """Count the rows by status without a look at each: the deliveries, less those of people who
    are gone, and the rows that have none. None where there are later steps, or that is not all."""
    if counted.last_step > 1 or not counted.people:
        return None
    row = schema.row
    mine = row.c.campaign_id == campaign_id
    counts = Counter(counted.by_status)
    counts.subtract(gone)
    own = sa.select(row.c.status, sa.func.count()).where(mine, row.c.identity.is_(None))
    counts.update(_counts(connection, own.group_by(row.c.status)))
    all_rows = connection.execute(sa.select(sa.func.count()).select_from(row).where(mine))
    return counts if counts.total() == all_rows.scalar_one() else None


def _counts(connection: Connection, statement: sa.Executable) -> Counter[str]:
    return Counter({status: count for status, count in connection.execute(statement)})  # noqa: C416 - rows are not pairs to mypy


def skipped_for(
    connection: Connection, campaign_id: int, counted: Deliveries | None = None
) -> dict[str, int]:
    """Count the skipped rows by their reasons. `counted` are the deliveries, where they are counted
    already."""
    counted = counted or deliveries(connection, campaign_id)
    row = schema.row
    own = sa.select(row.c.position).where(
        row.c.campaign_id == campaign_id, row.c.identity.is_(None), row.c.status == Status.SKIPPED
    )
    if not counted.by_status[Status.SKIPPED] and connection.execute(own.limit(1)).first() is None:
        return {}  # mostly so, and then no row has to be looked at
    reason = sa.func.coalesce(schema.delivery.c.reason, schema.row.c.reason, "")
    statement = (
        sa.select(reason, sa.func.count())
        .select_from(JOINED)
        .where(schema.row.c.campaign_id == campaign_id, STATUS == Status.SKIPPED)
        .group_by(reason)
    )
    return {text: count for text, count in connection.execute(statement)}  # noqa: C416 - rows are not pairs to mypy


def uncertain_rows(
    connection: Connection,
    campaign_id: int,
    counted: Deliveries | None = None,
    *,
    live: bool = False,
) -> tuple[UncertainRow, ...]:
    """Return the rows that may or may not have been delivered, in the sheet's order.

    The people who have left the sheet since come last. `counted` are the deliveries, where they are
    counted already.
    """
    table = schema.delivery
    counted = counted or deliveries(connection, campaign_id)
    doubtful = (Status.UNCERTAIN,) if live else (Status.UNCERTAIN, Status.SENDING)
    if not any(counted.by_status[status] for status in doubtful):
        return ()
    person = sa.func.coalesce(table.c.slug, table.c.urn, "")
    statement = sa.select(schema.row.c.number, person).select_from(
        table.outerjoin(schema.row, SAME)
    )
    found = statement.where(
        table.c.campaign_id == campaign_id,
        table.c.account.in_(counted.senders),  # by accounts, an index has them by status
        table.c.status.in_(doubtful),
    )
    order = (schema.row.c.position.is_(None), schema.row.c.position, table.c.id)
    return tuple(UncertainRow(*row) for row in connection.execute(found.order_by(*order)))


def waiting(connection: Connection, campaign_id: int) -> dict[str, int]:
    """Count the waiting deliveries by account, with the accounts in the sheet's order."""
    return deliveries(connection, campaign_id).waiting


def waiting_before(connection: Connection, delivery_id: int, now: datetime) -> int:
    """Count the campaign's rows that go before this waiting one on its account, as of now."""
    table = schema.delivery
    mine = sa.select(table.c.campaign_id, table.c.account, table.c.position, table.c.step).where(
        table.c.id == delivery_id
    )
    found = connection.execute(mine).one()
    first_step = settings_of(connection, found.campaign_id).new_people_first
    sooner = table.c.step < found.step if first_step else table.c.step > found.step
    statement = sa.select(sa.func.count()).where(
        table.c.campaign_id == found.campaign_id,
        table.c.account == found.account,
        table.c.status == Status.WAITING,
        sa.or_(sooner, sa.and_(table.c.step == found.step, table.c.position < found.position)),
        is_due(now),
    )
    return connection.execute(statement).scalar_one()


def progress(connection: Connection, campaign_id: int) -> str:
    """Return a text that changes whenever something happens to a row of the campaign.

    Such an event is a reading of the list, an attempt, a decision or a reply.
    """
    attempt, decision, delivery = schema.attempt, schema.decision, schema.delivery
    stamp = sa.select(schema.campaign.c.stamp).where(schema.campaign.c.id == campaign_id)
    attempts = sa.select(sa.func.count(attempt.c.settled_at), sa.func.max(attempt.c.id)).where(
        attempt.c.campaign_id == campaign_id
    )
    decided = (
        sa.select(sa.func.max(decision.c.id))
        .join(delivery)
        .where(delivery.c.campaign_id == campaign_id)
    )
    found = [
        *connection.execute(stamp).one(),
        *connection.execute(attempts).one(),
        *connection.execute(decided).one(),
        connection.execute(
            sa.select(sa.func.count())
            .select_from(schema.reply.join(delivery))
            .where(delivery.c.campaign_id == campaign_id)
        ).scalar(),
    ]
    return " ".join(map(str, found))


def pulse(connection: Connection) -> str:
    """Return a text that changes whenever anything happens to any campaign of the ledger; it costs
    the same however much has happened."""
    attempt, decision, campaign = schema.attempt.c, schema.decision.c, schema.campaign.c
    latest = [sa.func.max(attempt.id), sa.func.max(attempt.settled_at), sa.func.max(decision.id)]
    found: list[object] = [connection.scalar(sa.select(one)) for one in latest]
    found.append(connection.scalar(sa.select(sa.func.count()).select_from(schema.reply)))
    told = (campaign.id, campaign.read_at, campaign.paused_at, campaign.stop_asked_at)
    found += connection.execute(sa.select(*told, campaign.running_since)).all()
    return " ".join(map(str, found))
