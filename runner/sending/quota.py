"""How many messages an account may still send, and until when.

The server's numbers decide; our own count of attempts stands in where it said nothing, and only
ever lowers them. Daily windows end at midnight UTC unless the server names another reset.
Everything here is a function of its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from runner.ledger.record import LONGEST_WINDOW, Told

# The vendor's published limit; a default only: the header decides.
DEFAULT_LIMIT: Final = 150
_MOST: Final = 1_000_000
DAY: Final = timedelta(days=1)
_INTEGER: Final = re.compile(r"\s*(\d{1,9})(?:\.0+)?\s*")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many messages may go between `opened` and `reset_at`; `limit` and `used` are what people
    are shown, and `foreign` how many of those used were not ours."""

    remaining: int
    limit: int
    used: int
    foreign: int
    opened: datetime
    reset_at: datetime


def next_midnight(now: datetime) -> datetime:
    """The next midnight UTC, always after `now`."""
    return midnight(now) + DAY


def allowance(
    told: Told | None,
    charged_after: Callable[[datetime], int],
    now: datetime,
    reserve: int = 0,
) -> Allowance:
    """What is left at `now`. `charged_after(t)` counts our own attempts claimed after `t` that may
    have cost quota.

    `reserve` messages of the window are left to people and other tools; what those have used of it
    already need not be kept.
    """
    opened, reset_at = _window(told, now)
    ours = used = charged_after(opened - timedelta(microseconds=1))
    current = told if told and told.at >= opened else None
    since = charged_after(current.at) if current else 0
    if told and told.limit is not None:
        limit = told.limit
    else:
        limit = max(DEFAULT_LIMIT, (current.remaining or 0) + ours - since if current else 0)
    remaining = limit - used
    if current and current.used is not None:
        used = current.used + since
        remaining = limit - used
    if current and current.remaining is not None:
        remaining = current.remaining - since
        used = limit - remaining if current.used is None else used
    # Ours is the last word downwards: a server that forgets to count does not open the quota again.
    remaining = min(remaining, limit - reserve - ours)
    return Allowance(max(0, remaining), limit, max(0, used), max(0, used - ours), opened, reset_at)


def _window(told: Told | None, now: datetime) -> tuple[datetime, datetime]:
    """When the present window opened, or a moment since when it has been open, and when it ends."""
    start = midnight(now)
    if told is None or told.reset_at is None:
        return start, next_midnight(now)
    if told.reset_at > now:
        day_before = told.reset_at - DAY
        return day_before if day_before <= told.at else min(start, told.at), told.reset_at
    return max(start, told.reset_at), next_midnight(now)


def midnight(now: datetime) -> datetime:
    """The UTC midnight before `now`, or `now`."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def read_headers(headers: Mapping[str, str], now: datetime) -> Told | None:
    """The server's numbers from the `X-RateLimit-*` headers (names in lower case), None when there
    are none.

    What cannot be read, or is absurd, counts as missing.
    """
    limit = _integer(headers.get("x-ratelimit-limit"))
    used = _integer(headers.get("x-ratelimit-used"))
    remaining = _integer(headers.get("x-ratelimit-remaining"))
    reset_at = read_reset(headers.get("x-ratelimit-reset"), now)
    if limit == 0:
        limit = None
    if remaining is None and limit is not None and used is not None:
        remaining = max(0, limit - used)
    if (
        limit is None and used is not None and remaining
    ):  # with none left, more may have been used than the limit
        limit = used + remaining
    if remaining is not None and limit is not None:
        remaining = min(remaining, limit)
    if limit is None and used is None and remaining is None and reset_at is None:
        return None
    return Told(now, limit, used, remaining, reset_at)


def read_reset(text: str | None, now: datetime) -> datetime | None:
    """A reset as the vendor has been seen to write it; past and far-off instants count as missing.

    ISO 8601 with `Z` or an offset, `T` or a space, with or without a fraction; or a Unix time in
    seconds or milliseconds.
    """
    if text is None:
        return None
    text = text.strip()
    try:
        if re.fullmatch(r"\d{9,14}(?:\.\d+)?", text):
            seconds = float(text)
            instant = datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        else:
            instant = datetime.fromisoformat(text)
            instant = (
                instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
            )
    except (ValueError, OverflowError, OSError):
        return None
    return instant if now < instant <= now + LONGEST_WINDOW else None


def _integer(text: str | None) -> int | None:
    match = _INTEGER.fullmatch(text) if text is not None else None
    value = int(match[1]) if match else None
    return value if value is not None and value <= _MOST else None
