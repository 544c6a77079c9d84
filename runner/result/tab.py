"""The worksheets of a workbook that is written row by row; one that is full goes on in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from runner.intake.sheet import MAX_ROWS
from runner.ledger.kinds import Kind
from runner.ledger.record import Status

if TYPE_CHECKING:
    from runner.result.book import Book

# Excel opens no worksheet with more than 65,530 links, and each costs time and room.
_MOST_LINKS: Final = 10_000
_NONE: Final[Mapping[int, Kind]] = {}


class Tabs:
    """Worksheets of one title, each with the header, a filter over all columns, and widths.

    `coloured` is the index of the cell with the status; `header_row` is where the header of the
    first one stands, with blank rows above it.
    """

    def __init__(
        self,
        book: Book,
        title: str,
        headers: Sequence[str],
        widths: Sequence[int],
        coloured: int,
        header_row: int = 1,
    ) -> None:
        self._book = book
        self._title = title
        self._headers = headers
        self._widths = widths
        self._coloured = coloured
        self._count = 0
        self._open(header_row)

    def _open(self, header_row: int = 1) -> None:
        self._count += 1
        title = self._title if self._count == 1 else f"{self._title} {self._count}"
        self._tab = self._book.tab(title, self._widths, self._headers, header_row - 1)
        self._header_row = self._rows = header_row
        self._links = 0

    def blank(self) -> None:
        """Leave a row out."""
        self._room()

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
        found: dict[int, str] = {}
        if self._links < _MOST_LINKS:
            found = {index: link for index, link in links.items() if link and cells[index]}
            self._links += len(found)
        colours = {self._coloured: status}
        self._book.row(self._tab, self._rows - 1, cells, colours, found, kinds)

    def end(self) -> None:
        """Let the filter reach over all rows."""
        self._tab.autofilter(self._header_row - 1, 0, self._rows - 1, len(self._headers) - 1)

    def _room(self) -> None:
        if self._rows >= MAX_ROWS:
            self.end()
            self._open()
        self._rows += 1
