"""Messages that certainly were not sent, and what becomes of them: refused ones, once it is known
whether one person or all of them were meant, and those that are withdrawn.

Only the delivery's status changes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.record import FOLLOWS, Status

# The answers that can be about one person, by their HTTP status.
REFUSED: Final = (400, 402, 403, 404, 409, 422)


def reject(connection: Connection, deliveries: Collection[int]) -> None:
    """Let these deliveries be failed: they were refused, and others were not."""
    _become(connection, deliveries, Status.WAITING, {"status": Status.FAILED})


def release(connection: Connection, deliveries: Collection[int], reason: str) -> None:
    """Let these deliveries wait again: all others are refused like them."""
    _become(connection, deliveries, Status.FAILED, {"status": Status.WAITING, "reason": reason})


def withdraw(connection: Connection, campaign_id: int, reason: str) -> int:
    """Let nothing of a campaign go that waits, or follows what waits; return how many messages that
    are. The next reading of its list lets them wait again."""
    table = schema.delivery
    waits = sa.or_(
        table.c.status == Status.WAITING,
        sa.and_(table.c.status == Status.SKIPPED, table.c.reason == FOLLOWS),
    )
    mine = sa.update(table).where(table.c.campaign_id == campaign_id, waits)
    return connection.execute(mine.values(status=Status.SKIPPED, reason=reason)).rowcount


def _become(
    connection: Connection, deliveries: Collection[int], before: Status, values: dict[str, Any]
) -> None:
    table = schema.delivery
    connection.execute(
        sa.update(table).where(table.c.id.in_(deliveries), table.c.status == before).values(values)
    )
