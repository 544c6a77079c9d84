"""How far one shared ledger carries: a simulation for more accounts than there are machines here.

    python benchmarks/fleet.py [--measure] [--accounts 1000 10000 …]

Each account sends its quota evenly over the sending hours. A message waits for its key (60 calls a
minute), a seat of a worker, a core for its processor time, and twice for the ledger's chain, which
one transaction at a time extends: for its intent and for its outcome. The costs are measured on
this machine with --measure, or those that were measured last. Everything else is a model: no
network but a round trip, no locks but the chain's, no failures.

Prints one JSON object: for each number of accounts the fewest keys, worker cores and ledgers that
keep each of them below seven tenths, how late messages are then, and what falls behind first
with one ledger and no more.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import event
from sqlalchemy.engine import Connection

sys.path.insert(0, str(Path(__file__).parents[1]))

ACCOUNTS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
SECONDS_A_CALL = 1.0  # 60 a minute
SEATS = 16
BUSIEST = 0.7
# A message that is this late on average, and later at the end, is one that falls behind.
_BEHIND = 30.0


class Model(NamedTuple):
    """What a message costs, and how many go: milliseconds, but for `typing`, in seconds.

    `chain` is how long the ledger's chain is held for one of its two transactions, `core` the
    worker's processor time, `trip` a round trip to the database on another machine.
    """

    chain: float = 4.4
    core: float = 82.0
    trip: float = 0.5
    typing: float = 3.0
    messages: int = 150
    hours: int = 8

    @property
    def held(self) -> float:
        """The seconds that a transaction holds the chain: its statements go there and back."""
        return (self.chain + 4 * self.trip) / 1000

    @property
    def interval(self) -> float:
        """The seconds between two messages of an account."""
        return self.hours * 3600 / self.messages


class Fleet(NamedTuple):
    """What there is: vendor's keys, worker cores (each with SEATS lanes), ledgers."""

    keys: int
    cores: int
    ledgers: int


class Found(NamedTuple):
    """How it went: the lateness of half of the messages, and of all but a hundredth, in seconds;
    and the share of the time that each part was busy."""

    half: float
    most: float
    key: float
    core: float
    chain: float
    seat: float

    @property
    def worst(self) -> str:
        """The part that is busiest."""
        shares = {"keys": self.key, "cores": self.core, "ledger": self.chain, "seats": self.seat}
        return max(shares, key=lambda name: shares[name])


def fitting(model: Model, accounts: int) -> Fleet:
    """The fewest of each that are busy for less than BUSIEST of the time."""
    rate = accounts / model.interval
    busy = model.core / 1000
    seats = model.typing + busy + 2 * model.held
    return Fleet(
        keys=math.ceil(rate * SECONDS_A_CALL / BUSIEST),
        cores=math.ceil(max(rate * busy, rate * seats / SEATS) / BUSIEST),
        ledgers=math.ceil(rate * 2 * model.held / BUSIEST),
    )


class Message(NamedTuple):
    """One on its way: `stage` is what it comes to next."""

    at: float
    number: int
    stage: str
    due: float
    account: int
    seated: float = 0.0


