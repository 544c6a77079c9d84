"""Replies: the first message of a person after ours, as it was read in the conversation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.instant import Instant
from runner.ledger.person import Spellings, answered_identity, means
from runner.ledger.received import AT
from runner.ledger.record import POSSIBLY_RECEIVED

# So much of a reply is kept.
LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's first message after ours, in the conversation of that URN."""

    at: datetime
    text: str
    conversation_urn: str


class Awaited(NamedTuple):
    """A message of ours that may be answered: when it went, from which account, and its text."""

    delivery: int
    campaign: int
    account: str
    at: datetime
    text: str
    status: str


class Answered(NamedTuple):
    """A row that was answered; `text` is None once it is no longer kept. `row` is where the person
    stood last; who `is_listed` stands there still."""

    row: int
    person: str
    account: str
    at: datetime
    text: str | None
    conversation_urn: str
    is_listed: bool = True


def awaiting(connection: Connection, campaigns: Sequence[int]) -> dict[str, datetime]:
    """Return the accounts whose messages of the campaigns may be answered, with the time of each
    one's first."""
    table = schema.delivery
    statement = sa.select(table.c.account, sa.func.min(AT, type_=Instant())).where(
        table.c.campaign_id.in_(campaigns), table.c.status.in_(POSSIBLY_RECEIVED)
    )
    found = connection.execute(statement.group_by(table.c.account))
    return {account: first for account, first in found if first is not None}


def awaited(
    connection: Connection, campaigns: Collection[int], keys: Collection[str]
) -> dict[str, list[Awaited]]:
    """Return the messages of the campaigns that these people may answer, by person under every
    spelling."""
    table = schema.delivery
    spellings = Spellings(connection, keys)
    every = spellings.every(keys)
    statement = sa.select(
        table.c.id,
        table.c.campaign_id,
        table.c.account,
        AT.label("at"),
        table.c.message,
        table.c.status,
        table.c.slug,
        table.c.urn,
        table.c.sent_to_urn,
    ).where(means(every), table.c.status.in_(POSSIBLY_RECEIVED))
    found: dict[str, list[Awaited]] = {}
    for one in connection.execute(statement.order_by(table.c.id)):
        if one.at is None or one.campaign_id not in campaigns:
            continue
        message = Awaited(one.id, one.campaign_id, one.account, one.at, one.message, one.status)
        named = (one.slug, one.urn, answered_identity(one.sent_to_urn))
        for key in spellings.of(key for key in named if key):
            found.setdefault(key, []).append(message)
    return found


def note_reply(connection: Connection, delivery_id: int, reply: Reply, now: datetime) -> bool:
    """Note a reply; tell whether it is a new one. An earlier one stands in its place."""
    table = schema.reply
    known = connection.execute(
        sa.select(table.c.replied_at).where(table.c.delivery_id == delivery_id)
    ).scalar()
    if known is not None and known <= reply.at:
        return False
    connection.execute(sa.delete(table).where(table.c.delivery_id == delivery_id))
    connection.execute(
        sa.insert(table).values(
            delivery_id=delivery_id,
            replied_at=reply.at,
            text=reply.text[:LONGEST],
            conversation_urn=reply.conversation_urn,
            noted_at=now,
        )
    )
    return True


def answers(
    connection: Connection, campaigns: Sequence[int], *which: sa.ColumnElement[bool]
) -> Iterator[tuple[tuple[str, ...], datetime]]:
    """Give who has answered one of the campaigns, by the spellings of the delivery, and when."""
    table, reply = schema.delivery, schema.reply
    statement = (
        sa.select(table.c.slug, table.c.urn, table.c.sent_to_urn, reply.c.replied_at)
        .join(reply, reply.c.delivery_id == table.c.id)
        .where(table.c.campaign_id.in_(campaigns), *which)
    )
    for slug, urn, sent_to, at in connection.execute(statement):
        yield tuple(key for key in (slug, urn, answered_identity(sent_to)) if key), at


