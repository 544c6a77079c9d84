"""The day the old path goes: the vendor's replacement, which nothing chooses by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from runner.ledger import schema
from runner.ledger.door import open_ledger
from runner.rehearsal.endpoint import Answer
from tests.proof.place import Place

NEW = ("--endpoint", "conversations/send")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "place").open() as place:
        yield place


def test_the_replacement_is_spoken_and_tells_the_message(place: Place) -> None:
    """One channel is named, no type and no typing; the URN of the message is kept."""
    asked: list[dict[str, str]] = []
    place.endpoint.script = asked.append  # type: ignore[assignment]
    assert place.run(*NEW) == 0
    assert len(place.received()) == 6
    assert asked[0] == {
        "recipientProfileId": "person-0",
        "message": "Hi Name0",
        "messagingChannel": "linkedin_inbox",
    }
    ledger = open_ledger(place.ledger)
    with ledger.read() as connection:
        urns = list(connection.scalars(sa.select(schema.delivery.c.message_urn)))
    ledger.close()
    assert urns == [f"urn:li:msg_message:{number}" for number in range(1, 7)]
    assert [row["typingIndicatorSent"] for row in place.latest_results()] == [""] * 6


def test_an_inmail_is_refused_before_anything_is_sent(place: Place) -> None:
    (place.folder / "hello.j2").write_text(
        "---\nsubject: A question\nmessageType: inmail\n---\nHi {{ first_name }}", encoding="utf-8"
    )
    assert place.run(*NEW) == 3
    assert "InMails, which the endpoint conversations/send does not send" in place.err
    assert place.run(*NEW, "--inmail", "fallback") == 2
    assert place.received() == []


def test_the_doctor_says_when_the_old_path_is_to_go(place: Place) -> None:
    """An answer that is marked so is noted; runs go on as before."""
    plain = place.endpoint.answer

    def marked(headers: Mapping[str, str], body: bytes) -> Answer:
        answer = plain(headers, body)
        said = {**json.loads(answer.body), "_deprecated": "Use POST /conversations/send"}
        return replace(answer, body=json.dumps(said).encode())

    place.endpoint.answer = marked  # type: ignore[method-assign]
    assert place.run("--max", "1") == 75
    place("doctor", "people.csv", "-t", "hello.j2")
    assert "the vendor's answers say, last on" in place.out
    assert "--endpoint conversations/send" in place.out
    assert place.run() == 0


def test_a_path_that_is_gone_names_the_replacement(place: Place) -> None:
    """It stops the run, and every row waits."""
    place.endpoint.script = lambda _: Answer(410, b"<html>Gone</html>")
    assert place.run() == 5
    assert "--endpoint conversations/send" in place.out
    assert "6 waiting" in place.out
    place.endpoint.script = None
    assert place.run(*NEW) == 0
