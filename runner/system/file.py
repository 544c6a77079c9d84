"""A file that a person named, read whole: a regular file, and no larger than it may be."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Final

BINARY: Final = getattr(os, "O_BINARY", 0)
_NO_FILE: Final = "it is a pipe or a device, not a file"


class FileError(Exception):
    """The file cannot be read; the text says why, as the end of a sentence."""


class MissingError(FileError):
    """There is no file."""


class LargeError(FileError):
    """The file is larger than it may be."""


def read_whole(path: Path, most: int) -> tuple[bytes, int]:
    """Return the bytes of a file and its mode, both from the same opening.

    Its size is looked at before its content. A pipe, a device or a folder is never waited for.
    Raises FileError.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would never return.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY)
        with open(handle, "rb") as file:  # noqa: PTH123 - a handle has no path
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise FileError("it is a folder" if stat.S_ISDIR(found.st_mode) else _NO_FILE)
            if found.st_size > most:
                raise LargeError(f"it has {shown(found.st_size)}, and at most {shown(most)} fit")
            data = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError("there is no such file") from None
    except OSError as error:
        # Windows denies permission for a folder.
        reason = "it is a folder" if os.path.isdir(path) else str(error.strerror)  # noqa: PTH112 - Path's would raise again
        raise FileError(reason) from None
    except ValueError:  # a character of value zero in the path
        raise FileError("its path holds a character that no path can hold") from None
    if len(data) > most:
        raise LargeError(f"it grows while it is read, and at most {shown(most)} fit")
    return data, stat.S_IMODE(found.st_mode)


def is_no_file(path: Path) -> bool:
    """Tell whether something lies there that is no regular file, behind every link."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def owner_if_other(path: Path) -> str | None:
    """Return the name of the file's owner when that is not this user, where systems tell that."""
    if os.name != "posix":
        return None
    import pwd

    owner = path.stat().st_uid
    if owner == os.getuid():
        return None
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)


def others_can_change(path: Path) -> bool:
    """Tell whether every user of this computer can change the file, or put another in its place."""
    if os.name != "posix":
        return False
    file, folder = path.stat().st_mode, path.resolve().parent.stat().st_mode
    is_open = bool(folder & stat.S_IWOTH) and not folder & stat.S_ISVTX
    return bool(file & stat.S_IWOTH) or is_open


def was_downloaded(path: Path) -> bool:
    """Tell whether a file or folder has the mark that browsers leave on what they fetch."""
    if sys.platform == "win32":
        try:
            zone = Path(f"{path}:Zone.Identifier").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        return "ZoneId=3" in zone or "ZoneId=4" in zone
    if sys.platform == "darwin":
        import ctypes

        ask = ctypes.CDLL(None).getxattr
        return bool(ask(os.fsencode(path), b"com.apple.quarantine", None, 0, 0, 0) >= 0)
    try:
        return any(mark.startswith("user.xdg.") for mark in os.listxattr(path))
    except OSError:
        return False


def shown(size: int) -> str:
    """Write a number of bytes: `12.3 MB`, `20 KB`."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} KB"
