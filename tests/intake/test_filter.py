"""The filters that put a value into a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.intake.filter import to_date, to_first_name, to_number, to_percent, to_title


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("ada", "Ada"),
        ("ADA", "Ada"),
        ("Ada 🚀", "Ada"),
        ("🚀 Ada", "Ada"),
        ("Ada (she/her)", "Ada"),
        ("Dr. Ada Lovelace, PhD", "Ada"),
        ("Prof. Dr. José María", "José"),
        ("Lovelace, Ada", "Ada"),
        ("Ada,", "Ada"),
        ("jean-pierre", "Jean-Pierre"),
        ("O'NEIL", "O'Neil"),
        ("McDonald", "McDonald"),
        ("ADA LOVELACE MBA", "Ada"),
        ("Ada | Sales", "Ada"),
        ("J. Edgar", "Edgar"),
        ("李", "李"),
    ],
)
def test_a_first_name_is_found_in_what_people_write(name: str, first: str) -> None:
    """Titles, pronouns, symbols and suffixes go; capitals are mended where they shout or lack."""
    assert to_first_name(name) == first


@given(st.text(max_size=60))
def test_the_filters_of_names_end_with_any_text(text: str) -> None:
    """No text is an error, and nothing longer comes out than went in, but for capitals."""
    assert len(to_first_name(text)) <= 3 * len(text)
    to_title(text)


def test_a_title_keeps_capitals_of_its_own() -> None:
    """Words that shout or have no capital get one; others stay as they are."""
    assert to_title("ACME GMBH") == "Acme Gmbh"
    assert to_title("leonardo da vinci") == "Leonardo da Vinci"
    assert to_title("McDonald iPhone") == "McDonald iPhone"


def test_dates_numbers_and_shares_are_written_as_asked() -> None:
    """In the form, with the decimals and in the language that the template says."""
    assert to_date("2026-11-03") == "03.11.2026"
    assert to_date("3 Nov 2026", "%A, %-d. %B", "de") == "Dienstag, 3. November"
    assert to_number("1234.5", 2) == "1,234.50"
    assert to_number("1.234,50 €", 2, "de") == "1.234,50"
    assert to_percent("0.155", 1) == "15.5%"
    assert to_percent("15%") == "15%"


@pytest.mark.parametrize(
    ("filter_", "given"),
    [
        (to_date, ("3/4/2026",)),
        (to_date, ("soon",)),
        (to_date, ("2026-11-03", "%q")),
        (to_date, ("2026-11-03", "x" * 99)),
        (to_number, ("1,234",)),
        (to_number, ("many",)),
        (to_number, ("5", 99)),
        (to_number, ("5", 0, "klingon")),
    ],
)
def test_what_has_two_meanings_or_none_is_refused(filter_: object, given: tuple[object]) -> None:
    """A value that cannot be read in one way only makes its row invalid."""
    with pytest.raises(ValueError, match=r"."):
        filter_(*given)  # type: ignore[operator]
