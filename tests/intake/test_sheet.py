"""Sheets are read exactly or refused clearly.

Rows and columns have the names that the spreadsheet program shows.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from runner.errors import ExitCode, RefusedError
from runner.intake.cell import clean, column_letter, guard, unguard
from runner.intake.sheet import Reading
from runner.intake.table import read

SAMPLES = Path(__file__).parents[2] / "samples"
Write = Callable[[str, str], Path]


def cells(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.number, tuple(row.cells)) for row in read(path).rows()]


def test_column_letters_are_the_spreadsheets() -> None:
    """Columns have the letters A … Z, AA … as the spreadsheet program shows them."""
    assert [column_letter(index) for index in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


def test_rows_are_numbered_as_shown(write: Write) -> None:
    """Blank lines count, a line break inside a cell does not; a `sep=` line is not shown."""
    path = write("x.csv", 'sep=;\r\nName;Text\r\n\r\nJo;"two\nlines"\r\n;\r\nAl;x\r\n')
    assert cells(path) == [(3, ("Jo", "two\nlines")), (5, ("Al", "x"))]
    assert read(path).header_row == 1


def test_cells_are_text_as_stored(write: Write) -> None:
    """No number, date or missing value is made of a text, and white space is kept for the
    results."""
    row = ("00123", "NA", "None", "1e5", "1/2", "TRUE", " padded ", "7012345678901234567")
    path = write("x.csv", "a,b,c,d,e,f,g,h\n" + ",".join(row) + "\n")
    assert cells(path) == [(2, row)]
    assert clean(" padded\r\n ") == "padded"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "empty"),
        ("blank.csv", b"\n\n , \n", "empty"),
        ("page.csv", b"<!DOCTYPE html><html>", "web page"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "damaged"),
        ("list.pdf", b"%PDF-1.7", "PDF"),
        ("cut.xlsx", b"PK\x03\x04rest", "damaged"),
    ],
)
def test_what_cannot_be_read_exactly_is_refused(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    """A file that cannot be read exactly is refused.

    The refusal has a sentence of its own, a way out, and exit code 3.
    """
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RefusedError) as caught:
        list(read(path).rows())
    assert words in caught.value.what
    assert caught.value.remedy
    assert caught.value.exit_code is ExitCode.REFUSED


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    """A file that is not there is refused, and so is a folder."""
    for path, words in ((tmp_path / "none.csv", "no file"), (tmp_path, "folder")):
        with pytest.raises(RefusedError, match=words):
            read(path)


@pytest.mark.parametrize(
    ("part", "words"), [("word/document.xml", "Word document"), ("content.xml", "ZIP archive")]
)
def test_other_zipped_documents_are_refused(tmp_path: Path, part: str, words: str) -> None:
    """A .docx is told from a workbook by its content, under any name."""
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(part, "<x/>")
        rels = f'<R><r Id="1" Type="x/officeDocument" Target="{part}"/></R>'
        archive.writestr("_rels/.rels", rels)
    with pytest.raises(RefusedError, match=words):
        read(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """A part that would unpack to hundreds of times its size never reaches a parser."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(110):
                part.write(b" " * 1024**2)
    with pytest.raises(RefusedError, match="not a workbook that"):
        read(path)


def test_a_workbook_gives_the_texts_it_shows(tmp_path: Path) -> None:
    """A workbook gives the texts that it shows.

    Numbers have no decimal tail, dates are ISO, booleans are as shown, escapes are decoded, gaps
    are kept, and errors are told.
    """
    path = tmp_path / "x.xlsx"
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    values = [
        "t",
        "00123",
        123,
        123.0,
        0.15,
        True,
        datetime(2024, 2, 29),  # noqa: DTZ001 - a sheet knows no zones
        datetime(2024, 2, 29, 13, 45),  # noqa: DTZ001
        "a_x000D_b",
    ]
    sheet.append([f"h{index}" for index in range(len(values))])
    sheet.append(values)
    sheet.cell(row=5, column=2).value = "late"
    sheet.cell(row=6, column=1).value = "#N/A"
    sheet.cell(row=6, column=2).value = "e"
    book.save(path)
    rows = list(read(path).rows())
    shown = ("t", "00123", "123", "123", "0.15", "TRUE", "2024-02-29", "2024-02-29 13:45", "a\rb")
    assert tuple(rows[0].cells) == shown
    assert (rows[1].number, rows[1].cells[:3]) == (5, ["", "late", ""])
    assert [(fault.column, "#N/A" in fault.text) for fault in rows[2].faults] == [(0, True)]


def test_a_formula_without_a_stored_value_is_not_blank(tmp_path: Path) -> None:
    """A formula without a stored value is told, and never taken for an empty cell.

    A program that does not calculate writes it.
    """
    path = tmp_path / "x.xlsx"
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a", "b"])
    sheet.append(["x", '="Acme "&"Ltd"'])
    book.save(path)
    row = next(read(path).rows())
    assert row.cells == ["x", ""]
    assert [(fault.column, "formula" in fault.text) for fault in row.faults] == [(1, True)]
    sheet.append(["=Old!A2", "=Old!B2"])
    book.save(path)
    assert [(row.number, len(row.faults)) for row in read(path).rows()] == [(2, 1), (3, 2)]


def test_the_worksheet_is_chosen_openly(tmp_path: Path) -> None:
    """The active visible worksheet is read, with a notice that names the others.

    --sheet takes another one. The refusal of a wrong name lists them.
    """
    path = tmp_path / "x.xlsx"
    book = Workbook()
    book.create_sheet("Config", 0).sheet_state = "hidden"
    for name in ("People", "Old"):
        book.create_sheet(name).append([f"in {name}"])
    del book["Sheet"]
    book.active = 1
    book.save(path)
    table = read(path)
    assert list(table.rows()) == []
    assert (table.sheet, table.columns[0].header) == ("People", "in People")
    assert any("Old" in notice for notice in table.notices)
    assert read(path, Reading("Old")).columns[0].header == "in Old"
    with pytest.raises(RefusedError) as caught:
        read(path, Reading("Peple"))
    assert "People" in str(caught.value.remedy)


def test_the_samples_are_one_list(tmp_path: Path) -> None:
    """samples/recipients.csv and .xlsx hold the same cells, about thirty awkward people."""
    sheets = [cells(SAMPLES / "recipients.csv"), cells(SAMPLES / "recipients.xlsx")]
    assert sheets[0] == sheets[1]
    assert len(sheets[0]) == 30


@given(st.text(max_size=40) | st.text("a1=+-@|;,\t\n\r\"' %", max_size=40))
def test_the_formula_guard_comes_off_again(text: str) -> None:
    """A guarded text never starts like a formula to a spreadsheet, and reads back as itself.

    This holds for any text.
    """
    guarded = guard(text)
    assert unguard(guarded) == text
    assert guarded[:1] not in {"=", "@", "\t", "\r", "＝", "＋", "－", "＠", "|", "%"}
    if guarded[:1] in {"+", "-"}:
        float(guarded.replace(",", "."))
