"""The lanes of workers, as a shared ledger keeps them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import TypeAdapter

from runner.action.move import move
from runner.action.pause import pause, resume, stop
from runner.action.results import results
from runner.action.settle import settle_rows
from runner.action.standing import status
from runner.action.submit import Submitted, submit
from runner.action.team import team
from runner.cli import call
from runner.cli.completion import names
from runner.doctor.team import MOST_ACCOUNTS, judge_team
from runner.errors import AlreadyRunningError, InterruptedRunError, RefusedError, UsageError
from runner.ledger import schema
from runner.ledger.account import account_state
from runner.ledger.attempt import commit_intent, recover
from runner.ledger.campaign import campaign_named
from runner.ledger.claim import claim
from runner.ledger.door import open_ledger
from runner.ledger.lane import (
    LEASE,
    Backlog,
    backlog,
    begin,
    driven,
    keep,
    overdue,
    put_off,
    rest,
    sendable,
    take_due,
    take_up,
    wake,
)
from runner.ledger.ledger import Ledger
from runner.ledger.location import Server, place_of
from runner.ledger.lock import is_running
from runner.ledger.pause import NOT_SUBMITTED
from runner.ledger.record import CampaignRecord, Claim, OvertakenError, Stop, Wait
from runner.ledger.store import postgres
from runner.ledger.store.store import NOTHING
from runner.ledger.worker import beat, enter, leave, workers
from runner.show.schema.team import Team
from tests.postgres import cluster
from tests.world import World, crowd

SECOND = timedelta(seconds=1)


class Desk:
    """A shared ledger, and lists that are submitted to it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.ledger = open_ledger(url)
        self.world = World(folder, crowd(4))

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def submit(
        self, name: str = "a", accounts: Sequence[str] = ("one", "two"), **said: object
    ) -> Submitted:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        people = [(first, f"{name}-{person}") for first, person in crowd(4)]
        campaign = World(folder, people).campaign(name=name, accounts=list(accounts), **said)
        return submit(campaign, self.ledger, lambda _: True, lambda: self.now)

    def record(self, name: str = "a") -> CampaignRecord:
        with self.ledger.read() as connection:
            found = campaign_named(connection, name)
        assert found is not None
        return found

    def due(self, at: datetime, keys: Sequence[str] = ("default",), most: int = 9) -> list[str]:
        """Take the lanes that are due then."""
        with self.ledger.write(NOTHING) as connection:
            found = take_due(connection, keys, at, most)
        return sorted(account for accounts in found.values() for account in accounts)

    def claim(
        self, account: str, campaign: str = "a", *, for_workers: bool = False
    ) -> Claim | Stop | Wait | object:
        return claim(
            self.ledger,
            self.record(campaign).id,
            account,
            lambda: self.now,
            timedelta(seconds=160),
            lambda _: None,
            for_workers=for_workers,
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, cluster().database())
    yield made
    made.ledger.close()


def test_a_lane_is_handed_over_once_in_a_lease(desk: Desk) -> None:
    """A due lane is put off by a lease in the transaction that takes it. It comes back when the
    lease is over: emptying the queue, or the death of a worker, loses nothing."""
    desk.submit()
    now = desk.now
    assert desk.due(now, most=1) == ["one"]
    assert desk.due(now) == ["two"]
    assert desk.due(now + LEASE - SECOND) == []
    assert desk.due(now + LEASE) == ["one", "two"]
    assert desk.due(now, keys=["agency"]) == []


