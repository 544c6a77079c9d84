"""What waits of a campaign, taken back by a person."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from runner.action.pause import withdraw
from runner.campaign.campaign import load
from runner.errors import AlreadyRunningError, InterruptedRunError
from runner.ledger.campaign import campaign_named
from runner.ledger.lock import run_lock
from tests.world import World, crowd


def test_nothing_that_was_withdrawn_goes_until_the_list_is_run_again(tmp_path: Path) -> None:
    """No row is lost, what was sent stays sent, and the next run of the list brings the rest
    back."""
    world = World(tmp_path, crowd(5))
    world.run(most=2, now=True, min_gap=0)
    with closing(world.ledger()) as ledger:
        gone = withdraw(ledger, "people", "Jo", world.clock.now(), lambda _: True)
    assert gone.messages == 3
    lines = world.lines("people")
    assert Counter(line.status.value for line in lines) == {"sent": 2, "skipped": 3}
    assert {line.reason for line in lines if line.reason} == {"withdrawn by Jo on 2026-11-23"}
    with closing(world.ledger()) as ledger:
        again = withdraw(ledger, "people", "Jo", world.clock.now(), lambda _: True)
    assert again.messages == 0
    report = world.run(now=True, min_gap=0)
    assert report.summary.totals.sent == 5


def test_a_campaign_that_is_running_is_not_withdrawn(tmp_path: Path) -> None:
    world = World(tmp_path, crowd(2))
    world.run(most=1, now=True)
    with closing(world.ledger()) as ledger:
        with ledger.read() as connection:
            record = campaign_named(connection, "people")
        assert record is not None
        with run_lock(ledger, "people", record.id), pytest.raises(AlreadyRunningError):
            withdraw(ledger, "people", "Jo", world.clock.now(), lambda _: True)
        with pytest.raises(InterruptedRunError):
            withdraw(ledger, "people", "Jo", world.clock.now(), lambda _: False)
    assert Counter(line.status.value for line in world.lines("people")) == {"sent": 1, "waiting": 1}


def test_the_messages_that_follow_are_withdrawn_as_well(tmp_path: Path) -> None:
    """A sequence that is taken back does not go on by itself."""
    (tmp_path / "bump.j2").write_text("Hi again {{ first_name }}")
    file = tmp_path / "people.toml"
    file.write_text(
        'sheet = "people.csv"\ntemplate = "hello.j2"\ntime_zone = "UTC"\nnow = true\n'
        'min_gap = 0\n[[steps]]\ntemplate = "bump.j2"\nafter_days = 1\n'
    )
    world = World(tmp_path, crowd(3))
    world.campaign()
    ledger = world.ledger()
    with closing(ledger):
        world.send(load(file, {}), ledger, most=1)
        gone = withdraw(ledger, "people", "Jo", world.clock.now(), lambda _: True)
        assert gone.messages >= 5
        totals = world.send(load(file, {}), ledger).summary.totals
    assert (totals.rows, totals.waiting) == (3, 3)  # for their second message
