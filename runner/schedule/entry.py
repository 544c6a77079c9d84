"""A scheduler's entry for one campaign, and the actions of every scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol

from runner.errors import StorageError
from runner.schedule.job import Job
from runner.schedule.machine import Step

# A run that is told to stop may take this long. A message in flight waits this long for its answer,
# and is uncertain without it.
STOP_SECONDS: Final = 150


@dataclass(frozen=True, slots=True)
class Entry:
    """An installed daily run: its scheduler, its place there and its text.

    `next_run` is its next time, where the scheduler tells that. `command` is the command that it
    starts; it is empty where somebody has changed the text beyond reading. `trouble` is the reason
    why it will not start, if that shows. `remedy` is the remedy where a new installation does not
    help.
    """

    scheduler: str
    place: str
    text: str
    next_run: str | None = None
    command: tuple[str, ...] = ()
    trouble: str | None = None
    remedy: str | None = None

    def option(self, name: str) -> str | None:
        """Return the value that the command gives for an option of `campaign run`."""
        return dict(pairwise(self.command)).get(name)


class Scheduler(Protocol):
    """A scheduler of this computer. `find` and the making of steps change nothing."""

    @property
    def name(self) -> str: ...

    def works(self) -> bool: ...

    def find(self, label: str) -> Entry | None: ...

    def install(self, job: Job) -> tuple[Step, ...]: ...

    def remove(self, label: str) -> tuple[Step, ...]: ...

    def notices(self) -> tuple[str, ...]: ...


def read(path: Path) -> str | None:
    """Return the text of an installed file; None if there is no such file. Raises StorageError."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read ({error.strerror}).", remedy="Check who may read it."
        ) from None
