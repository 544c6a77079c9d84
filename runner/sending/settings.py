"""A campaign's settings: how fast it may go and how often it may write to a person, from words and
back into words.

The words are those of campaign files and of the ledger, which keeps the settings that a campaign
was last run with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tzlocal import get_localzone_name

from runner.errors import UsageError
from runner.ledger.record import DEFAULT_MIN_DAYS, MOST_MIN_DAYS
from runner.sending.calendar import Calendar, days_text, parse_days, parse_hours, parse_zone
from runner.sending.holiday import parse_holidays
from runner.sending.pace import DEFAULT_MIN_GAP, Pace
from runner.sending.ramp import parse_ramp

DEFAULT_HOURS: Final = "09:00-17:00"
DEFAULT_DAYS: Final = "mon-fri"
MOST_PRIORITY: Final = 100


def min_days(said: Mapping[str, Any]) -> int:
    """At most one message per person in how many days, as settings say it. Raises UsageError."""
    days: int = said.get("min_days", DEFAULT_MIN_DAYS)
    if not 0 <= days <= MOST_MIN_DAYS:
        raise UsageError(
            f"One message per person in {days} days makes no sense.",
            remedy=f"Give 0 to {MOST_MIN_DAYS}.",
        )
    return days


def pace(said: Mapping[str, Any]) -> Pace:
    """The pace that settings describe, by the same keys as a campaign file's. Raises UsageError."""
    gap = said.get("min_gap")
    daily_limit, reserve = said.get("daily_limit"), said.get("reserve") or 0
    priority = 1 if said.get("priority") is None else said["priority"]
    ramp, holidays = said.get("ramp"), said.get("holidays")
    if gap is not None and not (math.isfinite(gap) and 0 <= gap <= 86_400):
        raise UsageError(f"A gap of {gap} seconds makes no sense.", remedy="Give 0 to 86400.")
    if daily_limit is not None and daily_limit < 1:
        raise UsageError(
            f"A daily limit of {daily_limit} lets nothing go.", remedy="Give a number from 1 on."
        )
    if reserve < 0:
        raise UsageError(
            f"A reserve of {reserve} makes no sense.",
            remedy="Give how many messages a day to leave to others.",
        )
    if not 1 <= priority <= MOST_PRIORITY:
        raise UsageError(
            f"A priority of {priority} makes no sense.",
            remedy=f"Give 1 to {MOST_PRIORITY}; 2 has twice the share.",
        )
    min_gap = DEFAULT_MIN_GAP if gap is None else timedelta(seconds=gap)
    # Read in any case: an hour that makes no sense is told now, not on the day --now is left out.
    start, end = parse_hours(said.get("hours") or DEFAULT_HOURS)
    days = parse_days(said.get("days") or DEFAULT_DAYS)
    zone = parse_zone(said.get("time_zone") or get_localzone_name() or "UTC")
    calendar = Calendar(start, end, days, zone, parse_holidays(holidays) if holidays else ())
    if not said.get("now"):
        calendar.next_open(datetime.now(UTC))  # hours that never come are told now
    return Pace(
        None if said.get("now") else calendar,
        min_gap,
        daily_limit,
        reserve,
        parse_ramp(ramp) if ramp else None,
        priority,
    )


def stored_pace(pace: Pace) -> dict[str, object]:
    """The pace as the ledger keeps it, in the words that `pace` reads."""
    stored: dict[str, object] = {
        "min_gap": pace.min_gap.total_seconds(),
        "daily_limit": pace.daily_limit,
        "reserve": pace.reserve,
        "ramp": str(pace.ramp) if pace.ramp else None,
        "priority": pace.priority,
    }
    calendar = pace.calendar
    if calendar is None:
        return {**stored, "now": True}
    stored |= {
        "hours": calendar.hours,
        "days": days_text(calendar.days),
        "time_zone": calendar.zone.key,
    }
    return {**stored, "holidays": ", ".join(calendar.holidays) or None}
