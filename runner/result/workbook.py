"""The results sheet, as CSV or XLSX: the input's columns, then what happened to each row.

The input's columns are untouched. The sheet is written from the ledger, into place in one step,
never over the input. Foreign text can never become a formula: a workbook's cells are typed as text,
and a CSV's risky cells get a leading apostrophe. Reading the sheet again takes the apostrophe off.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import quote

from runner import words
from runner.intake.cell import CUT, MAX_CELL, column_letter, guard
from runner.intake.result import RESULT_COLUMNS, STEP_COLUMN, VARIANT_COLUMN
from runner.intake.sheet import MAX_ROWS
from runner.ledger.line import Line, Sending
from runner.ledger.record import NEEDS_A_PERSON, POSSIBLY_RECEIVED, Status
from runner.result.place import Written, put
from runner.result.style import WIDTH_SAMPLE, Style, width_of

if TYPE_CHECKING:
    from openpyxl import Workbook

_THREAD: Final = re.compile(r",(2-[\w=+/-]{1,200})\)$")
_LONGEST_GAP: Final = 1_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """The content of the results: the input's headers, the lines, and the summary's lines.

    `waits_until` tells when a waiting line may go. `columns` are the names of the columns with the
    results. `sendings` gives every message of a sequence, where there is one.
    """

    headers: Sequence[str]
    lines: Callable[[], Iterable[Line]]
    summary: Sequence[tuple[str, str]]
    waits_until: Callable[[Line], datetime | None]
    delimiter: str = ","
    columns: Sequence[str] = RESULT_COLUMNS
    sendings: Callable[[], Iterator[Sending]] | None = None


def write(path: Path, sheet: Sheet, is_ours: Callable[[Path], bool] | None = None) -> Written:
    """Write the results. Raises StorageError.

    When the place is locked or read-only, or when there is a file that is not ours to replace, the
    results go beside it under another name.
    """
    fill = _write_workbook if path.suffix.lower() == ".xlsx" else _write_csv
    return put(path, lambda file: fill(file, sheet), is_ours)


def outcome_cells(line: Line, sheet: Sheet) -> list[str | int]:
    """Return one cell for each of the sheet's `columns`."""
    sent = line.status in (Status.SENT, Status.UNCERTAIN) or line.sent_at is not None
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
        "repliedAt": _instant(line.replied_at),
        "reply": line.reply or "",
        "conversation": link_of(line.conversation_urn) or "",
        STEP_COLUMN: line.step if line.delivery else "",
        VARIANT_COLUMN: line.variant or "",
    }
    return [cells[name] for name in sheet.columns]


def link_of(conversation_urn: str | None) -> str | None:
    """Return the link under which a person opens a conversation, where its URN tells it."""
    thread = _THREAD.search(conversation_urn or "")
    return f"https://www.linkedin.com/messaging/thread/{quote(thread[1])}/" if thread else None


def _instant(instant: datetime | None) -> str:
    return words.instant(instant) if instant else ""


def _aligned(lines: Iterable[Line]) -> Iterator[Line | None]:
    """Give the lines, with None for each blank row of the sheet between them.

    So rows keep the numbers that people know them by.
    """
    row = 2
    for line in lines:
        if line.number - row <= _LONGEST_GAP:
            yield from [None] * (line.number - row)
        row = line.number + 1
        yield line


# --- CSV


def _write_csv(file: IO[bytes], sheet: Sheet) -> None:
    # Excel takes a CSV for UTF-8 only with the mark at its start.
    text = io.TextIOWrapper(
        file, encoding="utf-8-sig", errors="replace", newline="", write_through=True
    )
    writer = csv.writer(text, delimiter=sheet.delimiter)
    writer.writerow([*map(_safe, sheet.headers), *sheet.columns])
    for line in _aligned(sheet.lines()):
        if line is None:
            writer.writerow([])
            continue
        cells = [*line.cells, *map(str, outcome_cells(line, sheet))]
        writer.writerow(map(_safe, cells))
    text.flush()
    text.detach()


def _safe(text: str) -> str:
    """Return a text that no spreadsheet program takes for a formula, as long as a cell may be."""
    # A zero byte would make the whole file look as if it were not text.
    text = guard(text).replace("\x00", "\ufffd")
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - len(CUT)] + CUT


# --- XLSX


