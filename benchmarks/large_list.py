"""What a long list costs: the time and memory of checking it, and of `campaign --help` against a bare interpreter.

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
    """Seconds and peak memory in MB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    per_mb = 1024**2 if sys.platform == "darwin" else 1024
    return time.perf_counter() - start, usage.ru_maxrss / per_mb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["First Name", "Last Name", "LinkedIn URL", "Company", "Headline", "City", "Notes", "Email"])
            for number in range(rows):
                link = f"https://www.linkedin.com/in/person-{number}/"
                headline, email = "Head of many things at Acme", f"person{number}@example.com"
                writer.writerow([f"Name{number}", "Müller", link, "Acme, Inc.", headline, "Hamburg", "x" * 60, email])
        text = "Hi {{ first_name }},\n\n" + "I would like to talk about {{ company }}. " * 10
        (folder / "hello.j2").write_text(text, encoding="utf-8")
        campaign = [sys.executable, "-m", "runner"]
        check_seconds, check_mb = timed([*campaign, "check", "people.csv", "-t", "hello.j2"], folder)
        bare = statistics.median(timed([sys.executable, "-c", "pass"], folder)[0] for _ in range(9))
        helped = statistics.median(timed([*campaign, "--help"], folder)[0] for _ in range(9))
    result = {
        "rows": rows,
        "check_seconds": round(check_seconds, 2),
        "check_peak_mb": round(check_mb),
        "help_ms": round(1000 * helped),
        "bare_python_ms": round(1000 * bare),
        "help_ratio": round(helped / bare, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