class Day:
    """Some minutes of a day: messages come due, and go through what there is."""

    def __init__(self, model: Model, fleet: Fleet, accounts: int, seconds: float) -> None:
        self._model, self._fleet, self._accounts = model, fleet, accounts
        self._from, self._to = seconds, 2 * seconds  # before that it gets under way
        self._keys = [0.0] * fleet.keys
        self._chains = [0.0] * fleet.ledgers
        self._cores = [0.0] * fleet.cores
        self._seats = fleet.cores * SEATS
        self._standing: deque[Message] = deque()
        self._events: list[Message] = []
        self._late: list[float] = []
        self._busy: Counter[str] = Counter()

    def run(self, seed: int = 16) -> Found:
        """Let it go by."""
        chances = random.Random(seed)
        rate = self._accounts / self._model.interval
        at, number = chances.expovariate(rate), 0
        while at < self._to:
            account = chances.randrange(self._accounts)
            self._events.append(Message(at, number, "key", at, account))
            number += 1
            at += chances.expovariate(rate)
        heapq.heapify(self._events)
        while self._events:
            message = heapq.heappop(self._events)
            if message.at > 2 * self._to:  # so late is late enough
                self._late += [message.at - message.due]
                continue
            getattr(self, f"_{message.stage}")(message)
        self._late += [2 * self._to - message.due for message in self._standing]
        cuts = statistics.quantiles(self._late, n=100)
        seconds, fleet = self._to - self._from, self._fleet
        return Found(
            half=cuts[49],
            most=cuts[98],
            key=self._busy["key"] / seconds / fleet.keys,
            core=self._busy["core"] / seconds / fleet.cores,
            chain=self._busy["chain"] / seconds / fleet.ledgers,
            seat=self._busy["seat"] / seconds / (fleet.cores * SEATS),
        )

    def _go_on(self, message: Message, stage: str, at: float) -> None:
        heapq.heappush(self._events, message._replace(stage=stage, at=at))

    def _count(self, part: str, start: float, end: float) -> None:
        """Count the time in which a part was busy, as far as it is looked at."""
        self._busy[part] += max(0.0, min(end, self._to) - max(start, self._from))

    def _key(self, message: Message) -> None:
        which = message.account % self._fleet.keys
        start = max(message.at, self._keys[which])
        self._keys[which] = start + SECONDS_A_CALL
        self._count("key", start, start + SECONDS_A_CALL)
        self._go_on(message, "seat", start)

    def _seat(self, message: Message) -> None:
        if not self._seats:
            self._standing.append(message)
            return
        self._seats -= 1
        start = max(message.at, heapq.heappop(self._cores))
        end = start + self._model.core / 1000
        heapq.heappush(self._cores, end)
        self._count("core", start, end)
        self._go_on(message._replace(seated=message.at), "intent", end)

    def _intent(self, message: Message) -> None:
        end = self._chain(message)
        self._late.append(end - message.due)
        self._go_on(message, "outcome", end + self._model.typing)

    def _outcome(self, message: Message) -> None:
        end = self._chain(message)
        self._count("seat", message.seated, end)
        self._seats += 1
        if self._standing:
            self._go_on(self._standing.popleft(), "seat", end)

    def _chain(self, message: Message) -> float:
        which = message.account % self._fleet.ledgers
        start = max(message.at, self._chains[which])
        self._chains[which] = start + self._model.held
        self._count("chain", start, start + self._model.held)
        return start + self._model.held


# --- what it costs, measured


def measured() -> Model:
    """The model with the costs of this machine, its database on it."""
    from workers import with_queue  # a benchmark beside this one

    from tests.postgres import Cluster

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        cluster = Cluster(Path(tempfile.gettempdir()))
        core = with_queue(folder / "queue", cluster.database(), 200)
        chain = _chain_seconds(folder, cluster.database())
    return Model(chain=round(1000 * chain, 2), core=round(1000 * core, 1))


def _chain_seconds(folder: Path, url: str) -> float:
    """How long a message's transaction holds the chain: from its lock to the end of its commit."""
    from workers import message, number_of

    from runner.ledger import chain
    from runner.ledger.door import open_ledger
    from tests.worker.fleet import submitted

    place = folder / "chain"
    place.mkdir()
    submitted(place, url, "list", [f"p-{number}" for number in range(200)], ["one"])
    taken, held = [0.0], []
    queue = chain.queue_for_chain

    def noted(connection: Connection) -> None:
        queue(connection)
        taken[0] = time.perf_counter()

    chain.queue_for_chain = noted
    with closing(open_ledger(url)) as ledger:
        event.listen(
            ledger._store.engine, "commit", lambda _: held.append((time.perf_counter(), taken[0]))
        )
        campaign = number_of(ledger, "list")
        for _ in range(200):
            message(ledger, campaign, "one")
    # The event comes before the commit; what the disk takes is measured by itself.
    inside = statistics.median(end - start for end, start in held if start)
    return inside + _commit_seconds(url)


def _commit_seconds(url: str) -> float:
    """How long a durable commit takes."""
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE tried (n int)")
        connection.commit()
        found = []
        for number in range(200):
            connection.execute("INSERT INTO tried VALUES (%s)", [number])
            start = time.perf_counter()
            connection.commit()
            found.append(time.perf_counter() - start)
    return statistics.median(found)


def table(model: Model, accounts: Sequence[int]) -> Iterator[dict[str, object]]:
    """What each number of accounts needs, how it goes with that, and with one ledger alone."""
    for count in accounts:
        fleet = fitting(model, count)
        seconds = max(10.0, min(120.0, 60_000 * model.interval / count))
        well = Day(model, fleet, count, seconds).run()
        alone = Day(model, fleet._replace(ledgers=1), count, seconds).run()
        yield {
            "accounts": count,
            "messages_a_second": round(count / model.interval, 1),
            **fleet._asdict(),
            "lanes": fleet.cores * SEATS,
            "late_half_seconds": round(well.half, 2),
            "late_most_seconds": round(well.most, 2),
            "busiest": well.worst,
            "one_ledger": "falls behind"
            if alone.half > _BEHIND or alone.chain > 0.99
            else "keeps up",
            "one_ledger_busy": round(alone.chain, 2),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, nargs="+", default=ACCOUNTS)
    parser.add_argument("--measure", action="store_true", help="measure the costs on this machine")
    said = parser.parse_args()
    model = measured() if said.measure else Model()
    result = {"model": model._asdict(), "fleets": list(table(model, said.accounts))}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
