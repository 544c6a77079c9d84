"""The text of a cell goes out through the results and comes in again as the same text.

Nothing of it is live.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from runner.intake.cell import CUT, MAX_CELL, guard, unguard
from runner.intake.sheet import Reading
from runner.intake.table import read
from runner.ledger.line import Line
from runner.ledger.record import Status
from runner.result.workbook import Sheet, write

_LONGEST: Final = 32_767
_MARK: Final = "… [cut]"
_SIGNS: Final = tuple("=+-@\t\r\n|%＝＋－＠")
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)?")
_WIDTH: Final = 8

# Texts that one program or another takes for something else: table 8 of the facts on spreadsheets,
# and texts that tests have found.
AWKWARD: Final = (
    *(
        "=1+1",
        '=HYPERLINK("http://x.example","x")',
        "+1",
        "-2+3",
        "@x",
        "\t=1+1",
        "|cmd",
        "%1",
        "-1",
        "+49 170 12",
        "＝1",
        "\n=1",
    ),
    *("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#", "##", "Err:502"),
    *(
        "https://www.linkedin.com/in/jo",
        "mailto:a@b.c",
        "http://" + "x" * 3_000,
        "internal:Sheet1!A1",
    ),
    *(
        "_x0041_",
        "_x005F_x0041_",
        "_x005F_",
        "__x0041__",
        "_x0041",
        "_x004",
        "_X0041_",
        "_x0041\x01",
        "_x000D_\r",
        "_xD83D_",
        "x005F_",
    ),
    *(
        "a\r\nb",
        "a\rb",
        "a\nb",
        "\r",
        "\n",
        "\r\n",
        "a\x0bb",
        "\x00",
        "a\x00b",
        "\x01\x02",
        "\x1f",
        "\x7f",
        "\x85",
        "\u2028",
    ),
    *(
        " ",
        "   ",
        "\t",
        "\u00a0",
        "\u3000",
        " a ",
        "\ta",
        "a\n",
        "\u200b",
        "\ufeff",
        "\ufeffa",
        "a\u200eb",
    ),
    *(
        "'",
        "''",
        "'=1",
        "'00123",
        "''=1",
        '"',
        '""',
        '"a',
        'a"b',
        ",",
        ";",
        "a,b;c|d\te",
        '="007"',
        "sep=;",
    ),
    *(
        "007",
        "1e5",
        "1E400",
        "1/2",
        "TRUE",
        "NA",
        "null",
        "NaN",
        "7012345678901234567",
        "0.30000000000000004",
        "-0",
        "1,5",
    ),
    *(
        "\ud800",
        "a\udc00b",
        "\udc00\ud800",
        "\ud83d\ude00",
        "\ufffe",
        "a\uffff",
        "\ufffd",
        "😀",
        "e\u0301",
        "👩\u200d💻",
        "אב",
        "\U0010ffff",
    ),
    *("<b>&amp;</b>", "&#65;", "]]>", "<!-- -->", "<![CDATA[x]]>", "{{ name }}", "{% if %}"),
    *(
        "x" * 16_383,
        "x" * 16_384,
        "x" * 32_766,
        "x" * 32_767,
        "x" * 32_768,
        "x" * 40_000,
        "😀" * 16_383,
        "😀" * 16_384,
        "a" + "😀" * 20_000,
    ),
    *("\x01" * 5_000, "_x0041_" * 4_000, "=" * 40_000, "\r\n" * 8_000, " " * 40_000),
)
_any_text = (
    st.text(st.characters(), max_size=30)
    | st.text(
        st.sampled_from(
            " =+-@\t\r\n'\"#_x0041FfDd\x00\x01\x0b\x1f,;|%!<>&\ud83d\ude00\ufffe\u00a0\u200bé😀"
        ),
        max_size=12,
    )
    | st.sampled_from(AWKWARD)
)


def _sheet(
    rows: Iterable[Sequence[str]], headers: Sequence[str] | None = None, delimiter: str = ","
) -> Sheet:
    # The first cell is filled, so that no row passes for blank.
    lines = [Line(at, (f"row {at}", *cells), Status.WAITING) for at, cells in enumerate(rows, 2)]
    named = headers or [f"h{at}" for at in range(_WIDTH)]
    return Sheet(("LinkedIn", *named), lambda: iter(lines), [], lambda _: None, delimiter)


def _through(path: Path, sheet: Sheet, width: int = _WIDTH) -> list[list[str]]:
    """Write the sheet as results, read them again, and return the input's cells."""
    write(path, sheet)
    found = []
    for row in read(path, Reading("Results" if path.suffix == ".xlsx" else None)).rows():
        assert not row.faults
        assert not row.links
        found.append([*row.cells[1 : width + 1]])
    return found


