"""The problems of a sheet as a workbook for a colleague to work through.

It has a line for each problem, by cell, and a count of each kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from runner.errors import RefusedError, UsageError
from runner.intake.check import Check, Findings
from runner.intake.entry import Problem
from runner.intake.sheet import Reading
from runner.intake.table import read
from runner.ledger.record import Status
from runner.result.place import Written, check_path, put

HEADERS: Final = (
    "severity",
    "code",
    "cell",
    "row",
    "column",
    "value",
    "problem",
    "what to do",
    "done",
)
_WIDTHS: Final = (10, 20, 8, 8, 20, 40, 80, 50, 8)
_COLOURS: Final = {"error": Status.INVALID, "warning": Status.UNCERTAIN, "skipped": Status.SKIPPED}


def write(path: Path, sheet: Path, checked: Check, findings: Findings) -> Written:
    """Write the problems of a checked sheet to `path`, an XLSX. Raises UsageError, StorageError."""
    if path.suffix.lower() != ".xlsx":
        raise UsageError(
            f"Problems cannot be written as {path.name!r}.",
            remedy="Give a name that ends in .xlsx.",
        )
    check_path(path, sheet)
    if path.exists() and (why := _worth_keeping(path)):
        raise UsageError(
            f"{path} exists and {why}; it was left as it is.", remedy="Give -o another name."
        )
    return put(path, lambda file: _fill(file, checked, findings))


def _worth_keeping(path: Path) -> str:
    """Return the reason not to replace a file, or an empty text.

    Such a file is a person's own, or a colleague has begun to work through it.
    """
    try:
        table = read(path, Reading("Problems"))
        headers = tuple(column.header for column in table.columns)
        is_begun = any(row.cells[-1].strip() for row in table.rows())
    except RefusedError:
        headers, is_begun = (), False
    if headers != HEADERS:
        return "is no sheet of problems"
    return "has lines marked as done" if is_begun else ""


def _fill(file: IO[bytes], checked: Check, findings: Findings) -> None:
    from runner.result.book import new_book

    problems = [*checked.blocking, *findings.problems]
    wanted = {problem.row for problem in problems if problem.column is not None}
    cells = {row.number: row.cells for row in checked.table.rows() if row.number in wanted}
    with new_book(file) as book:
        tab = book.tab("Problems", _WIDTHS, HEADERS)
        lines = [
            _line(problem, cells)
            for problem in sorted(problems, key=lambda found: (found.severity, found.row or 0))
        ]
        lines += [
            ("skipped", "skipped", f"row {row}", row, "", "", reason, "", "")
            for row, reason in findings.skipped
        ]
        for row, line in enumerate(lines, start=1):
            book.row(tab, row, line, {0: _COLOURS[str(line[0])]})
        tab.autofilter(0, 0, len(lines), len(HEADERS) - 1)
        counts = book.tab("Summary", (10, 24, 10), ("severity", "code", "places"))
        kinds = Counter((line[0], line[1]) for line in lines).most_common()
        for row, ((severity, code), count) in enumerate(kinds, start=1):
            book.row(counts, row, (severity, code, count), {0: _COLOURS[str(severity)]})


def _line(problem: Problem, cells: dict[int, Sequence[str]]) -> tuple[str | int, ...]:
    column, row = problem.column, problem.row
    value = cells[row][column.index] if column is not None and row in cells else ""
    header = column.header.strip() if column is not None else ""
    return (
        problem.severity,
        problem.code,
        problem.cell,
        "" if row is None else row,
        header,
        value,
        problem.text,
        problem.advice or "",
        "",
    )
