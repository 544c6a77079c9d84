"""The filters of templates: what people need to put a value into a sentence."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import Final

from runner.intake.display import raw
from runner.intake.moment import readings
from runner.intake.number import grouped, locale, read_number
from runner.intake.suspicion import PLACEHOLDERS, is_title

# The directives of `strftime` that mean the same on every system, and how they are written.
_DIRECTIVES: Final = {
    "d": "{0.day:02}", "m": "{0.month:02}", "y": "{1:02}", "Y": "{0.year:04}", "H": "{0.hour:02}",
    "M": "{0.minute:02}", "S": "{0.second:02}", "-d": "{0.day}", "-m": "{0.month}",
    "-H": "{0.hour}", "%": "%",
}  # fmt: skip
_NAMES: Final = {
    "A": ("days", "wide"), "a": ("days", "abbreviated"),
    "B": ("months", "wide"), "b": ("months", "abbreviated"),
}  # fmt: skip
_DIRECTIVE: Final = re.compile(r"%(-?[A-Za-z%])")
_LONGEST_FORM: Final = 60
_MOST_DECIMALS: Final = 15
# A line break that was typed as two characters.
_TYPED: Final = re.compile(r"\\[rnt]")
_BRACKETS: Final = re.compile(r"[(\[{\"“„][^)\]}\"”“]*[)\]}\"”“]?")
_BESIDE: Final = re.compile(r"[,|/•·]| [-–—] ")
# Parts of names that stay small.
_SMALL: Final = frozenset(
    ["de", "da", "di", "du", "del", "della", "des", "dos", "van", "von", "der", "den", "zu", "la"]
)


def to_date(value: object, form: str = "%d.%m.%Y", language: str = "en") -> str:
    """Write a date in a form of `strftime`: `{{ day|date("%d.%m.%Y") }}`.

    `language` names months and days (%B, %A). Raises ValueError.
    """
    meant = {(at.year, at.month, at.day): at for at in readings(raw(value))}
    if len(meant) != 1:
        raise ValueError(f"{raw(value)[:40]!r} is no date with one meaning, such as 2026-11-23")
    if len(form) > _LONGEST_FORM:
        raise ValueError("the form of a date is too long")
    at = next(iter(meant.values()))
    return _DIRECTIVE.sub(lambda match: _written(at, match[1], language), form)


def to_number(value: object, decimals: int = 0, language: str = "en") -> str:
    """Write a number with so many decimals: `{{ price|number(2) }}`, `{{ price|number(2, "de") }}`.

    `language` decides on the signs between its digits. Raises ValueError.
    """
    return grouped(read_number(raw(value)), _decimals(decimals), language)


def to_percent(value: object, decimals: int = 0, language: str = "en") -> str:
    """Write a share as a percentage: 15% for 0.15. Raises ValueError."""
    return grouped(read_number(raw(value)) * Decimal(100), _decimals(decimals), language) + "%"


def to_first_name(value: object) -> str:
    """Return the first name in a name: without titles, pronouns, symbols and what follows it.

    Capitals are mended where all letters are capitals, or none is. Raises ValueError for what
    programs write where a name is not known: `LinkedIn Member`.
    """
    text = unicodedata.normalize("NFC", " ".join(_TYPED.sub(" ", str(value)).split()))
    if text.casefold() in PLACEHOLDERS:
        raise ValueError(f"{text[:40]!r} is no name")
    plain = _BRACKETS.sub(" ", text)
    last, comma, rest = plain.partition(",")
    # Lovelace, Ada; but Ada Lovelace, PhD
    is_last_first = comma and rest.strip() and not is_title(rest.split()[0].strip("."))
    plain = rest if is_last_first else last
    plain = _BESIDE.split(plain)[0]
    words = [_without_symbols(word) for word in plain.split()]
    words = [word for word in words if word]
    while len(words) > 1 and is_title(words[0].strip(".")):
        words = words[1:]
    if not words:
        return str(value)
    kept = words[0]
    if len(kept.strip(".")) == 1 and len(words) > 1:
        kept = words[1]  # J. Edgar
    return _capital(kept)


def to_title(value: object) -> str:
    """Write a text with a capital at the beginning of each word, where it has no capitals of its
    own: `Acme Gmbh` of ACME GMBH, and `McDonald` as it is."""
    words = str(value).split(" ")
    return " ".join(
        word if index and word in _SMALL else _capital(word) for index, word in enumerate(words)
    )


def _written(at: datetime, directive: str, language: str) -> str:
    if directive in _DIRECTIVES:
        return _DIRECTIVES[directive].format(at, at.year % 100)
    if directive not in _NAMES:
        raise ValueError(f"date does not know %{directive}")
    kind, width = _NAMES[directive]
    known = locale(language)
    names = known.months if kind == "months" else known.days
    return str(names["format"][width][at.month if kind == "months" else at.weekday()])


def _decimals(decimals: object) -> int:
    if not isinstance(decimals, int) or not 0 <= decimals <= _MOST_DECIMALS:
        raise ValueError(f"a number has 0 to {_MOST_DECIMALS} decimals here")
    return decimals


def _without_symbols(word: str) -> str:
    kept = (sign for sign in word if unicodedata.category(sign)[0] in "LM" or sign in "'’.-‐")
    plain = "".join(kept).strip("-'’‐.")
    return f"{plain}." if len(plain) == 1 and "." in word else plain


def _capital(word: str) -> str:
    if len(word) > 1 and (word.isupper() or word.islower()):
        return re.sub(
            r"[^\W\d_]+(?:['’][^\W\d_]{1,2}\b)?",
            lambda match: match[0][0].upper() + match[0][1:].lower(),
            word,
        )
    return word
