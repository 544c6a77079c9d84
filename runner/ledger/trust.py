"""The commands of other people's campaign files that a person has agreed to, by fingerprint."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema


def is_trusted(connection: Connection, fingerprint: str) -> bool:
    """Tell whether a person has agreed to this command."""
    table = schema.note
    asked = sa.select(table.c.value).where(table.c.name == _name(fingerprint))
    return connection.execute(asked).first() is not None


def trust(connection: Connection, fingerprint: str, now: datetime) -> None:
    """Note that a person has agreed to this command."""
    if not is_trusted(connection, fingerprint):
        values = {"name": _name(fingerprint), "value": now.isoformat()}
        connection.execute(sa.insert(schema.note).values(values))


def _name(fingerprint: str) -> str:
    return f"trusted {fingerprint}"
