"""The job that is to run: named by the path alone, and absolute in all its parts.

A job that no scheduler could hold is refused.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.schedule.job import Job, absolute, daily, label, parse_at
from tests.schedule.computer import FOLDERS

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def job(
    campaign: str = "/lists/spring.toml",
    python: str = "/bin/python",
    arguments: tuple[str, ...] = (),
) -> Job:
    return Job(Path(campaign), time(9), date(2026, 11, 24), python, arguments)


@given(FOLDERS, FOLDERS)
def test_a_label_is_plain_and_each_campaign_file_has_its_own(one: Path, other: Path) -> None:
    """A label is one word for a file, a unit, a task and a crontab. Two files never share it, even
    under the same name."""
    assert re.fullmatch(r"campaign-[a-z0-9-]*[0-9a-f]{8}", label(one))
    assert (label(one / "spring.toml") == label(other / "spring.toml")) == (one == other)


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\0", "\x1b", "\x7f", "\x85", "\udce4", "\ufffe", "\U0001ffff"]
)
def test_what_no_scheduler_can_hold_is_refused(character: str) -> None:
    """A character that no scheduler can hold is refused wherever it is. A line break in a path
    would be a line of its own in a crontab."""
    for make in (
        lambda: job(campaign=f"/li{character}sts/spring.toml"),
        lambda: job(python=f"/bin{character}/python"),
        lambda: job(arguments=("run", character)),
    ):
        with pytest.raises(UsageError, match="holds a line break"):
            make()


def test_an_interpreter_that_env_would_take_for_a_variable_is_refused() -> None:
    """An interpreter with a = in its path is refused, since `env a=b` sets a variable and starts
    nothing."""
    with pytest.raises(UsageError, match="holds a ="):
        job(python="/opt/a=b/python")


def test_the_command_is_absolute_and_holds_what_the_run_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command does not depend on the folder and the shell it was made in. It has nothing of the
    environment but the place of the key file."""
    monkeypatch.chdir(tmp_path)
    said = {
        "CONNECTSAFELY_API_KEY": "secret",
        "XDG_CONFIG_HOME": "/moved",
        "PATH": "/mine",
        "HOME": "/home/jo",
    }
    made = daily(Path("x/../spring.toml"), time(9), NOON, tmp_path / "ledger.db", Path("key"), said)
    assert made.command == (
        *(
            sys.executable,
            "-P",
            "-m",
            "runner",
            "run",
            str(tmp_path / "spring.toml"),
            "--unattended",
        ),
        *("--ledger", str(tmp_path / "ledger.db"), "--key-file", str(tmp_path / "key")),
    )
    assert dict(made.environment) == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "XDG_CONFIG_HOME": "/moved",
    }
    assert made.folder == tmp_path
    assert made.label == label(absolute(Path("spring.toml")))


@given(
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.timedeltas(timedelta(0), timedelta(days=800)),
)
def test_the_first_day_is_the_next_on_which_the_time_comes(at: time, later: timedelta) -> None:
    """The first run is later than now, by no more than a day."""
    now = NOON + later
    begins = daily(Path("a.toml"), at, now, Path("l.db"), None, {}).begins
    gap = datetime.combine(begins, at) - now.astimezone().replace(tzinfo=None)
    assert timedelta(0) < gap <= timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "at"), [("09:00", time(9)), ("9:05", time(9, 5)), (" 23:59 ", time(23, 59))]
)
def test_a_time_of_day_is_read(text: str, at: time) -> None:
    """A time of day is read in the way that people write it."""
    assert parse_at(text) == at


@pytest.mark.parametrize(
    "text", ["", "9", "24:00", "9:60", "9am", "09:00,10:00", "09:00:00", "٠٩:٠٠"]
)
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    """A text that is not a time of day is refused, with the way to write it."""
    with pytest.raises(UsageError) as refused:
        parse_at(text)
    assert refused.value.remedy == "Write it as 09:00."
