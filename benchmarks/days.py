"""Whole runs over thousands of simulated days, with trouble, measured against the true clock and
the server's own count.

Each season is some weeks of one or two campaigns through the real ledger, lanes and HTTP client, on
a scenario drawn from its number: hours, zones, holidays, limits; others that use the quota, broken
headers, a clock that steps, a laptop that sleeps.

    python benchmarks/days.py [--days 5000] [--seed 0] [--workers 2]

Prints one JSON object. Exit code 1 when a bar is missed: no violation, and 99 % of what could be
sent was sent.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.season.measure import Measured

ROOT = Path(__file__).parents[1]
BAR = 0.99


def season(seed: int) -> Measured:
    """Play and measure one season; an exception of a run is a violation."""
    sys.path[:0] = [str(ROOT)] * (str(ROOT) not in sys.path)
    from tests.season.measure import Measured, measure
    from tests.season.play import Season
    from tests.season.scenario import draw

    with tempfile.TemporaryDirectory() as folder:
        played = Season(draw(seed), Path(folder))
        try:
            played.play()
        except Exception:  # noqa: BLE001 - whatever it was, it is told, with the season that shows it
            return Measured(1, violations=[f"season {seed}: {traceback.format_exc(limit=-3)}"])
        return measure(played)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first season")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    from tests.season.measure import Measured
    from tests.season.scenario import DAYS

    begun, found = time.monotonic(), Measured()
    seeds = range(arguments.seed, arguments.seed + -(-arguments.days // DAYS))
    with ProcessPoolExecutor(arguments.workers) as pool:
        for number, one in zip(count(1), pool.map(season, seeds), strict=False):
            found.add(one)
            if one.ratio < BAR:
                print(
                    f"season {seeds[number - 1]}: {one.sent} of {one.possible} were sent",
                    file=sys.stderr,
                )
            for violation in one.violations:
                print(violation, file=sys.stderr)
            if number % 10 == 0:
                print(
                    f"{number} of {len(seeds)} seasons, {time.monotonic() - begun:.0f} s",
                    file=sys.stderr,
                )
    unexplained = found.refused.pop("unexplained", 0)
    result = {
        "days": found.days,
        "seasons": found.seasons,
        "messages": found.messages,
        "ratio": round(found.ratio, 5),
        "counted_days": found.counted_days,
        "sent_on_them": found.sent,
        "possible_on_them": found.possible,
        "surplus_on_them": found.surplus,
        "left_early": found.left_early,
        "violations": len(found.violations),
        "429_explained": dict(found.refused),
        "429_unexplained": unexplained,
        "outside_the_hours": dict(found.outside),
        "stops_for_the_clock": found.stops,
        "seconds": round(time.monotonic() - begun),
    }
    print(json.dumps(result))
    sys.exit(bool(found.violations) or found.ratio < BAR)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
