"""The cells of a workbook to be written, and their colours.

Text stays text, no matter what it looks like, and is cut to what a cell holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from runner.intake.cell import CUT, MAX_CELL
from runner.ledger.record import Status

WIDTH_SAMPLE: Final = 200
COLOURS: Final = {
    Status.SENT: "C6EFCE",
    Status.WAITING: "DDEBF7",
    Status.SKIPPED: "EDEDED",
    Status.FAILED: "FFC7CE",
    Status.INVALID: "FFC7CE",
    Status.UNCERTAIN: "FFEB9C",
}
# XML holds no control characters. A workbook writes them as _xHHHH_, and also any text that looks
# like such an escape.
_TO_ESCAPE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}(?:_|[\x00-\x08\x0b-\x1f]))"
)
# Text whose UTF-8 has only these bytes needs no escape: no control character, no underscore, no
# half of a character.
_PLAIN_BYTES: Final = bytes(
    code
    for code in (9, 10, *range(32, 127), *range(0x80, 0xED), 0xEE, *range(0xF0, 0x100))
    if code != 95
)
_SURELY_FITS: Final = MAX_CELL // 2
_UNWRITABLE: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_ERROR_CODES: Final = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"}
)


class Style:
    """Cells of a write-only workbook: text that stays text, and the colour of a status."""

    def __init__(self) -> None:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font, PatternFill

        keep_spaces()
        self._cell = WriteOnlyCell
        self._bold = Font(name="Calibri", size=11, bold=True)
        self._left = Alignment(horizontal="left")
        self._top = Alignment(vertical="top")
        self._blue = Font(name="Calibri", size=11, color="0563C1", underline="single")
        self._fills = {
            status: PatternFill("solid", fgColor=colour) for status, colour in COLOURS.items()
        }
        self._coloured: dict[tuple[Status, str], Any] = {}

    def header(self, worksheet: Any, headers: Sequence[str]) -> list[Any]:
        cells = []
        for header in headers:
            cell = self.typed(worksheet, header)
            cell.font = self._bold
            cells.append(cell)
        return cells

    def row(
        self, worksheet: Any, cells: Sequence[str | int], status: Status, coloured: int
    ) -> list[Any]:
        """Return the cells of a row, with the one at `coloured` in the colour of `status`."""
        values: list[Any] = [
            self.text(worksheet, cell) if isinstance(cell, str) else cell for cell in cells
        ]
        key = (status, str(cells[coloured]))
        if (
            key not in self._coloured
        ):  # a cell is written when it is appended, so one serves for all rows alike
            cell = self.typed(worksheet, key[1])
            cell.fill = self._fills[status]
            self._coloured[key] = cell
        values[coloured] = self._coloured[key]
        return values

    def tall(self, worksheet: Any, text: str) -> Any:
        """Return a cell with a text of several lines, of which the first one is seen."""
        cell = self.typed(worksheet, text)
        cell.alignment = self._top
        return cell

    def figure(self, worksheet: Any, number: float, code: str) -> Any:
        """Return a number that is shown by the format `code`."""
        if code == "General":
            return number
        cell: Any = self._cell(worksheet, number)
        cell.number_format = code
        return cell

    def link(self, worksheet: Any, value: Any, target: str) -> Any:
        """Return a cell, made here or a text or a number, that leads somewhere."""
        if isinstance(value, str):
            cell = self.typed(worksheet, value)
        elif isinstance(value, int | float):
            cell = self._cell(worksheet, value)
        else:
            cell = value
        cell.row = cell.column = 1  # where it comes to stand is known when it is written
        cell.hyperlink = target
        cell.font = self._blue
        return cell

    def number(self, worksheet: Any, number: int) -> Any:
        """Return a cell with a number that stands where texts do, at the left."""
        cell: Any = self._cell(worksheet, number)
        cell.alignment = self._left
        return cell

    def text(self, worksheet: Any, text: str) -> Any:
        """Return the text in a form that is safe with openpyxl.

        It stays plain where that is safe (and fast), else it becomes a cell typed as text.
        """
        if not text:
            return None
        plain = text[0] not in "=# \n\t" and len(text) < _SURELY_FITS
        if plain and not text.encode("utf-8", "surrogatepass").translate(None, _PLAIN_BYTES):
            return text
        escaped = escape(text)
        risky = escaped[0] == "=" or escaped in _ERROR_CODES or len(escaped) > MAX_CELL
        return self.typed(worksheet, text) if risky else escaped

    def typed(self, worksheet: Any, text: str) -> Any:
        cell: Any = self._cell(worksheet, "")
        cell._value = escape(
            text
        )  # the setter would cut the escaped text, and take "=…" for a formula
        cell.data_type = "s"
        return cell


def keep_spaces() -> None:
    """Let openpyxl also mark a text of nothing but spaces as one whose spaces count.

    Unmarked it would be read as blank.
    """
    from openpyxl.cell import _writer

    def mark(node: Any) -> None:
        if node.text != node.text.strip():
            node.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")

    _writer.whitespace = mark  # type: ignore[attr-defined]


def width_of(longest: int) -> int:
    """Return the width of a column whose longest text has so many characters."""
    return min(max(longest + 2, 8), 60)


def escape(text: str) -> str:
    """Return the text as a workbook's XML can hold it, cut to what one of its cells can hold.

    The length is counted in UTF-16, as Excel does.
    """
    text = _UNWRITABLE.sub("\ufffd", text)
    if len(text) > MAX_CELL // 2 and len(text.encode("utf-16-le")) > 2 * MAX_CELL:
        room = 2 * (MAX_CELL - len(CUT))
        text = text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + CUT
    return _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
