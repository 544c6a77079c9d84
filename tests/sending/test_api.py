"""The phase rule, on real sockets.

A message that may have left is uncertain. A message that certainly did not leave waits. The name
that httpx gives to the error decides nothing.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import httpx
import pytest

from runner.errors import StorageError, UsageError
from runner.intake.recipient import Recipient
from runner.ledger.record import Claim, Outcome, Status
from runner.sending.address import checked_base_url
from runner.sending.api import Endpoint, payload
from runner.sending.clock import ServerClock
from runner.sending.secret import Secret

KEY = "key-0123456789"
OK = (
    b'{"success": true, "recipientProfileUrn": "urn:li:fsd_profile:ACoAA1", '
    b'"typingIndicatorSent": true}'
)
CLAIM = Claim(
    1,
    1,
    2,
    "acc_1",
    Recipient("jo-doe", "urn:li:fsd_profile:ACoAA1"),
    "Hällo\nyou",
    "Subject",
    "inmail",
    "urn:li:c",
)


def http(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Peer:
    """A server for one request.

    It reads so many bytes of the request, answers with these bytes, and ends as told.
    """

    def __init__(self, answer: bytes, read: int | None, reset: bool) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/linkedin"
        self.received = b""
        self.connections = 0
        self._answer, self._read, self._reset = answer, read, reset
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(5)
                self._take(connection)
                if self._answer:
                    with suppress(OSError):  # the client may be gone
                        connection.sendall(self._answer)
                if self._reset:
                    connection.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )

    def _take(self, connection: socket.socket) -> None:
        while self._read is None or len(self.received) < self._read:
            try:
                part = connection.recv(
                    65536 if self._read is None else self._read - len(self.received)
                )
            except OSError:
                return
            self.received += part
            head, separator, body = self.received.partition(b"\r\n\r\n")
            lengths = [
                line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
            ]
            if not part or (
                separator and len(body) >= (int(lengths[0].split(b":")[1]) if lengths else 0)
            ):
                return

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join()


@contextmanager
def peer(answer: bytes, read: int | None = None, reset: bool = False) -> Iterator[Peer]:
    serving = Peer(answer, read, reset)
    try:
        yield serving
    finally:
        serving.close()


def send(
    url: str,
    commit: Callable[[], None] = lambda: None,
    read_seconds: float = 5.0,
    claim: Claim = CLAIM,
) -> Outcome:
    endpoint = Endpoint(
        Secret(KEY), ServerClock(lambda: datetime.now(UTC)), base_url=url, read_seconds=read_seconds
    )
    return asyncio.run(endpoint.send(claim, commit))


def test_one_request_as_documented() -> None:
    """A message is one POST to the path on one connection, which is closed afterwards. It carries
    the bearer key, and JSON with exactly one recipient and real newlines."""
    committed = []
    with peer(http(OK)) as server:
        outcome = send(server.url, lambda: committed.append(server.received))
    head, _, body = server.received.partition(b"\r\n\r\n")
    assert outcome.status is Status.SENT
    assert head.startswith(b"POST /linkedin/messaging/send-with-typing HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}".encode() in head
    assert b"recipientProfileId" not in body
    assert '"message":"Hällo\\nyou"'.encode() in body
    assert (server.connections, committed) == (1, [b""])


def test_the_payload_leaves_out_what_is_not_there() -> None:
    """The payload omits blank fields. It has the slug only when no URN is known."""
    claim = Claim(1, 1, 2, "", Recipient("jo-doe"), "Hi", None, "normal", None)
    assert payload(claim) == {
        "recipientProfileId": "jo-doe",
        "message": "Hi",
        "messageType": "normal",
    }
    assert set(payload(CLAIM)) == {
        "accountId",
        "recipientProfileUrn",
        "message",
        "subject",
        "messageType",
        "conversationUrn",
    }


def test_if_the_intent_cannot_be_committed_no_byte_leaves() -> None:
    """The intent is committed just before the first request byte. When the commit fails, the server
    sees a connection and nothing on it."""

    def fail() -> None:
        raise StorageError("disk full")

    with peer(http(OK)) as server, pytest.raises(StorageError):
        send(server.url, fail)
    assert server.received == b""


@pytest.mark.parametrize("read", [1, 40, 200, None])
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"garbage\r\n\r\n"])
def test_a_cut_after_the_first_byte_is_uncertain(
    read: int | None, reset: bool, answer: bytes
) -> None:
    """A request that arrived, even in part, may have been acted on. Its message is uncertain, no
    matter how the connection ended."""
    with peer(answer, read, reset) as server:
        outcome = send(server.url)
    assert outcome.status is Status.UNCERTAIN
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (http(OK, length=500), Status.UNCERTAIN),
        (http(b"\x1f\x8bbroken", "200 OK", "Content-Encoding: gzip"), Status.UNCERTAIN),
        (http(OK, "200 OK", "Content-Encoding: br"), Status.UNCERTAIN),
        (http(b"x" * 1_100_000), Status.UNCERTAIN),
        (http(b'{"error": "no', "401 Unauthorized", length=500), Status.WAITING),
        (http(b"\x1f\x8bbroken", "422 No", "Content-Encoding: gzip"), Status.FAILED),
        (http(b"", "307 Temporary Redirect", "Location: /elsewhere"), Status.UNCERTAIN),
    ],
)
def test_a_status_stands_whatever_becomes_of_the_body(answer: bytes, status: Status) -> None:
    """The status decides when the body is cut, damaged, oversized or encoded. A redirect is never
    followed."""
    with peer(answer) as server:
        assert send(server.url).status is status
    assert server.connections == 1


def test_silence_is_uncertain() -> None:
    """A message is uncertain when its request left and no answer comes within the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        outcome = send(f"http://127.0.0.1:{listener.getsockname()[1]}", read_seconds=0.2)
    assert outcome.status is Status.UNCERTAIN


