"""Pace: when an account's next message may go, all rules together, and what that means for the days ahead.

Holds first, then the quota, then the sending hours, then the spacing: the first that says wait is the reason people are given.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runner.ledger.record import AccountState, Hold, Wait
from runner.sending.calendar import Calendar, next_slot
from runner.sending.quota import Allowance, allowance, next_midnight

DEFAULT_MIN_GAP: Final = timedelta(seconds=30)
_FARTHEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a campaign may go. Without a calendar messages go as soon as the quota and `min_gap` allow."""

    calendar: Calendar | None
    min_gap: timedelta = DEFAULT_MIN_GAP
    daily_limit: int | None = None

    def allowance(self, state: AccountState, now: datetime) -> Allowance:
        day = self.calendar.day(now) if self.calendar else None
        return allowance(state.told, state.charged_after, now, self.daily_limit, day)

    def judge(self, state: AccountState, now: datetime, budget: int | None = None) -> Wait | None:
        """None when a message may go now, else until when not, and why. `budget` is what is left of the run's own bound."""
        hold = state.hold
        if hold is not None and hold.until > now:
            return Wait(self._opening(hold.until), hold.reason, stay=hold.brief)
        left = self.allowance(state, now)
        if left.remaining == 0:
            return Wait(self._opening(left.reset_at), f"no more may go now ({left.used} of {left.limit} used)", stay=False)
        if self.calendar is None:
            slot = now if state.last_claim is None else max(now, state.last_claim + self.min_gap)
            return Wait(slot, "messages are spaced", stay=True) if slot > now else None
        if not self.calendar.is_open(now):
            opening = self.calendar.next_open(now)
            return Wait(opening, "it is outside the sending hours", stay=self._same_day(now, opening))
        # The quota's window can end within the sending hours: spread over all the hours it still has, today's and tomorrow's.
        end = now + self.calendar.open_time(now, left.reset_at)
        count = max(1, min(left.remaining, state.waiting(), left.remaining if budget is None else budget))
        slot = next_slot(now, state.last_claim, end, count, self.min_gap)
        if slot <= now:
            return None
        opening = self.calendar.next_open(slot)
        return Wait(opening, "messages are spread over the sending hours", stay=self._same_day(now, opening))

    def windows(self, waiting: int, left: Allowance, hold: Hold | None, now: datetime) -> Iterator[tuple[datetime, int]]:
        """The forecast for one account: (when the sending starts, how many go) until none waits."""
        moment, reset_at, remaining = now, left.reset_at, left.remaining
        if hold is not None and hold.until > moment:
            moment = hold.until
        for _ in range(_FARTHEST):
            if waiting <= 0:
                return
            moment = self._opening(moment)
            if reset_at <= moment:
                remaining, reset_at = left.limit, next_midnight(moment)
            end = min(self.calendar.closes(moment), reset_at) if self.calendar else reset_at
            room = waiting if not self.min_gap else 1 + int((end - moment - timedelta(microseconds=1)) / self.min_gap)
            share = (end - moment) / self.calendar.open_time(moment, reset_at) if self.calendar else 1.0
            count = min(math.ceil(min(waiting, remaining) * share), room)
            if count > 0:
                yield moment, count
            waiting -= count
            remaining -= count
            moment = end

    def _opening(self, instant: datetime) -> datetime:
        return self.calendar.next_open(instant) if self.calendar else instant

    def _same_day(self, now: datetime, later: datetime) -> bool:
        zone = self.calendar.zone if self.calendar else now.tzinfo
        return now.astimezone(zone).date() == later.astimezone(zone).date()
