"""Run the benchmarks one after the other, and write what they say into docs/benchmarks.md.

    python benchmarks/every.py [--scale 1.0] [--only NAME…]

Each runs in a process of its own. The table says which bars are met; the picture of what grows is
drawn anew. With a scale below one, lists and ledgers are smaller, and the page says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "growth.svg"
BEGIN, END = "<!-- measured: benchmarks/every.py writes this -->\n", "<!-- end -->"


class Row(NamedTuple):
    """A line of the table: a number, its bar, and whether that is met where there is one."""

    what: str
    beside: str
    found: str
    bar: float | None = None
    number: float = 0.0

    def __str__(self) -> str:
        met = "" if self.bar is None else "yes" if self.number <= self.bar else "no"
        return f"| {self.what} | {self.beside} | {self.found} | {self.bar or ''} | {met} |"


def _messages(told: dict[str, Any]) -> Iterator[Row]:
    found = f"{told['overhead_ms']} ms more, ratio {told['ratio']}"
    beside = f"a bare httpx POST, {told['bare_post_ms']} ms"
    yield Row(f"a message of a run of {told['messages']}", beside, found, 2.3, told["ratio"])


def _tls(told: dict[str, Any]) -> Iterator[Row]:
    yield Row(
        "a request over TLS", "a bare httpx client", f"ratio {told['ratio']}", 1.2, told["ratio"]
    )


def _taking(told: dict[str, Any]) -> Iterator[Row]:
    rows, read = f"{told['rows']:,} rows", f"{told['read_seconds']} s"
    bare = f"bare inserts, {told['bare_seconds']} s"
    ratio, full, edit = told["taking_ratio"], told["full_ratio"], told["edit_ratio"]
    yield Row(f"taking {rows} into a new ledger", bare, f"ratio {ratio}", 3, ratio)
    beside = "a new ledger"
    yield Row("taking them into one that holds as many", beside, f"ratio {full}", 1.5, full)
    beside = f"reading and rendering, {read}"
    yield Row("one row edited, and taken again", beside, f"ratio {edit}", 2, edit)


def _rehearsal(told: dict[str, Any]) -> Iterator[Row]:
    found, beside = told["message_ms"], f"a bare request, {told['bare_request_ms']} ms"
    yield Row("a message of a rehearsal, processor ms", beside, str(found), 2.5, found)


def _lanes(told: dict[str, Any]) -> Iterator[Row]:
    beside = f"one account, {told['one_ms']} ms a message"
    found = f"{told['many_ms']} ms a message: {told['times']} times as many"
    yield Row(f"{told['accounts']} accounts in one process", beside, found)


def _server(told: dict[str, Any]) -> Iterator[Row]:
    found = f"{told['server_ms']} ms a message"
    yield Row("a ledger on a server of this machine", f"a file, {told['file_ms']} ms", found)


def _workers(told: dict[str, Any]) -> Iterator[Row]:
    ratio, found, share = told["queue_ratio"], told["find_ms"], told["claim_ratio"]
    beside = f"the same without the queue, {told['plain_ms']} ms"
    yield Row("a message of a worker, processor ms", beside, f"ratio {ratio}", 1.5, ratio)
    yield Row(f"due lanes among {told['sleeping']:,} that sleep, ms", "", str(found), 20, found)
    took, held = told["submit_seconds"], told["held_seconds"]
    beside = f"a ledger of {told['sent']:,} sent messages"
    yield Row("1,000 rows submitted, s", beside, str(took), 5, took)
    yield Row("a message meanwhile, the slowest, s", beside, str(held), 1, held)
    claims = f"a claim beside {told['campaigns']} campaigns on a server"
    yield Row(claims, f"beside one, {told['claim_ms']} ms", f"ratio {share}", 2, share)


def _sheets(told: dict[str, Any]) -> Iterator[Row]:
    what, _, beside = told["what"].partition(" / ")
    number = told.get("ratio", told.get("bytes", told.get("seconds")))
    unit = "ratio" if "ratio" in told else "bytes" if "bytes" in told else "seconds"
    yield Row(what, beside, f"{unit} {number}", told["bar"], number)


def _large_list(told: dict[str, Any]) -> Iterator[Row]:
    rows, bare = f"{told['rows']:,} rows", f"bare Python, {told['bare_python_ms']} ms"
    peak, idle = told["check_peak_mb"], told["idle_run_seconds"]
    yield Row(f"memory to check {rows}, MB", "", str(peak), 150, peak)
    yield Row(f"a run of {rows} that has nothing to do, s", bare, str(idle), 0.5, idle)
    helped = f"{told['help_ms']} ms, ratio {told['help_ratio']}"
    yield Row("`campaign --help`, ms", bare, helped, 80, told["help_ms"])


def _ledger(told: dict[str, Any]) -> Iterator[Row]:
    held = f"of {told['deliveries']:,} deliveries"
    seen = f"{told['as_left_s']} s; looking through all of it {told['look_through_s']} s"
    yield Row(
        f"a ledger {held} is seen to be as it was left",
        f"a bare read, {told['bare_read_s']} s",
        seen,
    )
    line = f"ratio {told['ratio']}"
    yield Row("a line of the second record", "a bare durable append", line, 1.5, told["ratio"])


def _growth(told: dict[str, Any]) -> Iterator[Row]:
    sizes = ", ".join(f"{ratio} at {int(size):,}" for size, ratio in told["ratios"].items())
    last = list(told["ratios"].values())[-1]
    bar = 1.5 if told["unit"] == "ms" else None
    yield Row(told["curve"], f"the smallest, {told['first']} {told['unit']}", sizes, bar, last)


# Each benchmark: its arguments at a scale of one, and how its lines are read.
EVERY: dict[str, tuple[dict[str, int], Callable[[dict[str, Any]], Iterator[Row]] | None]] = {
    "per_message": ({"messages": 600, "rounds": 3}, _messages),
    "lanes": ({"messages": 1_000, "accounts": 100}, _lanes),
    "server": ({"messages": 600}, _server),
    "workers": ({"lanes": 400, "sleeping": 1_000_000, "sent": 1_000_000}, _workers),
    "tls": ({"requests": 300}, _tls),
    "taking": ({"rows": 100_000}, _taking),
    "rehearsal": ({"rows": 2_000}, _rehearsal),
    "large_list": ({"rows": 100_000}, _large_list),
    "sheets": ({"rows": 100_000}, _sheets),
    "ledger": ({"deliveries": 100_000}, _ledger),
    "growth": ({"largest": 1_000_000}, _growth),
    "console": ({"rows": 100_000}, None),
}


def run(name: str, sizes: dict[str, int], scale: float) -> list[str]:
    """Run one, and return what it printed, line by line."""
    words = [
        f"--{key}={max(1, int(size * (scale if size > 10 else 1)))}" for key, size in sizes.items()
    ]
    if name == "growth":
        words.append(f"--picture={PICTURE}")
    command = [sys.executable, str(Path(__file__).with_name(f"{name}.py")), *words]
    print(" ".join(command[1:]), flush=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return done.stdout.splitlines()


def machine() -> str:
    """This machine in a few words."""
    memory = ""
    if hasattr(os, "sysconf"):
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        memory = f", {size / 1024**3:.0f} GB"
    kind = f"{platform.system()} {platform.machine()}"
    return f"{kind}, {os.cpu_count()} cores{memory}, Python {platform.python_version()}"


def measured(names: list[str], scale: float) -> str:
    """Run these benchmarks, and return what the page says of them."""
    rows: list[str] = []
    pages: list[str] = []
    for name in names:
        sizes, read = EVERY[name]
        for line in run(name, sizes, scale):
            if read is None:
                pages.append(line)
            else:
                rows += map(str, read(json.loads(line)))
    smaller = "" if scale == 1 else f", lists and ledgers {scale} times as large as usual"
    head = f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine()}{smaller}.\n"
    table = ["| what | beside | found | bar | met |", "|---|---|---|---|---|", *rows]
    return "\n".join([head, *table, "", *pages, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", nargs="*", choices=EVERY, default=list(EVERY))
    said = parser.parse_args()
    found = measured(said.only, said.scale)
    text = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: BEGIN + found + END, text), encoding="utf-8")


if __name__ == "__main__":
    main()
