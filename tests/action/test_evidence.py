"""Evidence: a message that a conversation proves is settled as sent, and nothing else ever is."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from runner.action.evidence import check, hint_of
from runner.action.search import Finding
from runner.action.settle import settle_rows
from runner.errors import ExitCode, InterruptedRunError, UsageError
from runner.intake.recipient import Recipient, parse
from runner.ledger import schema
from runner.ledger.campaign import campaign_named
from runner.ledger.contact import Contact, note_contacts
from runner.ledger.course import history
from runner.ledger.door import open_ledger
from runner.ledger.doubt import Count, doubts
from runner.ledger.health import check_tables
from runner.ledger.person import learn
from runner.ledger.record import Status
from runner.ledger.replay import lines_of, replay
from runner.ledger.standing import uncertain_rows
from runner.ledger.suppression import suppress
from runner.rehearsal.endpoint import Answer
from runner.rehearsal.receipt import urn_of
from runner.rehearsal.transport import SimulatedTransport
from runner.result.told import in_doubt
from runner.sending.clock import ServerClock
from runner.sending.lookup import Lookup
from runner.sending.secret import Secret
from runner.sending.thread import CLOCK_SKEW
from tests.loopback import KEY as LOOPBACK_KEY
from tests.loopback import serving
from tests.test_crash import command, finish, lay_out, needs_sigkill
from tests.world import KEY, MONDAY, World, crowd

ACCOUNT = "acc"
OPTIONS = {"accounts": (ACCOUNT,), "now": True}


def look(
    world: World, *rows: int, key: str = KEY, transport: httpx.AsyncBaseTransport | None = None
) -> list[Finding]:
    ledger = world.ledger()
    try:
        with ledger.read() as connection:
            record = campaign_named(connection, "people")
        assert record is not None
        lookup = Lookup(
            Secret(key),
            ServerClock(world.clock.now),
            transport=transport or SimulatedTransport(world.server),
        )
        with asyncio.Runner() as loop:
            return check(ledger, record, rows, lookup, loop, by="Ann", now=world.clock.now)
    finally:
        ledger.close()


def losing(world: World, *people: str, arrives: bool = True) -> None:
    """Let the answers to these people's messages be lost, whether or not the messages arrive."""

    def script(fields: dict[str, Any]) -> Answer | None:
        if (
            Recipient(fields.get("recipientProfileId"), fields.get("recipientProfileUrn")).identity
            not in people
        ):
            return None
        return world.server.accept(ACCOUNT, fields, "lost-answer" if arrives else "lost-request")

    world.server.script = script


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_a_row_is_settled_exactly_when_its_person_has_the_message(
    tmp_path: Path, seed: int
) -> None:
    """At a bad endpoint, an uncertain row whose message arrived becomes sent, at the message's
    time. The other rows stay."""
    world = World(tmp_path, crowd(30), faults=0.5, seed=seed)
    for _ in range(25):
        world.run(**OPTIONS, no_look=True)  # looks would settle them
        world.clock.advance(3600)
    world.server._faults = 0.0
    before = {
        line.number: line.cells[1] for line in world.lines() if line.status is Status.UNCERTAIN
    }
    received = {receipt.recipient: receipt.at for receipt in world.server.receipts}
    findings = {finding.row: finding for finding in look(world)}
    assert findings.keys() == before.keys()
    after = {line.number: line for line in world.lines()}
    for row, person in before.items():
        assert (
            (after[row].status is Status.SENT)
            == (findings[row].verdict == "sent")
            == (person in received)
        )
        if person in received:
            assert abs((after[row].sent_at or MONDAY) - received[person]) < timedelta(
                milliseconds=1
            )
    assert {findings[row].verdict for row in before} == {"sent", "no-evidence"}


