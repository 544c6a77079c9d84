"""Test messages: sent on a person's word to somebody of their own choice, mostly themselves.

Each counts in its account's quota and is noted before its first byte leaves, as every message is.
They belong to no campaign that people see: they stand under a name that none has, and one person
can get as many as are asked for.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.entry import Message
from runner.ledger import schema
from runner.ledger.account import account_state
from runner.ledger.astray import alarm
from runner.ledger.campaign import TESTS, campaign_named, put_campaign
from runner.ledger.ledger import Ledger
from runner.ledger.record import AccountState, Claim, Status, Stop, Terms, Wait
from runner.ledger.setting import Stored
from runner.ledger.suppression import listed


def claim_test(
    ledger: Ledger,
    message: Message,
    account: str,
    clock: Callable[[], datetime],
    lease: timedelta,
    decide: Callable[[AccountState], Wait | None],
) -> Claim | Wait | Stop | str:
    """Choose a test message for sending; else say why it may not go: until when, what has to be
    settled, or that its person is not to be contacted."""
    table, person = schema.delivery, message.recipient

    def held(connection: Connection, campaign_id: int, now: datetime) -> Wait | Stop | str | None:
        if (barred := listed(connection, person.keys)) is not None:
            return barred
        if (stopped := alarm(connection, account)) is not None:
            return stopped
        state = account_state(connection, account, campaign_id, now)
        return state.under_way or decide(state)

    with ledger.write() as connection:
        now = clock()
        campaign_id = _tests(connection, now)
        if (why := held(connection, campaign_id, now)) is not None:
            return why
        count = sa.select(sa.func.count()).where(table.c.campaign_id == campaign_id)
        number = connection.execute(count).scalar_one() + 1
        inserted = connection.execute(
            sa.insert(table).values(
                campaign_id=campaign_id,
                identity=f"test:{secrets.token_hex(8)}",
                step=1,
                slug=person.slug,
                urn=person.urn,
                position=number,
                row=number,
                account=account,
                message=message.text,
                subject=message.subject,
                message_type=message.message_type,
                status=Status.WAITING,
            )
        )
        delivery = int(inserted.inserted_primary_key[0])  # type: ignore[index]  # SQLite and PostgreSQL both answer it
    terms = Terms(now, lease, lambda connection: held(connection, campaign_id, clock()) is None)
    return Claim(
        delivery=delivery,
        campaign=campaign_id,
        row=number,
        account=account,
        recipient=person,
        text=message.text,
        subject=message.subject,
        message_type=message.message_type,
        conversation_urn=None,
        terms=terms,
    )


def let_go(ledger: Ledger, claim: Claim) -> None:
    """Let a test message rest that certainly did not leave: it is not tried again by itself."""
    table = schema.delivery
    rests = sa.update(table).where(table.c.id == claim.delivery, table.c.status == Status.WAITING)
    with ledger.write() as connection:
        connection.execute(rests.values(status=Status.SKIPPED, reason="a test that did not leave"))


def _tests(connection: Connection, now: datetime) -> int:
    """The number of what stands for all tests of a ledger."""
    if (known := campaign_named(connection, TESTS)) is not None:
        return known.id
    return put_campaign(
        connection,
        TESTS,
        source="",
        template_hash="",
        headers=(),
        delimiter=",",
        settings=Stored(sheet="", results="", min_days=0),
        now=now,
    ).id
