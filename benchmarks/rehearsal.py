"""What a rehearsal costs: the processor time of each message, looks and replies and all, beside the
bare requests that the HTTP library makes of the simulated endpoint for it.

    python benchmarks/rehearsal.py [--rows 2000]

Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from runner.campaign.campaign import load
from runner.rehearsal.endpoint import SimulatedEndpoint
from runner.rehearsal.rehearse import rehearse
from runner.rehearsal.transport import JumpingClock, SimulatedTransport

START = datetime(2026, 11, 30, 8, tzinfo=UTC)
KEY = "rehearsal"


def bare(messages: int) -> float:
    """The processor time for that many plain requests, each with a client of its own."""
    clock = JumpingClock(START)
    server = SimulatedEndpoint(clock.now, key=KEY, limit=messages)
    transport = SimulatedTransport(server)

    async def post_all() -> None:
        for number in range(messages):
            body = {"recipientProfileId": f"bare-{number}", "message": f"Hi {number}"}
            async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
                await client.post(
                    "http://localhost/linkedin/messaging/send-with-typing",
                    headers={"Authorization": f"Bearer {KEY}"},
                    json=body,
                )

    start = time.process_time()
    with asyncio.Runner(loop_factory=clock.loop) as loop:
        loop.run(post_all())
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        sheet, template = Path(name) / "people.csv", Path(name) / "hello.j2"
        people = "".join(f"Ana,person-{number}\n" for number in range(rows))
        sheet.write_text(f"First Name,LinkedIn URL\n{people}", encoding="utf-8")
        template.write_text("Hi {{ first_name }}", encoding="utf-8")
        campaign = load(sheet, {"template": template, "time_zone": "UTC"})
        start = time.process_time()
        done = rehearse(campaign, START)
        took = time.process_time() - start
    assert len(done.receipts) == rows
    result = {
        "messages": rows,
        "bare_request_ms": round(1000 * bare(rows) / rows, 2),
        "message_ms": round(1000 * took / rows, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
