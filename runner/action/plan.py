"""The plan: what a run is about to do, once list and text are read, checked and in the ledger.

Nothing is sent here. A run takes the list, prepares the ledger, and plans; a person agrees to the
plan or not.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.engine import Connection

from runner.action.notice import credits_told, told
from runner.action.take import Taken
from runner.campaign.campaign import Campaign
from runner.campaign.material import Intake
from runner.campaign.recognise import stamp_of, unchanged
from runner.campaign.stored import store_read, store_unchanged
from runner.errors import RefusedError
from runner.ledger.attempt import recover
from runner.ledger.campaign import mark_running, note_stamp
from runner.ledger.change import TakenIn
from runner.ledger.delivery import inmails, text_of
from runner.ledger.lane import note_key, submit, submitted_at
from runner.ledger.ledger import Ledger
from runner.ledger.line import Wanted, lines
from runner.ledger.record import CampaignRecord, Status
from runner.ledger.sequence import advance
from runner.ledger.standing import waiting
from runner.ledger.take import take_in
from runner.result.summary import Summary, summarise
from runner.sending.api import CONVERSATIONS
from runner.sending.traffic import Traffic

_FIRST: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A campaign whose rows are in the ledger. `recovered` attempts were left open by a run that
    died: how many became uncertain, how many wait again. One that workers sent is held back from
    them until somebody has agreed: it `was_submitted`."""

    taken: Taken
    record: CampaignRecord
    taken_in: TakenIn
    recovered: tuple[int, int]
    notices: tuple[str, ...]
    was_submitted: bool = False


class First(NamedTuple):
    """A message that would go: the row, the person and the text."""

    row: int
    person: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The next steps of a run, for a person to agree to; `first` are the first messages that would
    go, where they were asked for."""

    prepared: Prepared
    summary: Summary
    first: tuple[First, ...] = ()

    @property
    def intake(self) -> Intake | None:
        return self.prepared.taken.intake

    @property
    def taken_in(self) -> TakenIn:
        return self.prepared.taken_in

    @property
    def recovered(self) -> tuple[int, int]:
        return self.prepared.recovered

    @property
    def notices(self) -> tuple[str, ...]:
        taken = self.prepared.taken
        return (*taken.campaign.notices, *taken.notices, *self.prepared.notices)


def first_of(ledger: Ledger, campaign_id: int) -> tuple[First, ...]:
    """Return the first messages that wait, in the order of the list."""
    found = list(lines(ledger, campaign_id, wanted=Wanted(Status.WAITING, most=_FIRST)))
    with ledger.read() as connection:
        return tuple(
            First(line.number, line.identity or "", text_of(connection, line.delivery))
            for line in found
        )


def prepare(taken: Taken, ledger: Ledger, now: datetime) -> Prepared:
    """Recover what a dead run left open, and bring the ledger up to the list; for the holder of
    the campaign's run lock. Raises RefusedError when another run has read another list."""
    recovered = recover(ledger, taken.record.id, now)
    with ledger.write() as connection:
        # A run that was killed could not say that it ended.
        mark_running(connection, taken.record.id, None)
        was_submitted = submitted_at(connection, taken.record.id) is not None
        if was_submitted:
            submit(connection, taken.record.id, None)
        if taken.intake is None:
            record, taken_in = _prepare_unchanged(connection, taken, now)
        else:
            record, taken_in = _prepare_read(
                connection, taken, taken.intake, now, is_as_left=ledger.is_as_left
            )
        _refuse_inmail(connection, taken.campaign, record)
        if taken.campaign.key_name is not None:
            note_key(connection, record.id, taken.campaign.key_name)
        notices = tuple(told(connection, taken.campaign, record))
    return Prepared(
        taken=taken,
        record=record,
        taken_in=taken_in,
        recovered=recovered,
        notices=notices,
        was_submitted=was_submitted,
    )


def held_back(plan: Plan) -> str:
    """What becomes of a campaign that workers sent, where nobody agreed to what it is now."""
    if not plan.prepared.was_submitted:
        return ""
    return " Workers, who sent it before, do not send it until it is submitted again."


def _prepare_unchanged(
    connection: Connection, taken: Taken, now: datetime
) -> tuple[CampaignRecord, TakenIn]:
    if unchanged(connection, taken.campaign, taken.material, now) is None:
        raise RefusedError(
            "The campaign was read from another list meanwhile.",
            remedy="Run the same command again.",
        )
    record = store_unchanged(
        connection, taken.record, taken.campaign, taken.material, taken.results, now
    )
    advance(connection, record.id, record.settings, taken.campaign.calendar.days_after)
    return record, TakenIn(again=True)


def _prepare_read(
    connection: Connection, taken: Taken, intake: Intake, now: datetime, *, is_as_left: bool
) -> tuple[CampaignRecord, TakenIn]:
    # What another run left open may come to nothing: then the list is read once more.
    campaign, material = taken.campaign, taken.material
    record = store_read(
        connection, taken.record.name, campaign, material, intake, taken.results, now
    )
    taken_in = take_in(
        connection,
        record.id,
        intake.checked.entries(),
        intake.findings.people,
        intake.columns,
        campaign.accounts,
        campaign.calendar,
        now,
    )
    stamp = stamp_of(connection, material, campaign.after) if is_as_left else None
    note_stamp(connection, record.id, stamp)
    return record, taken_in


def make_plan(prepared: Prepared, traffic: Traffic, loop: asyncio.Runner) -> Plan:
    """Ask the server how the accounts stand, and plan. Raises RefusedError when rows wait and no
    account can ever send one of them."""
    _read_quotas(traffic, loop)
    campaign = prepared.taken.campaign
    notices = (*prepared.notices, *credits_told(campaign, traffic, loop))
    prepared = replace(prepared, notices=notices)
    summary = summarise(
        traffic.ledger, prepared.record, campaign.pace, traffic.now(), campaign.accounts
    )
    refuse_endless(summary)
    return Plan(prepared, summary)


def _read_quotas(traffic: Traffic, loop: asyncio.Runner) -> None:
    """Ask how the accounts stand whose rows wait, so that the plan begins with the truth."""
    with traffic.ledger.read() as connection:
        accounts = waiting(connection, traffic.campaign_id)

    async def ask() -> None:
        for account in accounts:
            if not await traffic.read_quota(account):
                return  # no answer at all: the first message will say why

    if accounts:
        loop.run(ask())


def _refuse_inmail(connection: Connection, campaign: Campaign, record: CampaignRecord) -> None:
    """Raise RefusedError when a row that waits is an InMail, and the endpoint sends none."""
    if campaign.endpoint == CONVERSATIONS and inmails(connection, record.id):
        raise RefusedError(
            "Some rows are InMails, which the endpoint conversations/send does not send.",
            remedy="Leave --endpoint out, or send them as normal messages.",
        )


def refuse_endless(summary: Summary) -> None:
    waiting = [view for view in summary.accounts if view.waiting]
    if summary.paused_at is not None:
        return
    endless = [view for view in waiting if not view.windows and view.alarm is None and view.wait]
    if endless and len(endless) == len(waiting):
        reason = endless[0].wait.reason if endless[0].wait else ""
        raise RefusedError(
            f"Nothing can ever go from {endless[0].name}: {reason}.",
            remedy="Lower --reserve, or give another pace.",
        )
