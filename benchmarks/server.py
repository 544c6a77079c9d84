"""A message of a run whose ledger is a file, and of one whose ledger is on a PostgreSQL server on
this machine, and how many times as long the second one takes.

    python benchmarks/server.py [--messages 300]

Prints one JSON object. It makes a server of its own, from the programs of Debian's package.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from per_message import endpoint, whole

from tests.postgres import Cluster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=300)
    messages = parser.parse_args().messages
    with tempfile.TemporaryDirectory() as name, endpoint(Path(name)) as url:
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "state")
        on_disk = Cluster(Path(tempfile.gettempdir()))
        file = whole(url, messages, Path(name) / "file")
        server = whole(url, messages, Path(name) / "server", ledger=on_disk.database())
    result = {
        "messages": messages,
        "file_ms": round(1000 * file / messages, 2),
        "server_ms": round(1000 * server / messages, 2),
        "ratio": round(server / file, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
