"""A lane: one account's serial loop.

It claims, sends and settles. In between it waits for as long as its run wants to.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from runner.errors import AccessError, ExitCode
from runner.ledger.claim import claim, peek
from runner.ledger.look import Unseen
from runner.ledger.pause import NO_END
from runner.ledger.record import AccountState, Claim, OvertakenError, Stop, Wait
from runner.sending.event import LookFailed, OtherConversation, Sending, Sent, Waiting
from runner.sending.look import AHEAD, WAITS
from runner.sending.patience import Patience
from runner.sending.streak import LaneEnd, Streaks
from runner.sending.traffic import Traffic
from runner.sending.turn import Turn

# Other campaigns and people change the ledger, so a lane looks there now and then.
LONGEST_SLEEP: Final = timedelta(minutes=10)
# Time alone changes little: that another campaign is no longer expected, say.
LONGEST_REST: Final = timedelta(hours=1)
_UNAUTHORIZED: Final = 401
_BLIND: Final = "the conversations of some people could not be looked at; the next run looks again"
_UNSEEN: Final = (
    "the vendor offers no look into conversations, without which no step that follows goes"
)
_ASIDE: Final = "some people were refused for now; the next run tries them again, after the others"


@dataclass(slots=True)
class Lane:
    """One campaign on one account, and what it remembers of its answers and looks."""

    traffic: Traffic
    account: str
    streaks: Streaks = field(default_factory=Streaks)
    patience: Patience = field(default_factory=Patience)


async def drive(lane: Lane) -> LaneEnd:
    """Send the account's waiting deliveries until no row waits, or no row may go. A visit of the
    lane also ends with its time, or before a longer pause, and can be followed by another one.

    Raises StorageError when the ledger fails.
    """
    waited: Wait | None = None
    traffic, account = lane.traffic, lane.account
    streaks, patience = lane.streaks, lane.patience
    while not traffic.is_over():
        if not traffic.has_heard(account, until=waited.until if waited else None):
            await traffic.read_quota(account)
        await traffic.settle_clock()
        mark = traffic.ledger.mark_now()
        # Nothing is awaited from here to the request. So no more lanes begin a message than the
        # budget has left.
        match _claim(traffic, account, streaks.aside, patience):
            case LaneEnd() if streaks.take_back() or patience.take_back():
                continue
            case LaneEnd() as end:
                traffic.reject(streaks.at_the_end())
                return end
            case Wait() as wait:
                if traffic.is_beyond_visit(wait.until):
                    return LaneEnd("paused", wait.until, wait.reason)
                if not (wait.stay or traffic.stay):
                    traffic.reject(streaks.at_the_end())
                    return LaneEnd("paused", wait.until, wait.reason)
                if wait != waited:
                    traffic.report(Waiting(account, wait))
                waited = wait
                if not wait.stay:
                    await _rest(traffic, wait, wait.until, mark)
                elif await _rest(traffic, wait, wait.until - AHEAD, mark):
                    await _look_ahead(traffic, account, streaks.aside | patience.aside)
                    await traffic.sleep_until(wait.until)
            case Unseen() as unseen:
                then = await _look(traffic, unseen, patience)
                if (over := await _pause(traffic, then)) is not None:
                    return over
            case Claim() as taken:
                waited = None
                traffic.report(Sending(taken))
                try:
                    outcome = await traffic.send(taken)
                except OvertakenError:
                    continue
                traffic.report(Sent(taken, outcome))
                after = streaks.note(taken, outcome, stay=traffic.stay)
                traffic.reject(after.failed)
                traffic.release(after.wait)
                if (over := await _pause(traffic, after.then)) is not None:
                    return over
    return LaneEnd("halted") if traffic.halt.is_set() else LaneEnd("paused", traffic.now())


async def _pause(traffic: Traffic, then: LaneEnd | timedelta) -> LaneEnd | None:
    """Let the time go by that has to after an answer; return the lane's end, if it is that."""
    if isinstance(then, LaneEnd):
        return then
    until = traffic.now() + then
    if then and traffic.is_beyond_visit(until):
        return LaneEnd("paused", until, "the endpoint is given a moment")
    await traffic.sleep_until(until)
    return None


