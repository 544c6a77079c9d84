"""The results in a copy of the user's own workbook.

The result columns stand right of everything on the worksheet, which keeps its look.

openpyxl would silently change some of the user's cells on its way (dates, long numbers, spaces,
blank links). They are kept as the file has them. `loss` tells beforehand what openpyxl cannot keep
at all.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import IO, Any, Final

from openpyxl.cell.cell import MergedCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet.dimensions import ColumnDimension
from openpyxl.worksheet.hyperlink import Hyperlink

from runner.intake.reader.archive import LiteralArchive
from runner.result.copying import CopyError
from runner.result.loss import MACROS
from runner.result.style import COLOURS, WIDTH_SAMPLE, escape, keep_spaces, width_of

_MAX_COLUMNS: Final = 16_384
_MOST_LINKS: Final = 60_000  # Excel opens no worksheet with more than 65,530
# A row is as high as its first line.
_FROM_ITS_FIRST_LINE: Final = Alignment(vertical="top")


def ending(data: bytes) -> str:
    """Return the ending that the copy's name needs for Excel to open it.

    It is `.xlsm` only when there are macros to keep.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return ".xlsm" if MACROS in archive.namelist() else ".xlsx"


def write_copy(
    data: bytes,
    file: IO[bytes],
    *,
    sheet: str,
    header_row: int,
    headers: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str | int]]],
    replace: Sequence[int] = (),
    coloured: int = 0,
) -> None:
    """Write the workbook with `headers` in `header_row` and the values of each row.

    Each row's values go in the row of that number. Headers and values go right of everything used
    on the worksheet, or over the columns `replace` (from 0, in the order of `headers`). `coloured`
    is the index of the status. Raises CopyError, and OSError when the file cannot be written.
    """
    keep_spaces()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _translated("read"):
            book = _load(data)
            if sheet not in (worksheet.title for worksheet in book.worksheets):
                raise CopyError(
                    f"The workbook cannot be read for a copy (its worksheet {sheet!r} is not "
                    "found)."
                )
            worksheet = book[sheet]
            _keep_as_stored(book)
        columns = [index + 1 for index in replace] or _free_columns(worksheet, len(headers))
        widths = _fill(worksheet, header_row, headers, rows, columns, coloured)
        for column, width in zip(columns, widths, strict=True):
            _show(worksheet, column, None if replace else width)
        _filter(worksheet, header_row, columns)
        written = (
            io.BytesIO()
        )  # an archive that meets a full disk raises again when it is collected
        with _translated("written", OSError):
            book.save(written)
    file.write(written.getbuffer())


@contextmanager
def _translated(done: str, passed: type[Exception] = CopyError) -> Iterator[None]:
    try:
        yield
    except (CopyError, MemoryError, passed):
        raise
    except Exception as error:
        # openpyxl, zipfile and expat answer unknown content with almost any exception.
        reason = str(error).partition("\n")[0][:200]
        raise CopyError(
            f"The workbook cannot be {done} for a copy ({type(error).__name__}: {reason})."
        ) from error


class _Archive(LiteralArchive):
    escaped = re.compile(
        "xl/(worksheets/|sharedstrings)", re.IGNORECASE
    )  # when it reads formats within texts, openpyxl takes "x005F_" out of both


class _Reader(ExcelReader):
    """openpyxl's reader, without the changes it makes to cells by interpreting them unasked."""

    def __init__(self, data: bytes, *, macros: bool) -> None:
        super().__init__(io.BytesIO(data), keep_vba=macros, rich_text=True)
        self.archive = _Archive(io.BytesIO(data))

    def read_worksheets(self) -> None:
        book: Any = self.wb
        book._date_formats = (
            set()
        )  # dates stay numbers: openpyxl would make an error of one before 1900 or after 9999
        super().read_worksheets()


