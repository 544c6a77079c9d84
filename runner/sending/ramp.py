"""A ramp: a daily limit that grows with each day on which an account has sent.

It is for an account that is new to sending.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runner.errors import UsageError

# An account that has not sent for this long begins its ramp anew.
COLD: Final = timedelta(days=14)
_RAMP: Final = re.compile(
    r"(?:start\s++)?(\d{1,6})\s*+,?\s*+\+\s*+(\d{1,6})(?:\s++a\s++day)?\s*+,?\s*+to\s++(\d{1,6})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Ramp:
    """A ramp that allows `first` messages on the first day, and `most` in the end.

    Each further day on which something was sent allows `step` more.
    """

    first: int
    step: int
    most: int

    def limit(
        self,
        now: datetime,
        start_of_day: Callable[[datetime], datetime],
        sent_before: Callable[[datetime], datetime | None],
    ) -> int:
        """Return the limit of the day that holds `now`.

        `sent_before(t)` is when the account last sent before `t`. Days without a message do not
        count, so that a weekend makes no jump.
        """
        limit, day = self.first, start_of_day(now)
        while limit < self.most and (last := sent_before(day)) is not None and day - last < COLD:
            limit += self.step
            day = start_of_day(last)
        return min(limit, self.most)

    def __str__(self) -> str:
        return f"{self.first} +{self.step} to {self.most}"


def parse_ramp(text: str) -> Ramp:
    """Read `20 +10 to 100`, or `start 20, +10 a day, to 100`. Raises UsageError."""
    match = _RAMP.fullmatch(text.strip())
    first, step, most = (int(number) for number in match.groups()) if match else (0, 0, 0)
    if first < 1 or step < 1 or most < first:
        raise UsageError(
            f"{text!r} is no ramp.",
            remedy="Write it as 20 +10 to 100: the first day, more each day, the most.",
        )
    return Ramp(first, step, most)
