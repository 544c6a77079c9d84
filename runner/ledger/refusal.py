"""Refusals, once it is known what they were about: one person, or all of them.

What was refused was certainly not sent, so either way only the delivery's status changes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.record import Status

# The answers that can be about one person, by their HTTP status.
REFUSED: Final = (400, 402, 403, 404, 409, 422)


def reject(connection: Connection, deliveries: Collection[int]) -> None:
    """Let these deliveries be failed: they were refused, and others were not."""
    _become(connection, deliveries, Status.WAITING, {"status": Status.FAILED})


def release(connection: Connection, deliveries: Collection[int], reason: str) -> None:
    """Let these deliveries wait again: all others are refused like them."""
    _become(connection, deliveries, Status.FAILED, {"status": Status.WAITING, "reason": reason})


def _become(
    connection: Connection, deliveries: Collection[int], before: Status, values: dict[str, Any]
) -> None:
    table = schema.delivery
    connection.execute(
        sa.update(table).where(table.c.id.in_(deliveries), table.c.status == before).values(values)
    )
