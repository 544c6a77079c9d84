"""Decisions of a person, or of evidence, on a delivery with an open or a bad outcome.

Only a decision lets such a delivery ever be tried again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import chain, schema
from runner.ledger.astray import source_of
from runner.ledger.contact import Contact, note_contacts
from runner.ledger.delivery import is_listed
from runner.ledger.instant import Instant
from runner.ledger.lane import wake_sender
from runner.ledger.noted import What
from runner.ledger.person import answered_identity, spellings_of
from runner.ledger.record import EVIDENCE, WITHDRAWN, Status, Verdict

_OPEN: Final = (Status.UNCERTAIN, Status.FAILED)


def decide(
    connection: Connection,
    delivery_id: int,
    *,
    sent: bool,
    by: str,
    now: datetime,
    sent_at: datetime | None = None,
) -> bool:
    """Record the decision of a person, or of evidence, on an uncertain or failed delivery.

    `sent=False` makes the delivery wait again. A mistaken decision can be taken back when the row
    waits because of it, or is sent only because of it. `sent_at` is the time when the message was
    sent, where that is known better than from the attempt. For any other delivery, returns False
    and changes nothing.
    """
    table = schema.delivery
    if not _is_open(connection, delivery_id, sent=sent):
        return False
    _note(connection, delivery_id, Verdict.SENT if sent else Verdict.NOT_SENT, by, now)
    if sent:
        values: dict[str, Any] = {
            "status": Status.SENT,
            "reason": f"settled as sent by {by}",
            "error": None,
        }
        latest = sa.select(sa.func.max(schema.attempt.c.wired_at)).where(
            schema.attempt.c.delivery_id == delivery_id
        )
        values["sent_at"] = sent_at or sa.func.coalesce(table.c.sent_at, latest.scalar_subquery())
    else:
        _note_astray(connection, delivery_id, now)
        values = dict.fromkeys(("reason", "error", "http_status", "sent_at", "sent_to_urn"), None)
        values["status"] = Status.WAITING
        if not is_listed(connection, delivery_id):
            values |= {"status": Status.SKIPPED, "reason": WITHDRAWN}
        # A delivery that waits again has the text of its first attempt. A new reading of the list
        # brings the text up to date.
        campaign_id = (
            sa.select(table.c.campaign_id).where(table.c.id == delivery_id).scalar_subquery()
        )
        connection.execute(
            sa.update(schema.campaign).where(schema.campaign.c.id == campaign_id).values(stamp=None)
        )
    connection.execute(sa.update(table).where(table.c.id == delivery_id).values(values))
    return True


def take_back(
    connection: Connection, delivery_id: int, *, by: str, now: datetime, again: bool = False
) -> bool:
    """Take a person's word on a delivery back; it is then as its last attempt left it.

    Where there is no such word, or more has come of it since, returns False and changes nothing:
    the row was sent again, the list was read again, which may have changed the text that went, or
    the word has told that an answer named another person. `again` says that this was looked at when
    the word was taken back first.
    """
    table, attempt = schema.delivery, schema.attempt
    word = _mistaken(connection, delivery_id)
    if word is None:
        return False
    if word == Verdict.NOT_SENT and not again and _has_told_more(connection, delivery_id):
        return False
    _note(connection, delivery_id, Verdict.UNDONE, by, now)
    latest = sa.select(attempt.c.status, attempt.c.http_status, attempt.c.error).where(
        attempt.c.delivery_id == delivery_id
    )
    last = connection.execute(latest.order_by(attempt.c.id.desc()).limit(1)).one()
    values = {**last._mapping, "reason": f"taken back by {by}", "sent_at": None}
    connection.execute(sa.update(table).where(table.c.id == delivery_id).values(values))
    return True


def _has_told_more(connection: Connection, delivery_id: int) -> bool:
    """Tell whether the list was read since the last word, that a message did not arrive; or whether
    that word has noted the person whom an answer named by mistake."""
    table, campaign, decision = schema.delivery, schema.campaign, schema.decision
    mine = sa.select(campaign.c.name, campaign.c.read_at).join(table)
    found = connection.execute(mine.where(table.c.id == delivery_id)).one()
    words = sa.select(sa.func.max(decision.c.decided_at, type_=Instant()))
    decided_at = connection.scalar(words.where(decision.c.delivery_id == delivery_id))
    noted = sa.select(schema.contact.c.identity).where(
        schema.contact.c.source == source_of(found.name),
        schema.contact.c.contacted_at == decided_at,
    )
    was_read = decided_at is not None and found.read_at >= decided_at
    return was_read or connection.execute(noted).first() is not None


def _note(connection: Connection, delivery_id: int, verdict: str, by: str, now: datetime) -> None:
    decided = connection.execute(
        sa.insert(schema.decision).values(
            delivery_id=delivery_id, verdict=verdict, decided_by=by, decided_at=now
        )
    )
    wake_sender(connection, delivery_id, now)  # a row may wait again, or an account go on
    _link(connection, int(decided.inserted_primary_key[0]), delivery_id, verdict, by, now)  # type: ignore[index]  # SQLite and PostgreSQL both answer it


def _link(
    connection: Connection, number: int, delivery_id: int, verdict: str, by: str, now: datetime
) -> None:
    table = schema.delivery
    whom = sa.select(table.c.campaign_id, table.c.slug, table.c.urn, table.c.row, table.c.step)
    found = connection.execute(whom.where(table.c.id == delivery_id)).one()
    chain.add(
        connection,
        What.DECISION,
        number,
        now,
        campaign=found.campaign_id,
        slug=found.slug,
        urn=found.urn,
        row=found.row,
        step=found.step if found.step > 1 else None,
        verdict=verdict,
        by=by,
    )


def _is_open(connection: Connection, delivery_id: int, *, sent: bool) -> bool:
    """Tell whether a person may decide on the delivery."""
    table = schema.delivery
    found = sa.select(table.c.status).where(table.c.id == delivery_id)
    if connection.execute(found).scalar_one() in _OPEN:
        return True
    return _mistaken(connection, delivery_id) == (Verdict.NOT_SENT if sent else Verdict.SENT)


def _mistaken(connection: Connection, delivery_id: int) -> str | None:
    """The latest word of a person, where the delivery waits, would wait if it were in the list,
    or is sent, only because of it."""
    table, decision, attempt = schema.delivery, schema.decision, schema.attempt
    told = (decision.c.verdict, decision.c.decided_by, table.c.status, table.c.reason)
    latest = sa.select(*told).join(table)
    mine = latest.where(decision.c.delivery_id == delivery_id)
    decided = connection.execute(mine.order_by(decision.c.id.desc()).limit(1)).first()
    tries = sa.select(attempt.c.status).where(attempt.c.delivery_id == delivery_id)
    last = connection.execute(tries.order_by(attempt.c.id.desc()).limit(1)).scalar()
    if decided is None or last not in _OPEN or decided.decided_by.startswith(EVIDENCE):
        return None
    became = {Verdict.SENT: (Status.SENT,), Verdict.NOT_SENT: (Status.WAITING, WITHDRAWN)}.get(
        decided.verdict, ()
    )
    stands = WITHDRAWN if decided.reason == WITHDRAWN else decided.status
    return decided.verdict if stands in became else None


def _note_astray(connection: Connection, delivery_id: int, now: datetime) -> None:
    """Count the person that an answer named by mistake as messaged.

    This holds no matter what the row's own person is settled to have got.
    """
    table, campaign = schema.delivery, schema.campaign
    known = sa.select(campaign.c.name, table.c.slug, table.c.urn, table.c.sent_to_urn)
    found = connection.execute(
        known.select_from(table.join(campaign, campaign.c.id == table.c.campaign_id)).where(
            table.c.id == delivery_id
        )
    ).one()
    answered = answered_identity(found.sent_to_urn)
    if answered and answered not in spellings_of(connection, Recipient(found.slug, found.urn).keys):
        note_contacts(connection, [Contact((answered,), now)], source_of(found.name), now)
