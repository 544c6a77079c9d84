"""A worker: the lanes that it drives, its keys, its numbers, and two of them in processes."""

from __future__ import annotations

import re
import signal
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.action.team import team
from runner.errors import ExitCode, UnreachableError, UsageError
from runner.ledger.attempt import LostError
from runner.ledger.campaign import campaign_named
from runner.ledger.door import open_ledger
from runner.ledger.lane import sendable
from runner.ledger.ledger import Ledger
from runner.ledger.location import Server, place_of
from runner.ledger.record import Claim, Outcome, OvertakenError, Status, Stop
from runner.ledger.store.store import NOTHING
from runner.sending import traffic
from runner.sending.event import Event, Sent
from runner.sending.keys import find_keys
from runner.sending.secret import Secret
from runner.sending.streak import LaneEnd
from runner.worker.driver import KEY_REFUSED, Driver, Ways, rest_of
from runner.worker.metrics import Metrics, served
from runner.worker.queue import SCHEMA, Queue
from runner.worker.reach import Reach
from tests.loopback import KEY, serving
from tests.patience import until
from tests.postgres import Cluster
from tests.worker.fleet import KEYS, Fleet, check, is_over, standing, submitted
from tests.worker.vendor import taken_in, vendor
from tests.world import MONDAY


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with closing(open_ledger(url)) as opened:
        yield opened


def now() -> datetime:
    return datetime.now(UTC)


