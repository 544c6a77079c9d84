"""Deliveries: the messages of a campaign, each to one person, as the ledger has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.entry import Message
from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.account import PENDING
from runner.ledger.person import Spellings, spellings_of
from runner.ledger.record import (
    ATTEMPTED,
    FOLLOWS,
    WITHDRAWN,
    Status,
)
from runner.ledger.standing import OF_ROW


@dataclass(frozen=True, slots=True)
class Known:
    """A delivery that the campaign has already."""

    id: int
    identity: str
    status: Status
    values: tuple[object, ...]


WRITTEN: Final = (
    "position",
    "row",
    "due_at",
    "account",
    "slug",
    "urn",
    "message",
    "variant",
    "subject",
    "message_type",
    "conversation_urn",
)
ACCOUNT, TEXT = WRITTEN.index("account"), WRITTEN.index("message")
_SLUG, _URN = WRITTEN.index("slug"), WRITTEN.index("urn")


def written_to(
    position: int, number: int, due_at: datetime | None, message: Message, account: str
) -> dict[str, Any]:
    values = (
        position,
        number,
        due_at,
        account,
        message.recipient.slug,
        message.recipient.urn,
        message.text,
        message.variant,
        message.subject,
        message.message_type,
        message.conversation_urn,
    )
    return dict(zip(WRITTEN, values, strict=True))


def known_deliveries(
    connection: Connection, campaign_id: int, spellings: Spellings
) -> tuple[dict[str, Known], set[int]]:
    """Return the campaign's first messages by every identity of their people, and the ids of those
    that wait.

    The attempted one stands when two deliveries mean one person.
    """
    table = schema.delivery
    columns = [table.c[name] for name in WRITTEN]
    known: dict[str, Known] = {}
    waiting: set[int] = set()
    statement = sa.select(table.c.id, table.c.identity, table.c.status, *columns).where(
        table.c.campaign_id == campaign_id, table.c.step == 1
    )
    for id_, identity, status, *values in connection.execute(statement):
        delivery = Known(id_, identity, Status(status), tuple(values))
        if delivery.status is Status.WAITING:
            waiting.add(id_)
        slug, urn = values[_SLUG], values[_URN]
        for key in spellings.of(key for key in (identity, slug, urn) if key):
            other = known.get(key)
            if other is None or (delivery.status in ATTEMPTED and other.status not in ATTEMPTED):
                known[key] = delivery
    return known, waiting


def known_steps(
    connection: Connection, campaign_id: int
) -> tuple[dict[tuple[str, int], Known], set[int]]:
    """Return the campaign's later messages by the identity of the delivery and the step, and the
    ids of those that wait or may come to."""
    table = schema.delivery
    columns = [table.c[name] for name in WRITTEN]
    statement = sa.select(
        table.c.id, table.c.identity, table.c.step, table.c.status, table.c.reason, *columns
    ).where(table.c.campaign_id == campaign_id, table.c.step > 1)
    known: dict[tuple[str, int], Known] = {}
    pending: set[int] = set()
    for id_, identity, step, status, reason, *values in connection.execute(statement):
        known[identity, step] = Known(id_, identity, Status(status), tuple(values))
        if status == Status.WAITING or reason == FOLLOWS:
            pending.add(id_)
    return known, pending


def listed(connection: Connection, campaign_id: int) -> set[int]:
    """Return the ids of all first messages that a row of the list stands for.

    Deliveries to forgotten people are left out.
    """
    joined = schema.delivery.join(schema.row, OF_ROW)
    named = sa.or_(schema.delivery.c.slug.is_not(None), schema.delivery.c.urn.is_not(None))
    statement = (
        sa.select(schema.delivery.c.id)
        .select_from(joined)
        .where(schema.delivery.c.campaign_id == campaign_id, schema.delivery.c.step == 1, named)
    )
    return set(connection.scalars(statement))


_GOES: Final = sa.or_(schema.delivery.c.status == Status.WAITING, PENDING)
_WITHDRAW: Final = sa.update(schema.delivery).where(_GOES).values(status=Status.SKIPPED)


def withdraw(connection: Connection, ids: set[int]) -> None:
    values = [{"_id": id_} for id_ in ids]
    if values:
        gone = _WITHDRAW.where(schema.delivery.c.id == sa.bindparam("_id"))
        connection.execute(gone.values(reason=WITHDRAWN), values)


def withdraw_all(connection: Connection, campaign_id: int, reason: str) -> int:
    """Let nothing of a campaign go that waits, or follows what waits; return how many messages that
    are. The next reading of its list lets them wait again."""
    gone = _WITHDRAW.where(schema.delivery.c.campaign_id == campaign_id)
    return connection.execute(gone.values(reason=reason)).rowcount


def waiting_accounts(known: Iterable[Known]) -> dict[int, str]:
    """The accounts of all deliveries that wait, by id, in the sheet's order."""
    waiting = {one.id: one for one in known if one.status is Status.WAITING}
    in_order = sorted(waiting.values(), key=lambda one: int(str(one.values[0])))
    return {one.id: str(one.values[ACCOUNT]) for one in in_order}


def is_listed(connection: Connection, delivery_id: int) -> bool:
    """Tell whether a row of the campaign's list stands for the delivery."""
    table = schema.delivery
    found = (
        sa.select(table.c.id)
        .select_from(table.join(schema.row, OF_ROW))
        .where(table.c.id == delivery_id)
    )
    return connection.execute(found).first() is not None


def delivery_to(
    connection: Connection, campaign_id: int, person: Recipient, step: int | None = None
) -> int | None:
    """Find the campaign's delivery to a person, under any spelling, that was attempted, or that a
    word let wait again: that of a step, or else of the last step."""
    table, keys = schema.delivery, spellings_of(connection, person.keys)
    named = sa.or_(*(column.in_(keys) for column in (table.c.identity, table.c.slug, table.c.urn)))
    attempted = sa.select(table.c.id).where(
        table.c.campaign_id == campaign_id,
        named,
        sa.or_(
            table.c.status.in_(ATTEMPTED),
            sa.exists().where(schema.decision.c.delivery_id == table.c.id),
        ),
    )
    if step is not None:
        attempted = attempted.where(table.c.step == step)
    return connection.execute(attempted.order_by(table.c.step.desc())).scalar()


def delivery_of(connection: Connection, delivery_id: int) -> sa.Row[Any]:
    """Return a delivery as the ledger has it."""
    mine = sa.select(schema.delivery).where(schema.delivery.c.id == delivery_id)
    return connection.execute(mine).one()


def recipient(connection: Connection, delivery_id: int) -> Recipient:
    """Return the person that a delivery is for."""
    table = schema.delivery
    found = connection.execute(
        sa.select(table.c.slug, table.c.urn).where(table.c.id == delivery_id)
    ).one()
    return Recipient(found.slug, found.urn)


def text_of(connection: Connection, delivery_id: int | None) -> str:
    """Return the text of a delivery's message; blank for none."""
    table = schema.delivery.c
    found = connection.execute(sa.select(table.message).where(table.id == delivery_id))
    return found.scalar() or ""


def inmails(connection: Connection, campaign_id: int) -> dict[str, int]:
    """Count the InMails that wait, by account."""
    table = schema.delivery
    found = (
        sa.select(table.c.account, sa.func.count())
        .where(
            table.c.campaign_id == campaign_id,
            table.c.status == Status.WAITING,
            table.c.message_type == "inmail",
        )
        .group_by(table.c.account)
    )
    return {account: number for account, number in connection.execute(found)}  # noqa: C416 - rows are not pairs to mypy
