"""The commands of other people's campaign files that a person has agreed to, by fingerprint."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from runner.ledger.note import note_once, noted


def is_trusted(connection: Connection, fingerprint: str) -> bool:
    """Tell whether a person has agreed to this command."""
    return noted(connection, _name(fingerprint)) is not None


def trust(connection: Connection, fingerprint: str, now: datetime) -> None:
    """Note that a person has agreed to this command."""
    note_once(connection, _name(fingerprint), now.isoformat())


def _name(fingerprint: str) -> str:
    return f"trusted {fingerprint}"
