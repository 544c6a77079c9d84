"""A new workbook, written row by row: texts that stay texts, numbers, links, the colours of a
status.

No row is held in memory but the one that is being written, so a worksheet's rows are written in
their order. Rows and columns count from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from html import escape as markup
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, Final

import xlsxwriter
from xlsxwriter.worksheet import CellStringTuple, Worksheet

from runner.intake.cell import column_letter
from runner.ledger.kinds import Kind
from runner.ledger.record import Status
from runner.result.style import COLOURS, escape, fit

if TYPE_CHECKING:
    from xlsxwriter.chart import Chart
    from xlsxwriter.format import Format

# A text without any of this stands in XML as it is.
_SPECIAL: Final = re.compile(r"[&<>_\x00-\x1f\ud800-\udfff\ufffe\uffff]|^\s|\s$")
# The height of one line, in points: a little less than the usual one, which would count as none.
_LINE: Final = 14.25
_BLUE: Final = "#0563C1"
_NONE: Final[Mapping[int, Any]] = {}
_letter = lru_cache(maxsize=1024)(column_letter)


class Tab(Worksheet):  # type: ignore[misc]  # the library has no types
    """A worksheet whose texts are read again as they are, whatever they look like.

    The library's own way to write a text would change `_x0041_x0042_`, take `<r>…</r>` for markup,
    and needs twice the time.
    """

    def _write_single_row(self, current_row_num: int = 0) -> None:
        """Write the row that is done, at once, and forget its height."""
        row = self.previous_row
        self.previous_row: int = current_row_num
        cells, height = self.table.pop(row, {}), self.row_info.pop(row, None)
        if not cells:
            return
        self._write_row(row, None, height)
        texts: list[str] = []
        for column, cell in sorted(cells.items()):
            if isinstance(cell, CellStringTuple):
                texts.append(_text(f"{_letter(column)}{row + 1}", cell))
                continue
            self.fh.write("".join(texts))
            texts.clear()
            self._write_cell(row, column, cell)
        self.fh.write("".join(texts))
        self._xml_end_tag("row")


def _text(place: str, cell: CellStringTuple) -> str:
    text, space, style = cell.string, "", ""
    if _SPECIAL.search(text):
        text = markup(escape(text), quote=False)
        space = ' xml:space="preserve"'
    if cell.format is not None:
        style = f' s="{cell.format._get_xf_index()}"'
    return f'<c r="{place}"{style} t="inlineStr"><is><t{space}>{text}</t></is></c>'


@contextmanager
def new_book(file: IO[bytes]) -> Iterator[Book]:
    """Write a workbook to a file. Its rows wait in a folder that nobody else can read, and that is
    gone afterwards, however it ends."""
    with TemporaryDirectory(prefix="workbook-", ignore_cleanup_errors=True) as folder:
        book = Book(file, folder)
        yield book
        book.close()


class Book:
    """A workbook, whole in its file once it is closed; `folder` holds its rows until then."""

    def __init__(self, file: IO[bytes], folder: str) -> None:
        said = {"constant_memory": True, "tmpdir": folder}
        self._book = xlsxwriter.Workbook(file, said)
        self._formats: dict[tuple[object, ...], Format] = {}

    def close(self) -> None:
        """Write what is left."""
        self._book.close()

    def tab(
        self, title: str, widths: Sequence[int], headers: Sequence[str] = (), header_row: int = 0
    ) -> Tab:
        """Begin a worksheet; its `headers`, and what stands above them, stay in sight."""
        tab: Any = self._book.add_worksheet(title, Tab)
        for column, width in enumerate(widths):
            tab.set_column(column, column, width)
        if headers:
            tab.freeze_panes(header_row + 1, 0)
            self.header(tab, header_row, headers)
        return tab  # type: ignore[no-any-return]

    def chart(self, kind: str, subtype: str | None = None) -> Chart:
        """Begin a chart."""
        chart: Any = self._book.add_chart({"type": kind, "subtype": subtype})
        return chart

    def format(
        self,
        *,
        bold: bool = False,
        left: bool = False,
        tall: bool = False,
        link: bool = False,
        code: str = "General",
        status: Status | None = None,
    ) -> Format | None:
        """The format of a cell, the same one for all alike; None for a plain one."""
        key = (bold, left, tall, link, code, status)
        if key not in self._formats:
            said: dict[str, Any] = {"num_format": code}
            if bold:
                said["bold"] = True
            if left:
                said["align"] = "left"
            if tall:
                said["valign"] = "top"
            if link:
                said |= {"font_color": _BLUE, "underline": 1}
            if status is not None:
                said["bg_color"] = f"#{COLOURS[status]}"
            self._formats[key] = self._book.add_format(said)
        return self._formats[key] if any(key[:4]) or status or code != "General" else None

    def header(self, tab: Tab, row: int, headers: Sequence[str]) -> None:
        """Write a row of headers."""
        for column, header in enumerate(headers):
            tab.write_string(row, column, fit(header), self.format(bold=True))

    def row(
        self,
        tab: Tab,
        row: int,
        cells: Sequence[str | int],
        colours: Mapping[int, Status] = _NONE,
        links: Mapping[int, str] = _NONE,
        kinds: Mapping[int, Kind] = _NONE,
    ) -> None:
        """Write a row; `colours`, `links` and `kinds` are those of its cells, by their columns.

        Of a text of several lines the first one is seen, and the row is no taller.
        """
        lines = {at for at, cell in enumerate(cells) if isinstance(cell, str) and "\n" in cell}
        if lines:
            tab.set_row(row, _LINE)
        special = {*lines, *colours, *links, *kinds}
        for column, cell in enumerate(cells):
            if cell == "" and column not in kinds:
                continue
            if column in special:
                kind, target = kinds.get(column, Kind()), links.get(column)
                status = colours.get(column)
                format = self.format(  # noqa: A001 - the library's word
                    tall=column in lines, link=bool(target), code=kind.code, status=status
                )
                if target:
                    tab.write_url(row, column, target, format, fit(str(cell)))
                if isinstance(kind.number, bool):
                    tab.write_boolean(row, column, kind.number, format)
                elif kind.number is not None:
                    tab.write_number(row, column, kind.number, format)
                elif not target:
                    tab.write_string(row, column, fit(str(cell)), format)
            elif isinstance(cell, str):
                tab._write_string(row, column, fit(cell))  # past a look for "A1" as the place
            else:
                tab.write_number(row, column, cell)
