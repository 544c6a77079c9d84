"""What a ledger asks of the database that keeps it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from runner.errors import StorageError

_CHAIN: Final = "chain"
# The setting of a server that ends a transaction in which nothing happens for so long.
IDLE: Final = "idle_in_transaction_session_timeout"


class Hold(NamedTuple):
    """What a change of one account's message keeps others from: the account, and the message's
    person by every spelling. One with a `key`, by its name, also counts what went by it. Everything
    else that changes a ledger keeps everybody from it; but for a change of what no message depends
    on, such as which worker is alive, whose hold has no account."""

    account: str | None
    person: Collection[str] = ()
    key: str | None = None


NOTHING: Final = Hold(None)


class Store(Protocol):
    """A database that keeps one ledger."""

    engine: Engine
    # Whether several machines may share the ledger.
    is_shared: bool

    @property
    def place(self) -> str:
        """The file's path, or the server's address without a password."""

    def write(self, hold: Hold | None) -> AbstractContextManager[Connection]:
        """A transaction in which nobody else changes what is held, or anything without a hold."""

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of the ledger."""

    def mark(self, connection: Connection) -> object:
        """Return what another mark differs from, if anybody else changed anything in between."""

    def run_lock(self, campaign_id: int) -> AbstractContextManager[bool]:
        """The lock of a campaign's run, which the death of its process frees; False where another
        run has it. Raises OSError where it cannot be made."""

    def is_running(self, campaign_id: int) -> bool:
        """Tell whether a run of the campaign has its lock, in any process."""

    def check(self, connection: Connection) -> None:
        """Raise StorageError where the database contradicts itself, or would forget what it has
        confirmed."""

    def begin_erasing(self, connection: Connection) -> None:
        """Let what is deleted from now on in this transaction leave no trace in the database."""

    def scrub(self) -> None:
        """Make what was deleted irrecoverable, as far as a program can."""

    def now(self, own: datetime) -> datetime:
        """Return the time on the clock that all who share the ledger go by; `own` is this
        computer's."""

    def explain(self, error: Exception) -> StorageError:
        """Say in words what the database says of its trouble."""


def number(name: str) -> int:
    """The number of 64 bits that a name's lock has."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)


def queue_for_chain(connection: Connection) -> None:
    """Wait until nobody else adds to the chain. It is the last lock that a transaction takes."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number(_CHAIN))))


def take_time(connection: Connection) -> None:
    """Let this transaction last as long as it takes."""
    if connection.dialect.name == "postgresql":
        for setting in (IDLE, "statement_timeout"):
            connection.execute(sa.select(sa.func.set_config(setting, "0", True)))


def count_on(connection: Connection, tables: Sequence[sa.Table]) -> None:
    """Let new lines be numbered after those that were put into the tables with their numbers, and
    the server know how many there are."""
    if connection.dialect.name != "postgresql":
        return  # SQLite looks for the last one itself
    for table in tables:
        column = next((one for one in table.columns if one is table.autoincrement_column), None)
        if column is None:
            continue
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        last = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(sequence, last, False)))
    connection.execute(sa.text("ANALYZE"))
