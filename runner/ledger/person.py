"""One person under several spellings, and the do-not-contact list, both for all campaigns.

An answer that names the URN of the slug it was asked for links the two for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.record import POSSIBLY_RECEIVED


@dataclass(frozen=True, slots=True)
class Suppression:
    """A person on the do-not-contact list."""

    identity: str
    reason: str | None
    added_at: datetime


class Spellings:
    """Every identity that is known to mean the same person. Loaded once, for work on a whole sheet."""

    def __init__(self, connection: Connection) -> None:
        self._urn: dict[str, str] = {}
        self._slugs: dict[str, list[str]] = {}
        for slug, urn in connection.execute(sa.select(schema.alias.c.slug, schema.alias.c.urn)):
            self._urn[slug] = urn
            self._slugs.setdefault(urn, []).append(slug)

    def of(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The given identities, then the others that mean the same person."""
        found = dict.fromkeys(keys)
        for key in list(found):
            urn = self._urn.get(key, key)
            found[urn] = None
            found.update(dict.fromkeys(self._slugs.get(urn, ())))
        return tuple(found)


def learn(connection: Connection, slug: str, urn: str, now: datetime) -> None:
    """Link a slug with the URN an answer gave for it. What was learned first stays."""
    known = connection.execute(sa.select(schema.alias.c.urn).where(schema.alias.c.slug == slug)).scalar()
    if known is None:
        connection.execute(sa.insert(schema.alias).values(slug=slug, urn=urn, learned_at=now))


def spellings_of(connection: Connection, recipient: Recipient) -> tuple[str, ...]:
    """As `Spellings.of`, for one person, asked inside a claim."""
    table = schema.alias
    keys = dict.fromkeys(recipient.keys)
    if recipient.slug:
        urn = connection.execute(sa.select(table.c.urn).where(table.c.slug == recipient.slug)).scalar()
        if urn:
            keys[urn] = None
    urns = [key for key in keys if key.startswith("urn:")]
    if urns:
        keys.update(dict.fromkeys(connection.execute(sa.select(table.c.slug).where(table.c.urn.in_(urns))).scalars()))
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
            table.c.status.in_(POSSIBLY_RECEIVED),
        )
        .limit(1)
    ).scalar()
    return f"same person as row {twin}" if twin is not None else None
