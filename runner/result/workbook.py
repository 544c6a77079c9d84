"""The results sheet, as CSV or XLSX: the input's columns, then what happened to each row.

The input's columns are untouched. The sheet is written from the ledger, into place in one step,
never over the input. Foreign text can never become a formula: a workbook's cells are typed as text,
and a CSV's risky cells get a leading apostrophe. Reading the sheet again takes the apostrophe off.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from runner import words
from runner.intake.cell import CUT, MAX_CELL, guard
from runner.intake.column import RECIPIENT_ROLES, Column, lay_out
from runner.intake.display import rendered
from runner.intake.result import RESULT_COLUMNS, ROW_COLUMN, STEP_COLUMN, VARIANT_COLUMN
from runner.ledger.kinds import Kind
from runner.ledger.line import Line, Sending
from runner.ledger.record import NEEDS_A_PERSON, POSSIBLY_RECEIVED, Status
from runner.result.facts import Day
from runner.result.link import conversation_link, profile_link
from runner.result.overview import write_summary
from runner.result.place import Written, put
from runner.result.style import WIDTH_SAMPLE, width_of
from runner.result.tab import Tabs

if TYPE_CHECKING:
    from runner.result.book import Book

_LONGEST_GAP: Final = 1_000
# "Wednesday" and "September" have five letters more than their codes. Numbers further down may have
# more digits than the first ones.
_LONGER_WORD: Final = 5
_LONGEST_DATE: Final = 24
_ROOM: Final = 3


@dataclass(frozen=True, slots=True)
class Sheet:
    """The content of the results: the input's headers, the lines, and the summary's lines.

    `waits_until` tells when a waiting line may go. `columns` are the names of the columns with the
    results. `header_row` is the number of the list's header: what stands above it is not handed
    back, but a workbook leaves as many rows blank, so that each row keeps its number. `days` gives
    those that are drawn in the summary. `sendings` gives every message of a sequence, where there
    is one.
    """

    headers: Sequence[str]
    lines: Callable[[], Iterable[Line]]
    summary: Sequence[tuple[str, str]]
    waits_until: Callable[[Line], datetime | None]
    delimiter: str = ","
    columns: Sequence[str] = RESULT_COLUMNS
    header_row: int = 1
    days: Callable[[], Sequence[Day]] = tuple
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
        "conversation": conversation_link(line.conversation_urn) or "",
        STEP_COLUMN: line.step if line.delivery else "",
        VARIANT_COLUMN: line.variant or "",
    }
    return [cells[name] for name in sheet.columns]


def _instant(instant: datetime | None) -> str:
    return words.instant(instant) if instant else ""


def _aligned(lines: Iterable[Line], header_row: int) -> Iterator[Line | None]:
    """Give the lines, with None for each row of the list without one, below the header.

    So rows keep the numbers that people know them by.
    """
    row = header_row + 1
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
    # Programs take the first line for the header, so what stood above it is blank below it.
    for line in _aligned(sheet.lines(), header_row=1):
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
    from runner.result.book import new_book

    with new_book(file) as book:
        _fill(book, sheet)


def _fill(book: Book, sheet: Sheet) -> None:
    headers = [*sheet.headers, *sheet.columns]
    widths = _widths(headers, sheet)
    status = len(sheet.headers)
    top = sheet.header_row if sheet.header_row <= _LONGEST_GAP else 1
    results = Tabs(book, "Results", headers, widths, status, header_row=top)
    numbered = ([*headers, ROW_COLUMN], [*widths, width_of(len(ROW_COLUMN))])
    attention = Tabs(book, "Needs attention", *numbered, status)
    whom, talk = _recipient(sheet.headers), len(sheet.headers) + sheet.columns.index("conversation")

    def links(line: Line) -> dict[int, str | None]:
        found = {talk: conversation_link(line.conversation_urn)}
        if whom is not None:
            found[whom] = profile_link(line.person or line.identity)
        return found | {index: kind.link for index, kind in line.kinds.items() if kind.link}

    needy: list[Line] = []
    for line in _aligned(sheet.lines(), top):
        if line is None:
            results.blank()
            continue
        cells = [*line.cells, *outcome_cells(line, sheet)]
        results.row(cells, line.status, links(line), line.kinds)
        if line.status in NEEDS_A_PERSON:
            needy.append(line)
    for line in sorted(needy, key=lambda line: line.status is not Status.UNCERTAIN):
        cells = [*line.cells, *outcome_cells(line, sheet), line.number]
        attention.row(cells, line.status, links(line), line.kinds)
    results.end()
    attention.end()
    if sheet.sendings is not None:
        _write_messages(book, sheet.sendings())
    write_summary(book, sheet.summary, sheet.days())


def _recipient(headers: Sequence[str]) -> int | None:
    """The index of the column that says who a row's person is, where its name tells."""
    layout = lay_out([Column(index, header) for index, header in enumerate(headers)])
    return next((column.index for role in RECIPIENT_ROLES if (column := layout.column(role))), None)


def _widths(headers: Sequence[str], sheet: Sheet) -> list[int]:
    """Return the widths of the columns, by their headers and first cells."""
    widths = [len(header) + 2 for header in headers]
    for index, line in enumerate(sheet.lines()):
        if index == WIDTH_SAMPLE:
            break
        for column, cell in enumerate([*line.cells, *outcome_cells(line, sheet)]):
            kind = line.kinds.get(column)
            shown = len(str(cell)) if kind is None else _shown(cell, kind)
            widths[column] = max(widths[column], shown)
    return [width_of(width) for width in widths]


def _shown(cell: str | int, kind: Kind) -> int:
    """Return at least how many characters a cell shows: a number that is wider is not shown."""
    if kind.number is None:
        return len(str(cell))
    from openpyxl.styles.numbers import is_date_format

    if is_date_format(kind.code):
        words = kind.code.count("mmmm") + kind.code.count("dddd")
        longest = min(len(kind.code), _LONGEST_DATE) + _LONGER_WORD * words
    else:
        shown = rendered(kind.number, kind.code, "en")
        longest = len(shown.text) if shown else 0
    return max(len(str(cell)), longest) + _ROOM


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


def _write_messages(book: Book, sendings: Iterator[Sending]) -> None:
    """Write every message of a sequence, made or to come."""
    headers = [name for name, _ in _MESSAGE_COLUMNS]
    widths = [width for _, width in _MESSAGE_COLUMNS]
    tabs = Tabs(book, "Messages", headers, widths, headers.index("status"))
    for one in sendings:
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
        tabs.row(cells, one.status, {1: profile_link(one.person)})
    tabs.end()
