"""A lane: one account's serial loop. Claim, send, settle, and wait in between for as long as its run wants to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from runner.errors import ExitCode
from runner.ledger.attempt import claim, commit_intent, settle
from runner.ledger.ledger import Ledger
from runner.ledger.record import AccountState, Claim, Outcome, Status, Stop, Wait
from runner.sending.api import Endpoint
from runner.sending.outcome import BRIEF
from runner.sending.pace import Pace

# A request that never left is tried again after these pauses, then the account stops.
RETRY_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60))
# One more answer like these in a row and the endpoint, not the row, is the trouble.
UNCERTAIN_IN_A_ROW: Final = 3
SLOWED_IN_A_ROW: Final = 5
# A laptop sleeps through long waits: wake often, look at the clock and at the ledger again.
LONGEST_NAP: Final = timedelta(seconds=30)
_LEASE_MARGIN: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt was settled."""

    claim: Claim
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lane waits within its run."""

    account: str
    wait: Wait


@dataclass(frozen=True, slots=True)
class Halting:
    """A person interrupted; the messages in flight are waited for."""


Event = Sent | Waiting | Halting


@dataclass(slots=True)
class Course:
    """What the lanes of one run share: how to send, how long to stay, and the signal to stop after the message in flight."""

    ledger: Ledger
    campaign_id: int
    endpoint: Endpoint
    pace: Pace
    now: Callable[[], datetime]
    report: Callable[[Event], None]
    stay: bool = False
    budget: int | None = None
    halt: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.endpoint.deadline_seconds) + _LEASE_MARGIN


@dataclass(frozen=True, slots=True)
class LaneEnd:
    """Why a lane came to its end: nothing waits, a pause until `until`, a stop, or the halt signal."""

    kind: Literal["done", "paused", "stopped", "halted"]
    until: datetime | None = None
    reason: str = ""
    stop: Stop | None = None


async def drive(course: Course, account: str) -> LaneEnd:
    """Send the account's waiting deliveries until none waits or none may go. Raises StorageError when the ledger fails."""
    unreachable = uncertain = slowed = 0

    def decide(state: AccountState) -> Wait | None:
        return course.pace.judge(state, course.now(), course.budget)

    while not course.halt.is_set():
        if course.budget == 0:
            return LaneEnd("paused", course.now(), "this run has sent as many as --max allows")
        taken = claim(course.ledger, course.campaign_id, account, course.now(), course.lease, decide)
        if taken is None:
            return LaneEnd("done")
        if isinstance(taken, Wait):
            if not (taken.stay or course.stay):
                return LaneEnd("paused", taken.until, taken.reason)
            course.report(Waiting(account, taken))
            await _sleep_until(course, taken.until)
            continue
        outcome = await _send(course, taken)
        course.report(Sent(taken, outcome))
        unreachable = unreachable + 1 if outcome.unreachable else 0
        uncertain = uncertain + 1 if outcome.status is Status.UNCERTAIN else 0
        slowed = slowed + 1 if outcome.hold and outcome.hold.brief else 0
        if outcome.stop:
            return LaneEnd("stopped", reason=outcome.stop.reason, stop=outcome.stop)
        if outcome.unreachable:
            if unreachable > len(RETRY_PAUSES):
                return _given_up(f"The endpoint cannot be reached: {outcome.error}")
            await _sleep_until(course, course.now() + RETRY_PAUSES[unreachable - 1])
        elif uncertain >= UNCERTAIN_IN_A_ROW:
            return _given_up(f"{uncertain} messages in a row ended without a clear answer; the last: {outcome.error}")
        elif outcome.hold and slowed >= SLOWED_IN_A_ROW:
            if not course.stay:
                return LaneEnd("paused", outcome.hold.until, outcome.hold.reason)
            await _sleep_until(course, course.now() + BRIEF)
    return LaneEnd("halted")


async def _send(course: Course, taken: Claim) -> Outcome:
    if course.budget is not None:
        course.budget -= 1
    outcome = await course.endpoint.send(taken, lambda: commit_intent(course.ledger, taken, course.now()))
    settle(course.ledger, taken, outcome, course.now())
    if course.budget is not None and outcome.status is Status.WAITING:
        course.budget += 1
    return outcome


async def _sleep_until(course: Course, until: datetime) -> None:
    """Sleep until then or until the halt signal, in naps; a clock that jumps is noticed within one."""
    while (left := until - course.now()) > timedelta() and not course.halt.is_set():
        try:
            await asyncio.wait_for(course.halt.wait(), min(left, LONGEST_NAP).total_seconds())
        except TimeoutError:
            continue


def _given_up(reason: str) -> LaneEnd:
    remedy = "Check the network and the vendor's status page, then run the same command again; nothing is lost."
    return LaneEnd("stopped", reason=reason, stop=Stop("account", ExitCode.ENDPOINT, reason, remedy))
