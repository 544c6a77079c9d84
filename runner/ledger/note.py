"""Notes of the ledger as a whole: a value by its name."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema

# The place where all that the ledger holds has gone: it must not be gone on with.
MOVED = "moved to"


def noted(connection: Connection, name: str) -> str | None:
    """Return the value that is noted under a name."""
    table = schema.note
    return connection.execute(sa.select(table.c.value).where(table.c.name == name)).scalar()


def note_once(connection: Connection, name: str, value: str) -> None:
    """Note a value, unless one is noted under that name."""
    if noted(connection, name) is None:
        connection.execute(sa.insert(schema.note).values(name=name, value=value))


def set_note(connection: Connection, name: str, value: str | None) -> None:
    """Note a value in the place of what was noted under that name; None for none."""
    table = schema.note
    connection.execute(sa.delete(table).where(table.c.name == name))
    if value is not None:
        connection.execute(sa.insert(table).values(name=name, value=value))
