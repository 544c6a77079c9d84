"""Days of whole runs with trouble: a few seasons, and proof that they can fail.

`benchmarks/days.py` plays thousands of them.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.ledger import told as numbers
from runner.sending import quota, turn
from runner.sending.clock import ServerClock
from tests.season.clock import Step
from tests.season.measure import Measured, measure
from tests.season.play import Season
from tests.season.scenario import DAY, ForeignUse, Scenario, draw

pytestmark = pytest.mark.slow

DAYS = 6


def played(folder: Path, scenario: Scenario) -> Measured:
    season = Season(scenario, folder)
    season.play()
    return measure(season)


def plain(**more: Any) -> Scenario:
    """Return a season in which nothing goes wrong but what is asked for.

    It has office hours in Berlin, one account, one campaign, and --wait.
    """
    calm = draw(0, DAYS)
    return dataclasses.replace(
        calm,
        accounts=("acc",),
        priorities=(1,),
        hours="09:00-17:00",
        days="all",
        zone="Europe/Berlin",
        holidays=None,
        daily_limit=None,
        ramp=None,
        reserve=0,
        stay=True,
        starts=(calm.start,),
        foreign=(),
        quota_offered=False,
        missing=0.0,
        garbled=0.0,
        mute_header=None,
        lies=False,
        dateless=0.0,
        steps=(),
        naps=(),
        **more,
    )


@pytest.mark.parametrize("seed", [3, 4, 8, 17])
def test_a_season_of_trouble_keeps_the_quota_and_the_hours(tmp_path: Path, seed: int) -> None:
    """A season of trouble has no violation, messages no person twice and loses nothing, with any
    draw. Everything that could be sent is sent."""
    found = played(tmp_path, draw(seed, DAYS))
    assert found.violations == []
    assert found.messages
    assert found.ratio >= 0.97


def test_a_season_without_trouble_uses_the_whole_quota(tmp_path: Path) -> None:
    """Every counted day is sent whole, without a refusal and without a message outside the
    hours."""
    found = played(tmp_path, plain())
    assert found.counted_days >= DAYS - 1
    assert found.sent == found.possible > 0
    assert (found.refused, found.outside, found.violations) == ({}, {}, [])


def test_a_runner_that_does_not_listen_to_the_numbers_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a runner that throws away all numbers but the limit does not see what others
    use. It asks for more than a spent quota."""
    heed = numbers._numbers
    monkeypatch.setattr(
        numbers,
        "_numbers",
        lambda c, a, told: heed(c, a, dataclasses.replace(told, used=None, remaining=None)),
    )
    scenario = plain()
    mornings = (scenario.start.replace(hour=8) + number * DAY for number in range(DAYS))
    use = tuple(ForeignUse(morning, "acc", scenario.limit // 2) for morning in mornings)
    found = played(tmp_path, dataclasses.replace(scenario, foreign=use))
    assert any("knew better" in violation for violation in found.violations)


def test_a_runner_that_does_not_listen_to_the_clock_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a runner that throws away the server's date sends in the night when its clock is
    ten hours off."""
    monkeypatch.setattr(ServerClock, "hear", lambda *_: None)
    scenario = plain()
    found = played(
        tmp_path,
        dataclasses.replace(scenario, steps=(Step(scenario.start + DAY, timedelta(hours=10)),)),
    )
    assert any("outside the hours" in violation for violation in found.violations)


def test_a_runner_that_sends_too_little_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a runner that holds back one message of each window sends too small a part of
    what was possible."""

    def less(*given: Any) -> quota.Allowance:
        found = quota.allowance(*given)
        return dataclasses.replace(found, remaining=max(0, found.remaining - 1))

    monkeypatch.setattr(turn, "allowance", less)
    assert played(tmp_path, plain()).ratio < 0.97
