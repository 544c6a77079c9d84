"""The claim: the account's next delivery is chosen for sending, or it is said why none may go.

Everything that is decided per account is decided here, in one view of the ledger, so that several
campaigns, in several processes, can share an account. The choice is made in a read. It holds when
the intent is committed if nothing of the ledger changed in between, or if it would be made again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.account import account_state
from runner.ledger.astray import alarm, is_alarmed
from runner.ledger.campaign import note_stamp
from runner.ledger.change import update
from runner.ledger.contact import LATELY, free_at, last_look
from runner.ledger.ledger import Ledger
from runner.ledger.look import Unseen, look_of, unseen
from runner.ledger.pause import NOT_SUBMITTED, Said, held
from runner.ledger.record import AccountState, Claim, Status, Stop, Terms, Wait
from runner.ledger.refusal import REFUSED
from runner.ledger.setting import Stored, from_json

_DELIVERY: Final = schema.delivery.c
# Statements are built once: a claim asks them before each message.
_CAMPAIGN: Final = sa.select(
    schema.campaign.c.name,
    schema.campaign.c.settings,
    schema.campaign.c.paused_at,
    schema.campaign.c.stop_asked_at,
    schema.campaign.c.submitted_at,
    sa.select(sa.func.max(_DELIVERY.step))
    .where(
        _DELIVERY.campaign_id == sa.bindparam("campaign"),
        _DELIVERY.account == sa.bindparam("account"),
        _DELIVERY.status == Status.WAITING,
    )
    .scalar_subquery()
    .label("last_step"),
    is_alarmed(sa.bindparam("account")).label("is_alarmed"),
).where(schema.campaign.c.id == sa.bindparam("campaign"))


def claim(
    ledger: Ledger,
    campaign_id: int,
    account: str,
    clock: Callable[[], datetime],
    lease: timedelta,
    decide: Callable[[AccountState], Wait | None],
    aside: Collection[int] = (),
    seen: Collection[int] | None = None,
    *,
    for_workers: bool = False,
) -> Claim | Unseen | Wait | Stop | None:
    """Choose the account's next delivery; nothing is taken before the commit of the intent.

    Otherwise return a Wait until a delivery may go, a Stop that says why no delivery may go at all,
    or None when no delivery waits. `decide` judges spacing, quota and calendar on the account as
    all campaigns left it. `lease` bounds how long the claim is good, and from the intent on how
    long the attempt can be under way; until then nobody else sends on the account. The deliveries
    `aside` are left out, and those that were refused before come last: a row that is always refused
    keeps nobody else waiting.

    `clock` is asked within the transaction. Others may send while this waits for the ledger: by an
    earlier time, their messages would be counted again beside the numbers that the server told.

    With `seen`, the deliveries whose conversation was just looked at, one that was not is returned
    as Unseen instead. Without `seen`, where no look is possible, every step that follows another is
    left out. `for_workers`, nothing goes that they were not to send, or are not any more.
    """
    choice = _Choice(campaign_id, account, clock, decide, aside, seen, for_workers)
    mark, found = choice.look(ledger)
    while isinstance(found, _Passed):
        with ledger.write() as connection:
            choice.pass_over(connection)
        mark, found = choice.look(ledger)
    if not isinstance(found, Claim):
        return found
    chosen = found

    def holds(connection: Connection) -> bool:
        return ledger.mark(connection) == mark or choice.make(connection) == chosen

    return replace(chosen, terms=Terms(choice.at, lease, holds))


@dataclass(frozen=True, slots=True)
class _Passed:
    """A delivery that is passed over, and what becomes of it."""

    values: dict[str, Any]


_Choosable = Claim | Unseen | Wait | Stop | _Passed | None


@dataclass(slots=True)
class _Choice:
    """How an account's next delivery is chosen, as often as it is asked: each time by what the
    ledger holds then, `at` that time."""

    campaign_id: int
    account: str
    clock: Callable[[], datetime]
    decide: Callable[[AccountState], Wait | None]
    aside: Collection[int]
    seen: Collection[int] | None
    for_workers: bool
    at: datetime = field(init=False)

    def look(self, ledger: Ledger) -> tuple[object, _Choosable]:
        """Choose in a read, with the ledger's mark."""
        with ledger.read() as connection:
            return ledger.mark(connection), self.make(connection)

    def make(self, connection: Connection) -> _Choosable:
        """Choose, without changing anything."""
        now = self.at = self.clock()
        campaign = _campaign(connection, self.campaign_id, self.account)
        if self.for_workers and campaign.said.submitted_at is None:
            return NOT_SUBMITTED
        looks = self.seen is not None
        found = _Next(campaign, self.account, now, self.aside, looks).find(connection)
        state = account_state(connection, self.account, self.campaign_id, now, bounded=True)
        if found is None and not state.later():
            return None
        alarmed = alarm(connection, self.account) if campaign.is_alarmed else None
        stopped = alarmed or held(campaign.name, campaign.said)
        if stopped is not None:
            return stopped
        if found is None:
            return _until_due(state, self.decide)
        wait = state.under_way or self.decide(state)
        if wait is not None and wait.stay:
            return wait  # this is asked again soon; the recipient is looked at then
        reason = last_look(connection, found, campaign.settings, now)
        if reason is not None:
            return _Passed(self._passed(connection, found, campaign.settings, reason))
        if wait is not None:
            return wait
        if self.seen is not None and found.id not in self.seen:
            return unseen(connection, found, campaign.settings)
        looked = look_of(connection, found.id) if looks else None
        urn = found.conversation_urn or (looked.conversation_urn if looked else None)
        return Claim(
            delivery=found.id,
            campaign=self.campaign_id,
            row=found.row,
            step=found.step,
            account=self.account,
            recipient=Recipient(found.slug, found.urn),
            text=found.message,
            subject=found.subject,
            message_type="inmail" if looked and looked.as_inmail else found.message_type,
            conversation_urn=urn,
            key=state.key,
        )

    def _passed(
        self, connection: Connection, found: sa.Row[Any], settings: Stored, reason: str
    ) -> dict[str, Any]:
        if found.step > 1 and reason.startswith(LATELY):
            # The sequence is not over: the step waits until it may go.
            person = Recipient(found.slug, found.urn)
            due_at = free_at(connection, self.campaign_id, settings, person, self.at)
            return {"_id": found.id, "due_at": due_at}
        return {"_id": found.id, "status": Status.SKIPPED, "reason": reason}

    def pass_over(self, connection: Connection) -> None:
        """Pass over those that are next and may not go, as far as one that may."""
        while isinstance(found := self.make(connection), _Passed):
            update(connection, [found.values])
            # It may be free the next time: the list is then read anew.
            note_stamp(connection, self.campaign_id, None)


