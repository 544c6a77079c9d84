"""A workbook's rows, read by the library that reads its kind best.

This module runs in a process of its own (`isolated`), because parsers can crash.

An XLSX is read by openpyxl, or by python-calamine when the worksheet holds nothing that calamine
would hide or change. XLS, XLSB and ODS are read by calamine, beside a look at the raw file for what
they hide.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, Final, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from runner.errors import RefusedError
from runner.intake.cell import ROUNDED, as_text, column_letter, is_padded, is_rounded, unescaped
from runner.intake.code import Code
from runner.intake.display import Value
from runner.intake.reader import ods, xls, xlsb, xlsx
from runner.intake.reader.archive import LiteralArchive
from runner.intake.reader.figure import FIRST_YEAR, code_of, display_of, figure_of, form_of
from runner.intake.reader.marks import UNREAD, DamagedError, Marks, Worksheet, shows_zeros
from runner.intake.sheet import Display, Fault, Figure, Row

_OTHERS: Final = {"ods": ods, "xls": xls, "xlsb": xlsb}
# Date formats that Excel has built in for Chinese, Japanese and Korean only. Files do not spell
# them out.
_EAST_ASIAN: Final = dict.fromkeys([*range(27, 37), *range(50, 59)], "yyyy-mm-dd hh:mm")
_TYPED: Final = (float, date, time, timedelta)
_MERGED: Final = (
    "merged with the cell above or beside it, which alone holds the value; unmerge the cells and "
    "fill each in"
)


class Values(NamedTuple):
    """A row's number, its texts, the faults that the reader of values found itself, what is shown
    instead, and the cells that are no text."""

    number: int
    texts: Sequence[str]
    faults: list[Fault]
    shown: list[Display]
    figures: list[Figure]


class Opened(NamedTuple):
    """A chosen worksheet, the notices on the choice, the rows, which can be walked once, and the
    other worksheets that people see."""

    sheet: str
    notices: list[str]
    rows: Iterator[Row]
    others: list[str]


def open_workbook(data: bytes, kind: str, sheet: str | None, name: str) -> Opened:
    """Open one worksheet of a workbook.

    It is the worksheet `sheet`, or else the only visible one, or else the one that the workbook
    opens with. `name` is the name of the file, for sentences. Raises RefusedError, the errors of
    `marks`, or any error that a parser raises.
    """
    if kind != "xls":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if (
                archive.testzip()
            ):  # a part is not as it was written; calamine would read it all the same
                raise DamagedError("a part is not as it was written")
    if kind == "xlsx":
        tabs, active = xlsx.worksheets(data)
        chosen, notices = choose(tabs, active, sheet, name)
        found = xlsx.marks(data, chosen)
        values = (
            _openpyxl(data, chosen.name, found.language)
            if found.special
            else _calamine_or(data, chosen.name, found.language)
        )
    else:
        reader = _OTHERS[kind]
        opens_with = reader.active(data)  # first: calamine does not tell a password from damage
        try:
            tabs = _tabs(data)
        except CalamineError:
            reader.marks(data, Worksheet(""))  # this may raise an error that says more
            raise
        active = next((index for index, tab in enumerate(tabs) if tab.name == opens_with), 0)
        chosen, notices = choose(tabs, active, sheet, name)
        found = reader.marks(data, chosen)
        values = _calamine(data, chosen.name, found.language)
    if found.hidden_columns:
        letters = ", ".join(map(column_letter, sorted(found.hidden_columns)[:8]))
        notices.append(
            "Hidden columns are read like the others: "
            f"{letters}{' …' if len(found.hidden_columns) > 8 else ''}."
        )
    others = [tab.name for tab in tabs if tab.visible and not tab.is_chart and tab != chosen]
    return Opened(chosen.name, notices, _rows(values, found), others)


def _tabs(data: bytes) -> list[Worksheet]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return [
        Worksheet(
            tab.name, tab.visible == SheetVisibleEnum.Visible, tab.typ != SheetTypeEnum.WorkSheet
        )
        for tab in book.sheets_metadata
    ]


def choose(
    tabs: Sequence[Worksheet], active: int, sheet: str | None, name: str
) -> tuple[Worksheet, list[str]]:
    """Choose the worksheet to read, and give the notices on the choice. Raises RefusedError."""
    readable = [tab for tab in tabs if not tab.is_chart]
    visible = [tab for tab in readable if tab.visible]
    if sheet is not None:
        exact = [tab for tab in readable if tab.name == sheet]
        alike = exact or [
            tab for tab in readable if tab.name.strip().casefold() == sheet.strip().casefold()
        ]
        if len(alike) != 1:
            names = ", ".join(repr(tab.name) for tab in readable)
            raise RefusedError(
                f"{name} has no worksheet {sheet!r}.", where=name, remedy=f"It has: {names}."
            )
        return alike[0], []
    if not visible:
        if not readable:
            raise DamagedError("no worksheets")
        names = ", ".join(f"--sheet {tab.name!r}" for tab in readable)
        raise RefusedError(
            f"All worksheets of {name} are hidden.",
            where=name,
            remedy=f"Say which is meant: {names}.",
        )
    chosen = tabs[active] if active < len(tabs) and tabs[active] in visible else visible[0]
    if len(visible) == 1:
        return chosen, []
    others = ", ".join(repr(tab.name) for tab in visible if tab != chosen)
    return chosen, [
        (
            f"Reading the worksheet {chosen.name!r}; {name} also has: {others}. --sheet NAME takes "
            "another."
        )
    ]


def _rows(values: Iterator[Values], found: Marks) -> Iterator[Row]:
    """Give the rows, each with its marks."""
    faults: dict[int, list[tuple[int, Code, str]]] = {}
    for (number, column), (code, text) in found.faults.items():
        faults.setdefault(number, []).append((column, code, text))
    for number, column in found.merged_away():
        faults.setdefault(number, []).append((column, "merged-cell", _MERGED))
    links: dict[int, list[tuple[int, str]]] = {}
    for (number, column), target in found.links.items():
        links.setdefault(number, []).append((column, target))
    last, number = found.last_row, 0
    for number, texts, own, shown, figures in values:
        if last is not None and number > last:
            return
        told = {fault.column for fault in own}
        for column, code, text in faults.get(number, ()):
            if column not in told and (
                code != "merged-cell" or not any(texts[column : column + 1])
            ):
                own.append(Fault(column, code, text))
        if found.shown:
            shown = _as_shown(found, number, texts)
        hidden = number in found.hidden_rows
        yield Row(number, texts, own, links.get(number, ()), hidden, shown, figures)
    # A reader of values leaves out the last rows when it sees no values in them.
    for after in sorted({row for row, _ in found.faults if row > number}):
        own = [Fault(*fault) for fault in faults[after]]
        yield Row(
            after,
            [""] * (max(column for column, *_ in faults[after]) + 1),
            own,
            links.get(after, ()),
            after in found.hidden_rows,
        )


def _as_shown(found: Marks, number: int, texts: Sequence[str]) -> list[Display]:
    """Return the cells of a row that show something else than their raw text."""
    return [
        Display(column, found.shown[number, column], is_sure=True)
        for column, text in enumerate(texts)
        if found.shown.get((number, column), text) != text
    ]


def _calamine_or(data: bytes, sheet: str, language: str | None) -> Iterator[Values]:
    try:
        yield from _calamine(data, sheet, language)
    except CalamineError:  # calamine fails on some part that openpyxl passes over
        yield from _openpyxl(data, sheet, language)


def _calamine(data: bytes, sheet: str, language: str | None) -> Iterator[Values]:
    worksheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(sheet)
    left = (
        worksheet.start[1] if worksheet.start else 0
    )  # its rows begin with the first column that holds anything
    for number, values in enumerate(worksheet.iter_rows(), 1):
        values[:0] = [""] * left
        if any(isinstance(value, (bool, *_TYPED)) for value in values):
            texts = [as_text(value) for value in values]
            shown = [
                one
                for index, value in enumerate(values)
                if isinstance(value, _TYPED)
                and (one := display_of(index, value, texts[index], language, form_of(value)))
            ]
            figures = list(filter(None, map(figure_of, count(), values)))
            yield Values(number, texts, rounded(values), shown, figures)
        else:
            plain = [value if type(value) is str else as_text(value) for value in values]
            yield Values(number, plain, [], [], [])


def _openpyxl(data: bytes, sheet: str, language: str | None) -> Iterator[Values]:
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    BUILTIN_FORMATS.update(_EAST_ASIAN)
    reader = ExcelReader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    reader.archive = LiteralArchive(io.BytesIO(data))
    reader.read()
    worksheet: Any = reader.wb[sheet]
    worksheet.reset_dimensions()  # the file's own claim of its size can be wrong
    for number, cells in enumerate(worksheet.iter_rows(), 1):
        texts, own = [], rounded([cell.value for cell in cells])
        shown: list[Display] = []
        figures: list[Figure] = []
        for index, cell in enumerate(cells):
            value = cell.value
            if isinstance(value, str):
                texts.append(unescaped(value))
                if cell.data_type == "e":
                    own.append(Fault(index, "cell-error", f"the cell shows the error {value}"))
            elif type(value) is int or type(value) is float:
                texts.append(as_text(value, cell.number_format))
                if shows_zeros(cell.number_format) and not is_padded(cell.number_format):
                    own.append(Fault(index, *UNREAD))
            else:
                texts.append(as_text(value))
                if isinstance(value, datetime) and value.year < FIRST_YEAR:
                    own.append(
                        Fault(
                            index, "cell-error", "the cell shows no date: it would lie before 1900"
                        )
                    )
            if value is not None and (one := figure_of(index, value, cell.number_format)):
                figures.append(one)
            if isinstance(value, Value) and not isinstance(value, bool):
                code = code_of(cell)
                if told := display_of(index, value, texts[-1], language, code):
                    shown.append(told)
        yield Values(number, texts, own, shown, figures)


def rounded(values: Sequence[object]) -> list[Fault]:
    """Return a fault for each number that has more digits than its spreadsheet program keeps."""
    return [
        Fault(index, "rounded-number", ROUNDED)
        for index, value in enumerate(values)
        if is_rounded(value)
    ]
