"""`campaign schedule`, on computers of every kind.

It shows, replaces and takes away what is installed, and nothing else.
"""

from __future__ import annotations

import json
import plistlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.cli import call
from runner.schedule import machine as machine_module
from runner.schedule.job import label
from tests.schedule.computer import Computer

CRONTAB = "# mine\nMAILTO=jo\n5 5 * * * backup 100\\%\n\n# the end, without a line break"
KINDS = [
    ("linux", "systemd", {}),
    ("linux", "cron", {"user_manager": False}),
    ("linux", "cron", {"missing": {"systemctl", "loginctl"}, "crontab": CRONTAB}),
    ("freebsd14", "cron", {"crontab": CRONTAB}),
    ("darwin", "launchd", {}),
    ("win32", "task-scheduler", {}),
]


class Shell:
    """Runs `campaign schedule` in the test's folder, beside spring.toml."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.folder, self._capsys, self._monkeypatch = folder, capsys, monkeypatch
        self.out = self.err = ""

    def use(self, platform: str = "linux", **state: Any) -> Computer:
        computer = Computer(self.folder / "computer", platform, **state)
        _ = computer.machine
        self._monkeypatch.setattr(machine_module, "this_machine", lambda: computer.machine)
        return computer

    def __call__(self, *arguments: str) -> int:
        self._capsys.readouterr()
        code = int(call(["schedule", *arguments]))
        self.out, self.err = self._capsys.readouterr()
        assert "wrong in Campaign Runner itself" not in self.err
        return code

    def json(self, *arguments: str) -> dict[str, Any]:
        code = self(*arguments, "--json")
        answer: dict[str, Any] = json.loads(self.out)
        assert answer["exitCode"] == code
        return answer


@pytest.fixture
def shell(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[str, str], Path],
) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LEDGER", "ledger.db")
    for name in ("TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    write("spring.toml", 'sheet = "people.csv"\nhours = "09:00-17:00"\ntime_zone = "UTC"\n')
    write(".env", "CONNECTSAFELY_API_KEY=key-in-dotenv\n").chmod(0o600)
    return Shell(tmp_path, capsys, monkeypatch)


@pytest.mark.file
@pytest.mark.parametrize(("platform", "scheduler", "state"), KINDS)
def test_installing_showing_replacing_and_removing(
    shell: Shell, platform: str, scheduler: str, state: dict[str, Any]
) -> None:
    """On every kind of computer, a schedule that is installed twice is there once. A schedule that
    is removed leaves nothing behind."""
    computer = shell.use(platform, **state)
    before = computer.state()
    assert shell.json("show", "spring.toml")["installed"] == []
    assert shell("install", "spring.toml", "--at", "09:00") == 0
    assert (
        f"Scheduled with {scheduler}: {shell.folder / 'spring.toml'}, every day at 09:00."
        in shell.out
    )
    once = computer.state()
    assert once != before
    assert shell("install", "spring.toml", "--at", "09:00") == 0
    assert computer.state() == once
    assert shell("install", "spring.toml", "--at", "10:30") == 0
    (entry,) = shell.json("show", "spring.toml")["installed"]
    assert entry["scheduler"] == scheduler
    assert (entry["nextRun"] is not None) == (scheduler in ("systemd", "task-scheduler"))
    for word in (
        "--unattended",
        "--ledger",
        str(shell.folder / "ledger.db"),
        label(shell.folder / "spring.toml"),
    ):
        assert word in entry["place"] + entry["text"], word
    assert "09:00" not in entry["text"].replace(":09:00", "")
    (shell.folder / "spring.toml").unlink()  # a schedule can outlive its campaign file
    assert shell.json("remove", "spring.toml")["removed"] == [scheduler]
    files, crontab, *rest = computer.state()
    assert (files, crontab or None, *rest) == before
    assert shell("remove", "spring.toml") == 0
    assert shell.out == "Nothing is scheduled for spring.toml.\n"
    assert shell("show", "spring.toml") == 2  # neither there nor scheduled: a mistyped name


@pytest.mark.parametrize(("platform", "scheduler", "state"), KINDS)
def test_printing_shows_all_and_does_nothing(
    shell: Shell, platform: str, scheduler: str, state: dict[str, Any]
) -> None:
    """An installation writes and runs what was printed. The print itself does nothing."""
    computer = shell.use(platform, **state)
    before = computer.state()
    printed = shell.json("install", "spring.toml", "--at", "09:00", "--print")
    assert (printed["installed"], printed["scheduler"], computer.state()) == (
        False,
        scheduler,
        before,
    )
    assert shell("install", "spring.toml", "--at", "09:00", "--print") == 0
    assert shell.out == "\n".join(printed["steps"]) + "\n"
    assert computer.state() == before
    computer.calls.clear()
    assert shell.json("install", "spring.toml", "--at", "09:00") == printed | {"installed": True}
    done = [" ".join(command) for command in computer.calls]
    for step in printed["steps"]:
        if step.startswith("Run "):
            assert step.removeprefix("Run ").split(" with this input:")[0] in done
    (entry,) = shell.json("show", "spring.toml")["installed"]
    shown = "\n".join(printed["steps"]).replace("\r\n", "\n")
    for text in entry["text"].replace("\r\n", "\n").split("\n"):
        assert text in shown


def test_another_scheduler_takes_the_place_of_the_first(shell: Shell) -> None:
    """Two schedulers never start one campaign twice a day."""
    computer = shell.use(crontab=CRONTAB)
    for scheduler in ("systemd", "cron", "systemd"):
        assert shell("install", "spring.toml", "--at", "09:00", "--with", scheduler) == 0
        assert [entry["scheduler"] for entry in shell.json("show", "spring.toml")["installed"]] == [
            scheduler
        ]
    assert computer.crontab == CRONTAB


def test_two_campaigns_have_a_schedule_each(
    shell: Shell, write: Callable[[str, str], Path]
) -> None:
    """The removal of one schedule leaves the other."""
    shell.use()
    write("autumn.toml", 'sheet = "people.csv"\n')
    assert (
        shell("install", "spring.toml", "--at", "09:00")
        == shell("install", "autumn.toml", "--at", "09:10")
        == 0
    )
    assert shell("remove", "spring.toml") == 0
    assert len(shell.json("show", "autumn.toml")["installed"]) == 1


def test_a_crontab_that_cannot_be_read_is_never_written(shell: Shell) -> None:
    """A crontab that cannot be read is never written. Taken for an empty one, it would be lost."""
    computer = shell.use(user_manager=False, crontab=CRONTAB, failing={"crontab"})
    for command in (
        ["install", "spring.toml", "--at", "09:00"],
        ["remove", "spring.toml"],
        ["show", "spring.toml"],
    ):
        assert shell(*command) == 7
        assert "crontab: the disk is on fire" in shell.err
    assert computer.crontab == CRONTAB
    assert ("crontab", "-") not in computer.calls


@pytest.mark.parametrize(
    ("platform", "state", "options", "code", "says"),
    [
        (
            "linux",
            {"missing": {"systemctl", "crontab"}},
            [],
            2,
            "No scheduler works on this computer, of: systemd, cron",
        ),
        (
            "linux",
            {"missing": {"crontab"}},
            ["--with", "cron"],
            2,
            "crontab cannot be run on this computer",
        ),
        (
            "linux",
            {"missing": {"systemctl"}},
            ["--with", "systemd"],
            2,
            "systemctl cannot be run on this computer",
        ),
        ("linux", {"user_manager": False}, ["--with", "systemd"], 7, "Failed to connect to bus"),
        ("linux", {}, ["--with", "launchd"], 2, "There is no launchd on this computer."),
        ("darwin", {"failing": {"launchctl"}}, [], 7, "launchctl: the disk is on fire"),
        ("win32", {"missing": {"schtasks"}}, [], 2, "schtasks cannot be run on this computer"),
        ("win32", {"failing": {"schtasks"}}, [], 7, "schtasks: the disk is on fire"),
    ],
)
def test_a_scheduler_that_does_not_work_is_named(
    shell: Shell, platform: str, state: dict[str, Any], options: list[str], code: int, says: str
) -> None:
    """A scheduler that does not work is told in its own words, with what to do."""
    shell.use(platform, **state)
    assert shell("install", "spring.toml", "--at", "09:00", *options) == code
    assert says in shell.err
    assert "  Next:  " in shell.err


def test_only_a_campaign_file_that_loads_is_scheduled(
    shell: Shell, write: Callable[[str, str], Path]
) -> None:
    """A sheet, a file with a mistake and a missing file are refused, and nothing is installed."""
    computer = shell.use()
    before = computer.state()
    write("broken.toml", "shet = 'people.csv'\n")
    for command in (
        ["install", "people.xlsx", "--at", "09:00"],
        ["show", "people.xlsx"],
        ["remove", "people.xlsx"],
    ):
        assert shell(*command) == 2
        assert "campaign new people people.xlsx" in shell.err
    assert shell("install", "broken.toml", "--at", "09:00") == 3
    assert shell("install", "missing.toml", "--at", "09:00") == 3
    assert shell("install", "spring.toml", "--at", "25:00") == 2
    assert shell("install", "spring.toml") == 2
    assert (computer.state(), computer.calls) == (before, [])


def test_a_run_that_would_have_no_key_is_told_of(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key in the shell's variable is not enough; .env or a key file is. The key itself is
    nowhere."""
    computer = shell.use("darwin")
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", "key-of-the-shell")
    install = ["install", "spring.toml", "--at", "09:00"]
    assert shell(*install) == 0
    assert shell.err == ""
    (shell.folder / ".env").rename(shell.folder / "my.key")
    assert shell(*install) == 0
    assert "There is no API key. Put the key, alone, into the file " in shell.err
    assert "(mode 0600), or name another: --key-file." in shell.err
    (shell.folder / "my.key").write_text("key-of-the-file\n", encoding="utf-8")
    assert shell(*install, "--key-file", "my.key") == 0
    assert shell.err == ""
    (path,) = (computer.machine.home / "Library" / "LaunchAgents").iterdir()
    assert plistlib.loads(path.read_bytes())["ProgramArguments"][-2:] == [
        "--key-file",
        str(shell.folder / "my.key"),
    ]
    assert b"key-of" not in b"".join(computer.state()[0].values())
    assert shell(*install, "--key-file", "missing.key") == 2
    assert "There is no key file missing.key." in shell.err


