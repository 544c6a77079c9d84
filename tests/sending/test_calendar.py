"""Sending hours by the wall clock, in every zone and over every change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.sending.calendar import (
    Calendar,
    next_slot,
)
from runner.sending.times import days_text, parse_days, parse_first, parse_hours, parse_zone

MINUTE = timedelta(minutes=1)
# Zones whose clocks do something unusual: half hours, changes at midnight or by 30 minutes, skipped
# days, southern summers.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Santiago",
    "Africa/Casablanca",
]


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    minutes = st.integers(0, 24 * 60)
    start, end = sorted(draw(st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1])))
    clock = lambda minute: None if minute == 24 * 60 else time(minute // 60, minute % 60)  # noqa: E731
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    first = draw(st.sampled_from([None, None, date(2026, 1, 15), date(2026, 3, 29)]))
    return Calendar(clock(start) or time(0), clock(end), days, zone, first=first)


# Minutes around the changes of clocks of 2026 in the zones above, and any other minute.
changes = st.sampled_from(
    [
        datetime(2026, month, day, tzinfo=UTC)
        for month, day in [(3, 7), (3, 28), (4, 3), (4, 4), (4, 23), (10, 3), (10, 24), (10, 31)]
    ]
)
minutes = st.builds(
    lambda start, count: start + count * MINUTE, changes, st.integers(0, 3 * 24 * 60)
) | st.builds(
    lambda count: datetime(2026, 1, 1, tzinfo=UTC) + count * MINUTE, st.integers(0, 366 * 24 * 60)
)


@given(calendars(), minutes)
def test_the_next_opening_is_the_first_open_minute(calendar: Calendar, instant: datetime) -> None:
    """`next_open` is open, and no earlier minute is. A walk minute by minute finds the same, over
    every change of clocks."""
    opening = calendar.next_open(instant)
    assert calendar.is_open(opening)
    minute = instant
    while minute < opening:
        assert not calendar.is_open(minute)
        minute += MINUTE if opening - minute < timedelta(days=1) else timedelta(minutes=13)


@given(calendars(), minutes)
def test_nothing_is_closed_before_the_closing(calendar: Calendar, instant: datetime) -> None:
    """Every minute of a span is inside the hours and within the day of its instant. The span ends
    where the hours or the day end."""
    opening = calendar.next_open(instant)
    start, end = calendar.span(opening)
    begin, finish = calendar.day(opening)
    assert begin <= start <= opening < end <= finish
    assert start == begin or not calendar.is_open(start - MINUTE)
    assert end == finish or not calendar.is_open(end)
    assert all(
        calendar.is_open(start + number * MINUTE) for number in range((end - start) // MINUTE)
    )


@given(calendars(), minutes, st.integers(0, 3 * 24 * 60))
def test_open_time_is_what_a_clock_would_count(
    calendar: Calendar, start: datetime, count: int
) -> None:
    """The open time between two instants is the number of open minutes, counted one by one. Every
    edge here falls on a minute."""
    counted = sum(calendar.is_open(start + number * MINUTE) for number in range(count))
    assert calendar.open_time(start, start + count * MINUTE) == counted * MINUTE


@given(calendars(), minutes)
def test_nothing_is_open_before_the_first_day(calendar: Calendar, instant: datetime) -> None:
    """No instant of a day before the first one, by the zone's clocks, is inside the hours."""
    opening = calendar.next_open(instant)
    assert calendar.first is None or opening.astimezone(calendar.zone).date() >= calendar.first


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "01.12.2026", "9999-12-31", "2029-01-01"])
def test_a_first_day_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Calendar(first=parse_first(text)).next_open(datetime(2026, 11, 23, tzinfo=UTC))


def test_hours_that_begin_in_a_gap_begin_after_it() -> None:
    """Berlin has no 02:30 on 29 March 2026: the hours begin at 03:00, when the gap ends."""
    calendar = Calendar(time(2, 30), time(5), frozenset(range(7)), ZoneInfo("Europe/Berlin"))
    assert calendar.next_open(datetime(2026, 3, 28, 23, tzinfo=UTC)) == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )


def test_hours_that_end_in_a_gap_end_at_it() -> None:
    """Hours until 02:30 end at 02:00 on a night that has no 02:30."""
    calendar = Calendar(time(0), time(2, 30), frozenset(range(7)), ZoneInfo("Europe/Berlin"))
    _, end = calendar.span(datetime(2026, 3, 29, 0, 30, tzinfo=UTC))
    assert end == datetime(2026, 3, 29, 1, tzinfo=UTC)


