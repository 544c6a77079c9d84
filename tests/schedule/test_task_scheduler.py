"""The task's XML, read back."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.schedule.job import Job
from runner.schedule.task_scheduler import NAMESPACE, read_task, task, words_of
from tests.schedule.computer import TEXTS, jobs

PLAIN = Job(
    Path("/lists/spring.toml"), time(9, 5), date(2026, 11, 24), "/bin/python", ("-m", "runner")
)


def leaves(content: bytes) -> dict[str, str | None]:
    """Return the texts of the XML by their path."""
    found: dict[str, str | None] = {}

    def walk(element: ET.Element, path: str) -> None:
        for child in element:
            name = f"{path}/{child.tag.removeprefix(f'{{{NAMESPACE}}}')}".lstrip("/")
            if len(child):
                walk(child, name)
            else:
                assert name not in found
                found[name] = child.text

    walk(ET.fromstring(content), "")
    return found


@given(jobs(), TEXTS)
def test_any_path_and_argument_comes_through(job: Job, user: str) -> None:
    """Everything comes through in the words of the schema, except what Task Scheduler would take
    for a variable."""
    arguments = subprocess.list2cmdline(job.arguments)
    assume(
        not any(
            re.search(r"%[^%]+%|\$\(", text) for text in (job.python, arguments, str(job.folder))
        )
    )
    content = task(job, user)
    assert content[:2] in (b"\xff\xfe", b"\xfe\xff")
    assert leaves(content) == {
        "RegistrationInfo/Description": f"Campaign Runner, {job.campaign.name}, daily",
        "Triggers/CalendarTrigger/StartBoundary": f"2026-11-24T{job.at:%H:%M}:00",
        "Triggers/CalendarTrigger/ScheduleByDay/DaysInterval": "1",
        "Principals/Principal/UserId": user,
        "Principals/Principal/LogonType": "InteractiveToken",
        "Principals/Principal/RunLevel": "LeastPrivilege",
        "Settings/MultipleInstancesPolicy": "IgnoreNew",
        "Settings/DisallowStartIfOnBatteries": "false",
        "Settings/StopIfGoingOnBatteries": "false",
        "Settings/StartWhenAvailable": "true",
        "Settings/ExecutionTimeLimit": "PT24H",
        "Actions/Exec/Command": job.python,
        "Actions/Exec/Arguments": arguments or None,
        "Actions/Exec/WorkingDirectory": str(job.folder),
    }
    assert read_task(content.decode("utf-16")) == (job.command, True)


@pytest.mark.parametrize(
    "xml", ["", "no XML", "<Task/>", '<?xml version="1.0" encoding="UTF-16"?><Task xmlns="other"/>']
)
def test_a_task_that_cannot_be_read_starts_nothing_known(xml: str) -> None:
    """A task that cannot be read starts nothing known. Somebody has changed it."""
    assert read_task(xml)[0] == ()


@given(st.lists(st.text("a \t\"\\\\\\'é")))
def test_a_command_line_is_read_as_it_is_written(words: list[str]) -> None:
    """A command line is read as it is written, with any quotes and backslashes in its words."""
    assert words_of(subprocess.list2cmdline(words)) == words


def test_what_task_scheduler_would_expand_is_refused() -> None:
    """A text that Task Scheduler would expand is refused, for there is no escape. The run would get
    another path than was meant."""
    for job in (
        replace(PLAIN, python="/%TEMP%/python"),
        replace(PLAIN, campaign=Path("/lists %USERNAME%/spring.toml")),
        replace(PLAIN, arguments=("run", "$(Arg0)")),
    ):
        with pytest.raises(UsageError, match="for a variable"):
            task(job, "jo")
    task(replace(PLAIN, campaign=Path("/100% sure/spring.toml")), "jo")
