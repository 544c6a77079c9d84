"""The doctor sees everything that would end a run, and says what to do about it.

It sends nothing and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.cli import call
from runner.doctor import daily, storage, surroundings, vendor
from runner.doctor.finding import Finding, exit_code
from runner.ledger.door import open_ledger
from runner.rehearsal.endpoint import Answer
from runner.schedule import machine as machine_module
from runner.sending.clock import ServerClock
from runner.sending.lookup import Lookup
from runner.sending.secret import Secret
from runner.unattended.log import log_files
from tests.loopback import KEY, serving
from tests.schedule.computer import Computer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PASSWORD = "pa55word"


def _timeless(text: str) -> str:
    text = re.sub(r"it is \w{3} \d{4}-\d\d-\d\d \d\d:\d\d", "it is now", text)
    return re.sub(r"[\d.]+ GB free", "room", text)  # others write to the disk as well


class Practice:
    """`campaign doctor` in a folder, against a loopback server with these traits."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], computer: Computer
    ) -> None:
        self.folder, self._capsys, self.computer = folder, capsys, computer
        self.traits: dict[str, Any] = {}
        self.base_url: str | None = None

    def __call__(self, *arguments: str) -> tuple[int, dict[str, tuple[str, str, str]]]:
        """Return the exit code, and each check's verdict, words and remedy.

        They are the same as text and as JSON.
        """
        self._capsys.readouterr()
        with serving(**self.traits) as server:
            command = ["doctor", *arguments, "--base-url", self.base_url or server.url]
            code = int(call(command))
            text, _ = self._capsys.readouterr()
            assert int(call([*command, "--json"])) == code
            answer = json.loads(self._capsys.readouterr()[0])
            assert server.endpoint.requests == 0
        assert KEY not in text + json.dumps(answer)
        assert answer["exitCode"] == code
        for check in answer["checks"]:
            line = f"{check['verdict']:4}  {check['name']}: {check['says']}\n"
            assert _timeless(line) in _timeless(text)  # a minute may end between the two
            assert (check["verdict"] == "ok") == (check["remedy"] is None)
            assert check["remedy"] is None or check["remedy"] in text
        return code, {
            check["name"]: (check["verdict"], check["says"], check["remedy"])
            for check in answer["checks"]
        }


