"""A ledger on a server: locks between machines, one clock, trouble, and the way there and back."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from runner.action.move import move
from runner.action.people import suppress
from runner.action.plan import prepare
from runner.action.take import take_list
from runner.doctor.storage import judge_ledger
from runner.errors import StorageError, UnreachableError, UsageError
from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.attempt import SettledError, commit_intent, recover, settle
from runner.ledger.campaign import campaign_named
from runner.ledger.chain import verify
from runner.ledger.claim import claim
from runner.ledger.decision import decide
from runner.ledger.door import is_begun, open_ledger
from runner.ledger.erasure import forget
from runner.ledger.late import settle_late
from runner.ledger.ledger import Ledger
from runner.ledger.line import lines
from runner.ledger.location import Server, place_of
from runner.ledger.record import Claim, Outcome, Status, Wait
from runner.ledger.store import postgres
from runner.sending import traffic
from runner.sending.traffic import exchange
from tests.ledger.rival import LEASE
from tests.postgres import Cluster
from tests.world import MONDAY, World, crowd

ROOT = Path(__file__).parents[2]


def rivals(tmp_path: Path, url: str, people: int, senders: int, mode: str = "") -> Counter[str]:
    """Two campaigns to the same people, from different accounts, each account in a process of its
    own; count the messages to each person."""
    world = World(tmp_path, [(f"Name{number}", f"person-{number}") for number in range(people)])
    now = datetime.now(UTC)
    processes = []
    with closing(open_ledger(url)) as ledger:
        for name in ("a", "b"):
            accounts = [f"{name}{number}" for number in range(senders // 2)]
            taken = take_list(world.campaign(name=name, accounts=accounts), ledger, now)
            prepare(taken, ledger, now)
    for name in ("a", "b"):
        for number in range(senders // 2):
            command = [sys.executable, "-m", "tests.ledger.rival", url, name, f"{name}{number}"]
            process = subprocess.Popen(
                [*command, mode],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            processes.append(process)
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:  # they begin together
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0] for process in processes]
    assert all(process.returncode == 0 for process in processes)
    with closing(open_ledger(url)) as ledger, ledger.read() as connection:
        verify(connection)
    return Counter(line for text in said for line in text.split())


def test_nobody_is_written_to_twice_from_two_accounts_at_once(tmp_path: Path, url: str) -> None:
    """A message holds its person, under every spelling, also where another account sends it."""
    sent = rivals(tmp_path, url, people=12, senders=4)
    assert (len(sent), max(sent.values())) == (12, 1)


def test_the_account_alone_would_not_be_enough(tmp_path: Path, server: Cluster) -> None:
    """The control: without the lock of the person, some get two messages; not in every race."""
    most = 0
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        sent = rivals(folder, server.database(), people=12, senders=4, mode="account")
        if (most := max(sent.values())) == 2:
            break
    assert most == 2


@pytest.mark.proof
def test_eight_processes_and_the_same_240_people(tmp_path: Path, url: str) -> None:
    sent = rivals(tmp_path, url, people=240, senders=8)
    assert (len(sent), max(sent.values())) == (240, 1)


# --- one message, held by whoever sends it


def begun(folder: Path, url: str, people: int = 2) -> tuple[World, int]:
    """A world whose list is in the ledger, and its campaign's id."""
    world = World(folder, crowd(people))
    with closing(open_ledger(url)) as ledger:
        now = world.clock.now()
        prepare(take_list(world.campaign(now=True), ledger, now), ledger, now)
        with ledger.read() as connection:
            record = campaign_named(connection, "people")
    assert record is not None
    return world, record.id


def under_way(ledger: Ledger, campaign: int, now: datetime) -> Claim:
    """A message whose intent is committed."""
    chosen = claim(ledger, campaign, "", lambda: now, LEASE, lambda _: None)
    assert isinstance(chosen, Claim)
    return commit_intent(ledger, chosen, lambda: now)


def statuses(ledger: Ledger, campaign: int) -> list[str]:
    return [line.status.value for line in lines(ledger, campaign, live=True)]


def test_an_attempt_is_left_to_its_machine_until_its_deadline(tmp_path: Path, url: str) -> None:
    _, campaign = begun(tmp_path, url)
    with closing(open_ledger(url)) as ledger:
        taken = under_way(ledger, campaign, MONDAY)
        assert recover(ledger, campaign, MONDAY + LEASE - timedelta(seconds=1)) == (0, 0)
        again = claim(ledger, campaign, "", lambda: MONDAY, LEASE, lambda _: None)
        assert isinstance(again, Wait)  # the account has one request at a time
        assert recover(ledger, campaign, MONDAY + LEASE) == (1, 0)
        assert statuses(ledger, campaign) == ["uncertain", "waiting"]
        with pytest.raises(SettledError):
            settle(ledger, taken, Outcome(Status.SENT), MONDAY + LEASE)


