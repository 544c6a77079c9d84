"""A flipped bit, or a cut, anywhere in a ledger: told before anything is sent, or harmless.

The ledger has two campaigns, people on all lists, an uncertain row and a forgotten person. Each
damage is judged by what a run does first: it opens the ledger, looks through it, and compares it
with its second record. A ledger that passes must say of everybody what it said before.

    python -m tests.proof.flip [--most 1000] [--broken]

Prints one JSON object. With --broken, nobody looks through the ledger; the harness must find
ledgers that say something else.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runner.action.behind import refuse_behind
from runner.errors import CampaignError
from runner.ledger import schema
from runner.ledger.door import open_ledger
from runner.ledger.health import look_through
from runner.ledger.ledger import Ledger
from runner.ledger.person import Spellings
from runner.ledger.suppression import Suppressed
from tests.proof.place import Place

# What decides who is messaged. What is left out is read again from the list before anything is
# sent, told again by the server, or shown only.
PROTECTED = {
    schema.delivery: ("id", "campaign_id", "identity", "slug", "urn", "account", "status"),
    schema.attempt: ("id", "delivery_id", "campaign_id", "account", "wired_at", "status"),
    schema.decision: ("id", "delivery_id", "verdict"),
    schema.do_not_contact: ("identity",),
    schema.alias: ("identity", "other"),
    schema.contact: ("identity", "contacted_at"),
}


@dataclass
class Tally:
    """The damages, how many were told, and those that were dangerous and were not told."""

    flips: int = 0
    cuts: int = 0
    told: int = 0
    harmless: int = 0
    dangerous: int = 0
    troubles: list[str] = field(default_factory=list)


def make(folder: Path) -> Path:
    """Make the ledger that is damaged."""
    with Place(folder / "place", people=24).open(neighbours=False) as place:
        assert place.run("--max", "9") == 75
        people = (place.folder / "people.csv").read_text(encoding="utf-8")
        (place.folder / "others.csv").write_text(people.replace("person-", "other-"))
        place("import-history", "others.csv")
        assert place("suppress", "add", "person-20", "someone-else") == 0
        assert place("forget", "person-21", "--yes") == 0
        assert place("forget", "person-3", "--yes") == 0
        assert place.run("--max", "3") == 75
        more = ("--now", "--min-gap", "0", "--yes", "--name", "other", "--min-days", "0")
        place("run", "people.csv", "-t", "hello.j2", *more, "--max", "4")
        return place.ledger


def snapshot(ledger: Ledger) -> dict[str, Any]:
    """What the ledger says of everybody."""
    said: dict[str, Any] = {}
    with ledger.read() as connection:
        for table, names in PROTECTED.items():
            columns = [table.c[name] for name in names]
            rows = connection.execute(sa.select(*columns)).all()
            said[table.name] = sorted(map(str, rows))
        barred = Suppressed(connection, Spellings(connection))
        said["forgotten"] = [barred.has_forgotten([f"person-{number}"]) for number in (3, 21, 5)]
    return said


def judge(path: Path, whole: dict[str, Any], *, looks: bool) -> str:
    """Open a damaged ledger as a run does: "told", "harmless" or "dangerous"."""
    try:
        with closing(open_ledger(path, create=False)) as ledger:
            if looks:
                look_through(ledger)
                refuse_behind(ledger)
            return "harmless" if snapshot(ledger) == whole else "dangerous"
    except CampaignError:
        return "told"
    except ValueError:
        if looks:
            raise
        return "told"  # by an error of Python's own


def damages(data: bytes, most: int, seed: int) -> Iterator[tuple[str, int, bytes]]:
    """Flips of one bit in every byte, as far as they go, and cuts at every part of a page."""
    dice = random.Random(seed)
    places = list(range(len(data)))
    dice.shuffle(places)
    for place in places[:most]:
        flipped = bytearray(data)
        flipped[place] ^= 1 << dice.randrange(8)
        yield "flip", place, bytes(flipped)
    for size in range(0, len(data), 512)[: max(20, most // 100)]:
        yield "cut", size, data[:size]


def prove(most: int, *, looks: bool = True, seed: int = 0) -> Tally:
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="flip-") as name:
        folder = Path(name)
        path = make(folder)
        os.environ["XDG_STATE_HOME"] = str(folder / "place" / "state")
        data = path.read_bytes()
        journal = path.with_name(f"{path.name}-journal")
        with closing(open_ledger(path)) as ledger:
            whole = snapshot(ledger)
        for kind, place, damaged in damages(data, most, seed):
            path.write_bytes(damaged)
            journal.unlink(missing_ok=True)
            verdict = judge(path, whole, looks=looks)
            tally.flips += kind == "flip"
            tally.cuts += kind == "cut"
            tally.told += verdict == "told"
            tally.harmless += verdict == "harmless"
            tally.dangerous += verdict == "dangerous"
            if verdict == "dangerous":
                tally.troubles.append(f"{kind} at {place}")
                if not looks:
                    break
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=10**6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--broken", action="store_true")
    given = parser.parse_args()
    started = time.monotonic()
    tally = prove(given.most, looks=not given.broken, seed=given.seed)
    answer = {"seconds": round(time.monotonic() - started), **vars(tally)}
    answer["troubles"] = tally.troubles[:20]
    print(json.dumps(answer))  # noqa: T201


if __name__ == "__main__":
    main()
