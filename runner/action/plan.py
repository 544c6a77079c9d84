"""The plan: what a run is about to do, once list and text are read, checked and in the ledger.

Nothing is sent here. A run takes the list, prepares the ledger, and plans; a person agrees to the
plan or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.engine import Connection

from runner import words
from runner.action.rule import left_out
from runner.action.take import Taken
from runner.campaign.campaign import Campaign
from runner.campaign.material import Intake
from runner.campaign.recognise import stamp_of, unchanged
from runner.campaign.stored import store_read, store_unchanged
from runner.errors import AccessError, RefusedError
from runner.ledger.attempt import recover
from runner.ledger.campaign import mark_running, note_stamp
from runner.ledger.contact import resting
from runner.ledger.delivery import inmails
from runner.ledger.follow import IN_DOUBT, NOT_YET
from runner.ledger.ledger import Ledger
from runner.ledger.record import CampaignRecord, TakenIn
from runner.ledger.sequence import advance
from runner.ledger.setting import DEFAULT_MIN_DAYS
from runner.ledger.standing import skipped_for, waiting
from runner.ledger.take import take_in
from runner.result.summary import Summary, summarise
from runner.sending.api import CONVERSATIONS
from runner.sending.traffic import Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A campaign whose rows are in the ledger. `recovered` attempts were left open by a run that
    died: how many became uncertain, how many wait again."""

    taken: Taken
    record: CampaignRecord
    taken_in: TakenIn
    recovered: tuple[int, int]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The next steps of a run, for a person to agree to."""

    prepared: Prepared
    summary: Summary

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


def prepare(taken: Taken, ledger: Ledger, now: datetime) -> Prepared:
    """Recover what a dead run left open, and bring the ledger up to the list; for the holder of
    the campaign's run lock. Raises RefusedError when another run has read another list."""
    recovered = recover(ledger, taken.record.id, now)
    with ledger.write() as connection:
        # A run that was killed could not say that it ended.
        mark_running(connection, taken.record.id, None)
        if taken.intake is None:
            record, taken_in = _prepare_unchanged(connection, taken, now)
        else:
            record, taken_in = _prepare_read(
                connection, taken, taken.intake, now, is_as_left=ledger.is_as_left
            )
        _refuse_inmail(connection, taken.campaign, record)
        nobody_left = tuple(_nobody_left(connection, record))
        skipped = 0 if nobody_left else resting(connection, record.id)[0]
        notices = (
            *_other_senders(connection, taken.campaign, record),
            *_frequency(taken.campaign, skipped),
            *_following(connection, taken.campaign, record),
            *_sequence(taken.campaign),
            *_looking(connection, taken.campaign, record),
            *nobody_left,
        )
    return Prepared(
        taken=taken, record=record, taken_in=taken_in, recovered=recovered, notices=notices
    )


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


def _other_senders(
    connection: Connection, campaign: Campaign, record: CampaignRecord
) -> Iterator[str]:
    """Say that rows name accounts of their own beside the campaign's, and go from those."""
    others = []
    for account, count in waiting(connection, record.id).items():
        if account and account not in campaign.accounts:
            others.append(f"{account} ({count})")
    if campaign.accounts and others:
        yield (
            "Rows of the list name accounts that the campaign does not, and go from those: "
            f"{', '.join(others)}."
        )


def _frequency(campaign: Campaign, skipped: int) -> Iterator[str]:
    """Say how the rule of one message per person in so many days bears on this run."""
    days = campaign.min_days
    if days == 0:
        yield (
            "people may be messaged again at once (min_days = 0), not after "
            f"{DEFAULT_MIN_DAYS} days."
        )
    elif days != DEFAULT_MIN_DAYS:
        after = f"{days} {'day' if days == 1 else 'days'}"
        yield (f"people may be messaged again after {after} (min_days), not {DEFAULT_MIN_DAYS}.")
    if skipped:
        rows_are = "1 row is" if skipped == 1 else f"{skipped} rows are"
        yield (
            f"{rows_are} skipped for now: another campaign, or another tool, messaged these "
            f"people less than {days} days ago."
        )


