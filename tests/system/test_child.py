"""Work in a child ends within its limits, knows no secret, and does not outlive its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from runner.system.child import ChildError, LimitError, Limits, call

ROOT = Path(__file__).parents[2]
AMPLE = Limits(seconds=60, patience=120, memory=512 * 1024**2, answer=1024**2)


# --- works, called in the child


def echo(request: Mapping[str, Any], parts: Sequence[bytes]) -> Iterator[bytes]:
    yield json.dumps(request).encode()
    yield from parts


def environment(_request: Mapping[str, Any], _parts: Sequence[bytes]) -> Iterator[bytes]:
    yield json.dumps(dict(os.environ)).encode()


def spin(_request: Mapping[str, Any], _parts: Sequence[bytes]) -> Iterator[bytes]:
    while True:
        pass
    yield b""


def sleep(_request: Mapping[str, Any], _parts: Sequence[bytes]) -> Iterator[bytes]:
    yield b"begun"
    while True:
        time.sleep(1)


def hoard(_request: Mapping[str, Any], _parts: Sequence[bytes]) -> Iterator[bytes]:
    kept = []
    while True:
        kept.append(os.urandom(1024**2))
    yield b""


def gulp(_request: Mapping[str, Any], _parts: Sequence[bytes]) -> Iterator[bytes]:
    yield bytes(b"x" * 64 * 1024**3)


def chatter(_request: Mapping[str, Any], _parts: Sequence[bytes]) -> Iterator[bytes]:
    while True:
        yield b"x" * 10_000


def crash(_request: Mapping[str, Any], _parts: Sequence[bytes]) -> Iterator[bytes]:
    yield b"half"
    os._exit(139)


def fail(_request: Mapping[str, Any], _parts: Sequence[bytes]) -> Iterator[bytes]:
    yield b"half"
    raise RuntimeError("a parser's own")


# --- tests


def test_an_answer_comes_back_in_frames() -> None:
    """A work gets its request and its parts, and gives any bytes, also none and very many."""
    parts = [b"", b"\x00\xff\n", b"x" * 300_000]
    assert call(f"{__name__}:echo", {"a": [1, "é"]}, parts, AMPLE) == [
        b'{"a": [1, "\\u00e9"]}',
        *parts,
    ]


@pytest.mark.parametrize(
    ("work", "limits", "reason"),
    [
        ("spin", {"seconds": 0.5}, "processor time"),
        ("sleep", {"patience": 0.5}, "seconds"),
        ("hoard", {"memory": 200 * 1024**2}, "memory"),
        ("gulp", {}, "memory"),
        ("chatter", {}, "1 MB"),
    ],
)
def test_each_limit_ends_the_work(work: str, limits: dict[str, float], reason: str) -> None:
    """Work that goes beyond a limit is ended, and the limit is told."""
    values = {name: getattr(AMPLE, name) for name in ("seconds", "patience", "memory", "answer")}
    with pytest.raises(LimitError, match=reason):
        call(f"{__name__}:{work}", {}, [], Limits(**{**values, **limits}))


@pytest.mark.parametrize("work", ["crash", "fail", "nothing_of_that_name"])
def test_work_that_crashes_gives_no_answer(work: str) -> None:
    """Half an answer is none."""
    with pytest.raises(ChildError):
        call(f"{__name__}:{work}", {}, [], AMPLE)


def test_a_child_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key, a proxy's password and all else of the environment stay with the parent."""
    for name in ("CONNECTSAFELY_API_KEY", "HTTPS_PROXY", "AWS_SECRET", "CAMPAIGN_KEY_FILE"):
        monkeypatch.setenv(name, "canary-1234")
    (found,) = call(f"{__name__}:environment", {}, [], AMPLE)
    assert b"canary" not in found
    assert "PATH" in json.loads(found)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
@pytest.mark.parametrize("work", ["sleep", "spin"])
def test_a_child_dies_with_its_parent(work: str, number: str) -> None:
    """However the parent dies, and whatever the child does, the child is gone at once."""
    program = (
        "import signal\n"  # what starts the tests may have them pass over a signal
        "for one in (signal.SIGINT, signal.SIGHUP): signal.signal(one, signal.SIG_DFL)\n"
        "from runner.system.child import *; from tests.system.test_child import AMPLE\n"
        f"print('ready', flush=True); call('{__name__}:{work}', {{}}, [], AMPLE)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        mine = psutil.Process(parent.pid)
        child = _wait(lambda: next(iter(mine.children()), None))
        _wait(lambda: child.num_threads() > 1 or None)  # it has read its request
        parent.send_signal(getattr(signal, number))
        parent.wait()
        child.wait(10)
        assert not child.is_running()


def _wait(ask: Any) -> Any:
    deadline = time.monotonic() + 20
    while (found := ask()) is None:
        assert time.monotonic() < deadline
    return found
