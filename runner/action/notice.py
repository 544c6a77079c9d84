"""What a plan has to say besides its numbers: whom rules leave out, and what a run will do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from sqlalchemy.engine import Connection

from runner import words
from runner.campaign.campaign import Campaign
from runner.errors import AccessError
from runner.ledger.contact import resting
from runner.ledger.delivery import inmails
from runner.ledger.follow import IN_DOUBT, NOT_YET
from runner.ledger.record import CampaignRecord
from runner.ledger.setting import DEFAULT_MIN_DAYS
from runner.ledger.standing import deliveries, skipped_for, waiting
from runner.ledger.suppression import LISTED
from runner.result.rule import left_out
from runner.sending.traffic import Traffic


def told(connection: Connection, campaign: Campaign, record: CampaignRecord) -> Iterator[str]:
    """Give the notices on a list that was taken in."""
    counted = deliveries(connection, record.id)
    waits, skipped = counted.waiting, skipped_for(connection, record.id, counted)
    yield from _other_senders(campaign, waits)
    # Where nobody is left, the rules are told together, at the end.
    yield from _frequency(campaign, resting(connection, record.id)[0] if waits else 0)
    listed = sum(count for reason, count in skipped.items() if reason.startswith(LISTED))
    if listed and waits:
        yield f"{words.count(listed, 'row')} {LISTED}: nobody there is written to."
    yield from _following(campaign, skipped)
    yield from _sequence(campaign)
    yield from _looking(campaign, waits)
    if skipped and not waits:
        yield f"nobody is left to write to: {left_out(skipped)}."


def credits_told(campaign: Campaign, traffic: Traffic, loop: asyncio.Runner) -> Iterator[str]:
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


def _other_senders(campaign: Campaign, waits: Mapping[str, int]) -> Iterator[str]:
    """Say that rows name accounts of their own beside the campaign's, and go from those."""
    others = []
    for account, count in waits.items():
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


def _following(campaign: Campaign, counts: Mapping[str, int]) -> Iterator[str]:
    """Say what it means that the campaign follows another one."""
    if campaign.after is None:
        return
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


def _looking(campaign: Campaign, waits: Mapping[str, int]) -> Iterator[str]:
    """Say how many conversations will be looked at, and what that is for."""
    count = sum(waits.values())
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
