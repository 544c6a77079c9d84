"""The clocks of a season: the true one, and this computer's.

Threads share the true clock, and sleeps jump over its time. This computer's clock steps.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


class SeasonOver(BaseException):
    """The season is over. It ends a run like a power cut."""


@dataclass(frozen=True, slots=True)
class Nap:
    """A sleep of the computer.

    The lid closes at `at`, by the true clock, and stays closed for `length`.
    """

    at: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """A step of this computer's clock.

    From `at` on, by the true clock, this computer's clock is `ahead` of it.
    """

    at: datetime
    ahead: timedelta


class TrueClock:
    """The true time.

    It stands still while there is work. Threads that wait on it take turns: the thread whose wait
    ends first goes on. While the computer sleeps, the time runs, but no timer does.
    """

    def __init__(self, start: datetime, end: datetime, naps: Sequence[Nap] = ()) -> None:
        self._now, self._end = start, end
        self._naps = sorted(naps, key=lambda nap: nap.at)
        self._uptime = 0.0
        self._waits: dict[int, float] = {}
        self._turn: int | None = None
        self._living: set[int] = set()
        self._changed = threading.Condition()

    def now(self) -> datetime:
        return self._now

    def uptime(self) -> float:
        """Return the seconds that the computer has been awake."""
        return self._uptime

    def join(self, me: int) -> None:
        """Announce a thread that is going to wait on this clock.

        All threads have to join before any begins.
        """
        self._living.add(me)

    def leave(self, me: int) -> None:
        with self._changed:
            self._living.discard(me)
            self._pass_on()

    def begin(self, me: int) -> None:
        """Wait for the first turn."""
        self._wait(me, self._uptime)

    def wait(self, me: int, seconds: float) -> None:
        """Wait until the computer has been awake for so many more seconds. Raises SeasonOver."""
        self._wait(me, self._uptime + max(0.0, seconds))
        if self._now >= self._end:
            raise SeasonOver

    def wait_until(self, me: int, instant: datetime) -> None:
        """Wait until a true instant. Raises SeasonOver."""
        while self._now < instant:
            self.wait(me, (instant - self._now).total_seconds())

    def _wait(self, me: int, until: float) -> None:
        with self._changed:
            self._waits[me] = until
            self._pass_on()
            self._changed.wait_for(lambda: self._turn == me)
            del self._waits[me]
            self._turn = None
            self._run_to(until)

    def _pass_on(self) -> None:
        if self._turn is None and self._waits.keys() == self._living and self._waits:
            self._turn = min(self._waits, key=lambda one: (self._waits[one], one))
            self._changed.notify_all()

    def _run_to(self, uptime: float) -> None:
        self._now += timedelta(seconds=max(0.0, uptime - self._uptime))
        self._uptime = max(self._uptime, uptime)
        while self._naps and self._naps[0].at <= self._now:
            nap = self._naps.pop(0)
            self._now = max(self._now, nap.at + nap.length)

    def loop(self, me: int) -> asyncio.AbstractEventLoop:
        """Return an event loop whose waits are this thread's waits on the clock."""
        return _Loop(self, me)


class _Selector(selectors.DefaultSelector):
    def __init__(self, clock: TrueClock, me: int) -> None:
        super().__init__()
        self._clock, self._me = clock, me
        self._over = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout and not self._over:
            try:
                # The wait goes past its end, for a float may have no finer step.
                self._clock.wait(self._me, timeout + 1e-6)
            except SeasonOver:
                self._over = True  # the rest of the loop only cleans up
                raise
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: TrueClock, me: int) -> None:
        self._clock = clock
        super().__init__(_Selector(clock, me))

    def time(self) -> float:
        return self._clock.uptime()


@dataclass
class Computer:
    """This computer's clock: the true one with an error."""

    clock: TrueClock
    steps: Sequence[Step] = ()

    def now(self) -> datetime:
        return self.clock.now() + self.ahead

    @property
    def ahead(self) -> timedelta:
        latest = self._latest()
        return latest.ahead if latest else timedelta()

    @property
    def stepped_at(self) -> datetime | None:
        """The true time at which this clock last changed against the true one."""
        latest = self._latest()
        return latest.at if latest else None

    def repair(self) -> None:
        """Set the clock right, as a person does."""
        self.steps = sorted(
            [*self.steps, Step(self.clock.now(), timedelta())], key=lambda step: step.at
        )

    def _latest(self) -> Step | None:
        now = self.clock.now()
        return next((step for step in reversed(self.steps) if step.at <= now), None)
