"""The server of a season: it counts what others use, and it speaks brokenly.

It notes for each request whether the run knew better.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from runner.rehearsal.endpoint import Answer, SimulatedEndpoint
from runner.sending.clock import ServerClock
from tests.season.scenario import Scenario

# No run corrects a clock that is off by less than two minutes. The server's date counts whole
# seconds.
TOLERATED: Final = timedelta(minutes=2, seconds=5)
DAY: Final = timedelta(days=1)
_GARBAGE: Final = ("", "none", "-1", "1e9", "12,5", "99999999999")
_GARBLED_RESET: Final = ("soon", "2019-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "4102444800", "0")


class HeardClock(ServerClock):
    """A run's clock that remembers when it last could compare itself with the server's."""

    def __init__(self, own: Callable[[], datetime], true: Callable[[], datetime]) -> None:
        super().__init__(own)
        self._true = true
        self.heard_at: datetime | None = None

    def hear(self, date: datetime | None) -> None:
        super().hear(date)
        if date is not None:
            self.heard_at = self._true()

    @property
    def error(self) -> timedelta:
        """The time that the run believes in, less the true time."""
        return self.now() - self._true()


@dataclass(slots=True)
class Told:
    """Everything that the program can know of one account.

    That is what answers told, and what it has sent since.
    """

    limit: int | None = None
    day: date | None = None
    ours: int = 0
    left: int | None = None
    misdated: bool = False  # something of today was noted under a clock that was wrong

    def turn_to(self, today: date) -> None:
        if self.day != today:
            self.day, self.ours, self.left, self.misdated = today, 0, None, False

    def send(self) -> None:
        self.ours += 1
        self.left = None if self.left is None else self.left - 1

    @property
    def is_spent(self) -> bool:
        """True when it is known that the quota is spent."""
        return (self.limit is not None and self.ours >= self.limit) or (
            self.left is not None and self.left <= 0
        )


@dataclass(slots=True)
class Tally:
    """The counts of a season. `violations` are sentences."""

    violations: list[str] = field(default_factory=list)
    # Requests that met a spent quota, by their explanation.
    refused: Counter[str] = field(default_factory=Counter)
    # Messages outside the hours, by their explanation.
    outside: Counter[str] = field(default_factory=Counter)


class SeasonServer(SimulatedEndpoint):
    """The simulated endpoint of a season.

    The scenario's `is_inside(instant)` tells whether messages may go at a true instant. `asking` is
    the clock of the run that asks now.
    """

    def __init__(
        self,
        scenario: Scenario,
        now: Callable[[], datetime],
        key: str,
        stepped_at: Callable[[], datetime | None],
    ) -> None:
        super().__init__(now, key=key, limit=scenario.limit, neighbours=scenario.quota_offered)
        self.tally = Tally()
        self.foreign: Counter[tuple[str, date]] = Counter()
        self.asking: HeardClock | None = None
        self._scenario = scenario
        self._dice = random.Random(scenario.seed)
        self._foreign_to_come = list(scenario.foreign)
        self._told: dict[str, Told] = {}
        self._stepped_at = stepped_at
        self._blind: Counter[tuple[int, str, datetime | None]] = Counter()

    @property
    def today(self) -> date:
        return self._now().astimezone(UTC).date()

    def answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        self.settle_foreign()
        return super().answer(headers, body)

    def look_up(self, headers: Mapping[str, str], target: str) -> Answer:
        self.settle_foreign()
        answer = super().look_up(headers, target)
        if answer.status == 200:
            account = target.split("/")[-2]
            told = self._known(account)
            told.limit, told.left = self.limit, max(0, self.limit - self._spent(account))
        return answer

    def settle_foreign(self) -> None:
        """Add the use of others until now. They too are refused when the quota is spent."""
        while self._foreign_to_come and self._foreign_to_come[0].at <= self._now():
            use = self._foreign_to_come.pop(0)
            day = use.at.astimezone(UTC).date()
            key = (use.account, day.isoformat())
            count = max(0, min(use.count, self.limit - self.used.get(key, 0)))
            self.used[key] = self.used.get(key, 0) + count
            self.foreign[use.account, day] += count

    # --- the judgement of a request

    def _answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        account = str(json.loads(body).get("accountId", ""))
        self._judge_hours(account)
        told = self._known(account)
        told.misdated |= self._is_lost() is not None
        if self._spent(account) < self.limit:
            return super()._answer(headers, body)
        reason = self._explain(account, told)
        self.tally.refused[reason or "unexplained"] += 1
        if reason is None:
            self._violate(f"{account} asked for one more than its quota, and knew better")
            return self.accept(account, json.loads(body), None)
        told.left = 0  # the answer says so
        return super()._answer(headers, body)

    def _judge_hours(self, account: str) -> None:
        now, inside = self._now(), self._scenario.is_inside
        if inside(now):
            return
        lost = self._is_lost()
        if lost is not None:
            self.tally.outside["before an answer could tell"] += 1
            self._blind[id(self.asking), account, lost] += 1
            if self._blind[id(self.asking), account, lost] > 1 and not self._scenario.dateless:
                self._violate(
                    f"{account} sent a second message outside the hours after a step of the clock"
                )
        elif self._is_off_a_little() and (inside(now - TOLERATED) or inside(now + TOLERATED)):
            self.tally.outside["within two minutes"] += 1
        else:
            self._violate(f"{account} sent outside the hours")

    def _is_lost(self) -> datetime | None:
        """Return the time since which the run that asks is lost. Return None when it is not lost.

        A lost run believes in a wrong time and has had no chance to learn better. A run that had
        the chance and still is wrong is mistaken, not lost.
        """
        assert self.asking is not None
        stepped, heard = self._stepped_at(), self.asking.heard_at
        if (
            abs(self.asking.error) <= TOLERATED
            or stepped is None
            or (heard is not None and heard >= stepped)
        ):
            return None
        return stepped

    def _is_off_a_little(self) -> bool:
        assert self.asking is not None
        return timedelta() < abs(self.asking.error) <= TOLERATED

    def _explain(self, account: str, told: Told) -> str | None:
        """Explain why a run that could know no better asks for one more than its quota.

        Return None when the run could know better.
        """
        now = self._now()
        if not told.is_spent:
            return "the limit was never told" if told.limit is None else "used by others, untold"
        near_midnight = (now + TOLERATED).astimezone(UTC).date() != (now - TOLERATED).astimezone(
            UTC
        ).date()
        if (
            self._is_lost() is not None
            or told.misdated
            or (near_midnight and self._is_off_a_little())
        ):
            return "a clock that was wrong, untold"
        return "a false reset was told" if self._scenario.lies else None

    def _violate(self, what: str) -> None:
        assert self.asking is not None
        self.tally.violations.append(
            f"season {self._scenario.seed}, {self._now():%Y-%m-%d %H:%M:%S}Z: {what} (clock off "
            f"by {self.asking.error})"
        )

    def _known(self, account: str) -> Told:
        told = self._told.setdefault(account, Told())
        told.turn_to(self.today)
        return told

    # --- broken speech

    def _accept(self, account: str, fields: dict[str, Any], fault: str | None) -> Answer:
        self._known(account).send()
        return super().accept(account, fields, fault)

    def _rate(self, account: str) -> dict[str, str]:
        headers = super()._rate(account)
        told, scenario, dice = self._known(account), self._scenario, self._dice
        said = dict(headers)
        for name in [name for name in headers if name != "X-RateLimit-Action"]:
            if name == scenario.mute_header or dice.random() < scenario.missing:
                del said[name]
            elif dice.random() < scenario.garbled:
                said[name] = dice.choice(
                    _GARBLED_RESET if name == "X-RateLimit-Reset" else _GARBAGE
                )
        if scenario.lies and "X-RateLimit-Reset" in said and dice.random() < 0.1:
            said["X-RateLimit-Reset"] = (self._now() + dice.uniform(0.1, 4) * DAY).isoformat()
        intact = {name for name in said if said[name] == headers[name]}
        if "X-RateLimit-Limit" in intact:
            told.limit = self.limit
        if "X-RateLimit-Remaining" in intact or (
            "X-RateLimit-Used" in intact and told.limit is not None
        ):
            told.left = self.limit - self._spent(account)
        return said

    def _dated(self, answer: Answer) -> Answer:
        if self._dice.random() < self._scenario.dateless:
            return answer
        date = self._now() + timedelta(seconds=answer.delay)
        return replace(
            answer,
            headers={"Date": format_datetime(date.astimezone(UTC), usegmt=True), **answer.headers},
        )
