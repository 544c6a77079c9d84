"""The course of a delivery: every attempt at it, and every word of a person about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request made, or possibly made, for a delivery."""

    claimed_at: datetime
    wired_at: datetime | None
    settled_at: datetime | None
    account: str
    status: str | None
    http_status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision about a delivery: the verdict, who took it, and when."""

    decided_at: datetime
    decided_by: str
    verdict: str


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
