"""Follow-ups: only those who have the message of the campaign before are written to."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import runner
from runner.rehearsal.endpoint import Answer
from runner.rehearsal.inbox import Said
from tests.proof.place import Place

NOW = ("--now", "--min-gap", "0", "--yes")
FIRST = ("run", "people.csv", "-t", "hello.j2", "--name", "first", *NOW)
BUMP = ("run", "people.csv", "-t", "bump.j2", "--after", "first", *NOW)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path / "place")
    (place.folder / "bump.j2").write_text("Any news, {{ first_name }}?", encoding="utf-8")
    with place.open(neighbours=True) as place:
        yield place


def answer(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.out)
    return found


def texts(place: Place) -> Counter[tuple[str, str]]:
    """How often each person got each kind of message."""
    return Counter(
        (receipt.recipient, receipt.message.partition(" ")[0])
        for receipt in place.endpoint.receipts
    )


def test_a_follow_up_goes_only_to_those_who_have_the_first_message(place: Place) -> None:
    """The list is the same one; those without the first message are skipped by a rule that is
    named, and get the follow-up once they have it."""
    assert place(*FIRST, "--max", "3") == 75
    assert place(*BUMP) == 0
    assert "only those who have the message of 'first' are written to" in place.err
    assert "3 rows have no message of 'first' yet" in place.err
    assert "3 skipped" in place.out
    assert place("why", "7", "--name", "first-follow-up") == 0
    assert "has no message of the campaign 'first' yet" in place.out
    assert place(*FIRST) == 0
    assert place(*BUMP) == 0
    assert place(*BUMP) == 0
    people = [f"person-{number}" for number in range(6)]
    assert texts(place) == {(person, word): 1 for person in people for word in ("Hi", "Any")}


def test_a_follow_up_stays_one_when_nobody_says_so_again(place: Place) -> None:
    """The campaign it follows is kept: without it, everybody on the list would be written to."""
    assert place(*FIRST, "--max", "2") == 75
    assert place(*BUMP, "--max", "1", "--name", "bump") == 75
    assert place("run", "people.csv", "-t", "bump.j2", "--name", "bump", *NOW) == 0
    assert "It follows the campaign 'first', as in its last run" in place.err
    assert sum(word == "Any" for _, word in texts(place)) == 2


def test_so_many_sending_days_have_to_pass(place: Place) -> None:
    """The row waits for its date, which every command tells."""
    assert place(*FIRST) == 0
    zone = ("--days", "all", "--hours", "00:00-24:00", "--time-zone", "UTC", "--min-gap", "0")
    words = ("run", "people.csv", "-t", "bump.j2", "--after", "first", "--yes", *zone)
    assert place(*words, "--after-days", "3") == 75
    day = f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%d}"
    assert "3 sending days after it" in place.err
    assert "the rows that are left have a later date" in place.out
    assert place("status", "--json") == 0
    assert answer(place)["nextSendAt"] == f"{day}T00:00:00Z"
    assert place("why", "2") == 0
    assert "waits for its date: it does not go before" in place.out
    assert day in place.out
    with (place.folder / "people.first-follow-up.results.csv").open(encoding="utf-8-sig") as file:
        assert {row["waitsUntil"] for row in csv.DictReader(file)} == {f"{day}T00:00:00Z"}
    assert place(*BUMP) == 0
    assert len(place.received()) == 12


def test_a_third_message_follows_the_second(place: Place) -> None:
    """The messages of the whole sequence are no reason to leave somebody alone; others are."""
    assert place(*FIRST) == 0
    assert place(*BUMP, "--name", "second") == 0
    assert place("run", "people.csv", "-t", "bump.j2", "--name", "other", *NOW) == 0
    assert "6 skipped" in place.out
    third = ("run", "people.csv", "-t", "bump.j2", "--after", "second", "--name", "third", *NOW)
    assert place(*third) == 0
    assert len(place.received()) == 18
    beside = ("run", "people.csv", "-t", "bump.j2", "--after", "first", "--name", "beside", *NOW)
    assert place(*beside) == 0
    assert len(place.received()) == 18
    assert "6 skipped" in place.out


def test_an_uncertain_message_is_none_to_follow(place: Place) -> None:
    """Whether it was received is not known: nothing follows until a person has settled it."""
    place.endpoint.script = lambda fields: (
        Answer(500, b"") if fields["recipientProfileId"] == "person-1" else None
    )
    assert place(*FIRST) == 1
    place.endpoint.script = None
    assert place(*BUMP) == 0
    assert "1 row may have the message of 'first': campaign settle --check --name first" in (
        place.err
    )
    assert place("settle", "3", "--sent", "--name", "first") == 0
    assert place(*BUMP) == 75
    assert "the vendor does not show the conversation with the message before yet" in place.err
    said = Said(datetime.now(UTC), "", "person-1", "Hi Name1", is_ours=True)
    place.endpoint.inbox.said.append(said)
    assert place(*BUMP) == 0
    assert texts(place)["person-1", "Any"] == 1


def test_the_sender_of_the_first_message_sends_the_second(place: Place) -> None:
    """Each person hears again from the account that wrote before, unless the row names another."""
    both = ("--account", "acc_1", "--account", "acc_2")
    assert place(*FIRST, *both) == 0
    before = {receipt.recipient: receipt.account for receipt in place.endpoint.receipts}
    assert place(*BUMP, "--account", "acc_2", "--account", "acc_1") == 0
    after = {receipt.recipient: receipt.account for receipt in place.endpoint.receipts[6:]}
    assert before == after
    assert set(before.values()) == {"acc_1", "acc_2"}


def test_a_results_sheet_of_those_who_have_the_message_is_a_list(place: Place) -> None:
    """What it says of the first message is no reason to skip; what it says of this one is."""
    assert place(*FIRST, "--max", "4") == 75
    rows = place.latest_results()
    sent = [row for row in rows if row["status"] == "sent"]
    with (place.folder / "sent.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(sent)
    words = ("sent.csv", "-t", "bump.j2", *NOW, "--name", "bump")
    assert place("run", *words) == 0
    assert "--after CAMPAIGN writes to those who have that campaign's message" in place.err
    assert len(place.received()) == 4
    assert place("run", *words, "--after", "first") == 0
    assert len(place.received()) == 8
    assert place.twice() == [f"person-{number}" for number in range(4)]


def test_the_campaign_to_follow_has_to_be_there(place: Place) -> None:
    """A name that is none is refused at once, and so is a campaign that would follow itself."""
    assert place(*BUMP) == 2
    assert "There is no campaign 'first'" in place.err
    assert place(*FIRST) == 0
    assert place("run", "people.csv", "-t", "bump.j2", "--after", "frist", *NOW) == 2
    assert "Did you mean 'first'?" in place.err
    assert place(*BUMP, "--name", "first") == 3
    assert "cannot follow itself" in place.err
    assert place("run", "people.csv", "-t", "bump.j2", "--after-days", "3", *NOW) == 2
    assert "--after CAMPAIGN" in place.err
    assert len(place.received()) == 6


def test_replies_are_listed_from_the_command_line(place: Place) -> None:
    """Who answered, the newest first, also as JSON and from Python; the results are written."""
    assert place("replies") == 2
    assert place(*FIRST) == 0
    assert place("replies") == 0
    assert "Nobody has answered first yet" in place.out
    now = place.endpoint.receipts[-1].at
    for number, text in ((1, "Sure\nlet us talk"), (2, "No")):
        said = Said(now + timedelta(milliseconds=number), "", f"person-{number}", text)
        place.endpoint.inbox.said.append(said)
    assert place("replies", "people.csv") == 0
    first, second = (line for line in place.out.splitlines() if "row " in line)
    assert "row 4, person-2: No" in first
    assert "row 3, person-1: Sure let us talk" in second
    assert "https://www.linkedin.com/messaging/thread/2-" in place.out
    assert [row["reply"] for row in place.latest_results()][1:3] == ["Sure\nlet us talk", "No"]
    assert place("replies", "first", "--json") == 0
    assert [one["row"] for one in answer(place)["replies"]] == [4, 3]
    assert place("status", "--json") == 0
    assert answer(place)["replied"] == 2
    heard = runner.replies("first", base_url=place.server.url, ledger=str(place.ledger))
    assert [one.text for one in heard.answered] == ["No", "Sure\nlet us talk"]
    assert place(*BUMP) == 0
    assert "2 skipped" in place.out
