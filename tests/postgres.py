"""A PostgreSQL of the tests' own: a cluster in a temporary folder on a free port of the loopback.

Debian's package has all that it needs. It is made once in each test process, with the settings that
a ledger asks for.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from runner.ledger.location import Place, Server
from runner.ledger.location import place_of as location_place_of

_PLACES = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")


def program(name: str) -> str | None:
    """The path of one of PostgreSQL's programs, the newest version's; None where it is missing."""
    found = [path for place in _PLACES for path in Path(place).glob(f"*/bin/{name}")]
    newest = max(found, key=lambda path: path.parts, default=None)
    return str(newest) if newest else shutil.which(name)


class Cluster:
    """A running server. Its databases are made as they are asked for."""

    def __init__(self, inside: Path | None = None) -> None:
        # In memory, where there is room: what is synced there costs nothing.
        memory = Path("/dev/shm")
        inside = inside or (memory if os.access(memory, os.W_OK) else None)
        folder = tempfile.mkdtemp(prefix="campaign-postgres-", dir=inside)
        self._folder = Path(folder)
        self._data = self._folder / "data"
        # The server refuses to run as root.
        self._as: dict[str, Any] = {"user": "postgres"} if os.getuid() == 0 else {}
        if self._as:
            shutil.chown(folder, "postgres")
        self.port = _free_port()
        self._call("initdb", "-D", str(self._data), "-U", "tester", "-A", "trust", "-E", "UTF8")
        # Processes of a network namespace come from an address of the wire to it.
        with (self._data / "pg_hba.conf").open("a", encoding="ascii") as file:
            file.write("host all all samenet trust\n")
        self.start()
        atexit.register(self.end)

    def _call(self, name: str, *arguments: str) -> None:
        found = program(name)
        assert found
        subprocess.run(
            [found, *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            **self._as,
        )

    def start(self) -> None:
        settings = (
            f"-p {self.port} -c listen_addresses=127.0.0.1,127.0.0.2 -c unix_socket_directories="
            f"{self._folder} -c max_connections=300"
        )
        self._call("pg_ctl", "-D", str(self._data), "-w", "-o", settings, "start")

    def stop(self, how: str = "fast") -> None:
        self._call("pg_ctl", "-D", str(self._data), "-w", "-m", how, "stop")

    def end(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        import psycopg

        place = f"postgresql://tester@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(place, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def database(self, name: str = "") -> str:
        """Make a database, and return its URL."""
        name = name or f"ledger_{secrets.token_hex(6)}"
        self.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql://tester@127.0.0.1:{self.port}/{name}"

    def place_of(self, location: str | Place) -> Place:
        """The database that stands for a ledger's file."""
        place = location_place_of(location)
        if isinstance(place, Server):
            return place
        name = f"file_{sha256(str(place).encode()).hexdigest()[:16]}"
        known = self.execute(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")
        if not known:
            self.database(name)
        return location_place_of(f"postgresql://tester@127.0.0.1:{self.port}/{name}")


@cache
def cluster() -> Cluster:
    """The server of this test process. Skips the test where PostgreSQL is not installed."""
    if program("initdb") is None:
        pytest.skip("PostgreSQL is not installed; nothing here was tried on it")
    return Cluster()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
