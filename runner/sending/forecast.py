"""The forecast: when the rows that wait will go.

It asks the rules of `turn` about an account on which the messages before have gone already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from runner.ledger.record import AccountState, Hold, Rival, Told
from runner.sending.pace import Pace
from runner.sending.turn import MOMENT, Stretch, Turn

# The forecast looks this many stretches of open time ahead: four years of days.
_FARTHEST: Final = 1_500


def windows(pace: Pace, state: AccountState, now: datetime) -> Iterator[tuple[datetime, int]]:
    """The forecast for one account: (the start of sending, the number of the campaign's messages),
    until no row waits, or for some years. What other campaigns have for a later date is not known
    to it."""
    moment = max(now, state.hold.until) if state.hold else now
    model = _Model(state)
    for _ in range(_FARTHEST):
        if model.is_done:
            return
        moment = pace.opening(moment)
        coming = model.come(moment)
        if model.waiting() == 0 and coming is not None:
            moment = coming
            continue
        turn = Turn(pace, model, moment)
        left = turn.allowance()
        if left.remaining == 0:
            moment = max(left.reset_at, moment + MOMENT)
            continue
        stretch = turn.stretch(left)
        if coming is not None and coming < stretch.end:
            stretch = replace(stretch, end=coming)
        begin = moment
        if stretch.mine:
            begin = max(moment, turn.slot(stretch))
        count = min(stretch.mine, _room(stretch, begin, pace.gap))
        if count > 0:
            yield begin, count
        model.send(begin, count, stretch, pace.gap)
        moment = stretch.end


def _room(stretch: Stretch, begin: datetime, gap: timedelta) -> int:
    """The number of messages that fit between `begin` and the end of the stretch."""
    if begin >= stretch.end:
        return 0
    return 1 + (stretch.end - begin - MOMENT) // gap if gap else stretch.mine


class _Model:
    """An account as it will be: messages that are forecast count as sent."""

    hold: Hold | None = None

    def __init__(self, real: AccountState) -> None:
        self._real = real
        self._mine = real.waiting()
        self._later = list(real.later())
        self._rivals = {rival.campaign: rival for rival in real.rivals()}
        # When, by which campaign, how many.
        self._sent: list[tuple[datetime, int, int]] = []
        self.account: str = real.account
        self.campaign: int = real.campaign
        self.told: Told | None = real.told
        self.last_claim: datetime | None = real.last_claim

    def send(self, begin: datetime, count: int, stretch: Stretch, gap: timedelta) -> None:
        """Note that the campaign sent `count` from `begin` on, and that its rivals sent theirs."""
        self._mine -= count
        self._sent.append((begin + MOMENT, self.campaign, count))
        for rival, part in stretch.others:
            left = max(0, rival.waiting - part)
            self._rivals[rival.campaign] = replace(rival, waiting=left)
            self._sent.append((begin + MOMENT, rival.campaign, part))
        if count:
            self.last_claim = begin + (count - 1) * max(gap, (stretch.end - begin) / count)

    def charged_after(self, instant: datetime, campaign: int | None = None) -> int:
        later = 0
        for at, by, count in self._sent:
            if at > instant and campaign in (None, by):
                later += count
        return self._real.charged_after(instant, campaign) + later

    def charged_before(self, instant: datetime) -> datetime | None:
        earlier = [at for at, _, count in self._sent if count and at < instant]
        return max(earlier, default=None) or self._real.charged_before(instant)

    def nth_latest(self, number: int, *, everywhere: bool) -> datetime | None:  # noqa: ARG002
        return None  # in the long run the gap keeps to the limits a minute

    def waiting(self) -> int:
        return self._mine

    def later(self) -> tuple[tuple[datetime, int], ...]:
        return tuple(self._later)

    def come(self, moment: datetime) -> datetime | None:
        """Let the rows wait whose date has come; return the next date."""
        while self._later and self._later[0][0] <= moment:
            self._mine += self._later.pop(0)[1]
        return self._later[0][0] if self._later else None

    @property
    def is_done(self) -> bool:
        return not (self._mine or self._later)

    def rivals(self) -> tuple[Rival, ...]:
        return tuple(rival for rival in self._rivals.values() if rival.waiting)
