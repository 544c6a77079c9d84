"""What the ledger's safety costs: at the start of a run, and for each message.

Makes a ledger with so many settled deliveries, and prints the seconds of looking through all of it,
of seeing that its file is as it was left, and of a copy; beside a bare read of the same file. And
the milliseconds that a message's line in the second record takes, beside a bare durable append.

    python benchmarks/ledger.py [--deliveries 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from runner.ledger import schema
from runner.ledger.backup import keep
from runner.ledger.campaign import put_campaign
from runner.ledger.chain import link_all
from runner.ledger.door import open_ledger
from runner.ledger.health import check_tables, look_through
from runner.ledger.noted import Noted, What
from runner.ledger.setting import Stored

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
LINES = 300


def timed(work: Callable[[], object]) -> float:
    """The seconds that a piece of work takes: the best of three."""
    took = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return min(took)


def fill(path: Path, count: int) -> None:
    """Make a ledger of one campaign whose messages have all been sent."""
    ledger = open_ledger(path)
    with ledger.write() as connection:
        record = put_campaign(
            connection,
            "people",
            source="people.csv",
            template_hash="0" * 64,
            headers=("First Name",),
            delimiter=",",
            settings=Stored(sheet="people.csv", results="people.results.csv"),
            now=NOW,
        )
        numbers = range(1, count + 1)
        connection.execute(
            sa.insert(schema.delivery),
            [
                {
                    "id": number,
                    "campaign_id": record.id,
                    "identity": f"person-{number}",
                    "slug": f"person-{number}",
                    "position": number,
                    "row": number + 1,
                    "account": "",
                    "message": "Hi, here is a message of an ordinary length, with a question?",
                    "message_type": "normal",
                    "status": "sent",
                    "sent_at": NOW,
                }
                for number in numbers
            ],
        )
        connection.execute(
            sa.insert(schema.attempt),
            [
                {
                    "id": number,
                    "delivery_id": number,
                    "campaign_id": record.id,
                    "account": "",
                    "claimed_at": NOW,
                    "deadline": NOW,
                    "wired_at": NOW,
                    "settled_at": NOW,
                    "status": "sent",
                }
                for number in numbers
            ],
        )
        link_all(connection)
    ledger.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=100_000)
    count = parser.parse_args().deliveries
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        path = folder / "ledger.db"
        fill(path, count)
        ledger = open_ledger(path)
        assert ledger.second is not None
        second = ledger.second
        read = timed(path.read_bytes)
        whole = timed(lambda: check_tables(ledger))
        copied = timed(lambda: keep(path, second, now=NOW))

        def as_left() -> None:
            ledger.is_whole = False
            look_through(ledger)

        left = timed(as_left)
        assert ledger.is_as_left
        line = Noted(n=1, head="0" * 64, what=What.INTENT, at=NOW, slug="person-1", account="acc")
        bare = folder / "bare"

        def append() -> None:
            with bare.open("ab") as file:
                file.write(f"{line}\n".encode())
                file.flush()
                os.fsync(file.fileno())

        beside = timed(lambda: [append() for _ in range(LINES)]) / LINES
        noted = timed(lambda: [second.append([line], str(path)) for _ in range(LINES)]) / LINES
        size = path.stat().st_size
        ledger.close()
    print(
        json.dumps(
            {
                "deliveries": count,
                "megabytes": round(size / 1e6, 1),
                "bare_read_s": round(read, 3),
                "look_through_s": round(whole, 3),
                "as_left_s": round(left, 3),
                "copy_s": round(copied, 3),
                "bare_append_ms": round(1000 * beside, 3),
                "second_record_ms": round(1000 * noted, 3),
                "ratio": round(noted / beside, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
