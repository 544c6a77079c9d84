"""What it costs to take a list into the ledger: a new one, one that holds as many people already,
and again after one of its rows was edited.

    python benchmarks/taking.py [--rows 100000]

Taking is compared with bare inserts of the same rows in one durable transaction; into a full one,
with taking into a new one; an edit, with reading the list and rendering its messages once. Prints
one JSON object. (Seconds are processor time.)
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from runner.action.plan import prepare
from runner.action.take import take_list
from runner.campaign.campaign import Campaign, load
from runner.campaign.material import take
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger

TABLES = ("row", "delivery")


def seconds(work: Callable[[], object]) -> float:
    """The processor time of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def written(folder: Path, name: str, rows: int, company: str = "Acme") -> Campaign:
    """A list, with the campaign that writes to it; `company` is that of one of its people."""
    template, sheet = folder / "hello.j2", folder / f"{name}.csv"
    template.write_text("Hi {{ first_name }}, how is {{ company }}?", encoding="utf-8")
    lines = [f"Ana,{name}-person-{number},Acme" for number in range(rows)]
    lines[rows // 2] = f"Ben,{name}-person-{rows // 2},{company}"
    head = "First Name,LinkedIn URL,Company"
    sheet.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return load(sheet, {"template": template, "now": True})


def taken(campaign: Campaign, ledger: Ledger) -> float:
    """The seconds to read, check and take a list."""
    now = datetime.now(UTC)
    return seconds(lambda: prepare(take_list(campaign, ledger, now), ledger, now))


def inserted(source: Path, target: Path) -> float:
    """The seconds to insert what was taken, and nothing else, in one durable transaction."""
    with closing(open_ledger(target, noted=False)):
        pass
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA synchronous = FULL")
        head = old.execute("SELECT * FROM campaign").fetchall()
        new.executemany(f"INSERT INTO campaign VALUES ({', '.join('?' * len(head[0]))})", head)
        found = {name: old.execute(f'SELECT * FROM "{name}"').fetchall() for name in TABLES}

        def insert() -> None:
            for name, rows in found.items():
                marks = ", ".join("?" * len(rows[0]))
                new.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
            new.commit()

        return seconds(insert)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        first, second = written(folder, "first", rows), written(folder, "second", rows)
        read = seconds(lambda: take(first))
        with closing(open_ledger(folder / "ledger.db")) as ledger:
            into_new = taken(first, ledger) - read
            bare = inserted(folder / "ledger.db", folder / "bare.db")
            into_full = taken(second, ledger) - read
            edited = written(folder, "second", rows, "Another")
            again = taken(edited, ledger)
    result = {
        "rows": rows,
        "read_seconds": round(read, 2),
        "bare_seconds": round(bare, 2),
        "taking_ratio": round(into_new / bare, 2),
        "full_ratio": round(into_full / into_new, 2),
        "edit_ratio": round(again / read, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
