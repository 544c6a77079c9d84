"""What a person has said of records that disagree with the ledger: that they do not count."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema


def has_sheet(connection: Connection, digest: str) -> bool:
    """Tell whether a person has said that a results sheet's messages do not count."""
    return _is_noted(connection, _sheet(digest))


def accept_sheet(connection: Connection, digest: str, now: datetime) -> None:
    """Note that a results sheet's messages do not count."""
    _note(connection, _sheet(digest), now)


def is_shared(connection: Connection, account: str) -> bool:
    """Tell whether a person has said that others send from an account as well."""
    return _is_noted(connection, _shared(account))


def accept_others(connection: Connection, account: str, now: datetime) -> None:
    """Note that others send from an account as well."""
    _note(connection, _shared(account), now)


def _sheet(digest: str) -> str:
    return f"accepted {digest}"


def _shared(account: str) -> str:
    return f"shared {account}"


def _is_noted(connection: Connection, name: str) -> bool:
    table = schema.note
    return (
        connection.execute(sa.select(table.c.name).where(table.c.name == name)).first() is not None
    )


def _note(connection: Connection, name: str, now: datetime) -> None:
    if not _is_noted(connection, name):
        connection.execute(sa.insert(schema.note).values(name=name, value=now.isoformat()))
