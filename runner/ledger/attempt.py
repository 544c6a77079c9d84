"""Attempts: claim a delivery, commit the intent on the wire, settle the outcome, recover.

This is the at-most-once rule. A claim takes one waiting delivery out of waiting. The intent is
durable before the first request byte. An outcome is recorded once. Recovery settles the attempts
that a dead run left open. Such an attempt is uncertain if its intent was committed, and certainly
not sent if not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.errors import StorageError
from runner.intake.recipient import Recipient
from runner.ledger import chain, schema
from runner.ledger.about import UnnotedError
from runner.ledger.account import account_state, is_due, under_way
from runner.ledger.answer import take_in
from runner.ledger.astray import alarm, stop
from runner.ledger.contact import last_look
from runner.ledger.ledger import Ledger
from runner.ledger.noted import What
from runner.ledger.pause import held
from runner.ledger.record import AccountState, Claim, Outcome, Status, Stop, Wait
from runner.ledger.refusal import REFUSED
from runner.ledger.told import note_outcome


def claim(
    ledger: Ledger,
    campaign_id: int,
    account: str,
    now: datetime,
    lease: timedelta,
    decide: Callable[[AccountState], Wait | None],
    aside: Collection[int] = (),
) -> Claim | Wait | Stop | None:
    """Take the account's next delivery, in one transaction.

    Otherwise return a Wait until a delivery may go, a Stop that says why no delivery may go at all,
    or None when no delivery waits. `decide` judges spacing, quota and calendar on the account as
    all campaigns left it. `lease` bounds how long the attempt can be under way; until then nobody
    else sends on the account. The deliveries of the attempts `aside` are left out, and those that
    were refused before come last: a row that is always refused keeps nobody else waiting.
    """
    table = schema.delivery
    with ledger.write() as connection:
        next_one = (
            sa.select(table)
            .where(
                table.c.campaign_id == campaign_id,
                table.c.account == account,
                table.c.status == Status.WAITING,
                is_due(now),
                table.c.id.not_in(
                    sa.select(schema.attempt.c.delivery_id).where(schema.attempt.c.id.in_(aside))
                ),
            )
            .order_by(sa.func.coalesce(table.c.http_status.in_(REFUSED), False), table.c.position)
            .limit(1)
        )
        found = connection.execute(next_one).first()
        state = account_state(connection, account, campaign_id, now)
        if found is None and not state.later():
            return None
        stopped = alarm(connection, account) or held(connection, campaign_id)
        if stopped is not None:
            return stopped
        if found is None:
            return _until_due(state, decide)
        wait = under_way(connection, account, now) or decide(state)
        if wait is not None and wait.stay:
            return wait  # this is asked again soon; the recipient is looked at then
        while (
            reason := last_look(
                connection, campaign_id, found.id, Recipient(found.slug, found.urn), now
            )
        ) is not None:
            connection.execute(
                sa.update(table)
                .where(table.c.id == found.id)
                .values(status=Status.SKIPPED, reason=reason)
            )
            found = connection.execute(next_one).first()
            if found is None:
                return _until_due(account_state(connection, account, campaign_id, now), decide)
        if wait is not None:
            return wait
        inserted = connection.execute(
            sa.insert(schema.attempt).values(
                delivery_id=found.id,
                campaign_id=campaign_id,
                account=account,
                claimed_at=now,
                deadline=now + lease,
            )
        )
        connection.execute(
            sa.update(table).where(table.c.id == found.id).values(status=Status.SENDING)
        )
        attempt_id = inserted.inserted_primary_key.id  # type: ignore[union-attr]  # SQLite and PostgreSQL both answer it
    return Claim(
        attempt=attempt_id,
        campaign=campaign_id,
        row=found.row,
        account=account,
        recipient=Recipient(found.slug, found.urn),
        text=found.message,
        subject=found.subject,
        message_type=found.message_type,
        conversation_urn=found.conversation_urn,
    )


def _until_due(state: AccountState, decide: Callable[[AccountState], Wait | None]) -> Wait | None:
    """The wait for the next date, where only rows with a later date are left."""
    return decide(state) if state.later() and not state.waiting() else None


def commit_intent(ledger: Ledger, claim: Claim, now: datetime) -> None:
    """Make it durable, in both records, that the request is about to leave. If this raises, no byte
    of it may leave.

    Raises StorageError when the claim is no longer ours or its time has run out, and when one of
    the records cannot be written.
    """
    try:
        _commit(ledger, claim, now)
    except UnnotedError:
        # The ledger has the intent. No byte has left, and none will.
        with ledger.write() as connection:
            unsent = Outcome(Status.WAITING, error="the second record could not be written")
            _settle(connection, claim.attempt, unsent, now)
        raise


def _commit(ledger: Ledger, claim: Claim, now: datetime) -> None:
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
        if taken == 1:
            chain.add(connection, What.INTENT, claim.attempt, now, **_noted(claim))
    if taken != 1:
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
    attempt, delivery = schema.attempt, schema.delivery
    settled = connection.execute(
        sa.update(attempt)
        .where(attempt.c.id == attempt_id, attempt.c.settled_at.is_(None))
        .values(
            settled_at=now,
            status=outcome.status,
            http_status=outcome.http_status,
            error=outcome.error,
            quota_used=outcome.told.used if outcome.told else None,
        )
    ).rowcount
    if settled != 1:
        raise StorageError(
            "An attempt has two outcomes; the ledger cannot be trusted.",
            remedy="Report this; do not run again.",
        )
    chain.add(
        connection,
        What.OUTCOME,
        attempt_id,
        now,
        attempt=attempt_id,
        status=outcome.status.value,
        http_status=outcome.http_status,
        typing=outcome.typing_indicator_sent,
        answered=outcome.recipient_urn,
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
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.id == which, delivery.c.status == Status.SENDING)
        .values(values)
    )
