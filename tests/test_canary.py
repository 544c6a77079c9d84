"""Canaries: whatever fails, the key and a proxy's password are found nowhere, and names only where
people's names belong."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from runner import errors
from runner.cli import call
from runner.ledger.ledger import Ledger
from runner.rehearsal.endpoint import Answer
from runner.sending import patience, streak
from tests.loopback import KEY, serving
from tests.sending.test_secret import FORMS

SLEEP = time.sleep
PASSWORD = "qwz4pass/wo9rdx:kz7tailq"
NAME = "Zyxcanary"
COMMANDS = (
    ["status"],
    ["status", "--json"],
    ["why", "2"],
    ["why", "3"],
    ["results", "-o", "again.csv"],
    ["settle", "--check", "2"],
    ["doctor"],
)


class Room:
    """A folder with a list, and everything that commands in it said or left behind."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.said: list[str] = []
        rows = "".join(f"{NAME}{number},person-{number}\n" for number in range(60))
        (folder / "people.csv").write_text(f"First Name,LinkedIn URL\n{rows}", encoding="utf-8")
        (folder / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
        (folder / "tell.py").write_text(
            "import sys; open('told.json', 'ab').write(sys.stdin.buffer.read())", encoding="utf-8"
        )

    def call(self, *words: str) -> int:
        code = int(call(list(words)))
        self.said += self._capsys.readouterr()
        return code

    def run(self, url: str, *more: str) -> int:
        tell = f"{sys.executable} tell.py"
        pace = ("--now", "--min-gap", "0", "--base-url", url, "--notify", tell)
        return self.call("run", "people.csv", "-t", "hello.j2", *pace, *more)

    def left(self) -> Iterator[tuple[str, bytes]]:
        """Give every text and file with its name; the parts of a workbook one by one."""
        for number, said in enumerate(self.said):
            yield f"output {number}", said.encode()
        for path in sorted(self.folder.rglob("*")):
            if not path.is_file():
                continue
            content = path.read_bytes()
            yield path.name, content
            if content.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    yield from (
                        (f"{path.name}/{name}", archive.read(name)) for name in archive.namelist()
                    )

    def search(self) -> None:
        """Find no part of the key or the password anywhere, and no name in log or notification."""
        half = len(KEY) // 2
        parts = [KEY[at : at + half] for at in range(len(KEY) - half + 1)]
        parts += [form(KEY) for form in FORMS.values()]
        parts += [PASSWORD, PASSWORD.partition("/")[0], PASSWORD.rpartition(":")[2]]
        for name, content in self.left():
            text = content.decode("utf-8", "replace").lower()
            for part in parts:
                assert part.lower() not in text, (name, part)
            if ".log" in name or name == "told.json":
                assert NAME.lower() not in text, name


@pytest.fixture
def room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Room:
    monkeypatch.chdir(tmp_path)
    # The wait for a command's end is done in short sleeps.
    monkeypatch.setattr(time, "sleep", SLEEP)
    for module in (streak, patience):
        monkeypatch.setattr(module, "RETRY_PAUSES", (timedelta(),))
    monkeypatch.setenv("CAMPAIGN_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", KEY)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://ann:{PASSWORD}@127.0.0.1:9")
    return Room(tmp_path, capsys)


def _echo(status: int, form: str = "plain", fill: int = 0) -> Answer:
    text = f"{'x' * fill} invalid token Bearer {FORMS[form](KEY)} for {NAME}"
    said = {"success": status == 200, "error": text, "message": text, "recipientProfileUrn": KEY}
    return Answer(status, json.dumps(said).encode(), {"X-Echo": KEY, "X-RateLimit-Reset": KEY})


def test_a_server_that_echoes_what_it_was_given(room: Room) -> None:
    """Answers that repeat the key in every form and at every length at which errors are cut, some
    of them failed and some uncertain, in every output and file there is."""
    echoes = [_echo(status, form) for form in FORMS for status in (400, 502)]
    echoes += [_echo(status, "plain", fill) for fill in range(240, 300, 5) for status in (400, 502)]
    answers = iter(echoes)
    with serving(script=lambda _: next(answers, None)) as server:
        room.run(server.url, "--yes", "-o", "r.xlsx", "--max", "30")
        room.run(server.url, "--unattended", "--json")
        for command in COMMANDS:
            more = ["--base-url", server.url] if command[0] in ("doctor", "settle") else []
            room.call(*command, *more)
    assert next(answers, None) is None
    assert (room.folder / "told.json").exists()
    room.search()


@pytest.mark.parametrize("status", [200, 302, 401, 402, 403, 404, 429, 500])
def test_a_refusal_that_echoes_what_it_was_given(room: Room, status: int) -> None:
    with serving(script=lambda _: _echo(status)) as server:
        room.run(server.url, "--unattended", "--max", "3")
        room.call("status")
    room.search()


def _page(_fields: dict[str, Any]) -> Answer:
    return Answer(500, f"<html><p>{KEY}</p> {KEY}".encode())


def _cut(_fields: dict[str, Any]) -> Answer:
    return Answer(200, b"", cut="answer-lost")


@pytest.mark.parametrize("script", [_page, _cut])
def test_an_answer_that_is_none(room: Room, script: Callable[[dict[str, Any]], Answer]) -> None:
    with serving(script=script) as server:
        room.run(server.url, "--unattended", "--max", "3")
    room.search()


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "nonsense"])
def test_a_way_that_leads_nowhere(room: Room, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """An endpoint or a proxy that cannot be reached or used."""
    for name in ("HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"{scheme}://ann:{PASSWORD}@127.0.0.1:9")
    url = "https://127.0.0.2:9/linkedin"
    room.run(url, "--unattended", "--max", "1")
    room.call("doctor", "--base-url", url)
    room.call("doctor", "--base-url", url.replace("://", f"://ann:{PASSWORD}@"))
    room.search()


def _bug(room: Room, patch: pytest.MonkeyPatch) -> None:
    def fail(_ledger: Ledger, *_more: object) -> None:
        raise KeyError(KEY, NAME)

    patch.setattr("runner.action.run.take_list", fail)


def _interrupted(_room: Room, patch: pytest.MonkeyPatch) -> None:
    def stop(*_given: object) -> None:
        raise KeyboardInterrupt(KEY)

    patch.setattr("runner.action.run.take_list", stop)


def _damaged_ledger(room: Room, _patch: pytest.MonkeyPatch) -> None:
    (room.folder / "ledger.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5_000)


def _broken_template(room: Room, _patch: pytest.MonkeyPatch) -> None:
    (room.folder / "hello.j2").write_text("Hi {{ first_name", encoding="utf-8")


def _broken_list(room: Room, _patch: pytest.MonkeyPatch) -> None:
    (room.folder / "people.csv").write_bytes(f"First Name,URL\n{NAME}\xe9,x".encode("latin-1"))


def _results_a_folder(room: Room, _patch: pytest.MonkeyPatch) -> None:
    (room.folder / "people.results.csv").mkdir()


def _key_in_two_words(room: Room, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("CONNECTSAFELY_API_KEY", f"{KEY} {KEY}")


def _key_file_for_all(room: Room, patch: pytest.MonkeyPatch) -> None:
    (room.folder / "k").write_text(f"key={KEY}", encoding="utf-8")
    patch.setenv("CAMPAIGN_KEY_FILE", str(room.folder / "k"))


@pytest.mark.parametrize(
    "trouble",
    [
        _bug,
        _interrupted,
        _damaged_ledger,
        _broken_template,
        _broken_list,
        _results_a_folder,
        _key_in_two_words,
        _key_file_for_all,
    ],
)
def test_a_failure_on_this_computer(
    room: Room,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Room, pytest.MonkeyPatch], None],
) -> None:
    """A fault of the program itself, damage, and mistakes of every kind."""
    trouble(room, monkeypatch)
    with serving() as server:
        for more in (("--yes",), ("--unattended",)):
            try:
                assert room.run(server.url, *more) != errors.ExitCode.DONE
            except KeyboardInterrupt:
                continue
    (room.folder / "k").unlink(missing_ok=True)
    room.search()


def test_no_process_shows_the_key(room: Room) -> None:
    """Neither the run nor a process that it starts has the key among its words. The one that reads
    and writes workbooks does not have it, nor a proxy's password, in its environment either."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["First Name", "LinkedIn URL"])
    for number in range(3):
        book.active.append([NAME, f"person-{number}"])
    book.save(room.folder / "people.xlsx")
    seen: list[str] = []
    with serving() as server:
        command = [sys.executable, "-m", "runner", "run", "people.xlsx", "-t", "hello.j2", "--yes"]
        command += ["--now", "--min-gap", "0", "--base-url", server.url, "--results-in", "copy"]
        command += ["--notify", f"{sys.executable} tell.py"]
        root = str(Path(errors.__file__).parents[1])
        with subprocess.Popen(
            command,
            cwd=room.folder,
            env={**os.environ, "PYTHONPATH": root},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as run:
            watcher = threading.Thread(target=_watch, args=(run.pid, seen))
            watcher.start()
            out, _ = run.communicate()
            watcher.join()
    room.said.append(out)
    assert run.returncode == 0, out
    assert any("runner.system.child" in words for words in seen)
    room.said += seen
    room.search()


def _watch(pid: int, seen: list[str]) -> None:
    """Note the words of a process and its children, and the children's environment."""
    try:
        mine = psutil.Process(pid)
        while mine.is_running() and mine.status() != psutil.STATUS_ZOMBIE:
            seen.append(" ".join(mine.cmdline()))
            for child in mine.children(recursive=True):
                try:
                    seen.append(" ".join(child.cmdline()))
                    if "runner.system.child" in child.cmdline():
                        seen.append(repr(child.environ()))
                except psutil.Error:
                    continue
    except psutil.Error:
        return
