"""The claim: the account's next delivery is taken for sending, or it is said why none may go.

One transaction holds everything that is decided per account, so that several campaigns, in several
processes, can share an account.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.account import account_state, is_due
from runner.ledger.astray import alarm
from runner.ledger.campaign import note_stamp
from runner.ledger.change import update
from runner.ledger.contact import LATELY, free_at, last_look
from runner.ledger.ledger import Ledger
from runner.ledger.look import Unseen, look_of, unseen
from runner.ledger.pause import Said, held
from runner.ledger.record import BELIEVABLE, AccountState, Claim, Status, Stop, Wait
from runner.ledger.refusal import REFUSED
from runner.ledger.setting import Stored, from_json

_DELIVERY: Final = schema.delivery.c
# Statements are built once: a claim asks them before each message.
_CAMPAIGN: Final = sa.select(
    schema.campaign.c.name,
    schema.campaign.c.settings,
    schema.campaign.c.paused_at,
    schema.campaign.c.stop_asked_at,
).where(schema.campaign.c.id == sa.bindparam("campaign"))
_ATTEMPT: Final = sa.insert(schema.attempt)
_TAKE: Final = (
    sa.update(schema.delivery)
    .where(_DELIVERY.id == sa.bindparam("delivery"))
    .values(status=Status.SENDING)
)
# More rows than any quota lets go make no difference to who may go now.
_ENOUGH: Final = 5 * BELIEVABLE


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
    with ledger.write() as connection:
        now = clock()
        campaign = _campaign(connection, campaign_id)
        settings, looks = campaign.settings, seen is not None
        next_one = _Next(campaign, account, now, aside, blind, looks)
        found = next_one.find(connection)
        state = account_state(connection, account, campaign_id, now, _ENOUGH)
        if found is None and not state.later():
            return None
        stopped = alarm(connection, account) or held(campaign.name, campaign.said)
        if stopped is not None:
            return stopped
        if found is None:
            return _until_due(state, decide)
        wait = state.under_way or decide(state)
        if wait is not None and wait.stay:
            return wait  # this is asked again soon; the recipient is looked at then
        while (reason := last_look(connection, found, settings, now)) is not None:
            values: dict[str, Any] = {"status": Status.SKIPPED, "reason": reason}
            if found.step > 1 and reason.startswith(LATELY):
                # The sequence is not over: the step waits until it may go.
                person = Recipient(found.slug, found.urn)
                values = {"due_at": free_at(connection, campaign_id, settings, person, now)}
            update(connection, [{"_id": found.id, **values}])
            # It may be free the next time: the list is then read anew.
            note_stamp(connection, campaign_id, None)
            found = next_one.find(connection)
            if found is None:
                state = account_state(connection, account, campaign_id, now, _ENOUGH)
                return _until_due(state, decide)
        if wait is not None:
            return wait
        if seen is not None and found.id not in seen:
            return unseen(connection, found, settings)
        looked = look_of(connection, found.id) if looks else None
        inserted = connection.execute(
            _ATTEMPT,
            {
                "delivery_id": found.id,
                "campaign_id": campaign_id,
                "account": account,
                "claimed_at": now,
                "deadline": now + lease,
            },
        )
        connection.execute(_TAKE, {"delivery": found.id})
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


class _Campaign(NamedTuple):
    """What a claim has to know of its campaign."""

    id: int
    name: str
    settings: Stored
    said: Said


def _campaign(connection: Connection, campaign_id: int) -> _Campaign:
    found = connection.execute(_CAMPAIGN, {"campaign": campaign_id}).first()
    if found is None:
        return _Campaign(campaign_id, "", Stored(sheet="", results=""), Said(None, None))
    said = Said(found.paused_at, found.stop_asked_at)
    return _Campaign(campaign_id, found.name, from_json(found.settings), said)


@cache
def _next(*, new_people_first: bool, looks: bool) -> sa.Select[Any]:
    """Select the account's next delivery. Steps that are due go first, or last if it is so said."""
    attempt = schema.attempt.c
    step = _DELIVERY.step if new_people_first else _DELIVERY.step.desc()
    aside = sa.bindparam("aside", expanding=True, type_=sa.Integer)
    refused = sa.select(attempt.delivery_id).where(attempt.id.in_(aside))
    return (
        sa.select(schema.delivery)
        .where(
            _DELIVERY.campaign_id == sa.bindparam("campaign"),
            _DELIVERY.account == sa.bindparam("account"),
            _DELIVERY.status == Status.WAITING,
            is_due(sa.bindparam("now")),
            _DELIVERY.id.not_in(sa.bindparam("blind", expanding=True, type_=sa.Integer)),
            _DELIVERY.id.not_in(refused),
            sa.true() if looks else _DELIVERY.step == 1,
        )
        .order_by(
            sa.func.coalesce(_DELIVERY.http_status.in_(REFUSED), False), step, _DELIVERY.position
        )
        .limit(1)
    )


class _Next(NamedTuple):
    """How the account's next delivery is found, as often as one is passed over."""

    campaign: _Campaign
    account: str
    now: datetime
    aside: Collection[int]
    blind: Collection[int]
    looks: bool

    def find(self, connection: Connection) -> sa.Row[Any] | None:
        settings = self.campaign.settings
        statement = _next(new_people_first=settings.new_people_first, looks=self.looks)
        mine = {"campaign": self.campaign.id, "account": self.account, "now": self.now}
        out = {"aside": list(self.aside), "blind": list(self.blind)}
        return connection.execute(statement, mine | out).first()


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
        campaign = _campaign(connection, campaign_id)
        found = _Next(campaign, account, now, aside, blind, looks=True).find(connection)
        if found is None or found.id in seen:
            return None
        return unseen(connection, found, campaign.settings)


def _until_due(state: AccountState, decide: Callable[[AccountState], Wait | None]) -> Wait | None:
    """The wait for the next date, where only rows with a later date are left."""
    return decide(state) if state.later() and not state.waiting() else None
