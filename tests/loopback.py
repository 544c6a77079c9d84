"""The simulated endpoint on a real loopback socket, for tests that run the installed command.

`python tests/loopback.py --port-file FILE --receipts FILE [--limit N]` serves in a process of its
own. It appends each accepted message to the receipts file before it answers. So the file holds
exactly what people received, no matter which process is killed, or when.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socketserver import BaseServer
from typing import Any

from runner.rehearsal.endpoint import SimulatedEndpoint
from runner.rehearsal.server import Server

KEY = "loopback-key-1234567890"


@contextmanager
def serving(**options: Any) -> Iterator[Server]:
    """Serve in a thread of this process, without a typing delay."""
    endpoint = SimulatedEndpoint(lambda: datetime.now(UTC), key=KEY, typing_seconds=0.0, **options)
    server = Server(endpoint)
    with in_a_thread(server):
        yield server


@contextmanager
def in_a_thread(server: BaseServer) -> Iterator[None]:
    """Let a server answer in a thread of this process, until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--receipts", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=100_000)
    parser.add_argument("--neighbours", action="store_true")
    arguments = parser.parse_args()
    endpoint = SimulatedEndpoint(
        lambda: datetime.now(UTC),
        key=KEY,
        typing_seconds=0.0,
        limit=arguments.limit,
        neighbours=arguments.neighbours,
    )
    written = 0
    with arguments.receipts.open("a", encoding="utf-8") as file:

        def received() -> None:
            nonlocal written
            for receipt in endpoint.receipts[written:]:
                file.write(json.dumps([receipt.account, receipt.recipient]) + "\n")
            file.flush()
            written = len(endpoint.receipts)

        server = Server(endpoint, received)
        part = arguments.port_file.with_suffix(".part")
        part.write_text(server.url, encoding="utf-8")
        part.replace(arguments.port_file)
        server.serve_forever()


if __name__ == "__main__":
    main()
