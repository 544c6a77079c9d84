"""Numbers as people read them: the signs between their digits, by language.

They are those of the CLDR, through Babel.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from babel import Locale

_FIGURES: Final = re.compile(r"[-+−]?\d[\d.,'’\s]*")
_CURRENCY: Final = re.compile(r"^(?:[A-Z]{3}|[$€£¥₣]|kr|zł) ?|(?:[A-Z]{3}|[$€£¥₣%]|kr|zł)$")
# The largest number of a workbook has 309 digits, and the longest format adds 200 decimals.
_LONG: Final = Context(prec=1_000)


@cache
def locale(language: str) -> Locale:
    """Return a language's own forms: `de`, `en_GB`, `de-CH`. Raises ValueError."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language.replace("-", "_"))
    except UnknownLocaleError:
        raise ValueError(f"{language!r} is no language such as en, de or fr") from None


def signs(language: str) -> tuple[str, str]:
    """Return the sign before decimals and the sign between thousands. Raises ValueError."""
    symbols = locale(language).number_symbols
    symbols = symbols.get("latn", symbols)
    return symbols["decimal"], symbols["group"]


def fixed(value: float | Decimal, decimals: int) -> str:
    """Write a number with so many decimals, rounded as spreadsheet programs do: halves up.

    Raises ValueError for one that no program holds.
    """
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    try:
        rounded = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _LONG)
    except InvalidOperation:
        raise ValueError("a number of too many digits") from None
    return f"{rounded or abs(rounded):f}"


def grouped(value: float | Decimal, decimals: int, language: str) -> str:
    """Write a number with its language's signs, and so many decimals. Raises ValueError."""
    point, thousands = signs(language)
    whole, _, rest = fixed(value, decimals).partition(".")
    whole = f"{int(whole):,}".replace(",", thousands) if whole != "-0" else "-0"
    return whole + (point + rest if rest else "")


def read_number(text: str) -> Decimal:
    """Read a number as people and programs write it. Raises ValueError when it is none, or two."""
    plain = _CURRENCY.sub("", text.strip()).strip()
    if not _FIGURES.fullmatch(plain):
        raise ValueError(f"{text[:40]!r} is no number")
    plain = re.sub(r"[\s'’]", "", plain).replace("−", "-")
    marks = re.findall(r"[.,]", plain)
    if len(set(marks)) == 2:
        last = marks[-1]
        if marks.count(last) > 1:
            raise ValueError(f"{text[:40]!r} is no number")
        plain = plain.replace("." if last == "," else ",", "").replace(",", ".")
    elif len(marks) > 1:
        plain = plain.replace(marks[0], "")
    elif marks and re.fullmatch(r"[-+]?[1-9]\d{0,2}[.,]\d{3}", plain) and marks[0] == ",":
        raise ValueError(f"{text[:40]!r} can be read as two numbers")
    share = Decimal(100) if text.strip().endswith("%") else Decimal(1)
    return Decimal(plain.replace(",", ".")) / share
