"""The marks of a worksheet: everything it holds beside its cells' values.

The marks, and the list of worksheets in a workbook, have the same form for every kind of file.

The libraries that read values hand on error cells and formulas without stored values as blanks, and
hidden rows as rows like any other. They must not pass for blanks or for ordinary rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Final, NamedTuple

from runner.intake.code import Code
from runner.intake.sheet import MAX_COLUMNS, MAX_ROWS

UNCACHED: Final[tuple[Code, str]] = (
    "formula-uncached",
    "a formula without a stored value; open the workbook in Excel and save it",
)
UNREAD: Final[tuple[Code, str]] = (
    "cell-unread",
    "a value that is not read exactly; type it as text, or save the workbook as XLSX",
)
ERRORS: Final = {
    0: "#NULL!",
    7: "#DIV/0!",
    15: "#VALUE!",
    23: "#REF!",
    29: "#NAME?",
    36: "#NUM!",
    42: "#N/A",
}
_LINK: Final = re.compile(
    r"""\s*_?(?:xlfn\.)?HYPERLINK\(\s*"((?:[^"]|"")*)"\s*[,;)]""", re.IGNORECASE
)
# The target of a cell whose formula computes its link.
COMPUTED: Final = "a computed link"
_MOST: Final = 100_000
# As many cells of a worksheet can be merged away or have links and faults, all in all.
_ALL: Final = 500_000
_LONGEST_FORMAT: Final = 1_000


class DamagedError(ValueError):
    """The file cannot be what it says it is.

    The text is for us: people are told the way out, not the parser's words.
    """


class ProtectedError(ValueError):
    """The file is under a password."""


class UnreadableError(ValueError):
    """The file is whole, but its form is not read exactly. The text names the form."""


class WideError(ValueError):
    """Something stands further to the right, or further down, than is read."""


class Worksheet(NamedTuple):
    """One tab: `part` is its place in the file, where that is needed."""

    name: str
    visible: bool = True
    is_chart: bool = False
    part: str = ""


@dataclass(slots=True)
class Marks:
    """The marks of a worksheet. Rows count from 1, columns from 0.

    `faults` are the cells that cannot be read (as code and sentence), `links` the targets behind
    cells, `shown` what cells show besides their value (in an ODS), `language` the workbook's,
    `merged` the merged areas as first row, first column, last row, last column. `special` tells
    whether any cell shows something else than it stores (an error, a date, zeros before a number).
    `last_row` is the last row that holds anything, or None when no reader looked. `wide` tells that
    something stands further to the right than is read. `marked` counts the marked cells.
    """

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    links: dict[tuple[int, int], str] = field(default_factory=dict)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    language: str | None = None
    faults: dict[tuple[int, int], tuple[Code, str]] = field(default_factory=dict)
    special: bool = False
    last_row: int | None = None
    wide: bool = False
    marked: int = 0

    def hide_columns(self, first: int, last: int) -> None:
        if len(self.hidden_columns) < MAX_COLUMNS:
            self.hidden_columns.update(range(max(first, 0), min(last + 1, MAX_COLUMNS)))

    def fail(self, row: int, column: int, shown: str) -> None:
        """Note that a cell shows an error."""
        said = f"the cell shows the error {shown}" if shown else "the cell shows an error"
        self.fault(row, column, ("cell-error", said))

    def fault(self, row: int, column: int, fault: tuple[Code, str]) -> None:
        """Note why a cell cannot be read exactly."""
        self.spend(1)
        self.faults[row, column] = fault

    def merged_away(self) -> Iterator[tuple[int, int]]:
        """Give the cells that lost their value to a merge.

        Of an absurdly large area, only the first cells are given. Raises UnreadableError for
        absurdly many areas.
        """
        for area in self.merged:
            self.spend(min(_size(area), _MOST))
            yield from islice(cells_of(area), 1, _MOST)

    def link(self, area: tuple[int, int, int, int], target: str) -> None:
        """Note the target behind an area's cells.

        A link over whole columns is not a person's, so it is left out. Raises UnreadableError for
        absurdly many linked cells.
        """
        if target and _size(area) < _MOST:
            self.spend(_size(area))
            self.links.update(dict.fromkeys(cells_of(area), target))

    def spend(self, cells: int) -> None:
        """Count cells with marks. Raises UnreadableError when they are more than any list has."""
        self.marked += cells
        if self.marked > _ALL:
            raise UnreadableError(
                f"it has more than {_ALL:,} cells with links, errors or formulas without values, "
                "or in merged areas"
            )


@cache
def shows_zeros(code: str) -> bool:
    """Tell whether a number under this format is shown with zeros before it.

    Such formats are 00000, 000-00-0000 and [<=99999]00000;00000-0000.
    """
    plain = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", code_of(code))
    return any(
        re.search(r"(?<![#0?.,])0{2,}", section.partition(".")[0]) for section in plain.split(";")
    )


def code_of(code: str) -> str:
    """Return a number format's code. Raises UnreadableError for a very long one."""
    if len(code) > _LONGEST_FORMAT:
        raise UnreadableError(f"a number format has more than {_LONGEST_FORMAT:,} characters")
    return code


def link_of(formula: str) -> str:
    """Return the target of a formula that is a link, HYPERLINK("…", …).

    Return COMPUTED for a formula that computes a link, and an empty text for any other formula.
    """
    if match := _LINK.match(formula):
        return match[1].replace('""', '"')
    return COMPUTED if "HYPERLINK(" in formula.upper() else ""


def link_in(tokens: bytes, literal: Callable[[bytes], str]) -> str:
    """Do the same as `link_of` for a formula in Excel's binary tokens.

    The function `literal` reads the text of a token from the bytes after its kind.
    """
    call = re.search(rb"[\x22\x42\x62][\x01\x02]\x67\x01", tokens)
    if call is None:
        return ""
    return literal(tokens[1:]) if tokens[:1] == b"\x17" and call.end() == len(tokens) else COMPUTED


def cells_of(area: tuple[int, int, int, int]) -> Iterator[tuple[int, int]]:
    """The cells between first row, first column, last row and last column."""
    rows, columns = _spans(area)
    return ((row, column) for row in rows for column in columns) if columns else iter(())


def _size(area: tuple[int, int, int, int]) -> int:
    """The number of those cells."""
    rows, columns = _spans(area)
    return len(rows) * len(columns)


def _spans(area: tuple[int, int, int, int]) -> tuple[range, range]:
    first_row, first_column, last_row, last_column = area
    return (
        range(first_row, min(last_row, MAX_ROWS) + 1),
        range(first_column, min(last_column, MAX_COLUMNS) + 1),
    )
