"""A ledger that is open: its two kinds of transaction, and what keeps one that knows less than its
second record, or that has moved, from being added to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError, DBAPIError

from runner.errors import StorageError
from runner.ledger import note
from runner.ledger.about import Last, left_as
from runner.ledger.chain import FOUND, NOTED, Link, digest_at, head
from runner.ledger.content import check_content
from runner.ledger.file import has_hot_journal, mend
from runner.ledger.location import lock_folder
from runner.ledger.noted import Noted
from runner.ledger.second import SecondRecord
from runner.ledger.store.store import NOTHING, Hold, Store


class Ledger:
    """An open ledger; `is_new` is true when this opening made it.

    `second` is its second record, None for a ledger that need not outlive its process. `is_whole`
    is set once it was looked through, `is_as_left` when its file is as the last run left it.
    """

    def __init__(self, store: Store, path: Path, *, is_new: bool) -> None:
        self._store = store
        # Its own path; for one on a server, that of what lies beside it on this machine.
        self.path = path
        self.is_new = is_new
        self.is_whole = is_new
        self.second: SecondRecord | None = None
        self.is_as_left = is_new or store.is_shared
        # Where all that it holds has gone, if it has: it is there to be read alone.
        self.moved_to: str | None = None
        self._looked: object = None  # the mark of the last look whether it has
        self._writes = 0
        # The last event that this process, or the second record, has seen in the chain.
        self._seen: Noted | None = None

    @property
    def place(self) -> str:
        """The file's path, or the server's address without a password."""
        return self._store.place

    @property
    def is_shared(self) -> bool:
        """Tell whether several machines may share it."""
        return self._store.is_shared

    @property
    def is_lasting(self) -> bool:
        """Tell whether it outlives its process, and other records are compared with it."""
        return self.is_shared or self.second is not None

    @property
    def lock_folder(self) -> Path:
        """The folder of its run locks."""
        return lock_folder(self.path)

    def now(self, own: datetime) -> datetime:
        """The time by the clock of all who share the ledger; `own` is this computer's."""
        return self._store.now(own)

    @contextmanager
    def write(self, hold: Hold | None = None) -> Iterator[Connection]:
        """A transaction that nobody else changes anything beside, and that is durable at its end.

        With a `hold`, others may change what has nothing to do with it, where the ledger is shared.
        What is added to the chain is then noted in the second record. Raises StorageError.
        """
        self.refuse_moved()
        with self._translated(), self._store.write(hold) as connection:
            if hold is not NOTHING:
                self._look_whether_moved(connection)
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

    def learn_moved(self, connection: Connection) -> None:
        """Learn whether the ledger has moved, now and before each write from now on."""
        self.moved_to = note.noted(connection, note.MOVED)
        self._looked = self._store.mark(connection)

    def _look_whether_moved(self, connection: Connection) -> None:
        """Raise StorageError for one that others have moved while this process had it open."""
        if self._looked is not None and self._store.mark(connection) != self._looked:
            self.learn_moved(connection)
            self.refuse_moved()

    def refuse_moved(self) -> None:
        """Raise StorageError for a ledger that has moved."""
        if self.moved_to is not None:
            raise StorageError(
                f"This ledger was moved to {self.moved_to}. Nothing was changed or sent.",
                where=self.place,
                remedy="Name that one with --ledger.",
            )

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
        with self._translated(), self._store.read() as connection:
            yield connection

    def mark(self, connection: Connection) -> tuple[object, ...]:
        """Return what another mark differs from, if anything of the ledger changed in between.

        Each is asked for within a transaction.
        """
        return self._store.mark(connection), self._writes  # of its own commits it may know nothing

    def mark_now(self) -> tuple[object, ...]:
        """Return the mark of this moment. Raises StorageError."""
        with self.read() as connection:
            return self.mark(connection)

    def run_lock(self, campaign_id: int) -> AbstractContextManager[bool]:
        """The lock of a campaign's run, for as long as it lasts; False where another run has it."""
        return self._store.run_lock(campaign_id)

    def is_running(self, campaign_id: int) -> bool:
        """Tell whether a run of the campaign has its lock, in any process."""
        return self._store.is_running(campaign_id)

    def scrub(self) -> None:
        """Make what was deleted irrecoverable. Raises StorageError; the call can be repeated."""
        with self._translated():
            self._store.scrub()

    def check(self, connection: Connection) -> None:
        """Raise StorageError where the database contradicts itself, or would forget what it has
        confirmed."""
        self._store.check(connection)

    def begin_erasing(self, connection: Connection) -> None:
        """Let what is deleted from now on in this transaction leave no trace."""
        self._store.begin_erasing(connection)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._store.explain(error) from None
        except (ValueError, TypeError, LookupError, AttributeError):
            self._look_for_damage()
            raise

    def _look_for_damage(self) -> None:
        """Raise StorageError when the ledger holds what it cannot hold: then nothing else is to
        blame."""
        if self.is_shared:
            return  # a server keeps each value of the kind that its column has
        try:
            with self._store.read() as connection:
                check_content(connection)
        except (DatabaseError, UnicodeDecodeError) as error:
            raise self._store.explain(error) from None
        except StorageError as error:
            raise StorageError(error.what, where=self.place, remedy=mend(self.place)) from None

    def close(self) -> None:
        """Close the file; note how it was left, when it is whole."""
        last = None
        if self.is_whole and self._writes and self.second is not None:
            with suppress(StorageError), self.read() as connection:
                last = Last(*head(connection))
        self._store.engine.dispose()
        # A change that is half done will be undone. Else it is only looked through once more.
        if last and self.second and not has_hot_journal(self.path):
            with suppress(StorageError):
                record = left_as(self.second.path)
                self.second.note_place(self.place, left_as(self.path), record, last)
