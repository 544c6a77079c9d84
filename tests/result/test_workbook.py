"""The results sheet loses nothing, and nothing in it is live.

It is never written over the input, and it comes into its place in one step.
"""

from __future__ import annotations

import csv
import stat
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from runner.errors import StorageError, UsageError
from runner.intake.column import lay_out
from runner.intake.result import RESULT_COLUMNS
from runner.intake.sheet import Reading
from runner.intake.table import read
from runner.ledger.line import Line
from runner.ledger.record import Status
from runner.result.facts import Day
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


DAYS = (Day(date(2026, 11, 23), 5, 0), Day(date(2026, 11, 24), 2, 3))


def test_a_summary_draws_its_numbers(tmp_path: Path) -> None:
    """Charts that the spreadsheet program draws, of the cells beside them; none without a day."""
    path = tmp_path / "r.xlsx"
    told = (("Sent", "7"), ("Waiting", "3"), ("Failed", "0"))
    write(path, replace(sheet(LINES), summary=told, days=lambda: DAYS))
    summary = load_workbook(path)["Summary"]
    cells = [[cell.value for cell in row] for row in summary.iter_rows(max_col=3)]
    assert cells[4:7] == [
        ["Day", "Sent", "Forecast"],
        ["2026-11-23", 5, None],
        ["2026-11-24", 2, 3],
    ]
    assert cells[8:11] == [["Status", "Rows", None], ["sent", 7, None], ["waiting", 3, None]]
    with zipfile.ZipFile(path) as archive:
        charts = [archive.read(name) for name in archive.namelist() if "charts/chart" in name]
    assert len(charts) == 2
    assert b"Summary!$B$6:$B$7" in charts[0]
    write(path, sheet(LINES))
    with zipfile.ZipFile(path) as archive:
        assert not any("charts/" in name for name in archive.namelist())


def test_rows_link_to_the_profile_and_the_conversation(tmp_path: Path) -> None:
    """The cell of the recipient leads to the profile, with its text as it was."""
    path = tmp_path / "r.xlsx"
    lines = [
        Line(2, ("Jo", "jo-doe"), Status.SENT, identity="jo-doe", person="jo-doe"),
        Line(3, ("=x", "https://linkedin.com/in/%E5%B1%B1"), Status.INVALID, person="山"),
        Line(4, ("", ""), Status.INVALID),
    ]
    write(path, replace(sheet(lines), headers=("Name", "LinkedIn URL")))
    results = load_workbook(path)["Results"]
    assert results["B2"].value == "jo-doe"
    assert results["B2"].hyperlink.target == "https://www.linkedin.com/in/jo-doe/"
    assert results["B3"].hyperlink.target == "https://www.linkedin.com/in/%E5%B1%B1/"
    assert results["B4"].hyperlink is None


def test_texts_of_several_lines_make_no_row_taller(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    write(path, sheet([replace(LINES[0], message="One\n\nTwo\nThree")]))
    assert load_workbook(path)["Results"].row_dimensions[2].height < 16


def test_rows_that_need_attention_have_their_number_in_the_list(tmp_path: Path) -> None:
    """Also as a list of their own, where that number is no column of it."""
    path = tmp_path / "r.xlsx"
    write(path, replace(sheet(LINES), headers=("Name", "LinkedIn URL")))
    attention = load_workbook(path)["Needs attention"]
    rows = [[cell.value for cell in row] for row in attention.iter_rows()]
    assert rows[0][-1] == "rowInList"
    assert sorted(row[-1] for row in rows[1:]) == [5, 6, 8]
    layout = lay_out(read(path, Reading(sheet="Needs attention")).columns)
    assert [column.header for column in layout.inputs] == ["Name", "LinkedIn URL"]


def test_each_row_keeps_its_number_below_a_preamble(tmp_path: Path) -> None:
    """A workbook leaves the rows above its header blank, so none are between it and the rows; in a
    CSV the header comes first, as programs read it."""
    lines = [Line(6, ("a", "b"), Status.WAITING), Line(8, ("c", "d"), Status.WAITING)]
    for name in ("r.xlsx", "r.csv"):
        path = tmp_path / name
        write(path, replace(sheet(lines), header_row=5))
        found = read(path)
        assert found.header_row == (5 if path.suffix == ".xlsx" else 1)
        assert [row.number for row in found.rows()] == [6, 8]


def test_a_workbook_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows name people, and wait in a folder of their own until it is whole."""
    rest = tmp_path / "rest"
    rest.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(rest))
    modes: list[int] = []

    def failing() -> Iterable[Line]:
        yield from LINES
        modes.extend(stat.S_IMODE(path.stat().st_mode) for path in rest.iterdir())
        if modes:  # the rows are being written; before, only their widths were asked
            raise StorageError("the ledger failed")

    with pytest.raises(StorageError, match="the ledger failed"):
        write(tmp_path / "r.xlsx", replace(sheet([]), lines=failing))
    assert modes == [0o700]
    assert list(rest.iterdir()) == []
    assert list(tmp_path.iterdir()) == [rest]