class Seen:
    """What a driver tells."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []

    def __call__(self, campaign: str, event: Event) -> None:
        if isinstance(event, Sent) and event.outcome.status is Status.SENT:
            self.sent.append((campaign, event.claim.row))


def driver_of(ledger: Ledger, address: str, seen: Seen, key: str = KEY) -> Driver:
    return Driver(ledger, {"default": Secret(key)}, Ways(address), now, seen)


PEOPLE = ["jo-doe", "al-poe", "su-roe"]


def test_a_lane_is_driven_until_nothing_waits(tmp_path: Path, url: str, ledger: Ledger) -> None:
    """All campaigns that have messages for the account, and none of another one."""
    submitted(tmp_path, url, "a", PEOPLE, ["one"])
    submitted(tmp_path, url, "b", ["cy-coe", "di-moe"], ["one", "two"])
    seen = Seen()
    with serving() as vendor:
        rest = driver_of(ledger, vendor.url, seen).drive("one", "default")
    assert (rest.until, rest.is_refused) == (None, False)
    assert sorted(seen.sent) == [("a", 2), ("a", 3), ("a", 4), ("b", 2)]
    with ledger.read() as connection:
        assert sendable(connection, "one") == []
        assert len(sendable(connection, "two")) == 1


def test_a_lane_that_has_to_wait_says_until_when(tmp_path: Path, url: str, ledger: Ledger) -> None:
    """The worker does not stay for it: others are driven meanwhile."""
    submitted(tmp_path, url, "a", PEOPLE, ["one"], min_gap=20)
    seen = Seen()
    with serving() as vendor:
        driver = driver_of(ledger, vendor.url, seen)
        before = now()
        first = driver.drive("one", "default")
        again = driver.drive("one", "default")
    assert len(seen.sent) == 1
    assert first.why == "messages are spaced"
    assert first.until is not None
    assert timedelta(seconds=19) < first.until - before < timedelta(seconds=25)
    assert again.until == first.until


def test_a_refused_key_is_told_from_everything_else(
    tmp_path: Path, url: str, ledger: Ledger
) -> None:
    submitted(tmp_path, url, "a", PEOPLE, ["one"])
    with serving() as vendor:
        rest = driver_of(ledger, vendor.url, Seen(), key="another-key-altogether").drive(
            "one", "default"
        )
    assert (rest.is_refused, rest.why) == (True, KEY_REFUSED)
    assert standing(url, "a") == {Status.WAITING: 3}


@pytest.mark.slow
def test_a_worker_whose_key_is_refused_leaves_its_lanes_to_others(tmp_path: Path, url: str) -> None:
    """At once, and says so where workers are listed; a good one that starts later has them too."""
    people, file = [f"person-{number}" for number in range(24)], tmp_path / "vendor"
    submitted(tmp_path, url, "a", people, [f"a{number}" for number in range(8)])
    with vendor(file, *KEYS.values(), hold=0.1) as address:
        wrong = Fleet(tmp_path / "wrong", url, address, lanes=4)
        (tmp_path / "wrong" / "keys").write_text("default = a-key-that-nobody-knows-0001\n")
        right = Fleet(tmp_path / "right", url, address, lanes=4)
        try:
            wrong.start()
            assert until(lambda: "The key default is refused" in wrong.said(0), 60)
            with closing(open_ledger(url)) as ledger:
                assert team(ledger, now()).served == frozenset()
            right.start()
            assert until(lambda: is_over(url, "a"), 60)
            submitted(tmp_path, url, "b", [f"b-{one}" for one in people], ["a1", "a2", "a3"])
            assert until(lambda: is_over(url, "b"), 60)
            assert right.end() + wrong.end() == [0, 0]
        finally:
            wrong.kill()
            right.kill()
    assert check(url, taken_in(file), 48, "a", "b") == {Status.SENT: 48}


def test_a_vendor_that_is_away_is_tried_again_soon(
    tmp_path: Path, url: str, ledger: Ledger
) -> None:
    """The pauses between tries are the lane's, not the worker's."""
    submitted(tmp_path, url, "a", PEOPLE, ["one"])
    driver = driver_of(ledger, "http://127.0.0.1:9/linkedin", Seen())
    waits = []
    for _ in range(4):
        before = now()
        rest = driver.drive("one", "default")
        assert rest.until is not None
        waits.append(round((rest.until - before).total_seconds()))
    assert waits == [2, 10, 60, 900]
    assert standing(url, "a") == {Status.WAITING: 3}


def test_a_driver_that_is_halted_begins_nothing(tmp_path: Path, url: str, ledger: Ledger) -> None:
    submitted(tmp_path, url, "a", PEOPLE, ["one"])
    seen = Seen()
    with serving() as vendor:
        driver = driver_of(ledger, vendor.url, seen)
        driver.halt()
        rest = driver.drive("one", "default")
    assert seen.sent == []
    assert rest.until is not None
    assert rest.until <= now()


@pytest.mark.parametrize("is_durable", [True, False])
def test_an_intent_whose_answer_is_lost_is_taken_back(
    tmp_path: Path, url: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, is_durable: bool
) -> None:
    """The server goes away while it is asked for the intent: whether that is durable or not, no
    byte leaves, and the row waits as soon as the server is back."""
    submitted(tmp_path, url, "a", PEOPLE, ["one"])
    commit = traffic.commit_intent
    lost: list[Claim] = []

    def losing(at: Ledger, claim: Claim, clock: Callable[[], datetime]) -> Claim:
        if lost:
            return commit(at, claim, clock)
        # An intent that was rolled back has used up its number all the same.
        lost.append(commit(at, claim, clock) if is_durable else replace(claim, attempt=999_999))
        raise LostError(UnreachableError("The server went away."), lost[0])

    monkeypatch.setattr(traffic, "commit_intent", losing)
    seen = Seen()
    with serving() as vendor:
        driver_of(ledger, vendor.url, seen).drive("one", "default")
        assert len(vendor.endpoint.receipts) == 3
    assert len(seen.sent) == 3
    assert standing(url, "a") == {Status.SENT: 3}
    assert lost


def test_a_queue_that_is_emptied_or_made_anew_takes_no_lane_along(
    tmp_path: Path, url: str, ledger: Ledger, server: Cluster
) -> None:
    """What is put into it is in one transaction with the lease; and it is installed once."""
    submitted(tmp_path, url, "a", PEOPLE, ["one"])
    place = place_of(url)
    assert isinstance(place, Server)

    async def drive(account: str, key: str) -> None:
        raise AssertionError((account, key))

    queue = Queue(place.url, drive)
    queue.install(ledger)
    queue.install(ledger)
    due = {"default": ["one"], "agency": ["two", "three"]}

    def overtaken() -> None:
        with ledger.write(NOTHING) as connection:
            queue.give(connection, due)
            raise OvertakenError

    with pytest.raises(OvertakenError):
        overtaken()
    name = url.rpartition("/")[2]
    count = f"SELECT queue_name, count(*) FROM {SCHEMA}.procrastinate_jobs GROUP BY 1 ORDER BY 1"
    assert server.execute(count, name) == []
    with ledger.write(NOTHING) as connection:
        queue.give(connection, due)
    assert server.execute(count, name) == [("agency", 2), ("default", 1)]
    # Jobs whose worker died are taken out; those that nobody has taken yet are not.
    doing = "UPDATE procrastinate_jobs SET status = 'doing' WHERE queue_name = 'agency'"
    server.execute(f"SET search_path TO {SCHEMA}; {doing}", name)
    with ledger.write(NOTHING) as connection:
        queue.tidy(connection)
    assert server.execute(count, name) == [("default", 1)]


# --- keys


def test_keys_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# the team's\ndefault = first-key-0001\n\nagency=second-key-0002\n")
    file.chmod(0o600)
    found = find_keys(file, tmp_path)
    assert {name: key.reveal() for name, key in found.items()} == {
        "default": "first-key-0001",
        "agency": "second-key-0002",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no key"),
        ("agency second-key-0002", "no = between"),
        ("sk_live_5f1e9c = x", "at most 24 small letters"),
        ("agency = ", "holds no API key"),
        ("agency = 'quoted-key-0001'", "more than the key"),
        ("a = first-key-0001\na = second-key-0002", "two keys called a"),
    ],
)
def test_what_is_wrong_with_a_file_of_keys(tmp_path: Path, text: str, said: str) -> None:
    """It is said by its line, and no key is repeated."""
    file = tmp_path / "keys"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(UsageError, match=said) as caught:
        find_keys(file, tmp_path)
    assert not re.search("live|quoted|-key-", str(caught.value) + str(caught.value.where))


def test_a_file_of_keys_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("default = first-key-0001\n")
    file.chmod(0o640)
    with pytest.raises(UsageError, match="other users"):
        find_keys(file, tmp_path)
    with pytest.raises(UsageError, match="There is no file"):
        find_keys(tmp_path / "none", tmp_path)


def test_keys_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any, the key is the one that a run would find."""
    monkeypatch.setenv("CONNECTSAFELY_API_KEY_BIG_AGENCY", "second-key-0002")
    assert list(find_keys(None, tmp_path)) == ["big-agency"]
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", "first-key-0001")
    assert sorted(find_keys(None, tmp_path)) == ["big-agency", "default"]
    for name in ("CONNECTSAFELY_API_KEY_BIG_AGENCY", "CONNECTSAFELY_API_KEY"):
        monkeypatch.delenv(name)
    env = tmp_path / ".env"
    env.write_text("CONNECTSAFELY_API_KEY=third-key-0003\n")
    env.chmod(0o600)
    assert find_keys(None, tmp_path)["default"].reveal() == "third-key-0003"


