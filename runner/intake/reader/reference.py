"""References to cells, as workbooks write them."""

from __future__ import annotations

import re
from typing import Final

from runner.intake.reader.marks import (
    DamagedError,
)
from runner.intake.sheet import MAX_ROWS

LAST_COLUMN: Final = 16_384


_CORNER: Final = re.compile(r"(?=.)\$?([A-Z]{1,3})?\$?(\d{1,7})?")


def parse_area(reference: str) -> tuple[int, int, int, int]:
    """Read `B2:C4`, `B:C` or `2:4` as first row, first column, last row, last column.

    Raises DamagedError.
    """
    first, _, last = reference.partition(":")
    corners = [_CORNER.fullmatch(corner) for corner in (first, last or first)]
    if corners[0] is None or corners[1] is None:
        raise DamagedError("an area without a place")
    (left, top), (right, bottom) = corners[0].groups(), corners[1].groups()
    return (
        int(top or 1),
        column_index(left) if left else 0,
        int(bottom or MAX_ROWS),
        column_index(right) if right else LAST_COLUMN - 1,
    )


def column_index(letters: str) -> int:
    """Return the index of a column from its letters: A is 0, Z is 25, AA is 26."""
    index = 0
    for letter in letters:
        index = 26 * index + ord(letter) - 64
    return index - 1
