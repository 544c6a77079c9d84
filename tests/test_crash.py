"""A run that dies anywhere, and the same command again.

No person is messaged twice, and no row is lost. In this process, death comes at every step that
touches the ledger or the network. In processes of their own, it comes by SIGKILL at chosen
requests. A sender that does not commit its intent goes through the same harness, which must catch
it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from runner.ledger.ledger import Ledger
from runner.rehearsal.endpoint import Answer, SimulatedEndpoint
from runner.sending import traffic
from tests.broken import without_intent
from tests.loopback import KEY, serving
from tests.world import World, crowd, read_results

pytestmark = pytest.mark.slow

PEOPLE = 3


class Dead(BaseException):
    """The process is gone: nothing after this may touch the ledger or the network."""


class Reaper:
    """A counter of steps that strikes at one of them. It strikes again at every step after it."""

    def __init__(self, strikes_at: int | None) -> None:
        self.steps = 0
        self.dead = False
        self._strikes_at = strikes_at

    def step(self) -> None:
        self.steps += 1
        if self.dead or self.steps == self._strikes_at:
            self.dead = True
            raise Dead


@contextmanager
def mortal(monkeypatch: pytest.MonkeyPatch, reaper: Reaper) -> Iterator[None]:
    """Let death come at every step.

    The steps are before each write transaction, at its end before it commits, and after it; and
    around each request.
    """
    write, answer, refuses = Ledger.write, SimulatedEndpoint.answer, SimulatedEndpoint.refuses

    @contextmanager
    def mortal_write(self: Ledger) -> Iterator[Connection]:
        reaper.step()
        with write(self) as connection:
            yield connection
            reaper.step()
        reaper.step()

    def mortal_answer(self: SimulatedEndpoint, headers: Any, body: bytes) -> Answer:
        reaper.step()
        answered = answer(self, headers, body)
        reaper.step()
        return answered

    def mortal_refuses(self: SimulatedEndpoint) -> bool:
        reaper.step()
        return refuses(self)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "write", mortal_write)
        patch.setattr(SimulatedEndpoint, "answer", mortal_answer)
        patch.setattr(SimulatedEndpoint, "refuses", mortal_refuses)
        yield


def die_at(
    step: int | None,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    second: int | None = None,
    *,
    neighbours: bool = False,
) -> tuple[World, int]:
    """Let a run die at a step, and its re-run at another, and then let a run live.

    Without `neighbours` nothing but the ledger keeps anybody from a second message: a look into the
    conversation would see the first one. Return the world and the steps taken.
    """
    world = World(folder, crowd(PEOPLE))
    world.server.neighbours = neighbours
    steps = 0
    for strike in (step, second):
        if strike is None and steps:
            continue
        reaper = Reaper(strike)
        with mortal(monkeypatch, reaper), suppress(Dead):
            world.run(now=True, min_gap=0)
        steps = steps or reaper.steps
    world.run(now=True, min_gap=0)
    return world, steps


def judge(world: World) -> int:
    """Check that no row is lost and that every receipt is owned up to. Return the uncertain count.

    The world checks that no person is messaged twice.
    """
    received = Counter(world.received())
    for line in world.lines():
        assert line.status.value in ("sent", "uncertain")
        assert line.status.value == "uncertain" or received[line.cells[1]] == 1
    assert set(received) <= {line.cells[1] for line in world.lines()}
    return world.statuses().count("uncertain")


def test_death_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a death at any step, the next run brings the list to its end. At most one row is
    uncertain, no person is messaged twice, and no row is lost."""
    _, steps = die_at(None, _made(tmp_path / "alive"), monkeypatch)
    assert steps > 30
    uncertain = 0
    for step in range(1, steps + 1):
        world, _ = die_at(step, _made(tmp_path / str(step)), monkeypatch)
        found = judge(world)
        assert found <= 1
        uncertain += found
    assert uncertain > 0  # the harness does reach the moments that matter


@pytest.mark.slow
def test_death_in_a_run_with_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same law holds where each message is looked at before, at every third step; what stands
    in the inbox is not even uncertain."""
    _, steps = die_at(None, _made(tmp_path / "alive"), monkeypatch, neighbours=True)
    for step in range(1, steps + 1, 3):
        folder = _made(tmp_path / str(step))
        world, _ = die_at(step, folder, monkeypatch, neighbours=True)
        assert judge(world) <= 1


def test_death_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second death during recovery changes nothing. Recovery can itself be cut anywhere."""
    for first in range(12, 34, 4):
        for second in range(1, 40, 6):
            world, _ = die_at(first, _made(tmp_path / f"{first}-{second}"), monkeypatch, second)
            assert judge(world) <= 2


