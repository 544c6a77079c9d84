"""The results sheet loses nothing, and nothing in it is live.

It is never written over the input, and it comes into its place in one step.
"""

from __future__ import annotations

import csv
import stat
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from runner.errors import StorageError, UsageError
from runner.intake.result import RESULT_COLUMNS
from runner.ledger.line import Line
from runner.ledger.record import Status
from runner.result.place import check_path, default_path
from runner.result.workbook import Sheet, write

URN = "urn:li:fsd_profile:ACoAAFpqSoMB8vTqRbg4mN"
AT = datetime(2026, 11, 23, 9, 5, 7, tzinfo=UTC)
LINES = [
    Line(
        2,
        ("Jürgen", "=1+1"),
        Status.SENT,
        None,
        "j",
        1,
        "acc",
        True,
        None,
        AT,
        URN,
        200,
        1,
        "Hi\nJürgen",
    ),
    Line(3, ("山田", "007"), Status.WAITING, None, "y", 2, "acc"),
    Line(
        5,
        ("x", "@SUM(A1)"),
        Status.UNCERTAIN,
        None,
        "x",
        3,
        "",
        None,
        "no answer in time",
        None,
        None,
        None,
        1,
        "Hi x",
    ),
    Line(6, ("", "+49 170"), Status.INVALID, "A6 (Name): blank"),
    Line(7, ("dup", "-2+3"), Status.SKIPPED, "same person as row 2"),
    Line(
        8,
        ("f", "'=quoted"),
        Status.FAILED,
        None,
        "f",
        4,
        "acc",
        None,
        "=HYPERLINK(1)",
        None,
        None,
        400,
        1,
    ),
]


def sheet(lines: Iterable[Line], delimiter: str = ",") -> Sheet:
    listed = list(lines)
    headers = ("Name", "=Phone")
    return Sheet(
        headers, lambda: iter(listed), [("Rows", "6"), ("Note", "=1+1")], lambda _: AT, delimiter
    )


def test_csv_holds_every_row_and_reads_back(tmp_path: Path) -> None:
    """A CSV holds every row and reads back.

    It has a mark for Excel, the input's delimiter, one column per name of the contract, and guarded
    text that unguards.
    """
    path = tmp_path / "r.csv"
    assert write(path, sheet(LINES, ";")).path == path
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(raw.decode("utf-8-sig").splitlines(keepends=True), delimiter=";"))
    assert [row[:1] for row in lines] == [
        ["Name"],
        ["Jürgen"],
        ["山田"],
        [],
        ["x"],
        [""],
        ["dup"],
        ["f"],
    ]  # row 4 was blank
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines(keepends=True), delimiter=";"))
    assert tuple(rows[0])[2:] == RESULT_COLUMNS
    assert [row["status"] for row in rows] == [
        "sent",
        "waiting",
        "uncertain",
        "invalid",
        "skipped",
        "failed",
    ]
    first = rows[0]
    assert (
        first["typingIndicatorSent"],
        first["sentAt"],
        first["sentToUrn"],
        first["sentFrom"],
    ) == (
        "true",
        "2026-11-23T09:05:07Z",
        URN,
        "acc",
    )
    assert (rows[1]["waitsUntil"], rows[2]["sentFrom"], rows[5]["error"]) == (
        "2026-11-23T09:05:07Z",
        "default",
        "'=HYPERLINK(1)",
    )
    assert [row["'=Phone"] for row in rows] == [
        "'=1+1",
        "007",
        "'@SUM(A1)",
        "'+49 170",
        "'-2+3",
        "''=quoted",
    ]