def test_a_refused_connection_waits() -> None:
    """A message waits when nothing listens. It is certainly not sent, and no intent is
    committed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    committed: list[None] = []
    outcome = send(url, lambda: committed.append(None))
    assert (outcome.status, outcome.unreachable, committed) == (Status.WAITING, True, [])


def test_a_failed_handshake_waits() -> None:
    """A message waits when the peer does not speak TLS, for it is certainly not sent."""
    with peer(b"this is no TLS\r\n", read=1) as server:
        outcome = send(server.url.replace("http://", "https://"))
    assert (outcome.status, outcome.unreachable) == (Status.WAITING, True)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"", Status.WAITING),
        (http(b"", "407 Proxy Authentication Required"), Status.WAITING),
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
    ],
)
def test_the_phase_rule_holds_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, answer: bytes, status: Status | None
) -> None:
    """A message waits when a proxy fails the CONNECT, or what comes after it. CONNECT is not the
    request, so the proxy never got the message."""
    with peer(answer) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.removesuffix("/linkedin"))
        outcome = send("https://127.0.0.2:1/linkedin")
    assert outcome.status is (status or Status.WAITING)
    assert proxy.received.startswith(b"CONNECT 127.0.0.2:1 ")
    assert KEY.encode() not in proxy.received


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"])
def test_what_goes_to_this_machine_passes_no_proxy(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A proxy in the environment gets nothing of a request to the loopback: neither the message nor
    the key, which would be in clear."""
    with peer(http(OK)) as proxy, peer(http(OK)) as server:
        monkeypatch.setenv(variable, proxy.url.removesuffix("/linkedin"))
        assert send(server.url).status is Status.SENT
    assert (proxy.connections, proxy.received) == (0, b"")


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "ftp"])
def test_the_password_of_a_proxy_is_in_no_outcome(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """A proxy that cannot be used, or that echoes what it was given, leaves no password behind."""
    password = "canary-pass/word"
    with peer(http(b"", f"407 no {password}")) as proxy:
        host = proxy.url.removesuffix("/linkedin").removeprefix("http://")
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://ann:{password}@{host}")
        outcome = send("https://127.0.0.2:1/linkedin")
    assert outcome.status is Status.WAITING
    assert outcome.error
    assert not any(part in repr(outcome) for part in ("canary", "word", "ann:"))


def test_the_key_is_hidden_wherever_an_answer_or_error_echoes_it() -> None:
    """An endpoint that echoes the request's headers does not bring the key into an outcome."""
    escaped = KEY.replace("-", "\\u002d")
    for echoed in (KEY, escaped):
        with peer(http(f'{{"error": "Bearer {echoed} is no good"}}'.encode(), "401 No")) as server:
            outcome = send(server.url)
        assert KEY not in repr(outcome)
        assert "[key]" in str(outcome.error)
    assert KEY not in repr(Secret(KEY))


def test_each_message_has_its_own_connection() -> None:
    """No connection is reused."""
    with peer(http(OK)) as server:
        endpoint = Endpoint(
            Secret(KEY), ServerClock(lambda: datetime.now(UTC)), base_url=server.url
        )

        async def two() -> None:
            for _ in range(2):
                server.received = b""
                assert (await endpoint.send(CLAIM, lambda: None)).status is Status.SENT

        asyncio.run(two())
    assert server.connections == 2


def test_an_error_of_any_class_is_judged_by_its_phase() -> None:
    """An error of any class after the first byte makes the message uncertain, even an unexpected
    one."""

    class Strange(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.extensions["trace"](
                "http11.send_request_headers.started", {"request": _Posted}
            )
            raise ZeroDivisionError

    class _Posted:
        method = b"POST"

    endpoint = Endpoint(Secret(KEY), ServerClock(lambda: datetime.now(UTC)), transport=Strange())
    assert asyncio.run(endpoint.send(CLAIM, lambda: None)).status is Status.UNCERTAIN


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "ftp://127.0.0.1",
        "https://",
        "https://user:pw@api.example.com",
        "https://x?y=1",
        "api.example.com",
    ],
)
def test_the_key_travels_encrypted_or_stays_here(url: str) -> None:
    """The address is https, or plain http on this machine. It has no credentials, query or
    fragment."""
    with pytest.raises(UsageError):
        checked_base_url(url)
    assert (
        checked_base_url("https://api.example.com/linkedin/") == "https://api.example.com/linkedin"
    )
