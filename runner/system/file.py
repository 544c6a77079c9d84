"""Files: read whole and no larger than they may be, put into place in one step, told apart."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import psutil

BINARY: Final = getattr(os, "O_BINARY", 0)
_WRITER: Final = re.compile(r"\.(\d{1,9})-[^.]*\.part\Z")
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


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_folders(path: Path) -> None:
    """Make a folder, for its owner only, and those above it; a power cut does not take them away
    again. Raises OSError."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in reversed(missing):
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where systems can do that. Raises OSError."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_LONGEST_STEM: Final = 100


@contextmanager
def replaced(target: Path) -> Iterator[IO[bytes]]:
    """Give a file (mode 0600) that takes the target's place when its block ends well.

    It takes the place durably and in one step. What a process that was killed has left of such a
    file is removed. Raises OSError.
    """
    # A part's name is longer than the target's, and a name has an end.
    stem = target.stem.encode()[:_LONGEST_STEM].decode(errors="ignore")
    for part in target.parent.glob(f".{glob.escape(stem)}.*.part"):
        if not _is_being_written(part):
            part.unlink(missing_ok=True)
    prefix = f".{stem}.{os.getpid()}-"
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)


def _is_being_written(part: Path) -> bool:
    """Tell whether the process that the part's name holds is still there."""
    writer = _WRITER.search(part.name)
    return writer is not None and psutil.pid_exists(int(writer[1]))


def replace_whole(path: Path, data: bytes) -> None:
    """Replace a file's content (mode 0600), durably and in one step. Raises OSError."""
    with replaced(path) as file:
        file.write(data)


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
