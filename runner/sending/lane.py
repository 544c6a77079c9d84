"""A lane: one account's serial loop.

It claims, sends and settles. In between it waits for as long as its run wants to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from runner.errors import ExitCode
from runner.ledger.attempt import claim
from runner.ledger.record import AccountState, Claim, Hold, Outcome, Status, Stop, Wait
from runner.sending.event import Event, Sent, Waiting
from runner.sending.outcome import BRIEF
from runner.sending.traffic import Traffic
from runner.sending.turn import Turn

# A request that never left is tried again after these pauses, then the account stops.
RETRY_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60))
# After this many such answers in a row the trouble is the endpoint, not the row.
UNCERTAIN_IN_A_ROW: Final = 3
SLOWED_IN_A_ROW: Final = 5
# Other campaigns and people change the ledger, so a lane looks there now and then.
LONGEST_SLEEP: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class LaneEnd:
    """The end of a lane: nothing waits, a pause until `until`, a stop, or the halt signal."""

    kind: Literal["done", "paused", "stopped", "halted"]
    until: datetime | None = None
    reason: str = ""
    stop: Stop | None = None


async def drive(traffic: Traffic, account: str) -> LaneEnd:
    """Send the account's waiting deliveries until no row waits, or no row may go.

    Raises StorageError when the ledger fails.
    """
    waited: Wait | None = None
    streaks = _Streaks()
    while not traffic.halt.is_set():
        if not traffic.has_heard(account, until=waited.until if waited else None):
            await traffic.read_quota(account)
        await traffic.settle_clock()
        # Nothing is awaited from here to the request. So no more lanes begin a message than the
        # budget has left.
        match _claim(traffic, account):
            case LaneEnd() as end:
                return end
            case Wait() as wait:
                if not (wait.stay or traffic.stay):
                    return LaneEnd("paused", wait.until, wait.reason)
                if wait != waited:
                    traffic.report(Waiting(account, wait))
                waited = wait
                await traffic.sleep_until(min(wait.until, traffic.now() + LONGEST_SLEEP))
            case Claim() as taken:
                waited = None
                outcome = await traffic.send(taken)
                traffic.report(Sent(taken, outcome))
                after = streaks.note(outcome, stay=traffic.stay)
                if isinstance(after, LaneEnd):
                    return after
                await traffic.sleep_until(traffic.now() + after)
    return LaneEnd("halted")


def _claim(traffic: Traffic, account: str) -> Claim | Wait | LaneEnd:
    """Take the account's next delivery, or say why no delivery may go now."""
    if not traffic.vendor.clock.is_believable:
        return _lost_clock(traffic.vendor.clock.ahead)
    if traffic.budget is not None and traffic.budget <= 0:
        return LaneEnd("paused", traffic.now(), "this run has sent as many as --max allows")
    noticed: list[Event] = []

    def decide(state: AccountState) -> Wait | None:
        noticed.extend(traffic.notice(state))
        return Turn(traffic.pace, state, traffic.now()).wait(traffic.budget)

    taken = claim(
        traffic.ledger, traffic.campaign_id, account, traffic.now(), traffic.lease, decide
    )
    for event in noticed:  # told only now: the claim's transaction must not wait for a terminal
        traffic.report(event)
    if taken is None:
        return LaneEnd("done")
    if isinstance(taken, Stop):
        return LaneEnd("stopped", reason=taken.reason, stop=taken)
    return taken


class _Streaks:
    """Counts outcomes of one kind in a row. After some of them the trouble is not the row's."""

    def __init__(self) -> None:
        self._unreachable = 0
        self._uncertain = 0
        self._slowed = 0

    def note(self, outcome: Outcome, *, stay: bool) -> LaneEnd | timedelta:
        """Note one more outcome. Return the pause before the next message, or the lane's end."""
        hold = outcome.hold
        is_slowed = hold is not None and hold.brief
        self._unreachable = self._unreachable + 1 if outcome.unreachable else 0
        self._uncertain = self._uncertain + 1 if outcome.status is Status.UNCERTAIN else 0
        self._slowed = self._slowed + 1 if is_slowed else 0
        if outcome.stop:
            return LaneEnd("stopped", reason=outcome.stop.reason, stop=outcome.stop)
        if outcome.unreachable:
            if self._unreachable > len(RETRY_PAUSES):
                return _given_up(f"The endpoint cannot be reached: {outcome.error}")
            return RETRY_PAUSES[self._unreachable - 1]
        if self._uncertain >= UNCERTAIN_IN_A_ROW:
            return _given_up(
                f"{self._uncertain} messages in a row ended without a clear answer; the last: "
                f"{outcome.error}"
            )
        if hold is not None and self._slowed >= SLOWED_IN_A_ROW:
            return self._slow_down(hold, stay=stay)
        return timedelta()

    @staticmethod
    def _slow_down(hold: Hold, *, stay: bool) -> LaneEnd | timedelta:
        return BRIEF if stay else LaneEnd("paused", hold.until, hold.reason)


def _lost_clock(ahead: timedelta) -> LaneEnd:
    reason = f"This computer's clock and the server's are {abs(ahead)} apart"
    stop = Stop("run", ExitCode.ENDPOINT, f"{reason}.", "Set this computer's clock.")
    return LaneEnd("stopped", reason=reason, stop=stop)


def _given_up(reason: str) -> LaneEnd:
    remedy = (
        "Check the network and the vendor's status page, then run the same command again; nothing "
        "is lost."
    )
    stop = Stop("account", ExitCode.ENDPOINT, reason, remedy)
    return LaneEnd("stopped", reason=reason, stop=stop)
