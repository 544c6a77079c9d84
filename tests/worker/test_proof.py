"""What four workers survive: kills, cuts, a server that is stopped at once, clocks that differ.

These take minutes. `python -m pytest -m proof tests/worker` runs them; a share of them is in
test_worker.
"""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from runner.ledger.record import Status
from tests.postgres import cluster
from tests.worker.fleet import KEYS, Fleet, check, is_over, pause, submitted, until
from tests.worker.vendor import taken_in, vendor

pytestmark = pytest.mark.proof


def test_four_workers_two_hundred_accounts_twenty_kills(tmp_path: Path) -> None:
    url, file = cluster().database(), tmp_path / "vendor"
    people = [f"person-{number}" for number in range(2_000)]
    accounts = [f"acc-{number}" for number in range(200)]
    submitted(tmp_path, url, "a", people, accounts)
    chances = random.Random(16)
    with vendor(file, *KEYS.values(), hold=0.3) as address:
        fleet = Fleet(tmp_path, url, address)
        try:
            for _ in range(4):
                fleet.start()
            for _ in range(20):
                pause(chances.uniform(1, 4))
                victim = chances.choice([one for one in fleet.workers if one.poll() is None])
                victim.send_signal(signal.SIGKILL)
                fleet.start()
            assert until(lambda: is_over(url, "a"), 600)
            assert set(fleet.end()) == {0}
        finally:
            fleet.kill()
        counts = check(url, taken_in(file), len(people), "a")
    assert counts[Status.SENT] >= len(people) - 20 * 8
