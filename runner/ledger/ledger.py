"""The ledger's door: opening it safely, and its two kinds of transaction.

A ledger is never recreated over a damaged one, and never written by a version that does not know
its tables. On SQLite a write transaction takes the write lock at once, so that what it read is
still true when it commits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from platformdirs import user_data_path
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError

from runner.errors import StorageError, UsageError
from runner.ledger import schema
from runner.ledger.file import RESTORE, is_there, make, make_private, real_path

BUSY_SECONDS: Final = 60
# PERSIST ends each commit with a synced write in place: DELETE ends with an unlink that a power cut
# can undo, WAL carries a race in SQLite before 3.51.3, and only PERSIST could still record an
# outcome on a full disk. fullfsync matters on macOS.
_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = PERSIST",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA foreign_keys = ON",
)
# The whole chain of SQLite errors that mean "this file is not, or no longer, a ledger".
_DAMAGED: Final = ("not a database", "malformed", "file is encrypted")


class Ledger:
    """An open ledger; `is_new` is true when this opening made it.

    One process may hold several ledgers. Every method of the modules beside this one takes one of
    them.
    """

    def __init__(self, engine: Engine, url: URL, *, is_new: bool) -> None:
        self._engine = engine
        self._url = url
        self.is_new = is_new

    @property
    def place(self) -> str:
        """The file's path, or the URL without its password."""
        return (
            self._url.database or ""
            if self._url.drivername == "sqlite"
            else self._url.render_as_string()
        )

    @property
    def lock_folder(self) -> Path:
        """The folder of this ledger's run locks."""
        return Path(self.place + ".locks")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start and is durable at its end.

        Raises StorageError.
        """
        with self._translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; it keeps others from writing only as long as it lasts.

        Raises StorageError.
        """
        with (
            self._translated(),
            self._engine.connect().execution_options(read_only=True) as connection,
            connection.begin(),
        ):
            yield connection

    def scrub(self) -> None:
        """Write the file anew without its deleted content, and empty its journal.

        The journal keeps the pages of the last transactions. The call waits until nobody else reads
        or writes. Raises StorageError; then the call can be repeated.
        """
        with self._translated(), self._engine.connect().execution_options(bare=True) as connection:
            # Only the end of a transaction under TRUNCATE empties the journal; VACUUM is one.
            for statement in (
                "PRAGMA journal_mode = TRUNCATE",
                "VACUUM",
                "PRAGMA journal_mode = PERSIST",
            ):
                connection.exec_driver_sql(statement).close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise StorageError(
                f"The ledger could not be written or read ({error.orig}).",
                where=self.place,
                remedy=(
                    "Free disk space, check that the file may be written, and run the same "
                    "command again; nothing is lost."
                ),
            ) from None
        except DatabaseError as error:
            raise _damaged(self.place, error) from None

    def close(self) -> None:
        self._engine.dispose()


def open_ledger(location: str | Path, *, create: bool = True) -> Ledger:
    """Open a ledger by path or URL; make a new one (mode 0600) if there is no ledger yet.

    Raises StorageError and UsageError. Without `create`, a missing ledger also raises UsageError.
    """
    url, path = _url(location), ledger_path(location)
    is_new = not is_there(path)
    if is_new and not create:
        remedy = (
            "Begin one: campaign run SHEET -t TEMPLATE. If there is one, see whether --ledger "
            "names its ledger."
        )
        raise UsageError("There is no campaign yet.", where=str(path), remedy=remedy)
    if is_new:
        make(path)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    ledger = Ledger(engine, url, is_new=is_new)
    try:
        with ledger.read() as connection:
            version = _version(connection)
        make_private(path)
        if version != schema.HEAD:
            _migrate(ledger, path)
    except BaseException:
        ledger.close()
        raise
    return ledger


def ledger_path(location: str | Path) -> Path:
    """The file of the ledger that a path or URL names, behind every link. Raises UsageError and
    StorageError."""
    return Path(_url(location).database or "")


def look(location: str | Path) -> Path:
    """Return the file of the ledger that a path or URL names, once it is known that no other file
    is there. Raises UsageError, StorageError."""
    path = ledger_path(location)
    is_there(path)
    return path


def default_path() -> Path:
    """The user's own ledger, in the operating system's data directory."""
    return user_data_path("campaign-runner", appauthor=False) / "ledger.db"


def _url(location: str | Path) -> URL:
    text = str(location)
    if "://" not in text:
        return URL.create("sqlite", database=str(real_path(Path(text))))
    try:
        url = make_url(text)
    except ArgumentError:
        raise UsageError(
            f"{text!r} is no ledger URL.", remedy="Give a path, or sqlite:////absolute/path.db."
        ) from None
    if url.drivername != "sqlite" or not url.database or url.database == ":memory:":
        raise UsageError(
            f"A ledger on {url.drivername} is not supported by this version.",
            remedy="Give a path, or sqlite:////absolute/path.db.",
        )
    return url.set(database=str(real_path(Path(url.database))))


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = (
        None  # we begin transactions ourselves: Python's own way would begin them too late
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma).close()
    except sqlite3.Error:
        connection.close()
        raise


def _on_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("bare"):  # VACUUM refuses to be part of a transaction
        connection.exec_driver_sql("BEGIN" if options.get("read_only") else "BEGIN IMMEDIATE")


def _version(connection: Connection) -> str | None:
    """Return the migration that the ledger stands at; None for a new ledger.

    Raises StorageError for a file that is not a ledger.
    """
    tables = set(
        connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
    )
    if "alembic_version" in tables:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if tables:
        raise StorageError(
            "The file is a database, but not a ledger.",
            where=connection.engine.url.database,
            remedy="Choose another place with --ledger PATH.",
        )
    return None


def _migrate(ledger: Ledger, path: Path) -> None:
    # Alembic costs a third of a second to import: only a new or an old ledger pays it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%")
    )
    with (
        ledger.write() as connection
    ):  # another process that opens a new ledger now waits here, and then finds it made
        if _version(connection) == schema.HEAD:
            return
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError:
            raise StorageError(
                "The ledger was written by a newer version of Campaign Runner.",
                where=str(path),
                remedy="Update: pip install --upgrade campaign-runner.",
            ) from None


def _damaged(place: str, error: SQLAlchemyError) -> StorageError:
    reason = str(getattr(error, "orig", error))
    if any(mark in reason for mark in _DAMAGED):
        what = f"This is no ledger, or a damaged one ({reason}); it was left as it is."
    else:
        what = f"The ledger refused a change ({reason})."
    return StorageError(what, where=place, remedy=RESTORE)
