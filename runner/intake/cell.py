"""The text of a cell: nothing is guessed to be a number, a date or a missing value.

`as_text` turns the value that a library read from a workbook into the text that a person typed or
sees. `clean` turns that text into the one that the campaign uses. The results always hand back the
text from before `clean`.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Final, Literal

# As many characters as a cell of Excel holds. Nothing looks at what stands behind them.
MAX_CELL: Final = 32_767
CUT: Final = "… [cut]"
# Excel keeps 15 digits of a number; the digits behind them are zeros or gone. A float holds whole
# numbers exactly up to 2**53.
_EXACT_BELOW: Final = 1e15
_WHOLE_BELOW: Final = 2**53
ROUNDED: Final = (
    "a number of 16 digits or more, of which spreadsheet programs keep only the first 15"
)
# A spreadsheet program shows such a text, in its user's language, in a cell whose formula failed. A
# CSV holds it as text.
ERROR_TEXT: Final = re.compile(
    r"#[¡¿]?[^\W\d_][\w/]*[!?]|#+|#GETTING_DATA|Err:\d{3}|Loading\.\.\."
    r"|#(?:N/[A-Z]{1,4}|NV|I/T|YOK|PUUTTUU|HIÁNYZIK|Н/Д|NENÍ_K_DISPOZICI|NEDOSTUPNÝ)"
)
# Zero-width and bidirectional marks ride along when text is copied from a web page or a chat.
INVISIBLE: Final = dict.fromkeys(
    [
        0x00AD,
        0x034F,
        0x061C,
        0x180E,
        0xFEFF,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0x115F,
        0x1160,
        0x2800,
        0x3164,
        0xFFA0,
    ]
)
# No part of any identifier: what nobody sees, and the controls but for white space.
_UNSEEN: Final = INVISIBLE | dict.fromkeys(
    [
        *range(9),
        0x0B,
        0x0C,
        *range(0x0E, 0x20),
        *range(0x7F, 0xA0),
        *range(0x17B4, 0x17B6),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0000, 0xE1000),
    ]
)
_EDGES: Final = "".join(map(chr, INVISIBLE)) + "".join(filter(str.isspace, map(chr, range(0x3001))))
# Excel stores a character that XML forbids, and a carriage return, as _xHHHH_; openpyxl hands the
# escape on as text.
_ESCAPED_CHARACTER: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
# A spreadsheet program may take these for the start of a formula (OWASP's list, and its full-width
# forms).
_FORMULA_START: Final = re.compile(r"""['"\s]*+[=+\-@＝＋－＠|%]|'*+[\t\r\n]""")
_RISKY: Final = re.compile(r"[=+\-@\t\r\n＝＋－＠|%]")
# What separates cells or lines for some spreadsheet program, then all that it may pass over on its
# way to the sign of a formula.
_SEPARATORS: Final = ",;\t|\r\n"
_WITHIN: Final = re.compile(rf"""[{_SEPARATORS}][{_SEPARATORS}\s"']*+([=+\-@＝＋－＠%])?""")
_PLAIN_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
# Two ways to make Excel keep leading zeros in a CSV: ="00456", or an apostrophe before digits.
_FORCED_TEXT: Final = re.compile(r'="([^"]*)"|\'(\+?\d[\d ().\-/]*)')
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# A text is as it should be when its UTF-8 has only these bytes: all characters below U+0300, except
# controls and those that may be invisible.
_PLAIN_BYTES: Final = bytes([*b"\t\n", *range(0x20, 0x7F), *range(0x80, 0xC0), *range(0xC3, 0xCC)])
_BARE_BYTES: Final = bytes(code for code in _PLAIN_BYTES if code not in b"{}[<%*#_$|~@^&\\")
# A cell that begins so may hold a spreadsheet program's error, or a value forced to be text.
TELLING: Final = ("#", "Err:", "Loading...", "=", "'")
_ZEROS: Final = re.compile(r"0{2,255}")
_SHORT: Final = 256


def clean(text: str) -> str:
    """Return a cell's text, composed (NFC) and without control characters.

    White space and invisible characters around it are removed, and a newline is one character.
    Nothing else changes.
    """
    text = text.strip()
    if not text.encode("utf-8", "surrogatepass").translate(
        None, _PLAIN_BYTES
    ):  # a quick way past nearly all cells
        return text
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip(_EDGES)
    return composed(text)


def composed(text: str, form: Literal["NFC", "NFKC"] = "NFC") -> str:
    """Do the same as `unicodedata.normalize`.

    Its time grows with the square of a run of combining marks. Here the marks of a long text are
    sorted first.
    """
    if len(text) <= _SHORT or unicodedata.is_normalized(form, text):
        return unicodedata.normalize(form, text)
    apart: Literal["NFD", "NFKD"] = "NFD" if form == "NFC" else "NFKD"
    pieces = (
        unicodedata.normalize(apart, text[at : at + _SHORT]) for at in range(0, len(text), _SHORT)
    )
    runs = groupby("".join(pieces), lambda character: unicodedata.combining(character) > 0)
    ordered = ("".join(sorted(run, key=unicodedata.combining)) for _, run in runs)
    return unicodedata.normalize("NFC", "".join(ordered))


def bare(text: str) -> str | None:
    """Return a cell's text when it surely holds nothing to look closer at, else None.

    Such things are an error, a forced text, and a sign that placeholders are made of.
    """
    text = text.strip()
    try:
        if text.startswith(TELLING) or "((" in text:
            return None
        return None if text.encode().translate(None, _BARE_BYTES) else text
    except UnicodeEncodeError:  # half a character
        return None


def identifier(text: str) -> str:
    """Return the text of a cell of identifiers.

    It is as `clean` makes it, and without control characters, invisible ones and white space
    inside.
    """
    text = clean(text.translate(_UNSEEN))
    return text if text.isascii() else " ".join(text.split())


def is_seen(text: str) -> bool:
    """Tell whether each character of an identifier is one that people can see and type."""
    return text.isascii() or not any(unicodedata.category(sign)[0] in "CZ" for sign in text)


def unforced(text: str) -> str:
    """Return the text that a CSV's `="00456"` or `'00456` stands for; any other text as it is."""
    forced = _FORCED_TEXT.fullmatch(text)
    return forced[forced.lastindex or 0] if forced else text


def whole(text: str) -> str:
    """The text without halves of characters, which no file or request can carry."""
    if text.isprintable():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def unescaped(text: str) -> str:
    """A workbook's text with its `_xHHHH_` escapes decoded."""
    if "_x" in text:
        return whole(_ESCAPED_CHARACTER.sub(lambda match: chr(int(match[1], 16)), text))
    return text


def guard(text: str) -> str:
    """Put an apostrophe before what spreadsheet programs may take for a formula in a CSV.

    A program guesses the separator, often by the user's country. So a formula can also begin within
    a text, behind any sign that separates cells or lines somewhere.
    """
    if not _RISKY.search(text):
        return text
    text = _WITHIN.sub(_guarded, text)
    risky = _FORMULA_START.match(text)
    return f"'{text}" if risky and not _PLAIN_NUMBER.fullmatch(text) else text


def unguard(text: str) -> str:
    """Return the text that `guard` made this one from.

    Results of version 0.1 have the first of the apostrophes only.
    """
    if "'" not in text:
        return text
    first = text[1:] if text[0] == "'" else text
    for start in dict.fromkeys((text, first)):
        if guard(inner := _WITHIN.sub(_unguarded, start)) == text:
            return inner
    return first if _FORMULA_START.match(first) else text


def _guarded(run: re.Match[str]) -> str:
    return _at_last_separator(run, "'") if run[1] else run[0]


def _unguarded(run: re.Match[str]) -> str:
    return _at_last_separator(run, "") if run[1] else run[0]


def _at_last_separator(run: re.Match[str], sign: str) -> str:
    """Return the run with this sign, instead of one apostrophe, behind its last separator."""
    place = 1 + max(run[0].rfind(separator) for separator in _SEPARATORS)
    rest = run[0][place:]
    return run[0][:place] + (sign + rest if sign else rest.removeprefix("'"))


def as_text(value: object, number_format: str = "General") -> str:
    """Return the text of a value that a library read.

    Whole numbers become digits, zero-padded where the format shows them so. Dates and times are in
    ISO form, booleans are as Excel shows them. A percentage or a sum of money is its raw number.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, number_format)
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return (
            value.strftime("%Y-%m-%d")
            if midnight
            else value.strftime("%Y-%m-%d ") + _clock(value.time())
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return _clock(value)
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
    return str(value)


def is_rounded(value: object) -> bool:
    """Tell whether a value is a number with more digits than a spreadsheet program keeps."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) >= _EXACT_BELOW
    )


def is_padded(number_format: str) -> bool:
    """Tell whether this format pads whole numbers with zeros, and does nothing else."""
    return _ZEROS.fullmatch(number_format) is not None


def column_letter(index: int) -> str:
    """Return the letters of a column: 0 is A, 25 is Z, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _number(value: float, number_format: str) -> str:
    if isinstance(value, float):
        if not value.is_integer() or abs(value) >= _WHOLE_BELOW:
            # As many digits as spreadsheet programs keep: 3.3, not 3.3000000000000003.
            return f"{value:.15g}" if abs(value) < _EXACT_BELOW else repr(value).removesuffix(".0")
        value = int(value)
    text = str(value)
    if is_padded(number_format):
        return text.zfill(len(number_format) + (value < 0))
    return text


def _clock(value: time) -> str:
    return value.strftime("%H:%M:%S" if value.second else "%H:%M")
