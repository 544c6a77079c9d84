"""A pandas DataFrame as rows of text.

A missing value is blank, a whole number is digits, and the index is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from runner.intake.cell import ROUNDED, as_text, is_rounded, whole
from runner.intake.code import Code
from runner.intake.reader.marks import UNREAD
from runner.intake.sheet import Fault, Row

if TYPE_CHECKING:
    import pandas


def rows(frame: pandas.DataFrame, *, header: bool) -> Iterator[Row]:
    """Give the frame's rows, counted from 1.

    With `header` the column labels are row 1, as a sheet of the frame would have them.
    """
    if header:
        labels = (
            " ".join(map(str, label)) if isinstance(label, tuple) else str(label)
            for label in frame.columns
        )
        yield Row(1, list(labels))
    known = frame.notna().to_numpy()
    for number, values in enumerate(frame.itertuples(index=False, name=None), start=1):
        if not header and values.count("") == len(values):
            yield Row(number, ())
            continue
        texts, faults = [], []
        for column, value in enumerate(values):
            text, fault = (
                _cell(value) if known[number - 1, column] else ("", None if header else UNREAD)
            )
            texts.append(text)
            if fault:
                faults.append(Fault(column, *fault))
        yield Row(number + header, texts, faults)


def _cell(value: Any) -> tuple[str, tuple[Code, str] | None]:
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()  # numpy's numbers as Python's
    if is_rounded(value):
        return as_text(value), ("rounded-number", ROUNDED)
    if isinstance(value, str):
        return whole(value), None
    if isinstance(value, int | float | date | time | timedelta | Decimal):
        return as_text(value), None
    return str(value), (
        "cell-kind",
        f"the cell holds a {type(value).__name__}, which is neither text nor number nor date",
    )
