"""What four workers survive: kills, cuts, processes that are stopped, clocks that differ.

These take minutes. `python -m pytest -m proof tests/worker` runs them; a share of them is in
test_worker.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from runner.ledger.record import Status
from tests.patience import pause, until
from tests.room import LEDGER, VENDOR, room
from tests.worker.fleet import KEYS, Fleet, check, is_over, standing, submitted
from tests.worker.vendor import Taken, refusals, taken_in, vendor

pytestmark = pytest.mark.proof

# With a second's patience for an answer, no message is under way for longer.
LONGEST = 75
LEASE = 45


def people_of(count: int, prefix: str = "person") -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


def accounts_of(count: int, prefix: str = "acc") -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


def by_wire(url: str) -> str:
    """The ledger's URL as a room knows it."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}@{LEDGER}:{parts.port}").geturl()


def rested(taken: list[Taken]) -> Iterator[float]:
    """The seconds between two messages of one account."""
    for account in {one.account for one in taken}:
        times = sorted(one.began for one in taken if one.account == account)
        for one, other in pairwise(times):
            yield other - one


def kill_some(fleet: Fleet, kills: int, longest: float, chances: random.Random) -> None:
    """Start four workers, and kill one of those that are alive again and again, one to `longest`
    seconds apart; another one takes its place."""
    for _ in range(4):
        fleet.start()
    for _ in range(kills):
        pause(chances.uniform(1, longest))
        victim = chances.choice([one for one in fleet.workers if one.poll() is None])
        victim.send_signal(signal.SIGKILL)
        fleet.start()


def test_four_workers_two_hundred_accounts_twenty_kills(tmp_path: Path, url: str) -> None:
    file, people = tmp_path / "vendor", people_of(2_000)
    submitted(tmp_path, url, "a", people, accounts_of(200))
    with vendor(file, *KEYS.values(), hold=0.3) as address:
        fleet = Fleet(tmp_path, url, address)
        try:
            kill_some(fleet, 20, 4, random.Random(16))
            assert until(lambda: is_over(url, "a"), 600)
            assert set(fleet.end()) == {0}
        finally:
            fleet.kill()
        counts = check(url, taken_in(file), len(people), "a")
    assert counts[Status.SENT] >= len(people) - 20 * 8


def test_no_quota_is_exceeded_over_kills(tmp_path: Path, url: str) -> None:
    """Each account has more people than its quota lets it write to, and uses it to the end. What
    was under way when its worker was killed counts, whether or not it arrived."""
    file, people, quota = tmp_path / "vendor", people_of(600), 6
    submitted(tmp_path, url, "a", people, accounts_of(60))

    def gone() -> int:
        counts = standing(url, "a")
        return counts.get(Status.SENT, 0) + counts.get(Status.UNCERTAIN, 0)

    with vendor(file, *KEYS.values(), hold=0.3, limit=quota) as address:
        fleet = Fleet(tmp_path, url, address)
        try:
            kill_some(fleet, 10, 3, random.Random(7))
            assert until(lambda: gone() == 60 * quota, 400)
            pause(20)
            assert gone() == 60 * quota
            assert set(fleet.end()) == {0}
        finally:
            fleet.kill()
    taken = taken_in(file)
    counts = check(url, taken, len(people), "a")
    assert counts[Status.WAITING] == len(people) - 60 * quota
    assert max(Counter(one.account for one in taken).values()) <= quota
    assert not refusals(file).exists(), "a request was made beyond the quota"


def test_lanes_of_a_dead_worker_come_back_in_time(tmp_path: Path, url: str) -> None:
    """Each account whose message was under way sends again once that cannot be under way any more,
    and a lease and 15 seconds later at the latest."""
    file, people = tmp_path / "vendor", people_of(400)
    submitted(tmp_path, url, "a", people, accounts_of(40), min_gap=2)
    with vendor(file, *KEYS.values(), hold=0.3) as address:
        fleet = Fleet(tmp_path, url, address)
        try:
            first, _ = fleet.start(), fleet.start()
            assert until(lambda: len(taken_in(file)) > 60, 60)
            first.send_signal(signal.SIGKILL)
            assert until(lambda: is_over(url, "a"), 400)
            fleet.end()
        finally:
            fleet.kill()
    taken = taken_in(file)
    check(url, taken, len(people), "a")
    assert max(rested(taken)) < LONGEST + LEASE + 15


