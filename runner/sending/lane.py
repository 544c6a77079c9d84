"""A lane: one account's serial loop. Claim, send, settle, and wait in between for as long as its
run wants to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from runner.errors import AccessError, ExitCode
from runner.ledger.account import note_told
from runner.ledger.attempt import claim, commit_intent, settle
from runner.ledger.ledger import Ledger
from runner.ledger.record import AccountState, Claim, Outcome, Status, Stop, Wait
from runner.sending.api import Endpoint
from runner.sending.clock import TOLERATED
from runner.sending.lookup import Lookup
from runner.sending.outcome import BRIEF
from runner.sending.pace import Pace

# A request that never left is tried again after these pauses, then the account stops.
RETRY_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60))
# One more answer like these in a row and the endpoint, not the row, is the trouble.
UNCERTAIN_IN_A_ROW: Final = 3
SLOWED_IN_A_ROW: Final = 5
# A laptop sleeps through long waits: wake often and look at the clock, and now and then at the
# ledger.
LONGEST_NAP: Final = timedelta(seconds=30)
LONGEST_SLEEP: Final = timedelta(minutes=10)
# What the server said of an account this lately still holds; after a longer silence it is asked
# again.
TRUSTED: Final = timedelta(minutes=10)
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
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


@dataclass(frozen=True, slots=True)
class ForeignUse:
    """The server counts messages that are not ours: how many today, by people or other tools."""

    account: str
    count: int


@dataclass(frozen=True, slots=True)
class ClockOff:
    """This computer's clock is ahead of the server's (behind, if negative), which is followed."""

    ahead: timedelta


Event = Sent | Waiting | Halting | ForeignUse | ClockOff


@dataclass(slots=True)
class Course:
    """What the lanes of one run share: how to send, how long to stay, and the signal to stop after
    the message in flight."""

    ledger: Ledger
    campaign_id: int
    endpoint: Endpoint
    pace: Pace
    report: Callable[[Event], None]
    lookup: Lookup | None = None
    stay: bool = False
    budget: int | None = None
    halt: asyncio.Event = field(default_factory=asyncio.Event)
    heard: dict[str, datetime] = field(
        default_factory=dict
    )  # when the server last spoke of an account, or was asked to
    foreign: dict[str, int] = field(default_factory=dict)
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return self.endpoint.clock.now()

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.endpoint.deadline_seconds) + _LEASE_MARGIN


@dataclass(frozen=True, slots=True)
class LaneEnd:
    """Why a lane came to its end: nothing waits, a pause until `until`, a stop, or the halt
    signal."""

    kind: Literal["done", "paused", "stopped", "halted"]
    until: datetime | None = None
    reason: str = ""
    stop: Stop | None = None


async def drive(course: Course, account: str) -> LaneEnd:
    """Send the account's waiting deliveries until none waits or none may go. Raises StorageError
    when the ledger fails."""
    unreachable = uncertain = slowed = 0
    waited: Wait | None = None
    noticed: list[Event] = []

    def decide(state: AccountState) -> Wait | None:
        noticed.extend(_notice(course, state))
        return course.pace.judge(state, course.now(), course.budget)

    while not course.halt.is_set():
        now, heard = course.now(), course.heard.get(account, _NEVER)
        asleep = waited is not None and heard <= now < waited.until
        if not asleep and not timedelta() <= now - heard < TRUSTED:
            await read_quota(course, account)
        if not course.endpoint.clock.is_believable:
            return _lost_clock(course)
        # From here to the request nothing is awaited: of several lanes only so many begin as the
        # budget has left.
        if course.budget is not None and course.budget <= 0:
            return LaneEnd("paused", course.now(), "this run has sent as many as --max allows")
        taken = claim(
            course.ledger, course.campaign_id, account, course.now(), course.lease, decide
        )
        while noticed:  # told only now: the claim's transaction waits for no terminal
            course.report(noticed.pop(0))
        if taken is None:
            return LaneEnd("done")
        if isinstance(taken, Stop):
            return LaneEnd("stopped", reason=taken.reason, stop=taken)
        if isinstance(taken, Wait):
            if not (taken.stay or course.stay):
                return LaneEnd("paused", taken.until, taken.reason)
            if taken != waited:
                course.report(Waiting(account, taken))
            waited = taken
            # Meanwhile other campaigns, and people, change what is in the ledger.
            await _sleep_until(course, min(taken.until, course.now() + LONGEST_SLEEP))
            continue
        waited = None
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
            return _given_up(
                f"{uncertain} messages in a row ended without a clear answer; the last: "
                f"{outcome.error}"
            )
        elif outcome.hold and slowed >= SLOWED_IN_A_ROW:
            if not course.stay:
                return LaneEnd("paused", outcome.hold.until, outcome.hold.reason)
            await _sleep_until(course, course.now() + BRIEF)
    return LaneEnd("halted")


async def _send(course: Course, taken: Claim) -> Outcome:
    if course.budget is not None:
        course.budget -= 1
    outcome = await course.endpoint.send(
        taken, lambda: commit_intent(course.ledger, taken, course.now())
    )
    outcome = settle(course.ledger, taken, outcome, course.now())
    course.heard[taken.account] = course.now()
    if course.budget is not None and outcome.status is Status.WAITING:
        course.budget += 1
    return outcome


async def read_quota(course: Course, account: str) -> None:
    """Note how the server says the account stands, where it says so, and compare the clocks.

    Asked before the first message, and after every silence: a sleep of the computer, a step of its
    clock or a night may have been in it.
    """
    if course.lookup is not None:
        try:
            told = await course.lookup.quota(account)
        except AccessError:
            told = None  # a message will say so as well, and more surely
        if told is not None:
            with course.ledger.write() as connection:
                note_told(connection, account, told)
    course.heard[account] = course.now()


def _notice(course: Course, state: AccountState) -> Iterator[Event]:
    """What the server's numbers and clock show besides: use of the account by others, a clock that
    is off."""
    foreign = course.pace.allowance(state, course.now()).foreign
    if foreign > course.foreign.get(state.account, 0):
        yield ForeignUse(state.account, foreign)
    course.foreign[state.account] = foreign
    ahead = course.endpoint.clock.ahead
    if abs(ahead - course.ahead) > TOLERATED:
        yield ClockOff(ahead)
        course.ahead = ahead


async def _sleep_until(course: Course, until: datetime) -> None:
    """Sleep until then or until the halt signal, in naps; a clock that jumps is noticed within
    one."""
    while (left := until - course.now()) > timedelta() and not course.halt.is_set():
        try:
            await asyncio.wait_for(course.halt.wait(), min(left, LONGEST_NAP).total_seconds())
        except TimeoutError:
            continue


def _lost_clock(course: Course) -> LaneEnd:
    reason = f"This computer's clock and the server's are {abs(course.endpoint.clock.ahead)} apart"
    return LaneEnd(
        "stopped",
        reason=reason,
        stop=Stop("run", ExitCode.ENDPOINT, f"{reason}.", "Set this computer's clock."),
    )


def _given_up(reason: str) -> LaneEnd:
    remedy = (
        "Check the network and the vendor's status page, then run the same command again; nothing "
        "is lost."
    )
    return LaneEnd(
        "stopped", reason=reason, stop=Stop("account", ExitCode.ENDPOINT, reason, remedy)
    )
