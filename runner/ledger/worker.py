"""The workers of a ledger: which processes send for it, and when each was last heard of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.lane import LEASE

# What is left of a worker that died is kept for people to see.
_KEPT: Final = timedelta(days=1)
_WORKER: Final = schema.worker.c
_BEAT: Final = sa.update(schema.worker).where(_WORKER.id == sa.bindparam("mine"))


class Worker(NamedTuple):
    """A process that sends: its computer and process, the names of its keys, and how many lanes it
    drives at once. One that is draining takes no more."""

    id: int
    name: str
    version: str
    keys: tuple[str, ...]
    lanes: int
    begun_at: datetime
    beat_at: datetime
    is_draining: bool

    def is_alive(self, now: datetime) -> bool:
        """Tell whether it was heard of lately."""
        return now - self.beat_at < LEASE


def enter(
    connection: Connection,
    name: str,
    version: str,
    keys: Sequence[str],
    lanes: int,
    now: datetime,
) -> int:
    """Note that a worker has begun, and forget those that are long dead; return its number."""
    connection.execute(sa.delete(schema.worker).where(_WORKER.beat_at < now - _KEPT))
    values: dict[str, Any] = {
        "name": name,
        "version": version,
        "keys": json.dumps(list(keys)),
        "lanes": lanes,
        "begun_at": now,
        "beat_at": now,
        "is_draining": False,
    }
    entered = sa.insert(schema.worker).returning(_WORKER.id)
    return int(connection.execute(entered, values).scalar_one())


def beat(
    connection: Connection, worker: int, keys: Sequence[str], now: datetime, *, is_draining: bool
) -> bool:
    """Note that a worker is alive, and with which keys; False where it was forgotten meanwhile."""
    said = json.dumps(list(keys))
    changed = _BEAT.values(beat_at=now, keys=said, is_draining=is_draining)
    return connection.execute(changed, {"mine": worker}).rowcount > 0


def leave(connection: Connection, worker: int) -> None:
    """Forget a worker that has ended."""
    connection.execute(sa.delete(schema.worker).where(_WORKER.id == worker))


def workers(connection: Connection) -> list[Worker]:
    """All workers that are known, the one that began first first."""
    found = connection.execute(sa.select(schema.worker).order_by(_WORKER.begun_at, _WORKER.id))
    return [Worker(**{**one, "keys": tuple(json.loads(one["keys"]))}) for one in found.mappings()]


def alive(connection: Connection, now: datetime) -> list[Worker]:
    """Those that were heard of lately."""
    return [one for one in workers(connection) if one.is_alive(now)]


def served(some: Iterable[Worker]) -> frozenset[str]:
    """The names of the keys that some workers have."""
    return frozenset(key for one in some for key in one.keys)
