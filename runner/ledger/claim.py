"""The claim: the account's next delivery is taken for sending, or it is said why none may go.

One transaction holds everything that is decided per account, so that several campaigns, in several
processes, can share an account.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.account import account_state, is_due, under_way
from runner.ledger.astray import alarm
from runner.ledger.campaign import note_stamp, settings_of
from runner.ledger.contact import LATELY, free_at, last_look
from runner.ledger.ledger import Ledger
from runner.ledger.look import Unseen, look_of, unseen
from runner.ledger.pause import held
from runner.ledger.record import AccountState, Claim, Status, Stop, Wait
from runner.ledger.refusal import REFUSED
from runner.ledger.setting import Stored


def claim(
    ledger: Ledger,
    campaign_id: int,
    account: str,
    clock: Callable[[], datetime],
    lease: timedelta,
    decide: Callable[[AccountState], Wait | None],
    aside: Collection[int] = (),
    seen: Collection[int] | None = None,
    blind: Collection[int] = (),
) -> Claim | Unseen | Wait | Stop | None:
    """Take the account's next delivery, in one transaction.

    Otherwise return a Wait until a delivery may go, a Stop that says why no delivery may go at all,
    or None when no delivery waits. `decide` judges spacing, quota and calendar on the account as
    all campaigns left it. `lease` bounds how long the attempt can be under way; until then nobody
    else sends on the account. The deliveries of the attempts `aside` are left out, and those that
    were refused before come last: a row that is always refused keeps nobody else waiting.

    `clock` is asked within the transaction. Others may send while this waits for the ledger: by an
    earlier time, their messages would be counted again beside the numbers that the server told.

    With `seen`, the deliveries whose conversation was just looked at, one that was not is returned
    as Unseen instead, and nothing is taken. Those in `blind`, which could not be looked at, are
    left out; and without `seen`, where no look is possible, so is every step that follows another.
    """
    table = schema.delivery
    with ledger.write() as connection:
        now = clock()
        settings = settings_of(connection, campaign_id)
        next_one = _next(campaign_id, account, now, aside, blind, settings, looks=seen is not None)
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
            values: dict[str, Any] = {"status": Status.SKIPPED, "reason": reason}
            if found.step > 1 and reason.startswith(LATELY):
                # The sequence is not over: the step waits until it may go.
                person = Recipient(found.slug, found.urn)
                values = {"due_at": free_at(connection, campaign_id, person, now)}
            connection.execute(sa.update(table).where(table.c.id == found.id).values(values))
            # It may be free the next time: the list is then read anew.
            note_stamp(connection, campaign_id, None)
            found = connection.execute(next_one).first()
            if found is None:
                return _until_due(account_state(connection, account, campaign_id, now), decide)
        if wait is not None:
            return wait
        if seen is not None and found.id not in seen:
            return unseen(connection, found, settings)
        looked = look_of(connection, found.id) if seen is not None else None
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
        step=found.step,
        account=account,
        recipient=Recipient(found.slug, found.urn),
        text=found.message,
        subject=found.subject,
        message_type="inmail" if looked and looked.as_inmail else found.message_type,
        conversation_urn=found.conversation_urn or (looked.conversation_urn if looked else None),
    )


def _next(
    campaign_id: int,
    account: str,
    now: datetime,
    aside: Collection[int],
    blind: Collection[int],
    settings: Stored,
    *,
    looks: bool,
) -> sa.Select[Any]:
    """Select the account's next delivery. Steps that are due go first, or last if it is so said."""
    table, attempt = schema.delivery, schema.attempt
    step = table.c.step if settings.new_people_first else table.c.step.desc()
    refused = sa.select(attempt.c.delivery_id).where(attempt.c.id.in_(aside))
    return (
        sa.select(table)
        .where(
            table.c.campaign_id == campaign_id,
            table.c.account == account,
            table.c.status == Status.WAITING,
            is_due(now),
            table.c.id.not_in(tuple(blind)),
            table.c.id.not_in(refused),
            sa.true() if looks else table.c.step == 1,
        )
        .order_by(sa.func.coalesce(table.c.http_status.in_(REFUSED), False), step, table.c.position)
        .limit(1)
    )


def peek(
    ledger: Ledger,
    campaign_id: int,
    account: str,
    now: datetime,
    aside: Collection[int],
    seen: Collection[int],
    blind: Collection[int],
) -> Unseen | None:
    """Return the account's next delivery where it has to be looked at; nothing is taken."""
    with ledger.read() as connection:
        settings = settings_of(connection, campaign_id)
        next_one = _next(campaign_id, account, now, aside, blind, settings, looks=True)
        found = connection.execute(next_one).first()
        if found is None or found.id in seen:
            return None
        return unseen(connection, found, settings)


def _until_due(state: AccountState, decide: Callable[[AccountState], Wait | None]) -> Wait | None:
    """The wait for the next date, where only rows with a later date are left."""
    return decide(state) if state.later() and not state.waiting() else None