def test_what_evidence_decides_is_written_down(tmp_path: Path) -> None:
    """Evidence is written down as a decision, with the person who asked, and the row says so. The
    next look has nothing to do, and no person is messaged again."""
    world = World(tmp_path, crowd(2))
    losing(world, "person-0")
    world.run(**OPTIONS)
    found = look(world)
    assert [(finding.row, finding.verdict) for finding in found] == [(2, "sent")]
    line = world.lines()[0]
    assert (line.status, line.reason) == (Status.SENT, "settled as sent by evidence, asked by Ann")
    ledger = world.ledger()
    with ledger.read() as connection:
        _, decisions = history(connection, line.delivery or 0)
    ledger.close()
    assert [(decision.decided_by, decision.verdict) for decision in decisions] == [
        ("evidence, asked by Ann", "sent")
    ]
    assert look(world) == []
    assert world.run(**OPTIONS).sent == 0


def test_only_uncertain_rows_are_asked_about(tmp_path: Path) -> None:
    """Only the named rows are asked about. A row that is not uncertain is a mistake, told before
    anything is asked."""
    world = World(tmp_path, crowd(3))
    losing(world, "person-0", "person-2")
    world.run(**OPTIONS)
    world.server.lookups.clear()
    with pytest.raises(UsageError, match="Row 3 is sent"):
        look(world, 2, 3)
    with pytest.raises(UsageError, match="no row 9"):
        look(world, 9)
    assert not [target for target in world.server.lookups if "/conversations/" in target]
    assert [finding.row for finding in look(world, 4)] == [4]
    assert world.statuses() == ["uncertain", "sent", "sent"]


def conversation(messages: Sequence[dict[str, Any]]) -> httpx.AsyncBaseTransport:
    """Return a vendor with one conversation for every person, which holds these messages."""

    class Vendor(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            found = {"hasConversation": True, "conversationUrn": "urn:li:c", "profileUrn": None}
            answer = {"messages": messages} if request.url.path.endswith("/messages") else found
            return httpx.Response(
                200, stream=httpx.ByteStream(json.dumps(answer).encode()), request=request
            )

    return Vendor()


def message(text: str, at: datetime, ours: bool = True) -> dict[str, Any]:
    return {
        "messageUrn": "urn:x",
        "text": text,
        "sentAt": at.timestamp() * 1000,
        "isSentByOwner": ours,
    }


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "shift", "ours", "proves"),
    [
        ("Hi Name0,\nhow are you?", timedelta(), True, True),
        ("  Hi  Name0, how\r\nare\u00a0you? ", 90 * SECOND, True, True),
        ("Hi Name0,\nhow are you?", SECOND - CLOCK_SKEW, True, True),
        ("Hi Name0,\nhow are you?", -SECOND - CLOCK_SKEW, True, False),
        ("Hi Name0,\nhow are you?", timedelta(), False, False),
        ("Hi Name0, how are you", timedelta(), True, False),
        ("Hi Name0,\nhow are you? Me again", timedelta(), True, False),
        ("hi name0, how are you?", timedelta(), True, False),
    ],
)
def test_what_proves_a_message(
    tmp_path: Path, text: str, shift: timedelta, ours: bool, proves: bool
) -> None:
    """A message is proof when it is ours, has the same words, and is not older than the attempt but
    for a little skew of clocks. Any other message changes nothing."""
    world = World(
        tmp_path,
        crowd(1),
        template="Hi {{ first_name }},\nhow are you?",
        script=lambda _: Answer(502, b""),
    )
    world.run(**OPTIONS)
    ledger = world.ledger()
    with ledger.read() as connection:
        wired_at = connection.execute(sa.select(schema.attempt.c.wired_at)).scalar_one()
    ledger.close()
    [finding] = look(world, transport=conversation([message(text, wired_at + shift, ours)]))
    assert (finding.verdict == "sent") is proves
    assert world.statuses() == ["sent" if proves else "uncertain"]
    if not proves:
        assert finding.verdict == "no-evidence"
        assert "1 message looked at" in finding.said


def test_of_several_attempts_any_may_be_the_one_that_arrived(tmp_path: Path) -> None:
    """When a person let an uncertain message go once more, the arrival of the first one is found
    all the same."""
    world = World(tmp_path, crowd(1), script=lambda _: Answer(502, b""))
    world.run(**OPTIONS)
    first = world.clock.now()
    ledger = world.ledger()
    record = world.plans[-1].summary.campaign
    settle_rows(ledger, record, [2], sent=False, by="Ann", now=world.clock.now())
    ledger.close()
    world.clock.advance(3600)
    world.run(**OPTIONS)
    [finding] = look(world, transport=conversation([message("Hi Name0", first)]))
    assert finding.verdict == "sent"


