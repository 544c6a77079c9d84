"""Attempts: claim a delivery, commit the intent on the wire, settle the outcome; and recover what a dead run left open.

This is the at-most-once rule. A claim takes one waiting delivery out of waiting. The intent is durable before the first request
byte. An outcome is recorded once. What a run left open is uncertain if its intent was committed, and certainly not sent if not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.errors import StorageError
from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.contact import bar
from runner.ledger.ledger import Ledger
from runner.ledger.person import answered_identity, learn
from runner.ledger.record import AccountState, Claim, Hold, Outcome, Status, Told, Wait

# While another campaign's message is under way on the account, look again this soon.
_POLL = timedelta(seconds=1)
# No window of the vendor's is longer than a week.
FARTHEST_HOLD = timedelta(days=9)
_LONGEST_LEASE = timedelta(hours=2)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_CHARGED = (Status.SENT, Status.UNCERTAIN)


def claim(
    ledger: Ledger,
    campaign_id: int,
    account: str,
    now: datetime,
    lease: timedelta,
    decide: Callable[[AccountState], Wait | None],
) -> Claim | Wait | None:
    """Take the account's next delivery, or say until when none may go, or None when none waits; one transaction.

    `decide` judges spacing, quota and calendar on the account as all campaigns left it. `lease` bounds how long the attempt
    can be under way; until then nobody else sends on the account.
    """
    table = schema.delivery
    with ledger.write() as connection:
        next_one = (
            sa.select(table)
            .where(table.c.campaign_id == campaign_id, table.c.account == account, table.c.status == Status.WAITING)
            .order_by(table.c.position)
            .limit(1)
        )
        while (found := connection.execute(next_one).first()) is not None:
            recipient = Recipient(found.slug, found.urn)
            reason = bar(connection, campaign_id, found.id, recipient, now)
            if reason is None:
                break
            connection.execute(sa.update(table).where(table.c.id == found.id).values(status=Status.SKIPPED, reason=reason))
        else:
            return None
        wait = _under_way(connection, account, now) or decide(_state(connection, account, campaign_id, now))
        if wait is not None:
            return wait
        inserted = connection.execute(
            sa.insert(schema.attempt).values(
                delivery_id=found.id, campaign_id=campaign_id, account=account, claimed_at=now, deadline=now + lease
            )
        )
        connection.execute(sa.update(table).where(table.c.id == found.id).values(status=Status.SENDING))
        attempt_id = inserted.inserted_primary_key.id  # type: ignore[union-attr]  # SQLite and PostgreSQL both answer it
    return Claim(
        attempt_id,
        found.row,
        account,
        recipient,
        found.message,
        found.subject,
        found.message_type,
        found.conversation_urn,
    )


def peek(connection: Connection, account: str, campaign_id: int, now: datetime) -> AccountState:
    """The account as a claim of this campaign would see it now."""
    return _state(connection, account, campaign_id, now)


def commit_intent(ledger: Ledger, claim: Claim, now: datetime) -> None:
    """Make it durable that the request is about to leave; if this raises, no byte of it may.

    Raises StorageError when the claim is no longer ours or its time has run out.
    """
    table = schema.attempt
    with ledger.write() as connection:
        taken = connection.execute(
            sa.update(table)
            .where(
                table.c.id == claim.attempt,
                table.c.wired_at.is_(None),
                table.c.settled_at.is_(None),
                table.c.deadline > now,
            )
            .values(wired_at=now)
        ).rowcount
    if taken != 1:
        raise StorageError(
            f"The claim on row {claim.row} is no longer valid; its message was not sent.",
            where=ledger.place,
            remedy="Run the same command again.",
        )


def settle(ledger: Ledger, claim: Claim, outcome: Outcome, now: datetime) -> None:
    """Record what the attempt taught us, in one transaction: the attempt, the delivery, the account, the person's spellings."""
    with ledger.write() as connection:
        _settle(connection, claim.attempt, outcome, now)
        _note_account(connection, claim.account, outcome)
        if answered := answered_identity(outcome.recipient_urn):
            # Whoever it went to has the message: also when the answer names another than was asked for.
            learn(connection, [(key, answered) for key in claim.recipient.keys if key != answered], now)


