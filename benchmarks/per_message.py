"""What a message costs beyond its bare request.

Sends the same messages twice to the same local endpoint, in one process: once with a bare httpx
POST each (a client and a connection per message, as the runner uses them), once through `campaign
run --now --min-gap 0` with its ledger, claims, durable commits, results. Prints both, their ratio,
and the milliseconds per message between them.

    python benchmarks/per_message.py [--messages 1000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from runner.action.run import run
from runner.campaign.campaign import load
from runner.ledger.door import open_ledger
from runner.sending.clock import ServerClock
from runner.sending.secret import Secret
from runner.sending.vendor import Vendor

ROOT = Path(__file__).parents[1]
KEY = "loopback-key-1234567890"


@contextmanager
def endpoint(folder: Path) -> Iterator[str]:
    """The simulated endpoint in a process of its own, so that it does not share our interpreter."""
    port_file = folder / "url"
    command = [sys.executable, str(ROOT / "tests" / "loopback.py"), "--port-file", str(port_file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*command, "--receipts", str(folder / "receipts")], env=environment)
    try:
        while not port_file.exists():
            time.sleep(0.02)
        yield port_file.read_text(encoding="utf-8")
    finally:
        process.terminate()
        process.wait()


def bare(url: str, messages: int) -> float:
    """Return the seconds for that many plain POSTs, each on a fresh connection."""

    async def post_all() -> None:
        headers = {"Authorization": f"Bearer {KEY}", "Connection": "close"}
        for number in range(messages):
            body = {
                "recipientProfileId": f"bare-{number}",
                "message": f"Hi Name{number}",
                "messageType": "normal",
            }
            limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
            async with httpx.AsyncClient(limits=limits, trust_env=False, verify=False) as client:
                answer = await client.post(
                    f"{url}/messaging/send-with-typing", headers=headers, json=body
                )
            assert answer.json()["success"] is True

    start = time.perf_counter()
    asyncio.run(post_all())
    return time.perf_counter() - start


class Nobody:
    """A watcher that agrees to every plan and watches nothing."""

    def agree(self, _plan: object) -> bool:
        return True

    def see(self, _event: object) -> None:
        pass


def whole(
    url: str, messages: int, folder: Path, accounts: Sequence[str] = (), ledger: str = ""
) -> float:
    """Return the seconds for a whole run of that many rows, from these accounts.

    It goes from reading the sheet to the results. Without a `ledger`, a file of its own is one.
    """
    folder.mkdir()
    sheet, template = folder / "people.csv", folder / "hello.j2"
    rows = [f"Name{number},{folder.name}-person-{number}" for number in range(messages)]
    sheet.write_text("\n".join(["First Name,recipientProfileId", *rows]) + "\n", encoding="utf-8")
    template.write_text("Hi {{ first_name }}", encoding="utf-8")
    campaign = load(sheet, {"template": template, "now": True, "min_gap": 0, "accounts": accounts})
    opened = open_ledger(ledger or folder / "ledger.db")

    def now() -> datetime:
        return datetime.now(UTC)

    vendor = Vendor(Secret(KEY), ServerClock(now), base_url=url)
    start = time.perf_counter()
    with asyncio.Runner() as loop:
        report = run(campaign, opened, vendor, Nobody(), loop)
    took = time.perf_counter() - start
    opened.close()
    assert report.sent == messages
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    posts: list[float] = []
    runs: list[float] = []
    with tempfile.TemporaryDirectory() as name, endpoint(Path(name)) as url:
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "state")
        for number in range(arguments.rounds):
            posts.append(bare(url, arguments.messages))
            runs.append(whole(url, arguments.messages, Path(name) / f"round-{number}"))
    post, took = statistics.median(posts), statistics.median(runs)
    result = {
        "messages": arguments.messages,
        "bare_post_ms": round(1000 * post / arguments.messages, 2),
        "run_ms": round(1000 * took / arguments.messages, 2),
        "overhead_ms": round(1000 * (took - post) / arguments.messages, 2),
        "ratio": round(took / post, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
