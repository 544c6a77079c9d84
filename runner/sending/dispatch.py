"""Dispatch: all lanes of one run, in this process, and the signals that end them.

The first SIGINT or SIGTERM lets the message in flight finish; the second does not wait for it, which leaves it uncertain.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from runner.ledger.attempt import recover
from runner.ledger.record import Stop
from runner.sending.lane import Course, LaneEnd, drive

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Dispatched:
    """How the sending of a run ended; `reason` is why the lane that may go on first is paused."""

    interrupted: bool
    stop: Stop | None
    reason: str


async def dispatch(course: Course, accounts: Sequence[str]) -> Dispatched:
    """Drive one lane per account to its end. The caller holds the campaign's run lock.

    Raises the first error of a lane, once every message in flight is settled.
    """
    tasks = [asyncio.ensure_future(_lane(course, account)) for account in accounts]
    with _signals(course.halt, tasks) as interruption:
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    if any(isinstance(end, asyncio.CancelledError) for end in ends):
        recover(course.ledger, course.campaign_id, course.now())
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError):
            raise end
    lanes = [end for end in ends if isinstance(end, LaneEnd)]
    stops = sorted((end.stop for end in lanes if end.stop), key=lambda stop: (stop.scope != "run", stop.exit_code))
    paused = sorted((end for end in lanes if end.kind == "paused" and end.until), key=lambda end: end.until or course.now())
    return Dispatched(
        interruption.count > 0,
        stops[0] if stops else None,
        paused[0].reason if paused else "",
    )


async def _lane(course: Course, account: str) -> LaneEnd:
    try:
        end = await drive(course, account)
    except Exception:
        course.halt.set()  # the other lanes end after their message in flight
        raise
    if end.stop and end.stop.scope == "run":
        course.halt.set()
    return end


@dataclass(slots=True)
class _Interruption:
    count: int = 0


@contextmanager
def _signals(halt: asyncio.Event, tasks: Sequence[asyncio.Future[LaneEnd]]) -> Iterator[_Interruption]:
    interruption = _Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption  # only the main thread is told of signals
        return
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        interruption.count += 1
        halt.set()
        if interruption.count > 1:
            for task in tasks:
                task.cancel()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(interrupt)  # also wakes the loop, on Windows too

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