async def _look(traffic: Traffic, unseen: Unseen, patience: Patience) -> LaneEnd | timedelta:
    """Look at a conversation before its message, and say what follows."""
    try:
        failed = await traffic.looker.look(unseen)
    except AccessError as error:
        failed = error.what.rstrip(".")  # which may be about one person
        if traffic.vendor.lookup.status == _UNAUTHORIZED:
            stop = Stop("run", ExitCode.ACCESS, error.what, error.remedy or "")
            return LaneEnd("stopped", reason=stop.reason, stop=stop)
    for row in traffic.looker.take_others():
        traffic.report(OtherConversation(row))
    if failed is not None:
        traffic.report(LookFailed(unseen.row, failed))
        return (patience.wait if failed in WAITS else patience.failed)(unseen, failed)
    patience.passed()
    return timedelta()


async def _rest(traffic: Traffic, wait: Wait, until: datetime, mark: object) -> bool:
    """Sleep until then, as long as nothing of the ledger changes; tell whether it is then."""
    begun = traffic.now()
    while (now := traffic.now()) < until:
        if now - begun >= LONGEST_REST:
            return False
        step = min(until, now + LONGEST_SLEEP)
        await traffic.sleep_until(step, paused=wait.until == NO_END)
        if traffic.now() < step or traffic.ledger.mark_now() != mark:
            return False
    return True


async def _look_ahead(traffic: Traffic, account: str, aside: set[int]) -> None:
    """Look shortly before a message. A look that fails is made again at the message's time."""
    seen = traffic.looker.seen()
    if seen is None:
        return
    now = traffic.now()
    unseen = peek(traffic.ledger, traffic.campaign_id, account, now, aside, seen)
    if unseen is not None:
        with suppress(AccessError):
            await traffic.looker.look(unseen)


def _claim(
    traffic: Traffic, account: str, aside: set[int], patience: Patience
) -> Claim | Unseen | Wait | LaneEnd:
    """Choose the account's next delivery, or say why no delivery may go now.

    The deliveries `aside` are left for another run, and so are those that the patience with looks
    has set aside.
    """
    if not traffic.vendor.clock.is_believable:
        return _lost_clock(traffic.vendor.clock.ahead)
    if traffic.budget is not None and traffic.budget <= 0:
        return LaneEnd("paused", traffic.now(), "this run has sent as many as --max allows")
    budget = traffic.budget  # also where the claim is asked again, when its message is counted off

    def decide(state: AccountState) -> Wait | None:
        traffic.notice(state)
        return Turn(traffic.pace, state, traffic.now()).wait(budget)

    taken = claim(
        traffic.ledger,
        traffic.campaign_id,
        account,
        traffic.now,
        traffic.vendor.endpoint.lease,
        decide,
        aside | patience.aside,
        traffic.looker.seen(),
        for_workers=traffic.visit is not None,
    )
    traffic.tell_noticed()
    if taken is None and aside:
        return LaneEnd("paused", traffic.now(), _ASIDE, for_next_run=True)
    if taken is None and traffic.holds_steps(account):
        return LaneEnd("paused", traffic.now(), _UNSEEN, for_next_run=True)
    if taken is None and patience.aside:
        reason = patience.reason or _BLIND
        return LaneEnd("paused", traffic.now(), reason, for_next_run=True)
    if taken is None:
        return LaneEnd("done")
    if isinstance(taken, Stop):
        return LaneEnd("stopped", reason=taken.reason, stop=taken)
    return taken


def _lost_clock(ahead: timedelta) -> LaneEnd:
    reason = f"This computer's clock and the server's are {abs(ahead)} apart"
    stop = Stop("run", ExitCode.ENDPOINT, f"{reason}.", "Set this computer's clock.")
    return LaneEnd("stopped", reason=reason, stop=stop)
