"""The second record: what a ledger has promised, noted once more in another place.

A ledger can be emptied, lost, or replaced by an older copy of itself. Its second record lies in the
user's state folder, in a folder named by the ledger's identity. Each event of the ledger's chain is
a line there: a JSON object. The line of a message is durable before the first byte of its request
leaves. A later line may be missing, never an earlier one: so the ledger knows at least as much as
its second record, unless something has happened to it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from platformdirs import user_state_path

from runner.errors import StorageError
from runner.ledger.about import About, unwritable
from runner.ledger.noted import Noted, What, lines_in
from runner.system.file import make_folders, replace_whole, sync_folder

_TAIL: Final = 64 * 1024
_COPY: Final = re.compile(r"ledger-(\d{8}T\d{6}Z)(?:-[\w-]+)?\.db")


class SecondRecord(About):
    """The second record in its folder; the folder is made when the first line is written."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._is_placed = False

    @property
    def path(self) -> Path:
        return self.folder / "record.jsonl"

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def copies(self) -> list[Path]:
        """Return the copies of the ledger that are kept, the latest first."""
        try:
            found = [path for path in self.backups.iterdir() if _COPY.fullmatch(path.name)]
        except OSError:
            return []
        return sorted(found, key=lambda path: path.name[:23], reverse=True)

    def append(self, lines: Sequence[Noted], place: str) -> None:
        """Add lines of the ledger at `place`; a message's line is durable afterwards.

        Raises StorageError when such a line cannot be written. Other lines may be missing.
        """
        promises = any(line.what is What.INTENT for line in lines)
        try:
            self._append("".join(f"{line}\n" for line in lines).encode(), sync=promises)
            if not self._is_placed:
                self._put_about(self._about_at(place))
                self._is_placed = True
        except OSError as error:
            if promises:
                raise unwritable(self.path, error) from None

    def _append(self, data: bytes, *, sync: bool) -> None:
        is_new = not self.path.exists()
        if is_new:
            make_folders(self.folder)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        handle = os.open(self.path, flags, 0o600)
        try:
            size = os.fstat(handle).st_size
            # A line that a full disk or a power cut has cut short is not gone on with.
            if size and _last_byte(handle, size) != b"\n":
                data = b"\n" + data
            if os.write(handle, data) != len(data):
                raise OSError(0, "the disk is full")
            if sync:
                os.fsync(handle)
        finally:
            os.close(handle)
        if is_new:
            sync_folder(self.folder)

    def latest(self, tail: int = _TAIL) -> Noted | None:
        """Return the last event of the chain that is noted, among the last `tail` bytes if there
        is one, or else among ever more of them; None when none is.

        Raises StorageError when the record cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                events: list[Noted] = []
                while not events:
                    file.seek(max(0, size - tail))
                    events = [line for line in lines_in(file.read()) if line.n]
                    if tail >= size:
                        break
                    tail *= 4
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.path, error) from None
        # Runs of several campaigns write side by side: the last line need not be the last event.
        return max(events, key=lambda line: line.n, default=None)

    def lines(self) -> Iterator[Noted]:
        """Give all lines that can be read, in their order. Raises StorageError."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unreadable(self.path, error) from None
        yield from lines_in(data)

    def rewrite(self, lines: Iterable[Noted], beside: str = "") -> None:
        """Replace all lines, in one step; keep the former ones under a name with `beside`.

        Raises StorageError.
        """
        try:
            make_folders(self.folder)
            if beside and self.path.exists():
                kept = self.path.with_name(f"record.before-{beside}.jsonl")
                replace_whole(kept, self.path.read_bytes())
            replace_whole(self.path, "".join(f"{line}\n" for line in lines).encode())
        except OSError as error:
            raise unwritable(self.path, error) from None

    def edit(self, change: Callable[[Noted], Noted]) -> None:
        """Change each line, also of the former records that are kept. Raises StorageError."""
        try:
            for path in self.folder.glob("record*.jsonl"):
                lines = [change(line) for line in lines_in(path.read_bytes())]
                replace_whole(path, "".join(f"{line}\n" for line in lines).encode())
        except OSError as error:
            raise unwritable(self.path, error) from None


def second_record(identity: str) -> SecondRecord:
    """Return the second record of the ledger with this identity."""
    return SecondRecord(_home() / identity)


def records_of(place: Path) -> list[SecondRecord]:
    """Return the second records of ledgers that were last seen at a path.

    Raises StorageError when the state folder cannot be read.
    """
    return [record for record in all_records() if str(place) in record.places()]


def records_followed_by(identity: str) -> list[SecondRecord]:
    """Return the second records of the ledgers whose place this one took, and of those that are
    nowhere any more. Raises StorageError."""
    return [
        record
        for record in all_records()
        if record.identity != identity
        and (record.follower() == identity or not (record.places() or record.follower()))
    ]


def all_records() -> list[SecondRecord]:
    """Return the second records of all ledgers. Raises StorageError when they cannot be read."""
    try:
        return [SecondRecord(folder) for folder in sorted(_home().iterdir())]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(_home(), error) from None


def _home() -> Path:
    return user_state_path("campaign-runner", appauthor=False) / "ledgers"


def _last_byte(handle: int, size: int) -> bytes:
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1)


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The ledger's second record cannot be read ({error.strerror}); nothing was sent.",
        where=str(path),
        remedy="Check that the folder may be read, and run the same command again.",
    )
