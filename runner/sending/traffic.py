"""The traffic of one run: all that its lanes share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from runner.errors import AccessError, BusyError, UnreachableError
from runner.ledger.attempt import LostError, SettledError, commit_intent, settle
from runner.ledger.held import held
from runner.ledger.late import settle_late
from runner.ledger.ledger import Ledger
from runner.ledger.pause import said
from runner.ledger.record import AccountState, Claim, Outcome, OvertakenError, Status, Told
from runner.ledger.refusal import reject, release
from runner.ledger.sequence import advance
from runner.ledger.setting import Stored
from runner.ledger.standing import waiting
from runner.ledger.surplus import note_surplus, surplus
from runner.ledger.told import note_told
from runner.sending.clock import TOLERATED
from runner.sending.event import AnswerWaits, ClockOff, Event, ForeignUse, UnbelievedLimit
from runner.sending.look import Looker
from runner.sending.pace import Pace, calendar_of
from runner.sending.turn import Turn
from runner.sending.vendor import Vendor

# A laptop sleeps through long waits: wake and look at the clock, also where no word of a person is
# watched for, as on a simulated clock.
LONGEST_NAP: Final = timedelta(minutes=10)
# Numbers that the server told this lately still hold; after a longer silence it is asked again.
TRUSTED: Final = timedelta(minutes=10)
_ASKED_FOR_TIME: Final = 3
# While the ledger's server is away, an outcome is tried to be recorded for a quarter of an hour.
_PAUSES: Final = (1.0,) * 30 + (5.0,) * 174
_SOON: Final = 3  # tries, before a person is told
_UNSENT: Final = "the ledger's server went away before the request left"
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Visit(NamedTuple):
    """How long a worker stays at a lane: until then at most, and no longer than that for its next
    message."""

    end: datetime
    longest: timedelta


@dataclass(slots=True, kw_only=True)
class Traffic:
    """The ways to send, the bounds of the run, and the signal to stop after the message in flight.

    `settings` are the campaign's; without them, no message follows another. With `stay` a lane
    waits as long as it takes. `budget` is the rest of the run's own bound, None without one. A
    worker only makes a `visit`.
    """

    ledger: Ledger
    campaign_id: int
    pace: Pace
    vendor: Vendor
    report: Callable[[Event], None]
    looker: Looker
    settings: Stored | None = None
    stay: bool = False
    budget: int | None = None
    visit: Visit | None = None
    halt: asyncio.Event = field(default_factory=asyncio.Event)
    # By account: what the server counted at the start of the run, and the ledger did not know.
    surplus: dict[str, int] = field(default_factory=dict)
    # When the server last spoke of an account, or was asked to.
    _heard: dict[str, datetime] = field(default_factory=dict)
    _foreign: dict[str, int] = field(default_factory=dict)
    _unbelieved: dict[str, int | None] = field(default_factory=dict)
    _ahead: timedelta = timedelta()
    _noticed: list[Event] = field(default_factory=list)

    def now(self) -> datetime:
        """The time, set right by the server's."""
        return self.vendor.clock.now()

    def is_over(self) -> bool:
        """Tell whether no lane goes on: the run was halted, or the visit has lasted long enough."""
        return self.halt.is_set() or (self.visit is not None and self.now() >= self.visit.end)

    def is_beyond_visit(self, until: datetime) -> bool:
        """Tell whether a worker leaves rather than wait until then."""
        if self.visit is None:
            return False
        return until > min(self.visit.end, self.now() + self.visit.longest)

    def has_heard(self, account: str, *, until: datetime | None) -> bool:
        """Tell whether the account's numbers still hold; for a lane that waits, `until` then."""
        now, heard = self.now(), self._heard.get(account, _NEVER)
        if until is not None and heard <= now < until:
            return True
        return timedelta() <= now - heard < TRUSTED

    async def read_quota(self, account: str) -> bool:
        """Note how the server says the account stands, where it says so, and compare the clocks.

        The server is asked before the first message, and after every silence: a sleep of the
        computer, a step of its clock or a night may have been in it. False when it did not answer.
        """
        told = await self._quota(account)
        if self.vendor.clock.in_doubt:  # then the numbers have a time that may be wrong
            await self.settle_clock()
            told = await self._quota(account)
        if told is not None:
            with held(self.ledger, account, ()) as connection:
                if account not in self._heard:
                    more = surplus(connection, account, told)
                    self.surplus[account] = note_surplus(connection, account, more)
                note_told(connection, account, told)
        self._heard[account] = self.now()
        return not account or self.vendor.lookup.status is not None

    async def _quota(self, account: str) -> Told | None:
        if not account and not self.vendor.clock.has_heard:
            await self.vendor.lookup.tell_time()  # nobody can ask for this account's numbers
        try:
            return await self.vendor.lookup.quota(account)
        except AccessError:
            return None  # a message will say so as well, and more surely

    async def settle_clock(self) -> None:
        """Ask the server for the time again, a few times, while one answer alone told another."""
        for _ in range(_ASKED_FOR_TIME):
            if not self.vendor.clock.in_doubt:
                return
            await self.vendor.lookup.tell_time()

    async def send(self, claim: Claim) -> Outcome:
        """Send a message that was claimed, and settle it; charge the run's budget.

        Raises OvertakenError when the claim does not hold any more.
        """
        if self.budget is not None:
            self.budget -= 1
        # The claim holds by the clock that it was made by, whatever answers change it meanwhile.
        now = self.vendor.clock.steady()
        try:
            outcome = await exchange(
                self.ledger, self.vendor, claim, now, lambda: self.report(AnswerWaits(claim.row))
            )
        except (OvertakenError, BusyError) as error:
            if self.budget is not None:
                self.budget += 1
            if self.ledger.is_shared:
                raise OvertakenError from error  # others had the ledger: it is claimed anew
            raise
        if self.settings is not None and self.settings.steps and outcome.status is Status.SENT:
            days_after = calendar_of(self.settings).days_after
            with held(self.ledger, claim.account, claim.recipient.keys) as connection:
                advance(connection, claim.campaign, self.settings, days_after, claim.delivery)
        self._heard[claim.account] = self.now()
        if self.budget is not None and outcome.status is Status.WAITING:
            self.budget += 1
        return outcome

    def holds_steps(self, account: str) -> bool:
        """Tell whether steps wait that cannot go, since no look is possible."""
        if self.settings is None or not self.settings.steps or self.looker.seen() is not None:
            return False
        with self.ledger.read() as connection:
            return account in waiting(connection, self.campaign_id)

    def reject(self, deliveries: Collection[int]) -> None:
        """Let refused deliveries be failed: the refusals were about their people."""
        if deliveries:
            with self.ledger.write() as connection:
                reject(connection, deliveries)

    def release(self, deliveries: Collection[int]) -> None:
        """Let refused deliveries wait again: the refusals were about everybody."""
        if deliveries:
            with self.ledger.write() as connection:
                release(connection, deliveries, "others were refused like it")

    async def sleep_until(self, until: datetime, *, paused: bool = False) -> None:
        """Sleep until then, or until the halt signal, in naps: a clock that jumps is noticed.

        A person's word ends the sleep: to end the run, to pause the campaign, or to let it go on
        where it is `paused`.
        """
        watch = self.vendor.clock.watch
        while (left := until - self.now()) > timedelta() and not self.halt.is_set():
            if watch is not None and self._is_spoken_to(paused=paused):
                return
            nap = min(left, watch or LONGEST_NAP).total_seconds()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.halt.wait(), nap)

    def _is_spoken_to(self, *, paused: bool) -> bool:
        with self.ledger.read() as connection:
            word = said(connection, self.campaign_id)
        return word.stop_asked_at is not None or (word.paused_at is not None) is not paused

    def tell_noticed(self) -> None:
        """Tell what was noticed: later, since no transaction must wait for a terminal."""
        noticed, self._noticed = self._noticed, []
        for event in noticed:
            self.report(event)

    def notice(self, state: AccountState) -> None:
        """Notice what the server's numbers and clock show besides: use of the account by others, a
        limit that is none, and a clock that is off."""
        self._noticed.extend(self._news(state))

    def _news(self, state: AccountState) -> Iterator[Event]:
        left = Turn(self.pace, state, self.now()).allowance()
        if left.foreign > self._foreign.get(state.account, 0):
            yield ForeignUse(state.account, left.foreign)
        self._foreign[state.account] = left.foreign
        if left.unbelieved != self._unbelieved.get(state.account):
            self._unbelieved[state.account] = left.unbelieved
            if left.unbelieved is not None:
                yield UnbelievedLimit(state.account, left.unbelieved, left.limit)
        ahead = self.vendor.clock.ahead
        if abs(ahead - self._ahead) > TOLERATED:
            yield ClockOff(ahead)
            self._ahead = ahead


