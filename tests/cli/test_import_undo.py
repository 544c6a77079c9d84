"""An import of earlier messages can be looked at, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "place").open() as place:
        yield place


def export(place: Place, name: str, *people: int, day: str = "2026-11-28") -> None:
    lines = [f"person-{number},{day}" for number in people]
    text = "\n".join(["Profile URL,Sent At", *lines]) + "\n"
    (place.folder / name).write_text(text, encoding="utf-8")


def test_what_an_import_told_does_not_count_any_more(place: Place) -> None:
    """The people are written to again, those of another import are not; a second time there is
    nothing to take back; importing it once more counts again."""
    export(place, "right.csv", 0, 1)
    export(place, "wrong.csv", 1, 2, 3, day="2026-11-27")
    assert place("import-history", "right.csv") == 0
    assert place("import-history", "wrong.csv") == 0
    assert "If this was the wrong file: campaign import-history undo" in place.out
    assert place("import-history", "undo", "--dry-run", "--json") == 0
    looked = json.loads(place.out)
    assert (looked["file"], looked["messages"]) == ("wrong.csv", 3)
    assert place("import-history", "undo") == 2
    assert "--yes" in place.err
    assert place.run() == 0
    assert place.received() == ["person-4", "person-5"]
    assert place("import-history", "undo", "--yes") == 0
    assert "Taken back: 3 messages that wrong.csv told of" in place.out
    assert place.run() == 0
    assert sorted(place.received()) == ["person-2", "person-3", "person-4", "person-5"]
    assert place("import-history", "undo", "wrong.csv", "--yes") == 2
    assert "There are: right.csv" in place.err
    export(place, "wrong.csv", 1, 2, 3, 7, day="2026-11-27")
    assert place("import-history", "wrong.csv", "--json") == 0
    assert json.loads(place.out)["added"] == 4
    assert place("import-history", "undo", "right.csv", "--yes") == 0
    assert place("import-history", "undo", "--yes") == 0
    assert place("import-history", "undo", "--yes") == 2


@pytest.mark.file
def test_an_import_that_was_taken_back_stays_so_when_the_ledger_is_lost(place: Place) -> None:
    """The second record knows it as well."""
    export(place, "others.csv", 0, 1)
    assert place("import-history", "others.csv") == 0
    assert place("import-history", "undo", "--yes") == 0
    assert place("suppress", "add", "person-5") == 0
    place.ledger.unlink()
    assert place.run() == 7
    assert place("ledger", "restore", "--yes") == 0
    assert place.run() == 0
    assert sorted(place.received()) == [f"person-{number}" for number in range(5)]


def test_a_file_that_is_called_undo_is_imported_by_its_path(place: Place) -> None:
    export(place, "undo", 0)
    assert place("import-history", "undo", "--yes") == 2
    assert place("import-history", "./undo") == 0
    assert place("import-history", "undo.csv", "more.csv") == 2