def _write_workbook(file: IO[bytes], sheet: Sheet) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    headers = [*sheet.headers, *sheet.columns]
    widths = _widths(headers, sheet)
    results = _worksheet(book, "Results", widths)
    attention = _worksheet(book, "Needs attention", widths)
    counts = {"Results": 1, "Needs attention": 1}
    style = Style()
    results.append(style.header(results, headers))
    attention.append(style.header(attention, headers))
    needy: list[Line] = []
    for line in _aligned(sheet.lines()):
        if line is None:
            results.append([])
            counts["Results"] += 1
            continue
        cells = [*line.cells, *outcome_cells(line, sheet)]
        if counts["Results"] >= MAX_ROWS:  # the last row of a worksheet: go on in another
            results = _worksheet(book, f"Results {len(book.worksheets) - 1}", widths)
            results.append(style.header(results, headers))
            counts["Results"] = 1
        results.append(style.row(results, cells, line.status, len(line.cells)))
        counts["Results"] += 1
        if line.status in NEEDS_A_PERSON:
            needy.append(line)
    for line in sorted(needy, key=lambda line: line.status is not Status.UNCERTAIN)[: MAX_ROWS - 1]:
        cells = [*line.cells, *outcome_cells(line, sheet)]
        attention.append(style.row(attention, cells, line.status, len(line.cells)))
        counts["Needs attention"] += 1
    if sheet.sendings is not None:
        _write_messages(book, sheet.sendings(), style)
    _write_summary(book, sheet.summary, style)
    last = column_letter(len(headers) - 1)
    for worksheet, rows in ((results, counts["Results"]), (attention, counts["Needs attention"])):
        worksheet.auto_filter.ref = f"A1:{last}{rows}"
    book.save(file)


def _widths(headers: Sequence[str], sheet: Sheet) -> list[int]:
    """Return the widths of the columns, by their headers and first cells."""
    widths = [len(header) + 2 for header in headers]
    for index, line in enumerate(sheet.lines()):
        if index == WIDTH_SAMPLE:
            break
        for column, cell in enumerate([*line.cells, *outcome_cells(line, sheet)]):
            widths[column] = max(widths[column], len(str(cell)))
    return [width_of(width) for width in widths]


def _worksheet(book: Workbook, title: str, widths: Sequence[int]) -> Any:
    worksheet = book.create_sheet(title)
    worksheet.freeze_panes = "A2"
    for column, width in enumerate(widths):
        worksheet.column_dimensions[column_letter(column)].width = width
    return worksheet


_MESSAGE_COLUMNS: Final = (
    ("row", 8),
    ("person", 30),
    ("step", 8),
    ("variant", 14),
    ("status", 12),
    ("reason", 40),
    ("sentAt", 22),
    ("sentFrom", 20),
    ("typingIndicatorSent", 20),
    ("error", 30),
    ("notBefore", 22),
    ("repliedAt", 22),
    ("message", 60),
)


def _write_messages(book: Workbook, sendings: Iterator[Sending], style: Style) -> None:
    """Write every message of a sequence, made or to come."""
    headers = [name for name, _ in _MESSAGE_COLUMNS]
    widths = [width for _, width in _MESSAGE_COLUMNS]
    status = headers.index("status")
    rows = MAX_ROWS
    for one in sendings:
        if rows >= MAX_ROWS:
            number = sum(title.startswith("Messages") for title in book.sheetnames)
            worksheet = _worksheet(book, f"Messages {number + 1}" if number else "Messages", widths)
            worksheet.append(style.header(worksheet, headers))
            rows = 1
        gone = one.status in POSSIBLY_RECEIVED
        typing = one.typing_indicator_sent
        cells: list[str | int] = [
            one.row,
            one.person,
            one.step,
            one.variant or "",
            one.status.value,
            one.reason or "",
            _instant(one.sent_at),
            (one.account or "default") if gone else "",
            "" if typing is None else str(typing).lower(),
            one.error or "",
            _instant(one.due_at) if one.status is Status.WAITING else "",
            _instant(one.replied_at),
            one.text,
        ]
        worksheet.append(style.row(worksheet, cells, one.status, status))
        rows += 1


def _write_summary(book: Workbook, summary: Sequence[tuple[str, str]], style: Style) -> None:
    worksheet = book.create_sheet("Summary")
    worksheet.column_dimensions["A"].width = 28
    worksheet.column_dimensions["B"].width = 80
    for label, value in summary:
        number = int(value) if value.isdigit() and len(value) < 10 else style.text(worksheet, value)
        worksheet.append([style.text(worksheet, label), number])