@pytest.mark.parametrize("wire", [LEDGER, VENDOR], ids=["ledger", "vendor"])
def test_a_worker_that_is_cut_off(tmp_path: Path, url: str, wire: str) -> None:
    """From the ledger for two leases, while it reaches the vendor; and the other way round."""
    file, people = tmp_path / "vendor", people_of(800)
    submitted(tmp_path, url, "a", people, accounts_of(60), min_gap=1)
    with vendor(file, *KEYS.values(), hold=0.3) as address, room() as apart:
        alone = Fleet(tmp_path / "alone", by_wire(url), address, door=apart.door)
        others = Fleet(tmp_path / "others", url, address)
        try:
            alone.start()
            for _ in range(3):
                others.start()
            assert until(lambda: len(taken_in(file)) > 100, 60)
            apart.cut(wire)
            pause(2 * LEASE)
            apart.mend(wire)
            assert until(lambda: is_over(url, "a"), 400)
            assert set(others.end() + alone.end()) == {0}
        finally:
            others.kill()
            alone.kill()
    check(url, taken_in(file), len(people), "a")


def test_workers_that_stand_still_at_any_moment(tmp_path: Path, url: str) -> None:
    """Each is stopped for longer than its messages can be under way, and goes on: one that was on
    its way to sending has ended instead."""
    file, people = tmp_path / "vendor", people_of(1_500)
    submitted(tmp_path, url, "a", people, accounts_of(100))
    with vendor(file, *KEYS.values(), hold=0.2) as address:
        fleet = Fleet(tmp_path, url, address)
        try:
            for _ in range(4):
                fleet.start()
            assert until(lambda: len(taken_in(file)) > 100, 60)
            for _ in range(2):
                stopped = fleet.workers[-3:]
                for one in stopped:
                    one.send_signal(signal.SIGSTOP)
                pause(LONGEST + 5)
                for one in stopped:
                    if one.poll() is None:
                        one.send_signal(signal.SIGCONT)
                for _ in range(3):
                    fleet.start()
            assert until(lambda: is_over(url, "a"), 400)
            fleet.end()
        finally:
            fleet.kill()
    check(url, taken_in(file), len(people), "a")


def test_clocks_five_minutes_apart(tmp_path: Path, url: str) -> None:
    """The ledger's clock decides: spacing and serial sending hold."""
    file, people = tmp_path / "vendor", people_of(200)
    submitted(tmp_path, url, "a", people, accounts_of(20), min_gap=3)
    with vendor(file, *KEYS.values(), hold=0.2) as address:
        fleet = Fleet(tmp_path, url, address)
        try:
            for ahead in ("300", "-300", "0", "150"):
                fleet.start(odd=(ahead, "no"))
            assert until(lambda: is_over(url, "a"), 300)
            assert set(fleet.end()) == {0}
        finally:
            fleet.kill()
    taken = taken_in(file)
    assert check(url, taken, len(people), "a") == {Status.SENT: len(people)}
    assert min(rested(taken)) > 2.9


def test_two_keys_and_sixty_a_minute_each(tmp_path: Path, url: str) -> None:
    """With accounts enough for more."""
    file = tmp_path / "vendor"
    submitted(tmp_path, url, "a", people_of(150, "a"), accounts_of(150, "a"), min_gap=0)
    named = {"key_name": "agency", "min_gap": 0}
    submitted(tmp_path, url, "b", people_of(150, "b"), accounts_of(150, "b"), **named)
    with vendor(file, *KEYS.values()) as address:
        fleet = Fleet(tmp_path, url, address)
        try:
            for _ in range(3):
                fleet.start(odd=("0", "velocity"))
            assert until(lambda: is_over(url, "a", "b"), 400), standing(url, "a")
            assert set(fleet.end()) == {0}
        finally:
            fleet.kill()
    taken = taken_in(file)
    check(url, taken, 300, "a", "b")
    for key in KEYS.values():
        times = sorted(one.began for one in taken if one.key == key)
        assert len(times) == 150
        # What is counted is when a message was taken up, just before it is here.
        assert all(later - first > 58 for first, later in zip(times, times[60:], strict=False))
        assert times[-1] - times[0] < 200
