"""The history of another ledger, taken over: its campaigns, messages and lists of people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.campaign import free_name
from runner.ledger.chain import link_all
from runner.ledger.contact import Contact, note_contacts
from runner.ledger.forgotten import take_over
from runner.ledger.person import Spellings, learn
from runner.ledger.record import Status
from runner.ledger.regain import Regained, Regaining
from runner.ledger.suppression import Suppressed, suppress


@dataclass(frozen=True, slots=True)
class Merged:
    """What was new: messages, campaigns, people on the do-not-contact list, messages of other
    tools, and hashes of forgotten people."""

    messages: int
    campaigns: tuple[str, ...]
    listed: int
    contacts: int
    forgotten: int


def merge(connection: Connection, other: Connection, source: str, now: datetime) -> Merged:
    """Take over what another ledger knows, in the caller's transaction; `source` names it."""
    hashes = take_over(connection, other, now)
    aliases = sa.select(schema.alias.c.identity, schema.alias.c.other)
    learn(connection, [(one, two) for one, two in other.execute(aliases)], now)
    messages, new = 0, []
    for campaign in other.execute(sa.select(schema.campaign).order_by(schema.campaign.c.id)).all():
        campaign_id, name, is_new = _campaign(connection, other, campaign)
        if is_new:
            new.append(name)
        regaining = Regaining(connection, campaign_id, source, now)
        messages += sum(regaining.add(message) for message in _messages(other, campaign.id))
    link_all(connection)
    table, contact = schema.do_not_contact, schema.contact
    barred: dict[str | None, list[tuple[str]]] = {}  # by the reason
    for found in other.execute(sa.select(table).where(table.c.forgotten.is_(None))):
        barred.setdefault(found.reason, []).append((found.identity,))
    listed = sum(suppress(connection, people, said, now) for said, people in barred.items())
    noted: dict[str, list[Contact]] = {}  # by their source
    for found in other.execute(sa.select(contact)):
        noted.setdefault(found.source, []).append(Contact((found.identity,), found.contacted_at))
    contacts = sum(note_contacts(connection, told, said, now) for said, told in noted.items())
    return Merged(messages, tuple(new), listed, contacts, hashes)


def _campaign(
    connection: Connection, other: Connection, found: sa.Row[Any]
) -> tuple[int, str, bool]:
    """The campaign to bring the other's messages into: its own here, or a copy of it."""
    table = schema.campaign
    names = dict(connection.execute(sa.select(table.c.name, table.c.id)).all())
    if found.name in names and _is_same(connection, names[found.name], other, found):
        return names[found.name], found.name, False
    name = free_name(found.name, names)
    values = {**found._mapping, "name": name, "running_since": None, "running_pid": None}
    values |= {"stamp": None, "results_written": None}
    del values["id"]
    inserted = connection.execute(sa.insert(table).values(values))
    campaign_id = int(inserted.inserted_primary_key[0])  # type: ignore[index]  # SQLite and PostgreSQL both answer it
    barred = Suppressed(connection, Spellings(connection))
    for copied in (schema.delivery, schema.row):
        rows = [
            {**row._mapping, "campaign_id": campaign_id}
            for row in other.execute(sa.select(copied).where(copied.c.campaign_id == found.id))
            if not barred.has_forgotten([row.identity] if row.identity else [])
        ]
        for row in rows:
            row.pop("id", None)
            if copied is schema.delivery and row["status"] != Status.WAITING:
                # Its messages follow, as attempts.
                row |= {"status": Status.SKIPPED, "reason": row["reason"] or "as it was there"}
        if rows:
            connection.execute(sa.insert(copied), rows)
    return campaign_id, name, True


def _is_same(
    connection: Connection, campaign_id: int, other: Connection, found: sa.Row[Any]
) -> bool:
    """Tell whether two campaigns of one name are one: by a person in both."""
    delivery = schema.delivery
    ours = sa.select(delivery.c.identity).where(delivery.c.campaign_id == campaign_id)
    theirs = sa.select(delivery.c.identity).where(delivery.c.campaign_id == found.id)
    people = set(connection.scalars(ours))
    return not people or not people.isdisjoint(other.scalars(theirs))


def _messages(other: Connection, campaign_id: int) -> Iterator[Regained]:
    """Give the messages of one campaign of the other ledger, each with its last attempt."""
    attempt, delivery = schema.attempt, schema.delivery
    latest = (
        sa.select(sa.func.max(attempt.c.id))
        .where(attempt.c.delivery_id == delivery.c.id, attempt.c.wired_at.is_not(None))
        .correlate(delivery)
        .scalar_subquery()
    )
    asked = (
        sa.select(delivery, attempt.c.wired_at, attempt.c.http_status.label("http"))
        .join(attempt, attempt.c.id == latest)
        .where(
            delivery.c.campaign_id == campaign_id,
            delivery.c.status.in_((Status.SENT, Status.UNCERTAIN, Status.FAILED, Status.SENDING)),
        )
        .order_by(delivery.c.id)
    )
    for found in other.execute(asked).all():
        recipient = Recipient(found.slug, found.urn)
        if not recipient.keys:  # forgotten
            continue
        status = Status(found.status)
        yield Regained(
            recipient=recipient,
            status=Status.UNCERTAIN if status is Status.SENDING else status,
            at=found.sent_at or found.wired_at,
            account=found.account,
            row=found.row,
            step=found.step,
            text=found.message,
            error=found.error,
            http_status=found.http,
            typing=found.typing_indicator_sent,
            answered=found.sent_to_urn,
        )
