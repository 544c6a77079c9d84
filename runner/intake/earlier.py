"""What a results sheet says of its rows: who was messaged, when, from where, with which text.

A person may have saved it in another form, moved columns or taken some out, or typed other words.
What it tells of messages is heard all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from runner.errors import RefusedError
from runner.intake.cell import clean
from runner.intake.check import Check, check
from runner.intake.column import Column
from runner.intake.reader.format import worksheets
from runner.intake.recipient import Recipient, RecipientError, parse
from runner.intake.result import STEP_COLUMN
from runner.intake.sheet import Reading, Source
from runner.intake.table import Table, read
from runner.intake.verdict import instant, status_of

# The encodings that spreadsheet programs save a CSV in, besides UTF-8 and UTF-16. Names may be
# misread under the wrong one, profile IDs and times are not.
_ENCODINGS: Final = (None, "utf-16", "cp1252", "latin-1")


# With these words in a results sheet, the step that stands there was made.
_GONE: Final = ("sent", "uncertain")
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A row of a results sheet. `cells` are those of the list, without the results.

    Texts are as the sheet has them; None for a blank cell. `at` is when it was sent, and None when
    the sheet does not say. `step` is the message that was sent. `recipient` is None where the row
    does not say who got it; it `is_named` where the list's own columns do, and not the answer
    alone: under its URN, a person may stand in no list.
    """

    number: int
    cells: tuple[str, ...]
    recipient: Recipient | None
    is_named: bool
    status: str
    reason: str | None
    error: str | None
    at: datetime | None
    answered: str | None
    account: str | None
    text: str | None
    http_status: int | None
    typing: bool | None
    step: int = 1

    @property
    def is_messaged(self) -> bool:
        """Tell whether somebody has, or may have, the message.

        A row of a forgotten person holds nothing of the person; nobody else can be behind it.
        """
        is_forgotten = not (any(self.cells) or self.text or self.answered)
        return self.status in ("sent", "uncertain") and not is_forgotten


@dataclass(frozen=True, slots=True)
class Earlier:
    """A results sheet that was read, hidden rows included."""

    source: Source
    checked: Check

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of the list's own columns."""
        return tuple(column.header for column in self.checked.layout.inputs)

    def results(self) -> Iterator[Result]:
        """Give the rows in their order."""
        layout = self.checked.layout
        columns = layout.earlier
        for entry in self.checked.entries():
            cells = entry.row.cells
            said = {name: _cell(cells, column) for name, column in columns.items()}
            http = said.get("httpStatus") or ""
            typing = (said.get("typingIndicatorSent") or "").lower()
            status = status_of(said)
            yield Result(
                number=entry.row.number,
                cells=tuple(_cell(cells, column) or "" for column in layout.inputs),
                is_named=entry.recipient is not None,
                recipient=entry.recipient or _answered(said.get("sentToUrn")),
                status=status,
                reason=said.get("reason"),
                error=said.get("error"),
                at=instant(said.get("sentAt")),
                answered=said.get("sentToUrn"),
                account=said.get("sentFrom"),
                text=said.get("sentMessage"),
                http_status=int(http) if http.isdecimal() and len(http) == 3 else None,
                typing={"true": True, "false": False}.get(typing),
                step=_step(said.get(STEP_COLUMN), said.get("status"), status),
            )


def _step(cell: str | None, written: str | None, status: str) -> int:
    """Return which message a row was sent: the one before, where its step did not go yet."""
    step = int(cell) if cell and cell.isdecimal() and len(cell) < _DIGITS else 1
    is_yet_to_go = status == "sent" and (written or "").strip().lower() not in _GONE
    return max(1, step - is_yet_to_go)


def read_earlier(source: Source, reading: Reading) -> Earlier | None:
    """Read a results sheet, on whichever worksheet it stands; None when the file holds none.

    Raises RefusedError when the file cannot be read.
    """
    trouble: RefusedError | None = None
    for way in _ways(source, reading):
        try:
            table = read(source, way)
        except RefusedError as error:
            trouble = trouble or error
            continue
        checked = _checked(table, way)
        if checked.layout.is_results:
            return Earlier(source, checked)
        trouble = None if way.encoding is None else trouble
    if trouble is not None:
        raise trouble
    return None


def _ways(source: Source, reading: Reading) -> Iterator[Reading]:
    """Give the ways to read a file: each worksheet of a workbook, a text in each encoding."""
    plain = replace(reading, hidden="include", header_row=None, sheet=None, encoding=None, where=())
    if source.data.startswith(b"PK"):
        named: list[str | None] = [reading.sheet] if reading.sheet else []
        for name in dict.fromkeys([*named, None, *worksheets(source)]):
            yield replace(plain, sheet=name)
    else:
        for encoding in dict.fromkeys([*_ENCODINGS[:1], reading.encoding, *_ENCODINGS[1:]]):
            yield replace(plain, encoding=encoding)


def _checked(table: Table, reading: Reading) -> Check:
    try:
        return check(table, None, reading)
    except RefusedError:  # the columns that were named for the list are not there
        return check(table, None, replace(reading, columns={}))


def _answered(urn: str | None) -> Recipient | None:
    """Return the person who, by the answer, got the message."""
    with suppress(RecipientError):
        return parse(urn) if urn else None
    return None


def _cell(cells: Sequence[str], column: Column | None) -> str | None:
    if column is None or column.index >= len(cells):
        return None
    return clean(cells[column.index]) or None
