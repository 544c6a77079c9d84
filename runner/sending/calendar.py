"""The calendar: sending hours and days in a named time zone, and the spacing between messages.

It says when the next message may go. Only this module reasons in wall-clock time. The wall clock
itself judges the hours, so nothing goes outside them when clocks change: an hour that does not
exist is skipped, and an hour that happens twice is judged both times by what the clock shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from runner.errors import UsageError
from runner.sending.holiday import holiday_on
from runner.sending.times import days_text

# A message may be moved off the even spread by up to this share of the gap before it.
JITTER: Final = 0.25
_DAY_START: Final = time(0)
# The search ends after two years: nobody waits longer for an open hour.
_FARTHEST_DAYS: Final = 730


@dataclass(frozen=True, slots=True)
class Calendar:
    """Sending hours: from `start` until before `end` on `days`, by the clocks of `zone`.

    An `end` of None is midnight. Day 0 is Monday. The holidays of the countries and regions in
    `holidays` have no sending hours, and neither have the days before `first`.
    """

    start: time = time(9)
    end: time | None = time(17)
    days: frozenset[int] = frozenset(range(5))
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    holidays: tuple[str, ...] = ()
    first: date | None = None

    def is_open(self, instant: datetime) -> bool:
        wall = instant.astimezone(self.zone)
        inside = self.start <= wall.time() and (self.end is None or wall.time() < self.end)
        return inside and not self.is_early(instant) and self._is_day(wall.date())

    def _is_day(self, day: date) -> bool:
        """Tell whether messages go on a day of the zone, whatever the first one is."""
        off = self.holidays and holiday_on(day, self.holidays)
        return day.weekday() in self.days and not off

    def is_early(self, instant: datetime) -> bool:
        """Tell whether the zone's day of `instant` is before the first one."""
        return self.first is not None and instant.astimezone(self.zone).date() < self.first

    def holiday(self, instant: datetime) -> str | None:
        """Return the name of the holiday that the zone's day of `instant` is, if it is one."""
        return (
            holiday_on(instant.astimezone(self.zone).date(), self.holidays)
            if self.holidays
            else None
        )

    def next_open(self, instant: datetime) -> datetime:
        """Return the first instant from `instant` on that is inside the hours.

        Raises UsageError when no such instant comes within two years.
        """
        if self.first is not None and self.first > instant.date():
            if (self.first - instant.date()).days > _FARTHEST_DAYS:
                raise UsageError(
                    f"The start date {self.first} is more than two years away.",
                    remedy="Look at its year.",
                )
            instant = max(instant, self._instant(self.first, _DAY_START))
        if self.is_open(instant):
            return instant
        for days in (15, 90, _FARTHEST_DAYS):
            for edge in self._edges(instant, days):
                if edge >= instant and self.is_open(edge):
                    return edge
        raise self._never()

    def _never(self) -> UsageError:
        remedy = "Look at the days and the holidays: together they leave no day."
        return UsageError(f"The sending hours {self} never come.", remedy=remedy)

    def instant(self, wall: datetime) -> datetime:
        """Return the instant that the clocks of the zone show as `wall`, which names no zone."""
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def days_after(self, instant: datetime, count: int) -> datetime:
        """Return the beginning of the sending day that is the `count`-th after that of `instant`;
        with 0, `instant`. Raises UsageError when so many days never come."""
        if count == 0:
            return instant
        day = instant.astimezone(self.zone).date()
        for _ in range(_FARTHEST_DAYS + 7 * count):
            day += timedelta(days=1)
            count -= self._is_day(day)
            if count == 0:
                return self._instant(day, _DAY_START)
        raise self._never()

    def span(self, instant: datetime) -> tuple[datetime, datetime]:
        """Return the start and the end of the open hours around `instant`, within the zone's day.

        `instant` is inside the hours.
        """
        begin, finish = self.day(instant)
        edges = [edge for edge in self._edges(instant, days=2) if begin <= edge <= finish]
        start = begin
        for before, after in pairwise(edges):
            if not self.is_open(before):
                start = after
            if after > instant:
                break
        return start, next(
            (edge for edge in edges if edge > instant and not self.is_open(edge)), finish
        )

    def day(self, instant: datetime) -> tuple[datetime, datetime]:
        """Return the beginning and the end of the zone's day that holds `instant`."""
        today = instant.astimezone(self.zone).date()
        return self._instant(today, _DAY_START), self._instant(
            today + timedelta(days=1), _DAY_START
        )

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of the time from `start` to `end` is inside the hours.

        `end` is at most some days after `start`.
        """
        inside = [edge for edge in self._edges(start) if start < edge < end]
        moments = [start, *inside, max(start, end)]
        spans = (after - before for before, after in pairwise(moments) if self.is_open(before))
        return sum(spans, timedelta())

    def _edges(self, instant: datetime, days: int = 15) -> list[datetime]:
        """Return every instant at which the hours may open or close, in order.

        The list begins with the day before that of `instant`.
        """
        first = instant.astimezone(self.zone).date()
        found = (
            edge
            for offset in range(-1, days)
            for edge in _day_edges(self, first + timedelta(days=offset))
        )
        return sorted(set(found))

    def _instant(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self.zone).astimezone(UTC)

    def _shift(self, instant: datetime) -> timedelta:
        return instant.astimezone(self.zone).utcoffset() or timedelta()

    def _change(self, begin: datetime, finish: datetime) -> datetime:
        """Find the second in which the zone's clocks change between two instants."""
        low, high = int(begin.timestamp()), int(finish.timestamp())
        before = self._shift(begin)
        while high - low > 1:
            middle = (low + high) // 2
            if self._shift(datetime.fromtimestamp(middle, UTC)) == before:
                low = middle
            else:
                high = middle
        return datetime.fromtimestamp(high, UTC)

    @property
    def hours(self) -> str:
        """The hours in the form that `parse_hours` reads."""
        return f"{self.start:%H:%M}-{self.end.strftime('%H:%M') if self.end else '24:00'}"

    def __str__(self) -> str:
        off = f", not on holidays of {', '.join(self.holidays)}" if self.holidays else ""
        begins = f", from {self.first} on" if self.first else ""
        return f"{self.hours}, {days_text(self.days)}, {self.zone.key}{off}{begins}"


