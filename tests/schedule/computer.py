"""A computer that never was.

Its schedulers answer as the real ones do, and remember what they were told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import strategies as st

from runner.schedule.job import Job
from runner.schedule.machine import Answer, Machine, MissingProgramError

NASTY = " '\"`$%\\;#&|<>(){}[]*?!~=-@:,.^äé☃😀\u2028\xa0"
_NAMES = st.text(
    st.sampled_from(NASTY + "aX0{HOME}%h") | st.characters(exclude_categories=["Cc", "Cs", "Cn"]),
    min_size=1,
)
TEXTS = _NAMES.filter(lambda text: "\x00" not in text)
FOLDERS = st.lists(_NAMES.map(lambda name: name.replace("/", "_")), min_size=1, max_size=3).map(
    lambda names: Path("/", *names)
)


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    """Draw a daily run with folders, an interpreter, arguments and values of any possible name."""
    return Job(
        draw(FOLDERS) / f"{draw(TEXTS)}.toml".replace("/", "_"),
        time(draw(st.integers(0, 23)), draw(st.integers(0, 59))),
        date(2026, 11, 24),
        str(draw(FOLDERS)).replace("=", "_") + "/python",
        tuple(draw(st.lists(TEXTS | st.just(""), max_size=5))),
        (("PATH", draw(TEXTS)), ("LANG", "C.UTF-8")),
    )


@dataclass
class Computer:
    """The state of a computer.

    `missing` programs are not installed, and `failing` ones exit 1. A `crontab` of None means that
    there is no crontab.
    """

    folder: Path
    platform: str = "linux"
    user_manager: bool = True
    lingers: bool = False
    cron_runs: bool = True
    crontab: str | None = None
    missing: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    timers: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    tasks: dict[str, bytes] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def machine(self) -> Machine:
        folders = [self.folder / name for name in ("home", "config", "scratch")]
        folders[2].mkdir(exist_ok=True, parents=True)
        return Machine(self.platform, *folders, "DESK\\jo", 501, self.call)

    def state(self) -> Any:
        """Return everything that a schedule could have changed."""
        files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        return files, self.crontab, set(self.timers), set(self.agents), dict(self.tasks)

    def call(self, command: Sequence[str], stdin: str) -> Answer:
        self.calls.append(tuple(command))
        program = command[0]
        if program in self.missing:
            raise MissingProgramError(program, "No such file or directory")
        if program in self.failing:
            return Answer(1, "", f"{program}: the disk is on fire\n")
        answers = {
            "systemctl": self._systemctl,
            "loginctl": self._loginctl,
            "crontab": self._crontab,
        }
        answers |= {"launchctl": self._launchctl, "schtasks": self._schtasks, "pgrep": self._pgrep}
        return answers[program](list(command[1:]), stdin)

    def _systemctl(self, command: list[str], _stdin: str) -> Answer:
        assert command[0] == "--user"
        if not self.user_manager:
            return Answer(1, "", "Failed to connect to bus: No such file or directory\n")
        units = self.folder / "config" / "systemd" / "user"
        match command[1:]:
            case ["enable", "--now", timer]:
                assert (units / timer).is_file()
                assert (units / timer).with_suffix(".service").is_file()
                self.timers.add(timer)
            case ["disable" | "stop" as verb, timer]:
                if timer not in self.timers:
                    return Answer(1 if verb == "disable" else 5, "", f"Unit {timer} not loaded.\n")
                if verb == "disable":
                    self.timers.remove(timer)
            case ["show", timer, "--property=ActiveState,UnitFileState,NextElapseUSecRealtime"]:
                if timer not in self.timers:
                    return Answer(
                        0, "NextElapseUSecRealtime=\nActiveState=inactive\nUnitFileState=\n"
                    )
                said = (
                    "NextElapseUSecRealtime=Tue 2026-11-24 09:00:00 "
                    "CET\nActiveState=active\nUnitFileState=enabled\n"
                )
                return Answer(0, said)
            case ["clean", *_]:
                return Answer(1, "", "Unknown command verb clean.\n")  # a systemd before 244
            case _:
                assert command[1:] in (["list-timers"], ["daemon-reload"]), command
        return Answer(0)

    def _loginctl(self, command: list[str], _stdin: str) -> Answer:
        assert command == ["show-user", "501", "--property=Linger"]
        return Answer(0, f"Linger={'yes' if self.lingers else 'no'}\n")

    def _crontab(self, command: list[str], stdin: str) -> Answer:
        if command == ["-"]:
            self.crontab = stdin
            return Answer(0)
        assert command == ["-l"]
        return (
            Answer(1, "", "no crontab for jo\n")
            if self.crontab is None
            else Answer(0, self.crontab)
        )

    def _pgrep(self, _command: list[str], _stdin: str) -> Answer:
        return Answer(0 if self.cron_runs else 1)

    def _launchctl(self, command: list[str], _stdin: str) -> Answer:
        match command:
            case ["bootout", target]:
                if target not in self.agents:
                    return Answer(3, "", "Boot-out failed: 3: No such process\n")
                self.agents.remove(target)
            case ["bootstrap", "gui/501", path]:
                target = f"gui/501/{Path(path).stem}"
                if target in self.agents or not Path(path).is_file():
                    return Answer(5, "", "Bootstrap failed: 5: Input/output error\n")
                self.agents.add(target)
            case ["print", target]:
                return Answer(0 if target in self.agents else 113)
            case _:
                assert command[0] == "enable"
        return Answer(0)

    def _schtasks(self, command: list[str], _stdin: str) -> Answer:
        match command:
            case ["/Query", "/FO", "CSV", "/NH"]:
                lines = [
                    f'"\\{name}","11/24/2026 9:00:00 AM","Ready"' for name in ("Other", *self.tasks)
                ]
                return Answer(0, "\r\n".join(lines) + "\r\n")
            case ["/Query", "/TN", name, "/XML"]:
                return Answer(0, self.tasks[name].decode("utf-16"))
            case ["/Create", "/XML", path, "/TN", name, "/F"]:
                content = Path(path).read_bytes()
                ET.fromstring(content)
                self.tasks[name] = content
            case ["/Delete", "/TN", name, "/F"]:
                del self.tasks[name]
            case _:
                raise AssertionError(command)
        return Answer(0)
