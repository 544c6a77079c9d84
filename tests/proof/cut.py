"""A connection cut at every byte, in both directions, and what the sender makes of it.

A relay between the sender and the endpoint ends the connection after so many bytes: with a reset,
with an orderly end, or by falling silent. The endpoint acts on each whole request that reaches it.
A message that it acted on must be sent or uncertain; one that the sender would try again must
not have been acted on.

    python -m tests.proof.cut plain|tls|proxy [--most 100] [--broken]

Prints one JSON object. With --broken, the sender takes every broken connection for a message that
was not sent; the harness must find messages that it would send again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import ssl
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trustme

from runner.intake.recipient import Recipient
from runner.ledger.record import Claim, Outcome, Status
from runner.sending import api
from runner.sending.api import Endpoint
from runner.sending.clock import ServerClock
from runner.sending.secret import Secret

NAME = "endpoint.test"
KINDS = ("reset", "end", "silence")
DIRECTIONS = ("request", "answer")
READ_SECONDS = 0.15
BODY = json.dumps({"success": True, "recipientProfileUrn": "urn:li:fsd_profile:ACoAA12345678"})
CLAIM = Claim(
    delivery=1,
    campaign=1,
    row=2,
    account="acc_1",
    recipient=Recipient("jo-doe"),
    text="Hällo\nyou, and a few words more",
    subject=None,
    message_type="normal",
    conversation_urn=None,
)


@dataclass
class Tally:
    """The cuts, and what was wrong with them."""

    cuts: int = 0
    acted: int = 0
    uncertain: int = 0
    sent_again: int = 0
    falsely_sent: int = 0
    troubles: list[str] = field(default_factory=list)


@dataclass
class Cut:
    """The end of a connection: after how many bytes of which direction, and of which kind."""

    direction: str
    after: int
    kind: str


class Peer:
    """The endpoint: it acts on each whole request."""

    def __init__(self) -> None:
        self.acted = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            self.acted += 1
            date = b"Date: Mon, 23 Nov 2026 06:00:00 GMT\r\n"
            size = b"Content-Length: %d\r\n" % len(BODY)
            writer.write(b"HTTP/1.1 200 OK\r\n" + date + size + b"\r\n" + BODY.encode())
            await writer.drain()
        writer.close()


class Relay:
    """Passes bytes on, and counts them, until its cut."""

    def __init__(self, target: int, *, is_proxy: bool) -> None:
        self.target = target
        self.is_proxy = is_proxy
        self.cut: Cut | None = None
        self.passed = dict.fromkeys(DIRECTIONS, 0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.passed = dict.fromkeys(DIRECTIONS, 0)
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        writers = (writer, back)
        ended = asyncio.Event()
        try:
            if self.is_proxy and not await self._connected(reader, writer, writers, ended):
                return
            await asyncio.gather(
                self._pass("request", reader, back, writers, ended),
                self._pass("answer", there, writer, writers, ended),
            )
        finally:
            for each in writers:
                each.close()

    async def _connected(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        writers: tuple[asyncio.StreamWriter, ...],
        ended: asyncio.Event,
    ) -> bool:
        """Answer a CONNECT; its bytes count as well."""
        for direction, data in (
            ("request", await reader.readuntil(b"\r\n\r\n")),
            ("answer", b"HTTP/1.1 200 Connection established\r\n\r\n"),
        ):
            part = self._part(direction, data)
            if direction == "answer":
                writer.write(part)
                await writer.drain()
            if len(part) < len(data):
                await self._end(writers, ended)
                return False
        return True

    async def _pass(
        self,
        direction: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        writers: tuple[asyncio.StreamWriter, ...],
        ended: asyncio.Event,
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                part = self._part(direction, data)
                writer.write(part)
                await writer.drain()
                if len(part) < len(data):
                    await self._end(writers, ended)
                    return
            writer.write_eof()

    def _part(self, direction: str, data: bytes) -> bytes:
        """The bytes that still pass."""
        cut = self.cut
        if cut is None or cut.direction != direction:
            self.passed[direction] += len(data)
            return data
        part = data[: max(0, cut.after - self.passed[direction])]
        self.passed[direction] += len(part)
        return part

    async def _end(self, writers: tuple[asyncio.StreamWriter, ...], ended: asyncio.Event) -> None:
        assert self.cut is not None
        if self.cut.kind == "silence":
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), 4 * READ_SECONDS)
        for writer in writers:
            if self.cut.kind == "reset":
                handle = writer.get_extra_info("socket")
                handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()


@contextmanager
def certificate(way: str, folder: Path) -> Iterator[ssl.SSLContext | None]:
    """The server's certificate, trusted by this process."""
    if way == "plain":
        yield None
        return
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME, "localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    os.environ["SSL_CERT_FILE"] = str(folder / "authority.pem")
    yield context


