"""What a scheduler has for one campaign, and what every scheduler can do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol

from runner.errors import StorageError
from runner.schedule.job import Job
from runner.schedule.machine import Step

# How long a run that is told to stop may take: a message in flight waits this long for its answer,
# and is uncertain without it.
STOP_SECONDS: Final = 150


@dataclass(frozen=True, slots=True)
class Entry:
    """An installed daily run: in which scheduler, where, its text, when it comes next, where the
    scheduler tells; the `command` that it starts, empty where somebody has changed the text beyond
    reading; and why it will not start, if that shows, with the remedy where installing again is
    none."""

    scheduler: str
    place: str
    text: str
    next_run: str | None = None
    command: tuple[str, ...] = ()
    trouble: str | None = None
    remedy: str | None = None

    def option(self, name: str) -> str | None:
        """What the command says for an option of `campaign run`."""
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
    """An installed file's text; None where there is none. Raises StorageError."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read ({error.strerror}).", remedy="Check who may read it."
        ) from None
