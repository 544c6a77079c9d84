"""The quota: how many messages an account may still send, and until when.

The server's numbers decide. Our own count of attempts stands in where the server said nothing, and
it only ever lowers the server's numbers. Daily windows end at midnight UTC unless the server names
another reset. Everything here is a function of its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from runner.ledger.record import BELIEVABLE, LONGEST_WINDOW, Told

# The vendor's published limit. It is only a default: the header decides.
DEFAULT_LIMIT: Final = 150
DAY: Final = timedelta(days=1)
# A shorter window is one of several in a day; the vendor's clock and ours may be apart.
_NEARLY_A_DAY: Final = timedelta(hours=20)
# A smaller difference between the clocks is that of a date in whole seconds. A larger one is the
# clock's to set right.
_SECONDS: Final = timedelta(seconds=2)
_MINUTES: Final = timedelta(minutes=2)
_NEAR: Final = timedelta(minutes=10)
_INTEGER: Final = re.compile(r"(\d{1,18})(?:\.0{1,9})?")
# The names that the vendor may give to what this program does, and to what it does not do.
_OURS: Final = re.compile(r"messag|typing")
_NOT_OURS: Final = re.compile(
    r"get|read|list|search|react|request|connect|invit|inmail|delete|edit"
)
_UNNAMED: Final = frozenset({"", "send", "write", "all", "any", "default", "global", "api"})


@dataclass(frozen=True, slots=True)
class Allowance:
    """The `remaining` messages that may go between `opened` and `reset_at`.

    People are shown `limit` and `used`. `foreign` is how many of those used were not ours.
    `unbelieved` is a limit that the server told and that is not one. `is_short` is true when
    several such windows make a day.
    """

    remaining: int
    limit: int
    used: int
    foreign: int
    opened: datetime
    reset_at: datetime
    unbelieved: int | None = None
    is_short: bool = False


def next_midnight(now: datetime) -> datetime:
    """Return the next midnight UTC, always after `now`."""
    return midnight(now) + DAY


# A window can open with a message of ours, when it is sent: so long after it was claimed.
_UNDER_WAY: Final = timedelta(minutes=3)


def allowance(
    told: Told | None,
    charged_after: Callable[[datetime], int],
    now: datetime,
    reserve: int = 0,
    charged_in: Callable[[datetime], int] | None = None,
) -> Allowance:
    """Return what is left at `now`.

    `charged_after(t)` counts our own attempts claimed after `t` that may have cost quota, and
    `charged_in(t)` those of the window that opened then; without it, all since then.

    `reserve` messages of the window are left to others. The part of it that they
    have used already need not be kept.
    """
    opened, reset_at = _window(told, now)
    before = opened - timedelta(microseconds=1)
    ours = used = charged_in(opened) if charged_in else charged_after(before)
    current = told if told and told.at >= opened else None
    since = charged_after(current.at) if current else 0
    if told and told.limit is not None:
        limit = min(told.limit, BELIEVABLE)
    else:
        room = (current.remaining or 0) + ours - since if current else 0
        limit = min(BELIEVABLE, max(DEFAULT_LIMIT, room))
    remaining = limit - used
    if current and current.used is not None:
        used = current.used + since
        remaining = limit - used
    if current and current.remaining is not None:
        remaining = current.remaining - since
        used = limit - remaining if current.used is None else used
    # Our own count has the last word downwards: a server that forgets to count does not open the
    # quota again.
    remaining = min(remaining, limit - reserve - ours)
    return Allowance(
        remaining=max(0, remaining),
        limit=limit,
        used=max(0, used),
        foreign=max(0, used - charged_after(opened - _UNDER_WAY)),
        opened=opened,
        reset_at=reset_at,
        unbelieved=told.limit if told and told.limit and told.limit > BELIEVABLE else None,
        is_short=bool(told and told.opened and reset_at - opened < _NEARLY_A_DAY),
    )


def _window(told: Told | None, now: datetime) -> tuple[datetime, datetime]:
    """Return the start and the end of the present window.

    The start is the window's opening, or a later moment. The window has been open since then.
    """
    start = midnight(now)
    if told is None or told.reset_at is None:
        return start, next_midnight(now)
    opened, reset_at = told.opened, told.reset_at
    if reset_at > now:
        if opened is not None:
            return opened, reset_at
        day_before = reset_at - DAY
        return day_before if day_before <= told.at else min(start, told.at), reset_at
    if opened is not None and timedelta() < reset_at - opened < _NEARLY_A_DAY:
        # Windows of an hour, say, follow each other. Only an answer tells when the next one began.
        length = reset_at - opened
        begun = reset_at + (now - reset_at) // length * length
        return begun, begun + length
    return max(start, reset_at), next_midnight(now)


def midnight(now: datetime) -> datetime:
    """Return the UTC midnight before `now`, or `now` itself when it is midnight."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def read_headers(headers: Mapping[str, str], now: datetime) -> Told | None:
    """Read the server's numbers from the `X-RateLimit-*` headers; None when they give no number.

    The names of `headers` are in lower case. A number that is unreadable counts as missing. The
    numbers of another action are not ours. A reset alone, without a count, opens no window: it may
    be the end of anything.
    """
    if not _is_ours(headers.get("x-ratelimit-action", "")):
        return None
    limit = _integer(headers.get("x-ratelimit-limit"))
    used = _integer(headers.get("x-ratelimit-used"))
    remaining = _integer(headers.get("x-ratelimit-remaining"))
    reset_at = _reset(headers, now)
    if limit == 0:
        limit = None
    if remaining is not None and remaining > BELIEVABLE:
        remaining = None
    if remaining is None and limit is not None and used is not None:
        remaining = max(0, limit - used)
    # With 0 left, more may have been used than the limit, and the sum would not be the limit.
    if limit is None and used is not None and remaining:
        limit = used + remaining
    if remaining is not None and limit is not None:
        remaining = min(remaining, limit)
    if used is None and remaining is None:
        if limit is None:
            return None
        reset_at = None
    return Told(at=now, limit=limit, used=used, remaining=remaining, reset_at=reset_at)


def _reset(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read the reset; one that is near by our clock, where the answer's date shows another."""
    date, text = read_date(headers.get("date", "")), headers.get("x-ratelimit-reset")
    ahead = now - date if date else timedelta()
    if _SECONDS < abs(ahead) <= _MINUTES:
        near = read_reset(text, now - ahead)
        if near is not None and near - now < _NEAR:
            return near + ahead
    return read_reset(text, now)


def read_date(text: str) -> datetime | None:
    """Read the `Date` of an answer; None when it is missing or unreadable."""
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _is_ours(action: str) -> bool:
    """Tell whether numbers of this action are those of messages. InMails have a limit of their
    own."""
    name = re.sub(r"[\W_]", "", action[:100]).lower()
    return name in _UNNAMED or bool(_OURS.search(name) and not _NOT_OURS.search(name))


def read_reset(text: str | None, now: datetime) -> datetime | None:
    """Read a reset as the vendor has been seen to write it.

    It is ISO 8601 with `Z` or an offset, `T` or a space, with or without a fraction; or a Unix time
    in seconds or milliseconds. Past and far-off instants count as missing.
    """
    if text is None:
        return None
    text = text.strip()
    try:
        if re.fullmatch(r"\d{9,14}(?:\.\d{1,9})?", text):
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
    match = _INTEGER.fullmatch(text.strip()) if text is not None else None
    return int(match[1]) if match else None
