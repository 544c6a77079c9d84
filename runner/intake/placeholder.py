"""Merge fields of other tools, and spintax: what nobody filled in, in a text that is to be sent.

A placeholder is certain when its form is used for nothing else (`*|FNAME|*`, `{!Contact.Name}`), or
when it names a column of the sheet or a common field (`[Vorname]`, `#firstName#`). What only has
such a form is odd (`{foo}`), and all else is text: `[Berlin]`, `#hiring`, `$500`, `{…}` in code.

The forms are those of mail and outreach tools' own help pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from runner.intake.cell import INVISIBLE
from runner.intake.column import normalise
from runner.intake.field import meaning

# A quick way past nearly all texts: without one of these there is no placeholder.
_SIGN: Final = re.compile(
    r"[{}<\[%*#$|~@«»‹›［【｛^]|\(\(|\(\w+[_A-Z]|__|::|-[A-Z][a-z]+[A-Z]|MERGEFIELD"
)
_INNER: Final = r"[^\W\d_](?:[\w.'’!-]| (?=\w)){0,60}"
_OPENS_WITH: Final = r"(?:data:|var:|[.!$#%@~=^/&>-])?"
# A fallback, a filter, an alternative; what tools write behind the field's name.
_REST: Final = r"""(?:\s{0,3}(?:[|:,;?/]|(?<=!)"|or\b|OR\b)(?P<rest>[^{}\n\[\]]{0,80}))?"""
# A word made of several: first_name, FIRST-NAME, firstName, Contact.FirstName.
_COMPOUND: Final = re.compile(r"[^\W\d_](?=[\w.-]*(?:[_.]|[a-z][A-Z]))[\w.-]{1,80}")
_HTML_TAGS: Final = frozenset(
    ["title", "address", "link", "summary", "time", "data", "label", "code"]
)
# An object of JavaScript or a rule of CSS, {{color: 'red'}}, is no field with a fallback.
_OBJECT: Final = re.compile(r"\{\s{0,3}[\w-]+:\s")
# The variables of Windows that texts on computers name.
_SYSTEM: Final = frozenset(["APPDATA", "LOCALAPPDATA", "PATH", "TEMP", "TMP", "USERPROFILE"])
# Code in a text: in backticks, of Python (f"{name}"), of SQL (SELECT [Name]).
_CODE: Final = re.compile(
    r"```[\s\S]{1,2000}?```|`[^`\n]{1,200}`|(?<!\w)f(?:\"[^\"\n]{0,80}\"|'[^'\n]{0,80}')"
    r"|\bSELECT \[[^\]\n]{1,60}\]|\[[^\]\n]{1,60}\] ?(?=https?://)"
)
_OF_PERSON: Final = ("first name", "last name", "name", "salutation")
_WORDY: Final = re.compile(r"[^=<>(){}\[\]\"`;\\/&]*")


class Placeholder(NamedTuple):
    """A placeholder: as the text has it, the field that it names, and its fallback.

    `field` is empty where it names none, as in spintax.
    """

    shown: str
    start: int
    field: str
    fallback: str
    is_certain: bool


class Fields:
    """The names that make a placeholder certain: the sheet's own headers, and the common fields."""

    def __init__(self, headers: Iterable[str] = ()) -> None:
        self._exact = {header.strip() for header in headers}
        named = (header for header in self._exact if sum(map(str.isalpha, header)) > 1)
        self._headers = set(map(normalise, named))

    def has(self, name: str) -> bool:
        return meaning(name) is not None or normalise(name) in self._headers

    def is_of_person(self, name: str) -> bool:
        """Tell whether this is a column of the sheet, or the field of a person's name."""
        return normalise(name) in self._headers or meaning(name) in _OF_PERSON

    def has_exactly(self, name: str) -> bool:
        """Tell whether a column is called so, letter by letter."""
        return name in self._exact


class _Form(NamedTuple):
    """A form of placeholders.

    `always` tells that the form alone is certain. Under a form that is also a typographic one
    (`is_quote`), a known field is certain only when it is written like one; under one that seldom
    is (`is_named`), also when it is a person's name, or a column. `odd` tells whether a
    word that is no known field is worth a warning.
    """

    pattern: re.Pattern[str]
    always: bool = False
    is_quote: bool = False
    is_named: bool = False
    odd: Callable[[str], bool] = lambda _: False


def _is_word(inner: str) -> bool:
    return re.fullmatch(r"[^\W\d_][\w.-]+", inner) is not None


def _is_joined(inner: str) -> bool:
    return re.fullmatch(r"[^\W\d_]+_[\w.]+", inner) is not None


def _is_shouted(inner: str) -> bool:
    return re.fullmatch(r"[A-Z][A-Z_]{2,}", inner) is not None and inner not in _SYSTEM


def _form(
    before: str,
    after: str,
    *,
    always: bool = False,
    is_quote: bool = False,
    is_named: bool = False,
    odd: Callable[[str], bool] = lambda _: False,
) -> _Form:
    gap = "" if is_quote else r"\s{0,3}"
    pattern = rf"{before}{gap}{_OPENS_WITH}{gap}(?P<field>{_INNER}){_REST}{gap}{after}"
    return _Form(re.compile(pattern), always, is_quote, is_named, odd)


def _plain(pattern: str, odd: Callable[[str], bool] = lambda _: False) -> _Form:
    return _Form(re.compile(pattern), odd=odd)


_TAG: Final = re.compile(r"\{%-?\s{0,3}\w+[^\n]{0,80}?%\}|\{#[^#\n]{1,80}#\}|<%[=-]?[^\n]{0,80}?%>")
_MERGEFIELD: Final = re.compile(r"(?:\{ ?)?\bMERGEFIELD +\"?(?P<field>\w{1,60})\"?[^}\n]{0,40}\}?")
_SPINTAX: Final = re.compile(r"\{([^{}\n|]{0,80}(?:\|[^{}\n|]{0,80}){1,40})\}")
# In square brackets only where a text begins so: elsewhere they can be a choice for the reader.
_OPENING: Final = re.compile(r"\s{0,9}\[([^\[\]\n|]{1,80}(?:\|[^\[\]\n|]{1,80}){1,40})\]")
_FORMS: Final = (
    _form(r"\*\|", r"\|\*", always=True),
    _form(r"\|\*", r"\*\|", always=True),
    _form(r"\{\{\{?", r"\}\}?\}?", always=True),
    _form(r"\{!", r"\}", always=True),
    _form(r"%%", r"%%", always=True),
    _form(r"<<", r">>", odd=_is_word),
    _form(r"\[\[", r"\]\]", odd=_is_joined),
    _form(r"[$#@][{｛]", r"[}｝]", odd=_is_joined),
    _form(r"(?<![$#@])[{｛]", r"[}｝]", odd=_is_word),
    _form(r"[\[［【]", r"[\]］】](?!\()", odd=_is_joined),
    _form(r"(?<!\w)<", r"/?>", odd=_is_joined),
    # Quotes of French have a space inside; merge fields of Word have none.
    _form(r"«(?!\s)", r"(?<!\s)»", is_named=True, odd=_is_joined),
    _form(r"‹(?!\s)", r"(?<!\s)›", is_named=True, odd=_is_joined),
    _form(r"«\s", r"\s»", is_quote=True, odd=_is_joined),
    _form(r"»", r"«", is_quote=True, odd=_is_joined),
    _form(r"\\\{\\\{", r"\\\}\\\}", always=True),
    _form(r"\(\(", r"\)\)", odd=_is_joined),
    _form(r"\(", r"\)", is_quote=True),
    _plain(r"%\((?P<field>\w{2,40})\)s"),
    _plain(r"(?<![\w%])%(?P<field>[^\W\d_][\w.-]{1,40})%(?!\w)", _is_shouted),
    _plain(r"(?<![\w%])%(?P<field>[^\W\d_][\w.-]{0,30} [\w .-]{1,30})%(?!\w)"),
    _plain(r"(?<![\w%])%(?P<field>[^\W\d_][\w.-]{1,40})\|[^%\n]{0,40}%(?!\w)"),
    # One of the braces was forgotten, or a sign has no partner.
    _plain(r"\{\{\s{0,3}(?P<field>[^\W\d_][\w.]{1,40})(?!\s{0,3}[\w|}.])"),
    _plain(r"(?<![\w{.])(?P<field>[^\W\d_][\w.]{1,40})\s{0,3}\}\}"),
    _plain(r"(?<![\w%])%(?P<field>[^\W\d_]+_[\w.-]{1,40})(?![\w%])"),
    _plain(r"(?<![\w@.])@(?P<field>[^\W\d_]+[_.][\w.-]{1,40}\w)(?![\w@])"),
    _plain(r"(?<![\w-])-(?P<field>[A-Z][a-z]+[A-Z][A-Za-z]{1,30})-(?![\w-])"),
    _plain(r"(?<![\w#])##?(?P<field>[^\W\d_][\w. -]{1,40})##?(?![\w#])", _is_shouted),
    _plain(r"(?<![\w$])\$\$?(?P<field>[^\W\d_][\w.-]{1,40})(?:\$\$?)?(?![\w$])"),
    _plain(r"(?<!\w)__(?P<field>[^\W\d_][\w.-]{0,40}?)__(?!\w)", _is_shouted),
    _plain(r"(?<!\w)~~?(?P<field>[^\W\d_][\w. -]{1,40})~~?(?!\w)"),
    _plain(r"(?<!\w)@@?(?P<field>[^\W\d_][\w. -]{1,40})@@?(?!\w)"),
    _plain(r"(?<!\w)::(?P<field>[^\W\d_][\w. -]{1,40})::(?!\w)"),
    _plain(r"(?<!\w)\^(?P<field>[^\W\d_][\w. -]{1,40})\^(?!\w)"),
    _plain(r"(?<![\w|])\|(?P<field>[^\W\d_][\w ]{1,40})\|(?![\w|])"),
)


def placeholders(text: str, fields: Fields) -> list[Placeholder]:
    """Find the placeholders of a text, in their order. What stands in `backticks` is code."""
    if not text.isascii():
        text = text.translate(INVISIBLE)
    if "&lt;" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">")
    if not _SIGN.search(text):
        return []
    if _CODE.search(text):
        text = _CODE.sub(lambda match: " " * len(match[0]), text)
    found: list[Placeholder] = []
    for match in _TAG.finditer(text):
        inner = re.sub(r"^\W*(?:if\s+)?|\W*$", "", match[0])
        found.append(Placeholder(match[0], match.start(), inner, "", True))
    found += (
        Placeholder(match[0].strip(), match.start(), match["field"], "", True)
        for match in _MERGEFIELD.finditer(text)
    )
    for match in _SPINTAX.finditer(text):
        options = [option.strip() for option in match[1].split("|")]
        if _is_spintax(options) and not fields.has(options[0].lstrip("!$#")):
            found.append(Placeholder(match[0], match.start(), "", "", True))
    opening = _OPENING.match(text)
    if opening is not None and _is_spintax(opening[1].split("|")):
        found.append(Placeholder(opening[0].strip(), 0, "", "", True))
    for form in _FORMS:
        for match in form.pattern.finditer(text):
            if one := _judged(form, match, fields):
                found.append(one)
    return _apart(found)


def _is_spintax(options: list[str]) -> bool:
    """Tell whether these are wordings to choose from, and no code."""
    return (
        sum(not option for option in options) < 2
        and all(_WORDY.fullmatch(option) for option in options)
        and any(sum(map(str.isalpha, option)) > 1 for option in options)
    )


def _judged(form: _Form, match: re.Match[str], fields: Fields) -> Placeholder | None:
    name = match["field"].strip().rstrip("!")
    rest = (match.groupdict().get("rest") or "").strip()
    known = fields.has(name)
    if form.is_quote and not (_COMPOUND.fullmatch(name) or fields.has_exactly(name)):
        known = False
    if form.is_named and not (_COMPOUND.fullmatch(name) or fields.is_of_person(name)):
        known = False
    if match[0].startswith("<") and name.casefold() in _HTML_TAGS:
        return None
    if _OBJECT.search(match[0]) and "|" not in match[0]:
        is_odd = known and ";" not in match[0]
        return Placeholder(match[0], match.start(), name, "", False) if is_odd else None
    is_certain = known or form.always
    if not is_certain and not form.odd(name):
        return None
    return Placeholder(match[0], match.start(), name, _fallback(rest), is_certain)


def _fallback(rest: str) -> str:
    """Return the text that a tool would say for a blank value: there, of `default: "there"`."""
    rest = re.sub(r"^(?:default|fallback)\b\s{0,3}[:=(]?\s{0,3}", "", rest, flags=re.IGNORECASE)
    rest = rest.strip(" )\"'“”‘’=:|,")
    return rest if rest and "|" not in rest else ""


def _apart(found: list[Placeholder]) -> list[Placeholder]:
    """Return these placeholders in their order, the longer and surer of two that overlap."""
    ranked = sorted(found, key=lambda one: (not one.is_certain, -len(one.shown), one.start))
    kept: list[Placeholder] = []
    for one in ranked:
        end = one.start + len(one.shown)
        if all(end <= other.start or other.start + len(other.shown) <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)
