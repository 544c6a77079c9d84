"""Pause, resume and stop: a person's word to a run that is under way, and to those that come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from runner.action.pause import pause, resume, stop
from runner.action.run import Report, run
from runner.errors import ExitCode
from runner.ledger.ledger import Ledger
from runner.ledger.lock import run_lock
from runner.rehearsal.transport import SimulatedTransport
from runner.sending.clock import ServerClock
from runner.sending.event import Event, Sent, Waiting
from runner.sending.secret import Secret
from runner.sending.vendor import Vendor
from tests.proof.place import Place
from tests.world import KEY, Onlooker, World, crowd


class Speaker(Onlooker):
    """Sees the run, and says a word at one of its events."""

    def __init__(self, world: World, speak: Callable[[Event], None]) -> None:
        super().__init__(world)
        self._speak = speak

    def see(self, event: Event) -> None:
        super().see(event)
        self._speak(event)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "place").open() as place:
        yield place


def running(
    world: World,
    ledger: Ledger,
    speak: Callable[[Event], None],
    *,
    stay: bool,
    watch: timedelta | None = None,
    at: tuple[datetime, Callable[[], object]] | None = None,
) -> Report:
    """Run the campaign; `at` an instant of its clock, something else happens."""
    clock = ServerClock(world.clock.now, watch)
    vendor = Vendor(Secret(KEY), clock, transport=SimulatedTransport(world.server))
    with asyncio.Runner(loop_factory=world.clock.loop) as loop:
        if at is not None:
            seconds = (at[0] - world.clock.now()).total_seconds()
            loop.get_loop().call_later(seconds, at[1])
        watcher = Speaker(world, speak)
        return run(world.campaign(), ledger, vendor, watcher, loop, stay=stay)


@pytest.mark.parametrize("after", [1, 2, 5])
def test_a_run_that_stays_pauses_and_goes_on(tmp_path: Path, after: int) -> None:
    """Nothing goes between the two words; then the rest goes, each once."""
    world = World(tmp_path, crowd(6))
    ledger = world.ledger()
    sent_while_paused: list[int] = []

    def speak(event: Event) -> None:
        count = len(world.server.receipts)
        if isinstance(event, Sent) and count == after and not sent_while_paused:
            assert pause(ledger, "people", world.clock.now()).live
            sent_while_paused.append(count)
        elif isinstance(event, Waiting) and "is paused since" in event.wait.reason:
            assert count == after
            resume(ledger, "people", world.clock.now())

    report = running(world, ledger, speak, stay=True)
    ledger.close()
    assert report.exit_code == ExitCode.DONE
    assert sent_while_paused == [after]
    assert len(world.server.receipts) == 6
    world.check_receipts()


def test_a_run_that_does_not_stay_ends_and_the_next_one_sends_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, crowd(4))
    ledger = world.ledger()

    def speak(event: Event) -> None:
        if isinstance(event, Sent):
            pause(ledger, "people", world.clock.now())

    report = running(world, ledger, speak, stay=False)
    assert (report.exit_code, len(world.server.receipts)) == (ExitCode.PAUSED, 1)
    assert "campaign resume people" in report.pause
    again = running(world, ledger, lambda _: None, stay=False)
    assert (again.exit_code, len(world.server.receipts)) == (ExitCode.PAUSED, 1)
    assert again.summary.next_send_at is None
    resume(ledger, "people", world.clock.now())
    assert running(world, ledger, lambda _: None, stay=True).exit_code == ExitCode.DONE
    ledger.close()
    assert len(world.server.receipts) == 4


def test_a_run_ends_after_its_message_in_flight(tmp_path: Path) -> None:
    """The next run starts without that word, and sends the rest."""
    world = World(tmp_path, crowd(4))
    ledger = world.ledger()

    def speak(event: Event) -> None:
        if isinstance(event, Sent) and len(world.server.receipts) == 2:
            stop(ledger, "people", world.clock.now, lambda _: world.clock.advance(60))

    report = running(world, ledger, speak, stay=True)
    assert (report.exit_code, len(world.server.receipts)) == (ExitCode.INTERRUPTED, 2)
    assert report.stop is not None
    assert "campaign stop" in report.stop.reason
    assert [line.status for line in world.lines()] == ["sent", "sent", "waiting", "waiting"]
    assert running(world, ledger, lambda _: None, stay=True).exit_code == ExitCode.DONE
    ledger.close()
    assert len(world.server.receipts) == 4


@pytest.mark.parametrize("word", ["stop", "pause"])
def test_a_run_that_sleeps_hears_within_seconds(tmp_path: Path, word: str) -> None:
    """A run that waits for tomorrow looks up every few seconds; a pause does not end it."""
    world = World(tmp_path, crowd(3), limit=1)
    ledger = world.ledger()
    night = world.start.replace(hour=9, minute=30)
    heard: list[datetime] = []

    def say() -> None:
        if word == "stop":
            stop(ledger, "people", world.clock.now, lambda _: world.clock.advance(60))
        else:
            pause(ledger, "people", world.clock.now())

    def speak(event: Event) -> None:
        if isinstance(event, Waiting) and "is paused since" in event.wait.reason:
            heard.append(world.clock.now())
            resume(ledger, "people", world.clock.now())
        elif heard:
            stop(ledger, "people", world.clock.now, lambda _: world.clock.advance(60))

    report = running(world, ledger, speak, stay=True, watch=timedelta(seconds=2), at=(night, say))
    ledger.close()
    assert report.exit_code == ExitCode.INTERRUPTED
    assert world.clock.now() < night + timedelta(minutes=10)
    if word == "pause":
        assert night <= heard[0] < night + timedelta(seconds=10)


def test_a_paused_campaign_has_no_share_of_an_account(tmp_path: Path) -> None:
    """What it would have sent today is for the others."""
    world = World(tmp_path, crowd(10), limit=10)
    assert world.run(most=1, name="first").exit_code == ExitCode.PAUSED
    world.people = crowd(10, start=100)
    world.sheet = "others.csv"
    ledger = world.ledger()
    pause(ledger, "first", world.clock.now())
    ledger.close()
    assert world.run(stay=False, now=True, name="others").exit_code == ExitCode.PAUSED
    assert len(world.server.receipts) == 10


def test_stop_says_when_the_run_does_not_end(tmp_path: Path) -> None:
    """A run on a computer that sleeps holds its lock and does not hear; without one, nothing is to
    be ended."""
    world = World(tmp_path, crowd(1))
    world.run()
    ledger = world.ledger()
    now = [world.clock.now()]

    def sleep(_seconds: float) -> None:
        now[0] += timedelta(minutes=1)

    assert not stop(ledger, "people", lambda: now[0], sleep).was_live
    with run_lock(ledger, "people", 1):
        stopped = stop(ledger, "people", lambda: now[0], sleep)
    ledger.close()
    assert (stopped.live, stopped.exit_code) == (True, ExitCode.ALREADY_RUNNING)


def test_the_commands_say_what_they_did(place: Place) -> None:
    """A paused campaign sends nothing, in no run, and every screen says so."""
    assert place.run("--max", "1") == 75
    assert place("pause", "people") == 0
    assert "people is paused: nothing of it goes until: campaign resume people" in place.out
    assert place("pause", "people.csv") == 0
    assert "is paused already" in place.out
    assert place.run() == 75
    assert "Paused: the campaign is paused since" in place.out
    assert "Next: campaign resume people, then run the same command again" in place.out
    assert place("status") == 0
    assert "is paused since" in place.out
    assert "Forecast" not in place.out
    assert place("status", "--json") == 0
    assert json.loads(place.out)["pausedAt"] is not None
    assert place("why", "3") == 0
    assert "is paused since" in place.out
    assert place("plan", "people.csv", "-t", "hello.j2") == 0
    assert len(place.received()) == 1
    assert place("stop") == 0
    assert "No run of people is active" in place.out
    assert place("resume", "--json") == 0
    assert json.loads(place.out) == {
        "campaign": "people",
        "paused": False,
        "running": False,
        "exitCode": 0,
    }
    assert place("resume") == 0
    assert "is not paused" in place.out
    assert place.run() == 0
    assert place("pause", "peopel") == 2
