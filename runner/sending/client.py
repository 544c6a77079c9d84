"""The client: the key, the address and the HTTP library's settings for requests to the vendor.

Only the modules beside this one use it.

Each request gets a client and a connection of its own: reused connections fail ambiguously, fresh
connections did not. No redirect is followed, the transport retries nothing, and a body is read only
as far as MAX_BODY.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import truststore

from runner.errors import UsageError

BASE_URL: Final = "https://api.connectsafely.ai/linkedin"
MAX_BODY: Final = 1_000_000
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Secret:
    """A value that never shows itself: not in a traceback, a log or a repr."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def hide(self, text: str) -> str:
        """Return the text without the value."""
        return text.replace(self._value, "[key]")

    def __repr__(self) -> str:
        return "Secret('…')"


def _unheard(_date: datetime | None) -> None:
    """Ignore the time on the server's clock: nobody wants to know it."""


class Client:
    """One address of the vendor's, asked with one key, or without a key when it is None.

    `transport` replaces the network in rehearsals. `hear` is told the time that the server's clock
    showed in each answer.
    """

    def __init__(
        self,
        key: Secret | None,
        base_url: str,
        timeout: httpx.Timeout,
        transport: httpx.AsyncBaseTransport | None = None,
        hear: Callable[[datetime | None], None] = _unheard,
    ) -> None:
        self._key = key
        self._base = checked_base_url(base_url)
        self._timeout = timeout
        self._transport = transport
        self._hear = hear

    @property
    def is_local(self) -> bool:
        """Tell whether this machine itself is asked, as in tests."""
        return urlsplit(self._base).hostname in _LOOPBACK

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    @asynccontextmanager
    async def request(self, method: str, path: str, **more: Any) -> AsyncIterator[httpx.Response]:
        """Make one request on a fresh connection.

        The answer's status is known, and its body is not yet read.
        """
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.reveal()}"
        async with (
            httpx.AsyncClient(
                verify=self._tls,
                http2=False,
                timeout=self._timeout,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
                follow_redirects=False,
                transport=self._transport,
            ) as client,
            client.stream(method, self._base + path, headers=headers, **more) as response,
        ):
            self._hear(read_date(response))
            yield response


async def read_body(response: httpx.Response) -> bytes | None:
    """Return the unpacked body, at most MAX_BODY bytes; None when it is longer, damaged or cut."""
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


def read_date(response: httpx.Response) -> datetime | None:
    """Return the time on the server's clock when it answered, in whole seconds.

    None when the answer does not give a time, or gives one that cannot be read.
    """
    try:
        date = parsedate_to_datetime(response.headers.get("date", ""))
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def checked_base_url(text: str) -> str:
    """Return the base URL without a final slash.

    It must be https, since the key travels to it, or be this machine. Raises UsageError.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.username or parts.query or parts.fragment:
        raise UsageError(f"{text!r} is no base URL.", remedy=f"The default is {BASE_URL}.")
    if not keeps_secrets(text):
        raise UsageError(
            f"{text!r} would send the API key unencrypted.", remedy="Use an https:// address."
        )
    return text.rstrip("/")


def keeps_secrets(url: str) -> bool:
    """Tell whether anything sent to `url` is encrypted, or stays on this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        )
    except ValueError:
        return False
