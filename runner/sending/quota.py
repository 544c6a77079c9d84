"""How many messages an account may still send, and until when.

The server's numbers decide; our own count of attempts stands in where it said nothing, and only ever lowers them. Daily windows
end at midnight UTC unless the server names another reset. Everything here is a function of its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from runner.ledger.record import Told

# The vendor's published limit; a default only: the header decides.
DEFAULT_LIMIT: Final = 150
# No window of the vendor's is longer than a week; a reset beyond that is a mistake, and would silence an account.
FARTHEST_RESET: Final = timedelta(days=8)
_MOST: Final = 1_000_000
_INTEGER: Final = re.compile(r"\s*(\d{1,9})(?:\.0+)?\s*")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many messages may go before `reset_at`; `limit` and `used` are what people are shown."""

    remaining: int
    limit: int
    used: int
    reset_at: datetime


def next_midnight(now: datetime) -> datetime:
    """The next midnight UTC, always after `now`."""
    return _midnight(now) + timedelta(days=1)


def allowance(
    told: Told | None,
    charged_after: Callable[[datetime], int],
    now: datetime,
    daily_limit: int | None = None,
    day: tuple[datetime, datetime] | None = None,
) -> Allowance:
    """What is left at `now`. `charged_after(t)` counts our own attempts claimed after `t` that may have cost quota.

    `daily_limit` is our own bound for `day`, which is the UTC day unless it is given as (start, end).
    """
    limit = told.limit if told and told.limit is not None else max(DEFAULT_LIMIT, (told and told.remaining) or 0)
    opened, reset_at = _window(told, now)
    used = charged_after(opened)
    remaining = limit - used
    if told and told.at >= opened:
        since = charged_after(told.at)
        if told.used is not None:
            used = told.used + since
            remaining = limit - used
        if told.remaining is not None:
            remaining = told.remaining - since
            used = limit - remaining if told.used is None else used
    if daily_limit is not None:
        start, end = day or (_midnight(now), next_midnight(now))
        today = daily_limit - charged_after(start)
        limit = min(limit, daily_limit)
        if today < remaining:
            # Our own day may end after the server's window: what may go is known again when it does.
            remaining, reset_at = today, end if today <= 0 else min(reset_at, end)
    return Allowance(max(0, remaining), limit, max(0, used), reset_at)


def _window(told: Told | None, now: datetime) -> tuple[datetime, datetime]:
    """When the present window opened, or a moment since when it has been open, and when it ends."""
    midnight = _midnight(now)
    if told is None or told.reset_at is None:
        return midnight, next_midnight(now)
    if told.reset_at > now:
        return min(midnight, told.at), told.reset_at
    return max(midnight, told.reset_at), next_midnight(now)


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def read_headers(headers: Mapping[str, str], now: datetime) -> Told | None:
    """The server's numbers from the `X-RateLimit-*` headers (names in lower case), None when there are none.

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
    if remaining is not None and limit is not None:
        remaining = min(remaining, limit)
    if limit is None and used is None and remaining is None and reset_at is None:
        return None
    return Told(now, limit, used, remaining, reset_at)


def read_reset(text: str | None, now: datetime) -> datetime | None:
    """A reset as the vendor has been seen to write it; past and far-off instants count as missing.

    ISO 8601 with `Z` or an offset, `T` or a space, with or without a fraction; or a Unix time in seconds or milliseconds.
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
            instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return instant if now < instant <= now + FARTHEST_RESET else None


def _integer(text: str | None) -> int | None:
    match = _INTEGER.fullmatch(text) if text is not None else None
    value = int(match[1]) if match else None
    return value if value is not None and value <= _MOST else None
