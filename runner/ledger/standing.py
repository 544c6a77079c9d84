"""The standing of a campaign: the result of each row, and the counts.

Everything here is a query; nothing changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.account import is_due
from runner.ledger.campaign import settings_of
from runner.ledger.ledger import Ledger
from runner.ledger.record import (
    ATTEMPTED,
    POSSIBLY_RECEIVED,
    WITHDRAWN,
    Attempt,
    Decision,
    Line,
    Sending,
    Status,
    Totals,
    UncertainRow,
)

_PAGE: Final = 2_000
# The condition that a row stands for a delivery, of any step.
OF_ROW: Final = sa.and_(
    schema.delivery.c.campaign_id == schema.row.c.campaign_id,
    schema.delivery.c.identity == schema.row.c.identity,
)
_LATER: Final = schema.delivery.alias()
# The condition that a row has its status from a delivery: from that of the last step that is not
# skipped, or else from the first one.
SAME: Final = sa.and_(
    OF_ROW,
    sa.or_(schema.delivery.c.step == 1, schema.delivery.c.status != Status.SKIPPED),
    ~sa.exists()
    .where(
        _LATER.c.campaign_id == schema.delivery.c.campaign_id,
        _LATER.c.identity == schema.delivery.c.identity,
        _LATER.c.step > schema.delivery.c.step,
        _LATER.c.status != Status.SKIPPED,
    )
    .correlate(schema.delivery),
)
_OTHER: Final = schema.delivery.alias()
# The delivery of the first reply to any message of a row's sequence.
_ANSWERED: Final = (
    sa.select(schema.reply.c.delivery_id)
    .join(_OTHER, _OTHER.c.id == schema.reply.c.delivery_id)
    .where(
        _OTHER.c.campaign_id == schema.row.c.campaign_id,
        _OTHER.c.identity == schema.row.c.identity,
    )
    .order_by(schema.reply.c.replied_at)
    .limit(1)
    .correlate(schema.row)
    .scalar_subquery()
)
# The last variant that a row's person got, or is to get next.
_VARIANT: Final = (
    sa.select(_OTHER.c.variant)
    .where(
        _OTHER.c.campaign_id == schema.delivery.c.campaign_id,
        _OTHER.c.identity == schema.delivery.c.identity,
        _OTHER.c.step <= schema.delivery.c.step,
        _OTHER.c.variant.is_not(None),
    )
    .order_by(_OTHER.c.step.desc())
    .limit(1)
    .correlate(schema.delivery)
    .scalar_subquery()
)
_JOIN: Final = schema.row.outerjoin(schema.delivery, SAME)
_STATUS: Final = sa.func.coalesce(schema.delivery.c.status, schema.row.c.status)


def shown(status: Status, *, live: bool = False) -> Status:
    """Return the status that people see.

    A claim without an outcome may have been delivered, so it counts as uncertain. While the run
    that made it is `live`, it is just being sent and counts as waiting.
    """
    if status is Status.SENDING:
        return Status.WAITING if live else Status.UNCERTAIN
    return status


def totals(connection: Connection, campaign_id: int, *, live: bool = False) -> Totals:
    statement = (
        sa.select(_STATUS, sa.func.count())
        .select_from(_JOIN)
        .where(schema.row.c.campaign_id == campaign_id)
        .group_by(_STATUS)
    )
    counts: dict[str, int] = {}
    for status, count in connection.execute(statement):
        name = shown(Status(status), live=live).value
        counts[name] = counts.get(name, 0) + count
    return Totals(**counts)


def skipped_for(connection: Connection, campaign_id: int) -> dict[str, int]:
    """Count the skipped rows by their reasons."""
    reason = sa.func.coalesce(schema.delivery.c.reason, schema.row.c.reason, "")
    statement = (
        sa.select(reason, sa.func.count())
        .select_from(_JOIN)
        .where(schema.row.c.campaign_id == campaign_id, _STATUS == Status.SKIPPED)
        .group_by(reason)
    )
    return {text: count for text, count in connection.execute(statement)}  # noqa: C416 - rows are not pairs to mypy


def uncertain_rows(
    connection: Connection, campaign_id: int, *, live: bool = False
) -> tuple[UncertainRow, ...]:
    """Return the rows that may or may not have been delivered, in the sheet's order.

    The people who have left the sheet since come last.
    """
    table, doubtful = (
        schema.delivery,
        (Status.UNCERTAIN,) if live else (Status.UNCERTAIN, Status.SENDING),
    )
    person = sa.func.coalesce(table.c.slug, table.c.urn, "")
    statement = sa.select(schema.row.c.number, person).select_from(
        table.outerjoin(schema.row, SAME)
    )
    found = statement.where(table.c.campaign_id == campaign_id, table.c.status.in_(doubtful))
    order = (schema.row.c.position.is_(None), schema.row.c.position, table.c.id)
    return tuple(UncertainRow(*row) for row in connection.execute(found.order_by(*order)))


def sent_but_gone(connection: Connection, campaign_id: int) -> int:
    """Count the people who were, or may have been, messaged and are no longer in the sheet."""
    table = schema.delivery
    received = sa.and_(
        table.c.campaign_id == campaign_id,
        table.c.status.in_(POSSIBLY_RECEIVED),
        table.c.step == 1,
    )
    # The count goes from the rows' side, because each row looks up its delivery by an index.
    joined = schema.row.join(table, OF_ROW)
    listed = sa.select(sa.func.count(sa.distinct(table.c.id))).select_from(joined).where(received)
    everyone = sa.select(sa.func.count()).select_from(table).where(received)
    return connection.execute(everyone).scalar_one() - connection.execute(listed).scalar_one()


def waiting(connection: Connection, campaign_id: int) -> dict[str, int]:
    """Count the waiting deliveries by account, with the accounts in the sheet's order."""
    table = schema.delivery
    statement = (
        sa.select(table.c.account, sa.func.count())
        .where(table.c.campaign_id == campaign_id, table.c.status == Status.WAITING)
        .group_by(table.c.account)
        .order_by(sa.func.min(table.c.position))
    )
    return {account: count for account, count in connection.execute(statement)}  # noqa: C416 - rows are not pairs to mypy


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


