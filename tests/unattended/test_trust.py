"""What a campaign file reaches is shown, and a command of somebody else's file waits for a yes."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from runner.campaign import trust
from runner.campaign.target import parse_target
from runner.cli import call
from runner.show.console import Console
from runner.unattended import notify
from tests.unattended.test_unattended import Desk, desk

__all__ = ["desk"]  # the fixture
posix = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


@pytest.fixture
def file(desk: Desk) -> Path:
    """A campaign file whose command leaves a file behind."""
    (desk.folder / "tell.py").write_text("open('told', 'a').write('x')", encoding="utf-8")
    path = desk.folder / "spring.toml"
    words = f"{shlex.quote(sys.executable)} tell.py --token https://ann:s3cret@x.example"
    path.write_text(
        f'sheet = "people.csv"\ntemplate = "{desk.folder}/hello.j2"\nnotify = "{words}"\n',
        encoding="utf-8",
    )
    return path


def test_what_a_campaign_file_reaches_is_shown(
    desk: Desk, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command, the key file and files outside the folder are named by `check` and by the plan,
    without a password."""
    key = desk.folder / "key"
    key.write_text("a-key-of-the-loopback", encoding="utf-8")
    key.chmod(0o600)
    with file.open("a", encoding="utf-8") as more:
        more.write(f'key_file = "{key}"\nresults = "../elsewhere.csv"\n')
    call(["check", str(file)])
    checked = capsys.readouterr().out
    desk.run("--yes", source=str(file))
    for text in (checked, desk.err):
        assert "has a command run: " in text
        assert "tell.py --token https://x.example" in text
        assert "s3cret" not in text
        assert f"the API key read from {key}" in text
        assert f"template {desk.folder}/hello.j2, results ../elsewhere.csv" in text


def test_a_command_of_ones_own_file_is_run(desk: Desk, file: Path) -> None:
    assert desk.run("--yes", source=str(file)) == 0
    assert (desk.folder / "told").read_text(encoding="utf-8") == "x"


def _of_another_user(path: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)


def _open_to_all(path: Path, _patch: pytest.MonkeyPatch) -> None:
    path.chmod(0o666)


def _in_an_open_folder(path: Path, _patch: pytest.MonkeyPatch) -> None:
    path.parent.chmod(0o777)


def _downloaded(path: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trust, "was_downloaded", lambda found: found == path)


def _in_a_downloaded_folder(path: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trust, "was_downloaded", lambda found: found == path.parent)


def _among_downloads(path: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trust, "user_downloads_path", lambda: path.parent.parent.resolve())


@posix
@pytest.mark.parametrize(
    "stranger",
    [
        _of_another_user,
        _open_to_all,
        _in_an_open_folder,
        _downloaded,
        _in_a_downloaded_folder,
        _among_downloads,
    ],
)
def test_a_command_of_somebody_elses_file_waits_for_a_yes(
    desk: Desk,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    stranger: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    """Without a person the run goes on, and says that the command was not run. A person is asked
    once. After a yes the command is run, also unattended, until it is another command."""
    stranger(file, monkeypatch)
    told = desk.folder / "told"
    for more in (("--yes",), ("--unattended",)):
        assert desk.run(*more, source=str(file)) == 0
        assert "The command was not run, since" in desk.err
        assert not told.exists()
    asked: list[str] = []

    def ask(_console: Console, question: str, otherwise: str) -> bool:
        asked.append(question + otherwise)
        return len(asked) > 1

    monkeypatch.setattr(Console, "can_ask", True)
    monkeypatch.setattr(Console, "ask", ask)
    assert desk.run(source=str(file)) == 0
    assert not told.exists()
    assert desk.run(source=str(file)) == 0
    assert told.read_text(encoding="utf-8") == "x"
    assert len([question for question in asked if "Run the command?" in question]) == 2
    assert desk.run("--unattended", source=str(file)) == 0
    assert told.read_text(encoding="utf-8") == "xx"
    file.write_text(file.read_text(encoding="utf-8").replace("--token", "--other"), "utf-8")
    assert desk.run("--unattended", source=str(file)) == 0
    assert told.read_text(encoding="utf-8") == "xx"


@posix
def test_a_hanging_command_ends_with_all_that_it_started(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its child, and a grandchild whose parent has gone, are ended with it."""
    program = (
        "import os, subprocess, sys, time\n"
        "wait = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "one = subprocess.Popen(wait).pid\n"
        "code = f'import subprocess, sys; print(subprocess.Popen({wait!r}).pid, flush=True)'\n"
        "two = subprocess.run([sys.executable, '-c', code], stdout=-1, timeout=9).stdout\n"
        "open('pids.part', 'w').write(f'{one} {int(two)}')\n"
        "os.rename('pids.part', 'pids')\n"
        "time.sleep(60)\n"
    ).replace("stdout=-1, timeout=9).stdout", "stdout=open('two', 'w'))\ntwo = open('two').read()")
    (desk.folder / "hang.py").write_text(program, encoding="utf-8")
    pids = desk.folder / "pids"

    class Patience(float):
        """Ends when the command has started its children."""

        def __radd__(self, other: float) -> float:
            while not pids.exists():
                time.sleep(0.02)
            return other + 0.05

    monkeypatch.setattr(notify, "COMMAND_SECONDS", Patience(1))
    target = parse_target(f"{shlex.quote(sys.executable)} hang.py")
    said = notify.notify(target, {}, desk.folder)
    assert said is not None
    assert "not done after" in said
    for pid in map(int, pids.read_text(encoding="utf-8").split()):
        try:
            psutil.Process(pid).wait(10)
        except psutil.NoSuchProcess:
            continue
