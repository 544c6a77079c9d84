"""Every clock change of every time zone in three years, walked in memory.

The sending hours lie around the change.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from runner.sending.calendar import Calendar
from runner.sending.forecast import windows
from runner.sending.pace import Pace
from tests.sending.book import DAY, Book

pytestmark = pytest.mark.slow

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STEP = timedelta(hours=6)  # no two changes of a clock are this close
LIMIT = 5
GAP = timedelta(minutes=10)
HOURS: dict[str, tuple[time, time | None]] = {
    "around the change": (time(0, 30), time(3, 30)),
    "the last hour": (time(23), None),
    "from midnight": (time(0), time(1, 30)),
    "from within the change": (time(2, 30), time(4)),
    "all day": (time(0), None),
    "office": (time(9), time(17)),
}
Change = tuple[datetime, timedelta]  # the time, and how far the clock is put ahead


def offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def wall(zone: ZoneInfo, instant: datetime) -> datetime:
    """Return the time on a clock on the wall: UTC and the zone's offset, added up."""
    return instant.replace(tzinfo=None) + offset(zone, instant)


def changes_of(zone: ZoneInfo) -> tuple[Change, ...]:
    """Find every change of the zone's clock, to the minute."""
    moments = [BEGIN + number * STEP for number in range((END - BEGIN) // STEP + 1)]
    found = []
    for before, after in pairwise(moments):
        old, new = offset(zone, before), offset(zone, after)
        if old != new:
            minutes = range(STEP // MINUTE)
            at = before + MINUTE * bisect_left(
                minutes, True, key=lambda m: offset(zone, before + m * MINUTE) == new
            )
            found.append((at, new - old))
    return tuple(found)


@cache
def clocks() -> dict[str, tuple[Change, ...]]:
    """Find one zone for each way that clocks behave in these years, with its changes."""
    alike: dict[tuple[timedelta, tuple[Change, ...]], str] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        alike.setdefault((offset(zone, BEGIN), changes_of(zone)), name)
    return {name: changes for (_, changes), name in alike.items()}


def open_minutes(
    zone: ZoneInfo, hours: tuple[time, time | None], begin: datetime, end: datetime
) -> dict[date, Counter[date]]:
    """Count the open minutes of each local day one by one, by the UTC day they are in."""
    found: defaultdict[date, Counter[date]] = defaultdict(Counter)
    for number in range((end - begin) // MINUTE):
        instant = begin + number * MINUTE
        shown = wall(zone, instant)
        if is_inside(shown, hours):
            found[shown.date()][instant.date()] += 1
    return found


def is_inside(moment: datetime, hours: tuple[time, time | None]) -> bool:
    return hours[0] <= moment.time() and (hours[1] is None or moment.time() < hours[1])


def walk_around(zone: ZoneInfo, change: datetime, hours: tuple[time, time | None]) -> None:
    """Walk through six days of messages around a change, and check everything that has to hold."""
    pace = Pace(Calendar(*hours, frozenset(range(7)), zone), GAP)
    start = (change - 2 * DAY).replace(minute=7)
    book = Book({1: 5 * LIMIT}, limit=LIMIT)
    book.hear(start)
    expected: Counter[date] = Counter()
    for begin, count in windows(pace, book.state(), start):
        expected[wall(zone, begin).date()] += count
    last = book.walk(pace, start)
    moments = [at for at, _ in book.sent]
    local, quota = (
        Counter(wall(zone, at).date() for at in moments),
        Counter(at.date() for at in moments),
    )
    assert all(is_inside(wall(zone, at), hours) for at in moments)
    assert max(quota.values()) <= LIMIT
    assert max(local.values()) <= LIMIT
    assert all(after - before >= GAP for before, after in pairwise(moments))
    assert local == expected
    room = open_minutes(zone, hours, start, last + DAY)
    whole = [
        day
        for day in room
        if room[day].total() * MINUTE >= LIMIT * GAP and day < wall(zone, last).date()
    ]
    assert len(whole) >= 4
    # A change of the clock moves the end of the quota's day. When that end lies within the hours,
    # the quota's days are the bound.
    assert [
        day
        for day in whole
        if local[day] < LIMIT and not all(quota[one] == LIMIT for one in room[day])
    ] == []


def test_clocks_are_put_ahead_and_back_by_more_than_one_measure() -> None:
    """The walked changes are gaps and folds, of an hour and of other lengths, at midnight and in
    the night."""
    changes = [
        (wall(ZoneInfo(name), at).time(), ahead)
        for name, found in clocks().items()
        for at, ahead in found
    ]
    assert len(clocks()) > 50
    assert len(changes) > 150
    assert {
        timedelta(hours=1),
        timedelta(hours=-1),
        timedelta(minutes=30),
        timedelta(minutes=-30),
    } <= {c for _, c in changes}
    assert any(shown <= time(1) for shown, _ in changes)
    assert any(time(2) <= shown <= time(3) for shown, _ in changes)


@pytest.mark.parametrize("kind", HOURS)
def test_no_change_of_a_clock_moves_a_message_out_of_its_hours_or_its_day(kind: str) -> None:
    """Every message keeps the hours, the quota of both days and the spacing. All goes as forecast,
    and each day's allowance is used whole. Each change is walked with two kinds of hours."""
    assert wrong_around(walks()[list(HOURS).index(kind) % 3 :: 3], kind) == []


@pytest.mark.proof
@pytest.mark.parametrize("kind", HOURS)
def test_no_change_of_a_clock_moves_a_message_with_any_hours(kind: str) -> None:
    assert wrong_around(walks(), kind) == []


def walks() -> list[tuple[str, datetime]]:
    """The zones with their changes; for one that has none, a moment."""
    none = ((datetime(2027, 3, 28, 1, tzinfo=UTC), timedelta()),)
    return [(name, at) for name, changes in clocks().items() for at, _ in changes or none]


def wrong_around(changes: list[tuple[str, datetime]], kind: str) -> list[str]:
    wrong = []
    for name, change in changes:
        try:
            walk_around(ZoneInfo(name), change, HOURS[kind])
        except AssertionError as error:
            wrong.append(f"{name} {change:%Y-%m-%d %H:%M}Z: {str(error).splitlines()[0]}")
    return wrong
