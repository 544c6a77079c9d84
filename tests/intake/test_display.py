"""What a sheet shows goes into the message, and what cannot be known of it is told."""

from __future__ import annotations

import io
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from runner.intake.check import check, judge
from runner.intake.display import Rendered, Value, rendered
from runner.intake.sheet import Source
from runner.intake.table import read
from runner.intake.template import parse

NOON = datetime.fromisoformat("2026-11-03 14:05:09")
EURO = '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-'


@pytest.mark.parametrize(
    ("value", "code", "language", "shown"),
    [
        (NOON, "dd.mm.yyyy", None, "03.11.2026"),
        (NOON, "DD.MM.YYYY", None, "03.11.2026"),
        (NOON, "d/m/yy h:mm", None, "3/11/26 14:05"),
        (NOON, "h:mm AM/PM", None, "2:05 PM"),
        (NOON, "mm:ss", None, "05:09"),
        (NOON, "d. mmmm yyyy", "de", "3. November 2026"),
        (NOON, 'dddd, d "of" mmmm', "en", "Tuesday, 3 of November"),
        (NOON, "short date", "de", "03.11.2026"),
        (NOON.date(), "yyyy-mm-dd", None, "2026-11-03"),
        (time(13, 45), "h:mm", None, "13:45"),
        (timedelta(hours=27, minutes=30), "[h]:mm", None, "27:30"),
        (0.15, "0%", None, "15%"),
        (0.155, "0.0%", "en", "15.5%"),
        (1234.5, "#,##0.00", "en", "1,234.50"),
        (1234.5, EURO, "de", "1.234,50 €"),
        (1234.5, "[$€-407]#,##0.00", "en", "€1,234.50"),
        (-5, "0;[Red](0)", None, "(5)"),
        (0, '0;-0;"none"', None, "none"),
        (1_500_000, '0,"k"', None, "1500k"),
        (2.5, "0", None, "3"),
        (12, '0 "people"', None, "12 people"),
        (0.1 + 0.2, "General", "en", "0.3"),
        (1 / 3, "General", "de", "0,333333333"),
    ],
)
def test_a_value_is_shown_by_its_format(
    value: Value, code: str, language: str | None, shown: str
) -> None:
    """Formats that say all are rendered as the spreadsheet program renders them."""
    assert rendered(value, code, language) == Rendered(shown, True)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (NOON, "d mmmm yyyy"),
        (1234.5, "#,##0.00"),
        (1234567, "#,##0"),
        (3.3, "General"),
    ],
)
def test_what_depends_on_a_language_is_not_sure(value: Value, code: str) -> None:
    """Without a language of the workbook, its separators and names are English, and in doubt."""
    found = rendered(value, code, None)
    assert found is not None
    assert not found.is_sure


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (NOON, "short date"),
        (NOON, "locale"),
        (NOON, "[$-F800]dddd"),
        (0.5, "# ?/?"),
        (1e20, "0.00E+00"),
        (5551234567, "[<=9999999]###-####;(###) ###-####"),
        (123456789, "000-00-0000"),
    ],
)
def test_what_cannot_be_rendered_is_not_guessed(value: Value, code: str) -> None:
    """Fractions, conditions and forms of the computer's country are not rendered."""
    assert rendered(value, code, None) is None


@given(
    st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12) | st.dates() | st.times(),
    st.text('0#?.,%dmyhs/:- ;@[]$€"\\\\_*AMP', max_size=20),
    st.sampled_from([None, "en", "de", "fr"]),
)
def test_any_format_is_rendered_or_given_up(value: Value, code: str, language: str | None) -> None:
    """No format, however strange, ends in an error."""
    rendered(value, code, language)


def messages(template: str, **cells: tuple[Any, str]) -> tuple[list[str], list[str]]:
    """Return the messages of a workbook of one person, and the warnings."""
    book, file = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.append(["First Name", "LinkedIn URL", *cells])
    sheet.append(["Ada", "linkedin.com/in/ada-x1", *(value for value, _ in cells.values())])
    for column, (_, code) in enumerate(cells.values(), 3):
        sheet.cell(2, column).number_format = code
    book.save(file)
    table = read(Source(Path("x.xlsx"), file.getvalue()))
    checked, found = judge(check(table, parse(template, Path("t.j2"))))
    texts = [entry.message.text for entry in checked.entries() if entry.message]
    return texts, [problem.code for problem in found.problems]


def test_a_message_says_what_the_sheet_shows() -> None:
    """Dates and percentages go out as people see them, without a word."""
    texts, warned = messages(
        "{{ first_name }}: {{ day }}, {{ share }}, {{ count }}",
        day=(datetime.fromisoformat("2026-11-23"), "DD.MM.YYYY"),
        share=(0.15, "0%"),
        count=(7, "0"),
    )
    assert (texts, warned) == (["Ada: 23.11.2026, 15%, 7"], [])


def test_a_filter_ends_every_doubt() -> None:
    """A value in doubt is told where it is printed, and not where the template says its form."""
    cells: dict[str, Any] = {
        "price": (1234.5, '#,##0.00 "€"'),
        "day": (datetime.fromisoformat("2026-11-23"), "mm-dd-yy"),
    }
    assert messages("{{ price }} {{ day }}", **cells) == (
        ["1,234.50 € 2026-11-23"],
        ["value-shown", "value-shown"],
    )
    said = '{{ price|number(2, "de") }} {{ day|date("%d.%m.%Y") }}'
    assert messages(said, **cells) == (["1.234,50 23.11.2026"], [])


def test_noise_of_floats_is_not_sent() -> None:
    """3.3000000000000003 is 3.3, as every spreadsheet program shows it."""
    texts, _ = messages("{{ sum }}", sum=(1.1 * 3, "General"))
    assert texts == ["3.3"]
