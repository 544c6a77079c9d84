"""The do-not-contact list, for all campaigns and under every spelling. Forgotten people stay on it
as hashes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.firm import Firms, firm_keys
from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.chain import add_list
from runner.ledger.forgotten import REASON, Forgotten, is_forgotten
from runner.ledger.person import Spellings, learn, spellings_of

LISTED: Final = "on the do-not-contact list"
LISTED_FORGOTTEN: Final = f"{LISTED} ({REASON})"
# Whether an entry is a company or a domain. `;` comes just behind `:`; so the index finds them.
IS_FIRM: Final = sa.or_(
    schema.do_not_contact.c.identity.between("company:", "company;"),
    schema.do_not_contact.c.identity.between("domain:", "domain;"),
)


@dataclass(frozen=True, slots=True)
class Suppression:
    """A person on the do-not-contact list; `identity` is None for one who was forgotten."""

    identity: str | None
    reason: str | None
    added_at: datetime


class Suppressed:
    """The people that are never messaged, under every known spelling.

    The list is loaded once, for work on a whole sheet.
    """

    def __init__(self, connection: Connection, spellings: Spellings) -> None:
        table = schema.do_not_contact
        listed = connection.execute(
            sa.select(table.c.identity).where(table.c.forgotten.is_(None))
        ).scalars()
        self.keys = frozenset(spellings.every(listed))
        self._forgotten = Forgotten(connection)

    def has(self, keys: Iterable[str]) -> bool:
        """Tell whether a person of these spellings is on the list by name."""
        return not self.keys.isdisjoint(keys)

    def has_forgotten(self, keys: Iterable[str]) -> bool:
        """Tell whether a person of these spellings was forgotten.

        Nothing of a forgotten person may be kept.
        """
        return self._forgotten.token(keys) is not None


def listed_firm(key: str) -> str:
    """Return the reason to skip somebody of a company or domain that is on the list."""
    return f"{LISTED} ({key.replace(':', ' ', 1)})"


def firm_of(connection: Connection, delivery_id: int) -> str | None:
    """Return the reason why nobody at the company of a delivery's row may be messaged, by the row
    as it was last read; None where nothing speaks against it."""
    table, row, campaign = schema.do_not_contact, schema.row, schema.campaign
    barred = firm_keys(connection.scalars(sa.select(table.c.identity).where(IS_FIRM)))
    if not barred:
        return None
    delivery = schema.delivery
    same = sa.and_(
        row.c.campaign_id == delivery.c.campaign_id,
        row.c.position == delivery.c.position,
        row.c.identity == delivery.c.identity,
    )
    mine = (
        sa.select(row.c.cells, campaign.c.headers)
        .select_from(row.join(delivery, same).join(campaign, campaign.c.id == row.c.campaign_id))
        .where(delivery.c.id == delivery_id)
    )
    for cells, headers in connection.execute(mine):
        firms = Firms(enumerate(json.loads(headers)))
        for key in firms.of(json.loads(cells)):
            if key in barred:
                return listed_firm(key)
    return None


def suppress(
    connection: Connection, people: Iterable[Sequence[str]], reason: str | None, now: datetime
) -> int:
    """Put people on the do-not-contact list, and return how many were new to it.

    Each person is given by one or several spellings. Forgotten people are on the list already,
    without a name.
    """
    people = list(people)
    learn(connection, [(keys[0], key) for keys in people for key in keys[1:]], now)
    spellings = Spellings(connection)
    before = Suppressed(connection, spellings)
    listed, new = set(before.keys), []
    for keys in people:
        every = spellings.of(keys)
        if listed.isdisjoint(every) and not before.has_forgotten(every):
            listed.update(every)
            new.append({"identity": keys[0], "reason": reason, "added_at": now})
    if new:
        connection.execute(sa.insert(schema.do_not_contact), new)
        add_list(connection, "listed", (str(one["identity"]) for one in new), now)
    return len(new)


def new_to_list(connection: Connection, people: Iterable[Recipient]) -> tuple[list[Recipient], int]:
    """Return the people, each once whatever the spelling, and how many of them are not on the list.

    Nothing is written.
    """
    spellings = Spellings(connection)
    before = Suppressed(connection, spellings)
    listed, met, different, new = set(before.keys), set[str](), list[Recipient](), 0
    for person in people:
        every = spellings.of(person.keys)
        if met.isdisjoint(every):
            different.append(person)
            new += listed.isdisjoint(every) and not before.has_forgotten(every)
        met.update(every)
    return different, new


def unsuppress(connection: Connection, recipient: Recipient, now: datetime) -> int:
    """Take a person off the list under every known spelling, and return how many entries went.

    This holds for a forgotten person, too.
    """
    table = schema.do_not_contact
    keys = spellings_of(connection, recipient.keys)
    gone = connection.execute(sa.delete(table).where(table.c.identity.in_(keys))).rowcount
    forgotten = Forgotten(connection)
    while (token := forgotten.token(keys)) is not None:
        gone += forgotten.remove(token)
    if gone:
        add_list(connection, "unlisted", keys[:1], now)
    return gone


def suppressions(connection: Connection) -> Iterator[Suppression]:
    """Give everyone on the list, each person once, in the order they were added."""
    table, spellings, seen = schema.do_not_contact, Spellings(connection), set[str]()
    for found in connection.execute(sa.select(table).order_by(table.c.added_at, table.c.identity)):
        every = spellings.of([found.identity]) if found.forgotten is None else (found.forgotten,)
        if seen.isdisjoint(every):
            yield Suppression(
                found.identity if found.forgotten is None else None, found.reason, found.added_at
            )
        seen.update(every)


def find_suppressions(
    connection: Connection, text: str, skip: int, most: int
) -> tuple[int, list[Suppression]]:
    """Count the entries of the list that hold a text, and return some of them, the newest first.
    Each spelling of a person is an entry of its own; those who were forgotten hold no text."""
    table, twin = schema.do_not_contact.c, schema.do_not_contact.alias().c
    # A forgotten person has several hashes, and counts once.
    first = sa.select(sa.func.min(twin.identity)).where(twin.forgotten == table.forgotten)
    is_first = table.identity == first.correlate(schema.do_not_contact).scalar_subquery()
    conditions = [sa.or_(table.forgotten.is_(None), is_first)]
    if text:
        holds = [one.icontains(text, autoescape=True) for one in (table.identity, table.reason)]
        conditions = [table.forgotten.is_(None), sa.or_(*holds)]
    count = connection.execute(sa.select(sa.func.count()).where(*conditions)).scalar_one()
    page = sa.select(table.identity, table.reason, table.added_at, table.forgotten).where(
        *conditions
    )
    found = connection.execute(
        page.order_by(table.added_at.desc(), table.identity).offset(skip).limit(most)
    )
    return count, [
        Suppression(one.identity if one.forgotten is None else None, one.reason, one.added_at)
        for one in found
    ]


def listed(connection: Connection, keys: Iterable[str]) -> str | None:
    """Return the reason why a person of all these spellings must not be messaged, if there is one.

    A person on the list must not be messaged. This is asked inside a claim.
    """
    table, keys = schema.do_not_contact, tuple(keys)
    if connection.execute(
        sa.select(table.c.identity).where(table.c.identity.in_(keys)).limit(1)
    ).first():
        return LISTED
    return LISTED_FORGOTTEN if is_forgotten(connection, keys) else None


def suppression_state(connection: Connection) -> str:
    """Return a text that changes whenever the list does."""
    table = schema.do_not_contact
    count, latest = connection.execute(
        sa.select(sa.func.count(), sa.func.max(table.c.added_at))
    ).one()
    return f"{count} {latest}"