@pytest.mark.parametrize(
    ("outcome", "becomes"),
    [
        (Outcome(Status.SENT, typing_indicator_sent=True), "sent"),
        (Outcome(Status.WAITING, error="stood still"), "waiting"),
        (Outcome(Status.FAILED, error="no such person"), "waiting"),
        (Outcome(Status.UNCERTAIN, error="no answer"), "uncertain"),
    ],
)
def test_an_outcome_that_comes_late_is_true_all_the_same(
    tmp_path: Path, url: str, outcome: Outcome, becomes: str
) -> None:
    """What was called uncertain meanwhile becomes what the vendor answered."""
    _, campaign = begun(tmp_path, url)
    later = MONDAY + LEASE
    with closing(open_ledger(url)) as ledger:
        taken = under_way(ledger, campaign, MONDAY)
        recover(ledger, campaign, later)
        settle_late(ledger, taken, outcome, later)
        assert statuses(ledger, campaign) == [becomes, "waiting"]
        with ledger.read() as connection:
            verify(connection)


def test_a_persons_word_stands_against_an_outcome_that_comes_late(tmp_path: Path, url: str) -> None:
    _, campaign = begun(tmp_path, url)
    later = MONDAY + LEASE
    with closing(open_ledger(url)) as ledger:
        taken = under_way(ledger, campaign, MONDAY)
        recover(ledger, campaign, later)
        with ledger.write() as connection:
            assert decide(connection, taken.delivery, sent=True, by="Eva", now=later)
        settle_late(ledger, taken, Outcome(Status.WAITING, error="stood still"), later)
        assert statuses(ledger, campaign) == ["sent", "waiting"]


# --- one clock


@pytest.mark.parametrize("off", [timedelta(minutes=5), -timedelta(minutes=5)])
def test_all_machines_go_by_the_servers_clock(
    url: str, off: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_ledger(url)) as ledger:
        true = datetime.now(UTC)
        monkeypatch.setattr(postgres, "_now", lambda: datetime.now(UTC) + off)
        with ledger.write():
            pass
        assert abs(ledger.now(datetime.now(UTC) + off) - true) < timedelta(minutes=1)


# --- trouble