async def exchange(
    ledger: Ledger,
    vendor: Vendor,
    claim: Claim,
    clock: Callable[[], datetime],
    tell: Callable[[], object] = lambda: None,
) -> Outcome:
    """Send a message that was claimed, with its intent before and its outcome settled after.

    `clock` is the one that the claim was made by; `tell` is called when the outcome has to wait for
    the ledger's server. Raises OvertakenError when the claim does not
    hold any more.
    """
    taken = claim

    def take() -> None:
        nonlocal taken
        taken = commit_intent(ledger, claim, clock)

    try:
        outcome = await vendor.endpoint.send(claim, take)
    except LostError as lost:
        taken, outcome = lost.claim, Outcome(Status.WAITING, error=_UNSENT)
    for number, pause in enumerate(_PAUSES):
        try:
            return _settle(ledger, taken, outcome, vendor.clock.now())
        except (BusyError, UnreachableError):
            if not ledger.is_shared:
                raise
            if number == _SOON:
                tell()
            await asyncio.sleep(pause)  # an answer that has come is not given up
    return _settle(ledger, taken, outcome, vendor.clock.now())


def _settle(ledger: Ledger, taken: Claim, outcome: Outcome, now: datetime) -> Outcome:
    """Record an outcome, also where others have taken its attempt for dead meanwhile."""
    try:
        return settle(ledger, taken, outcome, now)
    except SettledError:
        if not ledger.is_shared:
            raise
        return settle_late(ledger, taken, outcome, now)
