"""An account in memory: what a ledger would say of it, for tests that walk through many days of
it."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from runner.ledger.record import AccountState, Rival, Told
from runner.sending.pace import Pace

DAY = timedelta(days=1)


@dataclass
class Book:
    """The messages that went from one account, for campaigns 1, 2 …; `waiting` is how many rows
    each still has."""

    waiting: dict[int, int]
    priorities: dict[int, int] = field(default_factory=dict)
    limit: int = 150
    told: Told | None = None
    sent: list[tuple[datetime, int]] = field(default_factory=list)
    foreign: Counter[date] = field(default_factory=Counter)
    speaks: bool = True  # whether answers carry the rate headers

    def state(self, campaign: int = 1) -> AccountState:
        rivals = tuple(
            Rival(
                other,
                left,
                running=True,
                settings=json.dumps({"min_gap": 0, "priority": self.priorities.get(other, 1)}),
            )
            for other, left in self.waiting.items()
            if other != campaign and left
        )
        return AccountState(
            "acc",
            campaign,
            self.told,
            None,
            self.sent[-1][0] if self.sent else None,
            self._after,
            lambda instant: (
                self.sent[i - 1][0] if (i := bisect_left(self.sent, (instant, 0))) else None
            ),
            lambda number, **_: self.sent[-number][0] if len(self.sent) >= number else None,
            lambda: self.waiting[campaign],
            lambda: rivals,
        )

    def _after(self, instant: datetime, campaign: int | None = None) -> int:
        later = self.sent[bisect_right(self.sent, (instant, 10**9)) :]
        return sum(campaign in (None, by) for _, by in later)

    def send(self, now: datetime, campaign: int = 1) -> None:
        """A message goes, and the server answers with its numbers."""
        assert self.used(now) < self.limit, f"{now}: the quota is spent"
        insort(self.sent, (now, campaign))
        self.waiting[campaign] -= 1
        if self.speaks:
            self.hear(now)

    def hear(self, now: datetime) -> None:
        """The server tells its numbers."""
        reset = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        used = self.used(now)
        self.told = Told(now, self.limit, used, self.limit - used, reset)

    def used(self, now: datetime) -> int:
        """What the server counts on the UTC day."""
        today = now.astimezone(UTC).date()
        return (
            sum(at.astimezone(UTC).date() == today for at, _ in self.sent[-2 * self.limit :])
            + self.foreign[today]
        )

    def walk(self, pace: Pace, start: datetime, campaign: int = 1) -> datetime:
        """Send as the pace lets, until nothing waits; when the last one went."""
        now = start
        while self.waiting[campaign]:
            wait = pace.judge(self.state(campaign), now)
            if wait is None:
                self.send(now, campaign)
            else:
                assert wait.until > now, f"{now}: {wait} is no wait"
                now = wait.until
        return now
