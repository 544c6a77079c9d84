"""A value as the spreadsheet program shows it, by its number format.

The codes are those of ECMA-376, part 1, 18.8.31. What cannot be rendered exactly is not guessed.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Final, NamedTuple

from runner.intake.number import fixed, locale, signs

Value = int | float | date | time | timedelta

_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]{0,99})"|\\(?P<escaped>.)|_(?P<width>.)|\*(?P<fill>.)|\[(?P<mark>[^\[\]]{0,99})\]'
    r"|(?P<half>AM/PM|A/P)|(?P<general>General)|(?P<exponent>[Ee][+-])"
    r"|(?P<date>y+|m+|d+|h+|s+)|(?P<figure>[0#?.,/%])|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_DATES: Final = re.compile(r"[ymdhs]", re.IGNORECASE)
# The languages of Windows' codes in number formats, as in [$-407].
_LANGUAGES: Final = {
    0x07: "de", 0x09: "en", 0x0A: "es", 0x0C: "fr", 0x10: "it", 0x13: "nl", 0x16: "pt",
    0x1D: "sv", 0x06: "da", 0x14: "nb", 0x0B: "fi", 0x15: "pl", 0x05: "cs", 0x0E: "hu",
}  # fmt: skip
# The short date of a language, which format 14 stands for. In English it depends on the country.
_SHORT: Final = {
    "de": "dd.mm.yyyy", "fr": "dd/mm/yyyy", "es": "dd/mm/yyyy", "it": "dd/mm/yyyy",
    "nl": "d-m-yyyy", "pt": "dd/mm/yyyy", "sv": "yyyy-mm-dd", "da": "dd-mm-yyyy",
    "nb": "dd.mm.yyyy", "fi": "d.m.yyyy", "pl": "dd.mm.yyyy", "cs": "dd.mm.yyyy",
}  # fmt: skip
_LONGEST: Final = 200
_WIDEST: Final = 10  # digits that a cell of the format General shows of a fraction


class Rendered(NamedTuple):
    """A value as it is shown.

    `is_sure` is False where it also depends on the language of the computer that shows it.
    """

    text: str
    is_sure: bool


class Shown(str):
    """A text as the sheet shows it, for a template; `raw` is the value behind it."""

    raw: str
    is_sure: bool

    def __new__(cls, text: str, raw: str, *, is_sure: bool) -> Shown:
        made = super().__new__(cls, text)
        made.raw, made.is_sure = raw, is_sure
        return made


def raw(value: object) -> str:
    """Return the value behind a text as the sheet shows it, or the text itself."""
    return value.raw if isinstance(value, Shown) else str(value)


def rendered(value: Value, code: str, language: str | None) -> Rendered | None:
    """Return a value as the format `code` shows it, or None where that cannot be rendered exactly.

    `language` is the workbook's, where it is known. The codes `short date` and `locale` stand for
    formats that follow the computer's country.
    """
    is_huge = isinstance(value, float) and not math.isfinite(value)
    if len(code) > _LONGEST or code == "locale" or is_huge:
        return None
    if code in ("", "General", "@"):
        return None if isinstance(value, date | time | timedelta) else _general(value, language)
    if code == "short date":
        if language not in _SHORT:
            return None
        code = _SHORT[language]
    sections = _sections(code)
    if sections is None:
        return None
    if isinstance(value, date | time | timedelta):
        return _moment(value, sections[0], language_of(code) or language)
    return _number(value, sections, language)


def language_of(code: str) -> str | None:
    """Return the language that a format names for its words, as in [$-407]."""
    for mark in re.findall(r"\[\$[^\[\]-]*-([^\[\],]+)", code):
        if re.fullmatch(r"[0-9A-Fa-f]{1,8}", mark):
            return _LANGUAGES.get(int(mark, 16) & 0x3FF)
        return str(mark)
    return None


class _Token(NamedTuple):
    """A piece of a format: a `literal`, a `figure`, a part of a `date`, a `half` of the day, or an
    `elapsed` time."""

    kind: str
    text: str


@cache
def _sections(code: str) -> list[list[_Token]] | None:
    """Return the sections of a format, or None when it holds what is not rendered."""
    sections: list[list[_Token]] = [[]]
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "", match[match.lastgroup or 0]
        if kind in ("exponent", "general"):
            return None
        if kind == "literal" and text == ";":
            sections.append([])
        elif kind == "mark":
            token = _marked(text)
            if token is None:
                return None
            sections[-1].append(token)
        elif kind in ("quoted", "escaped", "literal"):
            sections[-1].append(_Token("literal", text))
        elif kind == "width":
            sections[-1].append(_Token("literal", " "))
        elif kind != "fill":
            sections[-1].append(_Token(kind, text))
    return sections


def _marked(text: str) -> _Token | None:
    """Return the token that brackets stand for, or None when it is not rendered."""
    if text.startswith("$"):
        symbol, _, language = text[1:].partition("-")
        return None if language.upper() in ("F800", "F400") else _Token("literal", symbol)
    if re.fullmatch(r"h+|m+|s+", text, re.IGNORECASE):
        return _Token("elapsed", text.lower())
    is_colour = re.fullmatch(
        r"black|blue|cyan|green|magenta|red|white|yellow|colou?r ?\d{1,2}", text, re.IGNORECASE
    )
    return _Token("literal", "") if is_colour else None


def _general(value: float, language: str | None) -> Rendered | None:
    """Return a number as the format General shows it in a cell of the usual width."""
    if isinstance(value, int) or value.is_integer():
        return Rendered(str(int(value)), True)
    if not 1e-4 <= abs(value) < 1e10:
        return None
    decimals = _WIDEST - len(str(int(abs(value))))
    text = fixed(value, decimals).rstrip("0").removesuffix(".")
    point, _ = signs(language or "en")
    return Rendered(text.replace(".", point), language is not None or "." not in text)


def _number(value: float, sections: list[list[_Token]], language: str | None) -> Rendered | None:
    section, negative = sections[0], value < 0
    if negative and len(sections) > 1:
        section, negative = sections[1], False
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    figures = "".join(token.text for token in section if token.kind == "figure")
    if not figures:
        return Rendered("".join(token.text for token in section).strip(), True)
    if any(token.kind not in ("figure", "literal") for token in section) or "/" in figures:
        return None
    code = figures.replace("%", "")
    whole, point, rest = code.partition(".")
    scale = len(whole) - len(whole.rstrip(",")) if not point else 0
    is_grouped = "," in whole.rstrip(",")
    if not re.fullmatch(r"[0#?,]*", whole) or not re.fullmatch(r"[0#?]*", rest):
        return None
    exact = abs(Decimal(repr(value))) * 100 ** figures.count("%") / 1000**scale
    shown, signed = _digits(exact, whole.replace(",", ""), rest, is_grouped, language)
    pieces, is_written, is_behind = [], False, False
    for token in section:
        if token.kind == "figure" and token.text != "%":
            if is_behind:
                return None  # words between the digits
            if not is_written:
                pieces.append(("-" if negative else "") + shown)
            is_written = True
        else:
            pieces.append(token.text)
            is_behind = is_written and bool(token.text)
    return Rendered("".join(pieces).strip(), language is not None or not signed)


def _digits(
    value: Decimal, whole: str, rest: str, is_grouped: bool, language: str | None
) -> tuple[str, bool]:
    """Return the digits of a number, and whether they hold a language's own sign."""
    point, thousands = signs(language or "en")
    before, _, after = fixed(value, len(rest)).partition(".")
    least = rest.rfind("0") + 1
    while len(after) > least and after.endswith("0"):
        after = after[:-1]
    before = before.zfill(whole.count("0")) if before != "0" or "0" in whole else ""
    if is_grouped:
        before = f"{int(before or 0):,}".replace(",", thousands) if before else ""
    text = before + (point + after if rest and (after or least) else "")
    return text, (is_grouped and thousands in before) or bool(after)