def test_a_server_that_is_away_is_told_and_come_back_to(
    tmp_path: Path, server: Cluster, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is away nothing is sent. An answer that has come is recorded once it is back; a
    person is told so once."""
    world, campaign = begun(tmp_path, url)
    with closing(open_ledger(url)) as ledger:
        taken = under_way(ledger, campaign, MONDAY)
        server.stop("immediate")
        with pytest.raises(UnreachableError) as told:
            under_way(ledger, campaign, MONDAY)
        assert "Nothing is lost" in (told.value.remedy or "")
        paused: list[float] = []

        async def pause(seconds: float) -> None:
            paused.append(seconds)
            if len(paused) == 5:
                server.start()

        async def send(_claim: Claim, _commit: object) -> Outcome:
            return Outcome(Status.SENT)

        monkeypatch.setattr(traffic.asyncio, "sleep", pause)
        vendor = world.vendor()
        monkeypatch.setattr(vendor.endpoint, "send", send)
        said: list[str] = []
        waits = partial(said.append, "it waits")
        asyncio.run(exchange(ledger, vendor, taken, lambda: MONDAY, waits))
        assert (len(paused), said) == (5, ["it waits"])
        assert statuses(ledger, campaign) == ["sent", "waiting"]


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("synchronous_commit = off", "synchronous_commit"),
        ("default_transaction_read_only = on", "read"),
    ],
)
def test_a_database_that_forgets_or_takes_nothing_is_refused(
    server: Cluster, url: str, setting: str, says: str
) -> None:
    open_ledger(url).close()
    server.execute(f'ALTER DATABASE "{url.rpartition("/")[2]}" SET {setting}')
    with pytest.raises(StorageError, match=says):
        open_ledger(url)


def test_a_database_of_others_is_left_alone(server: Cluster, url: str) -> None:
    server.execute("CREATE TABLE theirs (id int)", url.rpartition("/")[2])
    with pytest.raises(StorageError, match="not a ledger"):
        open_ledger(url)


def test_nothing_is_made_where_only_a_look_is_wanted(url: str) -> None:
    place = place_of(url)
    assert not is_begun(place)
    with pytest.raises(UsageError, match="no campaign yet"):
        open_ledger(url, create=False)
    assert not is_begun(place)
    open_ledger(url).close()
    assert is_begun(place)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://eva:s3cret@127.0.0.1:1/team",
        "postgresql+psycopg://eva:s3cret@127.0.0.1:1/team",
        "postgresql://eva@127.0.0.1:1/team?password=s3cret",
        "postgres://eva:s3cret@127.0.0.1:1/team?sslmode=require",
    ],
)
def test_a_password_is_never_shown(address: str) -> None:
    place = place_of(address)
    assert isinstance(place, Server)
    assert "s3cret" not in str(place)
    assert str(place).startswith("postgresql://eva@127.0.0.1:1/team")
    with pytest.raises(StorageError) as told:
        open_ledger(address)
    shown = f"{told.value.what} {told.value.where} {told.value.remedy}"
    assert "s3cret" not in shown


def test_nothing_of_a_forgotten_person_is_left_in_the_tables(tmp_path: Path, url: str) -> None:
    world = World(tmp_path, [("Zelda", "zelda-quixote"), ("Joe", "joe-doe")])
    with closing(open_ledger(url)) as ledger:
        assert world.send(world.campaign(now=True), ledger).sent == 2
        before = repr(content(ledger)).lower()
        urns = set(re.findall(r"acoaa[0-9a-z_-]+", before))
        assert len(urns) == 2
        forget(ledger, [("zelda-quixote",)], MONDAY)
        left = repr(content(ledger)).lower()
    assert "zelda" in before
    assert "zelda" not in left
    assert len({urn for urn in urns if urn in left}) == 1
    assert "joe-doe" in left


@pytest.mark.parametrize(
    ("address", "guarded"),
    [
        ("postgresql://eva@127.0.0.1/team", True),
        ("postgresql:///team", True),
        ("postgresql:///team?host=/run/postgresql", True),
        ("postgresql://eva@db.example.org/team", False),
        ("postgresql://eva@db.example.org/team?sslmode=require", False),
        ("postgresql://eva@db.example.org/team?sslmode=verify-full", True),
    ],
)
def test_a_line_that_others_could_read_is_known(address: str, guarded: bool) -> None:
    place = place_of(address)
    assert isinstance(place, Server)
    assert place.is_guarded is guarded


def test_the_doctor_looks_at_the_server(server: Cluster, url: str) -> None:
    assert judge_ledger(place_of(url)).says.startswith("none yet")
    open_ledger(url).close()
    assert (judge_ledger(place_of(url)).verdict, "answers" in judge_ledger(place_of(url)).says) == (
        "ok",
        True,
    )
    server.execute(f'ALTER DATABASE "{url.rpartition("/")[2]}" SET synchronous_commit = off')
    assert judge_ledger(place_of(url)).verdict == "bad"


# --- the way there and back


def content(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    with ledger.read() as connection:
        return {
            table.name: sorted(
                (tuple(line) for line in connection.execute(sa.select(table))), key=repr
            )
            for table in schema.metadata.sorted_tables
        }


def test_a_ledger_moves_to_a_server_and_back(tmp_path: Path, url: str) -> None:
    """All of it arrives; the old one sends nothing any more, and the new one goes on."""
    world = World(tmp_path, crowd(5))
    world.run(most=2, now=True)
    path, back = tmp_path / "ledger.db", tmp_path / "back.db"
    early = open_ledger(path)
    before = content(early)
    seen: list[int] = []
    moved = move(path, place_of(url), lambda _: True, seen.append)
    with closing(early), pytest.raises(StorageError, match="was moved"):
        under_way(early, 1, world.clock.now())  # it was open before
    assert moved.lines == sum(map(len, before.values())) == sum(seen)
    with closing(open_ledger(url)) as ledger:
        assert content(ledger) == before
        assert world.send(world.campaign(now=True), ledger, most=1).sent == 1
        assert world.server.requests == 3
        after = content(ledger)
    with pytest.raises(StorageError, match="was moved"):
        world.run(now=True)
    found = judge_ledger(path)
    assert (found.verdict, "This ledger was moved to" in found.says) == ("bad", True)
    with pytest.raises(UsageError, match="an older ledger, which was moved"):
        move(place_of(url), path, lambda _: True, seen.append)
    with closing(open_ledger(path)) as old, pytest.raises(StorageError, match="was moved"):
        suppress(old, [Recipient("eva-9", None)], None, MONDAY)
    with closing(open_ledger(url)) as early:
        move(place_of(url), back, lambda _: True, seen.append)
        with pytest.raises(StorageError, match="was moved"):
            under_way(early, 1, world.clock.now())
    with closing(open_ledger(back)) as ledger:
        assert content(ledger) == after
        assert world.send(world.campaign(now=True), ledger).sent == 2
    world.check_receipts()


def test_a_ledger_moves_only_where_nothing_is(tmp_path: Path, url: str) -> None:
    world = World(tmp_path, crowd(2))
    world.run(most=1, now=True)
    (tmp_path / "more").mkdir()
    begun(tmp_path / "more", url)
    with pytest.raises(UsageError, match="with content"):
        move(tmp_path / "ledger.db", place_of(url), lambda _: True, lambda _: None)
    assert world.run(now=True).sent == 1
