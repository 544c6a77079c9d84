"""Workers on a PostgreSQL server of this machine: what the queue costs, and what stays flat.

    python benchmarks/workers.py [--lanes 400] [--sleeping 1000000] [--sent 1000000]

- A worker that sends one message for each of so many lanes, and the same driver in a plain loop
  over the ledger, without the queue: processor time of both.
- Due lanes found among so many that sleep.
- A list of 1,000 rows submitted into a ledger with so many sent messages, and the longest that an
  account's message waits meanwhile.
- A claim beside 500 campaigns, and beside one.

Prints one JSON object. The vendor is left out of the ledger's parts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from runner.ledger.attempt import commit_intent, settle
from runner.ledger.campaign import campaign_named
from runner.ledger.claim import claim
from runner.ledger.door import open_ledger
from runner.ledger.lane import begin, rest, take_due
from runner.ledger.ledger import Ledger
from runner.ledger.record import Claim, Outcome, Status
from runner.ledger.store.store import NOTHING
from runner.sending.secret import Secret
from runner.worker.driver import Driver, Ways
from tests.postgres import Cluster
from tests.worker.fleet import KEYS, Fleet, is_over, submitted
from tests.worker.vendor import vendor

SEATS = 8
LEASE = timedelta(seconds=160)


def now() -> datetime:
    return datetime.now(UTC)


def cpu_of(process: int) -> float:
    """The processor time that a process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def fleet_on(folder: Path, url: str, lanes: int) -> Iterator[tuple[Fleet, str]]:
    """Many lanes with one message each, and the vendor."""
    folder.mkdir()
    people, accounts = ([f"{kind}-{number}" for number in range(lanes)] for kind in "pa")
    submitted(folder, url, "list", people, accounts)
    with vendor(folder / "vendor", *KEYS.values()) as address:
        fleet = Fleet(folder, url, address, lanes=SEATS)
        try:
            yield fleet, address
        finally:
            fleet.kill()


def with_queue(folder: Path, url: str, lanes: int) -> float:
    """The processor time a message of a worker, without its start."""
    with fleet_on(folder, url, lanes) as (fleet, _):
        worker = fleet.start()
        while "sends with" not in fleet.said(0):
            time.sleep(0.02)
        before = cpu_of(worker.pid)
        while not is_over(url, "list"):
            time.sleep(0.5)
        return (cpu_of(worker.pid) - before) / lanes


def without_queue(folder: Path, url: str, lanes: int) -> float:
    """The same of a process that takes its lanes from the ledger itself."""
    with fleet_on(folder, url, lanes) as (_, address):
        command = [sys.executable, __file__, "--plain", url, address]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(told.stdout) / lanes


def plain(url: str, address: str) -> None:
    """Take lanes that are due and drive them, until none is."""
    with closing(open_ledger(url, lanes=SEATS)) as ledger:
        keys = {name: Secret(key) for name, key in KEYS.items()}
        driver = Driver(ledger, keys, Ways(address), now, lambda *_: None)
        before = time.process_time()

        def drive(account: str) -> None:
            with ledger.write(NOTHING) as connection:
                begin(connection, account, 1, now())
            ended = driver.drive(account, "default")
            with ledger.write(NOTHING) as connection:
                rest(connection, account, 1, ended.until, ended.why)

        with ThreadPoolExecutor(SEATS) as threads:
            while True:
                with ledger.write(NOTHING) as connection:
                    due = take_due(connection, ["default"], now(), SEATS)
                if not due:
                    break
                list(threads.map(drive, due["default"]))
        sys.stdout.write(str(time.process_time() - before))


# --- the ledger alone