def _following(connection: Connection, campaign: Campaign, record: CampaignRecord) -> Iterator[str]:
    """Say what it means that the campaign follows another one."""
    if campaign.after is None:
        return
    counts = skipped_for(connection, record.id)
    missing = sum(count for reason, count in counts.items() if reason.startswith(NOT_YET))
    doubted = sum(count for reason, count in counts.items() if reason.startswith(IN_DOUBT))
    days = "; --after-days N lets N sending days pass in between"
    if campaign.after_days:
        days = f", {words.count(campaign.after_days, 'sending day')} after it"
    yield f"only those who have the message of {campaign.after!r} are written to{days}."
    if missing:
        yield (
            f"{words.count(missing, 'row')} {'has' if missing == 1 else 'have'} no message of "
            f"{campaign.after!r} yet; the next run looks again."
        )
    if doubted:
        settle = words.command("settle", "--check", name=campaign.after)
        yield (
            f"{words.count(doubted, 'row')} may have the message of {campaign.after!r}: {settle} "
            "looks for evidence."
        )


def _sequence(campaign: Campaign) -> Iterator[str]:
    """Say what follows the first message, and when."""
    if not campaign.steps:
        return
    days = " and ".join(str(step.after_days) for step in campaign.steps)
    many = "message follows" if len(campaign.steps) == 1 else "messages follow"
    then = "after new people" if campaign.new_people_first else "before new people"
    yield (
        f"{len(campaign.steps)} {many} for those who do not answer, {days} sending days after the "
        f"one before; what is due goes {then}."
    )


def _looking(connection: Connection, campaign: Campaign, record: CampaignRecord) -> Iterator[str]:
    """Say how many conversations will be looked at, and what that is for."""
    count = sum(waiting(connection, record.id).values())
    if campaign.no_look:
        yield "conversations are not looked at (--no-look), also of people who have answered."
    elif count:
        skipped = "who wrote last, or to whom you wrote by hand lately, is skipped"
        if campaign.quiet_days == 0:
            skipped = "nobody is skipped for talk that is under way (quiet_days = 0)"
        yield (
            f"{words.count(count, 'conversation')} to look at, each before its message, where the "
            f"vendor offers it; {skipped}."
        )


def _nobody_left(connection: Connection, record: CampaignRecord) -> Iterator[str]:
    """Say which rules leave rows out, when no row is left."""
    if waiting(connection, record.id):
        return
    if skipped := skipped_for(connection, record.id):
        yield f"nobody is left to write to: {left_out(skipped)}."


def make_plan(prepared: Prepared, traffic: Traffic, loop: asyncio.Runner) -> Plan:
    """Ask the server how the accounts stand, and plan. Raises RefusedError when rows wait and no
    account can ever send one of them."""
    _read_quotas(traffic, loop)
    campaign = prepared.taken.campaign
    notices = (*prepared.notices, *_credits(campaign, traffic, loop))
    prepared = replace(prepared, notices=notices)
    summary = summarise(
        traffic.ledger, prepared.record, campaign.pace, traffic.now(), campaign.accounts
    )
    _refuse_endless(summary)
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


def _credits(campaign: Campaign, traffic: Traffic, loop: asyncio.Runner) -> Iterator[str]:
    """Read the InMail credits before the run, and say whose InMails have to wait for more."""
    with traffic.ledger.read() as connection:
        wanted = inmails(connection, traffic.campaign_id)
        waits = waiting(connection, traffic.campaign_id)
    accounts = waits if campaign.uses_inmail else wanted
    if campaign.no_look or not accounts:
        return
    try:
        left = loop.run(traffic.looker.reaching.read_credits(accounts))
    except AccessError:
        return  # a message will say so as well, and more surely
    for account, credits_left in left.items():
        name = account or "default"
        has = f"account {name} has {words.count(credits_left, 'InMail credit')}"
        if (more := wanted.get(account, 0)) > credits_left:
            rows_wait = "row waits" if more - credits_left == 1 else "rows wait"
            yield (
                f"{has} for {words.count(more, 'InMail')}: {more - credits_left} {rows_wait} until "
                "there are more, unless their profiles are open to all."
            )
        elif campaign.uses_inmail:
            yield f"{has} left for people who are no connections."


def _refuse_inmail(connection: Connection, campaign: Campaign, record: CampaignRecord) -> None:
    """Raise RefusedError when a row that waits is an InMail, and the endpoint sends none."""
    if campaign.endpoint == CONVERSATIONS and inmails(connection, record.id):
        raise RefusedError(
            "Some rows are InMails, which the endpoint conversations/send does not send.",
            remedy="Leave --endpoint out, or send them as normal messages.",
        )


def _refuse_endless(summary: Summary) -> None:
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
