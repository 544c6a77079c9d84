"""An answer that names somebody else than was asked for stops the account, and teaches nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from runner.action.settle import settle_rows
from runner.errors import ExitCode
from runner.intake.recipient import URN_PREFIX
from runner.ledger import schema
from runner.ledger.campaign import campaign_named
from runner.ledger.record import Status
from runner.ledger.suppression import suppress
from runner.rehearsal.endpoint import Answer
from tests.world import World

pytestmark = pytest.mark.stores

TOKEN = "ACoAAAsomebody1234567890"
URN = URN_PREFIX + TOKEN
FORMS = (
    URN,
    TOKEN,
    f"urn:li:fs_miniProfile:{TOKEN}",
    f"urn:li:fsd_profile:{TOKEN} ",
    "urn:li:member:123456",
    "urn:li:person:abc",
    f"{URN}\\n",
    f"{URN}\\u200b",
    f"https://www.linkedin.com/in/{TOKEN}/?x=1",
    f"urn:li:fsd_profileView:({TOKEN},x)",
    f"urn%3Ali%3Afsd_profile%3A{TOKEN}",
)


def naming(urn: str) -> Answer:
    return Answer(200, f'{{"success": true, "recipientProfileUrn": "{urn}"}}'.encode())


def links(world: World) -> set[tuple[str, str]]:
    ledger = world.ledger()
    with ledger.read() as connection:
        table = schema.alias
        found = {(a, b) for a, b in connection.execute(sa.select(table.c.identity, table.c.other))}
    ledger.close()
    return found


@pytest.mark.parametrize("urn", FORMS)
def test_one_urn_for_many_people_is_heard_once(tmp_path: Path, urn: str) -> None:
    """A server that names the same person for every profile ID gets one message too many at most.
    The account stops, in this and in later runs, and no two profile IDs become one person."""
    people = [(f"P{number}", f"person-{number}") for number in range(12)]
    world = World(tmp_path, people, script=lambda _: naming(urn))
    report = world.run()
    assert (report.exit_code, report.sent) == (ExitCode.ENDPOINT, 1)
    statuses = [line.status for line in world.lines()]
    assert statuses == [Status.SENT, Status.UNCERTAIN, *[Status.WAITING] * 10]
    assert world.run().exit_code is ExitCode.ENDPOINT
    assert world.server.requests == 2
    assert {slug for pair in links(world) for slug in pair} <= {"person-0", URN}


def test_forms_of_one_urn_are_one(tmp_path: Path) -> None:
    """The same person named in another form for each row is heard at the second."""
    for number, forms in enumerate([[URN, FORMS[-2]], ["urn:li:member:12", "URN:LI:MEMBER:12 "]]):
        folder = tmp_path / str(number)
        folder.mkdir()
        answers = map(naming, forms)
        people = [(f"P{row}", f"person-{row}") for row in range(4)]
        world = World(folder, people, script=lambda _, answers=answers: next(answers))
        assert (world.run().sent, world.server.requests) == (1, 2)


def test_an_answer_that_names_somebody_on_the_list_stops_the_account(tmp_path: Path) -> None:
    """The do-not-contact list has the URN that the first answer names. The row is uncertain, and
    the profile ID does not become another name of the person on the list."""
    world = World(tmp_path, [("A", "person-a"), ("B", "person-b")], script=lambda _: naming(URN))
    ledger = world.ledger()
    with ledger.write() as connection:
        suppress(connection, [(URN,)], "asked us to stop", world.clock.now())
    ledger.close()
    report = world.run()
    assert (report.exit_code, report.sent, world.server.requests) == (ExitCode.ENDPOINT, 0, 1)
    assert report.stop is not None
    assert "do-not-contact list" in report.stop.reason
    assert URN in report.stop.reason
    assert not links(world)


@pytest.mark.parametrize("asked", ["person-a", "person-b"])
def test_an_answer_that_names_a_person_of_another_campaign_stops_the_account(
    tmp_path: Path, asked: str
) -> None:
    """Another campaign has messaged the URN lately. An answer that names it is an alarm, unless it
    is the answer to the profile ID that the URN belongs to."""
    world = World(tmp_path, [("A", "person-a")], sheet="first.csv", script=lambda _: naming(URN))
    assert world.run().sent == 1
    world.clock.advance_to(world.clock.now() + timedelta(weeks=5))
    world.people, world.sheet = [("A", asked)], "second.csv"
    report = world.run(name="second")
    known = asked == "person-a"
    assert (report.sent, report.exit_code) == (
        (1, ExitCode.DONE) if known else (0, ExitCode.ENDPOINT)
    )
    assert links(world) == {tuple(sorted(("person-a", URN)))}


def test_an_answer_that_names_a_urn_messaged_lately_stops_the_account(tmp_path: Path) -> None:
    """Another campaign has messaged a URN of which no profile ID is known. An answer that names it
    for a profile ID is an alarm, and a person's word lets the account go on."""
    header = ("First Name", "recipientProfileUrn")
    world = World(tmp_path, [("A", URN)], header=header, sheet="first.csv")
    assert world.run().sent == 1
    world.header = ("First Name", "recipientProfileId")
    world.people, world.sheet = [("A", "person-a"), ("B", "person-b")], "second.csv"
    answers = iter([naming(URN), naming(URN_PREFIX + "ACoAAAanotherperson12")])
    world.server.script = lambda _: next(answers)
    report = world.run(name="second")
    assert (report.sent, report.exit_code) == (0, ExitCode.ENDPOINT)
    assert report.stop is not None
    assert "first" in report.stop.reason
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaign_named(connection, "second")
    assert record is not None
    settle_rows(ledger, record, [2], sent=True, by="Ann", now=world.clock.now())
    ledger.close()
    assert world.run(name="second").sent == 1


def test_an_answer_that_names_a_row_that_failed_is_no_alarm(tmp_path: Path) -> None:
    """Nobody has that message, so the two rows are one person, and the run goes on."""
    header = ("First Name", "recipientProfileId", "recipientProfileUrn")
    people = [("A", "", URN), ("A", "person-a", ""), ("B", "person-b", "")]
    answers = iter([Answer(400, b'{"error": "no such field"}'), naming(URN), None])
    world = World(tmp_path, people, header=header, script=lambda _: next(answers))
    report = world.run()
    assert (report.exit_code, report.sent) == (ExitCode.NEEDS_A_PERSON, 2)
    assert links(world) >= {tuple(sorted(("person-a", URN)))}
