"""Messages that another record knows, brought into a ledger: each as an attempt that was made.

Nothing that the ledger knows already changes. What is brought in can only keep messages back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.entry import Message
from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.delivery import Known, known_deliveries, known_steps, written_to
from runner.ledger.instant import Instant
from runner.ledger.person import Spellings
from runner.ledger.record import ATTEMPTED, Status
from runner.ledger.suppression import Suppressed

# A message is sent a while after its attempt began, and the vendor's clock may have told when.
_SAME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regained:
    """A message that another record knows. `at` is when it left, None when that is not known."""

    recipient: Recipient
    status: Status
    at: datetime | None
    account: str = ""
    row: int = 0
    step: int = 1
    text: str = ""
    error: str | None = None
    http_status: int | None = None
    typing: bool | None = None
    answered: str | None = None


class Regaining:
    """Brings messages into one campaign; `source` says where they are known from.

    The caller links the chain afterwards.
    """

    def __init__(
        self, connection: Connection, campaign_id: int, source: str, now: datetime
    ) -> None:
        self._connection = connection
        self._campaign = campaign_id
        self._source = source
        self._now = now
        self._spellings = Spellings(connection)
        self._barred = Suppressed(connection, self._spellings)
        self._known, _ = known_deliveries(connection, campaign_id, self._spellings)
        self._later, _ = known_steps(connection, campaign_id)
        table = schema.delivery
        last = sa.select(sa.func.max(table.c.position)).where(table.c.campaign_id == campaign_id)
        self._position = connection.execute(last).scalar() or 0

    def add(self, message: Regained, *, surely: bool = False) -> bool:
        """Bring one message in; False when the ledger knows it, unless it is `surely` another."""
        keys = self._spellings.of(message.recipient.keys)
        if self._barred.has_forgotten(keys):
            return False
        first = next((self._known[key] for key in keys if key in self._known), None)
        found = first
        if message.step > 1:
            if first is None:  # who has a later message has the first one as well
                self.add(replace(message, step=1, status=Status.SENT, text="", error=None))
                first = next(self._known[key] for key in keys if key in self._known)
            found = self._later.get((first.identity, message.step))
        if found is not None and not surely and self._has(found, message.at):
            self._complete(found.id, message)
            return False
        identity = first.identity if first is not None else message.recipient.identity
        delivery = found.id if found is not None else self._begin(message, identity)
        self._attempt(delivery, message)
        self._settle(delivery, message)
        known = Known(delivery, identity, message.status, ())
        if message.step > 1:
            self._later[identity, message.step] = known
        else:
            self._known.update(dict.fromkeys(keys, known))
        return True

    def _has(self, known: Known, at: datetime | None) -> bool:
        if known.status not in ATTEMPTED:
            return False
        table = schema.attempt
        latest = sa.select(sa.func.max(table.c.claimed_at, type_=Instant())).where(
            table.c.delivery_id == known.id
        )
        found = self._connection.execute(latest).scalar()
        return found is not None and (at is None or found >= at - _SAME)

    def _complete(self, delivery: int, message: Regained) -> None:
        """Add the text of a message that is known without it, and when it was sent."""
        table = schema.delivery
        if message.at is not None:
            self._connection.execute(
                sa.update(table)
                .where(table.c.id == delivery, table.c.sent_at.is_not(None))
                .values(sent_at=message.at)
            )
        if message.text:
            self._connection.execute(
                sa.update(table)
                .where(table.c.id == delivery, table.c.message == "")
                .values(message=message.text)
            )

    def _begin(self, message: Regained, identity: str) -> int:
        self._position += 1
        text = Message(message.recipient, message.text)
        values = {
            "campaign_id": self._campaign,
            "identity": identity,
            "step": message.step,
            "status": Status.WAITING,
            **written_to(self._position, message.row, None, text, message.account),
        }
        inserted = self._connection.execute(sa.insert(schema.delivery).values(values))
        return int(inserted.inserted_primary_key[0])  # type: ignore[index]  # SQLite and PostgreSQL both answer it

    def _attempt(self, delivery: int, message: Regained) -> None:
        at = message.at or self._now
        values = {
            "delivery_id": delivery,
            "campaign_id": self._campaign,
            "account": message.account,
            "claimed_at": at,
            "deadline": at,
            "wired_at": at,
            "settled_at": at,
            "status": message.status,
            "http_status": message.http_status,
            "error": message.error,
        }
        self._connection.execute(sa.insert(schema.attempt).values(values))

    def _settle(self, delivery: int, message: Regained) -> None:
        table = schema.delivery
        values: dict[str, Any] = {
            "status": message.status,
            "reason": f"known from {self._source}",
            "error": message.error,
            "http_status": message.http_status,
            "typing_indicator_sent": message.typing,
            "sent_to_urn": message.answered,
            "sent_at": (message.at or self._now) if message.status is Status.SENT else None,
        }
        if message.text:
            values["message"] = message.text
        self._connection.execute(sa.update(table).where(table.c.id == delivery).values(values))
