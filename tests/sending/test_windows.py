"""Quota windows of any length: used fully, and never exceeded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from runner.rehearsal.endpoint import Answer, SimulatedEndpoint
from runner.rehearsal.neighbour import Numbers
from tests.world import MONDAY, World, crowd

_NOTHING = Answer(404, b"")
Window = Callable[[datetime, datetime | None], tuple[datetime, datetime]]


def every(length: timedelta, offset: timedelta = timedelta()) -> Window:
    """Windows that follow each other without a gap."""

    def window(now: datetime, _first: datetime | None) -> tuple[datetime, datetime]:
        begin = datetime(2026, 1, 1, tzinfo=UTC) + offset
        start = begin + (now - begin) // length * length
        return start, start + length

    return window


def from_the_first(now: datetime, first: datetime | None) -> tuple[datetime, datetime]:
    """A window of 24 hours that begins with the first message after the one before."""
    start = first if first is not None and now < first + timedelta(days=1) else now
    return start, start + timedelta(days=1)


@dataclass
class WindowServer(SimulatedEndpoint):
    """A simulated endpoint whose quota has windows of its own kind."""

    clock: Callable[[], datetime]
    quota: int
    window: Window
    first: datetime | None = None
    counts: Counter[datetime] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__(self.clock, key="a-key-of-the-simulated-endpoint", limit=self.quota)

    def use(self, account: str, count: int) -> None:
        start, _ = self.window(self._now(), self.first)
        self.first = start
        self.counts[start] += count

    def _spent(self, account: str) -> int:
        return self.counts[self.window(self._now(), self.first)[0]]

    def _numbers(self, account: str) -> Numbers:
        _, end = self.window(self._now(), self.first)
        return Numbers(self.limit, self._spent(account), end.isoformat())


def walked(folder: Path, window: Window, limit: int, rows: int, **options: Any) -> WindowServer:
    """Send a whole list through a server with such windows, in simulated time."""
    world = World(folder, crowd(rows), limit=10**6)
    world.server = WindowServer(world.clock.now, limit, window)
    options = {"min_gap": 0, "now": True, **options}
    world.run(stay=True, **options)
    assert world.statuses().count("sent") == rows
    return world.server


KINDS = {
    "20 seconds": (every(timedelta(seconds=20)), 4),
    "an hour": (every(timedelta(hours=1), timedelta(minutes=17)), 6),
    "24 hours from the first": (from_the_first, 6),
    "midnight UTC": (every(timedelta(days=1)), 6),
    "a week": (every(timedelta(days=7), timedelta(days=3)), 6),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("looks", [True, False])
def test_windows_are_used_fully_and_never_exceeded(
    tmp_path: Path, kind: str, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each window but the last has all its messages, whether or not the quota can be asked for."""
    window, limit = KINDS[kind]
    if not looks:
        monkeypatch.setattr(WindowServer, "look_up", lambda *_: _NOTHING)
    server = walked(tmp_path, window, limit, rows=5 * limit)
    counts = [server.counts[start] for start in sorted(server.counts)]
    assert max(counts) <= limit
    assert counts == [limit] * 5
    starts = sorted(server.counts)
    length = window(starts[0], starts[0])[1] - starts[0]
    # No window is passed over: the next one is used as soon as it opens.
    assert all(after - before <= length * 1.5 for before, after in pairwise(starts))


@pytest.mark.parametrize("kind", ["an hour", "24 hours from the first", "midnight UTC"])
def test_windows_are_kept_within_sending_hours(tmp_path: Path, kind: str) -> None:
    """With sending hours, short windows are all used, and a day's window bounds the day."""
    window, limit = KINDS[kind]
    server = walked(
        tmp_path, window, limit, rows=4 * limit, now=False, hours="09:00-17:00", days="mon-sun"
    )
    assert max(server.counts.values()) <= limit
    days = Counter(receipt.at.date() for receipt in server.receipts)
    assert all(time(9) <= receipt.at.time() < time(17, 1) for receipt in server.receipts)
    assert len(days) == (1 if kind == "an hour" else 4)


@pytest.mark.parametrize("skew", [timedelta(seconds=-70), timedelta(seconds=70)], ids=str)
def test_a_server_clock_that_is_a_minute_off_loses_no_window(
    tmp_path: Path, skew: timedelta
) -> None:
    """A reset is read by the date of its answer: a short window does not seem to be over."""
    world = World(tmp_path, crowd(20), limit=10**6)
    window = every(timedelta(minutes=3))
    server = WindowServer(world.clock.now, 4, lambda now, first: window(now + skew, first))
    server.skew = skew
    world.server = server
    world.run(stay=True, min_gap=0, now=True)
    assert world.statuses().count("sent") == 20
    assert world.clock.now() - MONDAY < timedelta(minutes=3 * 6)
    assert sorted(server.counts.values()) == [4] * 5
