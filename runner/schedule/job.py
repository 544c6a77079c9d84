"""The job of a scheduler: the command to run, its folder and its time.

It is all that a scheduler has to be told. It knows no scheduler and holds no secret.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from runner.errors import UsageError
from runner.ledger.location import Place

_AT: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
# A person can move the folder of the key file with these variables.
_PLACES: Final = ("XDG_CONFIG_HOME",)


@dataclass(frozen=True, slots=True)
class Job:
    """One campaign's daily run.

    Paths are absolute. `at` is a time on this computer's clock, and `begins` is the first day of
    the run. A POSIX scheduler gives the run this `environment`; the scheduler of Windows gives it
    the user's own. Raises UsageError for a text that a scheduler could not be told.
    """

    campaign: Path
    at: time
    begins: date
    python: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for text in (str(self.campaign), *self.command, *(value for _, value in self.environment)):
            if not _is_writable(text):
                raise UsageError(
                    (
                        f"No scheduler can be told of {text!r}: it holds a line break or another "
                        "character that is no text."
                    ),
                    remedy="Rename the file or folder.",
                )
        if "=" in self.python:  # `env`, which starts it, would take it for a variable
            raise UsageError(
                "The path of Python holds a =.",
                where=self.python,
                remedy="Install Campaign Runner elsewhere.",
            )

    @property
    def command(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return (self.python, *self.arguments)

    @property
    def folder(self) -> Path:
        """The folder that it runs in: the campaign file's folder."""
        return self.campaign.parent

    @property
    def label(self) -> str:
        """The name of its entry in every scheduler."""
        return label(self.campaign)


def daily(
    campaign: Path,
    at: time,
    now: datetime,
    ledger: Place,
    key_file: Path | None,
    environment: Mapping[str, str],
) -> Job:
    """Return the daily run of a campaign file by the Python that runs now.

    The ledger is always named. A scheduled run may see another default than a person's shell, and
    another ledger would not know who has been written to. The address of a server stands there
    without its password.
    """
    # -P: a file of the campaign's folder never takes a module's place.
    arguments = [
        "-P",
        "-m",
        "runner",
        "run",
        str(absolute(campaign)),
        "--unattended",
        "--ledger",
        str(ledger),
    ]
    if key_file is not None:
        arguments += ["--key-file", str(absolute(key_file))]
    local = now.astimezone()
    begins = local.date() + timedelta(days=local.time() >= at)
    needed = {"PATH": _PATH, "LANG": "C.UTF-8"} | {
        name: environment[name] for name in _PLACES if environment.get(name)
    }
    return Job(
        campaign=absolute(campaign),
        at=at,
        begins=begins,
        python=sys.executable,
        arguments=tuple(arguments),
        environment=tuple(needed.items()),
    )


def label(campaign: Path) -> str:
    """Return a campaign file's name in a scheduler.

    The name is made of the path alone, so that it is found again when the file has changed or is
    gone.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", campaign.stem.lower()).strip("-")[:40].rstrip("-")
    digest = hashlib.sha256(os.path.normcase(campaign).encode(errors="surrogatepass")).hexdigest()[
        :8
    ]
    return "-".join(part for part in ("campaign", slug, digest) if part)


def absolute(path: Path) -> Path:
    """Return the path from the root, without `..`.

    Symbolic links stay. Their targets may change, and the run is to see the change.
    """
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - absolute() keeps `..`, resolve() follows links


def parse_at(text: str) -> time:
    """Read a time of day, such as `09:00`. Raises UsageError."""
    match = _AT.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no time of day.", remedy="Write it as 09:00.")
    return time(int(match[1]), int(match[2]))


def _is_writable(text: str) -> bool:
    """Tell whether units, crontabs, plists and XML can all hold a text.

    Such a text has no control character, surrogate or noncharacter.
    """
    codes = [ord(character) for character in text]
    return not any(
        code < 0x20
        or 0x7F <= code < 0xA0
        or 0xD800 <= code < 0xE000
        or 0xFDD0 <= code < 0xFDF0
        or code & 0xFFFE == 0xFFFE
        for code in codes
    )