@given(
    st.integers(0, 10_000),
    st.none() | st.integers(0, 100_000),
    st.integers(1, 80_000),
    st.integers(1, 500),
    st.integers(0, 900),
)
def test_a_slot_is_never_early_and_never_in_the_past(
    now: int, since: int | None, left: int, count: int, gap: int
) -> None:
    """A slot is at least min_gap after the last message, and at least the even share of the time
    left. It is never before now."""
    start = datetime(2026, 5, 4, 9, tzinfo=UTC)
    moment, end = start + timedelta(seconds=now), start + timedelta(seconds=now + left)
    last = None if since is None else moment - timedelta(seconds=since)
    slot = next_slot(moment, last, end, count, timedelta(seconds=gap))
    assert slot >= moment
    if last is None:
        assert slot == moment
    else:
        assert slot - last >= min(timedelta(seconds=gap), slot - last)
        assert slot == moment or slot - last >= timedelta(seconds=gap)


@given(st.integers(1, 200), st.integers(0, 300), st.integers(1, 40_000), st.text(max_size=5))
def test_a_spread_with_jitter_loses_no_message(
    count: int, gap: int, seconds: int, seed: str
) -> None:
    """All messages that fit at min_gap go before the end, with any jitter. No two of them are
    closer than min_gap."""
    start = now = datetime(2026, 5, 4, 9, tzinfo=UTC)
    end, last, went = start + timedelta(seconds=seconds), None, []
    fits = min(count, 1 + int((seconds - 0.001) // gap)) if gap else count
    for left in range(fits, 0, -1):
        now = next_slot(now, last, end, left, timedelta(seconds=gap), seed)
        went.append(now)
        last = now
    assert went[0] == start
    assert went[-1] < end
    assert all(after - before >= timedelta(seconds=gap) for before, after in pairwise(went))


def test_the_jitter_is_bounded_and_the_same_each_time() -> None:
    """Gaps stay about a quarter around 192 seconds, and the halves of the day are even. Each
    account has a spread of its own, the same each time."""
    spreads = []
    for seed in ("acc_1", "acc_1", "acc_2"):
        now = start = datetime(2026, 5, 4, 9, tzinfo=UTC)
        end, last, went = start + timedelta(hours=8), None, []
        for count in range(150, 0, -1):
            now = next_slot(now, last, end, count, timedelta(seconds=30), seed)
            went.append(now)
            last = now
        spreads.append(went)
        gaps = [(after - before).total_seconds() for before, after in pairwise(went)]
        assert 130 < min(gaps) < max(gaps) < 270
        assert 72 <= sum(moment < start + timedelta(hours=4) for moment in went) <= 78
    assert spreads[0] == spreads[1] != spreads[2]


def test_a_pause_is_not_caught_up_in_a_burst() -> None:
    """When half the day was lost, the rest is spread over the time that is left. The quota may stay
    unused rather than go out in a burst."""
    start = datetime(2026, 5, 4, 9, tzinfo=UTC)
    last, now, end = start, start + timedelta(hours=4), start + timedelta(hours=8)
    first = next_slot(now, last, end, 149, timedelta(seconds=30))
    second = next_slot(first, first, end, 148, timedelta(seconds=30))
    assert first == now
    assert second - first > timedelta(seconds=90)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("09:00-17:00", (time(9), time(17))),
        ("9-17", (time(9), time(17))),
        (" 8:30 - 24:00 ", (time(8, 30), None)),
    ],
)
def test_hours_are_read(text: str, hours: tuple[time, time | None]) -> None:
    """Hours are read in the forms that people write."""
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    "text", ["", "nine to five", "17:00-09:00", "09:00-09:00", "25:00-26:00", "09:60-10:00", "9"]
)
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    """Hours that make no sense are a usage error that shows the form."""
    with pytest.raises(UsageError):
        parse_hours(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("Mon,Wed,Fri", {0, 2, 4}),
        ("sun-thu", {6, 0, 1, 2, 3}),
        ("all", set(range(7))),
        ("sat", {5}),
        ("tue thu", {1, 3}),
        ("Tuesday; Thursday", {1, 3}),
        (" mon - wed, tues ,FRI ", {0, 1, 2, 4}),
        ("fri–sun", {4, 5, 6}),
    ],
)
def test_days_are_read(text: str, days: set[int]) -> None:
    """Ranges are read, also over the weekend, and so are lists and single days. Days that are
    written back read the same."""
    assert parse_days(text) == days
    assert parse_days(days_text(parse_days(text))) == days


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "someday",
        "mon-",
        "1-5",
        "mo",
        "montag",
        "mondays",
        "mon and fri",
        "tue|thu",
        "mon -, tue",
        "mon-tu",
    ],
)
def test_days_that_make_no_sense_are_refused(text: str) -> None:
    """Days that make no sense are a usage error that shows the form."""
    with pytest.raises(UsageError):
        parse_days(text)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    """An unknown zone is a usage error that names some zones that exist."""
    with pytest.raises(UsageError):
        parse_zone(name)
