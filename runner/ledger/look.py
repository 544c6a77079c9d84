"""Looks before messages: what was found of an account's conversation with a person, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.campaign import note_stamp, settings_of
from runner.ledger.follow import before
from runner.ledger.person import answered_as, answered_identity, learn, means, meant, spellings_of
from runner.ledger.received import received, received_texts
from runner.ledger.record import Status
from runner.ledger.sequence import prior_to
from runner.ledger.setting import Stored

# How the reasons begin for which a row rests after a look.
WROTE_LAST: Final = "they wrote last"
BY_HAND: Final = "you wrote by hand"
NO_CONNECTION: Final = "is no connection of the account"
# Each message asks these, so they are built once.
_MINE: Final = schema.look.c.delivery_id == sa.bindparam("delivery")
_LOOK: Final = sa.select(schema.look).where(_MINE)
_CLEAR: Final = sa.delete(schema.look).where(_MINE)
_NOTE: Final = sa.insert(schema.look)
_MESSAGES: Final = received_texts(
    meant(sa.bindparam("keys", expanding=True), sa.bindparam("forms", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Unseen:
    """A delivery whose turn has come, once the account's conversation with the person was looked
    at. `keys` are all spellings of the person. `since` is when the account sent the message that
    this one follows, in the sequence of its own campaign (`in_sequence`) or in another campaign;
    `after_inmail` says that it was an InMail. `length` is that of its text."""

    delivery: int
    campaign: int
    row: int
    account: str
    recipient: Recipient
    keys: tuple[str, ...]
    conversation_urn: str | None
    since: datetime | None
    in_sequence: bool
    after_inmail: bool
    message_type: str
    subject: str | None
    length: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found: the conversation, if there is one, and its last message."""

    at: datetime
    conversation_urn: str | None = None
    last_at: datetime | None = None
    last_is_ours: bool | None = None
    as_inmail: bool = False


class Rest(NamedTuple):
    """The reason why a row is skipped for what a look found, and when it is looked at again."""

    reason: str
    until: datetime


def unseen(connection: Connection, found: sa.Row[tuple[object, ...]], settings: Stored) -> Unseen:
    """Return what has to be looked at before a waiting delivery goes."""
    person = Recipient(found.slug, found.urn)
    keys = spellings_of(connection, person.keys)
    in_sequence = found.step > 1
    follows = before(connection, settings) if not in_sequence else ()
    since = prior_to(connection, found.id)[0] if in_sequence else None
    if follows:
        first = received(schema.delivery.c.campaign_id == follows[0], means(keys))
        mine = [one.at for one in connection.execute(first) if one.account == found.account]
        since = max((at for at in mine if at), default=None)
    return Unseen(
        delivery=found.id,
        campaign=found.campaign_id,
        row=found.row,
        account=found.account,
        recipient=person,
        keys=keys,
        conversation_urn=found.conversation_urn,
        since=since,
        in_sequence=in_sequence,
        after_inmail=in_sequence and _is_after_inmail(connection, found),
        message_type=found.message_type,
        subject=found.subject,
        length=len(found.message),
    )


def _is_after_inmail(connection: Connection, found: sa.Row[tuple[object, ...]]) -> bool:
    """Tell whether the message before in a delivery's sequence went as InMail."""
    table, look = schema.delivery, schema.look
    before_it = (
        sa.select(table.c.message_type, look.c.as_inmail)
        .outerjoin(look, look.c.delivery_id == table.c.id)
        .where(
            table.c.campaign_id == found.campaign_id,
            table.c.identity == found.identity,
            table.c.step < found.step,
            table.c.status == Status.SENT,
        )
        .order_by(table.c.step.desc())
    )
    prior = connection.execute(before_it.limit(1)).first()
    return prior is not None and (prior.message_type == "inmail" or bool(prior.as_inmail))


def messages_to(connection: Connection, keys: tuple[str, ...]) -> list[tuple[str, datetime | None]]:
    """Return all messages that campaigns sent, or may have sent, to a person: text and time."""
    found = connection.execute(_MESSAGES, {"keys": list(keys), "forms": answered_as(keys)})
    return [(one.text, one.at) for one in found]


def note_look(
    connection: Connection,
    unseen: Unseen,
    look: Look,
    profile_urn: str | None,
    rest: Rest | None,
) -> None:
    """Note what was found before a message.

    A slug and the URN that the vendor told for it are one person from now on. With a `rest` the row
    is skipped.
    """
    table = schema.delivery
    urn = answered_identity(profile_urn)
    if unseen.recipient.slug and urn:
        learn(connection, [(unseen.recipient.slug, urn)], look.at)
    connection.execute(_CLEAR, {"delivery": unseen.delivery})
    connection.execute(
        _NOTE,
        {
            "delivery_id": unseen.delivery,
            "looked_at": look.at,
            "conversation_urn": look.conversation_urn,
            "last_at": look.last_at,
            "last_is_ours": look.last_is_ours,
            "rests_until": rest.until if rest else None,
            "as_inmail": look.as_inmail,
            "under": settings_of(connection, unseen.campaign).looks,
        },
    )
    waiting = sa.and_(table.c.id == unseen.delivery, table.c.status == Status.WAITING)
    if rest is not None:
        skipped = {"status": Status.SKIPPED, "reason": rest.reason}
        connection.execute(sa.update(table).where(waiting).values(skipped))
        note_stamp(connection, unseen.campaign, None)


def rests(connection: Connection, campaign_id: int, looks: str, now: datetime) -> dict[int, Rest]:
    """Return the deliveries that are skipped for what a look found, under the same words, and still
    rest."""
    table, look = schema.delivery, schema.look
    statement = (
        sa.select(table.c.id, table.c.reason, look.c.rests_until)
        .join(look, look.c.delivery_id == table.c.id)
        .where(
            table.c.campaign_id == campaign_id,
            table.c.status == Status.SKIPPED,
            look.c.rests_until > now,
            look.c.under == looks,
        )
    )
    return {id_: Rest(reason or "", until) for id_, reason, until in connection.execute(statement)}


def look_of(connection: Connection, delivery_id: int) -> Look | None:
    """Return the latest look before a delivery's message, if there was one."""
    found = connection.execute(_LOOK, {"delivery": delivery_id}).first()
    if found is None:
        return None
    return Look(
        found.looked_at,
        found.conversation_urn,
        found.last_at,
        found.last_is_ours,
        bool(found.as_inmail),
    )