def replies(connection: Connection, campaign_id: int) -> list[Answered]:
    """Return who answered a campaign's messages, the newest first; of several replies to the
    messages of one sequence the first one."""
    table, reply = schema.delivery, schema.reply
    statement = (
        sa.select(table.c.row, table.c.identity, table.c.slug, table.c.urn, table.c.account, reply)
        .join(reply, reply.c.delivery_id == table.c.id)
        .where(table.c.campaign_id == campaign_id)
        .order_by(reply.c.replied_at.desc(), table.c.id)
    )
    first = {
        one.identity: Answered(
            row=one.row,
            person=one.slug or one.urn or "",
            account=one.account,
            at=one.replied_at,
            text=one.text,
            conversation_urn=one.conversation_urn,
        )
        for one in connection.execute(statement)
    }
    return sorted(first.values(), key=lambda one: one.at, reverse=True)


def latest_replies(
    connection: Connection, campaign_id: int | None, skip: int, most: int
) -> list[tuple[int, Answered]]:
    """Return who answered, with the number of the campaign, the newest first; of several replies to
    one sequence the first one. Only those to one campaign, where it is given."""
    table, reply = schema.delivery, schema.reply
    other, earlier = table.alias(), reply.alias()
    is_later = (
        sa.exists()
        .where(
            earlier.c.delivery_id == other.c.id,
            other.c.campaign_id == table.c.campaign_id,
            other.c.identity == table.c.identity,
            sa.tuple_(earlier.c.replied_at, earlier.c.delivery_id)
            < sa.tuple_(reply.c.replied_at, reply.c.delivery_id),
        )
        .correlate(table, reply)
    )
    listed = sa.exists().where(
        schema.row.c.campaign_id == table.c.campaign_id, schema.row.c.identity == table.c.identity
    )
    statement = sa.select(table, reply, listed.label("is_listed"))
    statement = statement.join(reply, reply.c.delivery_id == table.c.id)
    if campaign_id is not None:
        statement = statement.where(table.c.campaign_id == campaign_id)
    page = statement.where(~is_later).order_by(reply.c.replied_at.desc(), table.c.id)
    return [
        (
            one.campaign_id,
            Answered(
                row=one.row,
                person=one.slug or one.urn or "",
                account=one.account,
                at=one.replied_at,
                text=one.text,
                conversation_urn=one.conversation_urn_1,
                is_listed=one.is_listed,
            ),
        )
        for one in connection.execute(page.offset(skip).limit(most))
    ]


def answered_since(connection: Connection, campaign_id: int, since: datetime) -> list[str]:
    """Return who answered a campaign, of those whose answer was read since then."""
    table, reply = schema.delivery, schema.reply
    statement = (
        sa.select(table.c.slug, table.c.urn, table.c.identity)
        .join(reply, reply.c.delivery_id == table.c.id)
        .where(table.c.campaign_id == campaign_id, reply.c.noted_at >= since)
        .order_by(reply.c.replied_at)
    )
    found = {one.identity: one.slug or one.urn or "" for one in connection.execute(statement)}
    return list(found.values())


def count_replies(connection: Connection, campaign_id: int) -> int:
    """Count the people who answered a campaign's messages."""
    table, reply = schema.delivery, schema.reply
    # Reply by reply: they are few, and a join would be made along all that the campaign sent.
    person = (
        sa.select(table.c.identity)
        .where(table.c.id == reply.c.delivery_id, table.c.campaign_id == campaign_id)
        .scalar_subquery()
    )
    people = sa.select(sa.func.count(sa.distinct(person))).select_from(reply)
    return connection.execute(people).scalar_one()


def let_go(connection: Connection, now: datetime, days: int) -> None:
    """Let the texts of replies go that were noted more than so many days ago."""
    table = schema.reply
    old = sa.update(table).where(table.c.noted_at < now - timedelta(days=days))
    connection.execute(old.values(text=None))


def read_threads(connection: Connection) -> dict[str, datetime]:
    """Return when each conversation that was read was last active then."""
    table = schema.thread
    return {urn: at for urn, at in connection.execute(sa.select(table.c.urn, table.c.active_at))}  # noqa: C416 - rows are not pairs to mypy


def note_thread(connection: Connection, urn: str, active_at: datetime) -> None:
    """Note when a conversation was last active, once it is read."""
    table = schema.thread
    connection.execute(sa.delete(table).where(table.c.urn == urn))
    connection.execute(sa.insert(table).values(urn=urn, active_at=active_at))
