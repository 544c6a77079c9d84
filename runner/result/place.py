"""The place of the results: beside the input, and never over it.

A file goes into place in one step, and is for its owner only.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Container
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Final

from runner.errors import StorageError, UsageError
from runner.system.file import is_no_file, replaced

# The kinds of file that results are written to.
ENDINGS: Final = (".csv", ".xlsx")
# What no name of a file can hold on some system, and the names that Windows keeps for devices.
_NO_FILE: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_RESERVED: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", *(f"{one}{n}" for one in ("COM", "LPT") for n in range(1, 10))]
)
_LONGEST_PART: Final = 60
_LONGEST_ENDING: Final = 8
LOCKED: Final = "is open elsewhere or read-only"
CHANGED: Final = "is not as this program left it: somebody has changed or replaced it"


@dataclass(frozen=True, slots=True)
class Written:
    """The place of the written results.

    `instead_of` is the place that was not written, when the results are elsewhere; `reason` says
    why. `note` says what else differs from what was asked for.
    """

    path: Path
    instead_of: Path | None = None
    note: str | None = None
    reason: str = ""


def place_here(results: str, *, is_shared: bool) -> Path:
    """The place on this machine for results whose own one is said: that one, or in a shared ledger,
    where its folder is on another machine, a file of its name in the folder one works in."""
    place = Path(results)
    if not is_shared or (place.is_absolute() and place.parent.is_dir()):
        return place
    return Path.cwd() / re.split(r"[\\/]", results)[-1]


def default_path(sheet: Path, *, workbook: bool, ending: str = "") -> Path:
    """Return the default place of the results: `people.csv` → `people.results.csv`, beside it.

    An input that ends in `.csv` or `.xlsx` keeps its ending, unless `ending` is given. For any
    other input, the ending follows its kind.
    """
    suffix = (
        ending or sheet.suffix
        if sheet.suffix.lower() in (".csv", ".xlsx")
        else ".xlsx"
        if workbook
        else ".csv"
    )
    stem = sheet.stem if sheet.suffix else sheet.name
    return sheet.with_name(f"{stem}.results{suffix}")


def plain_name(name: str) -> str:
    """Return a name for a file that every system can have, as near to this one as can be."""
    part = _NO_FILE.sub("-", name).strip(" .-")
    if len(part) > _LONGEST_PART:
        ending = Path(part).suffix if len(Path(part).suffix) < _LONGEST_ENDING else ""
        part = part[: _LONGEST_PART - len(ending)].rstrip(" .") + ending
    part = part or "campaign"
    stem, dot, rest = part.partition(".")
    return f"{stem}_{dot}{rest}" if stem.upper() in _RESERVED else part


def named_path(path: Path, name: str, taken: Container[object]) -> Path:
    """Return the place of the results of a campaign with a name of its own, beside `path`.

    A file's name cannot hold all that a campaign's can; places that are `taken` are passed over.
    """
    stem = path.name.removesuffix(f".results{path.suffix}")
    part = plain_name(name)
    for number in count(1):
        again = f"{part}-{number}" if number > 1 else part
        found = path.with_name(f"{stem}.{again}.results{path.suffix}")
        if str(found.absolute()) not in taken:
            break
    return found


def check_path(path: Path, sheet: Path, *, ending: str = "", what: str = "results") -> None:
    """Refuse a place that results, or `what` is written, cannot go to, before anything is sent.

    With `ending`, a place of another ending is refused too. Raises UsageError, StorageError.
    """
    if path.suffix.lower() not in ((ending,) if ending else ENDINGS):
        remedy = f"Give a name that ends in {ending or '.csv or .xlsx'}."
        raise UsageError(f"The {what} cannot be written as {path.name!r}.", remedy=remedy)
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it holds a character that no path can hold"
        raise UsageError(
            f"The {what} cannot be written under that name: {reason}.",
            remedy="Give another name.",
        ) from None
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", remedy=f"Give the {what} a file name.")
    if is_no_file(path):
        raise UsageError(f"{path} is a pipe or a device.", remedy=f"Give the {what} a file name.")
    if path.resolve() == sheet.resolve():
        raise UsageError(
            f"The {what} would replace the input.", where=str(path), remedy="Give another name."
        )
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise StorageError(
            (
                f"Nothing can be written to the folder {path.parent} ({error.strerror}); nothing "
                "was sent."
            ),
            remedy="Choose another place with -o PATH.",
        ) from None


def put(
    path: Path,
    fill: Callable[[IO[bytes]], None],
    is_ours: Callable[[Path], bool] | None = None,
    foreign: str = CHANGED,
) -> Written:
    """Let `fill` write a file here; `foreign` says what is wrong with one that is not ours.

    When the place is locked or read-only, or a file is there that is not ours to replace, the file
    goes beside it under another name. Without `is_ours`, only a file at `path` itself is. Raises
    StorageError.
    """
    reason = ""
    is_ours = is_ours or path.__eq__
    for attempt in range(1, 100):
        target = path if attempt == 1 else path.with_name(f"{path.stem} ({attempt}){path.suffix}")
        if target.exists():
            why = LOCKED if _protected(target) else "" if is_ours(target) else foreign
            if why:
                reason = reason or why
                continue
        try:
            with replaced(target) as file:
                fill(file)
        except PermissionError:
            reason = reason or LOCKED
            continue  # open in a spreadsheet program on Windows, most likely
        except OSError as error:
            raise _unwritable(path, error.strerror) from None
        return Written(target, None if target == path else path, reason=reason)
    raise _unwritable(path, "permission denied")


def _protected(target: Path) -> bool:
    """Tell whether someone marked the file read-only, or has it open in Excel or LibreOffice.

    Both programs leave a note beside a file that is open.
    """
    if not target.exists():
        return False
    notes = (target.with_name(f"~${target.name}"), target.with_name(f".~lock.{target.name}#"))
    return (
        not target.stat().st_mode & 0o200
        or not os.access(target, os.W_OK)
        or any(map(_is_there, notes))
    )


def _is_there(note: Path) -> bool:
    try:
        return note.exists()
    except OSError:  # a name that is too long to be one
        return False


def _unwritable(path: Path, reason: str | None) -> StorageError:
    return StorageError(
        f"The results could not be written ({reason}); the ledger has everything.",
        where=str(path),
        remedy="Free space or choose another place, then: campaign results -o PATH.",
    )
