"""The bounds of a workbook that can be copied.

openpyxl makes an object for each cell, also of merged and linked areas, and for most elements.
"""

from __future__ import annotations

from typing import Final

from runner.result.copying import CopyError

# No honest file has more of them than this, and so many for each of its bytes.
_CELLS: Final = 50_000
_CELLS_PER_BYTE: Final = 0.5
_CELLS_MOST: Final = 1_000_000
_ELEMENTS: Final = 150_000
_ELEMENTS_PER_BYTE: Final = 2


class Bound:
    """Counts the cells and the elements of a file of `size` bytes."""

    def __init__(self, size: int) -> None:
        self._most_cells = min(_CELLS + int(_CELLS_PER_BYTE * size), _CELLS_MOST)
        self._most_elements = _ELEMENTS + _ELEMENTS_PER_BYTE * size
        self._cells = self._elements = 0

    def cells(self, count: int) -> None:
        """Count cells. Raises CopyError when they are too many."""
        self._cells += count
        if self._cells > self._most_cells:
            raise CopyError(
                f"The workbook has more than {self._most_cells:,} cells (with those of merged and "
                "linked areas), too many for a copy."
            )

    def element(self) -> None:
        """Count an element. Raises CopyError when they are too many."""
        self._elements += 1
        if self._elements > self._most_elements:
            raise CopyError(
                f"The workbook has more than {self._most_elements:,} elements, too many for a copy."
            )
