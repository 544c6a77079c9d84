"""Commands beside a running run, and clocks that jump under it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.rehearsal.transport import SimulatedTransport
from runner.sending.clock import ServerClock
from runner.sending.secret import Secret
from runner.sending.vendor import Vendor
from tests.proof.place import PEOPLE, Place
from tests.world import KEY, World, crowd

RUN = ("run", "people.csv", "-t", "hello.j2", "--now", "--min-gap", "0", "--yes")
# By command: the exit codes that it may have while a run is active.
BESIDE = {
    ("status",): {0},
    ("why", "2"): {0},
    ("results",): {0},
    ("suppress", "add", "person-5"): {0},
    ("suppress", "list"): {0},
    ("settle", "2", "--sent"): {2},
    ("ledger", "verify"): {0},
    ("ledger", "backup"): {0},
    ("ledger", "restore", "--yes"): {6},
    ("ledger", "accept", "--yes"): {6},
    ("forget", "person-4", "--yes"): {6},
    RUN: {6},
    (*RUN, "--name", "other", "--account", "b"): {0, 1, 75},
}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "place").open() as place:
        yield place


def test_every_command_beside_a_running_run(place: Place) -> None:
    """Each command is answered, or told that a run is active; the run goes on, nobody is messaged
    twice by it, and no row is lost."""
    commands, codes = list(BESIDE), []

    def received() -> None:
        place.server.received = lambda: None  # what the commands send is not waited for
        for command in commands:
            place.server.lock.release()
            try:
                codes.append(beside(command))
            finally:
                place.server.lock.acquire()

    place.server.received = received
    assert place.run() == 0, place.err
    wrong = {
        command: code
        for command, code in zip(commands, codes, strict=True)
        if code not in BESIDE[command]
    }
    assert wrong == {}
    by_text = [receipt for receipt in place.endpoint.receipts if receipt.recipient != "person-5"]
    assert len({receipt.recipient for receipt in by_text}) == PEOPLE - 1
    statuses = {row["recipientProfileId"]: row["status"] for row in place.latest_results()}
    assert set(statuses.values()) <= {"sent", "skipped"}
    assert len(statuses) == PEOPLE
    assert place("ledger", "verify") == 0


def beside(command: tuple[str, ...]) -> int:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-m", "runner", *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode


@pytest.mark.parametrize("hours", [-30, -23, -5, -1, 1, 5, 23, 30, 24 * 400])
@pytest.mark.parametrize("at", [1, 3])
def test_a_clock_that_jumps_under_a_run(tmp_path: Path, hours: int, at: int) -> None:
    """This computer's clock is set to another time between two messages. Nobody is messaged twice,
    the quota is kept, and nothing is said of other tools; a later run finishes."""
    world = World(tmp_path, crowd(6), limit=4)
    jump = timedelta()

    def script(_fields: dict[str, Any]) -> None:
        nonlocal jump
        if len(world.server.receipts) == at - 1:
            jump = timedelta(hours=hours)

    world.server.script = script
    own = world.clock.now

    def vendor() -> Vendor:
        clock = ServerClock(lambda: own() + jump)
        return Vendor(Secret(KEY), clock, transport=SimulatedTransport(world.server))

    world.vendor = vendor  # type: ignore[method-assign]
    options: dict[str, Any] = {"now": True, "min_gap": 0, "accounts": ("acc",)}
    world.run(**options)
    jump = timedelta()
    world.clock.advance_to(world.clock.now() + timedelta(days=500))
    for _ in range(3):
        world.run(**options)
        world.clock.advance_to(world.clock.now() + timedelta(days=1))
    assert set(world.statuses()) <= {"sent", "uncertain"}
    assert world.statuses().count("sent") >= 5
    world.check_receipts()
