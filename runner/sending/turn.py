"""The turn of an account: whether its next message may go now, by all rules of pace together.

Holds come first, then the rows' dates, the quota,
 the sending hours, the campaign's share, the spacing. The first
rule that says wait is the reason that people are given. The forecast asks the same rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from runner.ledger.record import AccountState, Rival, Wait
from runner.sending.calendar import Calendar, next_slot
from runner.sending.pace import CALLS_A_MINUTE, MINUTE, WRITES_A_MINUTE, Pace, pace_of
from runner.sending.quota import DAY, Allowance, allowance
from runner.sending.share import shares

# The smallest step of a clock: counts begin just before an instant, so that they hold it.
MOMENT: Final = timedelta(microseconds=1)
_SPREAD: Final = "messages are spread over the sending hours"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The open time that is planned at once, until `end`.

    `mine` of the campaign's messages go in it. `together` are those that are spaced together, which
    are those of all running campaigns. `others` is each rival's part.
    """

    end: datetime
    mine: int
    together: int
    others: tuple[tuple[Rival, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One campaign's turn on one account at one instant."""

    pace: Pace
    state: AccountState
    now: datetime

    def wait(self, budget: int | None = None) -> Wait | None:
        """Return None when a message may go now, or until when it has to wait, and why.

        `budget` is the rest of the run's own bound.
        """
        pace, now, hold = self.pace, self.now, self.state.hold
        if hold is not None and hold.until > now:
            return Wait(pace.opening(hold.until), hold.reason, stay=hold.brief)
        later = () if self.state.waiting() else self.state.later()
        if later:
            return self._until(later[0][0], "the rows that are left have a later date")
        left = self.allowance()
        if left.remaining == 0:
            return Wait(pace.opening(left.reset_at), self._spent(left), stay=False)
        if pace.calendar is not None and not pace.calendar.is_open(now):
            return self._closed(pace.calendar)
        stretch = self.stretch(left)
        if stretch.mine == 0:
            shared = any(part for _, part in stretch.others)
            reason = "the rest of the account's quota is for other campaigns" if shared else _SPREAD
            return self._until(stretch.end, reason)
        slot = self.slot(stretch, budget)
        if slot <= now:
            return None
        if pace.calendar is None:
            return Wait(slot, "messages are spaced", stay=True)
        return self._until(slot, _SPREAD)

    def _closed(self, calendar: Calendar) -> Wait:
        holiday = calendar.holiday(self.now)
        reason = "it is outside the sending hours"
        if calendar.is_early(self.now):
            reason = f"the campaign starts on {calendar.first}"
        elif holiday:
            reason = f"today is a holiday ({holiday})"
        return self._until(self.now, reason)

    def _until(self, instant: datetime, reason: str) -> Wait:
        """Wait for the first open time from an instant on; within the run when it is today."""
        opening = self.pace.opening(instant)
        return Wait(opening, reason, stay=self.pace.is_same_day(self.now, opening))

    # --- the day

    def allowance(self) -> Allowance:
        """The messages that the account may still send: those of the server's window, or of today's
        own bound where that is less."""
        window = self._window()
        bounds = self._daily_bounds(window)
        if not bounds:
            return window
        bound = min(bounds)
        start, end = self.pace.day(self.now)
        gone = self._gone_since(start)
        today = max(0, bound - gone)
        shown = window
        if bound < window.limit - self.pace.reserve:
            # People see the bound that is met first. A bound of our own counts our messages alone.
            shown = replace(window, limit=bound, used=gone)
        if today >= window.remaining:
            return shown
        # Our own day may end after the server's window; what may go is known again at that end.
        reset_at = min(window.reset_at, end) if today else end
        return replace(shown, remaining=today, reset_at=reset_at)

    def _window(self) -> Allowance:
        state = self.state
        return allowance(
            state.told, state.charged_after, self.now, self.pace.reserve, state.charged_in
        )

    def _gone_since(self, instant: datetime, campaign: int | None = None) -> int:
        return self.state.charged_after(instant - MOMENT, campaign)

    def _daily_bounds(self, window: Allowance) -> list[int]:
        """The bounds on what the account may send today.

        A quota of a day, or longer, bounds the calendar's day as well: two windows in one day,
        where the quota's day ends within the hours, would be a burst.
        """
        pace = self.pace
        bounds = []
        if pace.calendar is not None and not window.is_short:
            bounds.append(max(0, window.limit - pace.reserve))
        if pace.daily_limit is not None:
            bounds.append(pace.daily_limit)
        if pace.ramp is not None:
            bounds.append(pace.ramp.limit(self.now, self._day_start, self.state.charged_before))
        return bounds

    def _day_start(self, instant: datetime) -> datetime:
        return self.pace.day(instant)[0]

    def _spent(self, left: Allowance) -> str:
        """Say why nothing is left."""
        reserve = self.pace.reserve
        if self._window().remaining:
            gone = self._gone_since(self._day_start(self.now))
            return f"no more go today ({gone} have gone, of {left.limit} a day)"
        if reserve >= left.limit:
            return (
                f"all that the account may send ({left.limit}) is kept for others "
                f"(reserve {reserve})"
            )
        kept = f", {reserve} are kept for others" if reserve else ""
        return f"no more may go now ({left.used} of {left.limit} used{kept})"

    # --- one stretch of open time

    def stretch(self, left: Allowance) -> Stretch:
        """Plan the open time that holds `now`, until it closes or the quota's window ends."""
        state = self.state
        rivals = state.rivals()
        waiting = state.waiting()
        wanted = waiting + sum(rival.waiting for rival in rivals)
        if self.pace.calendar is None:
            start, end, count = left.opened, left.reset_at, min(left.remaining, wanted)
        else:
            start, end, count = self._portion(self.pace.calendar, left, wanted)
        if not rivals:
            return Stretch(end, min(count, waiting), count)
        gone = [self._gone_since(start, state.campaign)]
        claims = [(self.pace.priority, gone[0] + waiting)]
        for rival in rivals:
            went = self._gone_since(start, rival.campaign)
            theirs = Turn(pace_of(rival.pace), state, self.now)
            gone.append(went)
            claims.append((theirs.pace.priority, went + theirs._usable(rival.waiting, left, end)))
        shared = shares(count + sum(gone), claims)
        parts = [max(0, part - went) for part, went in zip(shared, gone, strict=True)]
        mine = min(count, parts[0])
        others = tuple(zip(rivals, parts[1:], strict=True))
        running = sum(part for rival, part in others if rival.running)
        return Stretch(end, mine, min(count, mine + running), others)

    def _portion(
        self, calendar: Calendar, left: Allowance, wanted: int
    ) -> tuple[datetime, datetime, int]:
        """The start and the end of this portion of the day's hours, and the number of the account's
        messages that still go in it.

        A quota window that ends within the hours cuts them in two. One that lasts into another day
        gives this day its part of the hours it still has. So a day's messages are spread over all
        its hours, and no hour is a burst.
        """
        opened, closes = calendar.span(self.now)
        budget = min(left.remaining, wanted)
        window = self._window()
        if window.reset_at >= closes:
            start = max(opened, window.opened)
            went = self._gone_since(start)
            whole = calendar.open_time(start, window.reset_at)
            part = _part(window.remaining + went, closes - start, whole) - went
            return start, closes, max(0, min(part, budget))
        went = self._gone_since(opened)
        today = wanted
        if bounds := self._daily_bounds(window):
            gone = self._gone_since(self._day_start(self.now))
            today = min(min(bounds) - gone, wanted)
        length = window.reset_at - window.opened if window.is_short else DAY
        later = _part(
            window.limit - self.pace.reserve,
            calendar.open_time(window.reset_at, closes),
            calendar.open_time(window.reset_at, window.reset_at + length),
        )
        even = _part(today + went, window.reset_at - opened, closes - opened) - went
        return opened, window.reset_at, max(0, min(max(even, today - later), budget))

    def _usable(self, waiting: int, left: Allowance, end: datetime) -> int:
        """The number of its `waiting` rows that a campaign can still send before `end`, by its own
        hours and bounds; the rest of `left` is for others."""
        own = self.allowance().remaining
        # What is left for all is shared. Only a bound of its own makes a campaign want less of it.
        count = waiting if own >= left.remaining else min(waiting, own)
        if self.pace.calendar is None or count == 0:
            return count
        room = self.pace.calendar.open_time(self.now, end)
        if not self.pace.gap:
            return count if room else 0
        return min(count, -(-room // self.pace.gap))

    def slot(self, stretch: Stretch, budget: int | None = None) -> datetime:
        """The time of the next message, by the spacing alone."""
        pace, now, last = self.pace, self.now, self.state.last_claim
        if pace.calendar is not None:
            together = stretch.together if budget is None else min(stretch.together, budget)
            account = self.state.account
            slot = next_slot(now, last, stretch.end, max(1, together), pace.min_gap, account)
        elif last is not None:
            slot = max(now, last + pace.min_gap)
        else:
            slot = now
        if pace.velocity:
            for number, by_key in ((WRITES_A_MINUTE, False), (CALLS_A_MINUTE, True)):
                if not by_key and (last is None or last + MINUTE <= slot):
                    continue  # those before the last one are no later
                nth = self.state.nth_latest(number, by_key=by_key)
                if nth is not None:
                    slot = max(slot, nth + MINUTE)
        return slot


def _part(whole: int, part_time: timedelta, whole_time: timedelta) -> int:
    """The part of `whole` messages that goes in a part of the time, rounded up."""
    if whole_time <= timedelta():
        return whole
    return -(-max(0, whole) * (part_time // MOMENT) // (whole_time // MOMENT))
