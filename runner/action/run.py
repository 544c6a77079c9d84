"""A run: one execution of a campaign, from the list to the results.

Nothing is sent before the whole list is read, checked, rendered and in the ledger, the results are
known to be writable, and a person (or --yes) has seen the plan. A rehearsal takes the same steps,
on another clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from runner.action.compare import look_over
from runner.action.draft import opened_to_plan
from runner.action.listen import hear_before
from runner.action.plan import Plan, Prepared, first_of, held_back, make_plan, prepare
from runner.action.take import take_list
from runner.action.uncounted import refuse_uncounted
from runner.campaign.campaign import Campaign
from runner.campaign.looker import looker
from runner.errors import ExitCode, InterruptedRunError, StorageError
from runner.ledger import lane
from runner.ledger.backup import keep_daily
from runner.ledger.campaign import mark_running
from runner.ledger.holes import fill
from runner.ledger.ledger import Ledger
from runner.ledger.location import Place
from runner.ledger.lock import run_lock
from runner.ledger.record import CampaignRecord, Status, Stop
from runner.result.facts import gather
from runner.result.handback import are_current, write_results
from runner.result.place import Written
from runner.result.report import write_report
from runner.result.summary import Summary, summarise
from runner.sending.dispatch import Dispatched, Interruption, dispatch, interruptible
from runner.sending.event import Event, Sent
from runner.sending.fuse import refuse_first_process
from runner.sending.traffic import Traffic
from runner.sending.vendor import Vendor


class Watcher(Protocol):
    """Somebody who agrees to the plan, and sees what happens."""

    def agree(self, plan: Plan) -> bool:
        """Answer whether to send."""

    def see(self, event: Event) -> None:
        """Hear of an event."""


@dataclass(frozen=True, slots=True)
class Report:
    """The end of a run; `results` is None when they could not be written, and `page` when no report
    was asked for, or it could not."""

    summary: Summary
    sent: int
    exit_code: ExitCode
    stop: Stop | None
    pause: str = ""
    results: Written | None = None
    page: Written | None = None


def run(
    campaign: Campaign,
    ledger: Ledger,
    vendor: Vendor,
    watcher: Watcher,
    loop: asyncio.Runner,
    *,
    stay: bool = False,
    most: int | None = None,
    over: bool = False,
) -> Report:
    """Take the list, prepare the ledger, agree on the plan, send what may go, write the results.

    With `stay` the run waits until no row waits; `most` bounds its messages. With `over`, results
    that an earlier ledger knew may be replaced. Raises RefusedError before anything is sent when
    the campaign cannot be trusted, AlreadyRunningError when another run has it, InterruptedRunError
    when nobody agreed, StorageError when the ledger fails.
    """
    if ledger.is_lasting:
        refuse_first_process()
    with _planned(campaign, ledger, vendor, watcher.see, loop, stay=stay, most=most) as made:
        plan, traffic = made
        prepared, now = plan.prepared, vendor.clock.now
        plan = _with_copy(plan, ledger, now())
        if not watcher.agree(plan):
            raise InterruptedRunError(
                "Nothing was sent.",
                remedy=f"The list is in the ledger; run again when you are ready.{held_back(plan)}",
            )
        if prepared.was_submitted:
            with ledger.write() as connection:
                lane.submit(connection, prepared.record.id, now())
        with interruptible() as interruption:
            with _marked(ledger, prepared.record, now):
                report = _send(plan, traffic, interruption, loop)
            report = _hand_back(prepared, plan.summary, report, ledger, over=over)
            return _with_page(prepared.taken.campaign, report, ledger)


def plan(
    campaign: Campaign, path: Place, ledger: Ledger | None, vendor: Vendor, loop: asyncio.Runner
) -> Plan:
    """Take the list and say what a run would do: with the ledger, the do-not-contact list, quota
    and calendar. Nothing is sent, and nothing is kept: it is done in a copy of the ledger at
    `path`, where there is one. Raises what `run` raises before it sends."""
    if ledger is not None and ledger.is_lasting:
        look_over(campaign, ledger)
    with opened_to_plan(path, ledger) as copy:
        planned = _planned(campaign, copy, vendor, lambda _: None, loop, real=ledger)
        with planned as (made, _):
            return replace(made, first=first_of(copy, made.prepared.record.id))


@contextmanager
def _planned(
    campaign: Campaign,
    ledger: Ledger,
    vendor: Vendor,
    see: Callable[[Event], None],
    loop: asyncio.Runner,
    *,
    stay: bool = False,
    most: int | None = None,
    real: Ledger | None = None,
) -> Iterator[tuple[Plan, Traffic]]:
    """Compare the ledger, take the list and hold the campaign's lock; give what a run would do.

    `real` is the ledger that `ledger` is a copy of, where it is one.
    """
    now = vendor.clock.now
    if ledger.is_shared:
        vendor.clock.follow(ledger.now)
    if ledger.is_lasting:
        look_over(campaign, ledger)
        fill(ledger, now())
    heard = hear_before(campaign, ledger, vendor, loop)
    taken = take_list(campaign, ledger, now())
    taken = replace(taken, notices=(*taken.notices, *heard))
    with run_lock(real or ledger, taken.record.name, taken.record.id):
        prepared = prepare(taken, ledger, now())
        traffic = Traffic(
            ledger=ledger,
            campaign_id=prepared.record.id,
            settings=prepared.record.settings,
            pace=vendor.paced(taken.campaign.pace),
            vendor=vendor,
            report=see,
            looker=looker(campaign.looks, ledger, vendor.lookup, now),
            stay=stay,
            budget=most,
        )
        made = make_plan(prepared, traffic, loop)
        _refuse_uncounted(made, traffic, loop)
        yield made, traffic


def _refuse_uncounted(plan: Plan, traffic: Traffic, loop: asyncio.Runner) -> None:
    """Raise StorageError when the server counts messages that only this ledger can have sent."""
    if not traffic.ledger.is_lasting or traffic.pace.reserve:  # a reserve says: others send as well
        return
    for view in plan.summary.accounts:
        if view.waiting and (count := traffic.surplus.get(view.account, 0)):
            lookup = traffic.vendor.lookup
            refuse_uncounted(traffic.ledger, traffic.campaign_id, view.account, count, lookup, loop)


def _with_copy(plan: Plan, ledger: Ledger, now: datetime) -> Plan:
    """Keep a copy of the ledger before the first message of a day; say so when that fails."""
    if ledger.second is None or ledger.is_new or not plan.summary.totals.waiting:
        return plan
    trouble = keep_daily(ledger.path, ledger.second, now)
    if trouble is None:
        return plan
    prepared = replace(plan.prepared, notices=(*plan.prepared.notices, trouble))
    return replace(plan, prepared=prepared)


@contextmanager
def _marked(ledger: Ledger, record: CampaignRecord, now: Callable[[], datetime]) -> Iterator[None]:
    """Note that this process runs the campaign, for as long as it does."""
    with ledger.write() as connection:
        mark_running(connection, record.id, now())
    try:
        yield
    finally:
        with ledger.write() as connection:
            mark_running(connection, record.id, None)


def _send(plan: Plan, traffic: Traffic, interruption: Interruption, loop: asyncio.Runner) -> Report:
    """Drive a lane for each account with rows that wait, and say how that ended."""
    before = plan.summary
    lanes = [view.account for view in before.accounts if view.waiting]
    if not lanes:
        idle = Dispatched(interrupted=False, stop=None, reason="")
        return Report(before, 0, _exit_code(before, idle), None)
    counter = _Counter(traffic.report)
    traffic.report = counter.see
    ended = loop.run(dispatch(traffic, lanes, interruption))
    campaign = plan.prepared.taken.campaign
    summary = summarise(
        traffic.ledger, plan.prepared.record, campaign.pace, traffic.now(), campaign.accounts
    )
    exit_code = _exit_code(summary, ended)
    return Report(
        summary=summary,
        sent=counter.sent,
        exit_code=exit_code,
        stop=_stop(exit_code, ended),
        pause=ended.reason,
    )


class _Counter:
    """Counts the messages that were sent, on their way to the watcher."""

    def __init__(self, report: Callable[[Event], None]) -> None:
        self.sent = 0
        self._report = report

    def see(self, event: Event) -> None:
        if isinstance(event, Sent) and event.outcome.status is Status.SENT:
            self.sent += 1
        self._report(event)


def _exit_code(summary: Summary, ended: Dispatched) -> ExitCode:
    counts = summary.totals
    if ended.interrupted:
        return ExitCode.INTERRUPTED
    if ended.stop and (counts.waiting or ended.stop.is_alarm):
        return ended.stop.exit_code
    if counts.waiting:
        return ExitCode.PAUSED
    needs_a_person = summary.uncertain or counts.failed or counts.invalid
    return ExitCode.NEEDS_A_PERSON if needs_a_person else ExitCode.DONE


def _stop(exit_code: ExitCode, ended: Dispatched) -> Stop | None:
    """The stop that a person is told of, when the end was not the campaign's own."""
    if exit_code is ExitCode.INTERRUPTED and ended.interrupted:
        remedy = "Run the same command again; it goes on where it stopped."
        return Stop("run", exit_code, "Interrupted.", remedy)
    if exit_code in (ExitCode.DONE, ExitCode.NEEDS_A_PERSON):
        return None
    return ended.stop


def _hand_back(
    prepared: Prepared, before: Summary, report: Report, ledger: Ledger, *, over: bool
) -> Report:
    """Write the results, unless they say all there is to say already."""
    record, path = prepared.record, prepared.taken.results
    nothing_happened = prepared.taken.intake is None and prepared.recovered == (0, 0)
    if nothing_happened and not before.totals.waiting:
        with ledger.read() as connection:
            if are_current(connection, record, path):
                return replace(report, results=Written(path))
    try:
        return replace(report, results=write_results(ledger, report.summary, path, over=over))
    except StorageError as error:
        stop = Stop("run", ExitCode.STORAGE, error.what, error.remedy or "")
        return replace(report, exit_code=ExitCode.STORAGE, stop=stop)


def _with_page(campaign: Campaign, report: Report, ledger: Ledger) -> Report:
    """Write the report page, where one is asked for."""
    if campaign.report is None:
        return report
    try:
        page = write_report(gather(ledger, report.summary), campaign.report.absolute())
    except StorageError as error:
        stop = report.stop or Stop("run", ExitCode.STORAGE, error.what, error.remedy or "")
        return replace(report, exit_code=ExitCode.STORAGE, stop=stop)
    return replace(report, page=page)
