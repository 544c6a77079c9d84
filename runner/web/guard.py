"""The door of the console. Only a browser on this machine that was given the start-up token gets
in, and only the console's own pages can change anything.

A page of another site can send a browser to any address of this machine, and a name of that site
can be made to lead here (DNS rebinding). So a request must name the console's own address, must not
come from another origin, and must have the cookie; a change must also have the token that only our
own pages hold.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENTRANCE: Final = "/in"
TICKETS: Final = "/ticket"
# No style and no script but our own files, nothing from elsewhere, and no page around this one.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_OWN: Final = ("same-origin", "none")


@dataclass(frozen=True, slots=True)
class Badge:
    """What lets a browser in: the `token` in the address that the terminal shows, the `session` in
    its cookie afterwards, and `form`, which every change has to hold."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    form: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _tickets: set[str] = field(default_factory=set, repr=False)

    def ticket(self) -> str:
        """An address that lets a browser in once: everybody on this machine can read the command
        that opens a browser."""
        ticket = secrets.token_urlsafe(32)
        self._tickets.add(ticket)
        return f"http://127.0.0.1:{self.port}{ENTRANCE}?ticket={ticket}"

    def takes(self, ticket: str) -> bool:
        """Take a ticket, which is no good afterwards."""
        is_good = ticket in self._tickets
        self._tickets.discard(ticket)
        return is_good

    @property
    def cookie(self) -> str:
        """The name of the cookie: those of one machine share all its ports."""
        return f"campaign-console-{self.port}"

    @property
    def hosts(self) -> tuple[str, str]:
        """The names by which a browser may have found the console."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    @property
    def address(self) -> str:
        """The address that lets a browser in."""
        return f"http://127.0.0.1:{self.port}{ENTRANCE}?token={self.token}"

    def lets(self, said: str, wanted: str) -> bool:
        """Compare two secrets without telling how far they agree."""
        return hmac.compare_digest(said.encode(), wanted.encode())


class Guard:
    """Stands before the pages, and refuses whoever is not let in."""

    def __init__(self, app: ASGIApp, badge: Badge) -> None:
        self._app = app
        self._badge = badge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on; either way with the headers that browsers heed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._answer(Request(scope))
        await (answer or self._app)(scope, receive, guarded)

    def _answer(self, request: Request) -> Response | None:
        """The answer to a request that is not handed on."""
        headers = request.headers
        if headers.get("host") not in self._badge.hosts:
            return _refused(421, "This is not the address of the console.")
        if not is_own(headers, self._badge.hosts):
            return _refused(403, "Another site has sent this request.")
        if request.url.path == ENTRANCE:
            return self._enter(request)
        if request.url.path == TICKETS:
            said = headers.get("authorization", "").removeprefix("Bearer ")
            if self._badge.lets(said, self._badge.token):
                return PlainTextResponse(self._badge.ticket())
        cookie = request.cookies.get(self._badge.cookie, "")
        if not self._badge.lets(cookie, self._badge.session):
            return _refused(401, "Open the address that the terminal shows; it lets you in.")
        return None

    def _enter(self, request: Request) -> Response:
        asked = request.query_params
        is_known = self._badge.lets(asked.get("token", ""), self._badge.token)
        if not (is_known or self._badge.takes(asked.get("ticket", ""))):
            return _refused(401, "This address was used, or is of another start of the console.")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            self._badge.cookie, self._badge.session, httponly=True, samesite="strict", path="/"
        )
        return answer


def is_own(headers: Headers, hosts: Iterable[str]) -> bool:
    """Tell whether a request comes from the console's own pages, or from no page at all."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and origin not in {f"http://{host}" for host in hosts}:
        return False
    return site is None or site in _OWN


def _refused(status: int, why: str) -> Response:
    page = f"<!doctype html><html lang=en><title>Campaign Runner</title><p>{why}</p></html>"
    return HTMLResponse(page, status)
