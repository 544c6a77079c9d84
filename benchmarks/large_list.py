"""What a long list costs: the time and memory of checking it, the time of a run that has nothing to
do because every row was sent, and that of `campaign --help` against a bare interpreter.

    python benchmarks/large_list.py [--rows 100000]

Each command runs in a process of its own; memory is that process's peak. (Linux and macOS.)
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Run one process, and return its seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    per_mb = 1024**2 if sys.platform == "darwin" else 1024
    return time.perf_counter() - start, usage.ru_maxrss / per_mb


def settle_all(ledger: Path) -> None:
    """Write into a ledger that every delivery in it was sent."""
    from datetime import UTC, datetime

    import sqlalchemy as sa

    from runner.ledger import schema
    from runner.ledger.chain import add_list, link_all
    from runner.ledger.door import open_ledger

    now, opened = datetime.now(UTC), open_ledger(ledger)
    sent = {
        "account": "acc",
        "claimed_at": now,
        "deadline": now,
        "wired_at": now,
        "settled_at": now,
        "status": "sent",
    }
    with opened.write() as connection:
        ids = connection.execute(
            sa.select(schema.delivery.c.id, schema.delivery.c.campaign_id)
        ).all()
        connection.execute(
            sa.update(schema.delivery).values(status="sent", sent_at=now, http_status=200)
        )
        connection.execute(
            sa.insert(schema.attempt),
            [{**sent, "delivery_id": i, "campaign_id": c} for i, c in ids],
        )
        link_all(connection)
        add_list(connection, "contacted", ["somebody"], now)  # which the second record then knows
    opened.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                [
                    "First Name",
                    "Last Name",
                    "LinkedIn URL",
                    "Company",
                    "Headline",
                    "City",
                    "Notes",
                    "Email",
                ]
            )
            for number in range(rows):
                link = f"https://www.linkedin.com/in/person-{number}/"
                headline, email = "Head of many things at Acme", f"person{number}@example.com"
                writer.writerow(
                    [
                        f"Name{number}",
                        "Müller",
                        link,
                        "Acme, Inc.",
                        headline,
                        "Hamburg",
                        "x" * 60,
                        email,
                    ]
                )
        text = "Hi {{ first_name }},\n\n" + "I would like to talk about {{ company }}. " * 10
        (folder / "hello.j2").write_text(text, encoding="utf-8")
        campaign = [sys.executable, "-m", "runner"]
        check_seconds, check_mb = timed(
            [*campaign, "check", "people.csv", "-t", "hello.j2"], folder
        )
        run = [
            *campaign,
            "run",
            "people.csv",
            "-t",
            "hello.j2",
            "--ledger",
            "ledger.db",
            "--account",
            "acc",
            "--base-url",
            "http://127.0.0.1:9",  # where nobody answers: the look into the inbox fails at once
        ]
        os.environ["CONNECTSAFELY_API_KEY"] = "none"
        subprocess.run(
            run, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
        )  # takes the list in
        settle_all(folder / "ledger.db")
        for _ in range(
            2
        ):  # writes the results; and reads the list in a ledger that is as it was left
            timed([*run, "--yes"], folder)
        idle_seconds, _ = timed([*run, "--yes"], folder)
        bare = statistics.median(timed([sys.executable, "-c", "pass"], folder)[0] for _ in range(9))
        helped = statistics.median(timed([*campaign, "--help"], folder)[0] for _ in range(9))
    result = {
        "rows": rows,
        "check_seconds": round(check_seconds, 2),
        "check_peak_mb": round(check_mb),
        "idle_run_seconds": round(idle_seconds, 2),
        "idle_run_ratio": round(idle_seconds / bare, 1),
        "help_ms": round(1000 * helped),
        "bare_python_ms": round(1000 * bare),
        "help_ratio": round(helped / bare, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
