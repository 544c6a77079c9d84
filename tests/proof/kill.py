"""SIGKILL at every system call of a command, or a call that fails, then the same command again.

Each command runs in a process forked from this one, which has imported everything, so that a
hundred deaths take a minute. strace kills it when it enters its n-th call of a kind, or lets that
call fail, once or from then on. Afterwards the same command is run again as a person would, then
the campaign is run to its end, and every row and every receipt is accounted for.

    python -m tests.proof.kill first-run settle [--most 100] [--twice] [--fail] [--broken]

Prints one JSON object for each scene. With --broken, the sender records a message only after
sending it; the harness must find people who are messaged twice, and ends with the first.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from openpyxl import Workbook

from runner.cli import call, late
from tests.broken import without_intent
from tests.loopback import KEY

ROOT = Path(__file__).parents[2]
PEOPLE = 3
_PATIENCE = 40  # seconds
RUN = ("run", "people.csv", "-t", "hello.j2", "--now", "--min-gap", "0", "--yes")
# These calls change nothing outside the process; of them only some are struck.
_HARMLESS = re.compile(
    r"(p?read|readv|pread64|l?stat|fstat|newfstatat|lseek|mmap|munmap|brk|mprotect|rt_sig\w+|getpid"
    r"|gettid|getrandom|clock_\w+|epoll_\w+|poll|ppoll|futex|sched_\w+|getdents64|readlink|access"
    r"|faccessat\w*|madvise|prlimit64|sysinfo|uname|getuid|geteuid|getgid|getegid|statx?|statfs|getcwd"
    r"|ioctl|fcntl|dup\w*|close|openat|pipe2?|select|times|getrusage|sigaltstack)"
)


@dataclass
class Folder:
    """A folder with a list of people of its own, so that all can share one endpoint."""

    path: Path
    prefix: str
    url: str
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True)
        self.environment = {
            "XDG_STATE_HOME": str(self.path / "state"),
            "CONNECTSAFELY_API_KEY": KEY,
            "CAMPAIGN_BASE_URL": self.url,
            "CAMPAIGN_LEDGER": str(self.path / "data" / "ledger.db"),
        }
        self.write(range(PEOPLE))
        (self.path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")

    @property
    def ledger(self) -> Path:
        return self.path / "data" / "ledger.db"

    @property
    def people(self) -> list[str]:
        return [f"{self.prefix}-{number}" for number in range(PEOPLE)]

    def write(self, numbers: Sequence[int] | range) -> None:
        lines = [f"Name{number},{self.prefix}-{number}" for number in numbers]
        text = "\n".join(["First Name,recipientProfileId", *lines]) + "\n"
        (self.path / "people.csv").write_text(text, encoding="utf-8")


class Zygote:
    """The process that has everything imported, and has run a campaign in a folder: what a process
    does once, it has done. It forks one for each command."""

    def __init__(self, folder: Folder, broken: bool) -> None:
        for name in late.__all__:
            getattr(late, name)
        import alembic.command
        import openpyxl.cell._writer
        import pandas  # noqa: F401

        del alembic, openpyxl
        with (
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            redirect_stdout(nowhere),
            redirect_stderr(nowhere),
            chdir(folder.path),
            patch.dict(os.environ, folder.environment),
        ):
            assert call(list(RUN)) == 0
        assert threading.active_count() == 1, "a fork would leave the others' locks behind"
        gc.freeze()  # what is here now is shared with the forked processes, and not gone through
        if broken:
            from runner.sending import traffic

            vars(traffic).update(without_intent())

    def run(self, folder: Folder, words: Sequence[str], strike: str | None = None) -> int:
        """Run a command; with `strike` (`name:when:action`) strace does that at a system call.

        Return the exit code, negative for a signal.
        """
        begin, go = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go)
            self._become(folder, words, begin)
        os.close(begin)
        tracer = self._trace(child, strike, folder.path) if strike else None
        os.write(go, b"x")
        os.close(go)
        status = self._await(child)
        if tracer is not None:
            tracer.wait()
        return os.waitstatus_to_exitcode(status)

    @staticmethod
    def _await(child: int) -> int:
        """Wait for a command; one that does not end is killed, and told as a hang."""
        for _ in range(_PATIENCE * 100):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status
            time.sleep(0.01)
        os.kill(child, signal.SIGALRM)
        return os.waitpid(child, 0)[1]

    def _become(self, folder: Folder, words: Sequence[str], begin: int) -> None:
        code = 99
        try:
            os.chdir(folder.path)
            os.environ.update(folder.environment)
            handle = os.open("said", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            os.read(begin, 1)
            code = call(list(words))
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    @staticmethod
    def _trace(child: int, strike: str, cwd: Path) -> subprocess.Popen[bytes]:
        name, when, action = strike.split(":")
        inject = ["-e", f"trace={name}", "-e", f"inject={name}:{action}:when={when}"]
        output = "/dev/null" if action == KILL else "failed"
        if name == "count":
            inject, output = ["-e", "trace=all"], when
        if name == "power":
            inject, output = ["-y", "-xx", "-s", "10000000", "-e", f"trace={action}"], when
        command = ["strace", "-f", "-qq", "-o", output, "-p", str(child), *inject]
        tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=cwd)
        status = Path(f"/proc/{child}/status")
        for _ in range(2_000):
            if "TracerPid:\t0" not in status.read_text(encoding="utf-8"):
                return tracer
            time.sleep(0.002)
        raise SystemExit("strace could not attach")

    def calls(self, folder: Folder, words: Sequence[str]) -> Counter[str]:
        """Count the system calls of a command, by their names."""
        log = folder.path / "calls"
        self.run(folder, words, f"count:{log}:")
        found: Counter[str] = Counter()
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if match := re.match(r"\d+ +(\w+)\(", line):
                found[match[1]] += 1
        return found


KILL = "signal=SIGKILL"
# The ways in which calls that the ledger, the results and the network rest on can fail.
_ERRORS = {
    "pwrite64": ("ENOSPC", "EIO"),
    "write": ("ENOSPC", "EIO", "EINTR"),
    "fsync": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO", "ENOSPC"),
    "ftruncate": ("EIO", "ENOSPC"),
    "openat": ("EMFILE", "EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC"),
    "unlink": ("EIO",),
    "mkdir": ("ENOSPC",),
    "pread64": ("EIO",),
    "read": ("EIO", "EINTR"),
    "socket": ("EMFILE",),
    "connect": ("ECONNREFUSED", "ENETUNREACH", "EINTR"),
    "sendto": ("EPIPE", "ECONNRESET"),
    "recvfrom": ("ECONNRESET", "EIO"),
    "fcntl": ("EINTR", "EAGAIN"),
    "flock": ("EINTR",),
}

_WAITED_OUT = ("EINTR", "EAGAIN", "ECONNREFUSED", "ENETUNREACH")

# --- scenes


def nothing(_zygote: Zygote, _folder: Folder) -> None:
    pass


def one_sent(zygote: Zygote, folder: Folder) -> None:
    assert zygote.run(folder, [*RUN, "--max", "1"]) == 75


def one_uncertain(zygote: Zygote, folder: Folder) -> None:
    """One message is sent, and a second one was on its way when its run died."""
    one_sent(zygote, folder)
    assert zygote.run(folder, RUN, f"sendto:3:{KILL}") == -signal.SIGKILL
    zygote.run(folder, ["results"])


def emptied(zygote: Zygote, folder: Folder) -> None:
    one_sent(zygote, folder)
    folder.ledger.write_bytes(b"")


def in_a_workbook(zygote: Zygote, folder: Folder) -> None:
    book = Workbook()
    book.active.append(["First Name", "recipientProfileId"])
    for number, person in enumerate(folder.people):
        book.active.append([f"Name{number}", person])
    book.save(folder.path / "people.xlsx")


def named_nowhere(folder: Folder) -> None:
    """The person who was forgotten is in no file of the ledger."""
    person = f"{folder.prefix}-0".encode()
    for path in [*folder.ledger.parent.rglob("*"), *(folder.path / "state").rglob("*")]:
        if path.is_file() and ".before-" not in path.name:
            assert person not in path.read_bytes(), path


Prepare = Callable[[Zygote, Folder], None]
BOOK = tuple("people.xlsx" if word == "people.csv" else word for word in RUN)
COPIED = (*BOOK, "--results-in", "copy")
FORGOTTEN = ("forget", "{prefix}-0", "--yes")
SCENES: dict[str, tuple[Prepare, tuple[str, ...], tuple[str, ...]]] = {
    "first-run": (nothing, RUN, RUN),
    "next-run": (one_sent, RUN, RUN),
    "settle": (one_uncertain, ("settle", "3", "--sent"), RUN),
    "suppress": (one_sent, ("suppress", "add", "{prefix}-2"), RUN),
    "forget": (one_sent, FORGOTTEN, RUN),
    "results": (one_sent, ("results",), RUN),
    "restore": (emptied, ("ledger", "restore", "--yes"), RUN),
    "backup": (one_sent, ("ledger", "backup"), RUN),
    "workbook": (in_a_workbook, BOOK, BOOK),
    "copy": (in_a_workbook, COPIED, COPIED),
}


# --- the proof


@dataclass
class Tally:
    """What was found over all deaths of a scene."""

    kills: int = 0
    failed: int = 0
    lived: int = 0
    twice: int = 0
    lost: int = 0
    falsely_sent: int = 0
    uncertain: int = 0
    troubles: list[str] = field(default_factory=list)


class Proof:
    """A scene, killed at many system calls."""

    def __init__(self, scene: str, zygote: Zygote, url: str, receipts: Path, root: Path) -> None:
        self.name = scene
        self.prepare, self.words, self.after = SCENES[scene]
        self.zygote, self.url, self.receipts, self.root = zygote, url, receipts, root
        self.tally = Tally()
        self._number = 0

    def folder(self) -> Folder:
        self._number += 1
        folder = Folder(self.root / str(self._number), f"{self.name}-{self._number}", self.url)
        self.prepare(self.zygote, folder)
        return folder

    def said(self, folder: Folder, words: Sequence[str]) -> list[str]:
        return [word.format(prefix=folder.prefix) for word in words]

    def points(self, most: int, seed: int, *, fail: bool = False) -> list[str]:
        """The strikes: at each system call that changes something, and at some of the others."""
        folder = self.folder()
        calls = self.zygote.calls(folder, self.said(folder, self.words))
        shutil.rmtree(folder.path)
        dice = random.Random(seed)
        if fail:
            failing = [
                f"{name}:{number}{onwards}:error={error}"
                for name, errors in _ERRORS.items()
                for number in range(1, calls[name] + 1)
                for error in errors
                # An interrupted call is made again at once; locks and servers are waited for.
                for onwards in (("",) if error in _WAITED_OUT else ("", "+"))
            ]
            dice.shuffle(failing)
            return failing[:most]
        strong, weak = (
            [
                f"{name}:{number}:{KILL}"
                for name, count in sorted(calls.items())
                if bool(_HARMLESS.fullmatch(name)) is harmless
                for number in range(1, count + 1)
            ]
            for harmless in (False, True)
        )
        dice.shuffle(strong)
        dice.shuffle(weak)
        return [*strong, *weak][:most]

    def strike(self, *points: str) -> None:
        """Let the command die at each of these points in turn, then let it live, and judge."""
        folder = self.folder()
        words = self.said(folder, self.words)
        for point in points:
            code = self.zygote.run(folder, words, point)
            self.tally.kills += code == -signal.SIGKILL
            self.tally.lived += code != -signal.SIGKILL
            failed = folder.path / "failed"
            if failed.exists():
                self.tally.failed += failed.read_text(errors="replace").count("(INJECTED)")
        code = self.zygote.run(folder, words)
        if self.name == "settle" and code == 2:
            code = 0  # it was settled before the death
        last = self.zygote.run(folder, self.said(folder, self.after))
        try:
            self.judge(folder, code, last)
        except AssertionError as error:
            said = (folder.path / "said").read_text(encoding="utf-8")
            self.tally.troubles.append(f"{points}: {error!r} {said[-600:]}")
        else:
            shutil.rmtree(folder.path)

    def judge(self, folder: Folder, code: int, last: int) -> None:
        received = Counter(self.received(folder))
        self.tally.twice += sum(count > 1 for count in received.values())
        rows = self.rows(folder)
        people = folder.people
        statuses = {row["recipientProfileId"]: row["status"] for row in rows}
        if self.name == "forget":
            people = people[1:]
            statuses.pop("", None)
            named_nowhere(folder)
        self.tally.lost += sum(
            statuses.get(person) not in ("sent", "uncertain", "skipped") for person in people
        )
        sent = [person for person in people if statuses.get(person) == "sent"]
        self.tally.falsely_sent += sum(
            not received[person] for person in sent if self.name != "settle"
        )
        self.tally.uncertain += sum(status == "uncertain" for status in statuses.values())
        assert code in (0, 1, 75), f"exit {code}"
        assert last in (0, 1), f"exit {last} at last"
        left = [path.name for path in folder.path.rglob("*.part")]
        assert not left, left

    def received(self, folder: Folder) -> list[str]:
        lines = self.receipts.read_text(encoding="utf-8").splitlines()
        people = [str(json.loads(line)[1]) for line in lines if line.strip()]
        return [person for person in people if person in folder.people]

    def rows(self, folder: Folder) -> list[dict[str, str]]:
        path = max(folder.path.glob("people.results*"), key=lambda path: path.stat().st_mtime_ns)
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                return list(csv.DictReader(file))
        from openpyxl import load_workbook

        lines = list(load_workbook(path, read_only=True).worksheets[0].values)
        names = [str(name) for name in lines[0]]
        return [dict(zip(names, map(str, line), strict=False)) for line in lines[1:]]


@contextmanager
def endpoint(folder: Path) -> Iterator[tuple[str, Path]]:
    """The loopback endpoint in a process of its own."""
    port, receipts = folder / "url", folder / "receipts"
    command = [sys.executable, "-m", "tests.loopback", "--port-file", str(port)]
    command += ["--receipts", str(receipts)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        while not (port.exists() and port.read_text(encoding="utf-8")):
            time.sleep(0.02)
        yield port.read_text(encoding="utf-8"), receipts
    finally:
        process.terminate()
        process.wait()


@contextmanager
def proofs(scenes: Sequence[str], *, broken: bool = False) -> Iterator[list[Proof]]:
    """The proofs of scenes, which share an endpoint and the process that all are forked from."""
    with tempfile.TemporaryDirectory(prefix="proof-") as name, endpoint(Path(name)) as (url, told):
        zygote = Zygote(Folder(Path(name) / "before", "before", url), broken)
        yield [Proof(scene, zygote, url, told, Path(name) / scene) for scene in scenes]


def prove(
    proof: Proof,
    *,
    most: int,
    twice: bool = False,
    fail: bool = False,
    broken: bool = False,
    seed: int = 0,
) -> Tally:
    """Kill a scene's command at up to `most` system calls; with `twice`, each time its second
    attempt as well."""
    points = proof.points(most, seed, fail=fail)
    seconds = points[::-1] if twice else []
    for index, point in enumerate(points):
        proof.strike(point, *([seconds[index]] if twice else []))
        if broken and proof.tally.twice:
            break
    return proof.tally


def tell(scene: str, began: float, tally: object) -> None:
    """Print what was found of a scene."""
    answer = {"scene": scene, "seconds": round(time.monotonic() - began), **vars(tally)}
    print(json.dumps(answer))  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="+", choices=SCENES, metavar="SCENE")
    parser.add_argument("--most", type=int, default=10**6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--fail", action="store_true")
    parser.add_argument("--broken", action="store_true")
    given = parser.parse_args()
    options = {name: value for name, value in vars(given).items() if name != "scenes"}
    with proofs(given.scenes, broken=given.broken) as found:
        for proof in found:
            tell(proof.name, time.monotonic(), prove(proof, **options))


if __name__ == "__main__":
    main()