def recover(ledger: Ledger, campaign_id: int, now: datetime) -> tuple[int, int]:
    """Settle what a dead run of this campaign left open; only for the holder of the campaign's run lock.

    Answers how many became uncertain and how many, never having reached the wire, wait again.
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
                outcome = Outcome(Status.UNCERTAIN, error="the run ended while the request was under way")
            _settle(connection, attempt_id, outcome, now)
    return uncertain, released


def _settle(connection: Connection, attempt_id: int, outcome: Outcome, now: datetime) -> None:
    attempt, delivery = schema.attempt, schema.delivery
    settled = connection.execute(
        sa.update(attempt)
        .where(attempt.c.id == attempt_id, attempt.c.settled_at.is_(None))
        .values(settled_at=now, status=outcome.status, http_status=outcome.http_status, error=outcome.error)
    ).rowcount
    if settled != 1:
        raise StorageError(
            "An attempt has two outcomes; the ledger cannot be trusted.", remedy="Report this; do not run again."
        )
    values: dict[str, Any] = {
        "status": outcome.status,
        "error": outcome.error,
        "http_status": outcome.http_status,
        "typing_indicator_sent": outcome.typing_indicator_sent,
        "sent_to_urn": outcome.recipient_urn,
    }
    if outcome.status is Status.SENT:
        values["sent_at"] = now
    which = sa.select(attempt.c.delivery_id).where(attempt.c.id == attempt_id).scalar_subquery()
    connection.execute(sa.update(delivery).where(delivery.c.id == which, delivery.c.status == Status.SENDING).values(values))


def _under_way(connection: Connection, account: str, now: datetime) -> Wait | None:
    table = schema.attempt
    # A deadline beyond any lease was set by a clock that was ahead.
    statement = sa.select(table.c.deadline).where(
        table.c.settled_at.is_(None),
        table.c.account == account,
        table.c.deadline > now,
        table.c.deadline < now + _LONGEST_LEASE,
    )
    deadline = connection.execute(statement).scalar()
    if deadline is None:
        return None
    return Wait(min(deadline, now + _POLL), "another campaign is sending on this account", stay=True)


def _state(connection: Connection, account: str, campaign_id: int, now: datetime) -> AccountState:
    known, attempt, delivery = schema.account, schema.attempt, schema.delivery
    found = connection.execute(sa.select(known).where(known.c.account == account)).first()
    told = hold = None
    if found is not None:
        at = found.told_at or _LONG_AGO
        known_numbers = (found.quota_limit, found.quota_used, found.quota_remaining, found.quota_reset_at)
        # What a clock that was ahead wrote down must not silence the account until then.
        if at <= now and any(number is not None for number in known_numbers):
            reset_at = found.quota_reset_at
            told = Told(at, *known_numbers[:3], reset_at if reset_at and reset_at <= now + FARTHEST_HOLD else None)
        if found.held_until is not None and found.held_until <= now + FARTHEST_HOLD:
            hold = Hold(found.held_until, found.hold_reason, found.hold_brief)
    mine = attempt.c.account == account
    last = connection.execute(
        sa.select(sa.func.max(attempt.c.claimed_at, type_=schema.Instant())).where(mine, attempt.c.claimed_at <= now)
    ).scalar()

    def charged_after(instant: datetime) -> int:
        counts = sa.or_(attempt.c.settled_at.is_(None), attempt.c.status.in_(_CHARGED))
        statement = sa.select(sa.func.count()).where(mine, attempt.c.claimed_at > instant, counts)
        return connection.execute(statement).scalar_one()

    def waiting() -> int:
        running = sa.select(schema.campaign.c.id).where(schema.campaign.c.running_since.is_not(None))
        statement = sa.select(sa.func.count()).where(
            sa.or_(delivery.c.campaign_id == campaign_id, delivery.c.campaign_id.in_(running)),
            delivery.c.account == account,
            delivery.c.status == Status.WAITING,
        )
        return connection.execute(statement).scalar_one()

    return AccountState(account, told, hold, last, charged_after, waiting)


def _note_account(connection: Connection, account: str, outcome: Outcome) -> None:
    table = schema.account
    values: dict[str, Any] = {}
    if told := outcome.told:
        # Any number can be missing from an answer; what is missing does not unsay what an earlier one told, unless the window
        # is another one.
        before = connection.execute(sa.select(table.c.quota_reset_at).where(table.c.account == account)).scalar()
        another = told.reset_at is not None and before is not None and abs(told.reset_at - before) > timedelta(minutes=10)
        if told.remaining is not None or told.used is not None or another:
            values = {"told_at": told.at, "quota_used": told.used, "quota_remaining": told.remaining}
        given = {"quota_limit": told.limit, "quota_reset_at": told.reset_at}
        values |= {name: value for name, value in given.items() if value is not None}
    if hold := outcome.hold:
        values |= {"held_until": hold.until, "hold_reason": hold.reason, "hold_brief": hold.brief}
    elif outcome.status is Status.SENT:
        values |= {"held_until": None, "hold_reason": None, "hold_brief": None}
    if not values:
        return
    if connection.execute(sa.update(table).where(table.c.account == account).values(values)).rowcount == 0:
        connection.execute(sa.insert(table).values(account=account, **values))
