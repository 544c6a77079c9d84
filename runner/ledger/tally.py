"""Tallies: how the messages of each step, variant and account stand, who answered them, and when
they went."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.account import PENDING
from runner.ledger.record import FOLLOWS, NEEDS_A_PERSON, WITHDRAWN, Status


class Tally(NamedTuple):
    """The messages of one step and variant, in numbers.

    `waiting` have their date; `following` wait for the message before. `ended` go no more, as
    what would follow them. `needy` are uncertain, failed or invalid.
    """

    step: int
    variant: str | None
    sent: int
    waiting: int
    following: int
    ended: int
    replied: int
    needy: int = 0


def tallies(connection: Connection, campaign_id: int) -> tuple[Tally, ...]:
    """Return the tallies of a campaign, by step and variant."""
    table, reply = schema.delivery.c, schema.reply

    def count(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((which, table.id)))

    def is_out(of: Any) -> sa.ColumnElement[bool]:
        return sa.and_(of.status == Status.SKIPPED, of.reason != FOLLOWS, of.reason != WITHDRAWN)

    earlier = schema.delivery.alias()
    # What would follow a message that never goes does not go either.
    never = sa.exists().where(
        earlier.c.campaign_id == table.campaign_id,
        earlier.c.identity == table.identity,
        earlier.c.step < table.step,
        is_out(earlier.c),
    )
    statement = (
        sa.select(
            table.step,
            table.variant,
            count(table.status == Status.SENT),
            count(table.status.in_((Status.WAITING, Status.SENDING))),
            count(sa.and_(PENDING, ~never)),
            count(sa.or_(is_out(table), sa.and_(PENDING, never))),
            sa.func.count(reply.c.delivery_id),
            count(table.status.in_(NEEDS_A_PERSON)),
        )
        .select_from(schema.delivery)
        .outerjoin(reply, reply.c.delivery_id == table.id)
        .where(table.campaign_id == campaign_id)
        .group_by(table.step, table.variant)
        .order_by(table.step, table.variant)
    )
    return tuple(Tally(*found) for found in connection.execute(statement))


def open_rows(connection: Connection) -> dict[str, int]:
    """Count the messages that workers have before them, and those that are uncertain."""
    table, campaign = schema.delivery.c, schema.campaign.c
    submitted = sa.select(campaign.id).where(campaign.submitted_at.is_not(None))
    waits = (table.campaign_id.in_(submitted), table.status == Status.WAITING)
    counts = {Status.WAITING: waits, Status.UNCERTAIN: (table.status == Status.UNCERTAIN,)}
    return {
        status.value: connection.scalar(sa.select(sa.func.count()).where(*which)) or 0
        for status, which in counts.items()
    }


class Used(NamedTuple):
    """The requests of an account that left, or may have left, in ten minutes from `at` on."""

    account: str
    at: datetime
    requests: int


def used(connection: Connection, since: datetime) -> Iterator[Used]:
    """Count what each account has sent since then, by the ten minutes."""
    table = schema.attempt.c
    begin = _ten_minutes(table.claimed_at)
    statement = (
        sa.select(table.account, begin, sa.func.count())
        .where(table.claimed_at >= since, table.wired_at.is_not(None))
        .group_by(table.account, begin)
    )
    for account, text, count in connection.execute(statement):
        yield Used(account, _instant(text), count)


class Gone(NamedTuple):
    """The messages that went in ten minutes from `at` on."""

    at: datetime
    sent: int
    typing_shown: int
    typing_told: int


def gone(connection: Connection, campaign_id: int) -> Iterator[Gone]:
    """Count a campaign's sent messages by the ten minutes in which they went."""
    table = schema.delivery.c
    begin = _ten_minutes(table.sent_at)
    typing = table.typing_indicator_sent
    statement = (
        sa.select(begin, sa.func.count(), sa.func.sum(sa.case((typing, 1))), sa.func.count(typing))
        .where(
            table.campaign_id == campaign_id,
            table.status == Status.SENT,
            table.sent_at.is_not(None),
        )
        .group_by(begin)
        .order_by(begin)
    )
    for text, sent, shown, told in connection.execute(statement):
        yield Gone(_instant(text), sent, shown or 0, told)


def sent_since(connection: Connection, campaign_id: int, since: datetime) -> int:
    """Count a campaign's messages that were sent since then."""
    table = schema.delivery.c
    statement = sa.select(sa.func.count()).where(
        table.campaign_id == campaign_id, table.status == Status.SENT, table.sent_at >= since
    )
    return connection.execute(statement).scalar_one()


def _ten_minutes(instant: sa.ColumnElement[datetime]) -> sa.ColumnElement[str]:
    """An instant is kept as text: cut before the minute's second digit, it names ten minutes."""
    return sa.func.substr(sa.type_coerce(instant, sa.String), 1, 15)


def _instant(ten_minutes: str) -> datetime:
    return datetime.fromisoformat(f"{ten_minutes}0:00+00:00")


def known_accounts(connection: Connection) -> list[str]:
    """Return the accounts that have, or had, a message of any campaign."""
    statement = sa.select(schema.delivery.c.account).where(
        schema.delivery.c.status != Status.SKIPPED
    )
    return list(connection.scalars(statement.distinct()))


def waiting_by_account(connection: Connection) -> dict[str, int]:
    """Count the rows of all campaigns that wait, by account."""
    statement = sa.select(schema.delivery.c.account, sa.func.count()).where(
        schema.delivery.c.status == Status.WAITING
    )
    counted = connection.execute(statement.group_by(schema.delivery.c.account))
    return {account: count for account, count in counted}  # noqa: C416 - rows are not pairs to mypy