def _load(data: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        macros = MACROS in archive.namelist()
    reader = _Reader(data, macros=macros)
    reader.read()
    book: Any = reader.wb
    book.template = False
    if book.calculation is None:
        book.calculation = CalcProperties()
    book.calculation.fullCalcOnLoad = True
    return book


def _keep_as_stored(book: Any) -> None:
    for worksheet in book.worksheets:
        worksheet._images = [
            each for each in worksheet._images if each.format not in ("emf", "wmf")
        ]  # openpyxl cannot save them
        for cell in worksheet._cells.values():
            value = cell._value
            if isinstance(value, str):
                if cell.hyperlink and (
                    value is cell.hyperlink.target or value is cell.hyperlink.location
                ):
                    # openpyxl makes the link of a blank cell its text: the very same object. With
                    # None as the text it would drop the link.
                    cell._value, cell.data_type = "", "n"
            elif (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and float(f"{value:.16g}") != value
            ):
                cell._value = repr(value)  # openpyxl would write 16 digits of it
            elif isinstance(value, CellRichText):
                cell._value = CellRichText([_spaced(run) for run in value])


def _spaced(run: Any) -> Any:
    """Return a run, kept from being read as empty when it holds nothing but spaces.

    The first space becomes an escape, which openpyxl writes as it is.
    """
    text = run.text if isinstance(run, TextBlock) else run
    if not text.isspace():
        return run
    text = f"_x{ord(text[0]):04X}_{text[1:]}"
    return TextBlock(run.font, text) if isinstance(run, TextBlock) else text


def _free_columns(worksheet: Any, count: int) -> list[int]:
    used = [cell.column for cell in worksheet._cells.values() if _is_used(cell)]
    used += [merged.max_col for merged in worksheet.merged_cells.ranges]
    used += [range_boundaries(table.ref)[2] or 0 for table in worksheet.tables.values()]
    for drawn in (*worksheet._charts, *worksheet._images):
        corner = getattr(drawn.anchor, "to", None) or getattr(drawn.anchor, "_from", None)
        used += [corner.col + 1] if corner is not None else []
    last = max(used, default=0)
    if last + count > _MAX_COLUMNS:
        raise CopyError(
            f"The worksheet {worksheet.title!r} has no {count} free columns right of what it holds."
        )
    return list(range(last + 1, last + count + 1))


def _is_used(cell: Any) -> bool:
    return cell._value is not None or cell.comment is not None or cell.hyperlink is not None


def _fill(
    worksheet: Any,
    header_row: int,
    headers: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str | int]]],
    columns: Sequence[int],
    coloured: int,
) -> list[int]:
    """Put the texts in, and return the widths of the columns."""
    titles = [
        cell for cell in worksheet[header_row] if _is_used(cell) and cell.column not in columns
    ]
    for column, header in zip(columns, headers, strict=True):
        cell = _put(worksheet, header_row, column, header)
        if titles:
            cell._style = copy(titles[-1]._style)
    fills = {
        status.value: PatternFill("solid", fgColor=colour) for status, colour in COLOURS.items()
    }
    widths = [len(header) for header in headers]
    linked = dict(zip(headers, columns, strict=True)).get("conversation")
    for index, (row, values) in enumerate(rows):
        for column, value in zip(columns, values, strict=True):
            cell = _put(worksheet, row, column, value)
            if cell.has_style:
                cell.number_format = "General"  # a blank cell may have been made ready for a date
            if isinstance(value, str) and "\n" in value:
                cell.alignment = _FROM_ITS_FIRST_LINE
            if column == linked and value and index < _MOST_LINKS:
                cell.hyperlink = Hyperlink(ref=cell.coordinate, target=str(value))
        worksheet.cell(row, columns[coloured]).fill = fills.get(
            str(values[coloured]), PatternFill()
        )
        if index < WIDTH_SAMPLE:
            widths = [
                max(width, len(str(value))) for width, value in zip(widths, values, strict=True)
            ]
    return [width_of(width) for width in widths]


def _filter(worksheet: Any, header_row: int, columns: Sequence[int]) -> None:
    """Let the filter reach over the results as well. A table has one of its own, and beside it the
    results have one."""
    last = max(columns, default=1)
    if worksheet.auto_filter.ref:
        left, top, right, bottom = (
            edge or 1 for edge in range_boundaries(worksheet.auto_filter.ref)
        )
    else:
        left = min(columns, default=1) if worksheet.tables else 1
        top, right, bottom = header_row, last, worksheet.max_row
    inside = any(
        (range_boundaries(table.ref)[2] or 0) >= left for table in worksheet.tables.values()
    )
    if top == header_row and (worksheet.auto_filter.ref or not inside):
        first, end = get_column_letter(left), get_column_letter(max(right, last))
        worksheet.auto_filter.ref = f"{first}{top}:{end}{bottom}"


def _put(worksheet: Any, row: int, column: int, value: str | int) -> Any:
    cell = worksheet.cell(row, column)
    if isinstance(cell, MergedCell):
        raise CopyError(
            f"Cell {cell.coordinate} of {worksheet.title!r} is part of a merged one, so no result "
            "can go there."
        )
    cell._value = (
        (escape(value) or None) if isinstance(value, str) else value
    )  # the setter would take "=…" for a formula
    cell.data_type = "s" if isinstance(value, str) and value else "n"
    return cell


def _show(worksheet: Any, column: int, width: int | None) -> None:
    """Make the column visible and wide.

    When the file describes a range of columns, only this one of them changes.
    """
    dimensions = worksheet.column_dimensions
    for first, dimension in list(dimensions.items()):
        dimension.reindex()
        if not dimension.min <= column <= dimension.max:
            continue
        low, high = dimension.min, dimension.max
        del dimensions[first]
        for start, end in ((low, column - 1), (column, column), (column + 1, high)):
            if start <= end:
                letter = get_column_letter(start)
                part: Any = ColumnDimension(worksheet, letter, dimension.width, min=start, max=end)
                part.hidden, part.outlineLevel, part.bestFit = (
                    dimension.hidden,
                    dimension.outlineLevel,
                    dimension.bestFit,
                )
                part._style = copy(dimension._style)
                dimensions[letter] = part
    mine = dimensions[get_column_letter(column)]
    mine.hidden = False
    if width is not None:
        mine.width = width
