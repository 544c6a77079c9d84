"""The measure of a season that was played.

It is the share of the possible messages that was sent, on days that were not spoilt.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from tests.season.clock import Step
from tests.season.play import Season
from tests.season.scenario import DAY, Scenario

# Every opening, every closing and every change of a clock falls on a multiple of this time.
GRAIN: Final = timedelta(minutes=5)


@dataclass(slots=True)
class Measured:
    """The counts of one season or many.

    `sent` and `possible` count on counted days only. `surplus` counts the messages beyond the
    campaign's own bounds, sent because the server did not tell its limit.
    """

    seasons: int = 0
    days: int = 0
    counted_days: int = 0
    left_early: int = 0
    stops: int = 0
    messages: int = 0
    sent: int = 0
    possible: int = 0
    surplus: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, other: Measured) -> None:
        for name in (
            "seasons",
            "days",
            "counted_days",
            "left_early",
            "stops",
            "messages",
            "sent",
            "possible",
            "surplus",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("refused", "outside"):
            getattr(self, name).update(getattr(other, name))
        self.violations += other.violations

    @property
    def ratio(self) -> float:
        return self.sent / self.possible if self.possible else 1.0


@dataclass(slots=True)
class _Day:
    """A local day: its open times by the UTC day, and its first and last open moment."""

    first: datetime
    last: datetime
    room: Counter[date] = field(default_factory=Counter)


def measure(season: Season) -> Measured:
    """Return everything there is to say of a season."""
    scenario, tally = season.scenario, season.server.tally
    found = Measured(
        1,
        (scenario.end - scenario.start) // DAY + 1,
        messages=len(season.server.receipts),
        refused=tally.refused,
        outside=tally.outside,
        stops=season.stops,
        violations=list(tally.violations),
    )
    over = [key for key, used in season.server.used.items() if used > scenario.limit]
    found.violations += [
        f"season {scenario.seed}: {account} was over its quota on {day}" for account, day in over
    ]
    days = _days(scenario)
    counted = {
        day
        for day, hours in days.items()
        if not _is_spoilt(season, hours) and _was_active(season, hours, found)
    }
    found.counted_days = len(counted)
    for account in scenario.accounts:
        sent, possible = _use(season, account, days, counted)
        found.sent += min(sent, possible)
        found.possible += possible
        found.surplus += max(0, sent - possible)
    return found


def _days(scenario: Scenario) -> dict[date, _Day]:
    """Return the season's sending days, looked at every five minutes."""
    found: dict[date, _Day] = {}
    moment = scenario.start.replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    while moment < scenario.end + DAY:
        if scenario.is_inside(moment):
            day = found.setdefault(scenario.wall(moment).date(), _Day(moment, moment))
            day.last = moment
            day.room[moment.date()] += 1
        moment += GRAIN
    return found


def _is_spoilt(season: Season, hours: _Day) -> bool:
    """Tell whether a day is spoilt: the computer slept, its clock was wrong, or the server lied.

    Trouble shortly before the day spoils it as well. A clock that was wrong leaves marks in the
    ledger for as long as it was off.
    """
    scenario, steps = season.scenario, season.computer.steps
    slept = any(
        nap.at - DAY <= hours.last and hours.first <= nap.at + nap.length + DAY
        for nap in scenario.naps
    )
    wrong = any(
        step.at - DAY <= hours.last and hours.first <= after.at + DAY + abs(step.ahead)
        for step, after in pairwise([*steps, Step(scenario.end, timedelta())])
        if step.ahead
    )
    return scenario.lies or slept or wrong


def _was_active(season: Season, hours: _Day, found: Measured) -> bool:
    """Tell whether each campaign had a run all day.

    A whole day goes from before its hours until they end, or until the run says that no more may
    go.
    """
    scenario = season.scenario
    begin = hours.first if scenario.hours else hours.last - DAY / 24
    for number in range(len(scenario.priorities)):
        runs = [run for run in season.actives if run.campaign == number and run.began <= begin]
        latest = max(runs, key=lambda run: run.began, default=None)
        if latest is None or max(latest.ended, latest.began + DAY / 24) < hours.first:
            return False
        if latest.ended < hours.last and (latest.resumes is None or latest.resumes <= hours.last):
            found.left_early += latest.resumes is not None
            return False
    return True


def _use(
    season: Season, account: str, days: dict[date, _Day], counted: set[date]
) -> tuple[int, int]:
    """Return how many were sent on the counted days, and how many could have been.

    The second number is that of a sender who knows all that others will use. Sending days and the
    quota's days overlap one after the other. So a sender who takes all there is, in the order of
    time, sends the most.
    """
    scenario = season.scenario
    actual: defaultdict[date, Counter[date]] = defaultdict(Counter)
    for receipt in season.server.receipts:
        if receipt.account == account:
            actual[scenario.wall(receipt.at).date()][receipt.at.date()] += 1
    left: Counter[date] = Counter()
    for day in {one for hours in days.values() for one in hours.room}:
        used = season.server.foreign[account, day]
        spoilt = sum(actual[other][day] for other in days if other not in counted)
        left[day] = min(scenario.limit - used, scenario.limit - scenario.reserve) - spoilt
    possible = sent = 0
    for day in sorted(counted):
        bound = _bound(scenario, sum(1 for earlier in actual if earlier < day and actual[earlier]))
        for quota_day in sorted(days[day].room):
            sharing = [other for other in days if quota_day in days[other].room]
            if any(other < day and other not in counted for other in sharing):
                # No run was there for some hours of this quota's day. No later run makes up for
                # them in a burst.
                hours, whole = (
                    days[day].room[quota_day],
                    sum(days[other].room[quota_day] for other in sharing),
                )
                left[quota_day] = min(left[quota_day], -(-scenario.limit * hours // whole))
            most = max(0, min(bound, left[quota_day]))
            left[quota_day] -= most
            bound -= most
            possible += most
        sent += actual[day].total()
    return sent, possible


def _bound(scenario: Scenario, earlier_days: int) -> int:
    """Return the campaign's own bound of a day.

    It grows with the number of earlier days that something was sent on.
    """
    bounds = [scenario.limit - scenario.reserve]
    if scenario.daily_limit is not None:
        bounds.append(scenario.daily_limit)
    if scenario.ramp is not None:
        first, step, most = scenario.ramp
        bounds.append(min(most, first + step * earlier_days))
    return min(bounds)
