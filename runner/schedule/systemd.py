"""A timer and a service of the user's own systemd."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from runner.errors import ExitCode
from runner.schedule.entry import STOP_SECONDS, Entry, read
from runner.schedule.job import Job
from runner.schedule.machine import Delete, Machine, MissingProgramError, Run, Step, Write

_SYSTEMCTL: Final = ("systemctl", "--user")
# This fails where no user manager answers.
_ASK: Final = (*_SYSTEMCTL, "list-timers")
_SILENT: Final = "your systemd does not answer here"
_ASKED: Final = ("ActiveState", "UnitFileState", "NextElapseUSecRealtime")


@dataclass(frozen=True, slots=True)
class Systemd:
    """Units in the user's configuration folder."""

    machine: Machine
    name: ClassVar = "systemd"

    def works(self) -> bool:
        """Tell whether there is a user manager to hand the units to."""
        try:
            return self.machine.call(_ASK, "").code == 0
        except MissingProgramError:
            return False

    def find(self, label: str) -> Entry | None:
        """Raises StorageError."""
        units = self._units(label)
        texts = {path: text for path in units if (text := read(path)) is not None}
        if not texts:
            return None
        shown = "\n".join(f"{path}:\n{text}" for path, text in texts.items())
        next_run, trouble = self._timer(label)
        if len(texts) < len(units):
            trouble = "its timer or its service is missing"
        remedy = (
            "See whether it does where you are logged in: systemctl --user list-timers"
            if trouble == _SILENT
            else None
        )
        return Entry(
            scheduler=self.name,
            place=str(units[-1]),
            text=shown,
            next_run=next_run,
            command=command_of(texts.get(units[0], "")),
            trouble=trouble,
            remedy=remedy,
        )

    def install(self, job: Job) -> tuple[Step, ...]:
        """The steps; they replace an earlier installation."""
        service_path, timer_path = self._units(job.label)
        return (
            Run(_ASK),  # before anything is written
            Write(service_path, service(job).encode()),
            Write(timer_path, timer(job).encode()),
            Run((*_SYSTEMCTL, "daemon-reload")),
            *self._forget(job.label),
            Run((*_SYSTEMCTL, "enable", "--now", timer_path.name)),
        )

    def remove(self, label: str) -> tuple[Step, ...]:
        """The steps. A run that is under way goes on."""
        units = self._units(label)
        return (
            Run((*_SYSTEMCTL, "disable", units[-1].name), may_fail=True),
            *self._forget(label),
            *(Delete(path) for path in units),
            Run((*_SYSTEMCTL, "daemon-reload"), may_fail=True),
        )

    def notices(self) -> tuple[str, ...]:
        """Say what a person has to know after the installation."""
        try:
            answer = self.machine.call(
                ("loginctl", "show-user", str(self.machine.uid), "--property=Linger"), ""
            )
        except MissingProgramError:
            answer = None
        if answer is not None and answer.out.strip() == "Linger=yes":
            return ()
        return (
            (
                "It runs only while you are logged in. To have it run without, once: loginctl "
                "enable-linger"
            ),
        )

    def _forget(self, label: str) -> tuple[Step, ...]:
        """Stop the timer, and forget when it last ran.

        Otherwise a new timer would make up for an old one's days at once.
        """
        return (
            Run((*_SYSTEMCTL, "stop", f"{label}.timer"), may_fail=True),
            Run((*_SYSTEMCTL, "clean", "--what=state", f"{label}.timer"), may_fail=True),
        )

    def _units(self, label: str) -> tuple[Path, Path]:
        folder = self.machine.config / "systemd" / "user"
        return folder / f"{label}.service", folder / f"{label}.timer"

    def _timer(self, label: str) -> tuple[str | None, str | None]:
        """Return the time when the timer elapses next, and the reason why it does not, if any."""
        try:
            answer = self.machine.call(
                (*_SYSTEMCTL, "show", f"{label}.timer", f"--property={','.join(_ASKED)}"), ""
            )
        except MissingProgramError:
            answer = None
        if answer is None or answer.code:
            return None, _SILENT
        said = dict(line.partition("=")[::2] for line in answer.out.splitlines())
        active, enabled, next_run = (said.get(name, "") for name in _ASKED)
        trouble = (
            None
            if (active, enabled) == ("active", "enabled")
            else f"its timer is {active}, {enabled or 'not enabled'}"
        )
        return next_run or None, trouble


def service(job: Job) -> str:
    """Return the unit that runs the campaign once.

    The program is started through `env`. systemd refuses a program whose own path holds a quote or
    a backslash, and a folder's name may hold one.
    """
    command = " ".join(_quoted(word).replace("$", "$$") for word in job.command)
    environment = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n" for name, value in job.environment
    )
    # systemd takes this value as it stands, except for %. The last character must not be a blank or
    # a backslash.
    folder = f"{job.folder}/".replace("%", "%%")
    return (
        f"[Unit]\nDescription=Campaign Runner, {job.campaign.name.replace('%', '%%')}\n\n"
        f"[Service]\nType=oneshot\nWorkingDirectory={folder}\n{environment}ExecStart=/usr/bin/env "
        f"{command}\n"
        f"SuccessExitStatus={ExitCode.PAUSED.value}\nTimeoutStopSec={STOP_SECONDS}\n"
    )


def command_of(unit: str) -> tuple[str, ...]:
    """The program and arguments of a unit that `service` made."""
    started = re.search(r"^ExecStart=/usr/bin/env (.*)$", unit, re.MULTILINE)
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)', started[1] if started else "")
    unquoted = (
        re.sub(r"\\(.)", r"\1", quoted).replace("%%", "%") or bare for quoted, bare in words
    )
    return tuple(word.replace("$$", "$") for word in unquoted)


def timer(job: Job) -> str:
    """Return the unit that starts it daily.

    After days asleep or off it starts once, when the computer is back.
    """
    return (
        f"[Unit]\nDescription=Campaign Runner, {job.campaign.name.replace('%', '%%')}, daily\n\n"
        f"[Timer]\nOnCalendar=*-*-* {job.at:%H:%M}:00\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _quoted(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_./:=,+-]+", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
