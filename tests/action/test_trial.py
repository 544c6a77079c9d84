"""A test message: it arrives as often as it is asked for, is counted as every message is, and
belongs to no campaign."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.ledger.attempt import commit_intent
from runner.ledger.record import Claim
from runner.rehearsal.endpoint import Answer
from tests.proof.place import Place

ME = "linkedin.com/in/me-myself"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "place").open(limit=5) as place:
        yield place


def tried(place: Place, *more: str) -> dict[str, Any]:
    place("run", "people.csv", "-t", "hello.j2", "--test-to", ME, "--json", *more)
    found: dict[str, Any] = json.loads(place.out)
    return found


def test_it_arrives_as_often_as_it_is_asked_for(place: Place) -> None:
    """The first row's message goes to the person that is named, each time; nobody of the list gets
    any, and no campaign is begun by it."""
    for _ in range(2):
        said = tried(place)
        assert (said["status"], said["exitCode"], said["row"]) == ("sent", 0, 2)
        assert said["message"] == "Hi Name0"
    assert place.received() == ["me-myself", "me-myself"]
    assert [receipt.message for receipt in place.endpoint.receipts] == ["Hi Name0"] * 2
    assert place("list") == 0
    assert "There is no campaign yet." in place.out
    assert place("status") == 2
    assert place("find", ME) == 0
    assert "test messages (--test-to)" in place.out


def test_it_counts_in_the_quota(place: Place) -> None:
    """A run afterwards has so many less, takes the test for no stranger's message, and sends
    everybody on the list theirs."""
    for _ in range(2):
        tried(place)
    assert place.run() == 75
    assert "not by this ledger" not in place.err
    assert len(place.received()) == 5
    said = tried(place)
    assert (said["status"], said["exitCode"]) == ("waiting", 75)
    assert len(place.received()) == 5
    assert place("ledger", "verify") == 0


def test_nobody_who_is_not_to_be_contacted_gets_one(place: Place) -> None:
    """The do-not-contact list holds for tests as well, and so does a list that cannot be used."""
    assert place("suppress", "add", ME) == 0
    said = tried(place)
    assert (said["status"], said["exitCode"]) == ("waiting", 3)
    assert "do-not-contact" in said["error"]
    (place.folder / "hello.j2").write_text("Hi {{ nobody }}", encoding="utf-8")
    assert place("run", "people.csv", "-t", "hello.j2", "--test-to", "x-y-z") == 3
    assert place.received() == []


def test_one_whose_answer_is_lost_is_told_as_uncertain(place: Place) -> None:
    """Nothing decides it but a look; it holds nothing up, and a run goes on."""
    place.endpoint.script = lambda fields: (
        place.endpoint.accept("", fields, "lost-answer")
        if fields["recipientProfileId"] == "me-myself"
        else None
    )
    said = tried(place)
    assert (said["status"], said["exitCode"]) == ("uncertain", 1)
    assert place.run("--max", "2") == 75
    assert place.received() == ["me-myself", "person-0", "person-1"]
    assert place("status") == 0
    assert "uncertain" not in place.out


def test_one_that_was_refused_is_not_tried_again(place: Place) -> None:
    """A test that certainly did not leave rests; no run sends it later."""
    place.endpoint.script = lambda _: Answer(429, b"{}", {"Retry-After": "1"})
    tried(place)
    place.endpoint.script = None
    assert place.run("--max", "1") == 75
    assert place.received() == ["person-0"]


def test_without_its_intent_no_byte_leaves(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noted before it leaves, as every message is."""
    noted: list[str] = []

    def watched(*arguments: Any) -> Claim:
        noted.append("intent" if not place.received() else "late")
        return commit_intent(*arguments)

    monkeypatch.setattr("runner.sending.traffic.commit_intent", watched)
    tried(place)
    assert noted == ["intent"]


@pytest.mark.file
def test_a_ledger_that_was_lost_and_restored_knows_its_tests(place: Place) -> None:
    """They are in the second record as every message is; afterwards nobody gets one twice, and the
    tests are no campaign there either."""
    tried(place)
    assert place.run("--max", "2") == 75
    place.ledger.unlink()
    assert place("ledger", "restore", "--yes") == 0, place.err
    assert place.run("--max", "1") == 75
    assert place.received() == ["me-myself", "person-0", "person-1", "person-2"]
    assert place("list") == 0
    assert "test messages" not in place.out
    assert tried(place)["status"] == "sent"
