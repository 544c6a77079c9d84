"""It listens: the look before each message, and the replies after it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ExitCode
from runner.ledger.erasure import forget
from runner.ledger.reply import replies
from runner.ledger.suppression import suppress
from runner.rehearsal.endpoint import Answer
from runner.rehearsal.inbox import Said
from runner.rehearsal.receipt import urn_of
from tests.world import World, crowd, read_results

ACCOUNT = "acc"
OPTIONS: dict[str, Any] = {"accounts": [ACCOUNT], "now": True, "min_gap": 0}


def say(world: World, person: str, text: str, days: float = 0.0, *, ours: bool = False) -> None:
    """Let somebody write so many days from now: the person, or the account by hand."""
    at = world.clock.now() + timedelta(days=days)
    world.server.inbox.said.append(Said(at, ACCOUNT, person, text, ours))


def answering(world: World, change: Callable[[str], Answer | None]) -> None:
    """Let looks be answered otherwise: by their target, where `change` gives an answer."""
    plain = world.server.look_up

    def look_up(headers: Mapping[str, str], target: str) -> Answer:
        found = plain(headers, target)
        return change(target) or found

    world.server.look_up = look_up  # type: ignore[method-assign]


def next_day(world: World, days: float = 1.0) -> None:
    world.clock.advance(days * 86_400)


def follow(world: World, **more: Any) -> Any:
    world.template = "Any news, {{ first_name }}?"
    try:
        return world.run(**{**OPTIONS, "after": "people", "name": "bump", **more})
    finally:
        world.template = "Hi {{ first_name }}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, crowd(4))
    world.check_receipts = lambda: None  # type: ignore[method-assign]  # follow-ups are second ones
    return world


# --- the look before a message


@pytest.mark.parametrize(
    ("ours", "days", "quiet", "sent"),
    [
        (False, -1, 7, False),
        (False, -900, 7, False),
        (False, -1, 0, True),
        (True, -6.9, 7, False),
        (True, -7.1, 7, True),
        (True, -2, 1, True),
        (True, -0.5, 0, True),
    ],
)
def test_talk_that_is_under_way_is_left_to_people(
    world: World, *, ours: bool, days: float, quiet: int, sent: bool
) -> None:
    """Whoever wrote last, however long ago, and whom somebody wrote to by hand lately."""
    say(world, "person-1", "Hello there", days, ours=ours)
    report = world.run(**OPTIONS, quiet_days=quiet)
    assert report.exit_code == ExitCode.DONE
    assert ("person-1" in world.received()) is sent
    assert len(world.received()) == 3 + sent
    reason = world.lines()[1].reason or ""
    assert ("answer by hand" in reason or "wrote by hand" in reason) is not sent


def test_a_message_of_ours_is_not_one_by_hand(world: World) -> None:
    """What another campaign sent lately is no talk; the conversation shows the indicator."""
    world.run(**OPTIONS)
    next_day(world)
    world.template = "Something else, {{ first_name }}"
    world.run(**OPTIONS, name="second", min_days=0)
    assert len(world.received()) == 8
    assert [line.typing_indicator_sent for line in world.lines("second")] == [True] * 4


def test_the_vendor_says_who_a_person_is_before_the_first_message(world: World) -> None:
    """A URN on the do-not-contact list, and the same person under a URN in another row, are
    recognised from the conversation alone."""
    say(world, "person-0", "Hello", -20)
    say(world, "person-0", "Hello yourself", -19, ours=True)
    say(world, "person-1", "Hello", -20)
    say(world, "person-1", "Hello yourself", -19, ours=True)
    world.people.append(("Name1", urn_of("person-1")))
    ledger = world.ledger()
    with ledger.write() as connection:
        suppress(connection, [(urn_of("person-0"),)], None, world.clock.now())
    ledger.close()
    world.run(**OPTIONS)
    assert world.received() == ["person-1", "person-2", "person-3"]
    assert "same person as row 3" in (world.lines()[4].reason or "")


def test_a_profile_that_is_another_members_now_is_skipped(world: World) -> None:
    """A row that gives the ID and the URN of a member, of which the vendor says another URN."""
    world.header = ("First Name", "recipientProfileId", "recipientProfileUrn")
    world.people = [("Name0", "person-0", urn_of("somebody")), ("Name1", "person-1", "")]
    say(world, "person-0", "Hello", -20, ours=True)
    world.run(**OPTIONS)
    assert world.received() == ["person-1"]
    assert "the vendor says that this profile is" in (world.lines()[0].reason or "")


@pytest.mark.parametrize("status", [500, 502, 429])
def test_a_look_that_fails_for_one_holds_nobody_else(world: World, status: int) -> None:
    """The row waits, and is asked about again in the same run and in the next."""
    failing = Answer(status, b'{"success": false, "code": "CONNECTIONS_UNAVAILABLE"}')
    answering(world, lambda target: failing if "/exists/person-1" in target else None)
    report = world.run(**OPTIONS)
    assert report.exit_code == ExitCode.PAUSED
    assert sorted(world.received()) == ["person-0", "person-2", "person-3"]
    assert sum("/exists/person-1" in target for target in world.server.lookups) == 2
    answering(world, lambda _: None)
    world.server.look_up = type(world.server).look_up.__get__(world.server)  # type: ignore[method-assign]
    assert world.run(**OPTIONS).exit_code == ExitCode.DONE
    assert len(world.received()) == 4


def test_looks_that_fail_for_all_stop_the_account(tmp_path: Path) -> None:
    """Nothing is sent unseen; the stop names the way out, which sends."""
    world = World(tmp_path, crowd(8))
    answering(world, lambda target: Answer(500, b"") if "/exists/" in target else None)
    report = world.run(**OPTIONS)
    assert (report.exit_code, world.received()) == (ExitCode.ENDPOINT, [])
    assert report.stop is not None
    assert "--no-look" in report.stop.remedy
    assert world.run(**OPTIONS, no_look=True).exit_code == ExitCode.DONE


def test_without_the_endpoint_everything_is_as_before(world: World) -> None:
    """One 404 on the path switches looks off for the run, in silence."""
    world.server.neighbours = False
    assert world.run(**OPTIONS).exit_code == ExitCode.DONE
    assert len(world.received()) == 4
    assert sum("/exists/" in target for target in world.server.lookups) == 1


def test_a_look_costs_no_time_and_at_most_two_reads(world: World) -> None:
    """It is made in the pause before its message: the pauses are those of a run without looks."""
    times = []
    for no_look in (False, True):
        folder = world.folder / str(no_look)
        folder.mkdir()
        other = World(folder, crowd(6))
        plain = other.server.look_up
        other.server.look_up = lambda headers, target, plain=plain: replace(  # type: ignore[misc]
            plain(headers, target), delay=1.5
        )
        other.run(accounts=[ACCOUNT], now=True, min_gap=60, no_look=no_look)
        times.append([receipt.at for receipt in other.server.receipts])
        looks = [target for target in other.server.lookups if "/conversations" in target]
        assert len(looks) <= (0 if no_look else 12)
    gaps = [times[0][n + 1] - times[0][n] for n in range(5)]
    assert max(gaps) < timedelta(seconds=62)


# --- replies


def test_a_reply_stands_in_the_results(world: World) -> None:
    """The first message of theirs after ours; our own later ones, by hand too, are none."""
    world.run(**OPTIONS)
    say(world, "person-0", "Thanks for asking by hand", 0.2, ours=True)
    say(world, "person-1", "=1+1 Sure, call me", 0.3)
    say(world, "person-1", "Hello?", 0.4)
    say(world, "person-2", "x" * 5_000, 0.5)
    next_day(world)
    report = world.run(**OPTIONS)
    assert report.summary.replied == 2
    rows = read_results(world.folder / "people.results.csv")
    assert [bool(row["repliedAt"]) for row in rows] == [False, True, True, False]
    assert rows[1]["reply"] == "'=1+1 Sure, call me"
    assert len(rows[2]["reply"]) == 2_000
    assert rows[1]["conversation"].startswith("https://www.linkedin.com/messaging/thread/2-")
    assert [row["status"] for row in rows] == ["sent"] * 4


def test_what_was_said_before_our_message_is_no_reply(world: World) -> None:
    say(world, "person-1", "Just before", -0.001)
    world.run(**OPTIONS, quiet_days=0)
    next_day(world)
    assert world.run(**OPTIONS).summary.replied == 0


def test_a_follow_up_stops_for_who_has_answered(world: World) -> None:
    """Also when the inbox cannot be read: then the look before the message says so."""
    world.run(**OPTIONS)
    say(world, "person-1", "Sure", 0.3)
    say(world, "person-1", "Thanks, by hand", 0.4, ours=True)
    next_day(world)
    follow(world)
    bumped = [r.recipient for r in world.server.receipts if r.message.startswith("Any news")]
    assert bumped == ["person-0", "person-2", "person-3"]
    assert "they answered on" in (world.lines("bump")[1].reason or "")
    assert "answer by hand" in (world.lines("bump")[1].reason or "")


def test_a_follow_up_waits_while_the_vendor_does_not_show_the_conversation(world: World) -> None:
    """The database of the vendor is behind: that is never read as no conversation."""
    world.run(**OPTIONS)
    world.server.inbox.lag = timedelta(days=3)
    report = follow(world)
    assert report.exit_code == ExitCode.ENDPOINT
    assert len(world.received()) == 4
    world.server.inbox.lag = timedelta()
    assert follow(world).exit_code == ExitCode.DONE
    assert len(world.received()) == 8


def test_what_was_read_settles_uncertain_rows(world: World) -> None:
    """A message of ours that stands in the inbox was sent, as `settle --check` finds as well."""
    world.script = None
    plain = world.server.answer
    lost: list[str] = []

    def answer(headers: Mapping[str, str], body: bytes) -> Answer:
        answered = plain(headers, body)
        if b"person-1" in body and not lost:
            lost.append("person-1")
            return Answer(0, b"", cut="answer-lost")
        return answered

    world.server.answer = answer  # type: ignore[method-assign]
    assert world.run(**OPTIONS).exit_code == ExitCode.NEEDS_A_PERSON
    next_day(world)
    assert world.run(**OPTIONS).exit_code == ExitCode.DONE
    assert world.statuses() == ["sent"] * 4


def test_only_what_has_changed_is_read_again(tmp_path: Path) -> None:
    """At most one request for each thread that changed, and one for each page."""
    world = World(tmp_path, crowd(130), limit=1_000)
    world.run(**OPTIONS)
    for number in range(0, 130, 10):
        say(world, f"person-{number}", "Sure", 0.3)
    next_day(world)
    for changed in (130, 0):
        world.server.lookups.clear()
        world.run(**OPTIONS)
        assert sum("/messages?" in target for target in world.server.lookups) <= changed
        assert sum("linkedinAccountIds" in target for target in world.server.lookups) <= 3
    say(world, "person-5", "Late", 0.1)
    next_day(world)
    world.server.lookups.clear()
    assert world.run(**OPTIONS).summary.replied == 14
    assert sum("/messages?" in target for target in world.server.lookups) == 1


def test_an_inbox_that_cannot_be_read_is_told_and_read_later(world: World) -> None:
    world.run(**OPTIONS)
    say(world, "person-1", "Sure", 0.3)
    next_day(world)
    answering(world, lambda target: Answer(500, b"") if "linkedinAccountIds" in target else None)
    assert world.run(**OPTIONS).summary.replied == 0
    assert any("replies could not all be read" in notice for notice in world.plans[-1].notices)
    world.server.look_up = type(world.server).look_up.__get__(world.server)  # type: ignore[method-assign]
    assert world.run(**OPTIONS).summary.replied == 1


@pytest.mark.file
def test_replies_are_peoples_words(world: World) -> None:
    """They go with `forget`, and after the days that they are kept."""
    world.run(**OPTIONS)
    for number in range(3):
        say(world, f"person-{number}", f"Sure {number}", 0.3)
    next_day(world)
    world.run(**OPTIONS)
    ledger = world.ledger()
    forget(ledger, [("person-0",)], world.clock.now())
    with ledger.read() as connection:
        assert [one.person for one in replies(connection, 1)] == ["person-1", "person-2"]
    next_day(world, 31)
    ledger.close()
    world.people = world.people[1:]
    world.run(**OPTIONS, keep_replies=30)
    ledger = world.ledger()
    with ledger.read() as connection:
        assert [one.text for one in replies(connection, 1)] == [None, None]
    ledger.close()
    assert b"Sure 0" not in (world.folder / "ledger.db").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(4, 130))]
)
def test_nobody_is_followed_up_who_has_answered(tmp_path: Path, seed: int) -> None:
    """Over days of two campaigns on one list, with people who answer, messages by hand, looks of
    every kind that fail, a vendor that is behind, and edits of the list: no follow-up to somebody
    whose reply the vendor could show at that moment, none before its time, none twice, and no
    message of ours taken for a reply."""
    chance = random.Random(seed)
    world = World(tmp_path, crowd(12), limit=chance.choice([5, 150]))
    world.check_receipts = lambda: None  # type: ignore[method-assign]
    world.check = lambda _: None  # type: ignore[method-assign]
    kinds = [
        Answer(500, b""),
        Answer(502, b'{"code": "CONNECTIONS_UNAVAILABLE"}'),
        Answer(429, b""),
    ]

    def fails(target: str) -> Answer | None:
        if "/conversations" in target and chance.random() < 0.15:
            return chance.choice(kinds)
        return None

    answering(world, fails)
    days = chance.choice([0, 1, 2])
    answered: dict[str, datetime] = {}
    for _ in range(8):
        world.run(accounts=[ACCOUNT], min_gap=0, hours="00:00-24:00", days="all")
        follow(world, now=False, hours="00:00-24:00", days="all", after_days=days, min_gap=0)
        for person in {receipt.recipient for receipt in world.server.receipts}:
            if chance.random() < 0.15:
                later = chance.uniform(0.0, 1.0)
                say(world, person, chance.choice(["Sure", "Hi Name1", "No"]), later)
                at = world.clock.now() + timedelta(days=later)
                answered[person] = min(at, answered.get(person, at))
            elif chance.random() < 0.1:
                say(world, person, "By hand", chance.uniform(0.0, 1.0), ours=True)
        world.server.inbox.lag = timedelta(days=chance.choice([0, 0, 1]))
        if chance.random() < 0.3:
            world.people = chance.sample(world.people, len(world.people))
        next_day(world)
    kinds_sent = Counter((r.recipient, r.message[:3]) for r in world.server.receipts)
    assert max(kinds_sent.values()) == 1
    first = {r.recipient: r.at for r in world.server.receipts if r.message.startswith("Hi")}
    for receipt in world.server.receipts:
        if receipt.message.startswith("Any"):
            assert receipt.at >= first[receipt.recipient] + timedelta(days=max(0, days - 1))
            assert answered.get(receipt.recipient, receipt.at) >= receipt.at - timedelta(minutes=2)
    ledger = world.ledger()
    with ledger.read() as connection:
        for campaign in (1, 2):
            for reply in replies(connection, campaign):
                assert reply.person in answered
                assert reply.text != "By hand"
    ledger.close()


def test_what_a_look_found_rests_for_a_while(world: World) -> None:
    """The row stays skipped, is not asked about each day, and comes back in time; who has answered
    does not, unless --quiet-days says so."""
    say(world, "person-1", "Hello", -20)
    say(world, "person-2", "By hand", -5, ours=True)
    world.run(**OPTIONS)
    asked = len(world.server.lookups)
    for _ in range(2):
        report = world.run(**OPTIONS)
        assert report.summary.totals.skipped == 2
    assert not any("/exists/" in target for target in world.server.lookups[asked:])
    next_day(world, 2.1)
    assert world.run(**OPTIONS).summary.totals.skipped == 1
    assert "person-2" in world.received()
    next_day(world, 7)
    say(world, "person-1", "By hand, at last", -8, ours=True)
    assert world.run(**OPTIONS).summary.totals.skipped == 0
    assert len(world.received()) == 4


def test_other_quiet_days_are_heard_at_once(world: World) -> None:
    say(world, "person-1", "Hello", -20)
    assert world.run(**OPTIONS).summary.totals.skipped == 1
    assert world.run(**OPTIONS, quiet_days=0).summary.totals.skipped == 0
    assert len(world.received()) == 4


def test_a_follow_up_stops_also_where_all_talk_is_looked_past(world: World) -> None:
    """--quiet-days 0 is for talk, not for the answer that ends a sequence."""
    world.run(**OPTIONS)
    say(world, "person-1", "Sure", 0.3)
    next_day(world)
    answering(world, lambda target: Answer(500, b"") if "linkedinAccountIds" in target else None)
    follow(world, quiet_days=0)
    assert Counter(world.received())["person-1"] == 1


def test_somebody_who_is_known_by_a_urn_is_found_in_the_inbox(world: World) -> None:
    """The list of conversations is read once in a run, and fails as any look does."""
    world.people = [("Name0", urn_of("person-0")), ("Name1", urn_of("person-1"))]
    say(world, "person-1", "Hello", -1)
    world.run(**OPTIONS)
    assert world.received() == [urn_of("person-0")]
    assert "they wrote last" in (world.lines()[1].reason or "")
    assert sum("linkedinAccountIds" in target for target in world.server.lookups) == 1


@pytest.mark.parametrize("status", [402, 403])
def test_a_look_that_is_refused_for_one_holds_nobody_else(world: World, status: int) -> None:
    answering(world, lambda target: Answer(status, b"{}") if "/exists/person-1" in target else None)
    assert world.run(**OPTIONS).exit_code == ExitCode.PAUSED
    assert sorted(world.received()) == ["person-0", "person-2", "person-3"]


def test_a_conversation_of_the_rows_own_that_disagrees_is_told(world: World) -> None:
    """The row's own is used all the same."""
    world.header = ("First Name", "recipientProfileId", "conversationUrn")
    own = f"urn:li:msg_conversation:({urn_of('account acc')},2-abc==)"
    world.people = [("Name0", "person-0", own)]
    say(world, "person-0", "By hand", -30, ours=True)
    world.run(**OPTIONS)
    assert [type(event).__name__ for event in world.events] == [
        "OtherConversation",
        "Sending",
        "Sent",
    ]
    assert world.server.receipts[0].conversation == own


def test_a_conversation_of_another_account_is_no_trouble(tmp_path: Path) -> None:
    """Two accounts wrote to the same people: each conversation is one account's, and is asked of
    the other in vain."""
    world = World(tmp_path, crowd(2))
    world.check_receipts = lambda: None  # type: ignore[method-assign]
    world.run(**OPTIONS)
    world.run(accounts=["other"], now=True, min_gap=0, name="second", min_days=0)
    say(world, "person-1", "Sure", 0.3)
    next_day(world)
    said = b'{"success": false, "error": "Conversation not found"}'

    def other(target: str) -> Answer | None:
        is_wrong = "/messages?" in target and "accountId=other" in target
        return Answer(404, said) if is_wrong else None

    answering(world, other)
    report = world.run(**OPTIONS, name="people")
    assert report.summary.replied == 1
    assert not any("could not" in notice for notice in world.plans[-1].notices)
