"""The conditions of a season, drawn from its seed.

They are the campaign's calendar and bounds, the times of its runs, and everything that goes wrong.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.season.clock import Nap, Step

DAY: Final = timedelta(days=1)
DAYS: Final = 25
ZONES: Final = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Asia/Jerusalem",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
)
HEADERS: Final = (
    "X-RateLimit-Limit",
    "X-RateLimit-Used",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)
HOURS: Final = (
    "09:00-17:00",
    "08:30-12:00",
    "13:00-18:30",
    "00:00-24:00",
    "07:00-22:00",
    "22:00-24:00",
    "00:30-03:30",
)
WEEKS: Final = ("mon-fri", "all", "mon-sat", "sun-thu", "tue,thu,sat")
HOLIDAYS: Final = ("DE-BY", "US", "GB", "JP", "IN", "BR", "US-CA, CA-QC")


@dataclass(frozen=True, slots=True)
class ForeignUse:
    """Other tools use an account's quota."""

    at: datetime
    account: str
    count: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One season.

    `priorities` has one number for each campaign. `starts` are the true instants of the runs, the
    same for all campaigns. Chances are from 0 to 1, per header and answer.
    """

    seed: int
    start: datetime
    end: datetime
    limit: int
    accounts: tuple[str, ...]
    priorities: tuple[int, ...]
    hours: str | None
    days: str
    zone: str
    holidays: str | None
    daily_limit: int | None
    ramp: tuple[int, int, int] | None
    reserve: int
    stay: bool
    starts: tuple[datetime, ...]
    foreign: tuple[ForeignUse, ...]
    quota_offered: bool
    missing: float
    garbled: float
    mute_header: str | None
    lies: bool
    dateless: float
    steps: tuple[Step, ...]
    naps: tuple[Nap, ...]

    def options(self, number: int) -> dict[str, Any]:
        """Return the options of one of the campaigns."""
        pace: Mapping[str, Any] = {
            "daily_limit": self.daily_limit,
            "ramp": f"{self.ramp[0]} +{self.ramp[1]} to {self.ramp[2]}" if self.ramp else None,
            "reserve": self.reserve or None,
            "priority": self.priorities[number],
            "time_zone": self.zone,
            "min_gap": 20,
        }
        if self.hours is None:
            return {**pace, "now": True}
        return {**pace, "hours": self.hours, "days": self.days, "holidays": self.holidays}

    def wall(self, instant: datetime) -> datetime:
        """Return the time on a clock on the wall, where the campaign's days are counted."""
        zone = ZoneInfo(self.zone if self.hours else "UTC")
        return instant.replace(tzinfo=None) + (instant.astimezone(zone).utcoffset() or timedelta())

    def is_inside(self, instant: datetime) -> bool:
        """Tell whether a message may go at a true instant, by the clock on the wall."""
        if self.hours is None:
            return True
        shown = self.wall(instant)
        begin, end = self.hours.split("-")
        inside = begin <= f"{shown:%H:%M}" < end
        return (
            inside
            and shown.weekday() in _WEEKDAYS[self.days]
            and shown.date() not in _off(self.holidays, shown.year)
        )


_WEEKDAYS: Final = {
    "mon-fri": {0, 1, 2, 3, 4},
    "all": set(range(7)),
    "mon-sat": {0, 1, 2, 3, 4, 5},
    "sun-thu": {6, 0, 1, 2, 3},
    "tue,thu,sat": {1, 3, 5},
}


@lru_cache
def _off(places: str | None, year: int) -> frozenset[date]:
    from holidays import country_holidays

    found: set[date] = set()
    for place in places.split(", ") if places else ():
        country, _, region = place.partition("-")
        found |= set(country_holidays(country, subdiv=region or None, years=year))
    return frozenset(found)


