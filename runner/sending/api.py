"""The endpoint: one POST, one outcome. The only module that knows its path, its payload and the HTTP library.

A message gets a client and a connection of its own: reused connections fail ambiguously, fresh ones did not. No redirect is
followed, nothing is retried by the transport, and the status is kept whatever becomes of the body.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import truststore

from runner.errors import CampaignError, UsageError
from runner.ledger.record import Claim, Outcome
from runner.sending.outcome import read_answer, unanswered

BASE_URL: Final = "https://api.connectsafely.ai/linkedin"
PATH: Final = "/messaging/send-with-typing"
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 90.0
WRITE_SECONDS: Final = 30.0
MAX_BODY: Final = 1_000_000
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Secret:
    """A value that never shows itself: not in a traceback, a log or a repr."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('…')"


class Endpoint:
    """Where messages go. `transport` replaces the network in rehearsals; `now` is the clock."""

    def __init__(
        self,
        key: Secret,
        now: Callable[[], datetime],
        *,
        base_url: str = BASE_URL,
        read_seconds: float = READ_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key = key
        self._now = now
        self._url = checked_base_url(base_url) + PATH
        self._timeout = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS, write=WRITE_SECONDS, pool=CONNECT_SECONDS)
        # httpx bounds each step, not the whole: an answer that drips a byte at a time needs an outer end.
        self.deadline_seconds = CONNECT_SECONDS + WRITE_SECONDS + read_seconds
        self._transport = transport

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._tls,
            http2=False,
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
            follow_redirects=False,
            transport=self._transport,
        )

    async def send(self, claim: Claim, commit_intent: Callable[[], None]) -> Outcome:
        """Send one message. `commit_intent` is called once, just before the first request byte; if it raises, none leaves.

        Raises what `commit_intent` raises, and CancelledError; all else becomes an outcome.
        """
        wire = _Wire(commit_intent)
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await self._exchange(claim, wire)
        except CampaignError:
            raise
        except TimeoutError:
            return unanswered("no answer in time", on_wire=wire.reached)
        except Exception as error:  # noqa: BLE001 - the phase, not the class, tells whether the message may have left
            return unanswered(self._say(error), on_wire=wire.reached)

    async def _exchange(self, claim: Claim, wire: _Wire) -> Outcome:
        headers = {
            "Authorization": f"Bearer {self._key.reveal()}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        async with (
            self._client() as client,
            client.stream(
                "POST", self._url, headers=headers, json=payload(claim), extensions={"trace": wire.trace}
            ) as response,
        ):
            # From here on the status is known, and stands whatever becomes of the body.
            body = await _body(response)
            names = {name.lower(): self._hide(value) for name, value in response.headers.items()}
            return read_answer(response.status_code, names, body, self._now(), self._hide)

    def _say(self, error: Exception) -> str:
        text = " ".join(str(error).split())
        return self._hide(f"{type(error).__name__}: {text}" if text else type(error).__name__)[:300]

    def _hide(self, text: str) -> str:
        return text.replace(self._key.reveal(), "[key]")


class _Wire:
    """Watches one request for the moment before its first byte, and commits the intent there."""

    def __init__(self, commit_intent: Callable[[], None]) -> None:
        self._commit_intent = commit_intent
        self.reached = False

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        # Through a proxy the same event announces the CONNECT request, which carries no message.
        if event.endswith(".send_request_headers.started") and info["request"].method == b"POST" and not self.reached:
            self._commit_intent()
            self.reached = True


async def _body(response: httpx.Response) -> bytes | None:
    """The body, at most MAX_BODY bytes of it unpacked; None when it is longer, damaged or cut."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        return None
    unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    body, received = bytearray(), 0
    try:
        async for chunk in response.aiter_raw():
            received += len(chunk)
            body += unpack.decompress(chunk, MAX_BODY + 1 - len(body)) if unpack else chunk
            if len(body) > MAX_BODY or received > MAX_BODY:
                return None
    except (httpx.HTTPError, zlib.error, OSError):
        return None
    return None if unpack and received and not unpack.eof else bytes(body)


def payload(claim: Claim) -> dict[str, str]:
    """The request's fields. Exactly one recipient is named, the URN when it is known."""
    fields = {
        "accountId": claim.account,
        "recipientProfileUrn": claim.recipient.urn,
        "recipientProfileId": None if claim.recipient.urn else claim.recipient.slug,
        "message": claim.text,
        "subject": claim.subject,
        "messageType": claim.message_type,
        "conversationUrn": claim.conversation_urn,
    }
    return {name: value for name, value in fields.items() if value}


def checked_base_url(text: str) -> str:
    """The base URL without a final slash: https, since the key travels to it, or this machine. Raises UsageError."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.username or parts.query or parts.fragment:
        raise UsageError(f"{text!r} is no base URL.", remedy=f"The default is {BASE_URL}.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise UsageError(f"{text!r} would send the API key unencrypted.", remedy="Use an https:// address.")
    return text.rstrip("/")
