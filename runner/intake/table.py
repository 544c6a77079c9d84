"""The table in a sheet: its header, and the rows below, walked as often as needed.

Other rows may stand above the header. The notices say what was chosen on the reader's behalf. A row
that does not fit its header is handed on with that fault.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import RefusedError
from runner.intake.cell import clean
from runner.intake.column import Column, names_recipients
from runner.intake.reader import format as formats
from runner.intake.reader import frame as frames
from runner.intake.sheet import (
    HEADER_AMONG,
    MAX_COLUMNS,
    SHIFTED,
    Fault,
    Grid,
    Reading,
    Row,
    Source,
    load,
)

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Table:
    """The header and the rows below it; every call of `rows` walks them anew.

    `path` is None for a data frame, `sheet` for a CSV, `delimiter` for all but a CSV. `notices` say
    what was chosen on the reader's behalf. `spare` counts the columns behind the last header that a
    CSV's header line has room for. `others` are the worksheets beside this one.
    """

    path: Path | None
    sheet: str | None
    header_row: int
    columns: tuple[Column, ...]
    walk: Callable[[], Iterator[Row]]
    delimiter: str | None = None
    spare: int = 0
    notices: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return _place(self.path, self.sheet)

    def rows(self) -> Iterator[Row]:
        """Give the rows that hold anything.

        Raises RefusedError when the file turns out to be damaged.
        """
        header_row, width, delimited = (
            self.header_row,
            len(self.columns),
            self.delimiter is not None,
        )
        for row in self.walk():
            number, cells, faults, *_ = row
            if number <= header_row:
                continue
            if len(cells) != width:
                row = _fitted(row, width, self.spare, delimited=delimited)
            first = cells[0] if cells else ""
            if (first and not first.isspace()) or faults or any(map(str.strip, cells)):
                yield row

    def part(self, skip: int, most: int) -> Table:
        """The table with so many of its rows alone, behind those that are skipped."""
        numbers = {row.number for row in islice(self.rows(), skip, skip + most)}
        last = max(numbers, default=0)

        def walk() -> Iterator[Row]:
            for row in takewhile(lambda row: row.number <= last, self.walk()):
                if row.number in numbers:
                    yield row

        return replace(self, walk=walk)


def read(source: Path | str | Source | pandas.DataFrame, reading: Reading | None = None) -> Table:
    """Read the table of a file or of a pandas DataFrame.

    The file's content tells its kind: CSV, XLSX, XLSM, XLS, XLSB or ODS.

    Raises RefusedError when the file is missing, damaged, protected or of another kind, or holds no
    table.
    """
    reading = reading or Reading()
    if isinstance(source, str | os.PathLike):
        source = load(Path(source))
    if isinstance(source, Source):
        return _table(source.path, formats.open_grid(source, reading), reading)
    pandas = sys.modules.get("pandas")  # a caller with a frame has imported pandas
    if pandas is None or not isinstance(source, pandas.DataFrame):
        raise TypeError(f"a path or a pandas DataFrame is needed, not {type(source).__name__}")
    if source.columns.empty:
        raise RefusedError(
            "The data frame has no columns.", remedy="It needs one that says whom to write to."
        )
    grid = Grid(None, lambda: frames.rows(source, header=True), len(source.columns))
    return _table(
        None, grid, replace(reading, header_row=reading.header_row or 1)
    )  # a frame says what its labels are


def _place(path: Path | None, sheet: str | None) -> str:
    name = path.name if path else "the data frame"
    return f"{name} [{sheet}]" if sheet else name


def _table(path: Path | None, grid: Grid, reading: Reading) -> Table:
    where = _place(path, grid.sheet)
    header, above = _header(where, grid, reading)
    names = list(header.cells)
    while names and not names[-1].strip():
        names.pop()
    names += [""] * (grid.width - len(names))
    if len(names) > MAX_COLUMNS:
        raise RefusedError(
            f"The sheet has {len(names):,} columns; at most {MAX_COLUMNS:,} are read.",
            where=f"{where}, row {header.number}",
            remedy="Delete the columns that the campaign does not need.",
        )
    columns = tuple(Column(index, name) for index, name in enumerate(names))
    notices = list(grid.notices)
    if above:
        shown = ", ".join(
            f"row {row.number} ({next(filter(None, map(clean, row.cells)))[:40]!r})"
            for row in above[:3]
        )
        more = f" and {len(above) - 3} more" if len(above) > 3 else ""
        notices.append(
            f"The header is row {header.number}; what stands above it is not read: {shown}{more}."
        )
    spare = max(len(header.cells) - len(names), 0)
    return Table(
        path=path,
        sheet=grid.sheet,
        header_row=header.number,
        columns=columns,
        walk=grid.walk,
        delimiter=grid.delimiter,
        spare=spare,
        notices=tuple(notices),
        others=grid.others,
    )


def _header(where: str, grid: Grid, reading: Reading) -> tuple[Row, list[Row]]:
    """Find the header row and the filled rows above it.

    The header is the first row that names a recipient column. That row must be among the first rows
    and wider than all rows above it (a preamble is narrower than its table). Without such a row,
    the header is the first row that holds anything.
    """
    last = reading.header_row or HEADER_AMONG
    rows: list[Row] = []
    for row in grid.walk():
        if row.number > last and (rows or reading.header_row):
            break
        if any(map(clean, row.cells)):
            rows.append(row)
    if reading.header_row is not None:
        if not rows or rows[-1].number != reading.header_row:
            raise RefusedError(
                f"Row {reading.header_row} holds nothing, so it cannot be the header.",
                where=where,
                remedy=(
                    "Give --header-row the number of the row with the columns' names, as the "
                    "spreadsheet program shows it."
                ),
            )
        return rows[-1], rows[:-1]
    if not rows:
        raise RefusedError(
            "The sheet is empty.",
            where=where,
            remedy="It needs a header row and one row per person.",
        )
    widest = 0
    single = max(map(_filled, rows)) == 1
    for index, row in enumerate(rows):
        filled = _filled(row)
        if (filled > widest if filled > 1 else single) and names_recipients(
            row.cells, reading.columns.values()
        ):
            return row, rows[:index]
        widest = max(widest, filled)
    return rows[0], []


def _filled(row: Row) -> int:
    return len(set(filter(None, map(clean, row.cells))))


def _fitted(row: Row, width: int, spare: int, *, delimited: bool) -> Row:
    """Return the row with at least one cell per column.

    Cells that do not fit become a fault, so that no value shifts silently.

    Raises RefusedError when it is not a row of a list at all.
    """
    cells = list(row.cells)
    if len(cells) > width + MAX_COLUMNS:
        raise RefusedError(
            (
                f"Row {row.number} has {len(cells):,} cells, {len(cells) - width:,} more than the "
                "header."
            ),
            remedy="Look at it in a text editor: a quote or a line's end is probably missing.",
        )
    if len(cells) < width:
        # A workbook leaves out blank cells at a row's end. A CSV that does so has probably lost a
        # delimiter.
        fault = Fault(
            None, "ragged-row", f"{len(cells)} cells under {width} headers, so it has {SHIFTED}"
        )
        faults = (*row.faults, fault) if delimited and any(map(str.strip, cells)) else row.faults
        return row._replace(cells=cells + [""] * (width - len(cells)), faults=faults)
    if not any(map(str.strip, cells[width:])):
        return row._replace(cells=cells[:width])
    surplus = [cell for cell in cells[width + spare :] if cell.strip()]
    if not surplus:
        return row
    shown = ", ".join(repr(cell[:40]) for cell in surplus[:3])
    filled = "1 more filled cell" if len(surplus) == 1 else f"{len(surplus)} more filled cells"
    text = f"{filled} than the header row has columns ({shown}), so it has {SHIFTED}"
    return row._replace(faults=(*row.faults, Fault(None, "ragged-row", text)))
