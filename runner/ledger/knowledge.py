"""Whom the ledger knows as messaged, or as never to be messaged: to compare with other records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.instant import Instant
from runner.ledger.person import Spellings, answered_identity
from runner.ledger.suppression import Suppressed

# Clocks on earth differ by whole hours, nearly all, and by so many at most.
_ZONES: Final = timedelta(hours=14)


class Knowledge:
    """Everyone of whom the ledger knows an attempt, and when each was made.

    Each message counts by itself: one of another time, or with another text, is another one.
    """

    def __init__(self, connection: Connection) -> None:
        self._spellings = Spellings(connection)
        self._barred = Suppressed(connection, self._spellings)
        self._times: dict[str, set[tuple[datetime, str]]] = {}
        delivery, attempt = schema.delivery, schema.attempt
        when = sa.func.coalesce(delivery.c.sent_at, attempt.c.wired_at, type_=Instant())
        person = (delivery.c.slug, delivery.c.urn, delivery.c.sent_to_urn)
        tried = (
            sa.select(*person, when, delivery.c.message)
            .select_from(attempt.join(delivery, delivery.c.id == attempt.c.delivery_id))
            .where(attempt.c.wired_at.is_not(None))
        )
        for slug, urn, answered, at, text in connection.execute(tried):
            self._note((slug, urn, answered_identity(answered)), at, text)
        contact = schema.contact
        for identity, at in connection.execute(
            sa.select(contact.c.identity, contact.c.contacted_at)
        ):
            self._note((identity,), at)

    def _note(self, keys: Iterable[str | None], at: datetime, text: str = "") -> None:
        for key in self._spellings.of(key for key in keys if key):
            self._times.setdefault(key, set()).add((at, text))

    def has(self, keys: Iterable[str], at: datetime | None, text: str = "") -> bool:
        """Tell whether the ledger knows of a message to this person at that time, or at any time
        when `at` is None; or that the person is never to be messaged. Where both texts are known,
        they are the same."""
        every = self._spellings.of(keys)
        if self._barred.has(every) or self._barred.has_forgotten(every):
            return True
        known = {one for key in every for one in self._times.get(key, ())}
        return any(
            (at is None or is_same(one, at)) and (not text or not said or said == text)
            for one, said in known
        )


def is_same(known: datetime, at: datetime) -> bool:
    """Tell whether a time of the ledger and one of a results sheet are the same message's.

    A sheet tells the second; saved by a spreadsheet program it may tell the minute or the day, in
    the zone of a computer. Of some messages only the day is known.
    """
    at, known = at.astimezone(UTC), known.astimezone(UTC).replace(microsecond=0)
    if time() in (known.time(), at.time()) and abs(known.date() - at.date()) <= timedelta(days=1):
        return True
    apart = abs(known - at)
    if not at.second:
        apart = abs(known.replace(second=0) - at)
    return apart <= _ZONES and apart % timedelta(hours=1) == timedelta()
