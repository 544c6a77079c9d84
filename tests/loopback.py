"""The simulated endpoint on a real loopback socket, for tests that run the installed command.

`python tests/loopback.py --port-file FILE --receipts FILE [--limit N]` serves in a process of its
own. It appends each accepted message to the receipts file before it answers. So the file holds
exactly what people received, no matter which process is killed, or when.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from runner.rehearsal.endpoint import Answer, SimulatedEndpoint

KEY = "loopback-key-1234567890"


class Server(ThreadingHTTPServer):
    """A server that answers with a simulated endpoint.

    It takes one request at a time as far as the endpoint's counts go.
    """

    daemon_threads = True

    def __init__(
        self, endpoint: SimulatedEndpoint, received: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint = endpoint
        self.lock = threading.Lock()
        self.received = received

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/linkedin"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            if self.path.endswith("/messaging/check-email-support"):
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = self.server.endpoint.check_open(headers, body)
            elif self.path.endswith("/conversations/send"):
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = self.server.endpoint.sent(headers, body)
            elif not self.path.endswith("/messaging/send-with-typing"):
                answer = Answer(404, b"<html>Not Found</html>")
            else:
                answer = self.server.endpoint.answer(
                    {name.lower(): value for name, value in self.headers.items()}, body
                )
            self.server.received()
        self._give(answer)

    def do_GET(self) -> None:
        with self.server.lock:
            answer = self.server.endpoint.look_up(
                {name.lower(): value for name, value in self.headers.items()}, self.path
            )
        self._give(answer)

    def _give(self, answer: Answer) -> None:
        if answer.cut:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response_only(answer.status)  # the endpoint gives the Date header
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def serving(**options: Any) -> Iterator[Server]:
    """Serve in a thread of this process, without a typing delay."""
    endpoint = SimulatedEndpoint(lambda: datetime.now(UTC), key=KEY, typing_seconds=0.0, **options)
    server = Server(endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
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
