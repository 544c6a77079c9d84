"""The computer that a schedule is installed on.

There are only two ways to it: a program is called, or a file is written. An installation is a list
of steps. So it can be shown before it is done, and it is done as it was shown.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.errors import StorageError, UsageError
from runner.system.file import BINARY

_LONGEST_COMPLAINT: Final = 500


class MissingProgramError(UsageError):
    """A scheduler's program is not on this computer."""

    def __init__(self, program: str, reason: str | None) -> None:
        what = f"{program} cannot be run on this computer ({reason})."
        super().__init__(what, remedy="Mend that, or choose another scheduler: --with.")


@dataclass(frozen=True, slots=True)
class Answer:
    """A program's answer.

    Bytes that are not text survive in `out` as they do in file names (surrogateescape).
    """

    code: int
    out: str = ""
    err: str = ""


Call = Callable[[Sequence[str], str], Answer]


@dataclass(frozen=True, slots=True)
class Machine:
    """The places on the computer, the user who asks, and the way to call a program.

    The user is known by `user`, the name in Windows, and elsewhere by `uid`. `call` calls a program
    with an input.
    """

    platform: str
    home: Path
    config: Path
    scratch: Path
    user: str
    uid: int
    call: Call


@dataclass(frozen=True, slots=True)
class Write:
    """A file to write."""

    path: Path
    content: bytes
    encoding: str = "utf-8"

    def __str__(self) -> str:
        return f"Write {self.path}:\n{self.content.decode(self.encoding)}"


@dataclass(frozen=True, slots=True)
class Delete:
    """A file to delete."""

    path: Path

    def __str__(self) -> str:
        return f"Delete {self.path}"


@dataclass(frozen=True, slots=True)
class Run:
    """A program to call; `may_fail` when its failure means that there was nothing to do."""

    command: tuple[str, ...]
    stdin: str = ""
    may_fail: bool = False

    def __str__(self) -> str:
        command = subprocess.list2cmdline(self.command)
        return f"Run {command} with this input:\n{self.stdin}" if self.stdin else f"Run {command}"


Step = Write | Delete | Run


def this_machine() -> Machine:
    """This computer and this user."""
    home = Path.home()
    config = os.environ.get("XDG_CONFIG_HOME")
    return Machine(
        platform=sys.platform,
        home=home,
        config=Path(config) if config else home / ".config",
        scratch=Path(tempfile.gettempdir()),
        user="\\".join(filter(None, map(os.environ.get, ("USERDOMAIN", "USERNAME")))),
        uid=os.getuid() if hasattr(os, "getuid") else 0,
        call=call,
    )


def call(command: Sequence[str], stdin: str = "") -> Answer:
    """Call a program. Raises MissingProgramError."""
    # Schedulers answer in the console's old code page on Windows, and in the user's language
    # elsewhere unless asked not to.
    encoding, errors = (
        ("oem", "replace") if sys.platform == "win32" else ("utf-8", "surrogateescape")
    )
    try:
        done = subprocess.run(  # noqa: S603 - the programs are ours to name; no shell is involved
            command,
            input=stdin.encode(encoding, errors),
            capture_output=True,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except OSError as error:
        raise MissingProgramError(command[0], error.strerror) from None
    return Answer(
        done.returncode, done.stdout.decode(encoding, errors), done.stderr.decode(encoding, errors)
    )


def perform(steps: Iterable[Step], call: Call) -> None:
    """Take the steps, up to the first that fails. Raises StorageError, MissingProgramError."""
    for step in steps:
        try:
            match step:
                case Write(path, content):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    part = path.with_name(f".{path.name}.part")
                    part.unlink(missing_ok=True)
                    # Others may read it, since it holds no secret. Only this user may change it.
                    handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | BINARY, 0o644)
                    with open(handle, "wb") as file:  # noqa: PTH123 - a handle has no path
                        file.write(content)
                    part.replace(path)
                case Delete(path):
                    path.unlink(missing_ok=True)
                case Run(command, stdin, may_fail):
                    answer = call(command, stdin)
                    if answer.code and not may_fail:
                        raise failed(command, answer)
        except OSError as error:
            what = f"{error.filename} cannot be written or deleted ({error.strerror})."
            raise StorageError(what, remedy="Check who may write there.") from None


def failed(command: Sequence[str], answer: Answer) -> StorageError:
    """Return the error that a program has failed, in the program's own words."""
    said = " ".join(
        (answer.err.strip() or answer.out.strip() or f"exit code {answer.code}").split()
    )[:_LONGEST_COMPLAINT]
    return StorageError(
        f"{subprocess.list2cmdline(command)} failed: {said}",
        remedy=(
            "Mend that and run the same command again; or install with another scheduler: --with."
        ),
    )
