"""A workbook's rows, whatever library reads its kind best. Runs in a process of its own (`isolated`): parsers can crash.

XLSX: openpyxl, or python-calamine where the worksheet holds nothing that it would hide or change. XLS, XLSB and ODS: pandas
with calamine, beside a look at the raw file for what they hide.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from runner.errors import RefusedError
from runner.intake.archive import DamagedError, Marks, Worksheet, marks, worksheets
from runner.intake.cell import ROUNDED, as_text, column_letter, is_rounded, unescaped
from runner.intake.sheet import Fault, Row

_MERGED = "merged with the cell above or beside it, which alone holds the value; unmerge the cells and fill each in"


class Opened(NamedTuple):
    """A chosen worksheet, what to say about the choice, and its rows, which can be walked once."""

    sheet: str
    notices: list[str]
    rows: Iterator[Row]


def open_workbook(data: bytes, kind: str, sheet: str | None, name: str) -> Opened:
    """The rows of the worksheet `sheet`, or else of the only visible one, or else of the one the workbook opens with.

    `name` is the file's, for sentences. Raises RefusedError, DamagedError, or whatever a parser raises.
    """
    if kind == "xlsx":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            tabs, active = worksheets(archive)
            chosen, notices = choose(tabs, active, sheet, name)
            found = marks(archive, chosen.part)
        values = _openpyxl(data, chosen.name) if found.special else _calamine(data, chosen.name)
    else:
        from runner.intake import oldbook

        tabs, active = oldbook.worksheets(data, kind)
        chosen, notices = choose(tabs, active, sheet, name)
        found = oldbook.marks(data, kind, chosen.name)
        values = oldbook.values(data, chosen.name)
    if found.hidden_columns:
        letters = ", ".join(map(column_letter, sorted(found.hidden_columns)[:8]))
        notices.append(f"Hidden columns are read like the others: {letters}{' …' if len(found.hidden_columns) > 8 else ''}.")
    return Opened(chosen.name, notices, _rows(values, found))


def choose(tabs: Sequence[Worksheet], active: int, sheet: str | None, name: str) -> tuple[Worksheet, list[str]]:
    """The worksheet to read and what to say about it. Raises RefusedError."""
    readable = [tab for tab in tabs if not tab.is_chart]
    visible = [tab for tab in readable if tab.visible]
    if sheet is not None:
        exact = [tab for tab in readable if tab.name == sheet]
        alike = exact or [tab for tab in readable if tab.name.strip().casefold() == sheet.strip().casefold()]
        if len(alike) != 1:
            names = ", ".join(repr(tab.name) for tab in readable)
            raise RefusedError(f"{name} has no worksheet {sheet!r}.", where=name, remedy=f"It has: {names}.")
        return alike[0], []
    if not visible:
        if not readable:
            raise DamagedError("no worksheets")
        names = ", ".join(f"--sheet {tab.name!r}" for tab in readable)
        raise RefusedError(f"All worksheets of {name} are hidden.", where=name, remedy=f"Say which is meant: {names}.")
    chosen = tabs[active] if active < len(tabs) and tabs[active] in visible else visible[0]
    if len(visible) == 1:
        return chosen, []
    others = ", ".join(repr(tab.name) for tab in visible if tab != chosen)
    return chosen, [f"Reading the worksheet {chosen.name!r}; {name} also has: {others}. --sheet NAME takes another."]


def _rows(values: Iterable[tuple[int, Sequence[str], list[Fault]]], found: Marks) -> Iterator[Row]:
    """The rows, each with what its marks say of it."""
    faults: dict[int, list[tuple[int, str, str]]] = {}
    for (number, column), (code, text) in found.faults.items():
        faults.setdefault(number, []).append((column, code, text))
    for number, column in found.merged_away():
        faults.setdefault(number, []).append((column, "merged-cell", _MERGED))
    links: dict[int, list[tuple[int, str]]] = {}
    for (number, column), target in found.links.items():
        links.setdefault(number, []).append((column, target))
    last = found.last_row
    for number, texts, own in values:
        if last is not None and number > last:
            return
        for column, code, text in faults.get(number, ()):
            cell = texts[column] if column < len(texts) else ""
            if code == "cell-error":
                own.append(Fault(column, code, f"the cell shows the error {cell}" if cell else text))
            elif not cell:
                own.append(Fault(column, code, text))
        yield Row(number, texts, own, links.get(number, ()), number in found.hidden_rows)


def _calamine(data: bytes, sheet: str) -> Iterator[tuple[int, list[str], list[Fault]]]:
    from python_calamine import CalamineWorkbook

    for number, values in enumerate(CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(sheet).iter_rows(), 1):
        if any(type(value) is float for value in values):
            yield number, [as_text(value) for value in values], rounded(values)
        else:
            yield number, [value if type(value) is str else as_text(value) for value in values], []


def _openpyxl(data: bytes, sheet: str) -> Iterator[tuple[int, list[str], list[Fault]]]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    worksheet: Any = book[sheet]
    worksheet.reset_dimensions()  # the file's own claim of its size can be wrong
    for number, cells in enumerate(worksheet.iter_rows(), 1):
        texts = []
        for cell in cells:
            value = cell.value
            if isinstance(value, str):
                texts.append(unescaped(value))
            elif type(value) is int or type(value) is float:
                texts.append(as_text(value, cell.number_format))
            else:
                texts.append(as_text(value))
        yield number, texts, rounded([cell.value for cell in cells])


def rounded(values: Sequence[object]) -> list[Fault]:
    """A fault for each number that has more digits than its spreadsheet program keeps."""
    return [Fault(index, "rounded-number", ROUNDED) for index, value in enumerate(values) if is_rounded(value)]
