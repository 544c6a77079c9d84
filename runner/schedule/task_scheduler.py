"""A task of Windows' Task Scheduler."""

from __future__ import annotations

import csv
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from xml.etree import ElementTree as ET

from runner.errors import UsageError
from runner.schedule.entry import Entry
from runner.schedule.job import Job
from runner.schedule.machine import Delete, Machine, MissingProgramError, Run, Step, Write, failed

NAMESPACE: Final = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_QUERY: Final = ("schtasks", "/Query", "/FO", "CSV", "/NH")
# The schema's own defaults would leave out a day on which the computer is asleep. They would also
# stop on a laptop without its power supply.
_SETTINGS: Final = {
    "MultipleInstancesPolicy": "IgnoreNew",
    "DisallowStartIfOnBatteries": "false",
    "StopIfGoingOnBatteries": "false",
    "StartWhenAvailable": "true",
    "ExecutionTimeLimit": "PT24H",
}


@dataclass(frozen=True, slots=True)
class TaskScheduler:
    """A task, handed over as XML through `schtasks`."""

    machine: Machine
    name: ClassVar = "task-scheduler"

    def works(self) -> bool:
        return True

    def find(self, label: str) -> Entry | None:
        """Find the entry in the list of all tasks. Raises StorageError.

        A query for one task would say only in the system's language that the task is missing.
        """
        try:
            listed = self.machine.call(_QUERY, "")
        except MissingProgramError:
            return None
        if listed.code:
            raise failed(_QUERY, listed)
        row = next(
            (row for row in csv.reader(listed.out.splitlines()) if row and row[0] == f"\\{label}"),
            None,
        )
        if row is None:
            return None
        query = ("schtasks", "/Query", "/TN", label, "/XML")
        shown = self.machine.call(query, "")
        if shown.code:
            raise failed(query, shown)
        next_run = row[1] if len(row) > 1 else None
        command, enabled = read_task(shown.out)
        trouble = None if enabled else "the task is disabled"
        return Entry(
            scheduler=self.name,
            place=f"Task Scheduler Library, {label}",
            text=shown.out.strip(),
            next_run=next_run,
            command=command,
            trouble=trouble,
        )

    def install(self, job: Job) -> tuple[Step, ...]:
        """The steps; they replace an earlier installation. Raises UsageError."""
        path = self.machine.scratch / f"{job.label}.xml"
        return (
            Write(path, task(job, self.machine.user), "utf-16"),
            Run(("schtasks", "/Create", "/XML", str(path), "/TN", job.label, "/F")),
            Delete(path),
        )

    def remove(self, label: str) -> tuple[Step, ...]:
        """The step. A run that is under way goes on."""
        return (Run(("schtasks", "/Delete", "/TN", label, "/F")),)

    def notices(self) -> tuple[str, ...]:
        return ("It runs only while you are logged in.",)


def task(job: Job, user: str) -> bytes:
    """Return the task as XML, in UTF-16.

    It begins on its first day to come. A task that began earlier would be run at once, as missed.
    Raises UsageError for a path that Task Scheduler would read otherwise. Task Scheduler has no way
    to escape its variables.
    """
    arguments = subprocess.list2cmdline(job.arguments)
    for text in (job.python, arguments, str(job.folder)):
        if found := re.search(r"%[^%]+%|\$\(", text):
            raise UsageError(
                f"Task Scheduler takes {found[0]} in {text} for a variable.",
                remedy="Rename the file or folder.",
            )
    return bytes(ET.tostring(_tree(job, user, arguments), encoding="utf-16"))


def read_task(xml: str) -> tuple[tuple[str, ...], bool]:
    """Return the program and arguments of a task, and whether it is enabled."""
    try:
        task = ET.fromstring(re.sub(r"^\s*<\?xml.*?\?>", "", xml))  # noqa: S314 - the user's own scheduler wrote it
    except ET.ParseError:
        return (), True
    names = {"": NAMESPACE}
    program, arguments = (
        task.findtext(f"Actions/Exec/{name}", "", names) for name in ("Command", "Arguments")
    )
    enabled = task.findtext("Settings/Enabled", "true", names).strip().lower() != "false"
    return (program, *words_of(arguments)) if program else (), enabled


def words_of(command_line: str) -> list[str]:
    """Split a command line into words, as Windows' programs read them.

    This is the inverse of `subprocess.list2cmdline`.
    """
    words, word, inside = [], None, False
    for slashes, character in re.findall(r"(\\*)([^\\]?)", command_line, re.DOTALL):
        if character == '"':
            word = (word or "") + "\\" * (len(slashes) // 2) + '"' * (len(slashes) % 2)
            inside ^= len(slashes) % 2 == 0
        elif inside or (character and character not in " \t"):
            word = (word or "") + slashes + character
        else:
            if slashes or word is not None:
                words.append((word or "") + slashes)
            word = None
    return words


def _tree(job: Job, user: str, arguments: str) -> ET.Element:
    root = ET.Element("Task", version="1.2", xmlns=NAMESPACE)
    _add(
        _add(root, "RegistrationInfo"),
        "Description",
        f"Campaign Runner, {job.campaign.name}, daily",
    )
    trigger = _add(_add(root, "Triggers"), "CalendarTrigger")
    _add(trigger, "StartBoundary", datetime.combine(job.begins, job.at).isoformat())
    _add(_add(trigger, "ScheduleByDay"), "DaysInterval", "1")
    principal = _add(_add(root, "Principals"), "Principal")
    principal.set("id", "Author")
    _add(principal, "UserId", user)
    _add(principal, "LogonType", "InteractiveToken")
    _add(principal, "RunLevel", "LeastPrivilege")
    settings = _add(root, "Settings")
    for name, value in _SETTINGS.items():
        _add(settings, name, value)
    actions = _add(root, "Actions")
    actions.set("Context", "Author")
    action = _add(actions, "Exec")
    _add(action, "Command", job.python)
    _add(action, "Arguments", arguments)
    _add(action, "WorkingDirectory", str(job.folder))
    ET.indent(root)
    return root


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = text
    return child
