"""One person under several spellings, and the do-not-contact list, both for all campaigns.

An answer that names the URN of the slug it was asked for links the two for good, and so does a row that gives both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.record import ATTEMPTED

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Suppression:
    """A person on the do-not-contact list."""

    identity: str
    reason: str | None
    added_at: datetime


class Spellings:
    """Every identity that is known to mean the same person. Loaded once, for work on a whole sheet."""

    def __init__(self, connection: Connection) -> None:
        self._others: dict[str, list[str]] = {}
        for identity, other in connection.execute(sa.select(schema.alias.c.identity, schema.alias.c.other)):
            self._others.setdefault(identity, []).append(other)
            self._others.setdefault(other, []).append(identity)

    def of(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The given identities, then all that mean the same person, directly or through each other."""
        found = list(dict.fromkeys(keys))
        for key in found:  # grows while it is walked
            found += [other for other in self._others.get(key, ()) if other not in found]
        return tuple(found)


def learn(connection: Connection, pairs: Iterable[tuple[str, str]], now: datetime) -> None:
    """Note pairs of identities that are one person."""
    table = schema.alias
    ordered = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        statement = sa.select(table.c.identity, table.c.other).where(table.c.identity.in_([pair[0] for pair in batch]))
        known = {(identity, other) for identity, other in connection.execute(statement)}
        rows = [{"identity": pair[0], "other": pair[1], "learned_at": now} for pair in batch if pair not in known]
        if rows:
            connection.execute(sa.insert(table), rows)


def spellings_of(connection: Connection, recipient: Recipient) -> tuple[str, ...]:
    """As `Spellings.of`, for one person, asked inside a claim."""
    table = schema.alias
    keys, fresh = dict.fromkeys(recipient.keys), list(recipient.keys)
    while fresh:
        either = sa.or_(table.c.identity.in_(fresh), table.c.other.in_(fresh))
        pairs = connection.execute(sa.select(table.c.identity, table.c.other).where(either)).all()
        fresh = [key for key in dict.fromkeys(key for pair in pairs for key in pair) if key not in keys]
        keys.update(dict.fromkeys(fresh))
    return tuple(keys)


def suppress(connection: Connection, identities: Iterable[str], reason: str | None, now: datetime) -> int:
    """Put people on the do-not-contact list; how many were new to it."""
    listed = set(connection.execute(sa.select(schema.do_not_contact.c.identity)).scalars())
    new = [identity for identity in dict.fromkeys(identities) if identity not in listed]
    if new:
        rows = [{"identity": identity, "reason": reason, "added_at": now} for identity in new]
        connection.execute(sa.insert(schema.do_not_contact), rows)
    return len(new)


def unsuppress(connection: Connection, recipient: Recipient) -> int:
    """Take a person off the list under every known spelling; how many entries went."""
    table = schema.do_not_contact
    keys = spellings_of(connection, recipient)
    return connection.execute(sa.delete(table).where(table.c.identity.in_(keys))).rowcount


def suppressions(connection: Connection) -> Iterator[Suppression]:
    table = schema.do_not_contact
    for found in connection.execute(sa.select(table).order_by(table.c.added_at, table.c.identity)):
        yield Suppression(found.identity, found.reason, found.added_at)


def do_not_contact_state(connection: Connection) -> str:
    """A text that changes whenever the list does."""
    table = schema.do_not_contact
    count, latest = connection.execute(sa.select(sa.func.count(), sa.func.max(table.c.added_at))).one()
    return f"{count} {latest}"


def suppressed(connection: Connection, spellings: Spellings) -> frozenset[str]:
    """Every identity that must not be messaged, under every known spelling."""
    listed = connection.execute(sa.select(schema.do_not_contact.c.identity)).scalars()
    return frozenset(key for identity in listed for key in spellings.of([identity]))


def bar(connection: Connection, campaign_id: int, delivery_id: int, recipient: Recipient) -> str | None:
    """Why this delivery must not be sent after all, asked inside the claim: the do-not-contact list, or the same person
    messaged in this campaign under another spelling."""
    keys = spellings_of(connection, recipient)
    listed = sa.select(schema.do_not_contact.c.identity).where(schema.do_not_contact.c.identity.in_(keys)).limit(1)
    if connection.execute(listed).first():
        return "on the do-not-contact list"
    table = schema.delivery
    twin = connection.execute(
        sa.select(table.c.row)
        .where(
            sa.or_(table.c.slug.in_(keys), table.c.urn.in_(keys)),
            table.c.campaign_id == campaign_id,
            table.c.id != delivery_id,
            table.c.status.in_(ATTEMPTED),
        )
        .limit(1)
    ).scalar()
    return f"same person as row {twin}" if twin is not None else None
