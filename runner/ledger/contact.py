"""Earlier messages to a person, sent by any campaign or by another tool.

They tell whether the person was messaged too recently to be messaged again. `last_look` is the one
at a person before a message goes, inside the claim. Everything that it looks at is indexed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.astray import source_of
from runner.ledger.background import Background, background
from runner.ledger.campaign import settings_of
from runner.ledger.chain import add_list
from runner.ledger.follow import before, unmet
from runner.ledger.forgotten import Forgotten
from runner.ledger.instant import Instant
from runner.ledger.overlap import to_people
from runner.ledger.person import Spellings, answered_identity, learn
from runner.ledger.received import AT, received
from runner.ledger.record import POSSIBLY_RECEIVED, Status
from runner.ledger.sequence import prior_to
from runner.ledger.setting import Stored
from runner.ledger.suppression import LISTED, LISTED_FORGOTTEN, firm_of

_BATCH: Final = 2_000
# How the reasons of the rule begin.
LATELY: Final = ("messaged on ", "may have been messaged on ")


class Contact(NamedTuple):
    """A message that a person got from elsewhere; `keys` are all given spellings of the person."""

    keys: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Messaged:
    """The time and the sender of a message to a person; without `surely` it may not have gone."""

    at: datetime
    by: str
    surely: bool = True

    def reason(self, min_days: int) -> str:
        """Return the reason to skip a row because of this message."""
        was = LATELY[0] if self.surely else LATELY[1]
        days = "a day" if min_days == 1 else f"{min_days} days"
        return f"{was}{self.at:%Y-%m-%d} {self.by}; at most one message in {days}"


def new_contacts(connection: Connection, contacts: Iterable[Contact]) -> set[tuple[str, datetime]]:
    """Return person and time of each message that is not noted; none to a forgotten person."""
    forgotten, stored = Forgotten(connection), connection.execute(sa.select(schema.contact))
    known = {(found.identity, found.contacted_at) for found in stored}
    return {
        (contact.keys[0], contact.at)
        for contact in contacts
        if forgotten.token(contact.keys) is None
    } - known


def note_contacts(
    connection: Connection, contacts: Iterable[Contact], source: str, now: datetime
) -> int:
    """Note messages from elsewhere, and return how many were new.

    `source` is the place that they are known from. No message to a forgotten person is noted.
    """
    contacts = list(contacts)
    learn(
        connection,
        [(contact.keys[0], key) for contact in contacts for key in contact.keys[1:]],
        now,
    )
    rows = new_contacts(connection, contacts)
    values = [
        {"identity": identity, "contacted_at": at, "source": source, "noted_at": now}
        for identity, at in sorted(rows)
    ]
    for start in range(0, len(values), _BATCH):
        connection.execute(sa.insert(schema.contact), values[start : start + _BATCH])
    if values:
        add_list(connection, "contacted", (identity for identity, _ in rows), now, source=source)
    return len(values)


def contact_state(connection: Connection) -> str:
    """Return a text that changes whenever contacts are noted."""
    table = schema.contact
    count, latest = connection.execute(
        sa.select(sa.func.count(), sa.func.max(table.c.contacted_at))
    ).one()
    return f"{count} {latest}"


def resting(connection: Connection, campaign_id: int) -> tuple[int, datetime | None]:
    """Count the campaign's rows that are skipped because of the rule.

    The second value is the time when the first of all rows that rest no longer has to be skipped.
    """
    table = schema.row
    first = sa.func.min(table.c.free_at, type_=Instant())
    lately = sa.or_(*(table.c.reason.startswith(words) for words in LATELY))
    statement = sa.select(sa.func.count(sa.case((lately, table.c.free_at))), first).where(
        table.c.campaign_id == campaign_id
    )
    count, free_at = connection.execute(statement).one()
    return count, free_at


def messaged_since(
    connection: Connection,
    campaign_id: int,
    settings: Stored,
    since: datetime,
    spellings: Spellings,
    keys: Collection[str],
) -> dict[str, Messaged]:
    """Find those of the people of `keys` whom another campaign or tool messaged after an instant.

    In a small ledger others may be among them. Each person is listed under every spelling, with the
    latest message. The messages of the campaigns that the campaign follows do not count.
    """
    latest: dict[str, Messaged] = {}
    every = received(*_by_others(connection, campaign_id, settings, since))
    sent = to_people(connection, every, spellings.every(keys))
    elsewhere = connection.execute(_contacts(since))
    people = [
        ((one.slug, one.urn, answered_identity(one.sent_to_urn)), _by_campaign(one)) for one in sent
    ]
    people += [((one.identity, None, None), _by_other(one.source, one.at)) for one in elsewhere]
    for names, messaged in people:
        for key in spellings.of(name for name in names if name):
            if key not in latest or latest[key].at < messaged.at:
                latest[key] = messaged
    return latest


def bar(
    connection: Connection,
    campaign_id: int,
    delivery_id: int,
    recipient: Recipient,
    now: datetime,
) -> str | None:
    """Return the reason why this delivery was not for the person, if there is one.

    The person may be on the do-not-contact list, or have a message of this campaign in another row,
    or have got one of another campaign or tool recently.
    """
    known, settings = background(connection, recipient), settings_of(connection, campaign_id)
    mine = [
        one
        for one in known.messages
        if one.campaign_id == campaign_id
        and one.id != delivery_id
        and one.status in POSSIBLY_RECEIVED
    ]
    return _barred(connection, campaign_id, settings, known, mine, now)


def last_look(
    connection: Connection, delivery: sa.Row[Any], settings: Stored, now: datetime
) -> str | None:
    """Return the reason why a waiting delivery must not go after all, if there is one.

    The person, or the person's company, may be on the do-not-contact list. The same person may have
    been messaged in this campaign, under another spelling or by mistake; the other steps of a
    sequence only count for an answer that names somebody else. Another campaign or tool may have
    messaged the person recently. The messages that it was to follow may be missing, or answered.
    """
    known = background(connection, Recipient(delivery.slug, delivery.urn))
    campaign_id = delivery.campaign_id
    mine = [
        one
        for one in known.messages
        if one.campaign_id == campaign_id and one.id != delivery.id and one.step == delivery.step
    ]
    return (
        _barred(connection, campaign_id, settings, known, mine, now)
        or (firm_of(connection, delivery.id) if known.are_firms else None)
        or unmet(connection, settings, known.keys)
        or (prior_to(connection, delivery.id)[1] if delivery.step > 1 else None)
    )


def _barred(
    connection: Connection,
    campaign_id: int,
    settings: Stored,
    known: Background,
    mine: Sequence[sa.Row[Any]],
    now: datetime,
) -> str | None:
    """The reason why the person must get no message; `mine` are those that count as the same."""
    latest = _latest(connection, campaign_id, settings, known, now)
    return (
        _listed(known)
        or _astray(connection, campaign_id, known)
        or _twin(known, mine)
        or (latest.reason(settings.min_days) if latest else None)
    )


def _listed(known: Background) -> str | None:
    if known.is_listed:
        return LISTED
    return LISTED_FORGOTTEN if known.is_forgotten else None


def _astray(connection: Connection, campaign_id: int, known: Background) -> str | None:
    """The reason when an answer to a message of this campaign named the person by mistake."""
    if not known.contacts:  # only few people have a noted contact
        return None
    named = sa.select(schema.campaign.c.name).where(schema.campaign.c.id == campaign_id)
    source = source_of(connection.execute(named).scalar_one())
    if any(source == one for one, _ in known.contacts):
        return "may have this message already: an answer named them"
    return None


def _twin(known: Background, mine: Sequence[sa.Row[Any]]) -> str | None:
    """The reason when the person has the message through another row."""
    if not mine:
        return None
    twin = mine[0]
    answered = answered_identity(twin.sent_to_urn)
    astray = answered in known.keys and twin.urn not in (None, answered)
    return (
        f"has this message already: row {twin.row} went to them"
        if astray
        else f"same person as row {twin.row}"
    )


def free_at(
    connection: Connection, campaign_id: int, settings: Stored, person: Recipient, now: datetime
) -> datetime | None:
    """Return when the rule of one message in so many days lets this person be written to, where it
    does not do so now."""
    latest = _latest(connection, campaign_id, settings, background(connection, person), now)
    return latest.at + timedelta(days=settings.min_days) if latest else None


def _latest(
    connection: Connection,
    campaign_id: int,
    settings: Stored,
    known: Background,
    now: datetime,
) -> Messaged | None:
    """The latest message that others sent to a person too recently, as the rule counts."""
    if not settings.min_days:
        return None
    since = now - timedelta(days=settings.min_days)
    own = (campaign_id, *before(connection, settings))
    found = [
        _by_campaign(one)
        for one in known.messages
        if one.status in POSSIBLY_RECEIVED
        and one.campaign_id not in own
        and one.at is not None
        and one.at > since
    ]
    found += [_by_other(source, at) for source, at in known.contacts if at > since]
    return max(found, key=lambda messaged: messaged.at, default=None)


def _by_others(
    connection: Connection, campaign_id: int, settings: Stored, since: datetime
) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions of a message that another campaign sent after an instant, and that the rule
    counts."""
    own = (campaign_id, *before(connection, settings))
    return schema.delivery.c.campaign_id.not_in(own), since < AT


def _contacts(since: datetime) -> sa.Select[tuple[str, datetime, str]]:
    table = schema.contact
    return sa.select(table.c.identity, table.c.contacted_at.label("at"), table.c.source).where(
        table.c.contacted_at > since
    )


def _by_campaign(found: Any) -> Messaged:
    return Messaged(found.at, f"by the campaign {found.name!r}", found.status == Status.SENT)


def _by_other(source: str, at: datetime) -> Messaged:
    return Messaged(at, f"according to {source}")