def lines(
    ledger: Ledger, campaign_id: int, *, number: int | None = None, live: bool = False
) -> Iterator[Line]:
    """Give the sheet's rows in their order, each with its result.

    The rows are read in pages, so that nobody waits for the whole.
    """
    position, reply, look = -1, schema.reply, schema.look
    tries = (
        sa.select(sa.func.count())
        .where(
            schema.attempt.c.delivery_id == schema.delivery.c.id,
            schema.attempt.c.wired_at.is_not(None),
        )
        .correlate(schema.delivery)
        .scalar_subquery()
    )
    columns = (
        schema.row.c.position,
        schema.row.c.number,
        schema.row.c.cells,
        _STATUS.label("status"),
        sa.func.coalesce(schema.delivery.c.reason, schema.row.c.reason).label("reason"),
        schema.row.c.identity,
        schema.delivery.c.id,
        schema.delivery.c.account,
        schema.delivery.c.typing_indicator_sent,
        schema.delivery.c.error,
        schema.delivery.c.sent_at,
        schema.delivery.c.sent_to_urn,
        schema.delivery.c.http_status,
        schema.delivery.c.message,
        tries.label("attempts"),
        schema.row.c.free_at,
        schema.delivery.c.due_at,
        schema.delivery.c.step,
        _VARIANT.label("variant"),
        reply.c.replied_at,
        reply.c.text.label("reply"),
        sa.func.coalesce(
            reply.c.conversation_urn, look.c.conversation_urn, schema.delivery.c.conversation_urn
        ).label("conversation_urn"),
    )
    joined = _JOIN.outerjoin(reply, reply.c.delivery_id == _ANSWERED).outerjoin(
        look, look.c.delivery_id == schema.delivery.c.id
    )
    while True:
        statement = (
            sa.select(*columns).select_from(joined).where(schema.row.c.campaign_id == campaign_id)
        )
        if number is not None:
            statement = statement.where(schema.row.c.number == number)
        page = (
            statement.where(schema.row.c.position > position)
            .order_by(schema.row.c.position)
            .limit(_PAGE)
        )
        with ledger.read() as connection:
            found = connection.execute(page).all()
            before = _sent_before(connection, found)
        for row in found:
            status = shown(Status(row.status), live=live)
            sent = before.get(row.id, row)
            is_told = status in POSSIBLY_RECEIVED or sent is not row
            yield Line(
                number=row.number,
                cells=tuple(json.loads(row.cells)),
                status=status,
                reason=row.reason,
                identity=row.identity,
                delivery=row.id,
                account=row.account,
                typing_indicator_sent=sent.typing_indicator_sent,
                error=row.error,
                sent_at=sent.sent_at,
                sent_to_urn=sent.sent_to_urn,
                http_status=row.http_status,
                attempts=row.attempts or 0,
                message=sent.message if is_told else None,
                free_at=row.free_at,
                due_at=row.due_at,
                replied_at=row.replied_at,
                reply=row.reply,
                conversation_urn=row.conversation_urn,
                step=row.step or 1,
                variant=row.variant,
            )
        if len(found) < _PAGE:
            return
        position = found[-1].position


