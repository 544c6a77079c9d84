"""The units of systemd, read back by another reader of its syntax.

systemd reads them itself where it is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given

from runner.schedule.job import Job
from runner.schedule.systemd import command_of, service, timer
from tests.schedule.computer import NASTY, jobs

NASTY_JOB = Job(
    Path(f"/lists/{NASTY.replace('/', '')} \\/spring %h.toml"),
    time(9, 5),
    date(2026, 11, 24),
    '/opt/o\'ne "$HOME" %h \\n/python',
    ("-m", "runner", "", ";", "$HOME", "${HOME}", "$$", "%h", "%%", "\\x41", NASTY),
    (("PATH", "/bin:/a b:%h:$HOME:\\n"),),
)


def values(unit: str) -> dict[str, list[str]]:
    """Return the settings of a unit by name.

    The lines are those of systemd.syntax(7): a line that ends in a backslash goes on in the next.
    """
    found: dict[str, list[str]] = {}
    for line in unit.replace("\\\n", " ").split("\n"):
        if "=" in line:
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value.strip(" \t\r"))
    return found


def words(value: str) -> list[str]:
    """Return a value's words: first the quotes, then escapes within them, then specifiers.

    Of the specifiers, %% alone is expected.
    """
    found = re.findall(r'(?:"((?:[^"\\]|\\.)*)"|([^\s"\'\\]+))(?:\s+|$)', value, re.DOTALL)
    assert sum(len(quoted) + len(bare) for quoted, bare in found)
    escapes = {"\\": "\\", '"': '"'}
    return [
        unspecified(re.sub(r"\\(.)", lambda match: escapes[match[1]], quoted) or bare)
        for quoted, bare in found
    ]


def unspecified(text: str) -> str:
    return re.sub(r"%(.?)", lambda match: {"%": "%"}[match[1]], text)


def command(unit: str) -> list[str]:
    """Return the command that systemd would run. Of variables, $$ alone is expected."""
    (value,) = values(unit)["ExecStart"]
    return [re.sub(r"\$(.?)", lambda match: {"$": "$"}[match[1]], word) for word in words(value)]


@given(jobs())
def test_any_path_and_argument_comes_through(job: Job) -> None:
    """Program, arguments, environment and folder are read back as they were, with any characters in
    them."""
    unit = service(job)
    assert command(unit) == ["/usr/bin/env", *job.command]
    assert command_of(unit) == job.command
    read = values(unit)
    assert [words(value) for value in read["Environment"]] == [
        [f"{name}={value}"] for name, value in job.environment
    ]
    (folder,) = read["WorkingDirectory"]
    assert unspecified(folder).removesuffix("/") == str(job.folder)


def test_what_the_units_say_beside_the_command() -> None:
    """A pause is a success, a missed day is made up for, and a message in flight is waited for."""
    read = values(service(NASTY_JOB))
    assert (read["Type"], read["SuccessExitStatus"], read["TimeoutStopSec"]) == (
        ["oneshot"],
        ["75"],
        ["150"],
    )
    read = values(timer(NASTY_JOB))
    assert (read["OnCalendar"], read["Persistent"], read["WantedBy"]) == (
        ["*-*-* 09:05:00"],
        ["true"],
        ["timers.target"],
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """systemd-analyze finds no fault with the units. It does find one when env does not start a
    program of that name."""

    def verify(name: str, text: str) -> subprocess.CompletedProcess[str]:
        paths = [tmp_path / f"{name}.service", tmp_path / f"{name}.timer"]
        paths[0].write_text(text, encoding="utf-8")
        paths[1].write_text(timer(NASTY_JOB), encoding="utf-8")
        return subprocess.run(
            ["systemd-analyze", "--user", "verify", *paths],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "XDG_RUNTIME_DIR": str(tmp_path),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    good = verify("good", service(NASTY_JOB))
    assert (good.returncode, good.stdout + good.stderr) == (0, "")
    bad = verify("bad", service(NASTY_JOB).replace("/usr/bin/env ", ""))
    assert bad.returncode != 0
    assert "special characters" in bad.stderr
