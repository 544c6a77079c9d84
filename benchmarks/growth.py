"""What grows with the work that is already done: a message, and the commands that only look.

Makes ledgers that differ in one thing, of sizes from a thousand to a million, and takes for each
the milliseconds of a claim, its intent and its outcome (the best of thirty), and the seconds of
`status` and `why` as commands; beside the smallest ledger. Draws the curves.

    python benchmarks/growth.py [--largest 1000000] [--picture docs/growth.svg]

Prints one JSON object for each curve: its ratios by size, and what it is a ratio to.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runner.ledger.attempt import commit_intent, settle
from runner.ledger.campaign import put_campaign
from runner.ledger.chain import link_all
from runner.ledger.claim import claim
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.record import Claim, Outcome, Status, Told
from runner.ledger.setting import Stored, pace_words
from runner.sending.pace import pace_of
from runner.sending.turn import Turn

NOW = datetime.now(UTC)
PACE = pace_of(pace_words({"now": True, "min_gap": 0}))
MINUTE = timedelta(minutes=1)
MESSAGES = 30
SMALLEST = 1_000
MOST_CAMPAIGNS = 500
MOST_ACCOUNTS = 1_000
# So many rows are made at once, by the database itself.
ROWS = """WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})
INSERT INTO {table} ({columns}) SELECT {values} FROM n"""


@contextmanager
def ledger_of(
    path: Path, *, waiting: int = SMALLEST, settled: int = 0, campaigns: int = 1, accounts: int = 1
) -> Iterator[Ledger]:
    """A ledger with rows that wait on one account, and with settled ones of the past weeks, spread
    over campaigns and accounts."""
    ledger = open_ledger(path)
    with ledger.write() as connection:
        for number in range(campaigns):
            put_campaign(
                connection,
                f"campaign {number}",
                source=f"/lists/{number}.csv",
                template_hash="",
                headers=("profile",),
                delimiter=",",
                settings=Stored(sheet=f"/lists/{number}.csv", results=f"/lists/{number}.results"),
                now=NOW - timedelta(days=3),
            )

        def make(table: str, count: int, **values: object) -> None:
            shown = {"columns": ", ".join(values), "values": ", ".join(map(str, values.values()))}
            if count:
                connection.exec_driver_sql(ROWS.format(table=table, count=count, **shown))

        text = {"message": "'Hi'", "message_type": "'normal'", "step": 1}
        long_ago = (
            "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-' || (20000 + i % 50000) || ' minutes')"
        )
        for at, count, name, status in (
            (0, settled, "settled", Status.SENT),
            (settled, waiting, "waiting", Status.WAITING),
        ):
            many = status is Status.SENT
            campaign = f"1 + i % {campaigns}" if many else 1
            account = f"'acc_' || (i % {accounts})" if many else "'acc_0'"
            person = {"identity": f"'{name}-' || i", "slug": f"'{name}-' || i"}
            place = {"position": f"i + {at}", '"row"': f"i + {at + 2}"}
            make(
                "delivery",
                count,
                id=f"i + {at + 1}",
                campaign_id=campaign,
                account=account,
                status=f"'{status}'",
                sent_at=long_ago if many else "NULL",
                **person,
                **place,
                **text,
            )
            make(
                '"row"',
                count,
                campaign_id=campaign,
                position=f"i + {at}",
                number=f"i + {at + 2}",
                cells=f"""'["{name}-' || i || '"]'""",
                identity=f"'{name}-' || i",
            )
        times = dict.fromkeys(("claimed_at", "deadline", "wired_at", "settled_at"), long_ago)
        make(
            "attempt",
            settled,
            id="i + 1",
            delivery_id="i + 1",
            campaign_id=f"1 + i % {campaigns}",
            account=f"'acc_' || (i % {accounts})",
            status="'sent'",
            **times,
        )
        link_all(connection)
    try:
        yield ledger
    finally:
        ledger.close()


def message_ms(ledger: Ledger) -> float:
    """The milliseconds of a message in the ledger alone, the best of some."""
    took = []
    for number in range(MESSAGES):
        at = NOW + number * MINUTE
        begin = time.perf_counter()
        taken = claim(
            ledger,
            1,
            "acc_0",
            lambda at=at: at,
            MINUTE,
            lambda state, at=at: Turn(PACE, state, at).wait(),
        )
        assert isinstance(taken, Claim)
        taken = commit_intent(ledger, taken, lambda at=at: at)
        told = Told(at, 150, number, 150 - number, NOW + timedelta(hours=12))
        named = f"urn:li:fsd_profile:ACoAAB{number:06}"
        outcome = Outcome(Status.SENT, http_status=200, told=told, recipient_urn=named)
        settle(ledger, taken, outcome, at)
        took.append(1000 * (time.perf_counter() - begin))
    return min(took)


def command_seconds(path: Path, *words: str) -> float:
    """The seconds of a command that only looks, the best of three."""
    command = [sys.executable, "-m", "runner", *words, "--ledger", str(path)]
    took = []
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took.append(time.perf_counter() - begin)
    return min(took)


def sizes(largest: int, smallest: int = SMALLEST) -> list[int]:
    """Some sizes, each ten times the one before."""
    found = [smallest]
    while found[-1] < largest:
        found.append(min(10 * found[-1], largest))
    return found


def curves(largest: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Measure each curve."""
    cases: dict[str, tuple[list[int], Callable[[int], dict[str, int]]]] = {
        "rows that wait": (sizes(largest), lambda size: {"waiting": size}),
        "settled messages": (sizes(largest), lambda size: {"settled": size}),
        "campaigns": (
            sizes(MOST_CAMPAIGNS, 1),
            lambda size: {"campaigns": size, "settled": 10 * SMALLEST},
        ),
        "accounts": (
            sizes(MOST_ACCOUNTS, 1),
            lambda size: {"accounts": size, "settled": 10 * SMALLEST},
        ),
    }
    for name, (steps, made) in cases.items():
        took: dict[int, float] = {}
        looks: dict[str, dict[int, float]] = {"status": {}, "why": {}}
        for size in steps:
            path = folder / f"{name} {size}.db"
            with ledger_of(path, **made(size)) as ledger:
                took[size] = message_ms(ledger)
            if name == "settled messages":
                looks["status"][size] = command_seconds(path, "status")
                looks["why"][size] = command_seconds(path, "why", "7")
            path.unlink()
        yield _curve(f"a message, by {name}", took, "ms")
        for command, seconds in looks.items():
            if seconds:
                yield _curve(f"campaign {command}, by {name}", seconds, "s")


