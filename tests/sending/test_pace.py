"""All rules of pace together, walked through whole campaigns in memory.

The forecast comes true, and within every bound.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from math import ceil
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runner.ledger.record import Told
from runner.sending.calendar import Calendar
from runner.sending.forecast import windows
from runner.sending.pace import Pace
from runner.sending.ramp import Ramp
from runner.sending.share import shares
from runner.sending.turn import Turn
from tests.sending.book import DAY, Book

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
MONDAY_NOON = MONDAY + DAY / 2
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Los_Angeles",
    "America/New_York",
    "Australia/Adelaide",
    "Asia/Kolkata",
    "Pacific/Apia",
]


def office(zone: str = "UTC", **more: object) -> Calendar:
    return Calendar(time(9), time(17), frozenset(range(5)), ZoneInfo(zone), **more)  # type: ignore[arg-type]


def days_of(book: Book, zone: ZoneInfo, campaign: int = 1) -> list[tuple[date, int]]:
    return sorted(
        Counter(at.astimezone(zone).date() for at, by in book.sent if by == campaign).items()
    )


def forecast(pace: Pace, book: Book, now: datetime, zone: ZoneInfo) -> list[tuple[date, int]]:
    days: Counter[date] = Counter()
    for start, count in windows(pace, book.state(), now):
        days[start.astimezone(zone).date()] += count
    return sorted(days.items())


@st.composite
def paces(draw: st.DrawFn) -> Pace:
    hour = draw(st.integers(0, 22))
    calendar = Calendar(
        time(hour, draw(st.sampled_from([0, 30]))),
        None if (end := draw(st.integers(hour + 1, 24))) == 24 else time(end),
        draw(st.frozensets(st.integers(0, 6), min_size=1)),
        ZoneInfo(draw(st.sampled_from(ZONES))),
        draw(st.sampled_from([(), ("US",), ("DE-BY", "AT")])),
    )
    return Pace(
        calendar,
        timedelta(seconds=draw(st.sampled_from([0, 30, 600, 3600]))),
        draw(st.none() | st.integers(1, 30)),
        draw(st.integers(0, 10)),
        draw(
            st.none()
            | st.builds(
                lambda first, step, more: Ramp(first, step, first + more), *[st.integers(1, 9)] * 3
            )
        ),
    )


@hypothesis_settings(max_examples=150)
@given(paces(), st.integers(1, 120), st.integers(12, 40), st.integers(0, 60 * 24 * 30))
def test_what_is_forecast_is_what_happens(pace: Pace, rows: int, limit: int, minute: int) -> None:
    """The forecast comes true day by day, over any hours, zone, holidays, reserve, ramp and limit.
    The messages stay within the hours and every bound, and are spaced."""
    assert pace.calendar is not None
    zone, start = (
        pace.calendar.zone,
        datetime(2026, 12, 5, tzinfo=UTC) + minute * timedelta(minutes=1),
    )
    book = Book({1: rows}, limit=limit)
    book.hear(start)
    expected = forecast(pace, book, start, zone)
    book.walk(pace, start)
    assert days_of(book, zone) == expected
    moments = [at for at, _ in book.sent]
    assert all(pace.calendar.is_open(at) for at in moments)
    assert all(after - before >= pace.min_gap for before, after in pairwise(moments))
    bound = min(
        limit - pace.reserve, pace.daily_limit or limit, pace.ramp.most if pace.ramp else limit
    )
    assert max(count for _, count in days_of(book, zone)) <= bound
    assert max(Counter(at.date() for at in moments).values()) <= limit - pace.reserve


@pytest.mark.parametrize("zone", ZONES)
def test_a_campaign_takes_as_many_days_as_the_allowance_asks_for(zone: str) -> None:
    """A campaign takes ceil(rows / daily allowance) sending days, each day spread out. It does not
    matter where the quota's midnight falls in the hours."""
    pace = Pace(office(zone))
    for rows in (1, 150, 151, 400, 750):
        book = Book({1: rows})
        start = datetime(2026, 11, 23, 6, tzinfo=ZoneInfo(zone))
        book.hear(start)
        assert len(forecast(pace, book, start, ZoneInfo(zone))) == ceil(rows / 150)
        book.walk(pace, start)
        counts = [count for _, count in days_of(book, ZoneInfo(zone))]
        assert counts == [150] * (rows // 150) + [rows % 150] * (rows % 150 > 0)
        hours = Counter(
            at.astimezone(ZoneInfo(zone)).hour for at, _ in book.sent[: 150 * (rows // 150)]
        )
        assert not hours or max(hours.values()) <= 1.4 * min(hours.values())


def test_a_ramp_grows_with_each_day_of_sending_and_begins_anew_after_a_pause() -> None:
    """A ramp goes 20, 30, 40 … to 60, and a weekend makes no difference. An account that was silent
    for two weeks starts at 20 again."""
    pace = Pace(office(), ramp=Ramp(20, 10, 60))
    book = Book({1: 20 + 30 + 40 + 50 + 60 + 60 + 7})
    last = book.walk(pace, MONDAY)
    assert [count for _, count in days_of(book, ZoneInfo("UTC"))] == [20, 30, 40, 50, 60, 60, 7]
    book.waiting[1] = 25
    book.walk(pace, last + 15 * DAY)
    assert [count for _, count in days_of(book, ZoneInfo("UTC"))][7:] == [20, 5]


def test_holidays_are_no_sending_days_and_say_so() -> None:
    """In Bavaria nothing goes from Friday 25 to Sunday 27 December, nor on New Year's Day and
    Epiphany. The wait names the holiday."""
    pace = Pace(office("Europe/Berlin", holidays=("DE-BY",)), daily_limit=10)
    book = Book({1: 100})
    start = datetime(2026, 12, 24, 8, tzinfo=UTC)
    book.walk(pace, start)
    sent_on = {day for day, _ in days_of(book, ZoneInfo("Europe/Berlin"))}
    assert sent_on.isdisjoint(
        {date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1), date(2027, 1, 6)}
    )
    assert date(2026, 12, 24) in sent_on
    wait = Turn(pace, Book({1: 1}).state(), datetime(2026, 12, 25, 10, tzinfo=UTC)).wait()
    assert wait is not None
    assert "holiday" in wait.reason
    assert wait.until == datetime(2026, 12, 28, 8, tzinfo=UTC)


@hypothesis_settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 200)), min_size=2, max_size=4),
    st.integers(5, 150),
)
def test_campaigns_share_an_account_by_their_priorities(
    campaigns: list[tuple[int, int]], limit: int
) -> None:
    """The day's quota goes out whole while rows wait, to each campaign by its priority. The share
    that one campaign does not need is for the others."""
    numbers = range(1, len(campaigns) + 1)
    book = Book(
        {n: rows for n, (_, rows) in zip(numbers, campaigns, strict=True)},
        {n: priority for n, (priority, _) in zip(numbers, campaigns, strict=True)},
        limit=limit,
    )
    day, now = MONDAY + timedelta(hours=9), MONDAY + timedelta(hours=9)
    paces = {
        n: Pace(office(), timedelta(0), priority=priority)
        for n, (priority, _) in zip(numbers, campaigns, strict=True)
    }
    wanted = dict(book.waiting)
    while now < day + timedelta(hours=8):
        waits = []
        for number in numbers:
            if book.waiting[number]:
                wait = Turn(paces[number], book.state(number), now).wait()
                if wait is None:
                    book.send(now, number)
                    waits.append(now + timedelta(seconds=1))
                else:
                    waits.append(wait.until)
        if not waits:
            break
        now = min(waits)
    went = Counter(by for _, by in book.sent)
    assert went.total() == min(limit, sum(wanted.values()))
    parts = shares(limit, [(priority, rows) for priority, rows in campaigns])
    for number, part in zip(numbers, parts, strict=True):
        # Rounding up gives each of the others one more at most.
        assert went[number] >= part - (len(campaigns) - 1)