def milliseconds(work: Callable[[], object], times: int = 15) -> float:
    """The median of some tries."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - start))
    return statistics.median(found)


def fill_lanes(cluster: Cluster, url: str, count: int) -> None:
    """Put in lanes that sleep until tomorrow."""
    name = url.rpartition("/")[2]
    asleep = (now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    cluster.execute(
        f"INSERT INTO account (account, due_at) SELECT 'asleep-' || n, '{asleep}' "
        f"FROM generate_series(1, {count}) n; ANALYZE account",
        name,
    )


def fill_sent(cluster: Cluster, url: str, count: int) -> None:
    """Put in messages that went last year, one to each person."""
    name = url.rpartition("/")[2]
    at = "2025-03-03T10:00:00.000000Z"
    cluster.execute(
        "INSERT INTO delivery (campaign_id, identity, step, slug, position, row, account, message, "
        "message_type, status, sent_at) SELECT 1, 'old-' || n, 1, 'old-' || n, 100000 + n, "
        f"100000 + n, 'old', 'Hi', 'normal', 'sent', '{at}' FROM generate_series(1, {count}) n",
        name,
    )
    cluster.execute(
        "INSERT INTO attempt (delivery_id, campaign_id, account, claimed_at, deadline, wired_at, "
        "settled_at, status) SELECT id, 1, 'old-' || id % 1000, sent_at, sent_at, sent_at, "
        "sent_at, 'sent' FROM delivery WHERE status = 'sent'; ANALYZE",
        name,
    )


def message(ledger: Ledger, campaign: int, account: str) -> bool:
    """Claim and settle a message, without the vendor; False when there is none."""
    chosen = claim(ledger, campaign, account, now, LEASE, lambda _: None)
    if not isinstance(chosen, Claim):
        return False
    taken = commit_intent(ledger, chosen, now)
    settle(ledger, taken, Outcome(Status.SENT), now())
    return True


def number_of(ledger: Ledger, name: str) -> int:
    with ledger.read() as connection:
        record = campaign_named(connection, name)
    assert record is not None
    return record.id


def submitting(folder: Path, url: str) -> tuple[float, float]:
    """The seconds to submit 1,000 rows, and the longest that a message of another campaign took
    meanwhile."""
    folder.mkdir()
    people = [f"busy-{number}" for number in range(2_000)]
    submitted(folder, url, "busy", people, ["busy"])
    slowest, is_over = 0.0, threading.Event()

    def send() -> None:
        nonlocal slowest
        with closing(open_ledger(url)) as ledger:
            campaign = number_of(ledger, "busy")
            message(ledger, campaign, "busy")
            while not is_over.is_set():
                start = time.perf_counter()
                message(ledger, campaign, "busy")
                slowest = max(slowest, time.perf_counter() - start)

    sending = threading.Thread(target=send)
    sending.start()
    time.sleep(1)
    start = time.perf_counter()
    submitted(folder, url, "new", [f"new-{number}" for number in range(1_000)], ["new"])
    took = time.perf_counter() - start
    is_over.set()
    sending.join()
    return took, slowest


def claiming(folder: Path, url: str, campaigns: int) -> float:
    """The milliseconds of a claim beside so many campaigns that have rows for the account."""
    folder.mkdir()
    for number in range(campaigns):
        submitted(folder, url, f"c{number}", [f"c{number}-{one}" for one in range(3)], ["shared"])
    with closing(open_ledger(url)) as ledger:
        campaign = number_of(ledger, "c0")
        return milliseconds(lambda: claim(ledger, campaign, "shared", now, LEASE, lambda _: None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lanes", type=int, default=400)
    parser.add_argument("--sleeping", type=int, default=1_000_000)
    parser.add_argument("--sent", type=int, default=1_000_000)
    parser.add_argument("--campaigns", type=int, default=500)
    parser.add_argument("--plain", nargs=2, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.plain:
        plain(*said.plain)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        cluster = Cluster(Path(tempfile.gettempdir()))
        queue = with_queue(folder / "queue", cluster.database(), said.lanes)
        loop = without_queue(folder / "loop", cluster.database(), said.lanes)
        url = cluster.database()
        (folder / "due").mkdir()
        submitted(folder / "due", url, "due", ["due-one"], ["awake"])
        fill_lanes(cluster, url, said.sleeping)
        with closing(open_ledger(url)) as ledger:

            def find() -> None:
                with ledger.write(NOTHING) as connection:
                    take_due(connection, ["default"], now(), SEATS)

            found = milliseconds(find)
        url = cluster.database()
        (folder / "sent").mkdir()
        submitted(folder / "sent", url, "old", ["old-one"], ["old"])
        fill_sent(cluster, url, said.sent)
        took, slowest = submitting(folder / "busy", url)
        one = claiming(folder / "one", cluster.database(), 1)
        many = claiming(folder / "many", cluster.database(), said.campaigns)
    result = {
        "lanes": said.lanes,
        "queue_ms": round(1000 * queue, 1),
        "plain_ms": round(1000 * loop, 1),
        "queue_ratio": round(queue / loop, 2),
        "sleeping": said.sleeping,
        "find_ms": round(found, 1),
        "sent": said.sent,
        "submit_seconds": round(took, 2),
        "held_seconds": round(slowest, 2),
        "campaigns": said.campaigns,
        "claim_ms": round(one, 1),
        "claim_many_ms": round(many, 1),
        "claim_ratio": round(many / one, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