def _sent_before(connection: Connection, found: Sequence[Any]) -> dict[int, sa.Row[Any]]:
    """Return the last message that was sent before each step that still waits, by its delivery."""
    waiting = [one.id for one in found if (one.step or 1) > 1 and one.status not in ATTEMPTED]
    mine, table = _LATER, schema.delivery
    statement = (
        sa.select(mine.c.id.label("waits"), table)
        .join(
            table,
            sa.and_(
                table.c.campaign_id == mine.c.campaign_id,
                table.c.identity == mine.c.identity,
                table.c.step < mine.c.step,
                table.c.status == Status.SENT,
            ),
        )
        .where(mine.c.id.in_(waiting))
        .order_by(table.c.step)
    )
    return {one.waits: one for one in connection.execute(statement)} if waiting else {}


def sendings(ledger: Ledger, campaign_id: int, *, live: bool = False) -> Iterator[Sending]:
    """Give every message of a sequence, made or to come, by the rows of the list and the steps."""
    table, reply = schema.delivery, schema.reply
    after = (-1, 0, 0)
    order = sa.tuple_(table.c.position, table.c.step, table.c.id)
    while True:
        page = (
            sa.select(table, reply.c.replied_at)
            .outerjoin(reply, reply.c.delivery_id == table.c.id)
            .where(
                table.c.campaign_id == campaign_id,
                order > sa.tuple_(*map(sa.literal, after)),
                sa.func.coalesce(table.c.reason, "") != WITHDRAWN,
            )
            .order_by(table.c.position, table.c.step, table.c.id)
            .limit(_PAGE)
        )
        with ledger.read() as connection:
            found = connection.execute(page).all()
        for one in found:
            yield Sending(
                row=one.row,
                person=one.slug or one.urn or "forgotten",
                step=one.step,
                variant=one.variant,
                status=shown(Status(one.status), live=live),
                reason=one.reason,
                account=one.account,
                due_at=one.due_at,
                sent_at=one.sent_at,
                typing_indicator_sent=one.typing_indicator_sent,
                error=one.error,
                replied_at=one.replied_at,
                text=one.message,
            )
        if len(found) < _PAGE:
            return
        after = (found[-1].position, found[-1].step, found[-1].id)


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


def senders(connection: Connection, campaign_id: int) -> list[str]:
    """The accounts of the campaign's rows, in the sheet's order."""
    table = schema.delivery
    statement = sa.select(table.c.account).where(
        table.c.campaign_id == campaign_id, table.c.status != Status.SKIPPED
    )
    return list(
        connection.execute(
            statement.group_by(table.c.account).order_by(sa.func.min(table.c.position))
        ).scalars()
    )


def history(connection: Connection, delivery_id: int) -> tuple[list[Attempt], list[Decision]]:
    """Every attempt of a delivery, and every decision a person took about it, oldest first."""
    attempt, decision = schema.attempt, schema.decision
    attempts = [
        Attempt(
            claimed_at=row.claimed_at,
            wired_at=row.wired_at,
            settled_at=row.settled_at,
            account=row.account,
            status=row.status,
            http_status=row.http_status,
            error=row.error,
        )
        for row in connection.execute(
            sa.select(attempt).where(attempt.c.delivery_id == delivery_id).order_by(attempt.c.id)
        )
    ]
    decisions = [
        Decision(row.decided_at, row.decided_by, row.verdict)
        for row in connection.execute(
            sa.select(decision).where(decision.c.delivery_id == delivery_id).order_by(decision.c.id)
        )
    ]
    return attempts, decisions
