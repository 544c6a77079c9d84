"""Attempts: commit the intent on the wire, settle the outcome, recover.

This is the at-most-once rule. A claim takes one waiting delivery out of waiting. The intent is
durable before the first request byte. An outcome is recorded once. Recovery settles the attempts
that a dead run left open. Such an attempt is uncertain if its intent was committed, and certainly
not sent if not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.errors import StorageError
from runner.ledger import chain, schema
from runner.ledger.about import UnnotedError
from runner.ledger.answer import take_in
from runner.ledger.astray import stop
from runner.ledger.ledger import Ledger
from runner.ledger.note import set_note
from runner.ledger.noted import What
from runner.ledger.record import Claim, Outcome, Status
from runner.ledger.told import note_outcome

# The note that the vendor means to take the endpoint away, with the time of the last answer that
# said so.
DEPRECATED: Final = "endpoint is deprecated"
# Each message asks these, so they are built once.
_ATTEMPT: Final = schema.attempt.c
_DELIVERY: Final = schema.delivery.c
_MINE: Final = _ATTEMPT.id == sa.bindparam("attempt")
_INTENT: Final = (
    sa.update(schema.attempt)
    .where(
        _MINE,
        _ATTEMPT.wired_at.is_(None),
        _ATTEMPT.settled_at.is_(None),
        _ATTEMPT.deadline > sa.bindparam("now"),
    )
    .values(wired_at=sa.bindparam("now"))
    .returning(*chain.INTENT)
)
_SETTLE: Final = (
    sa.update(schema.attempt)
    .where(_MINE, _ATTEMPT.settled_at.is_(None))
    .values(
        {
            name: sa.bindparam(name)
            for name in ("settled_at", "status", "http_status", "error", "quota_used")
        }
    )
    .returning(*chain.OUTCOME)
)
_NOT_SENT: Final = (
    sa.update(schema.delivery)
    .where(
        _DELIVERY.id == sa.select(_ATTEMPT.delivery_id).where(_MINE).scalar_subquery(),
        _DELIVERY.status == Status.SENDING,
    )
    .values(
        {
            name: sa.bindparam(name)
            for name in (
                "status",
                "error",
                "http_status",
                "typing_indicator_sent",
                "sent_to_urn",
                "message_urn",
            )
        }
    )
)
_SENT: Final = _NOT_SENT.values(sent_at=sa.bindparam("now"))


def commit_intent(ledger: Ledger, claim: Claim, clock: Callable[[], datetime]) -> None:
    """Make it durable, in both records, that the request is about to leave. If this raises, no byte
    of it may leave.

    `clock` is asked within the transaction: while this waits for the ledger, the claim's time may
    run out.

    Raises StorageError when the claim is no longer ours or its time has run out, and when one of
    the records cannot be written.
    """
    try:
        _commit(ledger, claim, clock)
    except UnnotedError:
        # The ledger has the intent. No byte has left, and none will.
        with ledger.write() as connection:
            unsent = Outcome(Status.WAITING, error="the second record could not be written")
            _settle(connection, claim.attempt, unsent, clock())
        raise


def _commit(ledger: Ledger, claim: Claim, clock: Callable[[], datetime]) -> None:
    with ledger.write() as connection:
        now = clock()
        taken = connection.execute(_INTENT, {"attempt": claim.attempt, "now": now}).first()
        if taken is not None:
            chain.add(connection, What.INTENT, claim.attempt, now, taken, **_noted(claim))
    if taken is None:
        raise StorageError(
            f"The claim on row {claim.row} is no longer valid; its message was not sent.",
            where=ledger.place,
            remedy="Run the same command again.",
        )


def _noted(claim: Claim) -> dict[str, Any]:
    return {
        "campaign": claim.campaign,
        "attempt": claim.attempt,
        "slug": claim.recipient.slug,
        "urn": claim.recipient.urn,
        "account": claim.account,
        "row": claim.row,
        "step": claim.step if claim.step > 1 else None,
    }


def settle(ledger: Ledger, claim: Claim, outcome: Outcome, now: datetime) -> Outcome:
    """Record the outcome of an attempt, and return it as it was recorded.

    One transaction notes it for the attempt, the delivery, the account and the person's spellings.
    An answer that may name another person than was asked for also stops the account. In that case
    the knowledge of people is wrong, either ours or the vendor's own.
    """
    with ledger.write() as connection:
        urn = outcome.recipient_urn
        if urn and (doubt := take_in(connection, claim, urn, now)):
            # Somebody has the message, but not surely the recipient. Only a person can say what
            # that means.
            asked = claim.recipient.identity
            stopped = stop(_campaign_of(connection, claim), claim.row, asked, doubt)
            outcome = replace(outcome, status=Status.UNCERTAIN, error=doubt, stop=stopped)
        _settle(connection, claim.attempt, outcome, now)
        if outcome.is_deprecated:
            set_note(connection, DEPRECATED, now.isoformat())
        note_outcome(connection, claim.account, outcome)
    return outcome


def _campaign_of(connection: Connection, claim: Claim) -> str:
    table, campaign = schema.attempt, schema.campaign
    mine = sa.select(campaign.c.name).join(table, table.c.campaign_id == campaign.c.id)
    return str(connection.execute(mine.where(table.c.id == claim.attempt)).scalar_one())


def recover(ledger: Ledger, campaign_id: int, now: datetime) -> tuple[int, int]:
    """Settle the attempts that a dead run of this campaign left open.

    Only the holder of the campaign's run lock may call this. Returns how many attempts became
    uncertain, and how many wait again because they never reached the wire.
    """
    table = schema.attempt
    uncertain = released = 0
    with ledger.write() as connection:
        statement = sa.select(table.c.id, table.c.wired_at).where(
            table.c.campaign_id == campaign_id, table.c.settled_at.is_(None)
        )
        for attempt_id, wired_at in connection.execute(statement).all():
            if wired_at is None:
                released += 1
                outcome = Outcome(Status.WAITING, error="the run ended before the request left")
            else:
                uncertain += 1
                outcome = Outcome(
                    Status.UNCERTAIN, error="the run ended while the request was under way"
                )
            _settle(connection, attempt_id, outcome, now)
    return uncertain, released


def _settle(connection: Connection, attempt_id: int, outcome: Outcome, now: datetime) -> None:
    said = {"status": outcome.status, "error": outcome.error, "http_status": outcome.http_status}
    used = outcome.told.used if outcome.told else None
    mine = {"attempt": attempt_id, "settled_at": now, "quota_used": used, **said}
    settled = connection.execute(_SETTLE, mine).first()
    if settled is None:
        raise StorageError(
            "An attempt has two outcomes; the ledger cannot be trusted.",
            remedy="Report this; do not run again.",
        )
    chain.add(
        connection,
        What.OUTCOME,
        attempt_id,
        now,
        settled,
        attempt=attempt_id,
        status=outcome.status.value,
        http_status=outcome.http_status,
        typing=outcome.typing_indicator_sent,
        answered=outcome.recipient_urn,
    )
    connection.execute(
        _SENT if outcome.status is Status.SENT else _NOT_SENT,
        {
            "attempt": attempt_id,
            "now": now,
            "typing_indicator_sent": outcome.typing_indicator_sent,
            "sent_to_urn": outcome.recipient_urn,
            "message_urn": outcome.message_urn,
            **said,
        },
    )
