"""The results sheet: the input's columns untouched, then what happened to each row, as CSV or XLSX.

Written from the ledger, into place in one step, never over the input. Foreign text can never become a formula: a workbook's
cells are typed as text, and a CSV's risky ones get a leading apostrophe, which reading the sheet again takes off.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from runner.errors import StorageError, UsageError
from runner.intake.column import RESULT_COLUMNS
from runner.intake.sheet import MAX_ROWS, guard
from runner.ledger.record import NEEDS_A_PERSON, Line, Status

if TYPE_CHECKING:
    from openpyxl import Workbook

MAX_CELL: Final = 32_767
_WIDTH_SAMPLE: Final = 200
_LONGEST_GAP: Final = 1_000
_MARK: Final = "… [cut]"
_COLOURS: Final = {
    Status.SENT: "C6EFCE",
    Status.WAITING: "DDEBF7",
    Status.SKIPPED: "EDEDED",
    Status.FAILED: "FFC7CE",
    Status.INVALID: "FFC7CE",
    Status.UNCERTAIN: "FFEB9C",
}
# XML holds no control characters; a workbook writes them, and what looks like such an escape, as _xHHHH_.
_TO_ESCAPE: Final = re.compile("[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}(?:_|[\x00-\x08\x0b-\x1f]))")
_UNWRITABLE: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_ERROR_CODES: Final = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})


@dataclass(frozen=True, slots=True)
class Written:
    """Where the results are; `instead_of` is the place that could not be written, when they are elsewhere."""

    path: Path
    instead_of: Path | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the results hold: the input's headers, the lines, the summary's lines, and when a waiting line may go."""

    headers: Sequence[str]
    lines: Callable[[], Iterable[Line]]
    summary: Sequence[tuple[str, str]]
    waits_until: Callable[[Line], datetime | None]
    delimiter: str = ","


def default_path(sheet: Path, *, workbook: bool) -> Path:
    """`people.csv` → `people.results.csv`, beside it; another ending follows the kind of the input."""
    suffix = sheet.suffix if sheet.suffix.lower() in (".csv", ".xlsx") else ".xlsx" if workbook else ".csv"
    stem = sheet.stem if sheet.suffix else sheet.name
    return sheet.with_name(f"{stem}.results{suffix}")


def check_path(path: Path, sheet: Path) -> None:
    """Refuse, before anything is sent, a place that results cannot go to. Raises UsageError, StorageError."""
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise UsageError(f"Results cannot be written as {path.name!r}.", remedy="Give a name that ends in .csv or .xlsx.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", remedy="Give the results a file name that ends in .csv or .xlsx.")
    if path.resolve() == sheet.resolve():
        raise UsageError("The results would replace the input.", where=str(path), remedy="Give -o another name.")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise StorageError(
            f"The results cannot be written to the folder {path.parent} ({error.strerror}); nothing was sent.",
            remedy="Choose another place with -o PATH.",
        ) from None


def write(path: Path, sheet: Sheet) -> Written:
    """Write the results; where the place is locked or read-only, beside it under another name. Raises StorageError."""
    fill = _write_workbook if path.suffix.lower() == ".xlsx" else _write_csv
    for attempt in range(1, 100):
        target = path if attempt == 1 else path.with_name(f"{path.stem} ({attempt}){path.suffix}")
        if _protected(target):
            continue
        try:
            with _replaced(target) as file:
                fill(file, sheet)
        except PermissionError:
            continue  # open in a spreadsheet program on Windows, most likely
        except OSError as error:
            raise _unwritable(path, error.strerror) from None
        return Written(target, None if target == path else path)
    raise _unwritable(path, "permission denied")


def _protected(target: Path) -> bool:
    """Whether someone marked the file read-only, or has it open in Excel or LibreOffice (which leave a note beside it)."""
    if not target.exists():
        return False
    notes = (target.with_name(f"~${target.name}"), target.with_name(f".~lock.{target.name}#"))
    return not target.stat().st_mode & 0o200 or not os.access(target, os.W_OK) or any(note.exists() for note in notes)


def _unwritable(path: Path, reason: str | None) -> StorageError:
    return StorageError(
        f"The results could not be written ({reason}); the ledger has everything.",
        where=str(path),
        remedy="Free space or choose another place, then: campaign results -o PATH.",
    )


@contextmanager
def _replaced(target: Path) -> Iterator[IO[bytes]]:
    """A file (mode 0600) that takes the target's place, durably and in one step, when its block ends well."""
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _outcome_cells(line: Line, sheet: Sheet) -> list[str | int]:
    """One cell per name of RESULT_COLUMNS."""
    sent = line.status in (Status.SENT, Status.UNCERTAIN)
    typing = "" if line.typing_indicator_sent is None else str(line.typing_indicator_sent).lower()
    until = sheet.waits_until(line) if line.status is Status.WAITING else None
    cells: Mapping[str, str | int] = {
        "status": line.status.value,
        "reason": line.reason or "",
        "typingIndicatorSent": typing,
        "error": line.error or "",
        "sentAt": _instant(line.sent_at),
        "sentToUrn": line.sent_to_urn or "",
        "sentFrom": (line.account or "default") if sent else "",
        "httpStatus": line.http_status or "",
        "attempts": line.attempts,
        "waitsUntil": _instant(until),
        "sentMessage": line.message or "",
    }
    return [cells[name] for name in RESULT_COLUMNS]


def _instant(instant: datetime | None) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant else ""


def _aligned(lines: Iterable[Line]) -> Iterator[Line | None]:
    """The lines with None for each blank row of the sheet between them, so that rows keep the numbers people know them by."""
    row = 2
    for line in lines:
        if line.number - row <= _LONGEST_GAP:
            yield from [None] * (line.number - row)
        row = line.number + 1
        yield line