@lru_cache(maxsize=4096)
def _day_edges(calendar: Calendar, day: date) -> tuple[datetime, ...]:
    """Return every instant of one day at which the hours may open or close, in order.

    The day is one of the calendar's zone.
    """
    begin, finish = (
        calendar._instant(day, _DAY_START),
        calendar._instant(day + timedelta(days=1), _DAY_START),
    )
    edges = {begin, finish}
    shifts = {calendar._shift(begin), calendar._shift(finish)}
    for wall in (calendar.start, calendar.end or _DAY_START):
        edges.update((datetime.combine(day, wall) - shift).replace(tzinfo=UTC) for shift in shifts)
    if len(shifts) > 1:
        edges.add(calendar._change(begin, finish))
    return tuple(sorted(edges))


def next_slot(
    now: datetime,
    last: datetime | None,
    end: datetime,
    count: int,
    min_gap: timedelta,
    seed: str = "",
) -> datetime:
    """Return when the next of `count` messages may go if they are spread evenly until `end`.

    `last` is when the account last sent.

    The rest of the day is planned anew each time, so a burst never makes up for a pause. A message
    is moved off the even spread by up to JITTER of its gap, so that accounts do not send in step.
    The move is always the same for one `seed` and `last`. It is never so far that the messages
    after it no longer fit before `end`.
    """
    if last is None:
        return now
    even = (end - last) / (count + 1)
    latest = (end - last) - count * min_gap
    return max(
        now,
        last + max(min_gap, min(even * _jitter(f"{seed} {last.isoformat()}"), max(even, latest))),
    )


def _jitter(seed: str) -> float:
    """Return a factor from 1 - JITTER to 1 + JITTER. One seed gives the same on every machine."""
    drawn = int.from_bytes(blake2b(seed.encode(), digest_size=8).digest()) / 2**64
    return 1 + JITTER * (2 * drawn - 1)
