"""Unattended runs: silent when all is well, and logged without a word about people.

Each run is told to the command or webhook that was asked for.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from runner.campaign.target import parse_target
from runner.cli import call
from runner.rehearsal.endpoint import Answer
from runner.unattended import log, notify
from runner.unattended.log import RunLog
from tests.loopback import KEY, serving

SLEEP = time.sleep
CANARY = "Zyxwvut"
WORDS = {
    "time",
    "pid",
    "event",
    "campaign",
    "row",
    "account",
    "status",
    "httpStatus",
    "error",
    "holdUntil",
    "reason",
    "until",
}
WORDS |= {"totals", "sentThisRun", "accounts", "nextSendAt", "exitCode", "stopped", "at", "done"}
# An answer for each way that a request can end. Every text holds what must not reach the log.
SAID = json.dumps(
    {"success": False, "error": f"{CANARY}: no such profile {CANARY.lower()}-0"}
).encode()
ANSWERS = {
    status: Answer(status, SAID)
    for status in (200, 302, 400, 401, 402, 403, 404, 409, 410, 422, 429, 500, 502)
}
LOST = {
    "cut": Answer(200, b"", cut="answer-lost"),
    "page": Answer(500, f"<h1>{CANARY}</h1>".encode()),
}


class Desk:
    """A folder with a list of people, and `campaign run` in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.script: Callable[[dict[str, Any]], Any] | None = None
        self.out = self.err = ""
        self.receipts = 0
        people = "".join(f"{CANARY},{CANARY.lower()}-{number}\n" for number in range(3))
        (folder / "people.csv").write_text(f"First Name,LinkedIn URL\n{people}", encoding="utf-8")
        (folder / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")

    def run(self, *more: str, source: str = "people.csv") -> int:
        self._capsys.readouterr()
        with serving(script=self.script) as server:
            template = () if source.endswith(".toml") else ("-t", "hello.j2")
            code = int(
                call(
                    [
                        "run",
                        source,
                        *template,
                        "--now",
                        "--min-gap",
                        "0",
                        "--base-url",
                        server.url,
                        *more,
                    ]
                )
            )
            self.receipts = len(server.endpoint.receipts)
        self.out, self.err = self._capsys.readouterr()
        assert KEY not in self.out + self.err
        return code

    def log(self) -> list[dict[str, Any]]:
        return [
            json.loads(line)
            for line in (self.folder / "ledger.db.log").read_text(encoding="utf-8").splitlines()
        ]


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", KEY)
    # The wait for a command's end is done in short sleeps.
    monkeypatch.setattr(time, "sleep", SLEEP)
    return Desk(tmp_path, capsys)


@pytest.mark.file
def test_a_good_run_says_nothing_and_logs_all(desk: Desk) -> None:
    """A pause and a finish leave no word on stdout and stderr, but that a new ledger begins. The
    log has the beginning, each attempt and the end."""
    assert desk.run("--unattended", "--max", "2") == 75
    assert (desk.out, desk.err.count("\n")) == ("", 1)
    assert desk.err.startswith("Note: a new ledger begins at ")
    assert desk.run("--unattended") == 0
    assert (desk.out, desk.err) == ("", "")
    records = desk.log()
    assert [record["event"] for record in records] == [
        "new-ledger",
        "begin",
        "attempt",
        "attempt",
        "end",
        "begin",
        "attempt",
        "end",
    ]
    assert [record["exitCode"] for record in records if record["event"] == "end"] == [75, 0]
    assert [
        (record["row"], record["status"], record["httpStatus"])
        for record in records
        if record["event"] == "attempt"
    ] == [
        (2, "sent", 200),
        (3, "sent", 200),
        (4, "sent", 200),
    ]
    assert {record["campaign"] for record in records} == {"people"}
    assert records[-1]["totals"]["sent"] == 3
    if os.name == "posix":
        assert stat.S_IMODE((desk.folder / "ledger.db.log").stat().st_mode) == 0o600


def test_json_is_still_answered(desk: Desk) -> None:
    """With --json there is one object on stdout, and nothing on stderr but a new ledger."""
    assert desk.run("--unattended", "--json") == 0
    assert json.loads(desk.out)["totals"]["sent"] == 3
    assert desk.err.startswith("Note: a new ledger begins at ")
    assert desk.err.count("\n") == 1


@pytest.mark.file
def test_a_run_in_trouble_speaks(desk: Desk) -> None:
    """A run that is neither done nor paused says the usual, and is logged with its exit code."""
    desk.script = lambda _: Answer(400, SAID)
    assert desk.run("--unattended") == 1
    assert "Failed or invalid: 3" in desk.out
    assert desk.log()[-1]["exitCode"] == 1
    (desk.folder / "hello.j2").write_text("Hi {{ frist_name }}", encoding="utf-8")
    assert desk.run("--unattended", "--name", "other") == 3
    assert "Did you mean" in desk.err
    last = desk.log()[-1]
    assert (last["event"], last["error"], last["exitCode"], last["campaign"]) == (
        "error",
        "RefusedError",
        3,
        "other",
    )
    assert last["at"].startswith("material.py:")


def test_without_the_option_there_is_no_log(desk: Desk) -> None:
    """Only unattended runs are logged."""
    assert desk.run("--yes") == 0
    assert not (desk.folder / "ledger.db.log").exists()


@pytest.mark.file
@pytest.mark.parametrize("end", [*ANSWERS, *LOST])
def test_the_log_knows_nobody(desk: Desk, end: int | str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log has no name, identity, text, key or word of the endpoint, no matter how requests end,
    and neither has the notification. The log has known fields only, and no library's records."""
    desk.script = lambda _: {**ANSWERS, **LOST}[end]
    records: list[logging.LogRecord] = []
    loud = logging.Handler(logging.DEBUG)
    loud.emit = records.append  # type: ignore[method-assign]
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [*root.handlers, loud])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    root.manager._clear_cache()  # type: ignore[attr-defined]
    with webhook() as (address, posted):
        desk.run("--unattended", "--notify", address)
    assert CANARY.lower() not in json.dumps(posted).lower()
    assert any(record.name.startswith("http") for record in records)
    text = (desk.folder / "ledger.db.log").read_text(encoding="utf-8")
    assert CANARY.lower() not in text.lower()
    assert KEY not in text
    for record in desk.log():
        assert set(record) <= WORDS
    attempts = [record for record in desk.log() if record["event"] == "attempt"]
    assert attempts
    assert all(
        record["httpStatus"] == (None if end == "cut" else 500 if end == "page" else end)
        for record in attempts
    )


@pytest.mark.file
def test_rows_that_cannot_be_read_are_not_repeated(desk: Desk) -> None:
    """An error whose words come from the sheet is logged by its kind alone."""
    (desk.folder / "people.csv").write_text(f"First Name,{CANARY}\nJo,{CANARY}\n", encoding="utf-8")
    assert desk.run("--unattended") == 3
    assert CANARY not in (desk.folder / "ledger.db.log").read_text(encoding="utf-8")


def test_the_log_rotates_and_stays_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that two runs share has at most FILES files of MAX_BYTES, all private. Every line is
    whole, and the latest are kept."""
    monkeypatch.setattr(log, "MAX_BYTES", 2_000)
    path = tmp_path / "ledger.db.log"
    path.write_text("", encoding="utf-8")
    path.chmod(0o644)
    both = [RunLog(path, "first"), RunLog(path, "second")]
    for number in range(200):
        both[number % 2].write("attempt", row=number)
    files = sorted(tmp_path.iterdir())
    assert len(files) == log.FILES
    rows: set[int] = set()
    for file in files:
        assert file.stat().st_size <= 2_000
        assert os.name != "posix" or stat.S_IMODE(file.stat().st_mode) == 0o600
        rows |= {json.loads(line)["row"] for line in file.read_text(encoding="utf-8").splitlines()}
    assert rows == set(range(200 - len(rows), 200))
    assert [entry.trouble for entry in both] == [None, None]


@pytest.mark.file
def test_a_log_that_cannot_be_begun_stops_the_run_before_it_sends(desk: Desk) -> None:
    """A log that cannot be begun exits 7 and names the place. Nothing goes out unlogged."""
    (desk.folder / "ledger.db.log").mkdir()
    assert desk.run("--unattended") == 7
    assert "ledger.db.log" in desk.err
    assert desk.receipts == 0


def test_a_log_that_fails_on_the_way_ends_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs the log, not the campaign. It is said once."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    begin = log._begin

    def begin_then_fill(path: Path) -> Any:
        file = begin(path)
        monkeypatch.setattr(log._File, "_open", full)
        return file

    monkeypatch.setattr(log, "_begin", begin_then_fill)
    assert desk.run("--unattended") == 0
    assert desk.receipts == 3
    assert desk.err.endswith(
        "Note: the log could not be written (No space left on device); the ledger has everything.\n"
    )


# --- notify

TELL = """\
import json, os, sys
from pathlib import Path
told = {"stdin": json.load(sys.stdin), "cwd": os.getcwd(), "argv": sys.argv[1:]}
told["environment"] = dict(os.environ)
Path("told.json").write_text(json.dumps(told))
sys.exit(int(sys.argv[1]))
"""


@contextmanager
def webhook(
    status: int = 200, pause: float = 0.0, location: str = ""
) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Serve an address to post to. Yield the address, and what was posted there."""
    posted: list[tuple[str, Any]] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            posted.append((self.path, json.loads(body)))
            over.wait(pause)
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/secret-path", posted
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def command(*arguments: str) -> str:
    """Return the line that runs tell.py with this Python."""
    return " ".join([f'"{sys.executable}"', "tell.py", *arguments])


def test_a_command_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command gets the JSON answer on stdin, in the campaign's folder, and no API key. Its words
    are split as written."""
    monkeypatch.setenv("CONNECTSAFELY_API_TOKEN", KEY)
    (desk.folder / "lists").mkdir()
    for name in ("people.csv", "hello.j2"):
        (desk.folder / name).rename(desk.folder / "lists" / name)
    (desk.folder / "lists" / "tell.py").write_text(TELL, encoding="utf-8")
    file = desk.folder / "lists" / "spring.toml"
    file.write_text(
        f"sheet = 'people.csv'\ntemplate = 'hello.j2'\nnotify = '{command('0', '$HOME; ls')}'\n",
        encoding="utf-8",
    )
    assert desk.run("--yes", "--json", source=str(file)) == 0
    told = json.loads((file.parent / "told.json").read_text())
    assert told["stdin"] == json.loads(desk.out)
    assert told["argv"] == ["0", "$HOME;", "ls"]
    assert Path(told["cwd"]) == file.parent.resolve()
    assert KEY not in told["environment"].values()


def test_a_program_beside_the_campaign_is_found(desk: Desk) -> None:
    """The program `./tell` is looked for in the campaign's folder, no matter where the run was
    started."""
    if os.name != "posix":
        pytest.skip("a script with its interpreter in the first line")
    (desk.folder / "lists").mkdir()
    script = desk.folder / "lists" / "tell"
    script.write_text("#!/bin/sh\ncat > told.json\n", encoding="utf-8")
    script.chmod(0o700)
    assert notify.notify(parse_target("./tell"), {"exitCode": 0}, script.parent) is None
    told = json.loads((script.parent / "told.json").read_text())
    assert (told["exitCode"], told["text"]) == (0, "A campaign: nothing to send.")


@pytest.mark.file
def test_a_webhook_is_told_and_also_of_errors(desk: Desk) -> None:
    """Each run posts one answer: a run that came to its end posts what --json gives, and an error
    posts its kind. An error's words are never posted, for they can quote the list."""
    with webhook() as (address, posted):
        assert desk.run("--unattended", "--notify", address, "--max", "1", "--json") == 75
        assert posted == [("/secret-path", json.loads(desk.out))]
        (desk.folder / "latin.csv").write_bytes(
            f"First Name,Profile ID\n{CANARY}é,{CANARY}-1\n".encode("cp1252")
        )
        assert desk.run("--unattended", "--notify", address, "--json", source="latin.csv") == 3
        assert CANARY in desk.out
        ((_, told),) = posted[1:]
        assert CANARY not in json.dumps(told)
        assert (told["exitCode"], told["campaign"]) == (3, "latin")
        assert told["stopped"]["reason"].startswith("Refused before sending")
    assert [record["done"] for record in desk.log() if record["event"] == "notify"] == [True, True]
    assert "secret-path" not in (desk.folder / "ledger.db.log").read_text(encoding="utf-8")


@pytest.mark.file
@pytest.mark.parametrize(
    ("status", "pause", "words"),
    [(500, 0, "HTTP 500"), (307, 0, "HTTP 307"), (200, 5, "no answer within")],
)
def test_a_webhook_in_trouble_is_a_sentence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, status: int, pause: float, words: str
) -> None:
    """A webhook in trouble changes no exit code, and is told and logged. Its address, which can
    hold a secret, is not repeated."""
    monkeypatch.setattr(notify, "WEBHOOK_SECONDS", 0.3 if pause else 10.0)
    with (
        webhook() as (elsewhere, not_reached),
        webhook(status, pause, elsewhere) as (address, posted),
    ):
        assert desk.run("--unattended", "--notify", address) == 0
    assert (len(posted), not_reached) == (1, [])
    assert words in desk.err
    assert "127.0.0.1" in desk.err
    assert "secret-path" not in desk.err
    assert desk.log()[-1]["done"] is False


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("no-such-program --token s3cret", "no-such-program"),
        (command("3"), "exit code 3"),
        (command("0", "slow"), "not done"),
    ],
)
def test_a_command_in_trouble_is_a_sentence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, line: str, words: str
) -> None:
    """A command that is missing, failing or endless is told in one line without the arguments. The
    exit code is the run's."""
    (desk.folder / "tell.py").write_text(
        TELL if "slow" not in line else "import time; time.sleep(60)", encoding="utf-8"
    )
    monkeypatch.setattr(notify, "COMMAND_SECONDS", 0.5 if "slow" in line else 30.0)
    assert desk.run("--unattended", "--notify", line) == 0
    assert words in desk.err
    assert "s3cret" not in desk.err
    assert desk.err.count("\n") == 2  # and that a new ledger begins


@pytest.mark.parametrize(
    "target", ["http://example.com/hook", "ftp://example.com", "https://", " ", "'open"]
)
def test_a_target_that_makes_no_sense_is_refused_before_sending(desk: Desk, target: str) -> None:
    """A target that makes no sense exits 2 on the command line, and 3 in a campaign file."""
    assert desk.run("--yes", "--notify", target) == 2
    (desk.folder / "spring.toml").write_text(
        f'sheet = "people.csv"\ntemplate = "hello.j2"\nnotify = "{target}"\n', encoding="utf-8"
    )
    assert desk.run("--yes", source="spring.toml") == 3
    assert "spring.toml" in desk.err
    assert desk.receipts == 0