# --- numbers


def test_metrics_are_numbers_without_people(tmp_path: Path, url: str, ledger: Ledger) -> None:
    submitted(tmp_path, url, "a", PEOPLE, ["one", "two"])
    metrics = Metrics(ledger, now, lambda: 1)
    metrics.count("sent")
    metrics.count("sent")
    with served(metrics, "127.0.0.1:0") as address, urllib.request.urlopen(address) as answer:
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        text = answer.read().decode()
    assert text.endswith("# EOF\n")
    told = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert told['campaign_messages_total{outcome="sent"}'] == "2.0"
    assert told['campaign_rows{status="waiting"}'] == "3.0"
    assert told['campaign_lanes{key="default",state="due"}'] == "2.0"
    assert float(told['campaign_lag_seconds{key="default"}']) >= 0
    assert (told["campaign_ledger_up"], told["campaign_lanes_driven"]) == ("1.0", "1.0")
    assert not re.search("jo-doe|Jo|acc|one", text)


def test_metrics_say_when_the_ledger_is_away(url: str, ledger: Ledger, server: Cluster) -> None:
    text = Metrics(ledger, now, lambda: 0).text().decode()
    assert "campaign_ledger_up 1.0" in text
    server.stop()
    try:
        text = Metrics(ledger, now, lambda: 0).text().decode()
    finally:
        server.start()
    assert "campaign_ledger_up 0.0" in text
    with (
        pytest.raises(UsageError, match="cannot be told at"),
        served(Metrics(ledger, now, lambda: 0), "somewhere"),
    ):
        pass


# --- processes


