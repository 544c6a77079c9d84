"""Many accounts at once in one process: the messages of a run with one account, and of one whose
accounts all send side by side.

    python benchmarks/lanes.py [--messages 300] [--accounts 100]

Prints one JSON object: the milliseconds of a message in both, and how many times as many go.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from per_message import endpoint, whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--accounts", type=int, default=100)
    said = parser.parse_args()
    accounts = tuple(f"acc_{number}" for number in range(said.accounts))
    with tempfile.TemporaryDirectory() as name, endpoint(Path(name)) as url:
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "state")
        one = whole(url, said.messages, Path(name) / "one", accounts[:1])
        many = whole(url, said.messages, Path(name) / "many", accounts)
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
