"""What the ledger holds of the people of a list. Only queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.person import Spellings, batches, is_read_whole, means
from runner.ledger.record import POSSIBLY_RECEIVED, Status

_DELIVERY: Final = schema.delivery.c
# Of a sequence, the first message stands for all.
_DELIVERIES: Final = sa.select(
    _DELIVERY.id, _DELIVERY.campaign_id, _DELIVERY.status, _DELIVERY.slug, _DELIVERY.urn
).where(_DELIVERY.status != Status.SKIPPED, _DELIVERY.step == 1)
_WAITING: Final = sa.select(sa.func.count()).where(
    _DELIVERY.campaign_id == sa.bindparam("campaign"),
    _DELIVERY.status == Status.WAITING,
    _DELIVERY.step == 1,
)


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
    """Find every campaign that holds some of these people, the one with most of them first, and of
    several the oldest."""
    keys = {key for recipient in people for key in recipient.keys}
    spellings = Spellings(connection, keys)
    wanted = spellings.every(keys)
    shared: dict[int, Counter[str]] = {}
    for campaign, status in _met(connection, wanted):
        shared.setdefault(campaign, Counter())[status] += 1
    if not shared:
        return []
    names = sa.select(schema.campaign.c.id, schema.campaign.c.name).order_by(schema.campaign.c.id)
    found = [
        _overlap(name, shared[campaign], _waiting(connection, campaign))
        for campaign, name in connection.execute(names)
        if campaign in shared
    ]
    return sorted(found, key=lambda overlap: -overlap.shared)


def _overlap(name: str, shared: Counter[str], waiting: int) -> Overlap:
    messaged = sum(shared[status] for status in POSSIBLY_RECEIVED)
    return Overlap(name, shared.total(), messaged, waiting, waiting - shared[Status.WAITING])


def _met(connection: Connection, wanted: Collection[str]) -> Iterator[tuple[int, str]]:
    """Give campaign and status of each delivery to one of the people of these spellings."""
    for one in to_people(connection, _DELIVERIES, wanted):
        if one.slug in wanted or one.urn in wanted:
            yield one.campaign_id, one.status


def to_people(
    connection: Connection, deliveries: sa.Select[Any], wanted: Collection[str]
) -> Iterator[sa.Row[Any]]:
    """Give those of some deliveries, whose first column is their id, that are for the people of
    these spellings; in a small ledger, which is read faster as a whole, all of them."""
    if is_read_whole(connection, schema.delivery, len(wanted)):
        yield from connection.execute(deliveries)
        return
    seen: set[int] = set()
    for batch in batches(wanted):
        for one in connection.execute(deliveries.where(means(batch))).all():
            if one[0] not in seen:
                seen.add(one[0])
                yield one


def _waiting(connection: Connection, campaign: int) -> int:
    return int(connection.execute(_WAITING, {"campaign": campaign}).scalar_one())
