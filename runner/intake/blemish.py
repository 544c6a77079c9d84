"""Blemishes of a text: leftover placeholders, gaps, wrong greetings, values that look wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from runner import words
from runner.intake.cell import ERROR_TEXT
from runner.intake.code import Code

_PLACEHOLDER: Final = re.compile(
    r"\{\{|\}\}|\{%|%\}|\{#|#\}"  # Jinja2's own
    r"|\$?\{\s*\$?[A-Za-z_][\w .-]{0,40}\}"  # {first_name}, ${name}, {$name}
    # *|FNAME|*, %FIRSTNAME%, #FNAME#, __NAME__
    r"|\*\|\w{2,40}\|\*|%[A-Z_]{3,40}%|(?-i:#[A-Z_]{3,40}#|__[A-Z_]{3,40}__)"
    r"|[\[<]\s*(?:your |their |insert |the )?(?:first|last|full|sur|family|given|company|user)[ "
    r"_-]?(?:name)?\s*[\]>]"
    r"|[\[<]\s*(?:name|company|insert|your name|job ?title|position|city)\b[^\]>\n]{0,30}[\]>]",
    re.IGNORECASE,
)


_TURNING: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_HIDDEN: Final = re.compile(f"[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f{_TURNING}]")


# Nearly all messages begin with a greeting and the name behind it. `_GREETING` finds everything
# else that may be a greeting.
_OPENING: Final = 80


_NAME: Final = re.compile(r" *([^\W\d_][\w'’-]*+)(?!/)").match


_GREETINGS: Final = frozenset(
    word
    for words in (
        "hi hello hey dear hallo liebe lieber liebes bonjour bonsoir salut coucou cher chère",
        "hola estimado estimada ciao gentile olá ola caro cara beste hoi dag hej hei cześć",
        "ahoj merhaba привет здравствуйте γεια",
    )
    for word in words.split()
)


_CAPITAL_GREETINGS: Final = frozenset(map(str.title, _GREETINGS))


_GREETING: Final = re.compile(
    rf"\s*(?:{'|'.join(sorted(_GREETINGS))}|good (?:morning|afternoon|evening|day)|guten "
    r"(?:tag|morgen|abend)|dobr[yý] den"
    r"|dzie[nń] dobry|buenos d[ií]as|sehr geehrte[rs]?(?: herr| frau)?)\b(?P<rest>[^\n]{0,60})",
    re.IGNORECASE,
).match


# Programs write these for a name that is not there. `Null`, `None` and `Na` are names.
_NO_NAMES: Final = frozenset(
    [
        "null",
        "NULL",
        "nan",
        "NaN",
        "undefined",
        "unknown",
        "Unknown",
        "UNKNOWN",
        "N/A",
        "n/a",
        "#N/A",
    ]
)


_NOBODY: Final = re.compile(
    rf"\s+[-?]*[,!.:;].*|\s{{2,}}\S.*|\s*,\s*,.*|\s+|\s+(?:{'|'.join(sorted(_NO_NAMES))})(?!\w).*",
    re.DOTALL,
).fullmatch


# French puts a space before `!`, `:` and `;`.
_FRENCH: Final = re.compile(r"\s*(?:bonjour|bonsoir|salut|coucou) [!:;]", re.IGNORECASE).match


_GAPS: Final = (
    "  ",
    " ,",
    " .",
    " ;",
    " ?",
    " !",
    ",,",
    ", ,",
    "..",
    "()",
    "( ",
    '""',
    "''",
    " 's",
    " ’s",
    "\n,",
    "\n.",
)


_NAME_HEADER: Final = re.compile(
    r"name|nombre|prenom|prénom|cognome|imię|имя|vorname|nachname", re.IGNORECASE
)


_NOT_A_PERSON: Final = re.compile(
    r"company|firm|organi|account|business|user|file|job|school|campaign|product", re.IGNORECASE
)


# UTF-8 read as cp1252, and the sign for a character that could not be read.
_MISREAD: Final = re.compile("[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|\ufffd")


_TRIAL: Final = frozenset(
    {
        "test",
        "testing",
        "tester",
        "asdf",
        "qwerty",
        "xxx",
        "xx",
        "abc",
        "foo",
        "bar",
        "foobar",
        "example",
        "dummy",
        "sample",
    }
    | {
        "john doe",
        "jane doe",
        "first name",
        "last name",
        "firstname",
        "lastname",
        "name",
        "fname",
        "lname",
        "company",
        "tbd",
    }
    | {
        "unknown",
        "n/a",
        "none given",
        "no name",
        "not available",
        "null null",
        "undefined",
        "-",
        "--",
        ".",
        "?",
        "lorem ipsum",
    }
)


def blemishes(
    text: str, name: str | None
) -> Sequence[tuple[Code, str, Literal["error", "warning"]]]:
    """Find everything that would embarrass in a message's text, as code, sentence and severity.

    `name` is the name that the message greets (see `greeted`).
    """
    found: list[tuple[Code, str, Literal["error", "warning"]]] = []
    if shown := placeholder(text):
        said = f"the message still holds {shown!r}, which nobody filled in"
        found.append(("leftover-placeholder", said, "error"))
    if hidden := _HIDDEN.search(text):
        around = words.visible(_around(text, hidden.start()))
        if hidden[0] in _TURNING:
            said = f"the message holds a sign that turns the direction of its text: {around!r}"
            found.append(("bidi-character", said, "warning"))
        else:
            said = f"the message holds a control character, which nobody can see: {around!r}"
            found.append(("control-character", said, "error"))
    if name == "":
        said = f"the message greets nobody: {_around(text, 0)!r}"
        found.append(("greeting-empty", said, "error"))
    return found


def placeholder(text: str) -> str | None:
    """Find a placeholder that a text still holds."""
    # A quick look first: nearly all texts hold no such sign.
    if (
        "{" in text
        or "}" in text
        or "[" in text
        or "<" in text
        or "%" in text
        or "*|" in text
        or "#" in text
        or "__" in text
    ):
        match = _PLACEHOLDER.search(text)
        return match and match[0]
    return None


def gap(text: str, other: str) -> str | None:
    """Find the place where a text has doubled spaces or stray punctuation.

    They count only when `other`, a text without blank values, does not have them.
    """
    text, other = f"\n{text}", f"\n{other}"
    found = next((gap for gap in _GAPS if text.count(gap) > other.count(gap)), None)
    return found and _around(text, text.rindex(found))


def greeted(text: str) -> str | None:
    """Return the name that follows a message's greeting.

    It is empty when the message greets nobody, and None when the message does not greet by name.
    """
    word, _, rest = text[:_OPENING].partition(" ")
    if (
        (word in _CAPITAL_GREETINGS or word.casefold() in _GREETINGS)
        and (match := _NAME(rest))
        and match[1] not in _NO_NAMES
    ):
        return match[1]
    if (match := _GREETING(text)) and _NOBODY(match["rest"]) and not _FRENCH(text):
        return ""
    return None


def names_people(header: str) -> bool:
    """Tell whether a column with this header holds people's names."""
    return bool(_NAME_HEADER.search(header)) and not _NOT_A_PERSON.search(header)