@pytest.fixture
def doctor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Practice:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LEDGER", str(tmp_path / "data" / "ledger.db"))
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", KEY)
    (tmp_path / "people.csv").write_text("First Name,LinkedIn URL\nJo,jo-doe\n", encoding="utf-8")
    (tmp_path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    (tmp_path / "spring.toml").write_text(
        (
            'sheet = "people.csv"\ntemplate = "hello.j2"\naccounts = ["acc_1"]\ntime_zone = '
            '"Europe/Berlin"\n'
        ),
        encoding="utf-8",
    )
    computer = Computer(tmp_path.parent / f"{tmp_path.name}-computer", "linux")
    monkeypatch.setattr(machine_module, "this_machine", lambda: computer.machine)
    return Practice(tmp_path, capsys, computer)


def test_the_schedule_is_told(doctor: Practice) -> None:
    """A list has no schedule. For a campaign file without one, the doctor says how to install it;
    an installed one is told by its scheduler."""
    assert "only a campaign file" in doctor("people.csv")[1]["schedule"][1]
    assert (
        "campaign schedule install spring.toml --at 09:00"
        in doctor("spring.toml")[1]["schedule"][1]
    )
    assert int(call(["schedule", "install", "spring.toml", "--at", "08:15"])) == 0
    verdict, says, _ = doctor("spring.toml")[1]["schedule"]
    assert (verdict, says.split(", next ")[0]) == ("ok", "systemd")


def test_all_is_well(doctor: Practice) -> None:
    """When all is well, every check is ok and the exit code is 0. No message is sent, and no file
    is made."""
    before = sorted(doctor.folder.rglob("*"))
    code, found = doctor("spring.toml")
    assert (code, {verdict for verdict, _, _ in found.values()}) == (0, {"ok"})
    assert list(found) == [
        "list",
        "results",
        "key",
        "proxy",
        "endpoint",
        "clock",
        "access",
        "account acc_1",
        "quota acc_1",
        "time",
        "ledger",
        "schedule",
        "log",
    ]
    assert found["key"][1] == "from the environment variable CONNECTSAFELY_API_KEY"
    assert "150 of 150 left" in found["quota acc_1"][1]
    assert "Europe/Berlin" in found["time"][1]
    assert sorted(doctor.folder.rglob("*")) == before


def test_a_vendor_without_neighbour_endpoints_is_well(doctor: Practice) -> None:
    """An endpoint that is not offered leaves a question open. That is not trouble."""
    doctor.traits = {"neighbours": False}
    code, found = doctor("spring.toml")
    assert (code, {verdict for verdict, _, _ in found.values()}) == (0, {"ok"})
    assert "does not offer" in found["account acc_1"][1]


@pytest.mark.file
def test_the_first_bad_thing_gives_the_exit_code(
    doctor: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first bad thing gives the exit code with which a run would end: campaign file 3, key 2,
    endpoint 5, access 4, ledger 7. The rest is looked at all the same."""
    (doctor.folder / "data").mkdir()
    ledger = doctor.folder / "data" / "ledger.db"
    ledger.write_bytes(b"no database at all" * 100)
    code, found = doctor("none.toml")
    assert code == 3
    assert found["ledger"][0] == "bad"
    assert doctor("spring.toml")[0] == 7
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", "wrong-key")
    code, found = doctor("spring.toml")
    assert (code, found["access"][0]) == (4, "bad")
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # nothing listens there
        doctor.base_url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, found = doctor("spring.toml")
        assert (code, found["endpoint"][0], "access" in found) == (5, "bad", False)
        monkeypatch.delenv("CONNECTSAFELY_API_KEY")
        code, found = doctor("spring.toml")
        assert (code, found["key"][0], found["endpoint"][0]) == (2, "bad", "bad")


@pytest.mark.file
@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_modes_of_key_file_and_ledger(doctor: Practice) -> None:
    """A key file that others can read is bad. A ledger that others can read is looked at, and the
    next run mends it."""
    key = doctor.folder / "my key"
    key.write_text(KEY, encoding="utf-8")
    key.chmod(0o640)
    assert doctor("--key-file", str(key))[1]["key"][2] == f"chmod 600 '{key}'"
    key.chmod(0o600)
    ledger = doctor.folder / "data" / "ledger.db"
    open_ledger(ledger).close()
    ledger.chmod(0o644)
    code, found = doctor("--key-file", str(key))
    assert (code, found["key"][1], found["ledger"][0]) == (
        0,
        f"from the key file {key}, mode 0600",
        "look",
    )
    assert ledger.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (timedelta(hours=3), "3 hours behind"),
        (timedelta(minutes=-7), "7 minutes ahead of"),
        (timedelta(seconds=20), "right"),
    ],
)
def test_a_wrong_clock_is_told_in_plain_words(
    doctor: Practice, skew: timedelta, words: str
) -> None:
    """A wrong clock is told by how much and in which direction it is off. A run can go on."""
    doctor.traits = {"skew": skew}
    code, found = doctor("spring.toml")
    assert (code, found["clock"][0]) == (0, "ok" if words == "right" else "look")
    assert words in found["clock"][1]


@pytest.mark.file
def test_every_byte_of_a_ledger_is_looked_at(tmp_path: Path) -> None:
    """A whole ledger is ok and stays as it is. A ledger with a page of noise, a ledger cut short
    and a foreign database are bad."""
    path = tmp_path / "ledger.db"
    open_ledger(path).close()
    whole = path.read_bytes()
    assert storage.judge_ledger(path).verdict == "ok"
    assert path.read_bytes() == whole
    for damaged in (whole[: len(whole) // 2], whole[:4096] + b"\xff" * 4096 + whole[8192:]):
        path.write_bytes(damaged)
        assert storage.judge_ledger(path).exit_code == 7
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (x)")
    assert "no ledger" in storage.judge_ledger(path).says


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nearly full disk is looked at, and a full one is bad."""
    for free, verdict in (
        (storage.LITTLE_BYTES - 1, "look"),
        (storage.NO_BYTES - 1, "bad"),
        (storage.LITTLE_BYTES, "ok"),
    ):
        monkeypatch.setattr(
            storage.shutil, "disk_usage", lambda _, free=free: type("Usage", (), {"free": free})
        )
        assert storage.judge_ledger(tmp_path / "ledger.db").verdict == verdict


BEGIN = {"time": "2026-11-23T08:00:00Z", "event": "begin", "campaign": "spring"}
WELL = {"time": "2026-11-23T08:30:00Z", "event": "end", "campaign": "spring", "exitCode": 75}
ERROR = {**WELL, "event": "error", "exitCode": 4}
OVERLAP = {**ERROR, "exitCode": 6}
NOTIFY = {**BEGIN, "event": "notify", "done": True}
OTHER = {**ERROR, "campaign": "autumn"}


@pytest.mark.parametrize(
    ("records", "verdict", "words"),
    [
        ([BEGIN, WELL, NOTIFY], "ok", "exit code 75"),
        ([BEGIN, WELL, BEGIN, ERROR, NOTIFY], "look", "exit code 4"),
        ([BEGIN, WELL, OTHER, NOTIFY], "ok", "exit code 75"),
        ([BEGIN, WELL, BEGIN, {**BEGIN, "event": "attempt"}, OVERLAP], "look", "killed"),
        ([{**WELL, "time": "2026-11-20T09:00:00Z"}], "look", "no run since"),
        ([OTHER], "ok", "no unattended run yet"),
        ([], "ok", "no unattended run yet"),
    ],
)
def test_the_last_run_by_the_log(
    tmp_path: Path, records: list[dict[str, Any]], verdict: str, words: str
) -> None:
    """The log tells how the campaign's own last run ended, no matter what stands after it. A run
    without an end was killed, unless it is active; a daily run has to have come lately; and a line
    cut short is not a record."""
    log = log_files(tmp_path / "ledger.db")
    lines = [json.dumps(record) for record in records]
    (tmp_path / "ledger.db.log").write_text("\n".join([*lines, '{"time": "20']), encoding="utf-8")
    found = daily.judge_log(log, "spring", scheduled=True, running=False, now=NOW)
    assert (found.verdict, words in found.says) == (verdict, True), found
    if "killed" in words:
        assert daily.judge_log(log, "spring", scheduled=True, running=True, now=NOW).verdict == "ok"
    if "since" in words:
        assert (
            daily.judge_log(log, "spring", scheduled=False, running=False, now=NOW).verdict == "ok"
        )
    if OTHER in records:
        assert daily.judge_log(log, None, scheduled=False, running=False, now=NOW).verdict == "look"
    (tmp_path / "ledger.db.log").replace(tmp_path / "ledger.db.log.1")  # as after a rotation
    assert daily.judge_log(log, "spring", scheduled=True, running=False, now=NOW).verdict == verdict


@pytest.mark.parametrize(
    ("file", "content", "verdict"),
    [
        ("people.csv", None, "bad"),
        ("hello.j2", None, "bad"),
        ("hello.j2", "Hi {{ first_nam }}", "bad"),
        ("people.csv", "First Name,LinkedIn URL\n", "bad"),
        ("people.csv", "First Name,LinkedIn URL\n,jo-doe\nJo,jo-doe-2\n", "look"),
    ],
)
def test_the_list_and_the_text_are_read(
    doctor: Practice, file: str, content: str | None, verdict: str
) -> None:
    """A list or text that is missing or of no use would end a run with 3, so it is bad. A row that
    cannot be sent is looked at."""
    path = doctor.folder / file
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    code, found = doctor("spring.toml")
    assert (code, found["list"][0]) == (3 if verdict == "bad" else 0, verdict)


def test_the_daily_run_has_no_key_of_this_shell(
    doctor: Practice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An installed run needs a key that is found without the shell, or with the file that the run
    was installed with."""
    monkeypatch.setattr("runner.sending.key.default_key_file", lambda: tmp_path / "none")
    key = doctor.folder / "my key"
    key.write_text(KEY, encoding="utf-8")
    key.chmod(0o600)
    assert "daily key" not in doctor("spring.toml")[1]
    assert int(call(["schedule", "install", "spring.toml", "--at", "08:15"])) == 0
    code, found = doctor("spring.toml")
    assert (code, found["key"][0], found["daily key"][0]) == (2, "ok", "bad")
    assert "this shell" in found["daily key"][1]
    assert (
        int(call(["schedule", "install", "spring.toml", "--at", "08:15", "--key-file", "my key"]))
        == 0
    )
    code, found = doctor("spring.toml")
    assert (code, found["daily key"][1]) == (0, f"from the key file {key}, mode 0600")


def test_a_daily_run_that_will_not_start_is_told(doctor: Practice) -> None:
    """A daily run is told of when its timer is off, half of it is missing, or its Python is gone.
    So is one that would keep another ledger."""
    (doctor.folder / ".env").write_text(f"CONNECTSAFELY_API_KEY={KEY}\n", encoding="utf-8")
    (doctor.folder / ".env").chmod(0o600)
    install = ["schedule", "install", "spring.toml", "--at", "08:15"]
    assert int(call(install)) == 0
    assert doctor("spring.toml")[1]["schedule"][0] == "ok"
    verdict, says, remedy = doctor("spring.toml", "--ledger", "other.db")[1]["schedule"]
    assert (verdict, "another ledger" in says, "--ledger" in remedy) == ("look", True, True)
    doctor.computer.timers.clear()
    verdict, says, remedy = doctor("spring.toml")[1]["schedule"]
    assert (verdict, "inactive" in says) == ("look", True)
    assert (remedy or "").startswith(
        "Install it again: campaign schedule install spring.toml --ledger "
    )
    assert int(call(install)) == 0
    (service,) = doctor.computer.folder.rglob("*.service")
    text = service.read_text(encoding="utf-8")
    service.write_text(text.replace(sys.executable, "/gone/python"), encoding="utf-8")
    code, found = doctor("spring.toml")
    assert (code, found["schedule"][0], "/gone/python" in found["schedule"][1]) == (2, "bad", True)
    service.unlink()
    assert "missing" in doctor("spring.toml")[1]["schedule"][1]


def test_a_crontab_that_nobody_reads_is_told(doctor: Practice) -> None:
    """A crontab that no cron reads is told of, as far as it can be seen."""
    doctor.computer.user_manager = False
    (doctor.folder / ".env").write_text(f"CONNECTSAFELY_API_KEY={KEY}\n", encoding="utf-8")
    (doctor.folder / ".env").chmod(0o600)
    assert int(call(["schedule", "install", "spring.toml", "--at", "08:15"])) == 0
    assert doctor("spring.toml")[1]["schedule"][0] == "ok"
    doctor.computer.cron_runs = False
    verdict, says, _ = doctor("spring.toml")[1]["schedule"]
    assert (verdict, "no cron is running" in says) == ("look", True)
    doctor.computer.missing.add("pgrep")
    assert doctor("spring.toml")[1]["schedule"][0] == "ok"


def test_what_the_ledger_knows_of_the_campaign(tmp_path: Path, doctor: Practice) -> None:
    """The doctor tells the campaign's uncertain rows. It knows the accounts of the rows where the
    campaign names no account."""
    text = (doctor.folder / "spring.toml").read_text(encoding="utf-8")
    (doctor.folder / "spring.toml").write_text(
        text.replace('accounts = ["acc_1"]\n', ""), encoding="utf-8"
    )
    (doctor.folder / "people.csv").write_text(
        "First Name,LinkedIn URL,accountId\nJo,jo-doe,acc_9\n", encoding="utf-8"
    )
    with serving(script=lambda _: Answer(200, b"", cut="answer-lost")) as server:
        assert int(call(["run", "spring.toml", "--now", "--yes", "--base-url", server.url])) == 1
    code, found = doctor("spring.toml")
    assert "account acc_9" in found
    assert (code, found["rows"][0], found["rows"][1]) == (0, "look", "1 uncertain: row 2 (jo-doe)")
    assert "campaign settle --check --name spring" in (found["rows"][2] or "")


@pytest.mark.parametrize(
    "proxy", [f"http://jo:{PASSWORD}@proxy.example:3128", f"jo:{PASSWORD}@proxy.example:3128"]
)
def test_the_proxy_is_shown_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    """The proxy in effect for the endpoint is shown without its password. No proxy is shown where
    it is bypassed."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert surroundings.judge_proxy("https://api.example.com").says == "http://proxy.example:3128"
    monkeypatch.setenv("NO_PROXY", "api.example.com")
    assert surroundings.judge_proxy("https://api.example.com").says == "none"


def ask(answers: dict[str, Any], *accounts: str) -> list[Finding]:
    """Return the findings when the GETs get these answers, by how their paths end.

    An answer is a status, or a status with JSON.
    """

    def answer(request: httpx.Request) -> httpx.Response:
        said = next((said for end, said in answers.items() if request.url.path.endswith(end)), 404)
        status, body = (
            (said, b"") if isinstance(said, int) else (said[0], json.dumps(said[1]).encode())
        )
        return httpx.Response(status, stream=httpx.ByteStream(body))

    lookup = Lookup(
        Secret(KEY),
        ServerClock(lambda: NOW),
        base_url="https://api.example.com",
        transport=httpx.MockTransport(answer),
    )
    return asyncio.run(vendor.ask(lookup, accounts, lambda: NOW))


@pytest.mark.parametrize(
    ("answers", "verdict", "words"),
    [
        (
            {"/status": (200, {"status": "active", "enabled": True, "hasTokens": True})},
            "ok",
            "active",
        ),
        ({"/status": (200, {"status": "active", "enabled": False})}, "bad", "disabled"),
        ({"/status": (200, {"enabled": True, "hasTokens": False})}, "bad", "not connected"),
        ({"/status": (404, {"error": "Account not found"})}, "bad", "does not know it"),
        ({"/status": 403}, "bad", "refused"),
        ({"/status": 500}, "look", "HTTP 500"),
        ({"/accounts": (200, [{"id": "acc_2"}])}, "bad", "not among"),
        ({"/accounts": (200, [{"id": "acc_1", "enabled": False}])}, "bad", "disabled"),
        ({"/accounts": (200, [{"id": "acc_1", "status": "connected"}])}, "ok", "connected"),
        ({}, "ok", "does not offer"),
    ],
)
def test_an_accounts_health(answers: dict[str, Any], verdict: str, words: str) -> None:
    """An account is judged by its own endpoint, or else by the key's list. A state that would stop
    the account has the exit code of a refusal."""
    found = ask(answers, "acc_1")
    judged = next(f for f in found if f.name == "account acc_1" or f.verdict == "bad")
    assert judged.verdict == verdict
    assert words in judged.says
    assert exit_code(found) == (4 if verdict == "bad" else 0)


def test_a_spent_quota_is_looked_at() -> None:
    """A spent quota is looked at. It ends nothing, for a run pauses."""
    spent = {
        "feature": "MESSAGE",
        "window": "daily",
        "limit": 90,
        "remaining": 0,
        "resetAt": "2026-11-24T00:00:00Z",
    }
    found = {f.name: f for f in ask({"/quota": (200, {"quotas": [spent]})}, "acc_1")}
    assert found["quota acc_1"].verdict == "look"
    assert "spent until" in found["quota acc_1"].says


@pytest.mark.parametrize(
    ("known", "verdicts"), [(["acc_1"], {"ok"}), (["acc_1", "acc_2"], {"ok", "look"})]
)
def test_no_account_is_named(known: list[str], verdicts: set[str]) -> None:
    """When no account is named and the key has one, the sender is not in doubt. With several it
    is."""
    found = ask({"/accounts": (200, [{"id": account} for account in known])})
    assert {finding.verdict for finding in found} == verdicts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "status", "enabled", "hasTokens", "quotas", "remaining", "feature"]
            ),
            inner,
        )
    ),
    max_leaves=9,
)


@given(
    st.sampled_from([200, 400, 404, 429, 500]),
    JSON,
    st.sampled_from(["/accounts", "/status", "/quota"]),
)
def test_no_answer_of_the_vendor_ends_the_examination(status: int, body: Any, end: str) -> None:
    """Any JSON that comes back gives findings that can be shown on one line."""
    found = ask({end: (status, body)}, "acc_1")
    assert found
    assert all(finding.says and finding.says.isprintable() for finding in found)


@pytest.mark.file
def test_results_and_log_that_cannot_be_written_are_bad(doctor: Practice) -> None:
    """Results and a log that cannot be written are bad, as they would end a run before it sends
    anything. A list is looked at with the template that it is given."""
    text = (doctor.folder / "spring.toml").read_text(encoding="utf-8")
    (doctor.folder / "spring.toml").write_text(
        text + 'results = "nowhere/out.csv"\n', encoding="utf-8"
    )
    code, found = doctor("spring.toml")
    assert (code, found["results"][0]) == (7, "bad")
    (doctor.folder / "data" / "ledger.db.log").mkdir(parents=True)
    code, found = doctor("people.csv", "-t", "hello.j2")
    assert (code, found["list"][0], found["results"][0], found["log"][0]) == (7, "ok", "ok", "bad")
