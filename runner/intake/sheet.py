"""A spreadsheet on disk and as rows: the snapshot of a file, the way to read it, its rows of text.

Rows know their place as the spreadsheet program shows it. A row or a cell that cannot be read
exactly is handed on with its fault, never dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, NamedTuple

from runner.errors import RefusedError
from runner.intake.cell import CUT, MAX_CELL
from runner.intake.code import Code
from runner.system.file import FileError, LargeError, MissingError, read_whole

# A million rows of three columns are 60 MB as text. A workbook packs them tighter.
MAX_BYTES: Final = 128 * 1024**2
MAX_COLUMNS: Final = 1_000
MAX_ROWS: Final = 1_048_576
# How the names of lists end.
ENDINGS: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
# The header is looked for among this many rows.
HEADER_AMONG: Final = 20

# The words for rows that do not fit their header. A results sheet has them in its reasons, where a
# later reading finds them: among the results, such a row fits its header.
SHIFTED: Final = "values that may stand in the wrong columns"
# Why a row is skipped that its author hid.
HIDDEN: Final = "hidden in the sheet"

Hidden = Literal["include", "skip"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The way a person said to read the sheet; None where the person said nothing.

    `columns` maps roles to headers. With `decodes_html`, HTML in cells is read as plain text. Only
    rows of which all conditions `where` hold are meant.
    """

    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None
    hidden: Hidden | None = None
    decodes_html: bool = False
    where: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)


class Fault(NamedTuple):
    """The reason why a cell, or a whole row when `column` is None, cannot be read exactly.

    `code` is stable.
    """

    column: int | None
    code: Code
    text: str


class Display(NamedTuple):
    """A cell that the sheet shows otherwise than its raw value is written.

    `text` is None where its format cannot be rendered exactly. It is not sure where it depends on
    the language of the computer that shows it.
    """

    column: int
    text: str | None
    is_sure: bool


class Figure(NamedTuple):
    """A cell whose text stands for a number or a truth value of a workbook.

    `value` is as a workbook stores it: a date is the number of its day. `code` is that of its
    number format (ECMA-376, part 1, 18.8.31).
    """

    column: int
    value: float
    code: str


class Row(NamedTuple):
    """One line of a sheet.

    `number` is the number that the spreadsheet program shows. `cells` has one text per column of
    the table, exactly as the sheet has it; behind them stand the cells that a CSV row has too many.

    `links` are the hyperlinks behind cells, as (column, target). The spreadsheet program does not
    show `hidden` rows. `shown` are the cells whose raw value people do not see, `figures` those
    that are no text in a workbook.
    """

    number: int
    cells: Sequence[str]
    faults: Sequence[Fault] = ()
    links: Sequence[tuple[int, str]] = ()
    hidden: bool = False
    shown: Sequence[Display] = ()
    figures: Sequence[Figure] = ()


def capped(row: Row) -> Row:
    """Return the row with each cell cut to as much as a cell holds, and a fault for each cut."""
    if not row.cells or len(max(row.cells, key=len)) <= MAX_CELL:
        return row
    cells, faults = list(row.cells), list(row.faults)
    for column, cell in enumerate(cells):
        if len(cell) > MAX_CELL:
            cells[column] = cell[: MAX_CELL - len(CUT)] + CUT
            text = f"{len(cell):,} characters; a cell holds {MAX_CELL:,}"
            faults.append(Fault(column, "cell-long", text))
    return row._replace(cells=cells, faults=faults)


@dataclass(frozen=True)
class Source:
    """One snapshot of a file: the bytes recognised, checked and taken in are always the same."""

    path: Path
    data: bytes

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Grid(NamedTuple):
    """A sheet before its table is found.

    `walk` begins a new walk over its rows. `width` counts the columns that hold anything, where
    that is known. `delimiter` is None for all but a CSV. `others` are the worksheets beside it.
    """

    sheet: str | None
    walk: Callable[[], Iterator[Row]]
    width: int = 0
    delimiter: str | None = None
    notices: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def load(path: Path) -> Source:
    """Take a snapshot of a file. Raises RefusedError when there is no file, or nothing in it."""
    try:
        data, _ = read_whole(path, MAX_BYTES)
    except MissingError:
        raise RefusedError(
            f"There is no file {path}.",
            remedy="Check the spelling, or give the whole path of the spreadsheet.",
        ) from None
    except LargeError as error:
        raise RefusedError(
            f"{path} is too large for a list: {error}.",
            remedy="Split it, or leave out the columns that the campaign does not need.",
        ) from None
    except FileError as error:
        raise RefusedError(
            f"{path} cannot be read: {error}.",
            remedy="Name the CSV or XLSX file; check who may read it.",
        ) from None
    if not data:
        raise RefusedError(
            f"{path} is empty.", remedy="Save the spreadsheet again and look at it before you run."
        )
    return Source(path, data)


def protected(path: Path) -> RefusedError:
    """The refusal of a workbook under a password."""
    return RefusedError(
        f"{path} is protected by a password.",
        remedy=(
            "Open it in the spreadsheet program and save a copy without a password (Excel: File, "
            "Info, Protect Workbook)."
        ),
    )
