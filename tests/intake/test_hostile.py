"""Damaged, dangerous and foreign files are refused, and never raise another exception.

Each refusal has a sentence of its own kind and a way out. Time and memory are proved apart, since a
busy machine is not a fault: `python benchmarks/hostile.py`.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from runner.campaign.campaign import load
from runner.errors import ExitCode, RefusedError, UsageError
from runner.intake.blank import RenderError
from runner.intake.sandbox import MAX_TEXT
from runner.intake.table import read
from runner.intake.template import parse
from tests.intake import hostile_lists
from tests.intake.books import PEOPLE, Tab, heavy, hostile, parts_with, row, text, xlsx, zipped

_NO_PROGRAM: Final = "is not a workbook that a spreadsheet program wrote"
_NO_UNPACKING: Final = "damaged: it cannot be unpacked"
_DAMAGED: Final = "is damaged or is not a workbook"
_ENDLESS: Final = "without end"
_FAR: Final = "more than 1,000 columns or 1,048,576 rows"
_NO_SHEET: Final = "is a ZIP archive, not a spreadsheet"

REFUSED: Final = {
    "1 GB of cells": _NO_PROGRAM,
    "a string of 2 GB": _NO_PROGRAM,
    "4 GB of spaces": _NO_PROGRAM,
    "thousands of small bombs": _NO_PROGRAM,
    "a part called larger than it is": _NO_PROGRAM,
    "a part called smaller than it is": _DAMAGED,
    "billion laughs": _DAMAGED,
    "billion laughs in the workbook's part": _DAMAGED,
    "billion laughs in the relations": _NO_UNPACKING,
    "billion laughs in the styles": _DAMAGED,
    "billion laughs in the shared strings": _DAMAGED,
    "an external entity": _DAMAGED,
    "an external entity in the shared strings": _DAMAGED,
    "a part twice": _NO_PROGRAM,
    "a part twice but for case": _NO_PROGRAM,
    "overlapping parts": _NO_PROGRAM,
    "10,001 parts": _NO_PROGRAM,
    "a cell at XFD1048576": _FAR,
    "a cell in row 1,048,577": _FAR,
    "a row number of 20 digits": _FAR,
    "a column beyond XFD": _FAR,
    "a row called minus one": _DAMAGED,
    "rows out of their order": _DAMAGED,
    "an endless tag": _ENDLESS,
    "an endless attribute": _ENDLESS,
    "elements a million deep": _ENDLESS,
    "a wrong checksum in a stored part": _DAMAGED,
    "a flipped bit in a deflated part": _DAMAGED,
    "no shared strings": _DAMAGED,
    "a shared string beyond the last": _DAMAGED,
    "a shared string before the first": _DAMAGED,
    "a shared string that is no number": _DAMAGED,
    "no workbook": "is not a workbook that",
    "no worksheet": _DAMAGED,
    "no worksheets listed": _DAMAGED,
    "no relations": _DAMAGED,
    "a workbook that is no XML": _DAMAGED,
    "cut in the middle of a row": _DAMAGED,
    "a truncated file": _NO_UNPACKING,
    "a file of its first bytes": _NO_UNPACKING,
    "an empty archive": _NO_SHEET,
    "a web page": "a web page",
    "a web page after blank lines": "a web page",
    "nothing": "is empty",
    "zeros": "not a text file",
    "a PDF": "a PDF",
    "XML of 2003": "XML spreadsheet of 2003",
    "a workbook under a password": "protected by a password",
    "a Word document of 2003": "a Word document",
    "an OLE file of nothing": _DAMAGED,
    "an archive under a password": "under a password",
    "another packing": _NO_PROGRAM,
    "Strict Open XML": "Strict Open XML",
    "a Word document": "a Word document",
    "a PowerPoint file": "a PowerPoint file",
    "a Numbers document": "an Apple Numbers document",
    "an older Numbers document": "an Apple Numbers document",
    "an OpenDocument text": "an OpenDocument file, but not a spreadsheet",
    "a CSV in a ZIP file": _NO_SHEET,
    "any ZIP file": _NO_SHEET,
    "part names with backslashes": _NO_PROGRAM,
    "part names in capitals": _NO_PROGRAM,
}
# Files that read well enough, each with its header and the texts of the rows below it.
READ: Final = {
    "text": (
        ["Just a note", " and no sheet."],
        [["Yours", " Jo"], ["Just a note", " and no sheet."]] * 2 + [["Yours", " Jo"]],
    ),
    "a number that is none": ([*PEOPLE[0]], [[*PEOPLE[1]], ["12abc", ""]]),
    "no content types": ([*PEOPLE[0]], [[*PEOPLE[1]]]),
}


def test_every_hostile_file_has_its_place_in_a_table() -> None:
    """A file that somebody adds is either refused with a known sentence or read as known rows."""
    assert sorted({**REFUSED, **READ}) == sorted(hostile())


@pytest.mark.parametrize(("name", "words"), REFUSED.items(), ids=list(REFUSED))
def test_a_hostile_file_is_refused(tmp_path: Path, name: str, words: str) -> None:
    """A hostile file is refused with the sentence of its kind, its name, a remedy and exit code 3.

    An exception of a parser stays inside.
    """
    path = tmp_path / "list.xlsx"
    path.write_bytes(hostile()[name]())
    with pytest.raises(RefusedError) as caught:
        list(read(path).rows())
    assert words in caught.value.what
    assert "list.xlsx" in f"{caught.value.what} {caught.value.where}"
    assert caught.value.remedy
    assert caught.value.exit_code is ExitCode.REFUSED


@pytest.mark.parametrize(("name", "expected"), READ.items(), ids=list(READ))
def test_a_harmless_file_is_read(
    tmp_path: Path, name: str, expected: tuple[list[str], list[list[str]]]
) -> None:
    """A text is read as a CSV, and a notice says so.

    A workbook without a part that nobody needs is still a workbook.
    """
    path = tmp_path / "list.xlsx"
    path.write_bytes(hostile()[name]())
    table = read(path)
    assert (
        [column.header for column in table.columns],
        [list(row.cells) for row in table.rows()],
    ) == expected
    assert any("whatever its name says" in notice for notice in table.notices) is (name == "text")


@pytest.mark.parametrize("suffix", [".csv", ".xls", ".txt", ""])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a workbook under a password", "protected by a password"),
        ("XML of 2003", "XML spreadsheet of 2003"),
        ("a web page", "a web page"),
        ("1 GB of cells", _NO_PROGRAM),
        ("a Word document", "a Word document"),
    ],
)
def test_names_hide_nothing(tmp_path: Path, suffix: str, name: str, words: str) -> None:
    """The content decides, never the ending: an export named .xls is told for what it is."""
    path = tmp_path / f"list{suffix}"
    path.write_bytes(hostile()[name]())
    with pytest.raises(RefusedError, match=words):
        read(path)


def test_a_zip_file_names_the_list_inside() -> None:
    """The remedy says which file to unpack."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        path.write_bytes(hostile()["a CSV in a ZIP file"]())
        with pytest.raises(RefusedError) as caught:
            read(path)
    assert "people.csv" in str(caught.value.remedy)