def suspicion(value: str, header: str, *, of_person: bool) -> str | None:
    """Tell why a value that goes into a message looks wrong, if it does.

    `NA`, `Null` and `None` are names.
    """
    if value.startswith("#"):  # the known errors are told as errors
        return (
            f"{value!r} looks like a spreadsheet program's error"
            if value.isupper() and not ERROR_TEXT.fullmatch(value)
            else None
        )
    if not value.isascii() and _MISREAD.search(value):
        return f"{value!r} was misread on its way (its letters are those of another encoding)"
    folded = value.casefold()
    if folded in _TRIAL or folded == header.strip().casefold():
        return f"{value!r} looks like a placeholder"
    if "@" in value and re.fullmatch(r"\S[^\s@]*+@\S+\.\w+", value):
        return f"{value!r} is an e-mail address"
    if "://" in value or folded.startswith("www."):
        return f"{value[:40]!r} is a link"
    if of_person and not value.isalpha() and any(map(str.isdigit, value)):
        return f"{value!r} holds digits"
    if of_person and len(value) > 3 and value.isupper():
        return f"{value!r} is all in capitals"
    return None


def _around(text: str, at: int) -> str:
    start = max(0, at - 12)
    return text[start : at + 24].replace("\n", " ").strip()


def is_foreign(value: str, own: Iterable[str]) -> bool:
    """Tell whether a value can only have come from another row than the one with its `own` texts.

    A number may be computed, and a short text stands in many words.
    """
    if len(value) < 3 or not any(map(str.isalpha, value)):
        return False
    folded = value.casefold()
    return all(folded not in text.casefold() for text in own)


def is_named(name: str, cells: Sequence[str], text: str) -> bool:
    """Tell whether a row names somebody in another cell than its text."""
    return name in cells or any(name in cell for cell in cells if cell != text)
