"""What each page of the console costs on the server, with 100,000 rows and 20 campaigns.

Makes a ledger of that size, serves the console on it in a process of its own, and prints for each
page the milliseconds of its first answer and the best of five, and the ratio of the best to its
bare query: the same rows of the ledger's file, read by sqlite3 alone; of a draft, its list read by
csv.reader.

    python benchmarks/console.py [--rows 100000] [--campaigns 20]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from runner.ledger import schema
from runner.ledger.campaign import put_campaign
from runner.ledger.chain import link_all
from runner.ledger.door import open_ledger
from runner.ledger.setting import Stored

NOW = datetime.now(UTC) - timedelta(days=3)
LARGEST = """SELECT coalesce(d.status, r.status), count(*) FROM row r LEFT JOIN delivery d
ON d.campaign_id = r.campaign_id AND d.identity = r.identity WHERE r.campaign_id = 1 GROUP BY 1"""
PAGES = {
    "/": LARGEST.replace("r.campaign_id = 1", "r.campaign_id > 0"),
    "/campaigns/1": LARGEST,
    "/campaigns/1?status=uncertain": LARGEST,
    "/campaigns/1?text=ana99": "SELECT * FROM row WHERE campaign_id = 1 AND cells LIKE '%ana99%'",
    "/campaigns/1/rows/77": "SELECT * FROM row WHERE campaign_id = 1 AND number = 77",
    "/decide": "SELECT id FROM delivery WHERE status = 'uncertain'",
    "/replies": "SELECT * FROM reply JOIN delivery ON id = delivery_id ORDER BY replied_at DESC",
    "/do-not-contact": "SELECT * FROM do_not_contact ORDER BY added_at DESC",
    "/accounts": "SELECT account, substr(claimed_at, 1, 15), count(*) FROM attempt GROUP BY 1, 2",
}


def fill(path: Path, rows: int, campaigns: int) -> None:
    """A ledger of one large campaign and some small ones, sent for the most part, with answers."""
    chance = random.Random(1)
    small = rows // 200
    sizes = [rows - small * (campaigns - 1), *[small] * (campaigns - 1)]
    ledger = open_ledger(path)
    with ledger.write() as connection:
        number = 0
        for place, size in enumerate(sizes):
            record = put_campaign(
                connection,
                f"campaign-{place + 1}",
                source=f"/lists/{place}.csv",
                template_hash=f"{place:064}",
                headers=("First Name", "Company", "recipientProfileId"),
                delimiter=",",
                settings=Stored(
                    sheet=f"/lists/{place}.csv",
                    results=f"/lists/{place}.results.csv",
                    accounts=("acc_1", "acc_2"),
                ),
                now=NOW + timedelta(minutes=place),
            )
            made: dict[str, list[dict[str, Any]]] = {
                name: [] for name in ("row", "delivery", "attempt", "reply")
            }
            for n in range(size):
                number += 1
                add(made, chance, record.id, number, n, place, size)
            for name, values in made.items():
                if values:
                    connection.execute(sa.insert(getattr(schema, name)), values)
        connection.execute(
            sa.insert(schema.do_not_contact),
            [
                {"identity": f"barred-{n}", "reason": "asked us", "added_at": NOW}
                for n in range(rows // 10)
            ],
        )
        link_all(connection)
    ledger.close()


def add(
    made: dict[str, list[dict[str, Any]]],
    chance: random.Random,
    campaign: int,
    number: int,
    n: int,
    place: int,
    size: int,
) -> None:
    """A row, and what became of it."""
    person = f"person-{place}-{n}"
    status = chance.choices(("sent", "waiting", "uncertain", "failed"), (600, 380, 2, 8))[0]
    at = NOW - timedelta(seconds=30 * (size - n))
    account = f"acc_{n % 2 + 1}"
    here = {"campaign_id": campaign}
    cells = json.dumps([f"Ana{n}", f"Firm {n % 977}", person])
    row = {"position": n, "number": n + 2, "cells": cells, "identity": person, "person": person}
    made["row"].append({**here, **row})
    made["delivery"].append(
        {
            **here,
            "id": number,
            "identity": person,
            "slug": person,
            "position": n,
            "row": n + 2,
            "account": account,
            "message": "Hi, here is a message of an ordinary length, with a question?",
            "message_type": "normal",
            "status": status,
            "sent_at": at if status == "sent" else None,
        }
    )
    if status == "waiting":
        return
    times = {"claimed_at": at, "deadline": at, "wired_at": at, "settled_at": at}
    attempt = {"id": number, "delivery_id": number, "account": account, "status": status}
    made["attempt"].append({**here, **attempt, **times})
    if status == "sent" and chance.random() < 0.08:
        reply = {"delivery_id": number, "text": "Tell me more", "conversation_urn": f"urn:{number}"}
        made["reply"].append({**reply, "replied_at": at, "noted_at": at})


def timed(work: Any, times: int = 5) -> list[float]:
    """The milliseconds of a piece of work, each time it is done."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1000)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--campaigns", type=int, default=20)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        path = folder / "ledger.db"
        fill(path, said.rows, said.campaigns)
        command = [sys.executable, "-m", "runner", "console", "--no-browser", "--port", "0"]
        console = subprocess.Popen(
            [*command, "--ledger", str(path)], stdout=subprocess.PIPE, text=True, cwd=folder
        )
        assert console.stdout is not None
        address = next(
            found[0] for line in console.stdout if (found := re.search(r"http\S+", line))
        )
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            client.get(address)
            base = address.partition("/in?")[0]
            bare = sqlite3.connect(path)
            print(f"| page | first, ms | best, ms | bare query, ms | ratio |\n|{'---|' * 5}")
            for page, query in PAGES.items():
                took = timed(lambda page=page: client.get(base + page).raise_for_status())
                alone = min(timed(lambda query=query: bare.execute(query).fetchall()))
                ratio = min(took) / alone
                print(f"| {page} | {took[0]:.0f} | {min(took):.0f} | {alone:.1f} | {ratio:.1f} |")
            bare.close()
            people = "".join(f"Name{n},Firm,person-{n}\n" for n in range(said.rows))
            sheet = folder / "people.csv"
            sheet.write_text(f"First Name,Company,LinkedIn URL\n{people}", encoding="utf-8")
            form = re.findall(r'name="form" value="([^"]+)"', client.get(f"{base}/new").text)[0]
            chosen = {"form": form, "chosen": sheet.name}
            draft = str(client.post(f"{base}/new", data=chosen).url)
            alone = min(timed(lambda: deque(csv.reader(sheet.open(encoding="utf-8")), 0)))
            for page in ("", "?skip=90000", "/check"):
                took = timed(lambda page=page: client.get(draft + page).raise_for_status())
                ratio = min(took) / alone
                shown = f"/new/DRAFT{page}"
                print(f"| {shown} | {took[0]:.0f} | {min(took):.0f} | {alone:.1f} | {ratio:.1f} |")
        console.terminate()
        console.wait()


if __name__ == "__main__":
    main()
