"""The texts of a workbook's cells, their widths, and the colours of outcomes."""

from __future__ import annotations

import re
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
_SURELY_FITS: Final = MAX_CELL // 2
_UNWRITABLE: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")


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


def fit(text: str) -> str:
    """Return the text cut to what a cell can hold, with what no XML holds replaced.

    The length is counted in UTF-16, as Excel does.
    """
    if len(text) <= _SURELY_FITS:
        return text
    text = _UNWRITABLE.sub("\ufffd", text)
    if len(text.encode("utf-16-le")) > 2 * MAX_CELL:
        room = 2 * (MAX_CELL - len(CUT))
        text = text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + CUT
    return text


def escape(text: str) -> str:
    """Return the text as a workbook's XML can hold it, cut to what one of its cells can hold."""
    text = _UNWRITABLE.sub("\ufffd", fit(text))
    return _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
