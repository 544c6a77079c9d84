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
_SUMS: Final = frozenset(
    word
    for words in (
        "total,totals,grand total,subtotal,sub total,sum,gesamt,gesamtsumme,summe,zwischensumme",
        "total général,sous-total,somme,total general,suma,suma total,totale,totale generale,somma",
        "total geral,soma,totaal,eindtotaal,razem,celkem,toplam,итого,всего,count,anzahl,average",
    )
    for word in words.split(",")
)
_NUMERIC: Final = re.compile(r"[\s\d.,'%€$£+()-]*").fullmatch
# LinkedIn's own export of connections has this column; people cannot be without it.
_CONNECTED: Final = "connectedon"


class Nobody:
    """Tells why a row without a recipient names nobody, where that is for sure."""

    def __init__(self, layout: Layout) -> None:
        self._connected = next(
            (one.index for one in layout.inputs if normalise(one.header) == _CONNECTED), None
        )

    def is_foot(self, row: Row) -> bool:
        """Tell whether a row is a report's sum: a word for that, and nothing else but numbers."""
        first = row.cells[0].strip().rstrip(":").casefold() if row.cells else ""
        if first not in _SUMS:
            return False
        return all(_NUMERIC(cell) for cell in row.cells[1:])

    def reason(self, row: Row) -> str | None:
        """Return the reason to skip a row, or None for a row that a person has to mend."""
        if self.is_foot(row):
            return FOOTER
        filled = [index for index, cell in enumerate(row.cells) if clean(cell)]
        if len(filled) != 1:
            return None
        if filled[0] == self._connected:
            return CLOSED
        is_footer = filled[0] == 0 and _FOOTER(clean(row.cells[0]))
        return FOOTER if is_footer else None
