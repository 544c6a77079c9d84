"""What the ledger tells of the rows of a list: one line for each, and of a sequence one for each
message. They are read in pages, so that nobody waits for the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import kinds, schema
from runner.ledger.kinds import Kind
from runner.ledger.ledger import Ledger
from runner.ledger.record import POSSIBLY_RECEIVED, WITHDRAWN, Status
from runner.ledger.standing import JOINED, LATER_STEP, STATUS, shown

_PAGE: Final = 2_000
# A longer number is that of no row.
_LONGEST_NUMBER: Final = 9
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


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the sheet with its result.

    `due_at` is the time before which its message does not go. `free_at` is the time from which a
    person who was messaged too recently may be messaged again. `step` is the message that the
    status is about; while it waits, what is told of a sent message is told of the one before.
    `person` is who stands in the row, also without a delivery. `kinds` are those of the cells that
    are more than texts, by index.
    """

    number: int
    cells: tuple[str, ...]
    status: Status
    reason: str | None = None
    identity: str | None = None
    delivery: int | None = None
    account: str | None = None
    typing_indicator_sent: bool | None = None
    error: str | None = None
    sent_at: datetime | None = None
    sent_to_urn: str | None = None
    http_status: int | None = None
    attempts: int = 0
    message: str | None = None
    free_at: datetime | None = None
    due_at: datetime | None = None
    replied_at: datetime | None = None
    reply: str | None = None
    conversation_urn: str | None = None
    step: int = 1
    variant: str | None = None
    person: str | None = None
    kinds: Mapping[int, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sending:
    """A message of a sequence, made or to come: the row and the person, and how it stands."""

    row: int
    person: str
    step: int
    variant: str | None
    status: Status
    reason: str | None
    account: str
    due_at: datetime | None
    sent_at: datetime | None
    typing_indicator_sent: bool | None
    error: str | None
    replied_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a campaign's rows are wanted: those with a status, those that have each word of a
    text in a cell or in who the person is, those below a row; at most so many."""

    status: Status | None = None
    text: str = ""
    below: int = 0
    most: int | None = None

    def conditions(self, *, live: bool) -> Iterator[sa.ColumnElement[bool]]:
        """What a row fulfils that is wanted; a claim without an outcome is shown as `live` says."""
        row = schema.row.c
        if self.below:
            yield row.number > self.below
        if self.status is not None:
            yield STATUS.in_([one for one in Status if shown(one, live=live) is self.status])
        for word in self.text.split():
            forms = {word, word.lower(), word.upper(), word.title()}
            found = [row.cells.contains(json.dumps(one)[1:-1], autoescape=True) for one in forms]
            found.append(row.person.contains(word.lower(), autoescape=True))
            if word.isdecimal() and len(word) < _LONGEST_NUMBER:
                found.append(row.number == int(word))
            yield sa.or_(*found)


def lines(
    ledger: Ledger,
    campaign_id: int,
    *,
    number: int | None = None,
    live: bool = False,
    wanted: Wanted = Wanted(),
) -> Iterator[Line]:
    """Give the sheet's rows in their order, each with its result.

    The rows are read in pages, so that nobody waits for the whole.
    """
    position, reply, look = -1, schema.reply, schema.look
    size = min(_PAGE, wanted.most or _PAGE)
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
        schema.row.c.kinds,
        STATUS.label("status"),
        sa.func.coalesce(schema.delivery.c.reason, schema.row.c.reason).label("reason"),
        schema.row.c.identity,
        schema.row.c.person,
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
    joined = JOINED.outerjoin(reply, reply.c.delivery_id == _ANSWERED).outerjoin(
        look, look.c.delivery_id == schema.delivery.c.id
    )
    while True:
        statement = (
            sa.select(*columns).select_from(joined).where(schema.row.c.campaign_id == campaign_id)
        )
        if number is not None:
            statement = statement.where(schema.row.c.number == number)
        page = (
            statement.where(schema.row.c.position > position, *wanted.conditions(live=live))
            .order_by(schema.row.c.position)
            .limit(size)
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
                person=row.person,
                kinds=kinds.read(row.kinds),
            )
        if len(found) < size or wanted.most is not None:
            return
        position = found[-1].position


def _sent_before(connection: Connection, found: Sequence[Any]) -> dict[int, sa.Row[Any]]:
    """Return the last message that was sent before each step that did not go, by its delivery."""
    waiting = [
        one.id for one in found if (one.step or 1) > 1 and one.status not in POSSIBLY_RECEIVED
    ]
    mine, table = LATER_STEP, schema.delivery
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