@pytest.mark.slow
def test_two_workers_share_the_lanes_and_end_after_the_message_in_flight(
    tmp_path: Path, url: str
) -> None:
    """With two keys. One is ended in the middle as a supervisor does it, one is killed, and another
    one goes on with what they leave; a run beside them takes part."""
    people = [f"person-{number}" for number in range(60)]
    submitted(tmp_path, url, "a", people[:30], [f"a{number}" for number in range(6)])
    accounts = [f"b{number}" for number in range(6)]
    submitted(tmp_path, url, "b", people[30:], accounts, key_name="agency")
    file = tmp_path / "vendor"
    with vendor(file, *KEYS.values(), hold=0.2) as address:
        fleet = Fleet(tmp_path, url, address, lanes=4)
        try:
            first, second = fleet.start(), fleet.start()
            assert until(lambda: len(taken_in(file)) >= 10, 60)
            first.send_signal(signal.SIGTERM)
            assert until(lambda: first.poll() is not None, 60)
            assert first.returncode == 0
            in_flight = standing(url, "a"), standing(url, "b")
            assert until(lambda: is_over(url, "a", "b"), 120), in_flight
            assert fleet.end() == [0]
            assert second.returncode == 0
        finally:
            fleet.kill()
    counts = check(url, taken_in(file), len(people), "a", "b")
    assert counts == {Status.SENT: 60}
    by_key = Counter(one.key for one in taken_in(file))
    assert by_key == {KEYS["default"]: 30, KEYS["agency"]: 30}
    assert all(key not in fleet.said(number) for key in KEYS.values() for number in (0, 1))
    assert all("person-" not in fleet.said(number) for number in (0, 1))
    with closing(open_ledger(url)) as ledger, ledger.read() as connection:
        assert campaign_named(connection, "a") is not None


@pytest.mark.slow
def test_workers_wait_for_a_server_that_is_stopped_at_once(tmp_path: Path, server: Cluster) -> None:
    """Nothing goes out meanwhile, and no row is uncertain whose answer had come."""
    url, file = server.database(), tmp_path / "vendor"
    people = [f"person-{number}" for number in range(40)]
    submitted(tmp_path, url, "a", people, [f"a{number}" for number in range(8)])
    with vendor(file, *KEYS.values(), hold=0.2) as address:
        fleet = Fleet(tmp_path, url, address, lanes=4)
        try:
            fleet.start()
            assert until(lambda: len(taken_in(file)) >= 8, 60)
            server.stop("immediate")
            assert until(lambda: "Nothing is sent until it is back" in fleet.said(0), 60)
            under_way = len(taken_in(file))
            assert not until(lambda: len(taken_in(file)) > under_way + 4, 3)
            server.start()
            assert until(lambda: is_over(url, "a"), 180)
            assert fleet.end() == [0]
        finally:
            fleet.kill()
    assert "is back" in fleet.said(0)
    assert check(url, taken_in(file), len(people), "a") == {Status.SENT: 40}


def test_a_worker_that_is_cut_off_from_the_vendor_takes_no_lanes() -> None:
    """Each time for longer, until it is answered; what is in flight beside begins no second
    pause."""
    reach, at = Reach(), now()
    lost = Outcome(Status.UNCERTAIN, error="no answer in time")
    away = Outcome(Status.WAITING, error="ConnectError", unreachable=True)
    paced = Outcome(Status.WAITING, error="this computer stood still")
    assert [reach.note(one, at) for one in (lost, away, paced)] == [None, None, None]
    assert reach.note(lost, at) == timedelta(minutes=1)
    assert reach.note(lost, at) is None
    pauses = []
    for _ in range(4):
        at += reach.left(at)
        pauses.append(reach.note(away, at))
    assert [pause and pause.total_seconds() / 60 for pause in pauses] == [2, 5, 15, 15]
    at += reach.left(at)
    assert reach.note(Outcome(Status.SENT, http_status=200), at) is None
    assert [reach.note(lost, at) for _ in range(3)] == [None, None, timedelta(minutes=1)]


@pytest.mark.parametrize(
    ("end", "seconds"),
    [
        (LaneEnd("done"), None),
        (LaneEnd("halted"), 0),
        (LaneEnd("paused", MONDAY), 0),
        # A wait whose time comes while it is told is over, and no reason to sleep.
        (LaneEnd("paused", MONDAY - timedelta(milliseconds=1), "messages are spaced"), -0.001),
        (LaneEnd("paused", MONDAY + timedelta(minutes=3), "messages are spaced"), 180),
        (LaneEnd("paused", MONDAY + timedelta(days=3), "it is outside the sending hours"), 3600),
        (LaneEnd("paused", MONDAY, "some people were refused for now", for_next_run=True), 3600),
        (LaneEnd("stopped", stop=Stop("run", ExitCode.ACCESS, "401", "")), 900),
        (LaneEnd("stopped", stop=Stop("account", ExitCode.ENDPOINT, "away", "")), 900),
        (LaneEnd("stopped", stop=Stop("account", ExitCode.ACCESS, "403", "")), 3600),
    ],
)
def test_when_a_lane_is_due_again(end: LaneEnd, seconds: float | None) -> None:
    """By how a campaign's part of it ended; at least once an hour, as long as anything waits."""
    until = rest_of(end, MONDAY).until
    assert (until and (until - MONDAY).total_seconds()) == (seconds if until else None)
    assert (until is None) == (end.kind == "done")
