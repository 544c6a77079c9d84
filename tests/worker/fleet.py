"""Workers in processes of their own, on one ledger, and what became of what they were to send."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa

from runner.action.submit import submit
from runner.ledger import schema
from runner.ledger.campaign import campaign_named
from runner.ledger.chain import verify
from runner.ledger.door import open_ledger
from runner.ledger.record import Status
from tests.patience import until
from tests.worker.vendor import ROOT, Taken
from tests.world import World

KEYS = {"default": "key-of-the-team-0001", "agency": "key-of-the-agency-0002"}


def submitted(
    folder: Path,
    url: str,
    name: str,
    people: Sequence[str],
    accounts: Sequence[str],
    **said: object,
) -> None:
    """Submit a campaign to these people, each named by a profile ID."""
    place = folder / name
    place.mkdir()
    world = World(place, [(f"Jo {person.title()}", person) for person in people])
    settings = {"now": True, "min_gap": 0, "no_look": True, **said}
    campaign = world.campaign(name=name, accounts=list(accounts), **settings)
    with closing(open_ledger(url)) as ledger:
        submit(campaign, ledger, lambda _: True, lambda: datetime.now(UTC))


class Fleet:
    """Workers of one ledger and one vendor."""

    def __init__(
        self, folder: Path, url: str, vendor: str, lanes: int = 8, door: Sequence[str] = ()
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._lanes = lanes
        self._door = door
        keys = folder / "keys"
        keys.write_text("".join(f"{name} = {key}\n" for name, key in KEYS.items()))
        keys.chmod(0o600)
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": str(folder / "state"),
            "CAMPAIGN_LEDGER": url,
            "CAMPAIGN_BASE_URL": vendor,
            "CAMPAIGN_KEYS": str(keys),
        }
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, *more: str, odd: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Start one more worker, which waits a second for an answer; perhaps an odd one."""
        program = ["-m", "tests.worker.odd", *odd] if odd else ["-m", "runner"]
        command = [*self._door, sys.executable, *program, "worker", "--lanes", str(self._lanes)]
        with (self._folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [*command, "--timeout", "1", *more],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.workers.append(worker)
        return worker

    def said(self, number: int) -> str:
        """What a worker has said so far."""
        return (self._folder / f"worker-{number}.log").read_text("utf-8")

    def end(self) -> list[int]:
        """End all workers that are alive as a supervisor does; return how they ended."""
        alive = [worker for worker in self.workers if worker.poll() is None]
        for worker in alive:
            worker.send_signal(signal.SIGTERM)
        assert until(lambda: all(one.poll() is not None for one in alive), 200)
        return [worker.returncode for worker in alive]

    def kill(self) -> None:
        """Leave nothing behind."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()


def standing(url: str, name: str) -> dict[Status, int]:
    """How many deliveries of a campaign have each status."""
    table = schema.delivery.c
    with closing(open_ledger(url)) as ledger, ledger.read() as connection:
        record = campaign_named(connection, name)
        assert record is not None
        counted = sa.select(table.status, sa.func.count()).where(table.campaign_id == record.id)
        found = connection.execute(counted.group_by(table.status))
        return {Status(one): count for one, count in found}


def is_over(url: str, *names: str) -> bool:
    """Tell whether nothing of the campaigns waits or is under way."""
    counts = [standing(url, name) for name in names]
    return not any(one.get(Status.WAITING) or one.get(Status.SENDING) for one in counts)


def check(url: str, taken: Sequence[Taken], people: int, *names: str) -> dict[Status, int]:
    """Compare the ledger with what the vendor took in: nobody twice, nobody lost, at most one
    request at once for each account. Returns the number of people by status."""
    persons = [one.person for one in taken]
    assert len(persons) == len(set(persons)), "somebody has two messages"
    for account in {one.account for one in taken}:
        mine = [one for one in taken if one.account == account]
        mine.sort(key=lambda one: one.began)
        for one, other in pairwise(mine):
            assert other.began >= one.ended - 0.001, f"two requests at once for {account}"
    counts: dict[Status, int] = {}
    for name in names:
        for status, count in standing(url, name).items():
            counts[status] = counts.get(status, 0) + count
    assert sum(counts.values()) == people
    sent, uncertain = counts.get(Status.SENT, 0), counts.get(Status.UNCERTAIN, 0)
    assert sent <= len(persons) <= sent + uncertain
    with closing(open_ledger(url)) as ledger, ledger.read() as connection:
        verify(connection)
    return counts