def draw(seed: int, days: int = DAYS) -> Scenario:
    """Draw the season of a seed."""
    dice = random.Random(seed)

    def at_times(chance: float) -> bool:
        return dice.random() < chance

    zone = dice.choice(ZONES)
    midnight = datetime(2026, 1, 1, tzinfo=UTC) + dice.randrange(3 * 365) * DAY
    start, end = midnight + dice.random() * DAY, midnight + days * DAY
    limit = dice.choice((8, 10, 12, 15, 20, 40))
    accounts = tuple(f"acc_{number}" for number in range(dice.choices((1, 2, 3), (6, 3, 1))[0]))
    hours = None if at_times(0.08) else dice.choices(HOURS, (8, 3, 3, 3, 3, 1, 1))[0]
    bound = dice.choice(("none", "none", "daily", "ramp", "reserve", "reserve and daily"))
    ramp = (
        (dice.randint(1, 4), dice.randint(1, 3), dice.randint(5, limit + 5))
        if bound == "ramp"
        else None
    )
    stay = at_times(0.4)
    troubled_clock = ramp is None and at_times(0.3)
    return Scenario(
        seed=seed,
        start=start,
        end=end,
        limit=limit,
        accounts=accounts,
        priorities=(1,) if at_times(0.7) else (dice.randint(1, 3), dice.randint(1, 3)),
        hours=hours,
        days=dice.choice(WEEKS),
        zone=zone,
        holidays=dice.choice(HOLIDAYS) if at_times(0.3) else None,
        daily_limit=dice.randint(3, limit + 5) if "daily" in bound else None,
        ramp=ramp,
        reserve=dice.randint(1, limit // 2) if "reserve" in bound else 0,
        stay=stay,
        starts=(start,) if stay else _runs(dice, start, end, zone, hours),
        foreign=_foreign(dice, start, end, limit, accounts) if at_times(0.5) else (),
        quota_offered=at_times(0.5),
        missing=dice.choice((0.1, 0.4)) if at_times(0.4) else 0.0,
        garbled=dice.choice((0.1, 0.4)) if at_times(0.3) else 0.0,
        mute_header=dice.choice(HEADERS) if at_times(0.15) else None,
        lies=at_times(0.05),
        dateless=dice.choice((0.3, 1.0)) if at_times(0.2) else 0.0,
        steps=_steps(dice, start, end) if troubled_clock else (),
        naps=_naps(dice, start, end) if at_times(0.2) else (),
    )


def _runs(
    dice: random.Random, start: datetime, end: datetime, zone: str, hours: str | None
) -> tuple[datetime, ...]:
    """Return the starts of the runs: once a day, mostly before the hours begin.

    Some runs start within the hours, and some days are skipped.
    """
    opening = datetime.combine(
        start.date(), time.fromisoformat(hours.split("-")[0] if hours else "06:00")
    )
    found = []
    for number in range(-1, (end - start) // DAY + 3):
        shift = dice.uniform(0, 300) if dice.random() < 0.2 else -dice.uniform(0, 30)
        at = (opening + number * DAY).replace(tzinfo=ZoneInfo(zone)).astimezone(
            UTC
        ) + shift * timedelta(minutes=1)
        if dice.random() < 0.92 and start <= at < end:
            found.append(at)
    return tuple(found)


def _foreign(
    dice: random.Random, start: datetime, end: datetime, limit: int, accounts: tuple[str, ...]
) -> tuple[ForeignUse, ...]:
    found = []
    for account in accounts:
        for number in range((end - start) // DAY + 1):
            while dice.random() < 0.35:
                count = (
                    dice.randint(limit // 2, 2 * limit)
                    if dice.random() < 0.15
                    else dice.randint(1, max(1, limit // 5))
                )
                found.append(ForeignUse(start + (number + dice.random()) * DAY, account, count))
    return tuple(sorted(found, key=lambda use: use.at))


def _steps(dice: random.Random, start: datetime, end: datetime) -> tuple[Step, ...]:
    """Return the steps of a clock that goes wrong, and mostly right again after some time."""
    found, at = [], start + dice.uniform(0, 6) * DAY
    while at < end:
        size = dice.choice((90.0, 600.0, 4 * 3600.0, 20 * 3600.0, 3 * 86_400.0))
        found.append(
            Step(at, dice.choice((-1, 1)) * dice.uniform(0.1, 1) * timedelta(seconds=size))
        )
        if dice.random() < 0.8:
            at += dice.uniform(0.1, 2) * DAY
            found.append(Step(at, timedelta()))
        at += dice.uniform(1, 8) * DAY
    return tuple(found)


def _naps(dice: random.Random, start: datetime, end: datetime) -> tuple[Nap, ...]:
    """Return the naps of a computer whose lid is closed for minutes or for days."""
    found, at = [], start + dice.uniform(0, 4) * DAY
    while at < end:
        length = dice.choice((0.01, 0.1, 0.4, 2)) * dice.uniform(0.5, 1.5) * DAY
        found.append(Nap(at, length))
        at += length + dice.uniform(0.5, 5) * DAY
    return tuple(found)