def test_the_harness_catches_a_sender_without_intent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that records a message only after sending it messages people twice under the same
    deaths. The harness must see it."""
    for name, broken in without_intent().items():
        monkeypatch.setattr(traffic, name, broken)
    monkeypatch.setattr(World, "check_receipts", lambda _: None)
    twice = 0
    for step in range(1, 45):
        world, _ = die_at(step, _made(tmp_path / str(step)), monkeypatch)
        twice += sum(count > 1 for count in Counter(world.received()).values())
    assert twice > 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# --- processes of their own

needs_sigkill = pytest.mark.skipif(os.name != "posix", reason="SIGKILL")


def command(folder: Path, url: str, *more: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "CONNECTSAFELY_API_KEY": KEY,
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    arguments = [
        "run",
        "people.csv",
        "-t",
        "hello.j2",
        "--base-url",
        url,
        "--ledger",
        "ledger.db",
        "--yes",
        "--json",
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "runner", *arguments, "--now", "--min-gap", "0", *more],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    out, err = process.communicate()
    assert "Traceback" not in err
    return process.returncode, json.loads(out) if out.strip() else {}, err


def lay_out(folder: Path, count: int) -> None:
    (folder / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    lines = ["First Name,recipientProfileId", *(f"{name},{slug}" for name, slug in crowd(count))]
    (folder / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@needs_sigkill
@pytest.mark.parametrize("fatal", [1, 4, 7])
def test_sigkill_while_a_request_is_under_way(tmp_path: Path, fatal: int) -> None:
    """A run is killed after the server took the request and before it answered. That row is
    uncertain, and the others go out once."""
    lay_out(tmp_path, 8)
    victims: list[subprocess.Popen[str]] = []
    with serving(limit=1000) as server:

        def received() -> None:
            if server.endpoint.requests == fatal and victims:
                os.kill(victims.pop().pid, signal.SIGKILL)

        server.received = received
        process = command(tmp_path, server.url)
        victims.append(process)
        assert finish(process)[0] == -signal.SIGKILL
        code, answer, _ = finish(command(tmp_path, server.url))
        received_by = Counter(receipt.recipient for receipt in server.endpoint.receipts)
    assert (code, answer["totals"]["sent"], answer["totals"]["uncertain"]) == (1, 7, 1)
    assert set(received_by.values()) == {1}
    assert len(received_by) == 8
    statuses = [row["status"] for row in read_results(tmp_path / "people.results.csv")]
    assert statuses == ["uncertain" if number == fatal - 1 else "sent" for number in range(8)]


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_lets_the_message_in_flight_finish(
    tmp_path: Path, number: signal.Signals
) -> None:
    """At the first signal, the run records the message under way as sent, writes the results and
    exits 130. The rest waits, and the next run finishes."""
    lay_out(tmp_path, 6)
    running: list[subprocess.Popen[str]] = []
    with serving(limit=1000) as server:

        def received() -> None:
            if server.endpoint.requests == 3 and running:
                os.kill(running.pop().pid, number)

        server.received = received
        process = command(tmp_path, server.url)
        running.append(process)
        code, answer, err = finish(process)
        assert (code, answer["exitCode"], answer["stopped"]["reason"]) == (130, 130, "Interrupted.")
        assert "a message in flight is finished first" in err
        assert answer["totals"]["sent"] == len(server.endpoint.receipts)
        assert answer["totals"]["uncertain"] == 0
        assert 3 <= answer["totals"]["sent"] <= 6
        assert len(read_results(tmp_path / "people.results.csv")) == 6
        code, answer, _ = finish(command(tmp_path, server.url))
        assert (code, answer["totals"]["sent"], len(server.endpoint.receipts)) == (0, 6, 6)


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_the_second_signal_leaves_the_message_uncertain(tmp_path: Path) -> None:
    """When the server never answers, the second Ctrl-C ends the run, with the results. That row is
    uncertain."""
    lay_out(tmp_path, 3)
    running: list[subprocess.Popen[str]] = []
    with serving(limit=1000) as server:

        def received() -> None:
            # The system can merge two signals of one kind. Two kinds arrive as two.
            os.kill(running[0].pid, signal.SIGINT)
            os.kill(running[0].pid, signal.SIGTERM)
            running[0].wait()

        server.received = received
        process = command(tmp_path, server.url)
        running.append(process)
        code, answer, _ = finish(process)
    assert (code, answer["totals"]["uncertain"], answer["totals"]["waiting"]) == (130, 1, 2)
    assert [row["status"] for row in read_results(tmp_path / "people.results.csv")] == [
        "uncertain",
        "waiting",
        "waiting",
    ]


def test_two_processes_of_one_campaign(tmp_path: Path) -> None:
    """A second run, started while the first has a request under way, exits 6 and says since when.
    The first run finishes."""
    lay_out(tmp_path, 3)
    seconds: list[tuple[int, dict[str, Any], str]] = []
    with serving(limit=1000) as server:

        def received() -> None:
            if not seconds:
                seconds.append((0, {}, ""))
                server.lock.release()  # the second run has its own questions
                try:
                    seconds[0] = finish(command(tmp_path, server.url))
                finally:
                    server.lock.acquire()

        server.received = received
        code, answer, _ = finish(command(tmp_path, server.url))
    assert (code, answer["totals"]["sent"]) == (0, 3)
    assert seconds[0][0] == seconds[0][1]["exitCode"] == 6
    assert "since 20" in seconds[0][1]["stopped"]["reason"]


def test_two_processes_of_two_campaigns_on_one_account(tmp_path: Path) -> None:
    """Two campaigns side by side on one account both end well. They use one quota of ten, never
    pass it, and meet no 429."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for number, folder in enumerate(folders):
        folder.mkdir()
        lay_out(folder, 8)
        (folder / "people.csv").write_text(
            "First Name,recipientProfileId\n"
            + "".join(f"N,camp{number}-person-{row}\n" for row in range(8)),
            encoding="utf-8",
        )
    with serving(limit=10) as server:
        shared = ["--ledger", str(tmp_path / "shared.db"), "--account", "acc"]
        processes = [
            command(folder, server.url, *shared, "--name", folder.name) for folder in folders
        ]
        answers = [finish(process) for process in processes]
        receipts, requests = list(server.endpoint.receipts), server.endpoint.requests
    assert len({receipt.recipient for receipt in receipts}) == len(receipts) == requests == 10
    assert {code for code, _, _ in answers} <= {0, 75}
    assert sum(answer["totals"]["sent"] for _, answer, _ in answers) == 10
