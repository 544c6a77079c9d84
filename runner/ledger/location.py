"""The location of a ledger: a path or a URL, and the files beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from platformdirs import user_data_path
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from runner.errors import UsageError
from runner.ledger.file import is_there, real_path


def ledger_path(location: str | Path) -> Path:
    """The file of the ledger that a path or URL names, behind every link. Raises UsageError and
    StorageError."""
    return Path(url_of(location).database or "")


def look(location: str | Path) -> Path:
    """Return the file of the ledger that a path or URL names, once it is known that no other file
    is there. Raises UsageError, StorageError."""
    path = ledger_path(location)
    is_there(path)
    return path


def lock_folder(path: Path) -> Path:
    """The folder of the run locks of a ledger's file."""
    return path.with_name(f"{path.name}.locks")


def default_path() -> Path:
    """The user's own ledger, in the operating system's data directory."""
    return user_data_path("campaign-runner", appauthor=False) / "ledger.db"


def url_of(location: str | Path) -> URL:
    """The URL of the ledger that a path or URL names. Raises UsageError and StorageError."""
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


def names_at(path: Path) -> list[str]:
    """Return the names of the campaigns of a ledger, the one last read first. The file is only
    read: no lock is taken and nothing is migrated. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute("SELECT name FROM campaign ORDER BY read_at DESC")
        return [str(name) for (name,) in found]