class _Campaign(NamedTuple):
    """What a claim has to know of its campaign and account: the last step that waits, and whether
    a message of the account may have gone astray."""

    id: int
    name: str
    settings: Stored
    said: Said
    last_step: int
    is_alarmed: bool


def _campaign(connection: Connection, campaign_id: int, account: str) -> _Campaign:
    found = connection.execute(_CAMPAIGN, {"campaign": campaign_id, "account": account}).first()
    if found is None:
        return _Campaign(campaign_id, "", Stored(sheet="", results=""), Said(), 1, True)
    said = Said(found.paused_at, found.stop_asked_at, found.submitted_at)
    settings, last_step = from_json(found.settings), found.last_step or 1
    return _Campaign(campaign_id, found.name, settings, said, last_step, found.is_alarmed)


@cache
def _first(*, refused: bool, left_out: bool) -> sa.Select[Any]:
    """Select the first delivery of a step that may go, in the order of the list; with `left_out`,
    without those that are aside.

    Those without a date stand in their order in an index; those whose date has come are few.
    """
    codes = (_DELIVERY.http_status == code for code in REFUSED)  # `in_` costs time at each asking
    is_refused = sa.func.coalesce(sa.or_(*codes), False)
    aside = sa.bindparam("aside", expanding=True, type_=sa.Integer)

    def first(date: sa.ColumnElement[bool]) -> sa.Select[Any]:
        mine = (
            sa.select(_DELIVERY.id, _DELIVERY.position)
            .where(
                _DELIVERY.campaign_id == sa.bindparam("campaign"),
                _DELIVERY.account == sa.bindparam("account"),
                _DELIVERY.status == Status.WAITING,
                _DELIVERY.step == sa.bindparam("step"),
                date,
                *([_DELIVERY.id.not_in(aside)] if left_out else []),
                is_refused if refused else ~is_refused,
            )
            .order_by(_DELIVERY.position)
            .limit(1)
        )
        return sa.select(mine.subquery())

    has_come = _DELIVERY.due_at <= sa.bindparam("now")
    either = sa.union_all(first(_DELIVERY.due_at.is_(None)), first(has_come)).subquery()
    return (
        sa.select(schema.delivery)
        .join(either, either.c.id == _DELIVERY.id)
        .order_by(either.c.position)
        .limit(1)
    )


class _Next(NamedTuple):
    """How the account's next delivery is found, as often as one is passed over. Steps that are due
    go first, or last if it is so said."""

    campaign: _Campaign
    account: str
    now: datetime
    aside: Collection[int]
    looks: bool

    def find(self, connection: Connection) -> sa.Row[Any] | None:
        mine = {"campaign": self.campaign.id, "account": self.account, "now": self.now}
        left_out = bool(self.aside)
        out = {"aside": list(self.aside)} if left_out else {}
        steps = range(1, 1 + (self.campaign.last_step if self.looks else 1))
        order = steps if self.campaign.settings.new_people_first else steps[::-1]
        for refused in (False, True):
            for step in order:
                statement = _first(refused=refused, left_out=left_out)
                found = connection.execute(statement, {**mine, **out, "step": step}).first()
                if found is not None:
                    return found
        return None


def peek(
    ledger: Ledger,
    campaign_id: int,
    account: str,
    now: datetime,
    aside: Collection[int],
    seen: Collection[int],
) -> Unseen | None:
    """Return the account's next delivery where it has to be looked at; nothing is taken."""
    with ledger.read() as connection:
        campaign = _campaign(connection, campaign_id, account)
        found = _Next(campaign, account, now, aside, looks=True).find(connection)
        if found is None or found.id in seen:
            return None
        return unseen(connection, found, campaign.settings)


def upcoming(
    connection: Connection, campaign_id: int, account: str, now: datetime
) -> tuple[int, str] | None:
    """Return the row and the person of the account's next delivery, as far as is known now."""
    campaign = _campaign(connection, campaign_id, account)
    found = _Next(campaign, account, now, (), looks=True).find(connection)
    return None if found is None else (found.row, found.slug or found.urn or "")


def _until_due(state: AccountState, decide: Callable[[AccountState], Wait | None]) -> Wait | None:
    """The wait for the next date, where only rows with a later date are left."""
    return decide(state) if state.later() and not state.waiting() else None
