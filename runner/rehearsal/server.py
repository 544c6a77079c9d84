"""The simulated endpoint on a socket, for rehearsals of several processes together.

    python -m runner.rehearsal.server [--port 8080]

It listens on this machine alone, takes one message at a time as far as its counts go, and tells
nobody anything that it did not receive.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from runner.rehearsal.endpoint import Answer, SimulatedEndpoint


class Handler(BaseHTTPRequestHandler):
    """Takes in one request, and answers it."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = self.lowered()
        endpoint = self.server.endpoint_of(headers)
        with self.server.lock:
            if self.path.endswith("/messaging/check-email-support"):
                answer = endpoint.check_open(headers, body)
            elif self.path.endswith("/conversations/send"):
                answer = endpoint.sent(headers, body)
            elif self.path.endswith("/messaging/send-with-typing"):
                answer = endpoint.answer(headers, body)
            else:
                answer = Answer(404, b"<html>Not Found</html>")
            self.server.received()
        self.give(answer)

    def do_GET(self) -> None:
        headers = self.lowered()
        with self.server.lock:
            answer = self.server.endpoint_of(headers).look_up(headers, self.path)
        self.give(answer)

    def lowered(self) -> dict[str, str]:
        """The request's headers, by their names in small letters."""
        return {name.lower(): value for name, value in self.headers.items()}

    def give(self, answer: Answer) -> None:
        """Send an answer back."""
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
        """Say nothing of who asked."""


class Server(ThreadingHTTPServer):
    """A server that answers with a simulated endpoint; `received` is called after each request."""

    daemon_threads = True
    handler: type[Handler] = Handler

    def __init__(
        self,
        endpoint: SimulatedEndpoint,
        received: Callable[[], None] = lambda: None,
        port: int = 0,
    ) -> None:
        super().__init__(("127.0.0.1", port), self.handler)
        self.endpoint = endpoint
        self.lock = threading.Lock()
        self.received = received

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}/linkedin"

    def endpoint_of(self, headers: Mapping[str, str]) -> SimulatedEndpoint:
        """The endpoint that a request with these headers is answered by."""
        del headers
        return self.endpoint


def main() -> None:
    """Serve until the process ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    said = parser.parse_args()
    endpoint = SimulatedEndpoint(lambda: datetime.now(UTC), typing_seconds=0.0)
    server = Server(endpoint, port=said.port)
    sys.stdout.write(f"A simulated endpoint: {server.url}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
