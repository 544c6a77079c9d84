"""Work in a process of its own, within limits of memory and time.

A parser that crashes, hangs or runs out of memory takes nothing else down with it. The child has
neither the parent's environment nor any secret of it, and it does not outlive the parent.

The child reads one line of JSON (which function to call, and with what), then the bytes of each
part. The parent keeps its end open: when that end closes, the parent has died. The child answers
with frames: each a length of four bytes, then as many bytes.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

_ROOT: Final = Path(__file__).parents[2]
# What a Python needs to start and to find its libraries, and the place of temporary files.
_KEPT: Final = (
    "DYLD_LIBRARY_PATH",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONHOME",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
)
_POLL_SECONDS: Final = 0.02
_OUT_OF_MEMORY: Final = 3
# Parsers in Rust and C++ abort when there is no memory.
_ABORTED: Final = 6
_OUT_OF_TIME: Final = 24  # SIGXCPU
# Programs and libraries take this much address space beside what they fill.
_SLACK: Final = 96 * 1024**2
Work = Callable[[Mapping[str, Any], Sequence[bytes]], Iterator[bytes]]


class ChildError(Exception):
    """The work did not come to its end: the child crashed."""


class LimitError(ChildError):
    """The work went beyond a limit. The text says which, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a child may take: processor time and time on the clock in seconds, its memory
    and its answer in bytes."""

    seconds: float
    patience: float
    memory: int
    answer: int


def call(
    work: str, request: Mapping[str, Any], parts: Sequence[bytes], limits: Limits
) -> list[bytes]:
    """Call the function `work` (`module:name`) in a child, and return the frames of its answer.

    Raises LimitError and ChildError.
    """
    head = {
        "work": work,
        "request": request,
        "sizes": [len(part) for part in parts],
        "seconds": limits.seconds,
        "patience": limits.patience,
        "memory": limits.memory,
    }
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each takes memory
    with subprocess.Popen(  # noqa: S603 - our own module
        # -P keeps the current folder out of the child's path: anybody's csv.py may lie there.
        [sys.executable, "-P", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, **threads, "PYTHONPATH": path},
    ) as child:
        into, out = cast(IO[bytes], child.stdin), cast(IO[bytes], child.stdout)
        watch = _Watch(child, limits)
        try:
            with suppress(OSError):  # the child died before it had read all
                into.write(json.dumps(head).encode() + b"\n")
                for part in parts:
                    into.write(part)
                into.flush()
            frames = list(_frames(out, limits.answer))
        finally:
            watch.end()
            with suppress(OSError):
                into.close()
    reason = watch.reason
    if reason is None and child.returncode in (_OUT_OF_MEMORY, -_ABORTED):
        reason = _of_memory(limits)
    if reason is None and child.returncode == -_OUT_OF_TIME:
        reason = _of_time(limits)
    if reason:
        raise LimitError(reason)
    if frames and frames[-1] is None:
        raise LimitError(f"an answer of {limits.answer // 1024**2} MB")
    if child.returncode != 0:
        raise ChildError(f"exit code {child.returncode}")
    return [frame for frame in frames if frame is not None]


def _of_memory(limits: Limits) -> str:
    return f"{limits.memory // 1024**2} MB of memory"


def _of_time(limits: Limits) -> str:
    return f"{limits.seconds:.1f} seconds of processor time"


def _frames(out: IO[bytes], most: int) -> Iterator[bytes | None]:
    """Give the frames of an answer; None, as the last, when they are more than is taken."""
    while len(head := out.read(4)) == 4:
        size = int.from_bytes(head, "big")
        most -= size
        if most < 0:
            yield None
            return
        frame = out.read(size)
        if len(frame) < size:
            return
        yield frame


class _Watch:
    """Ends a child that goes beyond a limit, on every system alike."""

    def __init__(self, child: subprocess.Popen[bytes], limits: Limits) -> None:
        self.reason: str | None = None
        self._child, self._limits = child, limits
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop watching, and end a child whose answer nobody reads any more."""
        self._ended.set()
        self._thread.join()
        if sys.exc_info()[0] is not None or self.reason:
            self._child.kill()

    def _watch(self) -> None:
        import psutil

        try:
            process = psutil.Process(self._child.pid)
        except psutil.Error:
            return
        begun = time.monotonic()
        while not self._ended.wait(_POLL_SECONDS):
            try:
                memory, times = process.memory_info().rss, process.cpu_times()
            except psutil.Error:
                return
            if memory > self._limits.memory:
                self.reason = _of_memory(self._limits)
            elif times.user + times.system > self._limits.seconds:
                self.reason = _of_time(self._limits)
            elif time.monotonic() - begun > self._limits.patience:
                self.reason = f"{self._limits.patience:.0f} seconds"
            if self.reason:
                self._child.kill()
                return


# --- the child


def _die_with_the_parent(stdin: IO[bytes]) -> None:
    """End this process when the parent's end of the pipe closes."""

    def wait() -> None:
        stdin.read(1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    if sys.platform == "linux":  # also while a long call lets no other thread run
        import ctypes
        import signal

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))  # PR_SET_PDEATHSIG


def _limit(head: Mapping[str, Any]) -> None:
    # Its own thread ends the process, whatever the interpreter is busy with.
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123
        faulthandler.dump_traceback_later(
            head["patience"] + 5, exit=True, file=os.dup(nothing.fileno())
        )
    if os.name == "posix":
        import resource

        seconds, room = int(head["seconds"]) + 1, head["memory"] + _SLACK
        for limit, most in (
            (resource.RLIMIT_DATA, (room, room)),
            (resource.RLIMIT_CPU, (seconds, seconds + 5)),
            (resource.RLIMIT_CORE, (0, 0)),
        ):
            with suppress(ValueError, OSError):  # a lower limit may be set already
                resource.setrlimit(limit, most)


def _main() -> None:
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    head = json.loads(stdin.readline())
    _limit(head)
    parts = [stdin.read(size) for size in head["sizes"]]
    _die_with_the_parent(stdin)
    module, _, name = head["work"].partition(":")
    try:
        work: Work = getattr(importlib.import_module(module), name)
        for frame in work(head["request"], parts):
            stdout.write(len(frame).to_bytes(4, "big") + frame)
        stdout.flush()
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    except BaseException:  # noqa: BLE001 - the parent is told that there is no answer
        os._exit(1)
    os._exit(0)  # threads and parsers that still hold the file have nothing more to say


if __name__ == "__main__":
    _main()
