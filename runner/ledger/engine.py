"""The engine of a ledger: how SQLite is connected to, and how its transactions begin."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.util import LRUCache

from runner.ledger.file import BUSY_SECONDS


class Dialect(SQLiteDialect_pysqlite):
    """SQLite as SQLAlchemy knows it, alike for all ledgers: what is compiled for one serves every
    other that this process opens."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dialect)

    def __hash__(self) -> int:
        return hash(Dialect)


registry.register("sqlite.ledger", __name__, Dialect.__name__)
_COMPILED: Final[LRUCache[Any, Any]] = LRUCache(2_000)


def engine_of(url: URL, pragmas: Sequence[str]) -> Engine:
    """Return the engine of a file of SQLite, each of whose connections begins with `pragmas`."""
    engine = sa.create_engine(
        url.set(drivername="sqlite+ledger"),
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