def test_one_worker_drives_a_lane_as_long_as_it_is_alive(desk: Desk) -> None:
    desk.submit()
    now = desk.now
    desk.due(now)
    with desk.ledger.write(NOTHING) as connection:
        first = enter(connection, "here:1", "1", ["default"], 2, now)
        second = enter(connection, "there:2", "1", ["default"], 2, now)
        assert begin(connection, "one", first, now)
        assert not begin(connection, "one", second, now)
        keep(connection, first, ["one"], now + LEASE)
        keep(connection, first, [], now + 3 * LEASE)  # of others it has only not heard
        assert [(lane.account, lane.worker) for lane in driven(connection)] == [("one", first)]
    assert desk.due(now + LEASE) == ["two"]
    # It is heard of no more: another one takes its lane, and what it says of it then is void.
    assert desk.due(now + 2 * LEASE) == ["one", "two"]
    with desk.ledger.write(NOTHING) as connection:
        assert begin(connection, "one", second, now + 2 * LEASE)
        rest(connection, "one", first, now, None, "")
        assert [lane.worker for lane in driven(connection)] == [second]
        rest(connection, "one", second, now + 2 * LEASE, now + 5 * LEASE, "messages are spaced")
    assert desk.due(now + 4 * LEASE) == ["two"]
    assert desk.due(now + 5 * LEASE) == ["one", "two"]


def test_what_comes_to_wait_wakes_its_lane(desk: Desk) -> None:
    """A lane that sleeps for long is looked at as soon as something has changed for it: a list that
    is read again, a campaign that goes on, a row that waits again."""
    desk.submit(accounts=["one"])
    now = desk.now

    def sleep(account: str = "one") -> None:
        desk.due(now)
        with desk.ledger.write(NOTHING) as connection:
            begin(connection, account, 1, now)
            rest(connection, account, 1, now, None, "")
        assert desk.due(now + timedelta(days=9)) == []

    sleep()
    desk.submit(accounts=["one"], daily_limit=3)
    assert desk.due(now) == ["one"]
    sleep()
    pause(desk.ledger, "a", now)
    assert desk.due(now) == []
    resume(desk.ledger, "a", now)
    assert desk.due(now) == ["one"]
    chosen = desk.claim("one")
    assert isinstance(chosen, Claim)
    commit_intent(desk.ledger, chosen, lambda: now)
    later = now + timedelta(hours=1)
    assert recover(desk.ledger, desk.record().id, later) == (1, 0)
    sleep()
    settle_rows(desk.ledger, desk.record(), [chosen.row], sent=False, by="me", now=now)
    assert desk.due(now) == ["one"]


def test_a_lane_that_is_woken_while_it_is_driven_is_looked_at_again(desk: Desk) -> None:
    desk.submit(accounts=["one"])
    now = desk.now
    desk.due(now)
    with desk.ledger.write(NOTHING) as connection:
        begin(connection, "one", 1, now)
    with desk.ledger.write() as connection:
        wake(connection, desk.record().id, now)
    with desk.ledger.write(NOTHING) as connection:
        rest(connection, "one", 1, now, None, "")  # it had looked before
    assert desk.due(now) == ["one"]
    later = now + timedelta(seconds=1)
    with desk.ledger.write(NOTHING) as connection:
        assert begin(connection, "one", 1, later)  # the same worker takes it again
        rest(connection, "one", 1, now, None, "")  # what it drove before is over only now
        assert [lane.since for lane in driven(connection)] == [later]


def test_only_submitted_campaigns_are_sent_by_workers(desk: Desk) -> None:
    desk.submit("a", ["one"])
    desk.submit("b", ["one", "two"])
    with desk.ledger.read() as connection:
        both = [desk.record("a").id, desk.record("b").id]
        assert sendable(connection, "one") == both
        assert sendable(connection, "three") == []
    stopped = stop(desk.ledger, "b", lambda: desk.now, lambda _: None)
    assert (stopped.was_submitted, stopped.was_live, stopped.live) == (True, False, False)
    with desk.ledger.read() as connection:
        assert sendable(connection, "one") == both[:1]
        assert sendable(connection, "two") == []
    # A worker that is about to send it is stopped by the claim itself, until it is submitted anew.
    assert isinstance(desk.claim("two", "b"), Stop)
    desk.submit("b", ["one", "two"])
    assert isinstance(desk.claim("two", "b"), Claim)


