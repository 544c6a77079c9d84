"""The states that a power cut can leave, and the same command again on each of them.

A run is traced with every byte that it writes. After each of its calls the disk may hold: what was
synced and nothing else; or that, and some of what was not. Each such state is laid out as a folder,
and the run is started again there. Nobody whose request had left may be sent to again.

    python -m tests.proof.power first-run next-run restore [--most 500] [--broken]

Prints one JSON object for each scene. With --broken, SQLite does not sync, and there is no second
record; the harness must find people who would be messaged twice.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.ledger import door as ledgers
from runner.ledger.second import SecondRecord
from tests.proof.kill import Folder, Proof, proofs, tell

_CALLS = "pwrite64,write,openat,fsync,fdatasync,ftruncate,rename,unlink,mkdir,sendto,rmdir"
_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_FILE = re.compile(r"^(-?\d+|AT_FDCWD)<([^>]*)>(.*)$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass
class Event:
    """One call: its name, the file it is about, and what it did there."""

    name: str
    path: str = ""
    data: bytes = b""
    offset: int | None = None
    target: str = ""
    flags: str = ""


def events(log: Path) -> Iterator[Event]:
    """Read the calls of a traced run that succeeded."""
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None or int(match[3]) < 0:
            continue
        name, rest = match[1], match[2]
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(rest)]
        where = _FILE.match(rest)
        path = _plain(where[2]) if where else ""
        if name in ("pwrite64", "write", "sendto"):
            data = texts[0] if texts else b""
            offset = int(rest.rsplit(", ", 1)[1]) if name == "pwrite64" else None
            yield Event(name, path, data, offset)
        elif name == "ftruncate":
            yield Event(name, path, offset=int(rest.rsplit(", ", 1)[1]))
        elif name in ("fsync", "fdatasync"):
            yield Event("fsync", path)
        elif name == "rename":
            yield Event(name, texts[0].decode(), target=texts[1].decode())
        elif texts:
            yield Event(name, texts[0].decode(), flags=rest)


def _plain(path: str) -> str:
    if path.startswith("\\x"):
        return bytes.fromhex(path.replace("\\x", "")).decode()
    return path


@dataclass
class Disk:
    """A folder's files as programs see them, and as a power cut leaves them."""

    root: Path
    now: dict[str, bytes] = field(default_factory=dict)
    synced: dict[str, bytes] = field(default_factory=dict)
    # The writes since the last sync of each file, and the names that no sync of a folder covers.
    open: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    names: list[tuple[str, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, root: Path) -> Disk:
        files = {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        return cls(root, dict(files), dict(files))

    def take(self, event: Event) -> None:
        path = event.path if event.path.startswith("/") else str(self.root / event.path)
        if not path.startswith(str(self.root)):
            return
        match event.name:
            case "openat" if "O_CREAT" in event.flags and path not in self.now:
                self.now[path] = b""
                self.names.append(("make", path, ""))
            case "pwrite64" | "write" if path in self.now:
                place = len(self.now[path]) if event.offset is None else event.offset
                self.now[path] = _written(self.now[path], place, event.data)
                self.open.setdefault(path, []).append((place, event.data))
            case "ftruncate" if path in self.now:
                size = event.offset or 0
                self.now[path] = self.now[path][:size].ljust(size, b"\0")
                self.open.setdefault(path, []).append((-1 - size, b""))
            case "fsync" if path in self.now:
                self.synced[path] = self.now[path]
                self.open.pop(path, None)
            case "fsync":  # of a folder: the names in it
                for name in [one for one in self.names if str(Path(one[1]).parent) == path]:
                    self.names.remove(name)
                    self._name(self.synced, name)
            case "rename" if path in self.now:
                target = str(Path(event.target))
                target = target if target.startswith("/") else str(self.root / target)
                self.now[target] = self.now.pop(path)
                self.open[target] = self.open.pop(path, [])
                self.names.append(("rename", path, target))
            case "unlink":
                self.now.pop(path, None)
                self.names.append(("unlink", path, ""))

    def _name(self, files: dict[str, bytes], name: tuple[str, str, str]) -> None:
        kind, path, target = name
        if kind == "make":
            files.setdefault(path, self.synced.get(path, b""))
        elif kind == "rename" and path in files:
            files[target] = files.pop(path)
        elif kind == "unlink":
            files.pop(path, None)

    def strict(self) -> dict[str, bytes]:
        """Only what was synced, under the names that were synced."""
        unnamed = {path for kind, path, _ in self.names if kind == "make"}
        return {path: data for path, data in self.synced.items() if path not in unnamed}

    def torn(self, dice: random.Random) -> dict[str, bytes]:
        """What was synced, and some of the writes and the names since."""
        files = dict(self.synced)
        for name in self.names[: dice.randrange(len(self.names) + 1)]:
            self._name(files, name)
        for path, writes in self.open.items():
            if path not in files:
                continue
            for place, data in writes:
                if dice.random() < 0.5:
                    continue
                if place < 0:
                    files[path] = files[path][: -1 - place].ljust(-1 - place, b"\0")
                else:
                    files[path] = _written(files[path], place, data)
        return files


def _written(before: bytes, place: int, data: bytes) -> bytes:
    padded = before.ljust(place, b"\0")
    return padded[:place] + data + padded[place + len(data) :]


@dataclass
class Tally:
    """The states that were tried, and what came of them."""

    states: int = 0
    twice: int = 0
    lost: int = 0
    falsely_sent: int = 0
    refused: int = 0
    troubles: list[str] = field(default_factory=list)


def break_it() -> None:
    """Let SQLite not sync, and keep no second record."""
    off = "PRAGMA synchronous = OFF"
    ledgers.PRAGMAS = tuple(  # type: ignore[misc]
        off if "synchronous" in pragma else pragma for pragma in ledgers.PRAGMAS
    )
    SecondRecord.append = lambda *_: None  # type: ignore[method-assign]


def prove(proof: Proof, most: int, seed: int = 0) -> Tally:
    """Try so many states of a scene's command."""
    tally, dice = Tally(), random.Random(seed)
    before = -1
    while before < tally.states < most:
        before = tally.states
        _one_run(proof, tally, dice, most, proof.root)
    tally.troubles = tally.troubles[:10]
    return tally


def _one_run(proof: Proof, tally: Tally, dice: random.Random, most: int, root: Path) -> None:
    """Trace one run, and try the states that a cut at each of its calls can leave."""
    folder = proof.folder()
    disk = Disk.of(folder.path)
    left = set(proof.received(folder))  # the people whose requests had left
    log = root / "log"
    proof.zygote.run(folder, proof.said(folder, proof.words), f"power:{log}:{_CALLS}")
    steps = list(events(log))
    states: list[tuple[dict[str, bytes], set[str]]] = []
    for event in steps:
        if event.name == "sendto":
            said = event.data.decode("latin-1")
            left |= {person for person in folder.people if f'"{person}"' in said}
            continue
        disk.take(event)
        states.append((disk.strict(), set(left)))
        states.append((disk.torn(dice), set(left)))
    dice.shuffle(states)
    for files, gone in states[: most - tally.states]:
        _try(proof, folder, files, gone, tally)
    shutil.rmtree(folder.path)


def _try(
    proof: Proof, folder: Folder, files: dict[str, bytes], gone: set[str], tally: Tally
) -> None:
    """Lay one state out, start the run again, and judge."""
    for path in sorted(folder.path.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
    for name, data in files.items():
        path = Path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o600)
    before = len(proof.received(folder))
    tally.states += 1
    code = proof.zygote.run(folder, proof.said(folder, proof.words))
    if proof.name == "restore":
        code = proof.zygote.run(folder, proof.said(folder, proof.after))
    again = set(proof.received(folder)[before:])
    tally.twice += len(again & gone)
    if code == 7:
        tally.refused += 1
        said = (folder.path / "said").read_text(encoding="utf-8", errors="replace")
        tally.troubles.append(said[-400:])
        return
    rows: list[dict[str, Any]] = proof.rows(folder)
    statuses = {row["recipientProfileId"]: row["status"] for row in rows}
    tally.lost += sum(statuses.get(person) not in ("sent", "uncertain") for person in folder.people)
    tally.falsely_sent += sum(
        statuses.get(person) == "sent" and person not in again | gone for person in folder.people
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = ("first-run", "next-run", "restore")
    parser.add_argument("scenes", nargs="+", choices=kinds, metavar="SCENE")
    parser.add_argument("--most", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--broken", action="store_true")
    given = parser.parse_args()
    if given.broken:
        break_it()
    with proofs(given.scenes) as found:
        for proof in found:
            tell(proof.name, time.monotonic(), prove(proof, given.most, given.seed))


if __name__ == "__main__":
    main()
