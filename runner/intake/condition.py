"""Conditions that say which rows of a list are meant: COLUMN, COLUMN=VALUE, COLUMN!=VALUE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.errors import RefusedError
from runner.intake.cell import clean, composed
from runner.intake.column import Column, nearest, normalise
from runner.intake.sheet import Row


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a column: it is filled, or its cell is, or is not, a value."""

    column: Column
    value: str | None = None
    is_other: bool = False

    def unmet(self, row: Row) -> str | None:
        """Return why a row is left out, or None when the condition holds.

        Values are compared without regard to case and to white space around them, as they stand in
        the results and as the sheet shows them.
        """
        index, header = self.column.index, self.column.header.strip()
        found = clean(row.cells[index])
        if self.value is None:
            return None if found else f"left out: {header} is blank"
        forms = {_folded(found)}
        forms.update(_folded(one.text) for one in row.shown if one.column == index and one.text)
        if (_folded(self.value) in forms) is self.is_other:
            return f"left out: {header} is {'' if self.is_other else 'not '}{self.value!r}"
        return None


def read_conditions(
    texts: Sequence[str], columns: Sequence[Column], said: str = "--where"
) -> tuple[Condition, ...]:
    """Read conditions for a sheet, which stand where it is `said`. Raises RefusedError for a column
    that the sheet does not have."""
    by_form: Mapping[str, Column] = {
        normalise(column.header): column for column in reversed(columns) if column.header.strip()
    }
    found = []
    for text in texts:
        # A header can hold a sign of its own: the longest one that there is counts.
        header, sign, value = next(
            (
                (text[:at], text[at : at + len(sign)], text[at + len(sign) :])
                for sign in ("!=", "=")
                if (at := text.find(sign)) >= 0 and normalise(text) not in by_form
            ),
            (text, "", ""),
        )
        column = by_form.get(normalise(header))
        if column is None:
            guess = nearest(header, [one.header for one in columns])
            raise RefusedError(
                f"The sheet has no column {header.strip()!r}.",
                where=f"{said} {text}",
                remedy=f"Did you mean {guess!r}?" if guess else "Name one of its columns.",
            )
        wanted = value.strip().strip("\"'") if sign else None
        found.append(Condition(column, wanted, sign == "!="))
    return tuple(found)


def _folded(text: str) -> str:
    return composed(" ".join(text.split()), "NFKC").casefold()
