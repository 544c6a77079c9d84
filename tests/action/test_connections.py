"""Connected or not: a normal message reaches connections only."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.action.people import import_connections
from runner.errors import ExitCode
from runner.intake.recipient import Recipient
from runner.rehearsal.endpoint import Answer
from runner.rehearsal.inbox import Said
from runner.rehearsal.receipt import urn_of
from tests.action.test_replies import ACCOUNT, OPTIONS, answering, next_day
from tests.proof.place import Place
from tests.world import World, crowd


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, crowd(4))
    world.server.inbox.strangers[ACCOUNT] = {"person-1", "person-2"}
    return world


def reason(world: World, row: int) -> str:
    return world.lines()[row].reason or ""


def asked(world: World) -> int:
    return sum("/relationship/" in target for target in world.server.lookups)


def test_strangers_are_skipped_and_looked_at_again_in_some_days(world: World) -> None:
    """The reason says why; once the invitation is accepted, the message goes."""
    assert world.run(**OPTIONS).exit_code == ExitCode.DONE
    assert world.received() == ["person-0", "person-3"]
    assert "is no connection of the account acc" in reason(world, 1)
    looks = asked(world)
    world.server.inbox.strangers[ACCOUNT] = {"person-2"}
    next_day(world)
    world.run(**OPTIONS)
    assert asked(world) == looks
    next_day(world, 2.5)
    world.run(**OPTIONS)
    assert world.received() == ["person-0", "person-3", "person-1"]
    assert world.run(**OPTIONS, strangers="send").summary.totals.sent == 4


def test_an_export_saves_the_question(world: World) -> None:
    """Who stands in Connections.csv is not asked about; of others the vendor is asked once."""
    ledger = world.ledger()
    people = [Recipient("person-1"), Recipient("person-3")]
    import_connections(ledger, "Connections.csv", people, "", world.clock.now())
    ledger.close()
    world.run(**OPTIONS)
    assert sorted(world.received()) == ["person-0", "person-1", "person-3"]
    assert asked(world) == 2


def test_who_talks_with_the_account_is_not_asked_about(world: World) -> None:
    """A conversation goes on; so no message costs more than two reads."""
    at = world.clock.now()
    for number, text in ((90, "Hello"), (80, "Hello, by hand")):
        said = Said(at.replace(year=at.year - 1, day=number % 28 + 1), ACCOUNT, "person-1", text)
        world.server.inbox.said.append(said)
    world.run(**OPTIONS, quiet_days=0)
    assert "person-1" in world.received()
    for person in ("person-0", "person-1", "person-2", "person-3"):
        reads = [t for t in world.server.lookups if person in t or "/messages" in t]
        assert len(reads) <= 3


@pytest.mark.parametrize("status", [404, 500])
def test_an_answer_that_is_none_is_never_a_verdict(world: World, status: int) -> None:
    """A profile that the vendor does not find is left to the message; a failure makes the row
    wait."""
    said = b'{"success": false, "error": "LinkedIn profile not found"}'
    answering(world, lambda t: Answer(status, said) if "/relationship/" in t else None)
    report = world.run(**OPTIONS)
    if status == 404:
        assert len(world.received()) == 4
    else:
        assert (world.received(), report.summary.totals.waiting) == ([], 4)


def test_the_views_of_people_are_left_to_them(tmp_path: Path) -> None:
    """Of the profile views that the vendor counts, at most half are spent."""
    world = World(tmp_path, crowd(10))
    plain = world.server.look_up

    def look_up(headers: Any, target: str) -> Answer:
        found = plain(headers, target)
        if not target.endswith("/quota"):
            return found
        views = b'{"feature": "PROFILE_VIEW", "limit": 12, "used": 2}, '
        return Answer(200, found.body.replace(b'"quotas": [', b'"quotas": [' + views, 1))

    world.server.look_up = look_up  # type: ignore[method-assign]
    world.run(**OPTIONS)
    assert asked(world) == 4
    assert len(world.received()) == 10


SUBJECT = "---\nsubject: A question\n---\nHi {{ first_name }}"


@pytest.mark.parametrize(
    ("template", "left", "is_open", "sent"),
    [
        (SUBJECT, 2, False, 4),
        (SUBJECT, 1, False, 3),
        (SUBJECT, 0, True, 4),
        (SUBJECT, 0, False, 2),
        ("Hi {{ first_name }}", 9, False, 2),
    ],
)
def test_strangers_get_an_inmail_where_credits_allow(
    world: World, template: str, left: int, is_open: bool, sent: int
) -> None:
    """A row that lacks a credit waits; one without a subject is skipped."""
    world.template = template
    world.server.inbox.credits[ACCOUNT] = left
    kinds: list[str] = []
    world.server.script = lambda fields: kinds.append(fields["messageType"])
    if is_open:
        world.server.inbox.open = {"person-1", "person-2"}
    report = world.run(**OPTIONS, inmail="fallback")
    assert len(world.received()) == sent
    assert kinds.count("inmail") == sent - 2
    waits = 4 - sent if template == SUBJECT else 0
    assert report.summary.totals.waiting == waits


def test_a_row_goes_to_the_account_that_knows_the_person(tmp_path: Path) -> None:
    """Else to the even share."""
    world = World(tmp_path, crowd(6))
    ledger = world.ledger()
    for account, numbers in (("acc_1", (0, 1)), ("acc_2", (2, 3))):
        people = [Recipient(f"person-{number}") for number in numbers]
        import_connections(ledger, "Connections.csv", people, account, world.clock.now())
    ledger.close()
    world.run(accounts=["acc_1", "acc_2"], now=True, min_gap=0, senders="connected")
    sender = {receipt.recipient: receipt.account for receipt in world.server.receipts}
    assert [sender[f"person-{n}"] for n in range(4)] == ["acc_1", "acc_1", "acc_2", "acc_2"]
    assert sorted(sender[f"person-{n}"] for n in (4, 5)) == ["acc_1", "acc_2"]


def test_an_export_is_imported_from_the_command_line(tmp_path: Path) -> None:
    """As LinkedIn writes it: with notes above the header, and closed profiles in it."""
    with Place(tmp_path / "place").open(neighbours=True) as place:
        (place.folder / "Connections.csv").write_text(
            'Notes:\n"When exporting, some addresses are missing."\n\n'
            "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
            "Ada,Lovelace,https://www.linkedin.com/in/person-1,,,,01 Nov 2026\n"
            ",,,,,,02 Nov 2026\n",
            encoding="utf-8",
        )
        assert place("connections", "import", "Connections.csv") == 0
        assert "1 person of Connections.csv noted as connected with any account" in place.out
        place.endpoint.inbox.strangers["acc"] = {f"person-{number}" for number in range(6)}
        assert place.run("--account", "acc") == 0
        assert place.received() == ["person-1"]
        assert "not connected with the account" in place.err or place.run("--account", "acc") == 0


def test_the_inbox_tells_who_is_a_connection_of_those_who_stand_in_it(world: World) -> None:
    """Of somebody who is known by a URN alone, the conversation says the degree of connection."""
    world.people = [("Name0", urn_of("person-0")), ("Name1", urn_of("person-1"))]
    at = world.clock.now() - timedelta(days=300)
    for person in ("person-0", "person-1"):
        said = Said(at, ACCOUNT, urn_of(person), "Hello, by hand", is_ours=True)
        world.server.inbox.said.append(said)
    world.server.inbox.strangers[ACCOUNT] = {urn_of("person-1")}
    world.run(**OPTIONS)
    assert world.received() == [urn_of("person-0")]
    assert "is no connection" in reason(world, 1)
    assert asked(world) == 0


def test_credits_are_planned_before_the_run(world: World) -> None:
    """The plan says how many InMails have to wait, and they do; with more credits they go."""
    world.server.inbox.strangers.clear()
    world.template = "---\nsubject: A question\nmessageType: inmail\n---\nHi {{ first_name }}"
    world.server.inbox.credits[ACCOUNT] = 1
    report = world.run(**OPTIONS)
    (said,) = [notice for notice in world.plans[0].notices if "InMail credit" in notice]
    assert "has 1 InMail credit for 4 InMails: 3 rows wait until there are more" in said
    assert (report.exit_code, report.sent) == (ExitCode.PAUSED, 1)
    world.server.inbox.credits[ACCOUNT] = 5
    assert world.run(**OPTIONS).exit_code == ExitCode.DONE
    assert not any("InMail credit" in notice for notice in world.plans[-1].notices)
