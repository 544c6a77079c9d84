"""What is said of a ledger beside its second record: where it was seen, and how it was left."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from runner.errors import StorageError
from runner.system.file import digest_of, make_folders, replace_whole

_MOST_PLACES: Final = 20


class UnnotedError(StorageError):
    """A promise could not be noted; the ledger alone has it."""


@dataclass(frozen=True, slots=True)
class Left:
    """A file as the last run left it: its size and its digest."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Last:
    """The last event of the ledger's chain when it was left: its number and digest."""

    n: int
    head: str


class About:
    """The folder of a second record, and the file in it on the ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def identity(self) -> str:
        return self.folder.name

    @property
    def _about(self) -> Path:
        return self.folder / "ledger.json"

    def places(self) -> list[str]:
        """Return the paths that the ledger's file was seen at, the last one first."""
        found = self._said().get("paths")
        return [path for path in found if isinstance(path, str)] if isinstance(found, list) else []

    def follower(self) -> str | None:
        """Return the identity of the ledger that took this one's place, if one did."""
        found = self._said().get("followed_by")
        return found if isinstance(found, str) else None

    @property
    def is_retired(self) -> bool:
        """Tell whether a person, or another ledger, has taken this ledger's place everywhere.

        A record without word on its places is none of those: that word was lost.
        """
        return bool(self._said()) and not self.places()

    def retire(self, place: str, follower: str | None) -> None:
        """Note that the ledger is no more at a place, and which one is there now.

        Raises StorageError.
        """
        said = {
            "identity": self.identity,
            "paths": [path for path in self.places() if path != place],
            "followed_by": follower,
        }
        try:
            self._put_about(said)
        except OSError as error:
            raise unwritable(self.folder, error) from None

    def left(self, name: str = "ledger") -> Left | None:
        """Return how the last run left the ledger's file, or the `record`."""
        said = self._said().get(name)
        try:
            return Left(int(said["size"]), str(said["digest"])) if said else None
        except (KeyError, TypeError, ValueError):
            return None

    def last(self) -> Last | None:
        """Return the last event that the ledger had when it was left."""
        said = self._said().get("last")
        try:
            return Last(int(said["n"]), str(said["head"])) if said else None
        except (KeyError, TypeError, ValueError):
            return None

    def note_place(
        self,
        place: str,
        left: Left | None = None,
        record: Left | None = None,
        last: Last | None = None,
    ) -> None:
        """Note the ledger's path; how its file and its second record were left, and its last event.

        What is not given stays as it was, but for the files, which are not as they were left any
        more. Raises StorageError.
        """
        said = self._about_at(place)
        given = {"ledger": left, "record": record, "last": last}
        said |= {name: asdict(one) for name, one in given.items() if one is not None}
        try:
            self._put_about(said)
        except OSError as error:
            raise unwritable(self.folder, error) from None

    def _about_at(self, place: str) -> dict[str, Any]:
        said = self._said()
        kept = {"last": said["last"]} if "last" in said else {}
        others = [path for path in self.places() if path != place]
        return {"identity": self.identity, "paths": [place, *others][:_MOST_PLACES], **kept}

    def _put_about(self, said: dict[str, Any]) -> None:
        if said != self._said():
            make_folders(self.folder)
            replace_whole(self._about, json.dumps(said).encode())

    def _said(self) -> dict[str, Any]:
        try:
            said = json.loads(self._about.read_bytes())
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}


def left_as(path: Path) -> Left | None:
    """Return the size and the digest of a file; None when it cannot be read."""
    try:
        return Left(path.stat().st_size, digest_of(path))
    except OSError:
        return None


def unwritable(path: Path, error: OSError) -> UnnotedError:
    return UnnotedError(
        f"The ledger's second record cannot be written ({error.strerror}); nothing more was sent.",
        where=str(path),
        remedy=(
            "Free disk space if there is none, or let this user write to the folder; then run the "
            "same command again."
        ),
    )
