"""Whom the ledger knows as messaged, or as never to be messaged: to compare with other records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.person import Spellings, answered_identity
from runner.ledger.suppression import Suppressed


class Knowledge:
    """Everyone of whom the ledger knows an attempt, and when each was made.

    Each message counts by itself: one of another time is another one. With a `campaign`, only its
    messages are known, and those of other tools.
    """

    def __init__(self, connection: Connection, campaign: str | None = None) -> None:
        self._spellings = Spellings(connection)
        self._barred = Suppressed(connection, self._spellings)
        self._times: dict[str, set[datetime]] = {}
        delivery, attempt = schema.delivery, schema.attempt
        when = sa.func.coalesce(delivery.c.sent_at, attempt.c.wired_at, type_=schema.Instant())
        person = (delivery.c.slug, delivery.c.urn, delivery.c.sent_to_urn)
        tried = (
            sa.select(*person, when)
            .select_from(attempt.join(delivery, delivery.c.id == attempt.c.delivery_id))
            .where(attempt.c.wired_at.is_not(None))
        )
        if campaign is not None:
            named = sa.select(schema.campaign.c.id).where(schema.campaign.c.name == campaign)
            tried = tried.where(delivery.c.campaign_id.in_(named))
        for slug, urn, answered, at in connection.execute(tried):
            self._note((slug, urn, answered_identity(answered)), at)
        contact = schema.contact
        for identity, at in connection.execute(
            sa.select(contact.c.identity, contact.c.contacted_at)
        ):
            self._note((identity,), at)

    def _note(self, keys: Iterable[str | None], at: datetime) -> None:
        for key in self._spellings.of(key for key in keys if key):
            self._times.setdefault(key, set()).add(at)

    def has(self, keys: Iterable[str], at: datetime | None) -> bool:
        """Tell whether the ledger knows of a message to this person at that time, or at any time
        when `at` is None; or that the person is never to be messaged."""
        every = self._spellings.of(keys)
        if self._barred.has(every) or self._barred.has_forgotten(every):
            return True
        known = {one for key in every for one in self._times.get(key, ())}
        return any(at is None or is_same(one, at) for one in known)


def is_same(known: datetime, at: datetime) -> bool:
    """Tell whether a time of the ledger and one of a results sheet are the same message's.

    A sheet tells the second, and two messages to one person, of two campaigns, can follow each
    other closely. Of some messages only the day is known.
    """
    at = at.astimezone(known.tzinfo)
    if known.time() == time() and known.date() == at.date():
        return True
    return known.replace(microsecond=0) == at.replace(microsecond=0)
