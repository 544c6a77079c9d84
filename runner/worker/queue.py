"""The queue between those who find lanes due and those who drive them: Procrastinate's, in the
database of the ledger.

It carries only lanes that are due, and those not for long, so nothing hangs on it: emptied, or with
jobs of workers that died, it loses no lane, since each comes back when its lease is over. Each
version of the library has a schema of its own, and workers of several versions run side by side.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import procrastinate
import psycopg
import sqlalchemy as sa
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager
from procrastinate.types import JSONDict
from procrastinate.worker import Worker
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import URL, Connection

from runner.errors import UnreachableError
from runner.ledger.ledger import Ledger
from runner.ledger.store.postgres import LINE

SCHEMA: Final = f"procrastinate_{'_'.join(procrastinate.__version__.split('.')[:2])}"
_TASK: Final = "drive"
# Jobs whose worker died before it was done with them.
_LEFT: Final = sa.text(
    "DELETE FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL"
)
_PATIENCE: Final = 10.0
_CONNECTIONS: Final = 3  # one fetches, one beats, one reports what is done


class Queue:
    """The queue of one database. A job is one lane, in the line of its key."""

    def __init__(self, url: URL, drive: Callable[[str, str], Awaitable[None]]) -> None:
        self._conninfo = _conninfo(url)
        self._drive = drive
        # Jobs are put in on the connections of the ledger: this one opens none.
        self._giving = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        self._worker: Worker | None = None
        self._is_closed = False

    def install(self, ledger: Ledger) -> None:
        """Make the queue's tables, where they are not there yet. Raises StorageError."""
        with ledger.write() as connection:
            connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            _enter(connection)
            there = sa.func.to_regclass(f"{SCHEMA}.procrastinate_jobs")
            if connection.scalar(sa.select(there)) is None:
                _raw(connection).execute(SchemaManager.get_schema())

    def give(self, connection: Connection, due: Mapping[str, Sequence[str]]) -> None:
        """Put in the lanes of each key, in the caller's transaction. Raises UnreachableError."""
        _enter(connection)
        for key, accounts in due.items():
            task = self._giving.configure_task(_TASK, queue=key, connection=_raw(connection))
            try:
                jobs: list[JSONDict] = [{"account": one, "key": key} for one in accounts]
                task.batch_defer(*jobs)
            except ConnectorException as error:
                raise _away(error) from None

    def tidy(self, connection: Connection) -> None:
        """Take out what workers that died have left."""
        _enter(connection)
        connection.execute(_LEFT)

    async def serve(self, keys: Sequence[str], lanes: int) -> None:
        """Drive the lanes of these keys, so many at once, until the queue is closed. Raises
        UnreachableError when the server goes away."""
        # Its connections are made anew each time: those of one that failed to open stay behind.
        connector = procrastinate.PsycopgConnector(
            conninfo=self._conninfo, min_size=1, max_size=_CONNECTIONS, timeout=_PATIENCE
        )
        app = procrastinate.App(connector=connector)
        app.task(name=_TASK)(self._drive)
        try:
            async with app.open_async():
                if self._is_closed:
                    return
                # `run_worker_async` of the app makes one as well, and keeps it to itself: this one
                # is asked to stop.
                self._worker = Worker(
                    app,
                    queues=list(keys),
                    concurrency=lanes,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    # A lane that is driven when the server goes away ends by itself.
                    shutdown_graceful_timeout=0,
                )
                await self._worker.run()  # type: ignore[no-untyped-call]
        except (ConnectorException, psycopg.Error) as error:
            raise _away(error) from None

    def pause(self) -> None:
        """Take no more lanes until it is served again."""
        self._stop(_PATIENCE)

    def close(self, seconds: float) -> None:
        """Take no more lanes; those that are driven have so long to end."""
        self._is_closed = True
        self._stop(seconds)

    def _stop(self, seconds: float) -> None:
        if self._worker is not None:
            self._worker.shutdown_graceful_timeout = seconds
            self._worker.stop()  # type: ignore[no-untyped-call]


def _away(error: Exception) -> UnreachableError:
    return UnreachableError(f"The queue cannot be reached ({error}).", remedy="Nothing is lost.")


def _conninfo(url: URL) -> str:
    said = dict(url.query)
    # Like all settings of a connection, its path may stand in the address as well.
    options = " ".join(filter(None, [str(said.pop("options", "")), f"-c search_path={SCHEMA}"]))
    named = url.translate_connect_args(username="user", database="dbname")
    parts: dict[str, Any] = {**LINE, **said, **named, "options": options}
    return make_conninfo(**parts)


def _enter(connection: Connection) -> None:
    """Let the queue's own statements find their tables, in this transaction."""
    connection.execute(sa.text(f"SET LOCAL search_path TO {SCHEMA}, public"))


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection
