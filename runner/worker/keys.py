"""The keys of one worker: those that the vendor takes from it, each first in its turn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


class Keys:
    """The names of a worker's keys. One that was refused is left to other workers for a while:
    theirs may be another."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._refused: dict[str, datetime] = {}

    def refuse(self, name: str, until: datetime) -> None:
        """Leave a key out until then."""
        self._refused[name] = until

    def usable(self, now: datetime) -> tuple[str, ...]:
        """The names of those that are not left out."""
        return tuple(one for one in self.names if self._refused.get(one, now) <= now)

    def in_turn(self, now: datetime) -> tuple[str, ...]:
        """The same; each time another one comes first."""
        self.names = (*self.names[1:], *self.names[:1])
        return self.usable(now)
