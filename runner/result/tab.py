"""The worksheets of a workbook that is written row by row; one that is full goes on in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from runner.intake.cell import column_letter
from runner.intake.sheet import MAX_ROWS
from runner.ledger.kinds import Kind
from runner.ledger.record import Status
from runner.result.style import Style

if TYPE_CHECKING:
    from openpyxl import Workbook

# Excel opens no worksheet with more than 65,530 links, and each costs time and room.
_MOST_LINKS: Final = 10_000
# The height of one line, in points: texts of several lines make no row taller.
_LINE: Final = 15.0
_NONE: Final[Mapping[int, Kind]] = {}


class Tabs:
    """Worksheets of one title, each with the header, a filter over all columns, and widths.

    `coloured` is the index of the cell with the status; `header_row` is where the header of the
    first one stands, with blank rows above it.
    """

    def __init__(
        self,
        book: Workbook,
        title: str,
        headers: Sequence[str],
        widths: Sequence[int],
        style: Style,
        coloured: int,
        header_row: int = 1,
    ) -> None:
        self._book = book
        self._title = title
        self._headers = headers
        self._widths = widths
        self._style = style
        self._coloured = coloured
        self._count = 0
        self._open(header_row)

    def _open(self, header_row: int = 1) -> None:
        self._count += 1
        title = self._title if self._count == 1 else f"{self._title} {self._count}"
        self._sheet: Any = self._book.create_sheet(title)
        self._header_row = header_row
        self._sheet.freeze_panes = f"A{header_row + 1}"
        for column, width in enumerate(self._widths):
            self._sheet.column_dimensions[column_letter(column)].width = width
        for _ in range(1, header_row):
            self._sheet.append([])
        self._sheet.append(self._style.header(self._sheet, self._headers))
        self._rows, self._links = header_row, 0

    def blank(self) -> None:
        """Leave a row out."""
        self._room()
        self._sheet.append([])

    def row(
        self,
        cells: Sequence[str | int],
        status: Status,
        links: Mapping[int, str | None],
        kinds: Mapping[int, Kind] = _NONE,
    ) -> None:
        """Write a row, in the colour of its status.

        `links` are those of its cells, by index, and `kinds` what they are beyond their texts.
        """
        self._room()
        values = self._style.row(self._sheet, cells, status, self._coloured)
        figures = {
            index: self._style.figure(self._sheet, kind.number, kind.code)
            for index, kind in kinds.items()
            if kind.number is not None
        }
        for index, figure in figures.items():
            values[index] = figure
        for index, target in links.items():
            if target and cells[index] and self._links < _MOST_LINKS:
                value = figures.get(index, str(cells[index]))
                values[index] = self._style.link(self._sheet, value, target)
                self._links += 1
        tall = [at for at, cell in enumerate(cells) if isinstance(cell, str) and "\n" in cell]
        for index in tall:
            if index not in links or not links[index]:
                values[index] = self._style.tall(self._sheet, str(cells[index]))
        if tall:
            self._sheet.row_dimensions[self._rows].height = _LINE
        self._sheet.append(values)
        if tall:
            del self._sheet.row_dimensions[self._rows]  # it is written, and they are many

    def end(self) -> None:
        """Let the filter reach over all rows."""
        last = column_letter(len(self._headers) - 1)
        self._sheet.auto_filter.ref = f"A{self._header_row}:{last}{self._rows}"

    def _room(self) -> None:
        if self._rows >= MAX_ROWS:
            self.end()
            self._open()
        self._rows += 1