def _curve(name: str, took: dict[int, float], unit: str) -> dict[str, Any]:
    first = next(iter(took.values()))
    ratios = {size: round(found / first, 2) for size, found in took.items()}
    return {"curve": name, "first": round(first, 2), "unit": unit, "ratios": ratios}


def draw(found: list[dict[str, Any]], path: Path) -> None:
    """Draw the curves as one picture: how many times the smallest ledger's time, by size."""
    from math import log10

    import pygal
    from pygal.style import CleanStyle

    colours = ("#0072B2", "#D98C00", "#009E73", "#B04F8A", "#C44E00", "#56B4E9")
    chart = pygal.XY(
        style=CleanStyle(colors=colours, font_family="sans-serif", background="white"),
        js=[],
        range=(0, max(4, *(max(one["ratios"].values()) for one in found))),
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        truncate_legend=-1,
        dots_size=3,
        height=440,
        title="Times what it takes in the smallest ledger",
        x_title="rows, messages, campaigns or accounts",
        x_value_formatter=lambda power: f"{10**power:,.0f}",
    )
    for one in found:
        points = [(log10(size), ratio) for size, ratio in one["ratios"].items()]
        chart.add(f"{one['curve']} ({one['first']} {one['unit']})", points)
    # Neither a script nor a style from elsewhere, and no number that changes from run to run.
    text = re.sub(r"(?s)<\?xml-stylesheet.*?\?>|<script.*?</script>", "", chart.render().decode())
    path.write_text(re.sub(r"chart-[0-9a-f-]{36}", "growth", text), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=1_000_000)
    parser.add_argument("--picture", type=Path)
    said = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "state")
        for one in curves(said.largest, Path(name)):
            print(json.dumps(one), flush=True)
            found.append(one)
    if said.picture:
        draw(found, said.picture)


if __name__ == "__main__":
    main()