def test_aliases_and_the_rows_own_conversation_serve(tmp_path: Path) -> None:
    """A URN alone has no profile ID to ask by. A profile ID that the ledger has learned serves, and
    so does the row's own conversation."""
    person, other = urn_of("person-a"), urn_of("person-b")
    own = "urn:li:msg_conversation:(urn:li:fsd_profile:ACoAAowner,2-own==)"
    world = World(
        tmp_path,
        [("A", person, ""), ("B", other, own)],
        header=("First Name", "recipientProfileUrn", "conversationUrn"),
    )
    losing(world, person, other)
    world.run(**OPTIONS)
    first, second = look(world)
    assert (first.verdict, second.verdict) == ("unknown", "sent")
    assert "no profile ID is known" in first.said
    ledger = world.ledger()
    with ledger.write() as connection:
        learn(connection, [("person-a", person)], world.clock.now())
    ledger.close()
    assert [finding.verdict for finding in look(world)] == ["sent"]


def test_what_cannot_be_looked_up_is_said(tmp_path: Path) -> None:
    """A missing conversation is not evidence. A question that is not offered, an answer of no use
    and a refused key are told, each in its words, and the row stays."""
    world = World(tmp_path, crowd(1))
    losing(world, "person-0", arrives=False)
    world.run(**OPTIONS)

    class Down(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(503, stream=httpx.ByteStream(b""), request=request)

    said = [
        look(world)[0].said,
        look(world, transport=Down())[0].said,
        look(world, key="another-key")[0].said,
    ]
    world.server.neighbours = False
    said.append(look(world)[0].said)
    expected = (
        "no evidence. The account has no message",
        "HTTP 503",
        "key was refused",
        "does not offer",
    )
    for sentence, words in zip(said, expected, strict=True):
        assert words in sentence
    assert world.statuses() == ["uncertain"]


@pytest.mark.file
def test_a_row_of_a_run_that_died_is_looked_up(tmp_path: Path) -> None:
    """A claim left open on the wire is uncertain to people. It is uncertain to the look for
    evidence as well."""
    world = World(tmp_path, crowd(1))
    losing(world, "person-0")
    world.run(**OPTIONS)
    ledger = world.ledger()
    with ledger.write() as connection:
        connection.execute(sa.update(schema.attempt).values(settled_at=None, status=None))
        connection.execute(sa.update(schema.delivery).values(status=Status.SENDING))
    ledger.close()
    assert [finding.verdict for finding in look(world)] == ["sent"]


# --- the account's count


@pytest.mark.parametrize(
    ("count", "hint"),
    [
        (Count(41, 42, 0, 0), "stood at 41 before and 42 after: it was counted."),
        (
            Count(41, 43, 1, 0),
            "stood at 41 before and 43 after, 1 other of ours in between: it was counted.",
        ),
        (
            Count(41, 42, 1, 0),
            "stood at 41 before and 42 after, 1 other of ours in between: it was not counted.",
        ),
        (
            Count(41, 41, 0, 2),
            "stood at 41 before and 41 after, 2 more uncertain: it was not counted.",
        ),
        (Count(41, 44, 0, 2), "stood at 41 before and 44 after, 2 more uncertain: it was counted."),
        (
            Count(41, 42, 0, 2),
            "stood at 41 before and 42 after, 2 more uncertain: that tells nothing for certain.",
        ),
        (
            Count(41, 50, 1, 0),
            (
                "stood at 41 before and 50 after, 1 other of ours in between: that tells "
                "nothing for certain."
            ),
        ),
    ],
)
def test_the_count_is_a_hint(count: Count, hint: str) -> None:
    """The count is told in plain words, and is always called a hint. The use of others is never
    guessed at."""
    assert hint_of(count) == f"Hint: the account's count {hint}"


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("lost", [1, 2])
def test_the_count_before_and_after_comes_from_the_answers(
    tmp_path: Path, arrives: bool, lost: int
) -> None:
    """The count is what the server told with each answer. A message that arrived was counted, and a
    message that did not arrive was not."""
    world = World(tmp_path, crowd(5))
    losing(world, *(f"person-{number}" for number in range(2, 2 + lost)), arrives=arrives)
    world.run(**OPTIONS)
    ledger = world.ledger()
    with ledger.read() as connection:
        told = list(
            connection.scalars(sa.select(schema.attempt.c.quota_used).order_by(schema.attempt.c.id))
        )
        found = doubts(connection, 1)
    ledger.close()
    after = 3 + lost * arrives
    assert told == [1, 2, *[None] * lost, *range(after, after + 3 - lost)]
    assert [doubt.count for doubt in found] == [Count(2, after, 1, lost - 1)] * lost
    assert all(("was counted" in (hint_of(doubt.count) or "")) is arrives for doubt in found)


def test_another_day_is_another_count(tmp_path: Path) -> None:
    """Counts begin anew at midnight UTC. A number of the day before says nothing."""
    world = World(tmp_path, crowd(3))
    losing(world, "person-1")
    world.run(most=1, **OPTIONS)
    world.clock.advance(86_400)
    world.run(**OPTIONS)
    ledger = world.ledger()
    with ledger.read() as connection:
        assert [doubt.count for doubt in doubts(connection, 1)] == [None]
    ledger.close()
    assert hint_of(None) is None
    assert hint_of(Count(150, 1, 0, 0)) is None


# --- the command


@pytest.mark.slow
@needs_sigkill
def test_a_killed_run_is_settled_by_the_command(tmp_path: Path) -> None:
    """After a SIGKILL under way, `campaign settle --check` finds what arrived and exits 0. Without
    a key it is a usage error."""
    lay_out(tmp_path, 3)
    victims: list[subprocess.Popen[str]] = []
    with serving() as server:

        def received() -> None:
            if server.endpoint.requests == 2 and victims:
                os.kill(victims.pop().pid, signal.SIGKILL)

        server.received = received
        victims.append(killed := command(tmp_path, server.url))
        assert finish(killed)[0] == -signal.SIGKILL
        code, answer, _ = settle(tmp_path, server.url)
        assert (code, answer["uncertain"]) == (0, 0)
        assert [(found["row"], found["verdict"]) for found in answer["checked"]] == [(3, "sent")]
        assert answer["checked"][0]["sentAt"] is not None
        assert finish(command(tmp_path, server.url))[0] == 0
        assert settle(tmp_path, server.url)[1] == {
            "campaign": "people",
            "checked": [],
            "uncertain": 0,
            "exitCode": 0,
        }
        assert settle(tmp_path, server.url, key="")[0] == 2
        assert settle(tmp_path, server.url, "--sent")[0] == 2
    assert len(server.endpoint.receipts) == 3


def settle(
    folder: Path, url: str, *more: str, key: str | None = None
) -> tuple[int, dict[str, Any], str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment["CONNECTSAFELY_API_KEY"] = LOOPBACK_KEY if key is None else key
    arguments = [
        "settle",
        "--check",
        "--base-url",
        url,
        "--timeout",
        "20",
        "--ledger",
        "ledger.db",
        "--json",
        *more,
    ]
    done = subprocess.run(
        [sys.executable, "-m", "runner", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.parametrize(
    ("sent", "hint"),
    [
        (None, "1 other of ours in between, 1 more uncertain:"),
        (True, "2 other of ours in between:"),
        (False, "1 other of ours in between:"),
    ],
)
def test_the_hint_follows_what_was_settled(tmp_path: Path, sent: bool | None, hint: str) -> None:
    """Another uncertain message between the two counts is ours once it is settled as sent. Settled
    as not sent, it is not ours."""
    world = World(tmp_path, crowd(5))
    losing(world, "person-2", "person-3", arrives=False)
    world.run(**OPTIONS)
    if sent is not None:
        ledger = world.ledger()
        with ledger.read() as connection:
            record = campaign_named(connection, "people")
        assert record
        assert settle_rows(ledger, record, [5], sent=sent, by="Ann", now=world.clock.now()) == {}
        ledger.close()
    (found,) = [finding for finding in look(world) if finding.row == 4]
    assert hint in (found.hint or "")


def test_settled_as_not_sent_is_not_promised_to_who_must_not_be_written_to(tmp_path: Path) -> None:
    """A person who came onto the do-not-contact list meanwhile, or has had another message, is
    skipped. This is said at once."""
    world = World(tmp_path, crowd(3))
    losing(world, "person-0", "person-1", "person-2", arrives=False)
    world.run(**OPTIONS)
    ledger = world.ledger()
    with ledger.write() as connection:
        record = campaign_named(connection, "people")
        suppress(connection, [("person-0",)], None, world.clock.now())
        note_contacts(
            connection, [Contact(("person-1",), world.clock.now())], "old.csv", world.clock.now()
        )
    assert record
    found = settle_rows(ledger, record, [2, 3, 4], sent=False, by="Ann", now=world.clock.now())
    barred = list(found.values())
    ledger.close()
    assert len(barred) == 2
    assert "Row 2 will not be sent: on the do-not-contact list" in barred[0]
    assert "Row 3 will not be sent: messaged on" in barred[1]
    world.server.script = None
    world.run(**OPTIONS)
    assert world.statuses() == ["skipped", "skipped", "sent"]


def test_a_persons_word_can_be_taken_back(tmp_path: Path) -> None:
    """A person's word can be taken back until the row is sent again: by the other word, or so that
    it is open again. A row that was really sent, or proven, stays as it is."""
    world = World(tmp_path, crowd(2))
    losing(world, "person-0", arrives=False)
    world.run(**OPTIONS)
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaign_named(connection, "people")
    assert record
    became = {True: "sent", False: "waiting", None: "uncertain"}
    for sent in (False, True, None, True, None, False, None, False):
        settle_rows(ledger, record, [2], sent=sent, by="Ann", now=world.clock.now())
        assert world.statuses()[0] == became[sent]
        with pytest.raises(UsageError):
            settle_rows(ledger, record, [2], sent=sent, by="Ann", now=world.clock.now())
    world.server.script = None
    world.run(**OPTIONS)
    for row in (2, 3):
        with pytest.raises(UsageError, match="is sent"):
            settle_rows(ledger, record, [row], sent=False, by="Ann", now=world.clock.now())
        with pytest.raises(UsageError, match="is sent"):
            settle_rows(ledger, record, [row], sent=None, by="Ann", now=world.clock.now())
    ledger.close()
    assert world.received().count("person-0") == 1


def test_an_uncertain_person_who_has_left_the_list_stays_a_question(tmp_path: Path) -> None:
    """An uncertain person who has left the list is named before all else, with exit 1, and is
    looked up and settled by person. Once settled as not sent, they are written to only when they
    are back."""
    for sent in (True, False):
        (tmp_path / str(sent)).mkdir()
        world = World(tmp_path / str(sent), crowd(3))
        losing(world, "person-1", arrives=False)
        world.run(**OPTIONS)
        gone = world.people.pop(1)
        report = world.run(**OPTIONS)
        assert (report.exit_code, report.summary.totals.rows) == (ExitCode.NEEDS_A_PERSON, 2)
        assert (
            "1 uncertain, person-1 (no longer in the list): may or may not"
            in in_doubt(report.summary)[0]
        )
        (finding,) = look(world)
        assert (finding.row, finding.said[:45]) == (
            None,
            "person-1 (no longer in the list): no evidence",
        )
        ledger = world.ledger()
        record = report.summary.campaign
        barred = settle_rows(
            ledger,
            record,
            [parse("linkedin.com/in/person-1")],
            sent=sent,
            by="Ann",
            now=world.clock.now(),
        )
        expected = [] if sent else ["person-1 will not be sent: no longer in the sheet."]
        assert list(barred.values()) == expected
        with pytest.raises(UsageError, match="person-9 has no such message"):
            settle_rows(
                ledger, record, [parse("person-9")], sent=True, by="Ann", now=world.clock.now()
            )
        ledger.close()
        world.server.script = None
        report = world.run(**OPTIONS)
        assert (report.exit_code, world.received().count("person-1")) == (ExitCode.DONE, 0)
        world.people.append(gone)
        world.run(**OPTIONS)
        assert world.received().count("person-1") == (0 if sent else 1)


@pytest.mark.parametrize("sent", [True, False])
def test_a_word_that_was_taken_back_is_so_after_a_loss_as_well(tmp_path: Path, sent: bool) -> None:
    """The second record tells of it: a ledger that is rebuilt from it has the row uncertain, and no
    run sends it again."""
    world = World(tmp_path, crowd(3))
    losing(world, "person-1")
    world.run(**OPTIONS)
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaign_named(connection, "people")
    assert record
    for word in (sent, None):
        settle_rows(ledger, record, [3], sent=word, by="Ann", now=world.clock.now())
    check_tables(ledger)
    with ledger.read() as connection:
        told = list(lines_of(connection, world.clock.now()))
    ledger.close()
    again = open_ledger(tmp_path / "again.db", noted=False)
    with again.write() as connection:
        replay(connection, told, world.clock.now())
    with again.read() as connection:
        table = schema.delivery.c
        found = {slug: one for slug, one in connection.execute(sa.select(table.slug, table.status))}  # noqa: C416 - rows are not pairs to mypy
    again.close()
    assert found == {"person-0": "sent", "person-1": "uncertain", "person-2": "sent"}


def test_a_word_whose_message_is_another_by_now_is_not_taken_back(tmp_path: Path) -> None:
    """Once the list was read with another text, the uncertain row would hold a text that never
    left: the word stands."""
    world = World(tmp_path, crowd(2))
    losing(world, "person-0", arrives=False)
    world.run(**OPTIONS)
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaign_named(connection, "people")
    assert record
    settle_rows(ledger, record, [2], sent=False, by="Ann", now=world.clock.now())
    world.template = "Another text"
    with pytest.raises(InterruptedRunError):
        world.send(world.campaign(**OPTIONS), ledger, agree=False)
    with pytest.raises(UsageError, match="taken back"):
        settle_rows(ledger, record, [2], sent=None, by="Ann", now=world.clock.now())
    ledger.close()
    assert world.statuses() == ["waiting", "sent"]


def test_an_alarm_is_not_lost_by_a_word_that_is_taken_back(tmp_path: Path) -> None:
    """An answer named another person: once settled as not sent, that word stands, for what the
    answer told is noted elsewhere."""
    world = World(tmp_path, crowd(3))

    def astray(fields: dict[str, Any]) -> Answer | None:
        if fields.get("recipientProfileId") == "person-2":
            return None
        body = {"success": True, "recipientProfileUrn": "urn:li:fsd_profile:ACoAAOther99"}
        return Answer(200, json.dumps(body).encode())

    world.server.script = astray
    world.run(**OPTIONS)  # the second one is answered as if it had gone to the first
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaign_named(connection, "people")
        alarmed = [row.number for row in uncertain_rows(connection, 1)]
    assert record
    assert alarmed
    for row in alarmed:
        settle_rows(ledger, record, [row], sent=False, by="Ann", now=world.clock.now())
        with pytest.raises(UsageError, match="taken back"):
            settle_rows(ledger, record, [row], sent=None, by="Ann", now=world.clock.now())
    ledger.close()


def test_the_hint_forgets_a_word_that_was_taken_back(tmp_path: Path) -> None:
    """What was said of one row counts for another only while it stands."""
    world = World(tmp_path, crowd(4))
    losing(world, "person-1", "person-2")
    world.run(**OPTIONS)
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaign_named(connection, "people")
        before = {one.row: one.count for one in doubts(connection, 1)}
    assert record
    for word in (True, None):
        settle_rows(ledger, record, [3], sent=word, by="Ann", now=world.clock.now())
    with ledger.read() as connection:
        after = {one.row: one.count for one in doubts(connection, 1)}
    ledger.close()
    assert after == before
