"""The client: the HTTP library's settings for requests to the vendor, and answers.

Only the modules beside this one use it.

Each request gets a client and a connection of its own: reused connections fail ambiguously, fresh
connections did not. No redirect is followed, the transport retries nothing, and a body is read only
as far as MAX_BODY.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from runner.sending.address import checked_base_url, is_loopback
from runner.sending.certificate import trusted
from runner.sending.quota import read_date
from runner.sending.secret import Secret, proxy_secrets

MAX_BODY: Final = 1_000_000
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the vendor's, with every secret taken out of it.

    `headers` have lower-case names. `text` is the body; None when it could not be read whole.
    `value` is its JSON; None when it is not JSON. `date` is the time on the server's clock when it
    answered, in whole seconds; None when it does not tell that.
    """

    status: int
    headers: Mapping[str, str]
    text: str | None
    value: object
    date: datetime | None

    @classmethod
    def read(
        cls,
        status: int,
        headers: Mapping[str, str],
        body: bytes | None,
        hide: Callable[[str], str] = str,
    ) -> Answer:
        """Make an answer of what came, once `hide` has taken the secrets out of all its texts."""
        names = {name.lower(): hide(value) for name, value in headers.items()}
        text, value = None, None
        if body is not None:
            encoding = json.detect_encoding(body)
            text = hide(body.decode(encoding, "replace"))
            try:
                body.decode(encoding)  # damaged text is no JSON, whatever is left of it
                value = _hidden(json.loads(text), hide)  # escapes can hide what they say
            except (ValueError, RecursionError):
                value = None
        return cls(status, names, text, value, read_date(names.get("date", "")))


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
        self._hide = Secret(key.reveal() if key else "", proxy_secrets()).hide
        self._base = checked_base_url(base_url)
        self._timeout = timeout
        self._transport = transport
        self._hear = hear

    @property
    def is_local(self) -> bool:
        """Tell whether this machine itself is asked, as in tests."""
        return is_loopback(self._base)

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        """Make one request on a fresh connection, and read its answer.

        The status stands even if the body cannot be read. Raises what the HTTP library raises when
        no status line came.
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
                verify=trusted(),
                http2=False,
                timeout=self._timeout,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
                follow_redirects=False,
                transport=self._transport,
                # What goes to this machine itself goes past every proxy: the key would be in clear.
                trust_env=not self.is_local,
            ) as client,
            client.stream(method, self._base + path, headers=headers, **more) as response,
        ):
            body = await _read_body(response)
            answer = Answer.read(response.status_code, response.headers, body, self._hide)
            self._hear(answer.date)
            return answer

    def say(self, error: Exception) -> str:
        """Return an error of the HTTP library as one short line, without secrets."""
        text = self._hide(" ".join(str(error).split()))
        return (f"{type(error).__name__}: {text}" if text else type(error).__name__)[:_SHOWN]


def _hidden(value: object, hide: Callable[[str], str]) -> object:
    """Return a JSON value with the secrets taken out of each of its texts."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [_hidden(one, hide) for one in value]
    if isinstance(value, dict):
        return {hide(name): _hidden(one, hide) for name, one in value.items()}
    return value


async def _read_body(response: httpx.Response) -> bytes | None:
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
