"""A try: the first message, sent to oneself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, people=3)


def test_a_try_goes_to_oneself_and_to_nobody_else(place: Place) -> None:
    """With the text of the first row, as often as it is asked for; the campaign is untouched."""
    with place.open():
        assert place.run("--test-to", "https://www.linkedin.com/in/my-self") == 0, place.err
        assert place.run("--test-to", "my-self", "--json") == 0
        assert [(r.recipient, r.message) for r in place.endpoint.receipts] == [
            ("my-self", "Hi Name0")
        ] * 2
        assert place("list") == 0
        assert "people" not in place.out.replace("people.csv", "")
        assert place.run() == 0
        assert place.received()[2:] == ["person-0", "person-1", "person-2"]
        assert not list(place.folder.glob("*try*"))


@pytest.mark.parametrize(
    ("profile", "said"), [("person-1", "is on the list"), ("?", "is no profile to try on")]
)
def test_a_try_is_for_nobody_on_the_list(place: Place, profile: str, said: str) -> None:
    with place.open():
        assert place.run("--test-to", profile) == 2
        assert said in place.err
        assert not place.received()
