"""The location of a ledger: a path or a URL, and the files beside it."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from platformdirs import user_data_path, user_state_path
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from runner.errors import UsageError
from runner.ledger.file import is_there, real_path

_HERE: Final = ("localhost", "127.0.0.1", "::1")
_POSTGRES: Final = ("postgresql", "postgres")
# What libpq takes in an address and nobody may read there.
_SECRETS: Final = ("password", "sslpassword", "passfile")
# Seconds that a shell waits for the names of campaigns.
_SHORTLY: Final = 2
_REMEDY: Final = "Give a path, sqlite:////absolute/path.db, or postgresql://user@host/database."


@dataclass(frozen=True, slots=True)
class Server:
    """A ledger in a database of PostgreSQL. As text it is its address, without any password."""

    url: URL

    def __str__(self) -> str:
        query = {name: value for name, value in self.url.query.items() if name not in _SECRETS}
        shown = self.url._replace(drivername="postgresql", password=None)
        return shown.set(query=query).render_as_string()

    @property
    def is_guarded(self) -> bool:
        """Tell whether nobody on the way can read along, or stand in for the server."""
        host = str(self.url.query.get("host", self.url.host or ""))
        mode = self.url.query.get("sslmode", os.environ.get("PGSSLMODE"))
        is_here = not host or host.startswith("/") or host in _HERE
        return is_here or mode == "verify-full" or "service" in self.url.query


Place = Path | Server


def place_of(location: str | Place) -> Place:
    """The place that a path or URL names: a file's path, behind every link, or a server.

    Raises UsageError and StorageError.
    """
    if isinstance(location, Server):
        return location
    text = str(location)
    if isinstance(location, Path) or "://" not in text:
        return real_path(Path(location))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UsageError("This is no ledger URL.", remedy=_REMEDY) from None
    if "@" in (url.host or ""):
        raise UsageError(
            "This ledger URL has an @ too many.",
            remedy="Within a password, write %40 for @; or put the password into PGPASSWORD.",
        )
    if url.get_backend_name() in _POSTGRES:
        if importlib.util.find_spec("psycopg") is None:
            raise UsageError(
                "A ledger on PostgreSQL needs a library that is not installed.",
                remedy="pip install 'campaign-runner[postgres]'",
            )
        return Server(url)
    if url.drivername != "sqlite" or not url.database or url.database == ":memory:":
        what = f"A ledger on {url.drivername} is not supported by this version."
        raise UsageError(what, remedy=_REMEDY)
    return real_path(Path(url.database))


def ledger_path(location: str | Place) -> Path:
    """The file of the ledger that a path or URL names, behind every link. Raises UsageError and
    StorageError."""
    place = place_of(location)
    if isinstance(place, Server):
        raise UsageError(
            "This is done with a ledger that is a file.",
            where=str(place),
            remedy="On PostgreSQL, the server's own tools do it; docs/team.md says how.",
        )
    return place


def beside(place: Place) -> Path:
    """The path whose neighbours are the files about a ledger on this machine: its own, or for one
    on a server, one in the user's state folder."""
    if isinstance(place, Path):
        return place
    folder = user_state_path("campaign-runner", appauthor=False) / "servers"
    return (
        folder / f"{place.url.database or 'ledger'}-{sha256(str(place).encode()).hexdigest()[:8]}"
    )


def look(location: str | Place) -> Path:
    """Return the file of the ledger that a path or URL names, once it is known that no other file
    is there; for one on a server, what stands for it. Raises UsageError, StorageError."""
    place = place_of(location)
    if isinstance(place, Path):
        is_there(place)
    return beside(place)


def lock_folder(path: Path) -> Path:
    """The folder of the run locks of a ledger's file."""
    return path.with_name(f"{path.name}.locks")


def default_path() -> Path:
    """The user's own ledger, in the operating system's data directory."""
    return user_data_path("campaign-runner", appauthor=False) / "ledger.db"


def names_at(place: Place) -> list[str]:
    """Return the names of the campaigns of a ledger, the one last read first. It is only read: no
    lock is taken and nothing is migrated. Raises sqlite3.Error, or SQLAlchemy's DBAPIError."""
    asked = "SELECT name FROM campaign ORDER BY read_at DESC"
    if isinstance(place, Server):
        url = place.url.set(drivername="postgresql+psycopg")
        engine = create_engine(url, connect_args={"connect_timeout": _SHORTLY})
        with engine.connect() as here:
            return [str(name) for (name,) in here.exec_driver_sql(asked)]
    with closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return [str(name) for (name,) in connection.execute(asked)]
