"""Everything that is known of one person: messages of all campaigns, other tools, lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.person import means, spellings_of
from runner.ledger.suppression import listed


@dataclass(frozen=True, slots=True)
class Met:
    """A message to a person in one campaign: the row, the step, how it stands, and when and from
    where it was sent."""

    campaign: str
    row: int
    step: int
    status: str
    reason: str | None
    account: str
    at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A message that another tool sent to the person."""

    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """All that the ledger knows of a person; `barred` is why nobody may write to them, if so."""

    spellings: tuple[str, ...]
    met: tuple[Met, ...]
    elsewhere: tuple[Elsewhere, ...]
    barred: str | None


def _skipped(connection: Connection, keys: tuple[str, ...], known: set[str]) -> tuple[Met, ...]:
    """The rows of a person that have no message, in campaigns that are not `known` already."""
    row, campaign = schema.row, schema.campaign
    asked = (
        sa.select(row, campaign.c.name)
        .join(campaign, campaign.c.id == row.c.campaign_id)
        .where(row.c.person.in_(keys), row.c.status.is_not(None), campaign.c.name.not_in(known))
        .order_by(row.c.campaign_id, row.c.position)
    )
    return tuple(
        Met(
            campaign=found.name,
            row=found.number,
            step=1,
            status=found.status,
            reason=found.reason,
            account="",
            at=None,
            text="",
        )
        for found in connection.execute(asked)
    )


def known_of(connection: Connection, person: Recipient) -> Known:
    """Return all that the ledger knows of a person, under every spelling, the latest last."""
    keys = spellings_of(connection, person.keys)
    delivery, campaign, contact = schema.delivery, schema.campaign, schema.contact
    asked = (
        sa.select(delivery, campaign.c.name.label("campaign"))
        .join(campaign, campaign.c.id == delivery.c.campaign_id)
        .where(means(keys))
        .order_by(delivery.c.sent_at.is_(None), delivery.c.sent_at, delivery.c.step, delivery.c.id)
    )
    met = tuple(
        Met(
            campaign=found.campaign,
            row=found.row,
            step=found.step,
            status=found.status,
            reason=found.reason,
            account=found.account,
            at=found.sent_at,
            text=found.message,
        )
        for found in connection.execute(asked)
    )
    met += _skipped(connection, keys, {one.campaign for one in met})
    others = sa.select(contact).where(contact.c.identity.in_(keys)).order_by(contact.c.contacted_at)
    elsewhere = tuple(
        dict.fromkeys(
            Elsewhere(found.source, found.contacted_at) for found in connection.execute(others)
        )
    )
    return Known(tuple(keys), met, elsewhere, listed(connection, keys))