# --- CSV


def _write_csv(file: IO[bytes], sheet: Sheet) -> None:
    # Excel takes a CSV for UTF-8 only with the mark at its start.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="", write_through=True)
    writer = csv.writer(text, delimiter=sheet.delimiter)
    writer.writerow([*(guard(header) for header in sheet.headers), *RESULT_COLUMNS])
    for line in _aligned(sheet.lines()):
        if line is None:
            writer.writerow([])
            continue
        cells = [*line.cells, *map(str, _outcome_cells(line, sheet))]
        # A zero byte would make the whole file look like no text at all.
        writer.writerow([guard(cell).replace("\x00", "\ufffd") for cell in cells])
    text.flush()
    text.detach()


# --- XLSX


def _write_workbook(file: IO[bytes], sheet: Sheet) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    headers = [*sheet.headers, *RESULT_COLUMNS]
    widths = _widths(headers, sheet)
    results = _worksheet(book, "Results", widths)
    attention = _worksheet(book, "Needs attention", widths)
    counts = {"Results": 1, "Needs attention": 1}
    style = _Style()
    results.append(style.header(results, headers))
    attention.append(style.header(attention, headers))
    for line in _aligned(sheet.lines()):
        if line is None:
            results.append([])
            counts["Results"] += 1
            continue
        cells = [*line.cells, *_outcome_cells(line, sheet)]
        if counts["Results"] >= MAX_ROWS:  # the last row of a worksheet: go on in another
            results = _worksheet(book, f"Results {len(book.worksheets) - 1}", widths)
            results.append(style.header(results, headers))
            counts["Results"] = 1
        results.append(style.row(results, cells, line.status, len(line.cells)))
        counts["Results"] += 1
        if line.status in NEEDS_A_PERSON and counts["Needs attention"] < MAX_ROWS:
            attention.append(style.row(attention, cells, line.status, len(line.cells)))
            counts["Needs attention"] += 1
    _write_summary(book, sheet.summary, style)
    last = _letters(len(headers))
    for worksheet, rows in ((results, counts["Results"]), (attention, counts["Needs attention"])):
        worksheet.auto_filter.ref = f"A1:{last}{rows}"
    book.save(file)


def _widths(headers: Sequence[str], sheet: Sheet) -> list[int]:
    """How wide the columns are to be, by their headers and first cells."""
    widths = [len(header) + 2 for header in headers]
    for index, line in enumerate(sheet.lines()):
        if index == _WIDTH_SAMPLE:
            break
        for column, cell in enumerate([*line.cells, *_outcome_cells(line, sheet)]):
            widths[column] = max(widths[column], len(str(cell)))
    return [min(max(width + 2, 8), 60) for width in widths]


def _worksheet(book: Workbook, title: str, widths: Sequence[int]) -> Any:
    worksheet = book.create_sheet(title)
    worksheet.freeze_panes = "A2"
    for column, width in enumerate(widths):
        worksheet.column_dimensions[_letters(column + 1)].width = width
    return worksheet


def _write_summary(book: Workbook, summary: Sequence[tuple[str, str]], style: _Style) -> None:
    worksheet = book.create_sheet("Summary")
    worksheet.column_dimensions["A"].width = 28
    worksheet.column_dimensions["B"].width = 80
    for label, value in summary:
        number = int(value) if value.isdigit() and len(value) < 10 else style.text(worksheet, value)
        worksheet.append([style.text(worksheet, label), number])


def _letters(count: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(count)


class _Style:
    """Cells of a write-only workbook: text that stays text, and the colour of a status."""

    def __init__(self) -> None:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font, PatternFill

        self._cell = WriteOnlyCell
        self._bold = Font(bold=True)
        self._fills = {status: PatternFill("solid", fgColor=colour) for status, colour in _COLOURS.items()}

    def header(self, worksheet: Any, headers: Sequence[str]) -> list[Any]:
        cells = []
        for header in headers:
            cell = self._typed(worksheet, header)
            cell.font = self._bold
            cells.append(cell)
        return cells

    def row(self, worksheet: Any, cells: Sequence[str | int], status: Status, coloured: int) -> list[Any]:
        values: list[Any] = [self.text(worksheet, cell) if isinstance(cell, str) else cell for cell in cells]
        cell = self._typed(worksheet, str(cells[coloured]))
        cell.fill = self._fills[status]
        values[coloured] = cell
        return values

    def text(self, worksheet: Any, text: str) -> Any:
        """The text as openpyxl may have it: plain where that is safe (and fast), else a cell typed as text."""
        if not text:
            return None
        escaped = escape(text)
        risky = escaped[0] == "=" or escaped in _ERROR_CODES or len(escaped) > MAX_CELL
        return self._typed(worksheet, text) if risky else escaped

    def _typed(self, worksheet: Any, text: str) -> Any:
        cell: Any = self._cell(worksheet, "")
        cell._value = escape(text)  # the setter would cut the escaped text, and take "=…" for a formula
        cell.data_type = "s"
        return cell


def escape(text: str) -> str:
    """The text as a workbook's XML can hold it, cut to what one of its cells can hold (counted in UTF-16, as Excel does)."""
    text = _UNWRITABLE.sub("\ufffd", text)
    if len(text) > MAX_CELL // 2 and len(text.encode("utf-16-le")) > 2 * MAX_CELL:
        room = 2 * (MAX_CELL - len(_MARK))
        text = text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _MARK
    text = _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    if text.isspace():  # a cell of nothing but spaces would be read as empty
        text = f"_x{ord(text[0]):04X}_{text[1:]}"
    return text
