"""A ledger in a database of PostgreSQL, which several machines share.

What a transaction keeps others from is named by advisory locks, which end with it. They are taken
in one order: the ledger, the vendor's key, the account, the person, and at last the chain. What
follows a lock is read after it was taken (READ COMMITTED), so it sees what its last holder wrote.

| a transaction about | ledger | key | account | person |
|---|---|---|---|---|
| one message: its intent, its outcome | shared | the intent's own | its own | its own |
| one account: its quota | shared | | its own | |
| lanes and workers, on which no message depends | | | | |
| anything else: a list, the do-not-contact list, a person's word | its own | | | |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import LRUCache

from runner.errors import BusyError, StorageError, UnreachableError
from runner.ledger import schema
from runner.ledger.store.store import IDLE, Hold, number

# An index over some rows alone is one here as well. Said here, for to hear of a dialect's words the
# library loads that dialect, which the start of a command that needs a file alone would wait for.
for _table in schema.metadata.tables.values():
    for _index in _table.indexes:
        if (_some := _index.dialect_kwargs.get("sqlite_where")) is not None:
            _index.dialect_kwargs["postgresql_where"] = _some

# All of them are shorter than a lease: a transaction that hangs ends, and so its locks.
_PATIENT: Final = "120s"
_SETTINGS: Final = (
    "SET application_name = 'campaign-runner'",
    f"SET {IDLE} = '{_PATIENT}'",
    "SET lock_timeout = '60s'",  # a long list may be on its way in
    f"SET statement_timeout = '{_PATIENT}'",
    "SET timezone = 'UTC'",
    # The server notices as well when a machine is gone whose transaction holds locks.
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 2",
    "SET tcp_keepalives_count = 3",
    "SET tcp_user_timeout = '10s'",
)
# Also one that waits for a lock. Older servers notice it when they answer.
_WHILE_WAITING: Final = "SET client_connection_check_interval = '2s'"
_CAN_NOTICE: Final = 140_000
# What a message holds, a machine that is cut off would hold for all others: only for so long. The
# locks of one intent, each waited for at most so long, are got within its fuse.
_BRIEFLY: Final = {IDLE: "5s", "lock_timeout": "8s"}
# A line that is dead is known as dead within half a minute, in both directions.
LINE: Final = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
_LEDGER: Final = "ledger"
# What is told as "not now" rather than as damage: locks, timeouts, deadlocks.
_BUSY: Final = ("40001", "40P01", "55P03", "57014", "25P03", "53")
_GONE: Final = ("08", "57P")
_MASK: Final = 2**64 - 1
# The lock of a number of 64 bits is shown in two halves.
_IS_HELD: Final = sa.text(
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND "
    "granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND classid::bigint = :high AND objid::bigint = :low)"
)
# Clocks that are this close together are alike: an answer takes its time.
_ALIKE: Final = timedelta(seconds=1)
# Connections beside those of the lanes: for the lock of a run, a beat, a look.
_BESIDE: Final = 4


class Dialect(PGDialect_psycopg):
    """PostgreSQL as SQLAlchemy knows it, alike for all ledgers on servers of one version: what is
    compiled for one serves every other that this process opens."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dialect) and _version(self) == _version(other)

    def __hash__(self) -> int:
        return hash(Dialect)


registry.register("postgresql.ledger", __name__, Dialect.__name__)
_COMPILED: Final[LRUCache[Any, Any]] = LRUCache(2_000)