def test_an_edited_list_goes_nowhere_before_somebody_has_agreed(desk: Desk) -> None:
    """A campaign that workers send is held back while its list is read again, and stays so where
    nobody agrees to what it is now; also where it is run."""
    desk.submit("a", ["one"])
    number = desk.record("a").id

    def sends() -> bool:
        with desk.ledger.read() as connection:
            return sendable(connection, "one") == [number]

    seen: list[bool] = []

    def look(answer: bool) -> Callable[[object], bool]:
        def agree(_plan: object) -> bool:
            seen.append(sends())
            return answer

        return agree

    campaign = World(desk.folder / "a", crowd(6)).campaign(name="a", accounts=["one"])
    assert sends()
    with pytest.raises(InterruptedRunError) as told:
        submit(campaign, desk.ledger, look(False), lambda: desk.now)
    assert "until it is submitted again" in (told.value.remedy or "")
    assert not sends()
    submit(campaign, desk.ledger, look(True), lambda: desk.now)
    assert sends()
    with pytest.raises(InterruptedRunError) as told:
        desk.world.send(campaign, desk.ledger, agree=False)
    assert "until it is submitted again" in (told.value.remedy or "")
    assert not sends()
    assert seen == [False, False]


def test_a_worker_in_the_middle_of_a_visit_sends_nothing_that_nobody_agreed_to(desk: Desk) -> None:
    """It has asked which campaigns it sends before the list was read again: neither what it had
    chosen then goes, nor anything that the list holds now."""
    desk.submit("a", ["one"])
    chosen = desk.claim("one", for_workers=True)
    assert isinstance(chosen, Claim)
    world = World(desk.folder / "a", crowd(4))
    world.template = "A text that nobody has seen, {{ first_name }}"
    found: list[object] = []

    def agree(_plan: object) -> bool:
        with pytest.raises(OvertakenError):
            commit_intent(desk.ledger, chosen, lambda: desk.now)
        found.append(desk.claim("one", for_workers=True))
        return False

    campaign = world.campaign(name="a", accounts=["one"])
    with pytest.raises(InterruptedRunError):
        submit(campaign, desk.ledger, agree, lambda: desk.now)
    assert found == [NOT_SUBMITTED]
    assert isinstance(desk.claim("one"), Claim)  # a run's own agreement is its own affair


def test_a_message_of_a_worker_counts_as_a_run_that_is_active(desk: Desk) -> None:
    """So a row under way is not called uncertain, and nobody decides it meanwhile."""
    desk.submit(accounts=["one"])
    assert not is_running(desk.ledger, desk.record().id)
    chosen = desk.claim("one")
    assert isinstance(chosen, Claim)
    deadline = datetime.now(desk.now.tzinfo)
    replaced = chosen.terms
    assert replaced is not None
    commit_intent(desk.ledger, chosen, lambda: desk.now)
    with desk.ledger.write() as connection:
        far = sa.update(schema.attempt).values(deadline=deadline + timedelta(hours=1))
        connection.execute(far)
    assert is_running(desk.ledger, desk.record().id)
    with desk.ledger.read() as connection:
        assert overdue(connection, deadline) == []
        assert overdue(connection, deadline + timedelta(hours=2)) == [desk.record().id]


def test_accounts_go_by_the_key_that_is_named(desk: Desk) -> None:
    """The lanes of a key are handed to those who have it. A refused key puts off its own lanes
    alone, and a worker with another one takes them up."""
    desk.submit("a", ["one"])
    desk.submit("b", ["two", "three"], key_name="agency")
    now = desk.now
    assert desk.due(now, keys=["agency"]) == ["three", "two"]
    later = now + timedelta(minutes=15)
    with desk.ledger.write(NOTHING) as connection:
        put_off(connection, "agency", later, "refused")
        assert backlog(connection, now) == [
            Backlog("agency", 2, 0, None),
            Backlog("default", 1, 1, now),
        ]
    assert desk.due(now, keys=["agency", "default"]) == ["one"]
    with desk.ledger.write(NOTHING) as connection:
        take_up(connection, ["default"], "refused", now)
    assert desk.due(now, keys=["agency"]) == []
    with desk.ledger.write(NOTHING) as connection:
        take_up(connection, ["agency"], "refused", now)
    assert desk.due(now, keys=["agency"]) == ["three", "two"]


