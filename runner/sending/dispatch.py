"""Dispatch: all lanes of one run, in this process, and the signals that end them.

The first signal lets the message in flight finish. The second does not wait for that message, and
leaves it uncertain.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from runner.ledger.attempt import recover
from runner.ledger.record import Stop
from runner.sending.event import Halting
from runner.sending.lane import Lane, drive
from runner.sending.streak import LaneEnd
from runner.sending.traffic import Traffic

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@dataclass(slots=True)
class Interruption:
    """Counts the signals that came. Each calls `tell`; without `tell` they are only counted."""

    count: int = 0
    tell: Callable[[], object] | None = None


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Keep SIGINT, SIGTERM and SIGHUP from ending anything by themselves inside the block."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption  # only the main thread is told of signals
        return

    def handle(_signal: int, _frame: FrameType | None) -> None:
        interruption.count += 1
        if interruption.tell is not None:
            interruption.tell()

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The end of a run's sending; `reason` is why the lane that may go on first is paused."""

    interrupted: bool
    stop: Stop | None
    reason: str


async def dispatch(
    traffic: Traffic, accounts: Sequence[str], interruption: Interruption
) -> Dispatched:
    """Drive one lane per account to its end. The caller holds the campaign's run lock.

    Raises the first error of a lane, once every message in flight is settled.
    """
    tasks = [asyncio.ensure_future(_lane(traffic, account)) for account in accounts]
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if interruption.count > 1:
            for task in tasks:
                task.cancel()
        elif not traffic.halt.is_set():
            traffic.report(Halting())
        traffic.halt.set()

    # This also wakes the loop, on Windows too.
    interruption.tell = lambda: loop.call_soon_threadsafe(interrupt)
    if interruption.count:
        interrupt()
    try:
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        interruption.tell = None
    was_cut = any(isinstance(end, asyncio.CancelledError) for end in ends)
    if (
        was_cut or traffic.ledger.is_shared
    ):  # there a dead run on another computer may have left one
        recover(traffic.ledger, traffic.campaign_id, traffic.now())
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError):
            raise end
    lanes = [end for end in ends if isinstance(end, LaneEnd)]
    return Dispatched(interruption.count > 0, _first_stop(lanes), _first_pause(lanes))


def _first_stop(lanes: Sequence[LaneEnd]) -> Stop | None:
    """Return the stop that matters most: a stop of the whole run comes first."""
    stops = [end.stop for end in lanes if end.stop]
    return min(stops, key=lambda stop: (stop.scope != "run", stop.exit_code), default=None)


def _first_pause(lanes: Sequence[LaneEnd]) -> str:
    """Return the reason of the paused lane that may go on first."""
    pauses = [(end.until, end.reason) for end in lanes if end.kind == "paused" and end.until]
    return min(pauses, key=lambda pause: pause[0], default=(None, ""))[1]


async def _lane(traffic: Traffic, account: str) -> LaneEnd:
    try:
        end = await drive(Lane(traffic, account))
    except Exception:
        traffic.halt.set()  # the other lanes end after their message in flight
        raise
    if end.stop and end.stop.scope == "run":
        traffic.halt.set()
    return end
