"""A cable between workers and a server, which can be cut: nothing passes then, and nobody is told.

What was underway when it was cut arrives when it is mended, unless who sent it has given up: a
system does not send any more for a socket that was closed.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PART = 65_536
_ESTABLISHED = 1


class Cable:
    """Passes on what comes to its port, to a port of the loopback."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._whole = threading.Event()
        self._whole.set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(here,), daemon=True).start()

    def _connect(self, here: socket.socket) -> None:
        if not self._whole.is_set():
            self._whole.wait()
            if _is_given_up(here):
                here.close()
                return
        with here, suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as there:
            back = threading.Thread(target=self._pass, args=(there, here), daemon=True)
            back.start()
            self._pass(here, there)
            back.join()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while part := one.recv(_PART):
                if not self._whole.is_set():
                    self._whole.wait()
                    if _is_given_up(one):
                        break
                other.sendall(part)
        self._whole.wait()
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._whole.set()
        self._listener.close()


def _is_given_up(one: socket.socket) -> bool:
    """Tell whether the other end has closed a connection, whatever is still to be read from it."""
    state = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state != _ESTABLISHED


@contextmanager
def cable(port: int) -> Iterator[Cable]:
    """A cable to a port, for a while."""
    made = Cable(port)
    try:
        yield made
    finally:
        made.close()