def _kept_in_xlsx(text: str) -> str:
    """Return the text as a workbook can hold it, by its documentation.

    Halves of characters and the two characters that XML forbids are replaced; a long text is cut.
    """
    text = re.sub("[\ud800-\udfff\ufffe\uffff]", "\ufffd", text)
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _LONGEST:
        return text
    return units[: 2 * (_LONGEST - len(_MARK))].decode("utf-16-le", "ignore") + _MARK


def _kept_in_csv(text: str) -> str:
    """Return the text as UTF-8 can hold it, without zeros, and as long as a cell may be.

    With zeros the file would not look like text.
    """
    text = re.sub("[\ud800-\udfff]", "?", text).replace("\x00", "\ufffd")
    guarded = guard(text)
    return text if len(guarded) <= MAX_CELL else unguard(guarded[: MAX_CELL - len(CUT)] + CUT)


def _records(path: Path, delimiter: str) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def _table(texts: Sequence[str]) -> list[list[str]]:
    padded = [*texts, *[""] * (-len(texts) % _WIDTH)]
    return [list(padded[at : at + _WIDTH]) for at in range(0, len(padded), _WIDTH)]


_many = st.lists(_any_text, min_size=1, max_size=10 * _WIDTH).map(_table)


@pytest.mark.slow
@hypothesis_settings(max_examples=40)
@given(_many)
def test_any_text_comes_back_from_a_workbook(rows: list[list[str]]) -> None:
    """Any text comes back from a workbook.

    The exceptions are halves of characters, characters that XML forbids, and text too long for a
    cell.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = _through(Path(folder) / "r.xlsx", _sheet(rows))
    assert found == [[_kept_in_xlsx(text) for text in row] for row in rows]


@hypothesis_settings(max_examples=150)
@given(_many, st.sampled_from([",", ";", "\t", "|"]))
def test_any_text_comes_back_from_a_csv(rows: list[list[str]], delimiter: str) -> None:
    """Any text of any length comes back from a CSV, under each delimiter.

    The exceptions are halves of characters and zeros.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = _through(Path(folder) / "r.csv", _sheet(rows, delimiter=delimiter))
    assert [[unguard(text) for text in row] for row in found] == [
        [_kept_in_csv(text) for text in row] for row in rows
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "text", ["Hi Jo,\nI saw you, there\nBest, Al", "a;\nb;\nc;", "|\n|", "x\ty\nx\ty\nx\ty"]
)
def test_lines_within_cells_have_no_say_in_the_delimiter(
    tmp_path: Path, text: str, delimiter: str
) -> None:
    """Messages of several lines with a comma in each do not make a file of semicolons one of
    commas."""
    rows = [[text, "b"]] * 3
    found = _through(tmp_path / "r.csv", _sheet(rows, ["h", "i"], delimiter), 2)
    assert [[unguard(value) for value in row] for row in found] == rows


@hypothesis_settings(max_examples=60)
@given(_many)
def test_nothing_in_a_workbook_is_live(rows: list[list[str]]) -> None:
    """Every cell with a text is a text on every worksheet: no formula, error, date or link."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.xlsx"
        write(path, _sheet(rows, headers=rows[0]))
        book = load_workbook(path)
    for worksheet in book.worksheets:
        for line in worksheet.iter_rows():
            for cell in line:
                assert cell.data_type == "s" or cell.value is None or type(cell.value) is int, (
                    cell.coordinate
                )
                assert cell.hyperlink is None
    kinds = {
        cell.data_type
        for line in book["Results"].iter_rows(max_col=_WIDTH + 1)
        for cell in line
        if cell.value is not None
    }
    assert kinds == {"s"}


@hypothesis_settings(max_examples=150)
@given(_many, st.sampled_from([",", ";", "\t"]))
def test_nothing_in_a_csv_is_live(rows: list[list[str]], delimiter: str) -> None:
    """No field, header or cell, begins with the sign of a formula unless it is a plain number."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.csv"
        write(path, _sheet(rows, headers=rows[0], delimiter=delimiter))
        records = _records(path, delimiter)
    assert len(records) == len(rows) + 1
    for field in (field for record in records for field in record):
        assert not field.startswith(_SIGNS) or _NUMBER.fullmatch(field), field[:40]


_RISKY_TEXTS = st.text("ax1=+-@|;, \t\n\r\"'＝%", max_size=24)