def test_settings_that_only_the_shell_has_are_named(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that only the shell has are told by their names, which are not secrets. The settings
    that the scheduled run is given are not told."""
    shell.use("darwin")
    for name, value in {
        "CAMPAIGN_DAILY_LIMIT": "3",
        "CONNECTSAFELY_ACCOUNT_ID": "acc",
        "HTTPS_PROXY": "http://jo:secret@proxy",
        "CAMPAIGN_KEY_FILE": "",
        "EDITOR": "vi",
    }.items():
        monkeypatch.setenv(name, value)
    (note,) = shell.json("install", "spring.toml", "--at", "09:00")["notes"]
    assert ": CAMPAIGN_DAILY_LIMIT, CONNECTSAFELY_ACCOUNT_ID, HTTPS_PROXY. " in note
    assert "secret" not in note


@pytest.mark.parametrize(
    ("at", "too_late"), [("00:01", False), ("16:59", False), ("17:00", True), ("23:30", True)]
)
def test_a_time_after_the_sending_hours_is_told_of(shell: Shell, at: str, too_late: bool) -> None:
    """Every run after the sending hours would pause at once, and the campaign would never begin.
    Such a time is told of."""
    shell.use("darwin")
    notes = shell.json("install", "spring.toml", "--at", at)["notes"]
    assert [("are over" in note) for note in notes] == [True] * too_late


@pytest.mark.parametrize("lingers", [True, False])
def test_a_run_that_needs_a_login_is_told_of(shell: Shell, lingers: bool) -> None:
    """A run that needs a login is told of, with the command that makes it run without one."""
    shell.use(lingers=lingers)
    assert shell("install", "spring.toml", "--at", "09:00") == 0
    assert ("loginctl enable-linger" in shell.err) != lingers