async def prove(way: str, folder: Path, most: int, seed: int) -> Tally:
    """Cut `most` exchanges, at points drawn from all."""
    tally, peer = Tally(), Peer()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # cut streams complain
    with certificate(way, folder) as context:
        server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, ssl=context)
        relay = Relay(server.sockets[0].getsockname()[1], is_proxy=way == "proxy")
        front = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
        port = front.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}" if way == "plain" else f"https://localhost:{port}"
        if way == "proxy":
            os.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{port}"
            url = f"https://{NAME}:443"
        whole = await send(url)
        assert (whole[0].status, peer.acted) == (Status.SENT, 1), whole
        await asyncio.sleep(0.05)
        for cut in points(relay.passed, most, seed):
            relay.cut, before = cut, peer.acted
            outcome, committed = await send(url)
            await asyncio.sleep(0)
            for _ in range(20):  # what is under way still arrives
                await asyncio.sleep(0.001)
            judge(tally, cut, outcome, committed=committed, acted=peer.acted - before)
        front.close()
        server.close()
    return tally


def points(passed: dict[str, int], most: int, seed: int) -> list[Cut]:
    """Each byte of both directions, with a reset and an orderly end; every fourth with silence."""
    cuts = [
        Cut(direction, after, kind)
        for direction in DIRECTIONS
        for after in range(passed[direction])
        for kind in KINDS
        if kind != "silence" or after % 4 == 0
    ]
    random.Random(seed).shuffle(cuts)
    return cuts[:most]


async def send(url: str) -> tuple[Outcome, bool]:
    """Send one message; tell its outcome, and whether its intent was committed."""
    committed: list[None] = []
    clock = ServerClock(lambda: datetime(2026, 11, 23, 6, tzinfo=UTC))
    endpoint = Endpoint(Secret("key-0123456789"), clock, base_url=url, read_seconds=READ_SECONDS)
    outcome = await endpoint.send(CLAIM, lambda: committed.append(None))
    return outcome, bool(committed)


def judge(tally: Tally, cut: Cut, outcome: Outcome, *, committed: bool, acted: int) -> None:
    tally.cuts += 1
    tally.acted += acted
    tally.uncertain += outcome.status is Status.UNCERTAIN
    if acted and (outcome.status is Status.WAITING or not committed):
        tally.sent_again += 1
        tally.troubles.append(f"{cut}: {outcome}")
    if outcome.status is Status.SENT and not acted:
        tally.falsely_sent += 1
    if acted > 1:
        tally.troubles.append(f"{cut}: acted {acted} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("plain", "tls", "proxy"))
    parser.add_argument("--most", type=int, default=10**6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--broken", action="store_true")
    given = parser.parse_args()
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]
    if given.broken:
        real: Any = api.unanswered
        api.unanswered = lambda error, **_: real(error, on_wire=False)  # type: ignore[assignment]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cut-") as folder:
        tally = asyncio.run(prove(given.way, Path(folder), given.most, given.seed))
    answer = {"way": given.way, "seconds": round(time.monotonic() - started), **vars(tally)}
    answer["troubles"] = tally.troubles[:20]
    print(json.dumps(answer))  # noqa: T201


if __name__ == "__main__":
    main()
