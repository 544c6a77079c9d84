"""The fence around every test.

No test reaches beyond the loopback, sleeps for real, or touches the home directory.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pydantic import TypeAdapter, ValidationError

import runner.cli
from runner.ledger import door, location
from runner.python import act
from runner.python import ledger as python_ledger
from runner.show.console import Console
from runner.show.schema.base import Failure
from runner.show.schema.command import ANSWERS
from tests.postgres import Cluster, cluster

settings.register_profile("default", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("default")

_SEND = socket.socket.connect
_HOMES = count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="where the tests keep their ledgers",
    )


@pytest.fixture(autouse=True)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The store of this test's ledgers. On PostgreSQL, each path stands for a database."""
    name: str = getattr(request, "param", None) or request.config.getoption("--store")
    if name == "postgresql":
        on_server = cluster()
        for module in (location, door, act, python_ledger):
            monkeypatch.setattr(module, "place_of", on_server.place_of)
    return name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the contract of a ledger on both stores."""
    is_asked = metafunc.config.getoption("--store") == "sqlite"
    marked = metafunc.definition.get_closest_marker
    if is_asked and marked("stores") and not marked("file"):
        metafunc.parametrize("store", ["sqlite", "postgresql"], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes hours, unless it is asked for by its marker; and what is about a
    ledger's file, where the ledgers are none."""
    if config.getoption("--store") == "postgresql":
        files = [item for item in items if item.get_closest_marker("file")]
        config.hook.pytest_deselected(items=files)
        items[:] = [item for item in items if item not in files]
    if "proof" in config.option.markexpr:
        return
    hours = [item for item in items if item.get_closest_marker("proof")]
    config.hook.pytest_deselected(items=hours)
    items[:] = [item for item in items if item not in hours]


@pytest.fixture(autouse=True)
def fence(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
        ):
            raise AssertionError(f"a test reaches beyond the loopback: {address}")
        _SEND(self, address)

    def sleep(seconds: float) -> None:
        raise AssertionError(f"a test sleeps for real, {seconds} s")

    # Numbered here: pytest would look through the folders of all tests before for a number.
    own = tmp_path_factory.getbasetemp() / "homes" / str(next(_HOMES))
    home, state = own / "home", own / "state"
    home.mkdir(parents=True)
    state.mkdir()
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(time, "sleep", sleep)
    for name in list(os.environ):
        if name.startswith(("CAMPAIGN_", "CONNECTSAFELY_", "XDG_")) or name.lower().endswith(
            "_proxy"
        ):
            monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))
    # A ledger's second record is kept in the user's state folder.
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    monkeypatch.setenv("TZ", "UTC")
    yield
    assert not [path for path in home.rglob("*") if path.is_file()], (
        "a test writes to the home directory"
    )


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold every JSON answer of the command line against its schema, in whatever test it is."""
    called: list[str] = []
    plain, app = Console.answer, runner.cli.app

    def answer(self: Console, said: Mapping[str, Any]) -> None:
        if self.as_json:
            hold(" ".join(called), json.loads(json.dumps(said)))
        plain(self, said)

    class App:
        def __call__(self, arguments: list[str], **more: Any) -> Any:
            called[:] = arguments
            return app(arguments, **more)

        def __getattr__(self, name: str) -> Any:
            return getattr(app, name)

    monkeypatch.setattr(Console, "answer", answer)
    monkeypatch.setattr(runner.cli, "app", App())


@cache
def _adapters(command: str) -> list[TypeAdapter[Any]]:
    return [TypeAdapter(kind) for kind in (*ANSWERS[command], Failure)]


def hold(line: str, said: Mapping[str, Any]) -> None:
    """Raise AssertionError for an answer that is not of its command's type: with a field more or
    less, or of another kind."""
    command = max((name for name in ANSWERS if line.startswith(name)), key=len, default=None)
    if command is None:
        return
    for adapter in _adapters(command):
        with suppress(ValidationError):
            if adapter.validate_python(said, strict=True) == said:
                return
    raise AssertionError(f"this is no answer of campaign {command}: {said}")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a small text file into the test's folder."""

    def _write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return _write


@pytest.fixture
def server() -> Cluster:
    """The PostgreSQL of this test process."""
    return cluster()


@pytest.fixture
def url(server: Cluster) -> str:
    """A new database there."""
    return server.database()
