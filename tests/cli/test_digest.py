"""The digest: what happened in all campaigns, told once a day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from runner.ledger.door import open_ledger
from runner.ledger.reply import Reply, note_reply
from runner.rehearsal.endpoint import Answer
from tests.proof.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "place").open() as place:
        yield place


def told(place: Place, *more: str) -> dict[str, Any]:
    assert place("digest", "--json", *more) == 0
    found: dict[str, Any] = json.loads(place.out)
    return found


def happen(place: Place) -> None:
    """Three messages, of which one answer is lost; one person answers."""
    place.endpoint.script = lambda fields: (
        Answer(0, b"", cut="answer-lost") if fields["recipientProfileId"] == "person-1" else None
    )
    assert place.run("--max", "3") == 75
    now = datetime.now(UTC)
    with closing(open_ledger(place.ledger)) as ledger, ledger.write() as connection:
        note_reply(connection, 1, Reply(now, "Sure", "urn:li:x"), now)


def test_what_needs_a_person_comes_first(place: Place) -> None:
    """Answers, then uncertain rows, then what went and waits; nobody is named."""
    happen(place)
    said = told(place)
    assert said["text"].startswith("people: 1 answered, 1 uncertain (campaign settle --check), ")
    assert "2 sent, 3 waiting" in said["text"]
    assert "person-" not in json.dumps(said)
    assert place("digest") == 0
    assert said["text"] in place.out
    named = told(place, "--names")
    assert named["campaigns"][0]["people"] == ["person-0", "row 3 (person-1)"]


def test_what_is_older_is_no_news(place: Place) -> None:
    """Only what happened since then counts; what waits is told all the same."""
    happen(place)
    long_ago = datetime.now(UTC) - timedelta(days=3)
    with closing(open_ledger(place.ledger)) as ledger, ledger.write() as connection:
        note_reply(connection, 1, Reply(long_ago, "Sure", "urn:li:x"), long_ago)
    (news,) = told(place, "--since-hours", "24")["campaigns"]
    assert (news["answered"], news["sent"], news["waiting"]) == (0, 2, 3)
    (news,) = told(place, "--since-hours", "96")["campaigns"]
    assert news["answered"] == 1


def test_a_chat_is_told(place: Place) -> None:
    """A webhook gets the same object; one that fails is said, and is not well."""
    happen(place)
    heard: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200 if len(heard) == 1 else 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        assert place("digest", "--notify", url) == 0
        assert place("digest", "--notify", url) == 1
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "HTTP 500" in place.err
    assert heard[0]["text"].startswith("people: 1 answered")
    assert place("digest", "--notify", "http://example.com/x") == 2


def test_nothing_is_said_of_nothing(place: Place) -> None:
    """A campaign that is done, without news, is passed over."""
    assert place.run() == 0
    with closing(open_ledger(place.ledger)) as ledger, ledger.write() as connection:
        old = "2020-01-01T00:00:00.000000Z"
        connection.exec_driver_sql(f"UPDATE delivery SET sent_at = '{old}'")
    assert told(place)["campaigns"] == []
    assert place("digest") == 0
    assert "Nothing happened, and nothing waits." in place.out
