"""The commands that the schedulers really start, through a real shell and a real `env`.

The shell is full of other things.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from runner.schedule.cron import line
from runner.schedule.job import Job, daily
from runner.schedule.systemd import service
from tests.schedule import test_cron, test_systemd
from tests.schedule.computer import NASTY

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no /bin/sh")
FOLDER = NASTY.replace("/", "")
# Shells and systems add these variables by themselves.
OWN = {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
HOSTILE = {
    "HOME": "/elsewhere",
    "CONNECTSAFELY_API_KEY": "secret",
    "PYTHONPATH": "/evil",
    "PATH": "/nowhere",
    "LANG": "tlh",
    "X": "y",
}


@pytest.fixture
def start(tmp_path: Path) -> Callable[[Callable[[Job], None]], dict[str, Any]]:
    """Return a function that starts a nasty job in some way.

    It checks what the job's interpreter was given, and where it was.
    """

    def _start(way: Callable[[Job], None]) -> dict[str, Any]:
        folder, seen, record = tmp_path / FOLDER, tmp_path / "seen.json", tmp_path / "record.py"
        folder.mkdir()
        record.write_text(
            "import json, os, sys\nseen = dict(argv=sys.argv[1:], cwd=os.getcwd(), "
            "environment=dict(os.environ))\n"
            f"open({str(seen)!r}, 'w').write(json.dumps(seen))\n",
            encoding="utf-8",
        )
        script = (
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I {shlex.quote(str(record))} "$0" '
            '"$@"\n'
        )
        python = tmp_path / FOLDER.replace("=", "") / "python"
        python.parent.mkdir()
        python.write_text(script, encoding="utf-8")
        python.chmod(0o755)
        arguments = (
            "-m",
            "runner",
            "run",
            str(folder / "spring.toml"),
            "",
            "$X",
            "${X}",
            "$$",
            "%h",
            NASTY,
        )
        environment = (("PATH", "/usr/local/bin:/usr/bin:/bin"), ("LANG", "C.UTF-8"))
        job = Job(
            folder / "spring.toml", time(9), date(2026, 11, 24), str(python), arguments, environment
        )
        way(job)
        found: dict[str, Any] = json.loads(seen.read_text(encoding="utf-8"))
        assert found["argv"] == list(job.command)
        assert found["cwd"] == str(folder)
        return {name: value for name, value in found["environment"].items() if name not in OWN}

    return _start


def test_cron_starts_it_with_a_clean_environment(start: Callable[..., dict[str, Any]]) -> None:
    """Cron starts the job with its own HOME, PATH and LANG. The job has nothing of the surrounding
    shell or of cron."""

    def cron(job: Job) -> None:
        text = test_cron.command(line(job, "/home/jo"), halves_backslashes=False)
        subprocess.run(["/bin/sh", "-c", text], env=HOSTILE, check=True)

    assert start(cron) == {
        "HOME": "/home/jo",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }


def test_systemd_starts_it_with_what_the_unit_says(start: Callable[..., dict[str, Any]]) -> None:
    """systemd runs the unit's command through the unit's `env`, in the unit's folder."""

    def systemd(job: Job) -> None:
        unit = service(job)
        settings = test_systemd.values(unit)
        environment = dict(
            test_systemd.words(value)[0].split("=", 1) for value in settings["Environment"]
        )
        folder = test_systemd.unspecified(settings["WorkingDirectory"][0])
        subprocess.run(test_systemd.command(unit), env=environment, cwd=folder, check=True)

    assert start(systemd) == {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


def test_what_is_started_is_a_run_of_the_campaign_file(tmp_path: Path) -> None:
    """The real command takes what the line says, and finds key and template in the folder. It tells
    that the list is missing."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / "runner.py").write_text(
        "raise SystemExit('a file of the folder took the place of the program')", encoding="utf-8"
    )
    (folder / "spring.toml").write_text(
        "sheet = 'people.csv'\ntemplate = 'hello.j2'\n", encoding="utf-8"
    )
    (folder / "hello.j2").write_text("Hi", encoding="utf-8")
    (folder / ".env").write_text("CONNECTSAFELY_API_KEY=no-key-at-all\n", encoding="utf-8")
    (folder / ".env").chmod(0o600)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    job = daily(folder / "spring.toml", time(9), now, folder / "ledger.db", None, {})
    text = test_cron.command(line(job, str(tmp_path)), halves_backslashes=False)
    ended = subprocess.run(
        ["/bin/sh", "-c", text], env=HOSTILE, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "people.csv" in ended.stderr
