"""What the ledger has on one person, asked in two statements: a claim asks it before each message.

The statements are built once: building one costs as much as asking it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.forgotten import IS_SALT, is_forgotten
from runner.ledger.instant import Instant
from runner.ledger.person import answered_as, meant, spellings_of
from runner.ledger.received import AT
from runner.ledger.record import ATTEMPTED
from runner.ledger.suppression import IS_FIRM

_KEYS: Final[sa.BindParameter[str]] = sa.bindparam("keys", expanding=True)
_DELIVERY: Final = schema.delivery.c
_LISTED: Final = schema.do_not_contact.c
_CONTACT: Final = schema.contact.c
_NO_TIME: Final = sa.literal(None, Instant()).label("at")
_NOTES: Final = sa.union_all(
    sa.select(sa.literal("listed").label("what"), _LISTED.identity.label("value"), _NO_TIME).where(
        _LISTED.identity.in_(_KEYS)
    ),
    sa.select(sa.literal("contact"), _CONTACT.source, _CONTACT.contacted_at).where(
        _CONTACT.identity.in_(_KEYS)
    ),
    sa.select(sa.literal("firms"), sa.null(), _NO_TIME).where(
        sa.exists(sa.select(_LISTED.identity).where(IS_FIRM))
    ),
    sa.select(sa.literal("salts"), sa.null(), _NO_TIME).where(
        sa.exists(sa.select(schema.note.c.name).where(IS_SALT))
    ),
)
_MESSAGES: Final = (
    sa.select(
        _DELIVERY.id,
        _DELIVERY.campaign_id,
        _DELIVERY.step,
        _DELIVERY.row,
        _DELIVERY.status,
        _DELIVERY.urn,
        _DELIVERY.sent_to_urn,
        schema.campaign.c.name,
        AT.label("at"),
    )
    .join(schema.campaign, schema.campaign.c.id == _DELIVERY.campaign_id)
    .where(meant(_KEYS, sa.bindparam("forms", expanding=True)), _DELIVERY.status.in_(ATTEMPTED))
    .order_by(_DELIVERY.id)
)


class Background(NamedTuple):
    """A person under all spellings, the do-not-contact list, and messages from here and elsewhere.

    `contacts` are (source, time). `messages` are the attempted deliveries to the person, in their
    order. With `are_firms` somebody's company is on the list, perhaps the person's.
    """

    keys: tuple[str, ...]
    is_listed: bool
    is_forgotten: bool
    are_firms: bool
    contacts: tuple[tuple[str, datetime], ...]
    messages: tuple[sa.Row[Any], ...]


def background(connection: Connection, person: Recipient) -> Background:
    """Return what the ledger has on a person."""
    keys = spellings_of(connection, person.keys)
    found = connection.execute(_NOTES, {"keys": keys}).all()
    kinds = {one.what for one in found}
    messages = connection.execute(_MESSAGES, {"keys": keys, "forms": answered_as(keys)})
    return Background(
        keys=keys,
        is_listed="listed" in kinds,
        is_forgotten="salts" in kinds and is_forgotten(connection, keys),
        are_firms="firms" in kinds,
        contacts=tuple((one.value, one.at) for one in found if one.what == "contact"),
        messages=tuple(messages),
    )
