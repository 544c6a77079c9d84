"""Tallies: how the messages of each step, and of each variant, stand, and who answered them."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.record import FOLLOWS, WITHDRAWN, Status


class Tally(NamedTuple):
    """The messages of one step and variant, in numbers.

    `waiting` have their date; `following` wait for the message before. `ended` go no more.
    """

    step: int
    variant: str | None
    sent: int
    waiting: int
    following: int
    ended: int
    replied: int


def tallies(connection: Connection, campaign_id: int) -> tuple[Tally, ...]:
    """Return the tallies of a campaign, by step and variant."""
    table, reply = schema.delivery.c, schema.reply

    def count(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((which, table.id)))

    is_skipped = table.status == Status.SKIPPED
    statement = (
        sa.select(
            table.step,
            table.variant,
            count(table.status == Status.SENT),
            count(table.status.in_((Status.WAITING, Status.SENDING))),
            count(sa.and_(is_skipped, table.reason == FOLLOWS)),
            count(sa.and_(is_skipped, table.reason != FOLLOWS, table.reason != WITHDRAWN)),
            sa.func.count(reply.c.delivery_id),
        )
        .select_from(schema.delivery)
        .outerjoin(reply, reply.c.delivery_id == table.id)
        .where(table.campaign_id == campaign_id)
        .group_by(table.step, table.variant)
        .order_by(table.step, table.variant)
    )
    return tuple(Tally(*found) for found in connection.execute(statement))