class Postgres:
    """The store of a ledger on a server."""

    is_shared = True

    def __init__(self, url: URL, place: str, lanes: int = 1) -> None:
        self.place = place
        self._url = url
        self.engine = _engine_of(url, lanes + _BESIDE)
        # How far the server's clock is ahead of this computer's, which may be minutes off.
        self._ahead = timedelta()
        event.listen(self.engine, "connect", self._connected)

    def _connected(self, connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            for setting in _SETTINGS:
                cursor.execute(setting)
            if connection.info.server_version >= _CAN_NOTICE:
                cursor.execute(_WHILE_WAITING)
            self._hear(cursor.execute("SELECT clock_timestamp()").fetchone()[0])
        connection.commit()

    def _hear(self, time: datetime) -> None:
        """Learn the server's time."""
        ahead = time - _now()
        self._ahead = ahead if abs(ahead) > _ALIKE else timedelta()

    @contextmanager
    def write(self, hold: Hold | None) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            self._lock(connection, hold)
            yield connection

    def _lock(self, connection: Connection, hold: Hold | None) -> None:
        columns: list[sa.ColumnElement[Any]] = []
        if hold is None:
            columns.append(sa.func.pg_advisory_xact_lock(number(_LEDGER)))
        elif hold.account is not None:
            columns += [sa.func.set_config(name, value, True) for name, value in _BRIEFLY.items()]
            columns.append(sa.func.pg_advisory_xact_lock_shared(number(_LEDGER)))
            columns += [sa.func.pg_advisory_xact_lock(number(name)) for name in _names(hold)]
        columns.append(sa.func.clock_timestamp())
        # They are taken in the order in which they stand; the time is that after the last one.
        labelled = (one.label(f"n{at}") for at, one in enumerate(columns))
        self._hear(connection.execute(sa.select(*labelled)).one()[-1])

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with (
            self.engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            ) as connection,
            connection.begin(),
        ):
            yield connection

    def mark(self, connection: Connection) -> object:
        """Each differs: whatever was chosen is chosen again under its locks."""
        del connection
        return object()

    @contextmanager
    def run_lock(self, campaign_id: int) -> Iterator[bool]:
        """A lock of the session, on a connection of its own."""
        key = number(_run(campaign_id))
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            got = connection.execute(sa.select(sa.func.pg_try_advisory_lock(key))).scalar_one()
            try:
                yield bool(got)
            finally:
                connection.invalidate()  # its end frees the lock, whatever has happened to it

    def is_running(self, campaign_id: int) -> bool:
        with self.read() as connection:
            high, low = divmod(number(_run(campaign_id)) & _MASK, 2**32)
            held = {"high": high, "low": low}
            return bool(connection.execute(_IS_HELD, held).scalar())

    def check(self, connection: Connection) -> None:
        """Raise StorageError where the server would forget what it has confirmed."""
        if connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar():
            raise StorageError(
                "This server is a replica: nothing can be written to it.",
                where=self.place,
                remedy="Name the primary server with --ledger.",
            )
        if connection.exec_driver_sql("SHOW default_transaction_read_only").scalar() == "on":
            raise StorageError(
                "This database may only be read (default_transaction_read_only).",
                where=self.place,
                remedy="Name one that may be written to.",
            )
        for setting in ("synchronous_commit", "fsync", "full_page_writes"):
            if connection.exec_driver_sql(f"SHOW {setting}").scalar() == "off":
                raise StorageError(
                    f"The server has {setting} off: after a crash it may have forgotten whom "
                    "messages went to, and they would get them twice. Nothing was sent.",
                    where=self.place,
                    remedy=f"Turn {setting} on (ALTER SYSTEM SET {setting} = 'on', and reload).",
                )

    def begin_erasing(self, connection: Connection) -> None:
        """Nothing: what is deleted is gone from the tables once they are vacuumed."""

    def scrub(self) -> None:
        """Vacuum the tables. The server's log of changes and its backups are out of reach."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")

    def now(self, own: datetime) -> datetime:
        return own + self._ahead

    def explain(self, error: Exception) -> StorageError:
        orig = getattr(error, "orig", error)
        state = str(getattr(orig, "sqlstate", None) or "")
        reason = self._without_password(" ".join(str(orig).split()))
        is_gone = isinstance(error, DBAPIError) and error.connection_invalidated
        if not state or is_gone or state.startswith(_GONE):
            return UnreachableError(
                f"The ledger's server cannot be reached ({reason}).",
                where=self.place,
                remedy=(
                    "See that the server runs, and that address, user and password are right "
                    "(PGPASSWORD, or a service file); then run the same command again. Nothing is "
                    "lost."
                ),
            )
        if state.startswith(_BUSY):
            return BusyError(
                f"The ledger is busy ({reason}).",
                where=self.place,
                remedy="Run the same command again; nothing is lost.",
            )
        return StorageError(
            f"The ledger could not be written or read ({reason}).",
            where=self.place,
            remedy="See the server's log. Nothing is lost.",
        )

    def _without_password(self, reason: str) -> str:
        password = self._url.password or self._url.query.get("password")
        return reason.replace(str(password), "…") if password else reason


def _now() -> datetime:
    return datetime.now(UTC)


def _run(campaign_id: int) -> str:
    return f"run {campaign_id}"


def _names(hold: Hold) -> list[str]:
    """The names of what is held, in the order in which everybody takes it."""
    names = [] if hold.key is None else [f"key {hold.key}"]
    names.append(f"account {hold.account}")
    return names + sorted(f"person {key}" for key in set(hold.person))


def _version(dialect: Dialect) -> object:
    return getattr(dialect, "server_version_info", None)


def _engine_of(url: URL, connections: int) -> Engine:
    return sa.create_engine(
        url.set(drivername="postgresql+ledger"),
        execution_options={"compiled_cache": _COMPILED},
        connect_args=LINE,
        isolation_level="READ COMMITTED",
        pool_size=connections,
        max_overflow=_BESIDE,
        pool_pre_ping=True,  # a connection that the server has closed meanwhile is made anew
    )
