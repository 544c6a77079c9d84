"""One line of the user's crontab, told from all others by the comment at its end.

No other byte of the crontab changes.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import dropwhile
from typing import ClassVar, Final

from runner.schedule.entry import Entry
from runner.schedule.job import Job
from runner.schedule.machine import Machine, MissingProgramError, Run, Step, failed

_READ: Final = ("crontab", "-l")
_WRITE: Final = ("crontab", "-")
# The names of the daemons of Vixie cron and its heirs, cronie, BusyBox and fcron.
_DAEMON: Final = ("pgrep", "-x", "cron|crond|cronie|fcron")
_REMEDY: Final = "Have cron started with this computer."
# Vixie cron with its heirs, and BusyBox, say in these words that the user has no crontab.
_NONE: Final = ("no crontab for", "no such file")


@dataclass(frozen=True, slots=True)
class Cron:
    """The user's crontab, read and written through `crontab`."""

    machine: Machine
    name: ClassVar = "cron"

    def works(self) -> bool:
        try:
            self._crontab()
        except MissingProgramError:
            return False
        return True

    def find(self, label: str) -> Entry | None:
        """Raises StorageError."""
        try:
            lines = [line for line in _lines(self._crontab()) if _is_ours(line, label)]
        except MissingProgramError:
            return None
        if not lines:
            return None
        text = "".join(lines).rstrip("\n")
        place, trouble = "your crontab (crontab -l)", self._trouble()
        return Entry(
            scheduler=self.name,
            place=place,
            text=text,
            next_run=None,
            command=command_of(lines[0]),
            trouble=trouble,
            remedy=_REMEDY,
        )

    def install(self, job: Job) -> tuple[Step, ...]:
        """The step; it replaces an earlier line. Raises StorageError, MissingProgramError."""
        return (Run(_WRITE, placed(self._crontab(), job.label, line(job, str(self.machine.home)))),)

    def remove(self, label: str) -> tuple[Step, ...]:
        """The step. Raises StorageError, MissingProgramError."""
        return (Run(_WRITE, placed(self._crontab(), label)),)

    def notices(self) -> tuple[str, ...]:
        trouble = self._trouble()
        sleeping = (
            "cron does not make up for a day on which this computer is asleep or off at that time."
        )
        return (f"It will not start: {trouble}. {_REMEDY}", sleeping) if trouble else (sleeping,)

    def _crontab(self) -> str:
        answer = self.machine.call(_READ, "")
        if answer.code == 0:
            return answer.out
        said = answer.err.lower()
        if "not allowed" in said:
            raise MissingProgramError(_READ[0], "this user may not use it")
        if any(words in said for words in _NONE):
            return ""
        raise failed(_READ, answer)  # if taken for an empty crontab, it would be overwritten

    def _trouble(self) -> str | None:
        """Return the trouble that nobody reads the crontab, as far as that can be seen."""
        try:
            return (
                "no cron is running on this computer"
                if self.machine.call(_DAEMON, "").code == 1
                else None
            )
        except MissingProgramError:
            return None


def line(job: Job, home: str) -> str:
    """Return the crontab's line.

    It begins with an empty environment, because cron's own differs from system to system.
    """
    environment = (f"{name}={value}" for name, value in (("HOME", home), *job.environment))
    words = " ".join(map(_quoted, (*environment, *job.command)))
    return (
        f"{job.at.minute} {job.at.hour} * * * cd {_quoted(str(job.folder))} && /usr/bin/env -i "
        f"{words} # {job.label}\n"
    )


def command_of(line: str) -> tuple[str, ...]:
    """The program and arguments of a line that `line` made."""
    try:
        words = shlex.split(line.replace("\\%", "%"), comments=True)
        after = words[words.index("-i") + 1 :]
    except ValueError:
        return ()
    return tuple(dropwhile(lambda word: "=" in word, after))


def placed(crontab: str, label: str, line: str = "") -> str:
    """Return the crontab with this line in the place of those under the label.

    If the label has no line yet, this line comes first in the crontab. No variable that the crontab
    sets, SHELL least of all, holds for it there. Without a line, those under the label are taken
    out.
    """
    lines = _lines(crontab)
    ours = [index for index, old in enumerate(lines) if _is_ours(old, label)]
    kept = [old for old in lines if not _is_ours(old, label)]
    kept.insert(ours[0] if ours else 0, line)
    return "".join(kept)


def _lines(crontab: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", crontab)


def _is_ours(line: str, label: str) -> bool:
    return line.rstrip("\n").endswith(f" # {label}")


def _quoted(text: str) -> str:
    """Quote a text for the shell, and for cron, which reads the line first.

    To cron a bare % ends the command. To some crons two backslashes in a row are one.
    """
    parts = (part for part in re.split(r"([%\\])", text) if part)
    return (
        "".join({"%": "\\%", "\\": "'\\'"}.get(part) or shlex.quote(part) for part in parts) or "''"
    )
