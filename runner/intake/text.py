"""The text of a cell as the campaign uses it; an error in the cell is a problem of its row."""

from __future__ import annotations

from dataclasses import dataclass

from runner.intake.cell import ERROR_TEXT, TELLING, clean, unforced
from runner.intake.column import Column
from runner.intake.entry import Problem
from runner.intake.sheet import Row
from runner.intake.suspicion import without_markup


@dataclass(frozen=True, slots=True)
class CellText:
    """Reads cells. In a `delimited` list a text can be forced to be one, as in `="00456"`.

    With `decodes_html`, HTML becomes plain text.
    """

    delimited: bool
    decodes_html: bool = False

    def read(self, row: Row, column: Column, problems: list[Problem]) -> str:
        """Return the text of a cell.

        An error that the cell shows is a problem, unless the workbook has told of it already.
        """
        text = clean(row.cells[column.index])
        if self.decodes_html and ("&" in text or "<" in text):
            text = clean(without_markup(text))
        if not text.startswith(TELLING):
            return text
        if not ERROR_TEXT.fullmatch(text):
            return unforced(text) if self.delimited else text
        if all(fault.column != column.index for fault in row.faults):
            said = f"the cell shows the error {text}"
            problems.append(Problem("cell-error", said, row.number, column))
        return text
