"""A ledger in a file of SQLite: how it is connected to, and how its transactions begin.

A write transaction takes the write lock at once, so that what it read is still true when it
commits: it keeps others from changing anything, whatever it is about.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.util import LRUCache

from runner.errors import StorageError
from runner.ledger.file import BUSY_SECONDS
from runner.ledger.location import lock_folder
from runner.ledger.store.store import Hold
from runner.ledger.trouble import damaged, unusable


class Dialect(SQLiteDialect_pysqlite):
    """SQLite as SQLAlchemy knows it, alike for all ledgers: what is compiled for one serves every
    other that this process opens."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dialect)

    def __hash__(self) -> int:
        return hash(Dialect)


registry.register("sqlite.ledger", __name__, Dialect.__name__)
_LOOKING: Final = threading.Lock()
_COMPILED: Final[LRUCache[Any, Any]] = LRUCache(2_000)
# The memory for pages: that of a list of 100,000 people as it is taken in, and SQLite's own.
_ROOM_KIB: Final = 131_072
_USUAL_KIB: Final = 2_000


class Sqlite:
    """The store of a ledger that is a file; each connection begins with `pragmas`."""

    is_shared = False

    def __init__(self, path: Path | str, pragmas: Sequence[str]) -> None:
        self.place = str(path)
        self.engine = _engine_of(self.place, pragmas)

    @contextmanager
    def write(self, hold: Hold | None) -> Iterator[Connection]:
        # The one write lock of a file holds everything. Without a hold, it may be a whole list that
        # is written: what no longer fits in memory would go to the file at once, and nobody could
        # read there until its end.
        with self.engine.begin() as connection:
            if hold is not None:
                yield connection
                return
            _ask(connection, f"PRAGMA cache_size = -{_ROOM_KIB}")
            try:
                yield connection
            finally:
                _ask(connection, f"PRAGMA cache_size = -{_USUAL_KIB}")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with (
            self.engine.connect().execution_options(read_only=True) as connection,
            connection.begin(),
        ):
            yield connection

    def mark(self, connection: Connection) -> object:
        # SQLite counts the commits of others for each connection by itself. It is asked directly,
        # since each message does so twice.
        mine = connection.info.setdefault("itself", object())
        return mine, _ask(connection, "PRAGMA data_version")

    @contextmanager
    def run_lock(self, campaign_id: int) -> Iterator[bool]:
        path = self._lock_of(campaign_id)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(path, timeout=0, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def is_running(self, campaign_id: int) -> bool:
        path = self._lock_of(campaign_id)
        return path.exists() and is_held(path)

    def _lock_of(self, campaign_id: int) -> Path:
        return lock_folder(Path(self.place)) / f"{campaign_id}.lock"

    def check(self, connection: Connection) -> None:
        found = connection.exec_driver_sql("PRAGMA integrity_check(3)").scalars().all()
        if found != ["ok"]:
            raise damaged(str(found[0]))
        orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if orphan is not None:
            raise damaged(f"a line of {orphan[0]} belongs to none of {orphan[2]}")

    def begin_erasing(self, connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA secure_delete = ON").close()

    def scrub(self) -> None:
        """Write the file anew without its deleted content, and empty its journal.

        The journal keeps the pages of the last transactions. The call waits until nobody else reads
        or writes.
        """
        with self.engine.connect().execution_options(bare=True) as connection:
            # Only the end of a transaction under TRUNCATE empties the journal; VACUUM is one.
            for statement in (
                "PRAGMA journal_mode = TRUNCATE",
                "VACUUM",
                "PRAGMA journal_mode = PERSIST",
            ):
                connection.exec_driver_sql(statement).close()

    def now(self, own: datetime) -> datetime:
        return own

    def explain(self, error: Exception) -> StorageError:
        return unusable(self.place, str(getattr(error, "orig", error)))


def is_held(path: Path) -> bool:
    """Tell whether a run has the lock at this path."""
    lock = FileLock(path, timeout=0, mode=0o600)
    with _LOOKING:  # two looks at once would take one another for a run
        try:
            lock.acquire()
        except (Timeout, OSError):
            return True
        lock.release()
    return False


def _engine_of(path: str, pragmas: Sequence[str]) -> Engine:
    engine = sa.create_engine(
        URL.create("sqlite+ledger", database=path),
        connect_args={"timeout": BUSY_SECONDS},
        execution_options={"compiled_cache": _COMPILED},
    )

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        # We begin transactions ourselves: Python's own way would begin them too late.
        connection.isolation_level = None
        try:
            for pragma in pragmas:
                connection.execute(pragma).close()
        except sqlite3.Error:
            connection.close()
            raise

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("bare"):  # VACUUM refuses to be part of a transaction
        connection.exec_driver_sql("BEGIN" if options.get("read_only") else "BEGIN IMMEDIATE")


def _ask(connection: Connection, pragma: str) -> Any:
    """Ask SQLite itself, without what the library does around it."""
    cursor = connection.connection.cursor()
    try:
        return cursor.execute(pragma).fetchone()
    finally:
        cursor.close()
