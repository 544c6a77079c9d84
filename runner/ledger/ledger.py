"""The ledger's door: opening it safely, and its two kinds of transaction.

A ledger is never recreated over a damaged one, and never written by a version that does not know
its tables. On SQLite a write transaction takes the write lock at once, so that what it read is
still true when it commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DatabaseError

from runner.errors import StorageError, UsageError
from runner.ledger import schema
from runner.ledger.about import Last, left_as
from runner.ledger.backup import keep
from runner.ledger.chain import FOUND, NOTED, Link, digest_at, head
from runner.ledger.content import check_content
from runner.ledger.engine import engine_of
from runner.ledger.file import (
    PRAGMAS,
    PRAGMAS_OF_A_NEW_ONE,
    PRAGMAS_OF_A_PASSING_ONE,
    begin,
    finish,
    has_hot_journal,
    is_there,
    make_folder,
    make_private,
    mend,
)
from runner.ledger.location import lock_folder, url_of
from runner.ledger.lost import refuse_foreign_journal, refuse_lost
from runner.ledger.noted import Noted
from runner.ledger.second import SecondRecord, second_record
from runner.ledger.trouble import unusable
from runner.ledger.version import identity_of, is_older, upgrade, version_of


class Ledger:
    """An open ledger; `is_new` is true when this opening made it.

    `second` is its second record, None for a ledger that need not outlive its process. `is_whole`
    is set once it was looked through, `is_as_left` when its file is as the last run left it.
    """

    def __init__(
        self, engine: Engine, url: URL, *, is_new: bool, second: SecondRecord | None
    ) -> None:
        self._engine = engine
        self._url = url
        self.is_new = is_new
        self.is_whole = is_new
        self.is_as_left = is_new or second is None
        self.second = second
        self._writes = 0
        # The last event that this process, or the second record, has seen in the chain.
        self._seen: Noted | None = None

    @property
    def place(self) -> str:
        """The file's path, or the URL without its password."""
        return (
            self._url.database or ""
            if self._url.drivername == "sqlite"
            else self._url.render_as_string()
        )

    @property
    def path(self) -> Path:
        """The ledger's file."""
        return Path(self.place)

    @property
    def lock_folder(self) -> Path:
        """The folder of its run locks."""
        return lock_folder(self.path)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start and is durable at its end.

        What it adds to the chain is then noted in the second record. Raises StorageError.
        """
        with self._translated(), self._engine.begin() as connection:
            connection.info.pop(NOTED, None)
            connection.info.pop(FOUND, None)
            yield connection
            noted = connection.info.pop(NOTED, ())
            if noted:
                self._compare(connection, noted)
        self._writes += 1
        if noted and self.second is not None:
            events = (line for line in noted if line.n)
            self._seen = max(events, key=lambda line: line.n, default=self._seen)
            self.second.append(noted, self.place)

    def _compare(self, connection: Connection, noted: Sequence[Noted]) -> None:
        """Raise StorageError before a ledger that is older than what was seen of it adds to it.

        Its file can also be replaced, or written over, while this process has it open.
        """
        if self.second is None:
            return
        found: Link | None = connection.info.get(FOUND)
        known = (self._seen, self.second.latest(4096))
        for seen in {Link(seen.n, seen.head) for seen in known if seen is not None} - {found}:
            added = any(line.n == seen.n for line in noted)
            if added or digest_at(connection, seen.n) != seen.head:
                raise StorageError(
                    "The ledger is older than its second record. Nothing was changed.",
                    where=self.place,
                    remedy=mend(self.place),
                )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; it keeps others from writing while it lasts. Raises StorageError."""
        with (
            self._translated(),
            self._engine.connect().execution_options(read_only=True) as connection,
            connection.begin(),
        ):
            yield connection

    def mark(self, connection: Connection) -> tuple[object, ...]:
        """Return what another mark differs from, if anything of the ledger changed in between.

        Each is asked for within a transaction.
        """
        # SQLite counts the commits of others for each connection by itself; ours it leaves out.
        # It is asked directly, since each message does so twice.
        mine = connection.info.setdefault("itself", object())
        cursor = connection.connection.cursor()
        others = cursor.execute("PRAGMA data_version").fetchone()
        cursor.close()
        return mine, others, self._writes

    def mark_now(self) -> tuple[object, ...]:
        """Return the mark of this moment. Raises StorageError."""
        with self.read() as connection:
            return self.mark(connection)

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
        except DatabaseError as error:
            raise unusable(self.place, str(error.orig)) from None
        except (ValueError, TypeError, LookupError, AttributeError):
            self._look_for_damage()
            raise

    def _look_for_damage(self) -> None:
        """Raise StorageError when the ledger holds what it cannot hold: then nothing else is to
        blame."""
        try:
            with self._engine.connect().execution_options(read_only=True) as connection:
                check_content(connection)
        except (DatabaseError, UnicodeDecodeError) as error:
            reason = str(getattr(error, "orig", "malformed text"))
            raise unusable(self.place, reason) from None
        except StorageError as error:
            raise StorageError(error.what, where=self.place, remedy=mend(self.place)) from None

    def close(self) -> None:
        """Close the file; note how it was left, when it is whole."""
        last = None
        if self.is_whole and self._writes and self.second is not None:
            with suppress(StorageError), self.read() as connection:
                last = Last(*head(connection))
        self._engine.dispose()
        # A change that is half done will be undone. Else it is only looked through once more.
        if last and self.second and not has_hot_journal(self.path):
            with suppress(StorageError):
                record = left_as(self.second.path)
                self.second.note_place(self.place, left_as(self.path), record, last)


