"""Serving the console on this machine alone, until a person ends it.

Where it is served, and by which token, stands in a file beside the ledger that only its owner can
read: so a second start finds the first.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import psutil
import uvicorn

from runner.errors import StorageError, UsageError
from runner.ledger.location import Place, beside
from runner.system.file import FileError, read_whole, replace_whole
from runner.web.app import application
from runner.web.desk import Desk
from runner.web.guard import TICKETS, Badge

HOST: Final = "127.0.0.1"
_LONGEST: Final = 4_096
_BACKLOG: Final = 128
_GRACE_SECONDS: Final = 3
_ASKING_SECONDS: Final = 3


def found(place: Place) -> tuple[str, str] | None:
    """The address of the console that is served for a ledger already, and one to open once."""
    try:
        said = json.loads(read_whole(_note(place), _LONGEST)[0])
        port, token, pid = int(said["port"]), str(said["token"]), int(said["pid"])
    except (FileError, ValueError, KeyError, TypeError):
        return None
    if not psutil.pid_exists(pid):
        return None
    with suppress(httpx.HTTPError):
        asked = httpx.get(
            f"http://{HOST}:{port}{TICKETS}",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=_ASKING_SECONDS,
        )
        if asked.status_code == httpx.codes.OK:
            return Badge(port, token).address, asked.text
    return None


def bound(port: int) -> socket.socket:
    """A socket on this machine's own address. Raises UsageError for a port that is taken."""
    listening = socket.socket()
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows lets others take a port over
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise UsageError(
            f"The port {port} cannot be used ({error.strerror}).",
            remedy="Name another one: --port 8766, or --port 0 for any that is free.",
        ) from None
    return listening


def serve(desk: Desk, listening: socket.socket, begun: Callable[[str, str], None]) -> None:
    """Serve the console until a signal ends it; `begun` is told the address that lets a browser in,
    and one to open once.

    Raises StorageError when it cannot be noted beside the ledger.
    """
    server = _Server(application(desk), desk)
    note = _note(desk.place)
    badge = desk.badge
    said = {"port": badge.port, "token": badge.token, "pid": psutil.Process().pid}
    try:
        replace_whole(note, json.dumps(said).encode())
    except OSError as error:
        raise StorageError(f"{note} cannot be written ({error.strerror}).") from None
    threading.Thread(target=desk.warm, daemon=True).start()
    try:
        begun(badge.address, badge.ticket())
        with suppress(KeyboardInterrupt):  # the signal that ended it, once more
            server.run(sockets=[listening])
    finally:
        desk.is_closing = True
        note.unlink(missing_ok=True)


class _Server(uvicorn.Server):
    """Tells the pages that wait for news when it ends."""

    def __init__(self, app: object, desk: Desk) -> None:
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]  # it has types of its own for the same
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._desk = desk

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all that is open."""
        self._desk.is_closing = True
        await super().shutdown(sockets)


def _note(place: Place) -> Path:
    path = beside(place)
    return path.with_name(f"{path.name}.console")
