"""When the next message may go: sending hours and days in a named time zone, and the spacing between messages.

The only module that reasons in wall-clock time. Hours are judged by the wall clock itself, so nothing goes outside them when
clocks change: an hour that does not exist is skipped, one that happens twice is judged both times by what the clock shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from runner.errors import UsageError

DAY_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_START: Final = time(0)
_HOURS: Final = re.compile(r"\s*(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?\s*")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Sending hours: from `start` until before `end` (None: midnight) on `days` (0 is Monday), by the clocks of `zone`."""

    start: time = time(9)
    end: time | None = time(17)
    days: frozenset[int] = frozenset(range(5))
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def is_open(self, instant: datetime) -> bool:
        wall = instant.astimezone(self.zone)
        return wall.weekday() in self.days and self.start <= wall.time() and (self.end is None or wall.time() < self.end)

    def next_open(self, instant: datetime) -> datetime:
        """The first instant from `instant` on that is inside the hours."""
        if self.is_open(instant):
            return instant
        return next(edge for edge in self._edges(instant) if edge >= instant and self.is_open(edge))

    def closes(self, instant: datetime) -> datetime:
        """The first instant after `instant`, which is inside the hours, that is outside; at most a few days on."""
        later = [edge for edge in self._edges(instant, days=3) if edge > instant]
        return next((edge for edge in later if not self.is_open(edge)), later[-1])

    def day(self, instant: datetime) -> tuple[datetime, datetime]:
        """When the zone's day that holds `instant` begins and ends."""
        today = instant.astimezone(self.zone).date()
        return self._instant(today, _DAY_START), self._instant(today + timedelta(days=1), _DAY_START)

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end`, at most some days on, is inside the hours."""
        inside = [edge for edge in self._edges(start) if start < edge < end]
        moments = [start, *inside, max(start, end)]
        spans = (after - before for before, after in pairwise(moments) if self.is_open(before))
        return sum(spans, timedelta())

    def _edges(self, instant: datetime, days: int = 15) -> list[datetime]:
        """Every instant, from the day of `instant` on, at which the hours may open or close, in order."""
        first = instant.astimezone(self.zone).date()
        edges: set[datetime] = set()
        for offset in range(-1, days):
            day = first + timedelta(days=offset)
            begin, finish = self._instant(day, _DAY_START), self._instant(day + timedelta(days=1), _DAY_START)
            edges.update((begin, finish))
            for wall in (self.start, self.end or _DAY_START):
                naive = datetime.combine(day, wall)
                for shift in {self._shift(begin), self._shift(finish)}:
                    edges.add((naive - shift).replace(tzinfo=UTC))
            if self._shift(begin) != self._shift(finish):
                edges.add(self._change(begin, finish))
        return sorted(edges)

    def _instant(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self.zone).astimezone(UTC)

    def _shift(self, instant: datetime) -> timedelta:
        return instant.astimezone(self.zone).utcoffset() or timedelta()

    def _change(self, begin: datetime, finish: datetime) -> datetime:
        """The second in which the zone's clocks change between two instants."""
        low, high = int(begin.timestamp()), int(finish.timestamp())
        before = self._shift(begin)
        while high - low > 1:
            middle = (low + high) // 2
            if self._shift(datetime.fromtimestamp(middle, UTC)) == before:
                low = middle
            else:
                high = middle
        return datetime.fromtimestamp(high, UTC)

    def __str__(self) -> str:
        end = self.end.strftime("%H:%M") if self.end else "24:00"
        return f"{self.start:%H:%M}-{end}, {days_text(self.days)}, {self.zone.key}"


def next_slot(now: datetime, last: datetime | None, end: datetime, count: int, min_gap: timedelta) -> datetime:
    """When the next of `count` messages may go if they are spread evenly until `end`; `last` is when the account last sent.

    The rest of the day is planned anew each time, so a pause is never caught up in a burst.
    """
    if last is None:
        return now
    return max(now, last + max(min_gap, (end - last) / (count + 1)))


def parse_hours(text: str) -> tuple[time, time | None]:
    """`09:00-17:00`; the end may be 24:00. Raises UsageError."""
    match = _HOURS.fullmatch(text)
    from_hour, from_minute, to_hour, to_minute = (int(part or 0) for part in match.groups()) if match else (99, 0, 0, 0)
    try:
        start = time(from_hour, from_minute)
        end = None if (to_hour, to_minute) == (24, 0) else time(to_hour, to_minute)
    except ValueError:
        raise UsageError(f"{text!r} are no sending hours.", remedy="Write them as 09:00-17:00.") from None
    if end is not None and end <= start:
        raise UsageError(
            f"The sending hours {text!r} end before they begin.", remedy="Write them as 09:00-17:00, within one day."
        )
    return start, end


def parse_days(text: str) -> frozenset[int]:
    """`mon-fri`, `mon,wed,fri`, `sun-thu` or `all`. Raises UsageError."""
    days: set[int] = set()
    if text.strip().lower() in ("all", "daily", "every day"):
        return frozenset(range(7))
    try:
        for part in text.lower().split(","):
            ends = [DAY_NAMES.index(name.strip()[:3]) for name in part.split("-", 1)]
            begin, finish = ends[0], ends[-1]
            days.update((begin + step) % 7 for step in range((finish - begin) % 7 + 1))
    except ValueError:
        raise UsageError(f"{text!r} are no sending days.", remedy="Write them as mon-fri or mon,wed,fri.") from None
    return frozenset(days)


def parse_zone(name: str) -> ZoneInfo:
    """An IANA time zone. Raises UsageError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            f"There is no time zone {name!r}.", remedy="Use a name such as Europe/Berlin or America/New_York."
        ) from None


def days_text(days: frozenset[int]) -> str:
    """`mon-fri` for consecutive days, else `mon,wed,fri`."""
    listed = sorted(days)
    if len(listed) > 2 and listed == list(range(listed[0], listed[-1] + 1)):
        return f"{DAY_NAMES[listed[0]]}-{DAY_NAMES[listed[-1]]}"
    return ",".join(DAY_NAMES[day] for day in listed)
