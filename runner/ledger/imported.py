"""Imports: the files that told of messages from elsewhere, each of which can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.chain import add_list
from runner.ledger.note import note_once, noted, set_note

_PREFIX: Final = "imported "


class Import(NamedTuple):
    """A file that was imported: when, and how many of its messages the ledger still has.

    `name` is blank for an import that an earlier version noted.
    """

    digest: str
    at: datetime
    name: str
    messages: int


def imported_at(connection: Connection, digest: str) -> datetime | None:
    """Return the time when a file of this digest was first imported, if it was.

    Its contacts without a time have that time.
    """
    found = noted(connection, _PREFIX + digest)
    return _read(found)[0] if found is not None else None


def note_import(connection: Connection, digest: str, at: datetime, name: str) -> None:
    """Note when a file was imported, unless an earlier import is noted."""
    note_once(connection, _PREFIX + digest, f"{at.isoformat()} {name}")


def imports(connection: Connection) -> list[Import]:
    """Return all imports that are noted, the latest first."""
    return sorted(_imports(connection), key=lambda one: one.at, reverse=True)


def _imports(connection: Connection) -> Iterator[Import]:
    table, contact = schema.note, schema.contact
    stored = sa.select(table.c.name, table.c.value).where(table.c.name.startswith(_PREFIX))
    for key, value in connection.execute(stored).all():
        at, name = _read(value)
        mine = sa.select(sa.func.count()).where(contact.c.source == name, contact.c.noted_at == at)
        count = connection.execute(mine).scalar_one()
        yield Import(key.removeprefix(_PREFIX), at, name, count)


def take_back(connection: Connection, taken: Import, now: datetime) -> int:
    """Let the ledger no longer know what an import told, and return how many messages went.

    What another source told as well before it stays.
    """
    contact = schema.contact
    mine = sa.and_(contact.c.source == taken.name, contact.c.noted_at == taken.at)
    people = list(connection.scalars(sa.select(contact.c.identity).where(mine)))
    connection.execute(sa.delete(contact).where(mine))
    set_note(connection, _PREFIX + taken.digest, None)
    if people:
        add_list(connection, "uncontacted", people, now, source=taken.name)
    return len(people)


def forget_contact(connection: Connection, identity: str, source: str) -> None:
    """Let the ledger no longer know what a source told of a person."""
    contact = schema.contact
    told = sa.and_(contact.c.identity == identity, contact.c.source == source)
    connection.execute(sa.delete(contact).where(told))


def _read(value: str) -> tuple[datetime, str]:
    at, _, name = value.partition(" ")
    return datetime.fromisoformat(at), name
