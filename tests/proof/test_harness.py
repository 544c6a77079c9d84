"""The proofs as scripts: a share of each whenever the tests run, all of it with `-m proof`.

A whole run takes hours: `python -m pytest -m proof tests/proof`. docs/promises.md has its numbers.
Each script carries a sender that is broken on purpose, and must catch it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None or sys.platform != "linux",
    reason="strace is not here: no process is killed, and no call fails, in this run",
)
needs_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="certificates of one's own are trusted through a variable"
)

# By script: its words, how many in a share and in a whole run, and what counts them.
KILLS = [
    ("kill first-run next-run restore", 4, 400, "kills"),
    ("kill settle suppress forget results backup workbook", 2, 300, "kills"),
    ("kill copy", 2, 300, "kills"),
    ("kill next-run --twice", 3, 200, "kills"),
    ("kill next-run restore --fail", 4, 1_500, "failed"),
    ("power first-run next-run restore", 6, 800, "states"),
]
OTHERS = [
    ("cut plain", 100, 2_000, "cuts"),
    ("cut tls", 60, 2_000, "cuts"),
    ("cut proxy", 60, 1_500, "cuts"),
    ("flip", 80, 20_000, "flips"),
]
BROKEN = [
    ("kill next-run --broken", 40, "twice"),
    ("power next-run --broken", 30, "twice"),
    ("cut plain --broken", 60, "sent_again"),
    ("flip --broken", 700, "dangerous"),
]


def prove(words: str, most: int) -> list[dict[str, Any]]:
    """Run a script, and return what it found, of each scene."""
    script, *more = words.split()
    command = [sys.executable, "-m", f"tests.proof.{script}", *more, "--most", str(most)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2_000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def judge(words: str, most: int, counted: str) -> None:
    for found in prove(words, most):
        assert found["troubles"] == []
        faults = ("twice", "lost", "falsely_sent", "sent_again", "dangerous", "refused")
        assert {fault: found[fault] for fault in faults if found.get(fault)} == {}
        # A strike at a call that this run does not come to, or a state like another, is none.
        assert found[counted] >= most / 2, found


@needs_strace
@pytest.mark.parametrize(("words", "share", "whole", "counted"), KILLS, ids=[k[0] for k in KILLS])
def test_a_share_of_deaths_failures_and_power_cuts(
    words: str, share: int, whole: int, counted: str
) -> None:
    """Nobody is messaged twice, no row is lost, and nothing is falsely called sent."""
    judge(words, share, counted)


@needs_linux
@pytest.mark.parametrize(
    ("words", "share", "whole", "counted"), OTHERS, ids=[one[0] for one in OTHERS]
)
def test_a_share_of_cuts_and_flips(words: str, share: int, whole: int, counted: str) -> None:
    """No message that was acted on is sent again, and no dangerous damage is passed over."""
    judge(words, share, counted)


@needs_strace
@pytest.mark.parametrize(("words", "most", "fault"), BROKEN, ids=[one[0] for one in BROKEN])
def test_each_harness_catches_a_broken_sender(words: str, most: int, fault: str) -> None:
    """A harness that a broken sender passes proves nothing."""
    assert any(found[fault] > 0 for found in prove(words, most))


@pytest.mark.proof
@needs_strace
@pytest.mark.parametrize(
    ("words", "share", "whole", "counted"),
    [*KILLS, *OTHERS],
    ids=[one[0] for one in (*KILLS, *OTHERS)],
)
def test_the_whole_proof(words: str, share: int, whole: int, counted: str) -> None:
    """The same as the shares, at every point or at as many as docs/promises.md says."""
    judge(words, whole, counted)