def _moment(
    value: date | time | timedelta, section: list[_Token], language: str | None
) -> Rendered | None:
    half = any(token.kind == "half" for token in section)
    pieces, is_sure = [], True
    places = [index for index, token in enumerate(section) if token.kind in ("date", "elapsed")]
    for index, token in enumerate(section):
        if (token.kind == "figure" and token.text in ("/", ".", ",")) or token.kind == "literal":
            pieces.append(token.text)
        elif token.kind == "half":
            pieces.append("AM" if _hour(value) < 12 else "PM")
        elif token.kind in ("date", "elapsed"):
            at = places.index(index)
            before = section[places[at - 1]].text.lower() if at else ""
            after = section[places[at + 1]].text.lower() if at + 1 < len(places) else ""
            is_minute = before[:1] == "h" or after[:1] == "s"
            text = _part(value, token, is_minute=is_minute, half=half, language=language)
            if text is None:
                return None
            named = token.text[:1].lower() in "md" and len(token.text) > 2 and not is_minute
            is_sure &= not named or (language is not None and _is_exact(token.text, language))
            pieces.append(text)
        else:
            return None
    return Rendered("".join(pieces).strip(), is_sure)


def _is_exact(text: str, language: str) -> bool:
    """Tell whether this is a whole name, or English: other abbreviations differ by program."""
    return len(text) == 4 or language.startswith("en")


def _hour(value: date | time | timedelta) -> int:
    return value.hour if isinstance(value, datetime | time) else 0


def _part(
    value: date | time | timedelta,
    token: _Token,
    *,
    is_minute: bool,
    half: bool,
    language: str | None,
) -> str | None:
    """Return one part of a date or time, or None where the value has no such part."""
    sign, width = token.text[0].lower(), len(token.text)
    if token.kind == "elapsed" or isinstance(value, timedelta):
        return _elapsed(value, sign, width, is_whole=token.kind == "elapsed")
    if sign in "hs" or is_minute:
        if not isinstance(value, datetime | time):
            value = time()
        number = {"h": value.hour, "m": value.minute, "s": value.second}[sign]
        number = number % 12 or 12 if sign == "h" and half else number
        return f"{number:0{min(width, 2)}}"
    if not isinstance(value, date):
        return None
    if sign == "y":
        return f"{value.year:04}" if width > 2 else f"{value.year % 100:02}"
    number = value.month if sign == "m" else value.day
    if width < 3:
        return f"{number:0{width}}"
    if width == 5 and sign == "m":
        return _name(value, sign, "wide", language)[:1]
    return _name(value, sign, "abbreviated" if width == 3 else "wide", language)


def _name(value: date, sign: str, width: str, language: str | None) -> str:
    known = locale(language or "en")
    if sign == "m":
        return str(known.months["format"][width][value.month])
    return str(known.days["format"][width][value.weekday()])


def _elapsed(
    value: date | time | timedelta, sign: str, width: int, *, is_whole: bool
) -> str | None:
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    if not isinstance(value, timedelta) or value < timedelta():
        return None
    seconds = round(value.total_seconds())
    number = {"h": seconds // 3600, "m": seconds // 60, "s": seconds}.get(sign)
    if number is None:
        return None
    if not is_whole and sign != "h":
        number %= 60
    elif not is_whole:
        number %= 24
    return f"{number:0{width}}"
