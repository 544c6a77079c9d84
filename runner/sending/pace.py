"""Pace: when an account's next message may go, all rules together, and what that means for the days
ahead.

Holds first, then the quota, then the sending hours, then the campaign's share, then the spacing:
the first that says wait is the reason people are given. The forecast asks the same rules about an
account on which the messages before have gone already.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from runner.ledger.record import AccountState, Rival, Wait
from runner.sending.calendar import Calendar, next_slot
from runner.sending.quota import DAY, Allowance, allowance, midnight
from runner.sending.ramp import Ramp
from runner.sending.share import shares

DEFAULT_MIN_GAP: Final = timedelta(seconds=30)
# The vendor's velocity limits: writes a minute and account, calls a minute and key.
WRITES_A_MINUTE: Final = 15
CALLS_A_MINUTE: Final = 60
_SPREAD: Final = "messages are spread over the sending hours"
_MINUTE: Final = timedelta(minutes=1)
_MOMENT: Final = timedelta(microseconds=1)
# So many stretches of open time a forecast looks ahead: four years of days.
_FARTHEST: Final = 1_500


@dataclass(frozen=True, slots=True)
class Stretch:
    """The open time that is planned at once: until when, how many of the campaign's messages go in
    it, and how many of those that are spaced together, which are those of all campaigns that are
    running. `others` is each rival's part."""

    end: datetime
    mine: int
    together: int
    others: tuple[tuple[Rival, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a campaign may go. Without a calendar messages go as soon as quota, share and
    `min_gap` allow.

    `reserve` messages of the account's quota are left to people and other tools. `daily_limit` and
    `ramp` bound what the account sends in a day of the calendar's zone, or a UTC day. `velocity`
    keeps to the vendor's limits a minute.
    """

    calendar: Calendar | None
    min_gap: timedelta = DEFAULT_MIN_GAP
    daily_limit: int | None = None
    reserve: int = 0
    ramp: Ramp | None = None
    priority: int = 1
    velocity: bool = True

    def allowance(self, state: AccountState, now: datetime) -> Allowance:
        """What the account may still send at `now`: the server's window, and today's own bound
        where that is less."""
        window = self._window(state, now)
        bound = self._daily_bound(state, window, now)
        if bound is None:
            return window
        start, end = self._day(now)
        gone = state.charged_after(start - _MOMENT)
        today = max(0, bound - gone)
        # What is shown is the bound that is met first: of a bound of our own, only our messages are
        # used.
        shown = (
            window
            if bound >= window.limit - self.reserve
            else replace(window, limit=bound, used=gone)
        )
        if today >= window.remaining:
            return shown
        # Our own day may end after the server's window: what may go is known again when it does.
        return replace(shown, remaining=today, reset_at=min(window.reset_at, end) if today else end)

    def judge(self, state: AccountState, now: datetime, budget: int | None = None) -> Wait | None:
        """None when a message may go now, else until when not, and why. `budget` is what is left of
        the run's own bound."""
        hold = state.hold
        if hold is not None and hold.until > now:
            return Wait(self._opening(hold.until), hold.reason, stay=hold.brief)
        left = self.allowance(state, now)
        if left.remaining == 0:
            return Wait(self._opening(left.reset_at), self._spent(state, left, now), stay=False)
        if self.calendar is not None and not self.calendar.is_open(now):
            opening = self.calendar.next_open(now)
            holiday = self.calendar.holiday(now)
            reason = (
                f"today is a holiday ({holiday})" if holiday else "it is outside the sending hours"
            )
            return Wait(opening, reason, stay=self._same_day(now, opening))
        stretch = self._stretch(state, left, now)
        if stretch.mine == 0:
            opening = self._opening(stretch.end)
            shared = any(part for _, part in stretch.others)
            reason = "the rest of the account's quota is for other campaigns" if shared else _SPREAD
            return Wait(opening, reason, stay=self._same_day(now, opening))
        slot = self._slot(state, stretch, now, budget)
        if slot <= now:
            return None
        opening = self._opening(slot)
        reason = _SPREAD if self.calendar else "messages are spaced"
        return Wait(opening, reason, stay=self.calendar is None or self._same_day(now, opening))

    def windows(self, state: AccountState, now: datetime) -> Iterator[tuple[datetime, int]]:
        """The forecast for one account: (when the sending starts, how many of the campaign go)
        until none waits, or for some years."""
        moment = max(now, state.hold.until) if state.hold else now
        model = _Model(state)
        for _ in range(_FARTHEST):
            if model.mine == 0:
                return
            moment = self._opening(moment)
            seen = model.state()
            left = self.allowance(seen, moment)
            if left.remaining == 0:
                moment = max(left.reset_at, moment + _MOMENT)
                continue
            stretch = self._stretch(seen, left, moment)
            begin = (
                moment
                if stretch.mine == 0
                else max(moment, self._slot(seen, stretch, moment, None))
            )
            room = (
                1 + (stretch.end - begin - _MOMENT) // self._gap
                if self._gap and begin < stretch.end
                else stretch.mine
            )
            count = min(stretch.mine, room if begin < stretch.end else 0)
            if count > 0:
                yield begin, count
            model.send(begin, count, stretch, self._gap)
            moment = stretch.end

    # --- one stretch of open time

    def _stretch(self, state: AccountState, left: Allowance, now: datetime) -> Stretch:
        """How many messages may go in the open time that holds `now`, until it closes or the
        quota's window ends."""
        rivals = state.rivals()
        waiting = state.waiting()
        wanted = waiting + sum(rival.waiting for rival in rivals)
        if self.calendar is None:
            start, end, count = left.opened, left.reset_at, min(left.remaining, wanted)
        else:
            start, end, count = self._portion(self.calendar, state, left, now, wanted)
        if not rivals:
            return Stretch(end, min(count, waiting), count)
        gone = [
            state.charged_after(start - _MOMENT, campaign)
            for campaign in (state.campaign, *(r.campaign for r in rivals))
        ]
        claims = [(self.priority, gone[0] + waiting)]
        for rival, went in zip(rivals, gone[1:], strict=True):
            its = _pace_of(rival.settings)
            claims.append((its.priority, went + its._usable(rival.waiting, state, left, now, end)))
        parts = [
            max(0, part - went)
            for part, went in zip(shares(count + sum(gone), claims), gone, strict=True)
        ]
        others = tuple(zip(rivals, parts[1:], strict=True))
        mine = min(count, parts[0])
        return Stretch(
            end,
            mine,
            min(count, mine + sum(part for rival, part in others if rival.running)),
            others,
        )

    def _portion(
        self, calendar: Calendar, state: AccountState, left: Allowance, now: datetime, wanted: int
    ) -> tuple[datetime, datetime, int]:
        """From when until when this portion of the day's hours lasts, and how many of the account's
        messages still go in it.

        A quota window that ends within the hours cuts them in two, and one that lasts into another
        day gives this day its part of the hours it still has: so that a day's messages are spread
        over all its hours, and no hour is a burst.
        """
        opened, closes = calendar.span(now)
        budget = min(left.remaining, wanted)
        window = self._window(state, now)
        if window.reset_at >= closes:
            start = max(opened, window.opened)
            went = state.charged_after(start - _MOMENT)
            whole = calendar.open_time(start, window.reset_at)
            part = _part(window.remaining + went, closes - start, whole) - went
            return start, closes, max(0, min(part, budget))
        went = state.charged_after(opened - _MOMENT)
        bound = self._daily_bound(state, window, now)
        assert bound is not None  # noqa: S101 - a calendar always bounds its day
        today = min(bound - state.charged_after(self._day(now)[0] - _MOMENT), wanted)
        next_reset = window.reset_at + DAY
        later = _part(
            window.limit - self.reserve,
            calendar.open_time(window.reset_at, closes),
            calendar.open_time(window.reset_at, next_reset),
        )
        even = _part(today + went, window.reset_at - opened, closes - opened) - went
        return opened, window.reset_at, max(0, min(max(even, today - later), budget))

    def _usable(
        self, waiting: int, state: AccountState, left: Allowance, now: datetime, end: datetime
    ) -> int:
        """How many of its `waiting` rows a campaign of this pace can still send before `end`, by
        its own hours and bounds, where `left` is shared with others; the rest is for them."""
        own = self.allowance(state, now).remaining
        # What is left for all is what is shared; only a bound of its own makes a campaign want less
        # of it.
        count = waiting if own >= left.remaining else min(waiting, own)
        if self.calendar is None or count == 0:
            return count
        room = self.calendar.open_time(now, end)
        return min(count, -(-room // self._gap)) if self._gap else count if room else 0

    def _slot(
        self, state: AccountState, stretch: Stretch, now: datetime, budget: int | None
    ) -> datetime:
        """When the next message may go, by the spacing alone."""
        last = state.last_claim
        if self.calendar is None:
            slot = now if last is None else max(now, last + self.min_gap)
        else:
            count = max(1, stretch.together if budget is None else min(stretch.together, budget))
            slot = next_slot(now, last, stretch.end, count, self.min_gap, state.account)
        if self.velocity:
            for number, everywhere in ((WRITES_A_MINUTE, False), (CALLS_A_MINUTE, True)):
                nth = state.nth_latest(number, everywhere=everywhere)
                slot = slot if nth is None else max(slot, nth + _MINUTE)
        return slot

    @property
    def _gap(self) -> timedelta:
        """How close messages come in the long run."""
        return max(self.min_gap, _MINUTE / WRITES_A_MINUTE) if self.velocity else self.min_gap

    # --- the day

    def _window(self, state: AccountState, now: datetime) -> Allowance:
        return allowance(state.told, state.charged_after, now, self.reserve)

    def _spent(self, state: AccountState, left: Allowance, now: datetime) -> str:
        if self._window(state, now).remaining:
            gone = state.charged_after(self._day(now)[0] - _MOMENT)
            return f"no more go today ({gone} have gone, of {left.limit} a day)"
        if self.reserve >= left.limit:
            return (
                f"all that the account may send ({left.limit}) is kept for others (reserve "
                f"{self.reserve})"
            )
        kept = f", {self.reserve} are kept for others" if self.reserve else ""
        return f"no more may go now ({left.used} of {left.limit} used{kept})"

    def _daily_bound(self, state: AccountState, left: Allowance, now: datetime) -> int | None:
        """At most this many from the account today. With a calendar the quota bounds its day as
        well: where the quota's day ends within the hours, two windows in one day would be a
        burst."""
        bounds = [] if self.calendar is None else [max(0, left.limit - self.reserve)]
        if self.daily_limit is not None:
            bounds.append(self.daily_limit)
        if self.ramp is not None:
            bounds.append(
                self.ramp.limit(now, lambda instant: self._day(instant)[0], state.charged_before)
            )
        return min(bounds, default=None)

    def _day(self, instant: datetime) -> tuple[datetime, datetime]:
        if self.calendar is not None:
            return self.calendar.day(instant)
        return midnight(instant), midnight(instant) + DAY

    def _opening(self, instant: datetime) -> datetime:
        return self.calendar.next_open(instant) if self.calendar else instant

    def _same_day(self, now: datetime, later: datetime) -> bool:
        zone = self.calendar.zone if self.calendar else UTC
        return now.astimezone(zone).date() == later.astimezone(zone).date()


class _Model:
    """An account as it will be: messages that are forecast count as sent."""

    def __init__(self, state: AccountState) -> None:
        self.mine = state.waiting()
        self._real = state
        self._rivals = {rival.campaign: rival for rival in state.rivals()}
        self._sent: list[tuple[datetime, int, int]] = []  # when, by which campaign, how many
        self._last = state.last_claim

    def send(self, begin: datetime, count: int, stretch: Stretch, gap: timedelta) -> None:
        """Note that the campaign sent `count` from `begin` on, and that those it shares the account
        with sent theirs."""
        self.mine -= count
        self._sent.append((begin + _MOMENT, self._real.campaign, count))
        for rival, part in stretch.others:
            self._rivals[rival.campaign] = replace(rival, waiting=max(0, rival.waiting - part))
            self._sent.append((begin + _MOMENT, rival.campaign, part))
        if count:
            self._last = begin + (count - 1) * max(gap, (stretch.end - begin) / count)

    def state(self) -> AccountState:
        return replace(
            self._real,
            hold=None,
            last_claim=self._last,
            charged_after=self._charged_after,
            charged_before=self._charged_before,
            nth_latest=lambda _number, everywhere: None,  # noqa: ARG005
            waiting=lambda: self.mine,
            rivals=lambda: tuple(rival for rival in self._rivals.values() if rival.waiting),
        )

    def _charged_after(self, instant: datetime, campaign: int | None = None) -> int:
        later = sum(
            count for at, by, count in self._sent if at > instant and campaign in (None, by)
        )
        return self._real.charged_after(instant, campaign) + later

    def _charged_before(self, instant: datetime) -> datetime | None:
        earlier = [at for at, _, count in self._sent if count and at < instant]
        return max(earlier, default=None) or self._real.charged_before(instant)


def _part(whole: int, part_time: timedelta, whole_time: timedelta) -> int:
    """The part of `whole` messages that goes in a part of the time, rounded up."""
    if whole_time <= timedelta():
        return whole
    return -(-max(0, whole) * (part_time // _MOMENT) // (whole_time // _MOMENT))


@lru_cache(maxsize=64)
def _pace_of(settings: str) -> Pace:
    from runner.sending.settings import pace  # settings are made of paces

    return pace(json.loads(settings))
