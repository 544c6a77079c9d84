"""A campaign taken into a shared ledger, for workers to send: all that a run does before it sends.

Nobody's key is needed for that. What a run does beside sending, the page of a report and the word
to somebody at its end, is not done by workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from runner.action.compare import look_over
from runner.action.plan import Plan, held_back, prepare, refuse_endless
from runner.action.take import take_list
from runner.action.team import refuse_unshared, unserved
from runner.campaign.campaign import Campaign
from runner.errors import ExitCode, InterruptedRunError
from runner.ledger import lane
from runner.ledger.ledger import Ledger
from runner.ledger.lock import run_lock
from runner.result.summary import summarise
from runner.sending.clock import ServerClock


@dataclass(frozen=True, slots=True)
class Submitted:
    """A campaign that workers send from now on."""

    plan: Plan
    at: datetime
    exit_code: ExitCode = ExitCode.DONE


def submit(
    campaign: Campaign, ledger: Ledger, agree: Callable[[Plan], bool], now: Callable[[], datetime]
) -> Submitted:
    """Take the list, agree on the plan, and leave the sending to workers.

    Raises UsageError for a ledger that no workers share, what a run raises before it sends, and
    InterruptedRunError when nobody agreed.
    """
    refuse_unshared(ledger)
    campaign = _with_zone(campaign)
    clock = ServerClock(now)
    clock.follow(ledger.now)
    look_over(campaign, ledger)
    taken = take_list(campaign, ledger, clock.now())
    with run_lock(ledger, taken.record.name, taken.record.id):
        prepared = prepare(taken, ledger, clock.now())
        pace, senders = taken.campaign.pace, taken.campaign.accounts
        # What is open now is under way: all else was settled just before.
        summary = summarise(ledger, prepared.record, pace, clock.now(), senders, live=True)
        refuse_endless(summary)
        without = unserved(ledger, prepared.record.id, now())
        notices = (*prepared.notices, *_left_out(taken.campaign), *without)
        plan = Plan(replace(prepared, notices=notices), summary)
        if not agree(plan):
            raise InterruptedRunError(
                "Nothing was submitted.",
                remedy="The list is in the ledger; submit it again when you are ready."
                f"{held_back(plan)}",
            )
        at = clock.now()
        with ledger.write() as connection:
            lane.submit(connection, prepared.record.id, at)
    return Submitted(plan, at)


def _with_zone(campaign: Campaign) -> Campaign:
    """Let the hours be those of this computer where no zone is said: workers run elsewhere."""
    if campaign.words.time_zone is not None:
        return campaign
    return replace(campaign, words=replace(campaign.words, time_zone=str(campaign.calendar.zone)))


def _left_out(campaign: Campaign) -> Iterator[str]:
    """Say what the hours are, and which settings workers do not act on."""
    if campaign.pace.calendar is not None:
        yield f"the sending hours are those of {campaign.pace.calendar.zone}, wherever workers run."
    if campaign.report is not None:
        yield "workers write no report; campaign report does."
    if campaign.notify is not None:
        yield "workers tell nobody how the campaign ended; campaign status says it."
