"""The vendor in a process of its own, for several keys: what workers send to is written down.

    python -m tests.worker.vendor FILE KEY… [--hold SECONDS] [--limit N]

It prints its address. Each line of the file is a message that was taken in: the key, the account,
the recipient, and when it began and ended.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from typing_extensions import override

from runner.rehearsal.endpoint import SimulatedEndpoint
from runner.rehearsal.server import Handler, Server

ROOT = Path(__file__).parents[2]


class Taken(NamedTuple):
    """A message that the vendor took in."""

    key: str
    account: str
    person: str
    began: float
    ended: float


class _Taking(Handler):
    server: _Vendor

    @override
    def do_POST(self) -> None:
        began = time.time()
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = self.lowered()
        endpoint = self.server.endpoint_of(headers)
        with self.server.lock:
            before = len(endpoint.receipts)
            answer = endpoint.answer(headers, body)
            taken = endpoint.receipts[before:]
        time.sleep(self.server.hold)
        if not taken:
            self.server.note(answer.status, refused=True)
        for receipt in taken:
            key = headers["authorization"].split()[-1]
            self.server.note([key, receipt.account, receipt.recipient, began, time.time()])
        self.give(answer)


class _Vendor(Server):
    handler = _Taking
    request_queue_size = 200

    def __init__(self, file: Path, keys: Sequence[str], hold: float, limit: int) -> None:
        self._endpoints = {
            key: SimulatedEndpoint(
                lambda: datetime.now(UTC),
                key=key,
                limit=limit,
                typing_seconds=0.0,
                neighbours=False,
            )
            for key in keys
        }
        super().__init__(self._endpoints[keys[0]])
        self.hold = hold
        self._file = file

    def handle_error(self, *_asked: Any) -> None:
        """Say nothing of those who died in the middle of a request."""

    def endpoint_of(self, headers: Mapping[str, str]) -> SimulatedEndpoint:
        """The side of the vendor that knows the key; another one refuses it."""
        key = headers.get("authorization", "").removeprefix("Bearer ")
        return self._endpoints.get(key, self.endpoint)

    def note(self, line: object, *, refused: bool = False) -> None:
        """Write a line down, at once; those of what was refused in a file of their own."""
        path = refusals(self._file) if refused else self._file
        with self.lock, path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


@contextmanager
def vendor(file: Path, *keys: str, hold: float = 0.0, limit: int = 100_000) -> Iterator[str]:
    """Run it for a while; give its address."""
    command = [sys.executable, "-m", "tests.worker.vendor", str(file), *keys]
    process = subprocess.Popen(
        [*command, "--hold", str(hold), "--limit", str(limit)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def refusals(file: Path) -> Path:
    """The file with the status of each request that was refused; it is there if one was."""
    return file.with_suffix(".refused")


def taken_in(file: Path) -> list[Taken]:
    """What the vendor has taken in so far."""
    return [Taken(*json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("keys", nargs="+")
    parser.add_argument("--hold", type=float, default=0.0)
    parser.add_argument("--limit", type=int, default=100_000)
    said = parser.parse_args()
    server = _Vendor(said.file, said.keys, said.hold, said.limit)
    said.file.touch()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