def test_a_jump_of_others_use_is_planned_around_at_once() -> None:
    """When another tool takes 100 of 150 at noon, the rest is spread over the afternoon. No request
    meets a spent quota."""
    pace, book = Pace(office()), Book({1: 500})
    now = MONDAY + timedelta(hours=9)
    while now < MONDAY + timedelta(hours=17):
        wait = Turn(pace, book.state(), now).wait()
        if wait is None:
            book.send(now)
        if len(book.sent) == 40 and not book.foreign:
            book.foreign[MONDAY.date()] = 100
            book.hear(now)
            assert Turn(pace, book.state(), now).allowance().foreign == 100
        now = wait.until if wait else now
    assert len(book.sent) == 50
    gaps = [after - before for before, after in pairwise(at for at, _ in book.sent[39:])]
    assert min(gaps) > timedelta(minutes=20)


def test_a_pause_is_planned_anew() -> None:
    """A laptop that sleeps from 10 to 15 o'clock sends what fits evenly into the rest. The next day
    is like any other."""
    pace, book = Pace(office()), Book({1: 300})
    now, slept = MONDAY + timedelta(hours=9), False
    while book.waiting[1]:
        wait = Turn(pace, book.state(), now).wait()
        if wait is None:
            book.send(now)
        now = wait.until if wait else now
        if not slept and now >= MONDAY + timedelta(hours=10):
            now, slept = MONDAY + timedelta(hours=15), True
    assert days_of(book, ZoneInfo("UTC")) == [(MONDAY.date(), 150), ((MONDAY + DAY).date(), 150)]
    gaps = [after - before for before, after in pairwise(at for at, _ in book.sent)]
    assert min(gaps) >= timedelta(seconds=30)


