"""The vendor's quotas of an account, feature by feature, as it lists them. No entry is trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from runner.ledger.record import Told
from runner.sending.quota import read_headers
from runner.sending.thread import read_count, short_text

_DAILY: Final = re.compile(r"\bdai|\bday|\b24", re.IGNORECASE)


def of_messages(quotas: Sequence[object], now: datetime) -> Told | None:
    """Return the daily numbers for messages. Several limits can apply to them: the lowest is
    reached first."""
    told = [
        numbers
        for entry in quotas
        if isinstance(entry, dict) and _is_daily_messages(entry) and (numbers := _told(entry, now))
    ]
    return min(
        told,
        key=lambda numbers: (numbers.remaining is None, numbers.remaining or 0),
        default=None,
    )


def _is_daily_messages(entry: Mapping[str, Any]) -> bool:
    feature, window = short_text(entry.get("feature")), short_text(entry.get("window"))
    if not feature or not window or "message" not in feature.lower():
        return False
    return "inmail" not in _plain(feature) and bool(_DAILY.search(window))


def _plain(feature: object) -> str:
    """The name of a feature without what its spellings differ in."""
    return re.sub(r"\W|_", "", str(feature)).casefold()


def views_left(quotas: Sequence[object]) -> int | None:
    """Return how many profiles may still be looked up: half of the day's views are for people."""
    for entry in quotas:
        if isinstance(entry, dict) and _plain(entry.get("feature", "")) == "profileview":
            limit, used = read_count(entry, "limit"), read_count(entry, "used")
            if limit is not None and used is not None:
                return max(0, limit // 2 - used)
    return None


def _told(entry: Mapping[str, Any], now: datetime) -> Told | None:
    """Return the numbers of one entry, judged like the rate headers of an answer."""
    names = {"limit": "limit", "used": "used", "remaining": "remaining", "resetAt": "reset"}
    headers = {
        f"x-ratelimit-{header}": str(entry[name])
        for name, header in names.items()
        if isinstance(entry.get(name), str | int | float) and not isinstance(entry[name], bool)
    }
    told = read_headers(headers, now)
    if entry.get("limitReached") is not True:
        return told
    # LinkedIn itself has refused more messages in this window, even if the count allows them.
    return replace(told or Told(now), remaining=0)
