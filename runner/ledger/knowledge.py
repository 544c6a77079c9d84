"""Whom the ledger knows as messaged, or as never to be messaged: to compare with other records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.person import Spellings, answered_identity
from runner.ledger.suppression import Suppressed

# A message is sent a while after its attempt began, and the vendor's clock may have told when.
_SAME: Final = timedelta(minutes=10)
_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)


class Knowledge:
    """Everyone of whom the ledger knows an attempt, and when the last one was."""

    def __init__(self, connection: Connection) -> None:
        self._spellings = Spellings(connection)
        self._barred = Suppressed(connection, self._spellings)
        self._latest: dict[str, datetime] = {}
        delivery, attempt = schema.delivery, schema.attempt
        tried = (
            sa.select(delivery.c.slug, delivery.c.urn, delivery.c.sent_to_urn, attempt.c.wired_at)
            .select_from(attempt.join(delivery, delivery.c.id == attempt.c.delivery_id))
            .where(attempt.c.wired_at.is_not(None))
        )
        for slug, urn, answered, at in connection.execute(tried):
            self._note((slug, urn, answered_identity(answered)), at)
        for identity in connection.scalars(sa.select(schema.contact.c.identity)):
            self._note((identity,), _ALWAYS)

    def _note(self, keys: Iterable[str | None], at: datetime) -> None:
        for key in self._spellings.of(key for key in keys if key):
            self._latest[key] = max(at, self._latest.get(key, at))

    def has(self, keys: Iterable[str], at: datetime | None) -> bool:
        """Tell whether the ledger knows of a message to this person, at that time or later; or
        that the person is never to be messaged."""
        every = self._spellings.of(keys)
        if self._barred.has(every) or self._barred.has_forgotten(every):
            return True
        known = [self._latest[key] for key in every if key in self._latest]
        return any(at is None or one == _ALWAYS or one >= at - _SAME for one in known)
