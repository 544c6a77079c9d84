"""The problems as a workbook have a line for each, by cell.

Nothing in it would run in a spreadsheet program.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from runner.errors import UsageError
from runner.intake.check import check, judge
from runner.intake.column import Column
from runner.intake.sheet import Row
from runner.intake.table import Table
from runner.intake.template import parse
from runner.result.problems import HEADERS, write


def test_every_problem_has_a_line(tmp_path: Path) -> None:
    """Every problem has a line, with the cell's own text and what to do.

    Errors come first, then warnings and skipped rows. The summary says how many there are of each
    kind.
    """
    rows = [
        Row(2, ["=cmd|' /C calc'!A0", "=HYPERLINK(1)"]),
        Row(3, ["TEST", "jo-doe"]),
        Row(5, ["Jo", "jo-doe"]),
        Row(6, ["", "al-doe"]),
        Row(7, ["\ud800\x01", "bo-doe,"]),
    ]
    sheet = Table(
        None, None, 1, (Column(0, "First Name"), Column(1, "profile")), lambda: iter(rows)
    )
    checked, findings = judge(check(sheet, parse("{{ first_name }}", Path("t.j2"))))
    path = tmp_path / "problems.xlsx"
    assert write(path, tmp_path / "list.csv", checked, findings).path == path
    book = load_workbook(path)
    assert book.sheetnames == ["Problems", "Summary"]
    lines = [[cell.value for cell in row] for row in book["Problems"].iter_rows()]
    assert tuple(lines[0]) == HEADERS
    assert [line[:6] for line in lines[1:]] == [
        ["error", "recipient-unreadable", "B2", 2, "profile", "=HYPERLINK(1)"],
        ["error", "blank-value", "A6", 6, "First Name", None],
        ["error", "recipient-unreadable", "B7", 7, "profile", "bo-doe,"],
        ["warning", "value-suspicious", "A3", 3, "First Name", "TEST"],
        ["skipped", "skipped", "row 5", 5, None, None],
    ]
    assert lines[-1][6] == "same person as row 3"
    assert {
        cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value
    } <= {"s", "n"}
    assert [cell.value for cell in book["Summary"][2]] == ["error", "recipient-unreadable", 2]


def test_what_a_colleague_has_ticked_is_kept(tmp_path: Path) -> None:
    """An earlier sheet of problems is replaced, unless lines of it are marked as done.

    Any other file is not replaced.
    """
    sheet = Table(None, None, 1, (Column(0, "First Name"),), lambda: iter([Row(2, ["Jo"])]))
    checked, findings = judge(check(sheet, None))
    path = tmp_path / "p.xlsx"
    for _ in range(2):
        write(path, tmp_path / "list.csv", checked, findings)
    book = load_workbook(path)
    book["Problems"]["I2"] = "x"
    book.save(path)
    with pytest.raises(UsageError, match="marked as done"):
        write(path, tmp_path / "list.csv", checked, findings)
    Workbook().save(path)
    with pytest.raises(UsageError, match="no sheet of problems"):
        write(path, tmp_path / "list.csv", checked, findings)


def test_problems_of_the_whole_sheet_have_a_line_too(tmp_path: Path) -> None:
    """A problem of the whole sheet has a line without a row, with the way out."""
    sheet = Table(None, None, 1, (Column(0, "First Name"),), lambda: iter([Row(2, ["Jo"])]))
    checked, findings = judge(check(sheet, None))
    write(tmp_path / "p.xlsx", tmp_path / "list.csv", checked, findings)
    lines = [
        [cell.value for cell in row]
        for row in load_workbook(tmp_path / "p.xlsx")["Problems"].iter_rows(min_row=2)
    ]
    assert [(line[1], line[3], bool(line[7])) for line in lines] == [
        ("no-recipient-column", None, True),
        ("no-template", None, True),
    ]
