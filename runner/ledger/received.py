"""Messages that people have, or may have: by which campaign and account, and since when."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from runner.ledger import schema
from runner.ledger.instant import Instant
from runner.ledger.record import POSSIBLY_RECEIVED

_ATTEMPT: Final = schema.attempt.c
_DELIVERY: Final = schema.delivery.c
_TRIED: Final = (
    sa.select(sa.func.max(sa.func.coalesce(_ATTEMPT.wired_at, _ATTEMPT.claimed_at)))
    .where(_ATTEMPT.delivery_id == _DELIVERY.id)
    .correlate(schema.delivery)
    .scalar_subquery()
)
# The time of a message. An uncertain one has the time when its request left.
AT: Final[sa.ColumnElement[datetime]] = sa.func.coalesce(_DELIVERY.sent_at, _TRIED, type_=Instant())
Received = sa.Select[tuple[int, datetime, str, str, str, str | None, str | None, str | None]]


def received(*which: sa.ColumnElement[bool]) -> Received:
    """Select the messages that people have, or may have, for which all of `which` holds."""
    return (
        sa.select(
            _DELIVERY.id,
            AT.label("at"),
            _DELIVERY.status,
            _DELIVERY.account,
            schema.campaign.c.name,
            _DELIVERY.slug,
            _DELIVERY.urn,
            _DELIVERY.sent_to_urn,
        )
        .select_from(
            schema.delivery.join(
                schema.campaign, schema.campaign.c.id == schema.delivery.c.campaign_id
            )
        )
        .where(_DELIVERY.status.in_(POSSIBLY_RECEIVED), *which)
    )


def received_texts(*which: sa.ColumnElement[bool]) -> sa.Select[tuple[str, datetime]]:
    """Select the texts of such messages, and their times."""
    return sa.select(_DELIVERY.message.label("text"), AT.label("at")).where(
        _DELIVERY.status.in_(POSSIBLY_RECEIVED), *which
    )
