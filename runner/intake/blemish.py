"""Blemishes of a message's text: gaps, unseen characters, markup, an empty greeting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from runner import words
from runner.intake.code import Code
from runner.intake.suspicion import markup, typed_break

Blemish = tuple[Code, str, Literal["error", "warning"]]

_TURNING: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_HIDDEN: Final = re.compile(f"[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f{_TURNING}]")
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
# Two blank lines or more between paragraphs.
_BLANK_LINES: Final = re.compile(r"\n[ \t]*\n[ \t]*\n")


def blemishes(text: str, name: str | None) -> Sequence[Blemish]:
    """Find everything that would embarrass in a message's text, as code, sentence and severity.

    `name` is the name that the message greets (see `greeted`).
    """
    found: list[Blemish] = []
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


def oddities(text: str) -> Sequence[Blemish]:
    """Find what looks odd in a text that somebody wrote, and may be meant."""
    found: list[Blemish] = []
    if shown := markup(text):
        said = f"the message holds HTML ({shown!r}), which people would see as it is"
        found.append(("markup", said, "warning"))
    if shown := typed_break(text):
        said = f"the message holds {shown!r}, which people would see instead of a new line"
        found.append(("typed-line-break", said, "warning"))
    if _BLANK_LINES.search(text):
        found.append(("blank-lines", "the message has two blank lines or more in a row", "warning"))
    return found


def gap(text: str, other: str) -> str | None:
    """Find the place where a text has doubled spaces or stray punctuation.

    They count only when `other`, a text without blank values, does not have them.
    """
    text, other = f"\n{text}", f"\n{other}"
    found = next((gap for gap in _GAPS if text.count(gap) > other.count(gap)), None)
    return found and _around(text, text.rindex(found))


def _around(text: str, at: int) -> str:
    start = max(0, at - 12)
    return text[start : at + 24].replace("\n", " ").strip()


def is_foreign(value: str, own: Iterable[str]) -> bool:
    """Tell whether a value can only have come from another row than the one with its `own` texts.

    A number may be computed, and a short text stands in many words. What holds a text of the row
    may be put together from it: `Acme Inc.`, of `Acme Inc` at the end of a sentence.
    """
    if len(value) < 3 or not any(map(str.isalpha, value)):
        return False
    folded = value.casefold()
    return not any(
        folded in text or (len(text) > 1 and text in folded) for text in map(str.casefold, own)
    )
