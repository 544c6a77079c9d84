"""An account in memory, for tests that walk through many days of it.

It says what a ledger would say of the account.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from runner.ledger.record import AccountState, Ahead, Hold, Rival, Told
from runner.ledger.setting import PaceWords
from runner.sending.pace import Pace
from runner.sending.turn import Turn

DAY = timedelta(days=1)


@dataclass
class Book:
    """The messages that went from one account, for the campaigns 1, 2 and so on.

    `waiting` is the number of rows that each campaign still has.
    """

    waiting: dict[int, int]
    priorities: dict[int, int] = field(default_factory=dict)
    limit: int = 150
    told: Told | None = None
    sent: list[tuple[datetime, int]] = field(default_factory=list)
    foreign: Counter[date] = field(default_factory=Counter)
    speaks: bool = True  # answers carry the rate headers

    def state(self, campaign: int = 1) -> AccountState:
        return _State(self, campaign)

    def send(self, now: datetime, campaign: int = 1) -> None:
        """Send a message. The server answers with its numbers."""
        assert self.used(now) < self.limit, f"{now}: the quota is spent"
        insort(self.sent, (now, campaign))
        self.waiting[campaign] -= 1
        if self.speaks:
            self.hear(now)

    def hear(self, now: datetime) -> None:
        """Hear the server's numbers."""
        reset = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        used = self.used(now)
        self.told = Told(now, self.limit, used, self.limit - used, reset)

    def used(self, now: datetime) -> int:
        """Return the server's count of the UTC day."""
        today = now.astimezone(UTC).date()
        return (
            sum(at.astimezone(UTC).date() == today for at, _ in self.sent[-2 * self.limit :])
            + self.foreign[today]
        )

    def walk(self, pace: Pace, start: datetime, campaign: int = 1) -> datetime:
        """Send as the pace lets, until no row waits. Return the time of the last message."""
        now = start
        while self.waiting[campaign]:
            wait = Turn(pace, self.state(campaign), now).wait()
            if wait is None:
                self.send(now, campaign)
            else:
                assert wait.until > now, f"{now}: {wait} is no wait"
                now = wait.until
        return now


@dataclass
class _State:
    """The book as a claim of one campaign sees it."""

    book: Book
    campaign: int
    account: str = "acc"
    hold: Hold | None = None

    @property
    def told(self) -> Told | None:
        return self.book.told

    @property
    def last_claim(self) -> datetime | None:
        return self.book.sent[-1][0] if self.book.sent else None

    def charged_after(self, instant: datetime, campaign: int | None = None) -> int:
        sent = self.book.sent
        later = sent[bisect_right(sent, (instant, 10**9)) :]
        return sum(campaign in (None, by) for _, by in later)

    def charged_in(self, opened: datetime) -> int:
        return len(self.book.sent) - bisect_left(self.book.sent, (opened, 0))

    def charged_before(self, instant: datetime) -> datetime | None:
        at = bisect_left(self.book.sent, (instant, 0))
        return self.book.sent[at - 1][0] if at else None

    def nth_latest(self, number: int, *, by_key: bool) -> datetime | None:
        sent = self.book.sent
        return sent[-number][0] if len(sent) >= number else None

    def later(self) -> tuple[tuple[datetime, int], ...]:
        return ()

    def waiting(self) -> int:
        return self.book.waiting[self.campaign]

    def ahead(self) -> tuple[Ahead, ...]:
        return ()

    def rivals(self) -> tuple[Rival, ...]:
        found = []
        for other, left in self.book.waiting.items():
            if other != self.campaign and left:
                pace = PaceWords(min_gap=0, priority=self.book.priorities.get(other, 1))
                found.append(Rival(other, left, running=True, pace=pace))
        return tuple(found)
