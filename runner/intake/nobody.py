"""Rows that name nobody by no fault of their own: a report's footer, a profile that is closed.

Nobody can mend such a row, so it is skipped with the reason.
"""

from __future__ import annotations

import re
from typing import Final

from runner.intake.cell import clean
from runner.intake.column import Layout, normalise
from runner.intake.sheet import Row

FOOTER: Final = "no person: the foot of a report"
CLOSED: Final = "no person: the profile is closed, so LinkedIn's export names nobody"
# What reports write below their rows.
_FOOTER: Final = re.compile(
    r"(?:generated|created|exported|printed|erstellt|généré|generado|generato)\b|confidential|"
    r"vertraulich|confidentiel|confidencial|riservato|do not distribute|copyright|©|"
    r"all rights reserved|(?:grand |sub)?totals?\b|gesamt|summe\b|page \d|seite \d|"
    r"(?:report|records?|rows?) (?:generated|exported|count|total)|filtered by|as of\b|\d+ records",
    re.IGNORECASE,
).match
# LinkedIn's own export of connections has this column; people cannot be without it.
_CONNECTED: Final = "connectedon"


class Nobody:
    """Tells why a row without a recipient names nobody, where that is for sure."""

    def __init__(self, layout: Layout) -> None:
        self._connected = next(
            (one.index for one in layout.inputs if normalise(one.header) == _CONNECTED), None
        )

    def reason(self, row: Row) -> str | None:
        """Return the reason to skip a row, or None for a row that a person has to mend."""
        filled = [index for index, cell in enumerate(row.cells) if clean(cell)]
        if len(filled) != 1:
            return None
        if filled[0] == self._connected:
            return CLOSED
        is_footer = filled[0] == 0 and _FOOTER(clean(row.cells[0]))
        return FOOTER if is_footer else None