@pytest.mark.parametrize("place", range(0, 100, 7))
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, place: int) -> None:
    """A download that stopped at any hundredth of the file is refused."""
    whole = xlsx([*PEOPLE, *((f"Al {at}", f"al-{at}") for at in range(300))])
    path = tmp_path / "list.xlsx"
    path.write_bytes(whole[: max(4, len(whole) * place // 100)])
    with pytest.raises(RefusedError):
        list(read(path).rows())


@pytest.mark.slow
def test_any_changed_byte_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    """A byte changed anywhere in a small workbook never changes what is read: at worst the file is
    refused."""
    whole = xlsx(
        row(1, text("A1", "Name"), text("B1", "LinkedIn"))
        + row(2, text("A2", "Jo"), text("B2", "jo-doe"))
    )
    path = tmp_path / "list.xlsx"
    path.write_bytes(whole)
    expected = [(row.number, row.cells) for row in read(path).rows()]
    assert expected == [(2, ["Jo", "jo-doe"])]
    refused = 0
    for place in range(5, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            found = [(row.number, row.cells) for row in read(path).rows()]
        except RefusedError:
            refused += 1
        else:
            assert found == expected, place
    assert refused > 30


# --- the files themselves are what they are called


@pytest.mark.parametrize("times", [0, 1, 2, 3, 7, 100])
def test_a_heavy_member_is_a_true_one(times: int) -> None:
    """A member that is built without its weight unpacks, with its checksum, to its full content.

    The bombs are real, not broken files.
    """
    block = b"some of it, and more. " * 50
    with zipfile.ZipFile(
        io.BytesIO(zipped([heavy("x", b"<start>", block, times, b"<end>")]))
    ) as archive:
        assert archive.read("x") == b"<start>" + block * times + b"<end>"


def test_the_smaller_sister_of_a_bomb_is_read(tmp_path: Path) -> None:
    """A small workbook that is built in the same way is read: a bomb is refused for its size."""
    start = Tab().xml.partition("<sheetData>")[0] + "<sheetData>" + row(1, text("A1", "Name"))
    sheet = heavy(
        "xl/worksheets/sheet1.xml",
        start.encode(),
        b"<row><c><v>1</v></c></row>",
        50,
        b"</sheetData></worksheet>",
    )
    path = tmp_path / "list.xlsx"
    path.write_bytes(zipped(parts_with(sheet)))
    assert [list(row.cells) for row in read(path).rows()] == [["1"]] * 50


# --- made to take much time or memory; `benchmarks/hostile.py` measures all of them


@pytest.mark.parametrize("name", [*hostile_lists.CASES][::12])
def test_a_list_that_is_made_to_take_much_is_read_or_refused(tmp_path: Path, name: str) -> None:
    """Every twelfth of them, of each kind of file. A refusal says what to do next."""
    file, content = hostile_lists.CASES[name]()
    path = tmp_path / file
    path.write_bytes(content)
    refused = None
    try:
        for _ in read(path).rows():
            pass
    except RefusedError as error:
        refused = error
    assert refused is None or refused.remedy


@pytest.mark.parametrize("name", hostile_lists.TEMPLATES)
def test_a_template_that_is_made_to_take_much_is_used_or_refused(name: str) -> None:
    """A template without end is refused, or fails on its rows. It raises nothing else."""
    values = {"name": "x" * 15_000, "a": "Ann", "b": ""}
    with suppress(RefusedError, RenderError):
        part = parse(hostile_lists.TEMPLATES[name](), Path("t.j2")).body
        assert len(part.render({**values, "row": values})) <= MAX_TEXT


@pytest.mark.parametrize("name", hostile_lists.CAMPAIGN_FILES)
def test_a_campaign_file_that_is_made_to_take_much_is_read_or_refused(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(hostile_lists.CAMPAIGN_FILES[name]())
    with suppress(RefusedError, UsageError):
        load(path, {})
