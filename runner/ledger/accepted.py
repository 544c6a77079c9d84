"""What a person has said of records that disagree with the ledger: that they do not count."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from runner.ledger.note import note_once, noted


def has_sheet(connection: Connection, digest: str) -> bool:
    """Tell whether a person has said that a results sheet's messages do not count."""
    return noted(connection, _sheet(digest)) is not None


def accept_sheet(connection: Connection, digest: str, now: datetime) -> None:
    """Note that a results sheet's messages do not count."""
    note_once(connection, _sheet(digest), now.isoformat())


def is_shared(connection: Connection, account: str) -> bool:
    """Tell whether a person has said that others send from an account as well."""
    return noted(connection, _shared(account)) is not None


def accept_others(connection: Connection, account: str, now: datetime) -> None:
    """Note that others send from an account as well."""
    note_once(connection, _shared(account), now.isoformat())


def _sheet(digest: str) -> str:
    return f"accepted {digest}"


def _shared(account: str) -> str:
    return f"shared {account}"
