"""Many accounts at once in one process: the messages of a run with one account, and of one whose
accounts all send side by side.

    python benchmarks/lanes.py [--messages 300] [--accounts 100]

Prints one JSON object: the milliseconds of a message in both, and how many times as many go.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from per_message import KEY, Nobody, endpoint

from runner.action.run import run
from runner.campaign.campaign import load
from runner.ledger.ledger import open_ledger
from runner.sending.clock import ServerClock
from runner.sending.secret import Secret
from runner.sending.vendor import Vendor


def took(url: str, messages: int, accounts: int, folder: Path) -> float:
    """The seconds of a whole run of that many messages, from that many accounts."""
    folder.mkdir()
    sheet, template = folder / "people.csv", folder / "hello.j2"
    people = "".join(f"Ana,{folder.name}-{number}\n" for number in range(messages))
    sheet.write_text(f"First Name,recipientProfileId\n{people}", encoding="utf-8")
    template.write_text("Hi {{ first_name }}", encoding="utf-8")
    said = {
        "template": template,
        "now": True,
        "min_gap": 0,
        "accounts": tuple(f"acc_{number}" for number in range(accounts)),
    }
    campaign = load(sheet, said)
    ledger = open_ledger(folder / "ledger.db")
    vendor = Vendor(Secret(KEY), ServerClock(lambda: datetime.now(UTC)), base_url=url)
    start = time.perf_counter()
    with asyncio.Runner() as loop:
        report = run(campaign, ledger, vendor, Nobody(), loop)
    seconds = time.perf_counter() - start
    ledger.close()
    assert report.sent == messages
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--accounts", type=int, default=100)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, endpoint(Path(name)) as url:
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "state")
        one = took(url, said.messages, 1, Path(name) / "one")
        many = took(url, said.messages, said.accounts, Path(name) / "many")
    result = {
        "messages": said.messages,
        "accounts": said.accounts,
        "one_ms": round(1000 * one / said.messages, 2),
        "many_ms": round(1000 * many / said.messages, 2),
        "times": round(one / many, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
