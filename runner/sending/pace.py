"""A campaign's pace: the bounds and hours that it keeps.

The pace is data, read from the words of the campaign's settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from tzlocal import get_localzone_name

from runner.ledger.setting import PaceWords
from runner.sending.calendar import Calendar
from runner.sending.holiday import parse_holidays
from runner.sending.quota import DAY, midnight
from runner.sending.ramp import Ramp, parse_ramp
from runner.sending.times import parse_days, parse_first, parse_hours, parse_zone

DEFAULT_MIN_GAP: Final = timedelta(seconds=30)
DEFAULT_HOURS: Final = "09:00-17:00"
DEFAULT_DAYS: Final = "mon-fri"
# The vendor's velocity limits: writes a minute and account, calls a minute and key.
WRITES_A_MINUTE: Final = 15
CALLS_A_MINUTE: Final = 60
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed that a campaign may have.

    Without a calendar, messages go as soon as quota, share and `min_gap` allow.

    `reserve` messages of the account's quota are left to people and other tools. `daily_limit` and
    `ramp` bound the account's messages in a day of the calendar's zone, or a UTC day. `velocity`
    keeps to the vendor's limits a minute.
    """

    calendar: Calendar | None
    min_gap: timedelta = DEFAULT_MIN_GAP
    daily_limit: int | None = None
    reserve: int = 0
    ramp: Ramp | None = None
    priority: int = 1
    velocity: bool = True

    @property
    def gap(self) -> timedelta:
        """The shortest gap between messages in the long run."""
        return max(self.min_gap, MINUTE / WRITES_A_MINUTE) if self.velocity else self.min_gap

    def day(self, instant: datetime) -> tuple[datetime, datetime]:
        """Return the beginning and the end of the day that the daily bounds are for."""
        if self.calendar is not None:
            return self.calendar.day(instant)
        start = midnight(instant)
        return start, start + DAY

    def opening(self, instant: datetime) -> datetime:
        """Return the first instant from `instant` on that is inside the sending hours."""
        return self.calendar.next_open(instant) if self.calendar else instant

    def is_same_day(self, now: datetime, later: datetime) -> bool:
        """Tell whether two instants are on one day of the calendar's zone."""
        zone = self.calendar.zone if self.calendar else UTC
        return now.astimezone(zone).date() == later.astimezone(zone).date()


@lru_cache(maxsize=64)
def pace_of(words: PaceWords) -> Pace:
    """Read a pace from the words of settings, whose numbers are within their bounds.

    Raises UsageError for words that make no sense.
    """
    # The hours are read even with `now`: a mistake is told today, and not on the day that `now` is
    # left out.
    calendar = calendar_of(words)
    return Pace(
        calendar=None if words.now else calendar,
        min_gap=DEFAULT_MIN_GAP if words.min_gap is None else timedelta(seconds=words.min_gap),
        daily_limit=words.daily_limit,
        reserve=words.reserve or 0,
        ramp=parse_ramp(words.ramp) if words.ramp else None,
        priority=words.priority or 1,
    )


@lru_cache(maxsize=64)
def calendar_of(words: PaceWords) -> Calendar:
    """Read the calendar, also where the pace does not keep to it.

    Raises UsageError for words that make no sense.
    """
    start, end = parse_hours(words.hours or DEFAULT_HOURS)
    return Calendar(
        start=start,
        end=end,
        days=parse_days(words.days or DEFAULT_DAYS),
        zone=parse_zone(words.time_zone or get_localzone_name() or "UTC"),
        holidays=parse_holidays(words.holidays) if words.holidays else (),
        first=parse_first(words.start_date) if words.start_date else None,
    )