@hypothesis_settings(max_examples=300)
@given(
    st.lists(st.tuples(_RISKY_TEXTS, _RISKY_TEXTS), min_size=1, max_size=4),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_nothing_in_a_csv_is_live_under_another_separator(
    rows: list[tuple[str, str]], delimiter: str, guessed: str
) -> None:
    """A program that guesses another separator finds no field that begins like a formula, also
    behind spaces and quotes, and each text comes back exactly."""
    listed = [list(row) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.csv"
        write(path, _sheet(listed, headers=listed[0], delimiter=delimiter))
        text = path.read_text("utf-8-sig")
        back = _records(path, delimiter)[1:]
    # Programs are lenient where a quote stands within a field, as Python's reader is.
    for record in csv.reader(io.StringIO(text, newline=""), delimiter=guessed):
        for field in record:
            begins = field.strip(' "\r\n\t')
            assert not begins.startswith(tuple("=+-@＝")) or _NUMBER.fullmatch(field), field
    assert [[unguard(field) for field in record[1:3]] for record in back] == listed


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_the_awkward_texts_come_back(tmp_path: Path, ending: str) -> None:
    """Every awkward text comes back by itself.

    A text that a program may take for something else stays as it is.
    """
    kept = _kept_in_xlsx if ending == ".xlsx" else _kept_in_csv
    found = _through(tmp_path / f"r{ending}", _sheet([[text] for text in AWKWARD], ["h"]), 1)
    again = [unguard(text) if ending == ".csv" else text for (text,) in found]
    wrong = [
        (text[:20], after[:20])
        for text, after in zip(AWKWARD, again, strict=True)
        if after != kept(text)
    ]
    assert wrong == []


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_results_of_results_are_the_same(tmp_path: Path, ending: str) -> None:
    """A second journey changes nothing any more.

    It puts no guard upon a guard, makes no escape of an escape, and makes no second cut.
    """
    once = _through(tmp_path / f"a{ending}", _sheet([[text] for text in AWKWARD], ["h"]), 1)
    if ending == ".csv":
        once = [[unguard(text) for text in row] for row in once]
    twice = _through(tmp_path / f"b{ending}", _sheet(once, ["h"]), 1)
    if ending == ".csv":
        twice = [[unguard(text) for text in row] for row in twice]
    assert twice == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "+1"),
        ("-2.5", "-2.5"),
        ("+49 170", "'+49 170"),
        ("@x", "'@x"),
        ("\t=1", "'\t'=1"),
        (" =1", "' =1"),
        ('"=1"', '\'"=1"'),
        ("x;=1", "x;'=1"),
        ('x; "=1', "x;' \"=1"),
        ("a,b;c", "a,b;c"),
        ("|cmd", "'|cmd"),
        ("'=1", "''=1"),
        ("'a", "'a"),
        ("#N/A", "#N/A"),
        ("https://x.example", "https://x.example"),
        ("＝1", "'＝1"),
    ],
)
def test_a_csv_guards_what_is_risky_and_nothing_else(
    tmp_path: Path, text: str, expected: str
) -> None:
    """An apostrophe stands before the sign of a formula.

    Numbers, links and error texts stay as they are.
    """
    path = tmp_path / "r.csv"
    write(path, _sheet([[text]], ["h"]))
    assert _records(path, ",")[1][:2] == ["row 2", expected]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://x","x")',
        "#N/A",
        "#REF!",
        "http://x.example",
        "mailto:a@b.c",
        "7012345678901234567",
        "a\nb",
        "TRUE",
    ],
)
def test_openpyxl_reads_a_workbooks_texts_as_they_are(tmp_path: Path, text: str) -> None:
    """Another program sees the very text, typed as text, without a link and without an
    apostrophe."""
    path = tmp_path / "r.xlsx"
    write(path, _sheet([[text]], [text]))
    book = load_workbook(path)
    for place in ("B1", "B2"):
        cell = book["Results"][place]
        assert (cell.value, cell.data_type, cell.hyperlink, cell.quotePrefix) == (
            text,
            "s",
            None,
            False,
        )


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("x" * 32_767, 32_767),
        ("x" * 32_768, 32_767),
        ("😀" * 16_384, 32_767),
        ("=" * 40_000, 32_767),
    ],
)
def test_a_long_text_is_cut_where_excel_would(tmp_path: Path, text: str, units: int) -> None:
    """A long text is cut at 32,767 UTF-16 units, with a mark, and never within a character.

    A text of just that length is not cut.
    """
    ((found,),) = _through(tmp_path / "r.xlsx", _sheet([[text]], ["h"]), 1)
    assert units - 1 <= len(found.encode("utf-16-le")) // 2 <= units
    assert found.endswith(_MARK) is (len(text.encode("utf-16-le")) // 2 > _LONGEST)
    assert text.startswith(found.removesuffix(_MARK))
