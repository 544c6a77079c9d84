"""The results files as they were left: which of them nobody has changed since.

A file that a person has edited, saved again or replaced is not ours to overwrite.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from runner.system.file import digest_of

# Of so many places of a campaign's results it is known how they were left.
_MOST: Final = 20
_FIRST: Final = re.compile(r"(.+?) (\d{1,15}) (\d{16,20}) (.+)")
_NEVER: Final[list[int | str]] = [-1, -1, ""]


@dataclass(frozen=True, slots=True)
class Left:
    """The files by path, each with its size, its time and its digest as it was left.

    `state` is the state of the campaign that the file `latest` shows.
    """

    files: dict[str, list[int | str]] = field(default_factory=dict)
    latest: str | None = None
    state: str | None = None

    def is_ours(self, path: Path) -> bool:
        """Tell whether the file's content is as it was left. A copy back to its place is."""
        size, time, digest = self.files.get(str(path), _NEVER)
        try:
            found = path.stat()
            if not digest:
                return (found.st_size, found.st_mtime_ns) == (size, time)
            return found.st_size == size and digest_of(path) == digest
        except OSError:
            return False

    def is_current(self, path: Path, state: str) -> bool:
        """Tell whether the file shows this state of the campaign, as far as size and time tell."""
        size, time, _ = self.files.get(str(path), _NEVER)
        try:
            found = path.stat()
        except OSError:
            return False
        here = (str(path), state, size, time)
        return here == (self.latest, self.state, found.st_size, found.st_mtime_ns)

    def after(self, path: Path, state: str) -> Left:
        """Return what is known once the file was written."""
        found = path.stat()
        mark: list[int | str] = [found.st_size, found.st_mtime_ns, digest_of(path)]
        others = [(name, known) for name, known in self.files.items() if name != str(path)]
        return Left(dict([*others[1 - _MOST :], (str(path), mark)]), str(path), state)

    def __str__(self) -> str:
        return json.dumps({"files": self.files, "latest": self.latest, "state": self.state})


def left(noted: str | None) -> Left:
    """Read what the ledger has noted. Version 0.1 noted one file, without its digest."""
    if noted is None:
        return Left()
    if noted.startswith("{"):
        return Left(**json.loads(noted))
    if found := _FIRST.fullmatch(noted):
        path, size, time, state = found.groups()
        return Left({path: [int(size), int(time), ""]}, path, state)
    return Left()
