"""How others know a worker: by its computer and process, the keys it goes by, and its beat."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.engine import Connection

from runner import __version__
from runner.ledger import worker as registry
from runner.worker.keys import Keys


class Presence:
    """A worker's entry in the ledger, once it has entered; `number` is the entry's."""

    def __init__(
        self,
        keys: Keys,
        lanes: int,
        now: Callable[[], datetime],
        is_draining: Callable[[], bool],
    ) -> None:
        self._is_draining = is_draining
        self._keys = keys
        self._lanes = lanes
        self._now = now
        self.number = 0

    def enter(self, connection: Connection) -> None:
        """Note that it has begun."""
        now, name = self._now(), f"{platform.node()}:{os.getpid()}"
        keys = self._keys.usable(now)
        self.number = registry.enter(connection, name, __version__, keys, self._lanes, now)

    def beat(self, connection: Connection) -> None:
        """Note that it is alive, and with which keys."""
        now, ends = self._now(), self._is_draining()
        keys = self._keys.usable(now)
        if not registry.beat(connection, self.number, keys, now, is_draining=ends):
            self.enter(connection)  # it was away for a day

    def is_alone_with(self, connection: Connection, key: str) -> bool:
        """Tell whether no other worker that is alive goes by a key."""
        alive = registry.alive(connection, self._now())
        return key not in registry.served(one for one in alive if one.id != self.number)

    def leave(self, connection: Connection) -> None:
        """Note that it has ended."""
        registry.leave(connection, self.number)
