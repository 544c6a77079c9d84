"""The people that a list has in common with the campaigns of the ledger. Only queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.person import Spellings
from runner.ledger.record import POSSIBLY_RECEIVED, Status


@dataclass(frozen=True, slots=True)
class Overlap:
    """The overlap of a list and a campaign, in numbers.

    `shared` counts the people that both hold. `messaged` counts those of them that have, or may
    have, the campaign's message. `waiting` counts the campaign's waiting rows, and `missing` those
    of them that the list lacks.
    """

    name: str
    shared: int
    messaged: int
    waiting: int
    missing: int


def overlaps(connection: Connection, people: Iterable[Recipient]) -> list[Overlap]:
    """Find every campaign that holds some of these people, the one with most of them first."""
    spellings = Spellings(connection)
    wanted = {key for recipient in people for key in spellings.of(recipient.keys)}
    joined = schema.delivery.join(
        schema.campaign, schema.campaign.c.id == schema.delivery.c.campaign_id
    )
    statement = (
        sa.select(
            schema.campaign.c.name,
            schema.delivery.c.slug,
            schema.delivery.c.urn,
            schema.delivery.c.status,
        )
        .select_from(joined)
        .where(schema.delivery.c.status != Status.SKIPPED, schema.delivery.c.step == 1)
    )
    counts: dict[str, list[int]] = {}
    for name, slug, urn, status in connection.execute(statement):
        count = counts.setdefault(name, [0, 0, 0, 0])
        shared = slug in wanted or urn in wanted
        count[0] += shared
        count[1] += shared and status in POSSIBLY_RECEIVED
        count[2] += status == Status.WAITING
        count[3] += status == Status.WAITING and not shared
    found = [Overlap(name, *count) for name, count in counts.items() if count[0]]
    return sorted(found, key=lambda overlap: -overlap.shared)