def test_a_named_key_has_no_default_account(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="no name of its own"):
        desk.submit("a", [], key_name="agency")
    desk.submit("a", [])
    assert desk.due(desk.now) == [""]


def test_sixty_calls_a_minute_hold_for_each_key(desk: Desk) -> None:
    desk.submit("a", ["one", "two"])
    desk.submit("b", ["three"], key_name="agency")
    for account, name in (("one", "a"), ("two", "a"), ("three", "b")):
        chosen = desk.claim(account, name)
        assert isinstance(chosen, Claim)
        commit_intent(desk.ledger, chosen, lambda: desk.now)
    with desk.ledger.read() as connection:
        counts = {}
        for account in ("one", "two", "three"):
            state = account_state(connection, account, desk.record("a").id, desk.now)
            tried = (state.nth_latest(number, by_key=True) for number in (1, 2, 3))
            counts[account] = sum(instant is not None for instant in tried)
    assert counts == {"one": 2, "two": 2, "three": 1}


def test_a_worker_is_alive_as_long_as_it_is_heard_of(desk: Desk) -> None:
    now = desk.now
    with desk.ledger.write(NOTHING) as connection:
        first = enter(connection, "here:1", "1.0", ["default", "agency"], 4, now)
        assert beat(connection, first, ["default", "agency"], now + SECOND, is_draining=True)
        (known,) = workers(connection)
        assert (known.keys, known.lanes, known.is_draining) == (("default", "agency"), 4, True)
        assert known.is_alive(now + LEASE)
        assert not known.is_alive(now + SECOND + LEASE)
        # One that was silent for a day is forgotten, and enters anew if it is there after all.
        second = enter(connection, "there:2", "1.0", ["default"], 4, now + timedelta(days=2))
        assert not beat(connection, first, ["default"], now, is_draining=False)
        leave(connection, second)
        assert workers(connection) == []


def test_what_is_submitted_says_what_workers_do_not_know(desk: Desk) -> None:
    """The hours are those of the computer that submits, and who has the key is told."""
    submitted = desk.submit(report=desk.folder / "report.html", key_name="agency")
    told = " ".join(submitted.plan.notices)
    assert "no worker that is alive has the key agency" in told
    assert "campaign report does" in told
    assert "those of UTC, wherever" in told
    assert desk.record().settings.time_zone == "UTC"
    assert desk.record().submitted_at == submitted.at
    assert (
        "no worker that is alive has the key agency"
        in status(desk.ledger, "a", desk.now).notices[0]
    )
    with desk.ledger.write(NOTHING) as connection:
        enter(connection, "here:1", "1", ["agency"], 2, desk.now)
    assert status(desk.ledger, "a", desk.now).notices == ()


@pytest.mark.file
def test_workers_send_for_a_server_alone(tmp_path: Path) -> None:
    world = World(tmp_path, crowd(2))
    ledger: Ledger = world.ledger()
    with pytest.raises(UsageError, match="this one is a file"):
        submit(world.campaign(), ledger, lambda _: True, world.clock.now)
    ledger.close()


def test_the_doctor_looks_at_keys_and_workers(desk: Desk) -> None:
    """A key without a worker, and one with more accounts than its calls are enough for."""

    def said() -> list[tuple[str, str]]:
        place = place_of(desk.url)
        assert isinstance(place, Server)
        return [(one.verdict, one.says) for one in judge_team(place, desk.now)]

    assert said() == []
    desk.submit(accounts=["one"], key_name="agency")
    ((verdict, says),) = said()
    assert verdict == "look"
    assert "no worker that is alive has the key agency" in says
    with desk.ledger.write(NOTHING) as connection:
        enter(connection, "here:1", "1", ["agency"], 2, desk.now)
        many = [
            {"account": f"more-{number}", "key": "agency", "due_at": desk.now}
            for number in range(MOST_ACCOUNTS)
        ]
        connection.execute(sa.insert(schema.account), many)
    assert [verdict for verdict, _ in said()] == ["look", "ok"]
    assert "60 calls a minute, 192 can send 150 messages each in 8 hours" in said()[0][1]


