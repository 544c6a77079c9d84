"""Hours, days, dates and zones, as people write them."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Final
from zoneinfo import ZoneInfo

from runner.errors import UsageError

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT: Final = 3
_HOURS: Final = re.compile(r"\s*(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?\s*")


def parse_hours(text: str) -> tuple[time, time | None]:
    """Read hours such as `09:00-17:00`; the end may be 24:00. Raises UsageError."""
    match = _HOURS.fullmatch(text)
    from_hour, from_minute, to_hour, to_minute = (
        (int(part or 0) for part in match.groups()) if match else (99, 0, 0, 0)
    )
    try:
        start = time(from_hour, from_minute)
        end = None if (to_hour, to_minute) == (24, 0) else time(to_hour, to_minute)
    except ValueError:
        raise UsageError(
            f"{text!r} are no sending hours.", remedy="Write them as 09:00-17:00."
        ) from None
    if end is not None and end <= start:
        raise UsageError(
            f"The sending hours {text!r} end before they begin.",
            remedy="Write them as 09:00-17:00, within one day.",
        )
    return start, end


def parse_days(text: str) -> frozenset[int]:
    """Read days such as `mon-fri`, `mon,wed,fri`, `sun-thu`, `Monday Friday` or `all`. Raises
    UsageError for anything that is not wholly days."""
    days: set[int] = set()
    if text.strip().lower() in ("all", "daily", "every day"):
        return frozenset(range(7))
    try:
        closed = re.sub(r" ?[-–] ?", "-", " ".join(text.lower().split()))
        for part in re.sub(r"[,;]", " ", closed).split() or [""]:
            ends = [_day(name) for name in part.split("-", 1)]
            begin, finish = ends[0], ends[-1]
            days.update((begin + step) % 7 for step in range((finish - begin) % 7 + 1))
    except ValueError:
        raise UsageError(
            f"{text!r} are no sending days.", remedy="Write them as mon-fri or mon,wed,fri."
        ) from None
    return frozenset(days)


def _day(name: str) -> int:
    """The number of a day by its name, or the beginning of it. Raises ValueError."""
    if len(name) >= _SHORT:
        for number, whole in enumerate(_DAYS):
            if whole.startswith(name):
                return number
    raise ValueError(name)


def parse_first(text: str) -> date:
    """Read a first day such as `2026-12-01`. Raises UsageError."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r} is no date.", remedy="Write it as 2026-12-01.") from None


def parse_zone(name: str) -> ZoneInfo:
    """Return the IANA time zone of that name. Raises UsageError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            f"There is no time zone {name!r}.",
            remedy="Use a name such as Europe/Berlin or America/New_York.",
        ) from None


def days_text(days: frozenset[int]) -> str:
    """Write consecutive days as `mon-fri`, others as `mon,wed,fri`."""
    listed = sorted(days)
    if len(listed) > 2 and listed == list(range(listed[0], listed[-1] + 1)):
        return f"{_DAYS[listed[0]][:_SHORT]}-{_DAYS[listed[-1]][:_SHORT]}"
    return ",".join(_DAYS[day][:_SHORT] for day in listed)
