"""The forecast: when the rows that wait will go.

It asks the rules of `turn` about an account on which the messages before have gone already.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from runner.ledger.record import AccountState, Ahead, Hold, Rival, Told
from runner.sending.pace import Pace
from runner.sending.turn import MOMENT, Stretch, Turn

# The forecast looks this many stretches of open time ahead: four years of days.
_FARTHEST: Final = 1_500


@dataclass(frozen=True, slots=True)
class Sequence:
    """The steps of a campaign: the sending days before each that follows, and the calendar."""

    steps: tuple[int, ...]
    days_after: Callable[[datetime, int], datetime]


def windows(
    pace: Pace, state: AccountState, now: datetime, sequence: Sequence | None = None
) -> Iterator[tuple[datetime, int]]:
    """The forecast for one account: (the start of sending, the number of the campaign's messages),
    until no row waits, or for some years. The messages of a `sequence` follow as if nobody
    answered. What other campaigns have for a later date is not known to it."""
    moment = max(now, state.hold.until) if state.hold else now
    model = _Model(state, now, sequence)
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

    def __init__(self, real: AccountState, now: datetime, sequence: Sequence | None) -> None:
        self._real = real
        self._sequence = sequence
        # People by the steps that they have before them: whose first one may go, by that step and
        # in the list's order, and whose first one has a date to come.
        self._mine: defaultdict[int, deque[tuple[tuple[int, ...], int]]] = defaultdict(deque)
        self._waiting = 0
        self._later: list[tuple[datetime, tuple[int, ...], int]] = []
        if sequence is None:
            self._wait((1,), real.waiting())
            self._later = [(due_at, (1,), count) for due_at, count in real.later()]
        dated: Counter[tuple[datetime, tuple[int, ...]]] = Counter()
        for steps, due_at, people in real.ahead() if sequence else ():
            if due_at is None or due_at <= now:
                self._wait(steps, people)
            else:
                dated[due_at, steps] += people
        self._later += [(due_at, steps, people) for (due_at, steps), people in dated.items()]
        self._later.sort()
        self._rivals = {rival.campaign: rival for rival in real.rivals()}
        # When, by which campaign, how many; the latest last.
        self._sent: list[tuple[datetime, int, int]] = []
        self.account: str = real.account
        self.campaign: int = real.campaign
        self.told: Told | None = real.told
        self.last_claim: datetime | None = real.last_claim

    def send(self, begin: datetime, count: int, stretch: Stretch, gap: timedelta) -> None:
        """Note that the campaign sent `count` from `begin` on, and that its rivals sent theirs."""
        self._go(begin, count)
        self._sent.append((begin + MOMENT, self.campaign, count))
        for rival, part in stretch.others:
            left = max(0, rival.waiting - part)
            self._rivals[rival.campaign] = replace(rival, waiting=left)
            self._sent.append((begin + MOMENT, rival.campaign, part))
        if count:
            self.last_claim = begin + (count - 1) * max(gap, (stretch.end - begin) / count)

    def _go(self, begin: datetime, count: int) -> None:
        """Let so many messages go, the later steps first, and have others follow them."""
        gone: Counter[tuple[int, ...]] = Counter()
        for step in sorted(self._mine, reverse=True):
            queue = self._mine[step]
            while queue and count:
                steps, people = queue.popleft()
                part = min(count, people)
                if part < people:
                    queue.appendleft((steps, people - part))
                gone[steps[1:]] += part
                count -= part
        self._waiting -= gone.total()
        for following, people in gone.items():
            if following and self._sequence is not None:
                days = self._sequence.steps[following[0] - 2]
                due_at = self._sequence.days_after(begin, days)
                insort(self._later, (due_at, following, people))

    def _wait(self, steps: tuple[int, ...], people: int) -> None:
        self._mine[steps[0]].append((steps, people))
        self._waiting += people

    def charged_after(self, instant: datetime, campaign: int | None = None) -> int:
        later = 0
        for at, by, count in reversed(self._sent):
            if at <= instant:
                break
            if campaign in (None, by):
                later += count
        return self._real.charged_after(instant, campaign) + later

    def charged_in(self, opened: datetime) -> int:
        later = sum(count for at, _, count in self._sent if at >= opened)
        return self._real.charged_in(opened) + later

    def charged_before(self, instant: datetime) -> datetime | None:
        latest = (at for at, _, count in reversed(self._sent) if count and at < instant)
        return next(latest, None) or self._real.charged_before(instant)

    def nth_latest(self, number: int, *, by_key: bool) -> datetime | None:  # noqa: ARG002
        return None  # in the long run the gap keeps to the limits a minute

    def waiting(self) -> int:
        return self._waiting

    def later(self) -> tuple[tuple[datetime, int], ...]:
        return tuple((due_at, count) for due_at, _, count in self._later)

    def ahead(self) -> tuple[Ahead, ...]:
        return self._real.ahead()

    def come(self, moment: datetime) -> datetime | None:
        """Let the rows wait whose date has come; return the next date."""
        while self._later and self._later[0][0] <= moment:
            _, steps, count = self._later.pop(0)
            self._wait(steps, count)
        return self._later[0][0] if self._later else None

    @property
    def is_done(self) -> bool:
        return not (self.waiting() or self._later)

    def rivals(self) -> tuple[Rival, ...]:
        return tuple(rival for rival in self._rivals.values() if rival.waiting)
