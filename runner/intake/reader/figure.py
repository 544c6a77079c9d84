"""What a workbook holds and shows for a value beside its text: the number, and its format."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from runner.intake.cell import is_rounded
from runner.intake.display import Value, language_of, rendered
from runner.intake.sheet import Display, Figure

# The formats of dates and times whose own formats a file's reader does not tell.
_DATE: Final = "yyyy-mm-dd"
_MOMENT: Final = "yyyy-mm-dd hh:mm"
_TIME: Final = "hh:mm:ss"
_SPAN: Final = "[h]:mm:ss"
FIRST_YEAR: Final = 1900
# Built-in formats that show the date, or the currency, of the computer's country.
_SHORT_DATE: Final = 14
_LOCAL: Final = (22, 41, 42, 43, 44)
_LONGEST_CODE: Final = 255  # as many characters as Excel allows


def figure_of(index: int, value: object, code: str | None = None) -> Figure | None:
    """Return the number behind a cell; nothing for a text, and for what no workbook holds exactly.

    `code` is that of its format, where it is known.
    """
    if isinstance(value, bool):
        return Figure(index, value, "General")
    if isinstance(value, int | float):
        is_exact = math.isfinite(value) and not is_rounded(value)
        return Figure(index, value, _held(code or "General")) if is_exact else None
    if not isinstance(value, date | time | timedelta):
        return None
    if isinstance(value, date) and value.year < FIRST_YEAR:
        return None
    from openpyxl.utils.datetime import to_excel

    serial: float = to_excel(value)  # type: ignore[no-untyped-call]
    return Figure(index, serial, _held(code or _usual(value)))


def _held(code: str) -> str:
    return code if len(code) <= _LONGEST_CODE else "General"


def _usual(value: date | time | timedelta) -> str:
    if isinstance(value, timedelta):
        return _SPAN
    if isinstance(value, time):
        return _TIME
    is_moment = isinstance(value, datetime) and value.time() != time()
    return _MOMENT if is_moment else _DATE


def form_of(value: object) -> str:
    """Return the format of a value whose own format is not read: a date's is not known."""
    return "General" if type(value) is float else "locale"


def display_of(
    index: int, value: Value, text: str, language: str | None, code: str = "General"
) -> Display | None:
    """Return what a cell shows, where that is not its raw text for sure."""
    found = rendered(value, code, language or language_of(code))
    if found is None:
        return None if code == "General" else Display(index, None, is_sure=False)
    if found.text == text and found.is_sure:
        return None
    return Display(index, found.text, found.is_sure)


def code_of(cell: Any) -> str:
    """Return the code of a cell's number format. The built-in one of short dates depends on the
    language, so it has no code of its own."""
    number = cell.style_array.numFmtId
    if number == _SHORT_DATE:
        return "short date"
    return "locale" if number in _LOCAL else str(cell.number_format)
