"""The wire: one request on its way through the socket, watched by the phases that the HTTP library
tells.

Whether its first byte was handed over, and not an error's name, tells what a broken request means.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from runner.sending.fuse import Fuse

# The system forgets what it has not sent yet when the socket is closed, also by the death of its
# process. Else it goes on trying for a quarter of an hour.
_FORM: Final = "hh" if sys.platform == "win32" else "ii"
_DROPPED, _ORDERLY = struct.pack(_FORM, 1, 0), struct.pack(_FORM, 0, 0)
# What the vendor does not take in for so long is given up, also while the process is stopped. Linux
# alone has this.
_USER_TIMEOUT: Final = getattr(socket, "TCP_USER_TIMEOUT", None)


class StoodStillError(Exception):
    """So much time went by between the intent and the first byte that no byte may leave."""

    def __str__(self) -> str:
        return "this computer stood still just before the message left"


class Wire:
    """Watches one request: commits the intent just before its first byte, and keeps a request that
    is late from leaving.

    `fuse` ends before the attempt's deadline. What is handed to the system leaves within `seconds`,
    or never.
    """

    def __init__(self, commit_intent: Callable[[], None], fuse: Fuse, seconds: float) -> None:
        self._commit_intent = commit_intent
        self._fuse = fuse
        self._seconds = seconds
        self._connected: socket.socket | None = None
        self.reached = False

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take in an event of the HTTP library. Raises what the commit of the intent raises, and
        StoodStillError."""
        kind, _, phase = event.rpartition(".")
        if kind == "connection.connect_tcp" and phase == "complete":
            self._bound(info["return_value"].get_extra_info("socket"))
        elif kind.endswith(".send_request_headers") and phase == "started":
            # Through a proxy the same event announces the CONNECT request, which carries no
            # message.
            if info["request"].method == b"POST" and not self.reached:
                self._reach()
        elif kind.endswith(".send_request_body") and phase != "started":
            self._fuse.put_out()
        elif kind.endswith(".receive_response_body") and phase == "complete":
            self._linger(_ORDERLY)  # nothing is left to drop: the connection ends as others do

    def _reach(self) -> None:
        self._linger(_DROPPED)
        self._fuse.light()
        self._commit_intent()
        if self._fuse.is_burnt:
            raise StoodStillError
        self.reached = True

    def _bound(self, connected: socket.socket | None) -> None:
        self._connected = connected
        if connected is not None and _USER_TIMEOUT is not None:
            milliseconds = round(1000 * self._seconds)
            connected.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, milliseconds)

    def _linger(self, how: bytes) -> None:
        if self._connected is not None:
            with suppress(OSError):  # macOS refuses once the other end has closed
                self._connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)

    def close(self) -> None:
        """Put the fuse out, however the request ended."""
        self._fuse.put_out()