def open_ledger(
    location: str | Path, *, create: bool = True, noted: bool = True, lasting: bool = True
) -> Ledger:
    """Open a ledger by path or URL; make a new one (mode 0600) if there is no ledger yet.

    A ledger that is not `noted` has no second record. One that is not `lasting` is thrown away by
    who opens it, whatever happens. Without `create`, a missing one raises
    UsageError. One that is missing although messages of it are known is never made anew. Raises
    StorageError.
    """
    url = url_of(location)
    path = Path(url.database or "")
    is_new = False
    if not is_there(path):
        if noted:
            refuse_lost(path)
        if not create:
            remedy = (
                "Begin one: campaign run SHEET -t TEMPLATE. If there is one, see whether --ledger "
                "names its ledger."
            )
            raise UsageError("There is no campaign yet.", where=str(path), remedy=remedy)
        is_new = _make(path)
    make_private(path)
    if noted:
        refuse_foreign_journal(path)
    engine = engine_of(url, PRAGMAS if lasting else PRAGMAS_OF_A_PASSING_ONE)
    ledger = Ledger(engine, url, is_new=is_new, second=None)
    try:
        with ledger.read() as connection:
            version = version_of(connection)
        if version != schema.HEAD:
            _migrate(ledger, version, noted=noted)
        if noted:
            with ledger.read() as connection:
                ledger.second = second_record(identity_of(connection))
    except BaseException:
        ledger.close()
        raise
    return ledger


def as_it_is(path: Path) -> Ledger:
    """Open the ledger of a file without migrating it or making it private, to look at it."""
    url = URL.create("sqlite", database=str(path))
    return Ledger(engine_of(url, PRAGMAS), url, is_new=False, second=None)


def _make(path: Path) -> bool:
    """Make a new ledger, in one step; False when another process was first. Raises StorageError."""
    make_folder(path)
    try:
        lock_folder(path).mkdir(mode=0o700, exist_ok=True)
        with FileLock(lock_folder(path) / "new.lock", mode=0o600):
            if is_there(path):
                return False
            part = begin(path)
            url = URL.create("sqlite", database=str(part))
            ledger = Ledger(engine_of(url, PRAGMAS_OF_A_NEW_ONE), url, is_new=True, second=None)
            try:
                _migrate(ledger, None, noted=False)
            finally:
                ledger.close()
            finish(part, path)
    except OSError as error:
        raise StorageError(
            f"The ledger cannot be made ({error.strerror}).",
            where=str(path),
            remedy="Check the folder's permissions, or choose another place with --ledger PATH.",
        ) from None
    return True


def _migrate(ledger: Ledger, version: str | None, *, noted: bool) -> None:
    """Bring the tables up to this version; an old ledger is copied first. Raises StorageError."""
    identity = secrets.token_hex(16)
    if version is not None and noted and is_older(version):
        second = second_record(identity)
        keep(ledger.path, second, f"before-{schema.HEAD}")
        second.note_place(ledger.place)
    # Another process that opens an old ledger waits here, and then finds it migrated.
    with ledger.write() as connection:
        if version_of(connection) != schema.HEAD:
            upgrade(connection, identity)
