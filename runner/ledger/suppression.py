"""The do-not-contact list, for all campaigns and under every spelling. Forgotten people stay on it as hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.forgotten import REASON, Forgotten, is_forgotten
from runner.ledger.person import Spellings, spellings_of

LISTED: Final = "on the do-not-contact list"
LISTED_FORGOTTEN: Final = f"{LISTED} ({REASON})"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A person on the do-not-contact list; `identity` is None for one who was forgotten."""

    identity: str | None
    reason: str | None
    added_at: datetime


class Suppressed:
    """Whom never to message, under every known spelling. Loaded once, for work on a whole sheet."""

    def __init__(self, connection: Connection, spellings: Spellings) -> None:
        table = schema.do_not_contact
        listed = connection.execute(sa.select(table.c.identity).where(table.c.forgotten.is_(None))).scalars()
        self.keys = frozenset(key for identity in listed for key in spellings.of([identity]))
        self._forgotten = Forgotten(connection)

    def has(self, keys: Iterable[str]) -> bool:
        """Whether a person of these spellings is on the list by name."""
        return not self.keys.isdisjoint(keys)

    def has_forgotten(self, keys: Iterable[str]) -> bool:
        """Whether a person of these spellings was forgotten, so that nothing of them may be kept."""
        return self._forgotten.token(keys) is not None


def suppress(connection: Connection, identities: Iterable[str], reason: str | None, now: datetime) -> int:
    """Put people on the do-not-contact list; how many were new to it. Forgotten people are on it already, namelessly."""
    listed = set(connection.execute(sa.select(schema.do_not_contact.c.identity)).scalars())
    forgotten = Forgotten(connection)
    new = [key for key in dict.fromkeys(identities) if key not in listed and forgotten.token([key]) is None]
    if new:
        rows = [{"identity": identity, "reason": reason, "added_at": now} for identity in new]
        connection.execute(sa.insert(schema.do_not_contact), rows)
    return len(new)


def unsuppress(connection: Connection, recipient: Recipient) -> int:
    """Take a person off the list under every known spelling, also one who was forgotten; how many entries went."""
    table = schema.do_not_contact
    keys = spellings_of(connection, recipient.keys)
    gone = connection.execute(sa.delete(table).where(table.c.identity.in_(keys))).rowcount
    forgotten = Forgotten(connection)
    while (token := forgotten.token(keys)) is not None:
        gone += forgotten.remove(token)
    return gone


def suppressions(connection: Connection) -> Iterator[Suppression]:
    """Everyone on the list, a forgotten person once, in the order they were added."""
    table, seen = schema.do_not_contact, set()
    for found in connection.execute(sa.select(table).order_by(table.c.added_at, table.c.identity)):
        if found.forgotten is None:
            yield Suppression(found.identity, found.reason, found.added_at)
        elif found.forgotten not in seen:
            seen.add(found.forgotten)
            yield Suppression(None, found.reason, found.added_at)


def listed(connection: Connection, keys: Iterable[str]) -> str | None:
    """Why a person of all these spellings must not be messaged, if they are on the list; asked inside a claim."""
    table, keys = schema.do_not_contact, tuple(keys)
    if connection.execute(sa.select(table.c.identity).where(table.c.identity.in_(keys)).limit(1)).first():
        return LISTED
    return LISTED_FORGOTTEN if is_forgotten(connection, keys) else None


def suppression_state(connection: Connection) -> str:
    """A text that changes whenever the list does."""
    table = schema.do_not_contact
    count, latest = connection.execute(sa.select(sa.func.count(), sa.func.max(table.c.added_at))).one()
    return f"{count} {latest}"