def test_xlsx_holds_every_row_as_text(tmp_path: Path) -> None:
    """An XLSX holds every row as text, with no formula anywhere.

    Its header is bold, frozen and filtered, and its statuses are coloured. Needs attention and
    Summary stand beside it.
    """
    path = tmp_path / "r.xlsx"
    write(path, sheet(LINES))
    with zipfile.ZipFile(path) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())
    book = load_workbook(path)
    assert book.sheetnames == ["Results", "Needs attention", "Summary"]
    results = book["Results"]
    values = [[cell.value for cell in row] for row in results.iter_rows()]
    assert values[0] == ["Name", "=Phone", *RESULT_COLUMNS]
    assert [row[1] for row in values[1:]] == [
        "=1+1",
        "007",
        None,
        "@SUM(A1)",
        "+49 170",
        "-2+3",
        "'=quoted",
    ]
    assert values[1][2:] == [
        "sent",
        None,
        "true",
        None,
        "2026-11-23T09:05:07Z",
        URN,
        "acc",
        200,
        1,
        None,
        "Hi\nJürgen",
        None,
        None,
        None,
    ]
    assert (results.freeze_panes, results.auto_filter.ref) == ("A2", "A1:P8")
    assert results["A1"].font.bold
    assert (
        len({results.cell(row=row, column=3).fill.fgColor.rgb for row in (2, 3, 5, 6, 7, 8)}) == 5
    )
    assert (results.column_dimensions["A"].width or 0) >= 8
    attention = [[cell.value for cell in row] for row in book["Needs attention"].iter_rows()]
    assert [row[0] for row in attention[1:]] == ["x", None, "f"]
    write(
        path, sheet(reversed(LINES))
    )  # uncertain ones come first, wherever they stand in the list
    attention = [
        [cell.value for cell in row] for row in load_workbook(path)["Needs attention"].iter_rows()
    ]
    assert [row[0] for row in attention[1:]] == ["x", "f", None]
    assert [[cell.value for cell in row] for row in book["Summary"].iter_rows()] == [
        ["Rows", 6],
        ["Note", "=1+1"],
    ]


def test_a_cell_that_is_too_long_is_cut_with_a_mark(tmp_path: Path) -> None:
    """A long cell is cut at Excel's limit, counted as Excel counts, and the cell says so."""
    path = tmp_path / "r.xlsx"
    write(
        path,
        Sheet(
            ("A", "B"),
            lambda: iter([Line(2, ("x" * 40_000, "😀" * 20_000), Status.WAITING)]),
            [],
            lambda _: None,
        ),
    )
    row = [cell.value for cell in load_workbook(path)["Results"][2]][:2]
    for value in row:
        assert isinstance(value, str)
        assert value.endswith("… [cut]")
        assert 32_700 < len(value.encode("utf-16-le")) // 2 <= 32_767


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_the_target_is_replaced_whole_or_not_at_all(tmp_path: Path, ending: str) -> None:
    """A failure while writing leaves the old sheet and no trace.

    The new sheet is for its owner only.
    """
    path = tmp_path / f"r{ending}"
    write(path, sheet(LINES))
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def failing() -> Iterable[Line]:
        yield LINES[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left"):
        write(path, Sheet(("a", "b"), failing, [], lambda _: None))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("how", ["read-only", "excel", "libreoffice"])
def test_a_protected_target_gets_a_sibling(tmp_path: Path, how: str) -> None:
    """Results are written beside a target that is read-only, or open in Excel or LibreOffice.

    The answer says so.
    """
    path = tmp_path / "r.csv"
    path.write_text("old")
    if how == "read-only":
        path.chmod(0o444)
    else:
        (tmp_path / ("~$r.csv" if how == "excel" else ".~lock.r.csv#")).touch()
    written = write(path, sheet(LINES))
    assert (written.path, written.instead_of) == (tmp_path / "r (2).csv", path)
    assert path.read_text() == "old"


def test_a_sibling_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    """Beside a target that is read-only stands a person's file of the next name."""
    path, theirs = tmp_path / "r.csv", tmp_path / "r (2).csv"
    path.write_text("old")
    path.chmod(0o444)
    theirs.write_text("mine")
    assert write(path, sheet(LINES)).path == tmp_path / "r (3).csv"
    assert theirs.read_text() == "mine"


def test_places_are_checked_before_anything_is_sent(tmp_path: Path) -> None:
    """A place is checked before anything is sent.

    Another ending, a folder, the input itself and a missing folder are refused.
    """
    people = tmp_path / "people.csv"
    people.touch()
    check_path(tmp_path / "r.xlsx", people)
    for path in (tmp_path / "r.txt", tmp_path / "people.csv", tmp_path):
        with pytest.raises(UsageError):
            check_path(path, people)
    with pytest.raises(StorageError):
        check_path(tmp_path / "none" / "r.csv", people)
    assert [file.name for file in tmp_path.iterdir()] == ["people.csv"]


@pytest.mark.parametrize(
    ("name", "workbook", "expected"),
    [
        ("people.csv", False, "people.results.csv"),
        ("People.XLSX", True, "People.results.XLSX"),
        ("people.xlsm", True, "people.results.xlsx"),
        ("people.tsv", False, "people.results.csv"),
        ("people", False, "people.results.csv"),
        ("a.b.csv", False, "a.b.results.csv"),
    ],
)
def test_results_stand_beside_the_input(name: str, workbook: bool, expected: str) -> None:
    """The results stand in `<input>.results.<ext>`, of the input's kind."""
    assert default_path(Path("/x") / name, workbook=workbook) == Path("/x") / expected