@given(st.integers(-3 * 24 * 60, 3 * 24 * 60), st.integers(1, 149), st.booleans())
def test_a_clock_that_steps_never_spends_more_than_the_quota(
    minutes: int, before: int, speaks: bool
) -> None:
    """After a step of the clock, either way, our own count and the server's numbers leave no more
    than the quota of the true day, as long as the server speaks. Without its numbers, no more than
    the quota goes in a day of our clock."""
    pace, book = Pace(None, timedelta(0), velocity=False), Book({1: 400}, speaks=speaks)
    now = MONDAY + timedelta(hours=12)
    for _ in range(before):
        book.send(now)
        now += timedelta(seconds=1)
    stepped = now + minutes * timedelta(minutes=1)
    left = Turn(pace, book.state(), stepped).allowance().remaining
    same_day = stepped.date() == now.date()
    assert not same_day or left <= 150 - before
    assert stepped >= now or left <= 150 - before, "a clock set back does not open a spent quota"


def test_the_vendors_velocity_limits_hold_without_a_gap() -> None:
    """Never more than 15 messages go in any minute, even with --now --min-gap 0."""
    pace, book = Pace(None, timedelta(0)), Book({1: 100})
    book.walk(pace, MONDAY)
    moments = [at for at, _ in book.sent]
    assert all(
        after - before >= timedelta(minutes=1)
        for before, after in zip(moments, moments[15:], strict=False)
    )
    assert moments[99] - moments[0] < timedelta(minutes=8)


def test_a_spent_window_of_the_server_is_waited_out_whatever_our_own_count_says() -> None:
    """When the server tells that no message is left until a reset in two hours, nothing goes before
    it."""
    book = Book({1: 5}, told=Told(MONDAY, 20, 20, 0, MONDAY + timedelta(hours=2)))
    wait = Turn(Pace(None), book.state(), MONDAY + timedelta(minutes=1)).wait()
    assert wait is not None
    assert wait.until == MONDAY + timedelta(hours=2)


@given(
    st.integers(0, 300),
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 200)), min_size=1, max_size=5),
)
def test_shares_are_whole_and_fair(total: int, claims: list[tuple[int, int]]) -> None:
    """All that can be used is given, and no campaign gets more than it can use. A campaign that
    wants more gets at least its share by priority."""
    parts = shares(total, claims)
    wanted = [count for _, count in claims]
    assert sum(parts) >= min(total, sum(wanted))
    assert all(part <= count for part, count in zip(parts, wanted, strict=True))
    for (priority, count), part in zip(claims, parts, strict=True):
        assert part == count or part >= total * priority / sum(weight for weight, _ in claims)


def test_a_reserve_of_the_whole_quota_is_named_as_the_reason() -> None:
    """Nothing can ever go when the reserve is the whole quota. The wait says so, unlike any other
    pause."""
    book = Book({1: 5}, limit=20, told=Told(MONDAY_NOON, 20, 0, 20))
    wait = Turn(Pace(office(), timedelta(), reserve=20), book.state(), MONDAY_NOON).wait()
    assert wait is not None
    assert wait.reason == "all that the account may send (20) is kept for others (reserve 20)"


def test_a_forecast_of_decades_ends_and_is_not_the_whole() -> None:
    """A forecast ends in good time, some years ahead. Its counts show that it is not the whole."""
    found = list(
        windows(Pace(office(), timedelta(), daily_limit=1), Book({1: 100_000}).state(), MONDAY_NOON)
    )
    assert MONDAY_NOON + 3 * 365 * DAY < found[-1][0] < MONDAY_NOON + 10 * 365 * DAY
    assert sum(count for _, count in found) == len(found) < 100_000


def test_of_a_bound_of_our_own_only_our_messages_are_used() -> None:
    """Others' use is told apart from ours, and never makes more used than there is."""
    book = Book(
        {1: 9}, limit=150, told=Told(MONDAY_NOON, 150, 14, 136), sent=[(MONDAY + DAY / 3, 1)] * 5
    )
    left = Turn(Pace(office(), timedelta(), daily_limit=5), book.state(), MONDAY_NOON).allowance()
    assert (left.limit, left.used, left.remaining, left.foreign) == (5, 5, 0, 9)
    left = Turn(Pace(office(), timedelta(), daily_limit=200), book.state(), MONDAY_NOON).allowance()
    assert (left.limit, left.used, left.remaining, left.foreign) == (150, 14, 136, 9)
