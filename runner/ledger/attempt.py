"""Attempts: commit the intent on the wire, settle the outcome, recover.

This is the at-most-once rule. The intent takes one waiting delivery out of waiting, if its claim
holds, and is durable before the first request byte. An outcome is recorded once. Recovery settles
the attempts that a dead run left open: each is uncertain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.errors import StorageError, UnreachableError
from runner.ledger import chain, schema
from runner.ledger.about import UnnotedError
from runner.ledger.answer import take_in
from runner.ledger.astray import stop
from runner.ledger.held import held
from runner.ledger.ledger import Ledger
from runner.ledger.note import set_note
from runner.ledger.noted import What
from runner.ledger.person import answered_identity
from runner.ledger.record import Claim, Outcome, OvertakenError, Status
from runner.ledger.told import note_outcome

# The note that the vendor means to take the endpoint away, with the time of the last answer that
# said so.
DEPRECATED: Final = "endpoint is deprecated"
# Each message asks these, so they are built once.
_ATTEMPT: Final = schema.attempt.c
_DELIVERY: Final = schema.delivery.c
_MINE: Final = _ATTEMPT.id == sa.bindparam("attempt")
_INTENT: Final = sa.insert(schema.attempt).returning(*chain.INTENT)
_TAKE: Final = (
    sa.update(schema.delivery)
    .where(_DELIVERY.id == sa.bindparam("taken"), _DELIVERY.status == Status.WAITING)
    .values(status=Status.SENDING)
)
_UNWIRED: Final = sa.insert(schema.attempt).returning(*chain.OUTCOME)
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
    .where(_DELIVERY.id == sa.bindparam("delivery"), _DELIVERY.status == sa.bindparam("before"))
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


class SettledError(StorageError):
    """An attempt has an outcome already."""

    def __init__(self) -> None:
        super().__init__(
            "An attempt has two outcomes; the ledger cannot be trusted.",
            remedy="Report this; do not run again.",
        )


class LostError(UnreachableError):
    """The server went away while it was asked for an intent, which may be durable or not. No byte
    has left; as soon as the server is back, that is to be settled."""

    def __init__(self, error: UnreachableError, claim: Claim) -> None:
        super().__init__(error.what, where=error.where, remedy=error.remedy)
        self.claim = claim


def commit_intent(ledger: Ledger, claim: Claim, clock: Callable[[], datetime]) -> Claim:
    """Take the claimed delivery, and make it durable, in both records, that its request is about to
    leave. If this raises, no byte of it may leave. Returns the claim with its attempt, as of now.

    `clock` is asked within the transaction: while this waits for the ledger, the claim's time may
    run out.

    Raises OvertakenError when the claim does not hold any more or its time has run out, and
    StorageError when one of the records cannot be written; LostError when it may be written all the
    same.
    """
    taken = claim
    try:
        with held(ledger, claim.account, claim.recipient.keys, claim.key) as connection:
            taken = _take(connection, claim, clock())
    except UnnotedError:
        if taken.attempt is not None:
            # The ledger has the intent. No byte has left, and none will.
            with ledger.write() as connection:
                unsent = Outcome(Status.WAITING, error="the second record could not be written")
                _settle(connection, taken.attempt, claim.delivery, unsent, clock())
        raise
    except UnreachableError as error:
        if taken.attempt is None:
            raise
        raise LostError(error, taken) from None
    return taken


def _take(connection: Connection, claim: Claim, now: datetime) -> Claim:
    terms = claim.terms
    is_in_time = terms is not None and terms.at <= now < terms.at + terms.lease
    if terms is None or not is_in_time or not terms.holds(connection):
        raise OvertakenError
    values = {"wired_at": now, "deadline": now + terms.lease}
    wired = connection.execute(_INTENT, _attempt(claim, now) | values).one()
    if connection.execute(_TAKE, {"taken": claim.delivery}).rowcount != 1:
        raise OvertakenError
    attempt = int(wired[0])
    chain.add(connection, What.INTENT, attempt, now, wired, **_noted(claim, attempt))
    return replace(claim, attempt=attempt, terms=terms._replace(at=now))


def _attempt(claim: Claim, claimed_at: datetime) -> dict[str, Any]:
    return {
        "delivery_id": claim.delivery,
        "campaign_id": claim.campaign,
        "account": claim.account,
        "claimed_at": claimed_at,
        "key": claim.key,
    }


def _noted(claim: Claim, attempt: int) -> dict[str, Any]:
    return {
        "campaign": claim.campaign,
        "attempt": attempt,
        "slug": claim.recipient.slug,
        "urn": claim.recipient.urn,
        "account": claim.account,
        "row": claim.row,
        "step": claim.step if claim.step > 1 else None,
    }


def settle(ledger: Ledger, claim: Claim, outcome: Outcome, now: datetime) -> Outcome:
    """Record the outcome of an attempt, and return it as it was recorded. A claim whose request
    never reached the wire has no attempt before.

    One transaction notes it for the attempt, the delivery, the account and the person's spellings.
    An answer that may name another person than was asked for also stops the account. In that case
    the knowledge of people is wrong, either ours or the vendor's own.
    """
    told, terms = outcome.told, claim.terms
    if told is not None and terms is not None and told.at < terms.at:
        # An answer counts its own message, also where its time has set this clock back meanwhile.
        outcome = replace(outcome, told=replace(told, at=terms.at))
    with held(ledger, claim.account, keys_of(claim, outcome)) as connection:
        urn = outcome.recipient_urn
        if urn and (doubt := take_in(connection, claim, urn, now)):
            # Somebody has the message, but not surely the recipient. Only a person can say what
            # that means.
            asked = claim.recipient.identity
            stopped = stop(_name_of(connection, claim.campaign), claim.row, asked, doubt)
            outcome = replace(outcome, status=Status.UNCERTAIN, error=doubt, stop=stopped)
        if claim.attempt is None:
            _note_unwired(connection, claim, outcome, now)
        else:
            _settle(connection, claim.attempt, claim.delivery, outcome, now)
        if outcome.is_deprecated:
            set_note(connection, DEPRECATED, now.isoformat())
        note_outcome(connection, claim.account, outcome)
    return outcome


def _name_of(connection: Connection, campaign_id: int) -> str:
    table = schema.campaign
    named = sa.select(table.c.name).where(table.c.id == campaign_id)
    return str(connection.execute(named).scalar_one())


def keys_of(claim: Claim, outcome: Outcome) -> tuple[str, ...]:
    """The spellings of the person that an outcome is about, as asked for and as answered."""
    answered = answered_identity(outcome.recipient_urn)
    return (*claim.recipient.keys, answered) if answered else claim.recipient.keys


def recover(ledger: Ledger, campaign_id: int, now: datetime) -> tuple[int, int]:
    """Settle the attempts that a dead run of this campaign left open.

    Only the holder of the campaign's run lock may call this. On a server the dead run may be one
    on another machine, whose request is still under way: there an attempt is left until its
    deadline. Returns how many attempts became uncertain, and how many wait again because they never
    reached the wire.
    """
    table = schema.attempt
    uncertain = released = 0
    with ledger.write() as connection:
        statement = sa.select(table.c.id, table.c.delivery_id, table.c.wired_at).where(
            table.c.campaign_id == campaign_id, table.c.settled_at.is_(None)
        )
        if ledger.is_shared:
            statement = statement.where(table.c.deadline <= now)
        for attempt, delivery, wired_at in connection.execute(statement).all():
            if wired_at is None:  # older versions took a delivery before its intent
                released += 1
                outcome = Outcome(Status.WAITING, error="the run ended before the request left")
            else:
                uncertain += 1
                outcome = Outcome(
                    Status.UNCERTAIN, error="the run ended while the request was under way"
                )
            _settle(connection, attempt, delivery, outcome, now)
    return uncertain, released


def _settle(
    connection: Connection, attempt: int, delivery: int, outcome: Outcome, now: datetime
) -> None:
    settled = connection.execute(_SETTLE, {"attempt": attempt} | _settled(outcome, now)).first()
    if settled is None:
        raise SettledError
    _note(connection, attempt, settled, outcome, now)
    _end(connection, delivery, Status.SENDING, outcome, now)


def _note_unwired(connection: Connection, claim: Claim, outcome: Outcome, now: datetime) -> None:
    """Note an attempt that never reached the wire: its delivery was not taken, and waits."""
    if outcome.status is not Status.WAITING:
        raise StorageError(
            "A message has an outcome, and no intent; the ledger cannot be trusted.",
            remedy="Report this; do not run again.",
        )
    claimed_at = claim.terms.at if claim.terms else now
    values = _attempt(claim, claimed_at) | {"deadline": now} | _settled(outcome, now)
    settled = connection.execute(_UNWIRED, values).one()
    _note(connection, int(settled[0]), settled, outcome, now)
    _end(connection, claim.delivery, Status.WAITING, outcome, now)


def _settled(outcome: Outcome, now: datetime) -> dict[str, Any]:
    """What an attempt keeps of its outcome."""
    return {
        "settled_at": now,
        "status": outcome.status,
        "http_status": outcome.http_status,
        "error": outcome.error,
        "quota_used": outcome.told.used if outcome.told else None,
    }


def _note(
    connection: Connection, attempt: int, settled: Sequence[Any], outcome: Outcome, now: datetime
) -> None:
    chain.add(
        connection,
        What.OUTCOME,
        attempt,
        now,
        settled,
        attempt=attempt,
        status=outcome.status.value,
        http_status=outcome.http_status,
        typing=outcome.typing_indicator_sent,
        answered=outcome.recipient_urn,
    )


def _end(
    connection: Connection, delivery: int, before: Status, outcome: Outcome, now: datetime
) -> None:
    connection.execute(
        _SENT if outcome.status is Status.SENT else _NOT_SENT,
        {
            "delivery": delivery,
            "before": before,
            "now": now,
            "status": outcome.status,
            "error": outcome.error,
            "http_status": outcome.http_status,
            "typing_indicator_sent": outcome.typing_indicator_sent,
            "sent_to_urn": outcome.recipient_urn,
            "message_urn": outcome.message_urn,
        },
    )
