"""Messages that the server counts and the ledger does not know."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.note import noted, set_note
from runner.ledger.record import Told


def surplus(connection: Connection, account: str, told: Told) -> int:
    """Return how many more messages the server counts than it told before and we have tried since.

    The numbers that were told before must still be those that the ledger has. Every attempt of ours
    counts here, whatever came of it.
    """
    if told.used is None:
        return 0
    table = schema.account
    before = connection.execute(sa.select(table).where(table.c.account == account)).first()
    counted, since = 0, told.at.replace(hour=0, minute=0, second=0, microsecond=0)
    if before is not None and before.told_at is not None:
        if before.told_at > told.at:  # by a clock that was ahead
            return 0
        if before.quota_reset_at is not None and before.quota_reset_at <= told.at:
            since = before.quota_reset_at
        elif before.quota_reset_at is not None or before.told_at >= since:
            if before.quota_used is None:
                return 0
            counted, since = before.quota_used, before.told_at
    return max(0, told.used - counted - _tried(connection, account, since))


def note_surplus(connection: Connection, account: str, count: int) -> int:
    """Note that the server counts so many more messages; return how many are unexplained by now."""
    name = _uncounted(account)
    total = int(noted(connection, name) or 0) + count
    if count:
        set_note(connection, name, str(total))
    return total


def all_surplus(connection: Connection) -> dict[str, int]:
    """Return how many messages are unexplained, by account."""
    table = schema.note
    noted = sa.select(table.c.name, table.c.value).where(table.c.name.startswith(_uncounted("")))
    return {
        name.removeprefix(_uncounted("")): int(value)
        for name, value in connection.execute(noted).all()
    }


def explain_surplus(connection: Connection, account: str) -> None:
    """Note that nothing is unexplained any more."""
    set_note(connection, _uncounted(account), None)


def _uncounted(account: str) -> str:
    return f"uncounted {account}"


def has_sent(connection: Connection, account: str) -> bool:
    """Tell whether a message ever left from the account, by this ledger."""
    table = schema.attempt
    asked = sa.select(table.c.id).where(table.c.account == account, table.c.wired_at.is_not(None))
    return connection.execute(asked.limit(1)).first() is not None


def _tried(connection: Connection, account: str, since: datetime) -> int:
    table = schema.attempt
    asked = sa.select(sa.func.count()).where(
        table.c.account == account, table.c.claimed_at >= since
    )
    return connection.execute(asked).scalar_one()
