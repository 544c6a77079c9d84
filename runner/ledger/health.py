"""A check that a ledger is whole. It does not change, migrate or make the file.

SQLite goes through the file and compares tables with their indexes. It cannot see a flipped bit in
a text: the chain and the kinds of values show that.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import Connection

from runner.errors import StorageError
from runner.ledger import chain, schema
from runner.ledger.about import left_as
from runner.ledger.content import check_content
from runner.ledger.door import as_it_is
from runner.ledger.file import is_there, mend
from runner.ledger.ledger import Ledger
from runner.ledger.version import version_of


def look_through(ledger: Ledger) -> None:
    """Make sure that a ledger is whole. Raises StorageError.

    A file that is byte for byte as a run left it, when it was whole, is whole.
    """
    if ledger.is_whole:
        return
    if ledger.second is not None:
        left = ledger.second.left()
        ledger.is_as_left = left is not None and left_as(ledger.path) == left
    if not ledger.is_shared and (ledger.second is None or not ledger.is_as_left):
        check_tables(ledger)
    ledger.is_whole = True


def check_tables(ledger: Ledger) -> None:
    """Go through everything that the ledger holds. Raises StorageError."""
    with ledger.read() as connection:
        _check(ledger, connection)


def _check(ledger: Ledger, connection: Connection, *, is_old: bool = False) -> None:
    try:
        ledger.check(connection)
        if not is_old:
            if not ledger.is_shared:  # a server keeps each value of the kind that its column has
                check_content(connection)
            chain.verify(connection)
    except StorageError as error:
        place = ledger.place
        raise StorageError(error.what, where=place, remedy=error.remedy or mend(place)) from None


def is_whole(path: Path) -> bool:
    """Tell whether a ledger lies at a path that is whole."""
    with suppress(StorageError):
        if is_there(path):
            check_health(path)
            return True
    return False


def check_health(path: Path) -> None:
    """Go through the whole file at a path; one of an older version has no chain yet.

    Raises StorageError for a file that is damaged, is not a ledger or cannot be read.
    """
    is_there(path)
    ledger = as_it_is(path)
    try:
        with ledger.read() as connection:
            is_old = version_of(connection) != schema.HEAD
            _check(ledger, connection, is_old=is_old)
    finally:
        ledger.close()
