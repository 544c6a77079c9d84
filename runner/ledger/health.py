"""A check that a ledger's file is whole. It does not change, migrate or make the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from runner.errors import StorageError
from runner.ledger.file import RESTORE, is_there
from runner.ledger.ledger import BUSY_SECONDS


def check_health(path: Path) -> None:
    """Let SQLite go through the whole file.

    Raises StorageError for a file that is damaged, is not a ledger or cannot be read.
    """
    is_there(path)
    try:
        # The connection is not read-only. A run that died may have left a write half done, and the
        # next process that opens the file rolls it back.
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=BUSY_SECONDS, uri=True)
        ) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            tables = {
                row[0]
                for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
    except sqlite3.Error as error:
        raise StorageError(
            f"The ledger is damaged or cannot be read ({error}).", where=str(path), remedy=RESTORE
        ) from None
    if found != ["ok"]:
        raise StorageError(f"The ledger is damaged ({found[0]}).", where=str(path), remedy=RESTORE)
    if tables and "alembic_version" not in tables:
        raise StorageError(
            "The file is a database, but not a ledger.",
            where=str(path),
            remedy="Choose another place with --ledger PATH.",
        )