def test_a_ledger_does_not_move_under_its_workers(desk: Desk, tmp_path: Path) -> None:
    desk.submit()
    with desk.ledger.write(NOTHING) as connection:
        enter(connection, "here:1", "1", ["default"], 2, datetime.now(UTC))
    with pytest.raises(AlreadyRunningError, match="Workers send for this ledger: here:1"):
        move(place_of(desk.url), tmp_path / "moved.db", lambda _: True, lambda _: None)


def test_nor_under_those_that_start_while_somebody_is_asked(desk: Desk, tmp_path: Path) -> None:
    desk.submit()

    def agree(_steps: object) -> bool:
        with desk.ledger.write(NOTHING) as connection:
            enter(connection, "here:1", "1", ["default"], 2, datetime.now(UTC))
        return True

    with pytest.raises(AlreadyRunningError, match="Workers send for this ledger: here:1"):
        move(place_of(desk.url), tmp_path / "moved.db", agree, lambda _: None)
    assert isinstance(desk.claim("one"), Claim)


def test_a_clock_that_is_off_sees_who_is_alive(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's time is known from the first connection on."""
    desk.submit()
    with desk.ledger.write(NOTHING) as connection:
        enter(connection, "here:1", "1", ["default"], 2, datetime.now(UTC))
    ahead = timedelta(minutes=5)
    monkeypatch.setattr(postgres, "_now", lambda: datetime.now(UTC) + ahead)
    with closing(open_ledger(desk.url)) as ledger:
        assert abs(ledger.now(datetime.now(UTC) + ahead) - datetime.now(UTC)) < timedelta(minutes=1)
        assert [one.name for one in team(ledger, datetime.now(UTC) + ahead).alive] == ["here:1"]


def test_a_shell_completes_the_campaigns_of_a_server(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.submit("spring")
    monkeypatch.setenv("CAMPAIGN_LEDGER", desk.url)
    assert names("sp") == ["spring"]


@pytest.mark.parametrize("far", ["/nowhere/of/mine/a.results.csv", "C:\\lists\\a.results.csv"])
def test_results_of_another_machine_are_written_where_one_works(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: str
) -> None:
    desk.submit()
    with desk.ledger.write() as connection:
        (settings,) = connection.execute(sa.select(schema.campaign.c.settings)).scalars()
        told = json.dumps({**json.loads(settings), "results": far})
        connection.execute(sa.update(schema.campaign).values(settings=told))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    handed = results(desk.ledger, "a", None, desk.now)
    assert handed.written.path == here / "a.results.csv"
    assert [path.name for path in here.iterdir()] == ["a.results.csv"]


def test_the_answer_about_workers_is_that_of_its_schema(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """In lines and as JSON: who is alive, with which lanes, and which keys nobody has."""
    desk.submit("a", ["one"])
    desk.submit("b", ["two"], key_name="agency")
    now = datetime.now(UTC)
    with desk.ledger.write(NOTHING) as connection:
        first = enter(connection, "here:1", "1.0", ["default"], 4, now)
        take_due(connection, ["default"], now, 1)
        begin(connection, "one", first, now)
    assert call(["status", "--workers", "--json", "--ledger", desk.url]) == 0
    told = TypeAdapter(Team).validate_python(json.loads(capsys.readouterr().out))
    ((worker,), keys) = told["workers"], told["keys"]
    assert (worker["alive"], [lane["account"] for lane in worker["lanes"]]) == (True, ["one"])
    assert {one["key"]: one["served"] for one in keys} == {"agency": False, "default": True}
    assert call(["status", "--workers", "--ledger", desk.url]) == 0
    said = capsys.readouterr().out
    assert re.search(r"here:1 +alive .* default +1 of 4: one", said)
    assert "No worker that is alive has the key agency." in said
