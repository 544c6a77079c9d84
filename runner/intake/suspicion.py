"""Values that look wrong where they would go into a message: names above all."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final, Literal, NamedTuple

from runner.intake.cell import ERROR_TEXT
from runner.intake.field import meaning

Kind = Literal["", "first name", "last name", "name"]

_NAME_HEADER: Final = re.compile(
    r"name|nombre|prenom|prénom|cognome|imię|имя|vorname|nachname", re.IGNORECASE
)
_NOT_A_PERSON: Final = re.compile(
    r"company|firm|organi|account|business|user|file|job|school|campaign|product", re.IGNORECASE
)
# UTF-8 read as cp1252, and the sign for a character that could not be read.
_MISREAD: Final = re.compile("[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|\ufffd")
# Programs and sites write these for a name that is not there. `Null`, `None` and `Na` are names.
NO_NAMES: Final = frozenset(
    word
    for words in (
        "null|NULL|nan|NaN|undefined|unknown|Unknown|UNKNOWN|N/A|n/a|N.A.|n.a.|#N/A|(blank)",
        "(leer)|(vide)|(en blanco)|(vuoto)|(none)|(null)|(empty)|<null>|[blank]|LinkedIn Member",
        "LinkedIn member|LinkedIn-Mitglied|Mitglied von LinkedIn|Membre de LinkedIn",
        "Membre LinkedIn|Utilisateur LinkedIn|Utilisateur de LinkedIn|Miembro de LinkedIn",
        "Usuario de LinkedIn|Membro di LinkedIn|Utente LinkedIn|Utente di LinkedIn",
        "Usuário do LinkedIn|Membro do LinkedIn|LinkedIn-lid|LinkedIn User|Private Member",
        "Private member|Użytkownik LinkedIn|Członek LinkedIn|Uživatel LinkedIn|LinkedIn Üyesi",
        "LinkedIn-medlem|LinkedIn-gebruiker|Пользователь LinkedIn|Unbekannt|Inconnu|Desconocido",
        "Sconosciuto|Desconhecido|Onbekend|Nieznany|Neznámý|(Leer)|(Vide)|(Blank)|(Vuoto)",
    )
    for word in words.split("|")
)
# What stands for no name, in small letters.
PLACEHOLDERS: Final = frozenset(name.casefold() for name in NO_NAMES)
_TRIAL: Final = frozenset(
    word
    for words in (
        "test|testing|tester|asdf|qwerty|xxx|xx|abc|foo|bar|foobar|example|dummy|sample|john doe",
        "jane doe|first name|last name|firstname|lastname|name|fname|lname|company|tbd|unknown",
        "n/a|none given|no name|not available|null null|undefined|-|--|.|?|lorem ipsum|blank",
    )
    for word in words.split("|")
) | {name.casefold() for name in NO_NAMES if not name.isalpha()}
is_title: Final = re.compile(
    r"(?:dr|prof|professor|mr|mrs|ms|miss|sir|herr|frau|dipl|ing|mag|lic|mme|sra?|dott|dra?|"
    r"dott\.?ssa|rev|hon|phd|ph\.d|md|mba|cpa|cfa|pmp|msc|m\.sc|bsc|b\.sc|esq|jr|sr|llm|ii|iii|iv)",
    re.IGNORECASE,
).fullmatch
_PRONOUNS: Final = re.compile(
    r"\b(?:she|he|they|sie|er|elle|il|ella|él|lei|lui)\s*/\s*\w+", re.IGNORECASE
)
_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_TAG: Final = re.compile(
    r"<(?:br|p|div|span|a|b|i|u|strong|em|ul|ol|li|table|tr|td|font|img|h[1-6])"
    r"(?:\s[^<>\n]{0,200})?/?>|<!--"
    r"|</(?:p|div|span|a|b|i|u|strong|em|ul|ol|li|table|tr|td|font|h[1-6])>",
    re.IGNORECASE,
)
# Three capitals that can be spoken are a name; others are initials.
_SPOKEN: Final = re.compile(r"[^AEIOUY][AEIOUY][^AEIOUY]|[AEIOUY][^AEIOUY][AEIOUY]").fullmatch
# A name of a folder has a letter before it, and goes on in small letters.
_TYPED_SIGNS: Final = re.compile(r"\\r?\\?n(?:$|[^a-z])")
# A line break that was typed as two characters: before another one, or behind a sentence.
_TYPED_BREAK: Final = re.compile(r"\\r?\\n|(?:[,.!?;]|\\n)[ ]?\\n|\\n(?=\\n|[A-ZÄÖÜÉÈ•*-])")


class Suspicion(NamedTuple):
    """The reason why a value looks wrong, and a filter that mends it for the message, if any."""

    text: str
    filter: str = ""


def kind_of(header: str) -> Kind:
    """Tell which name of people a column with this header holds, if it holds names."""
    match meaning(header):
        case "first name" | "last name" | "name" as known:
            return known
    is_name = _NAME_HEADER.search(header) and not _NOT_A_PERSON.search(header)
    return "name" if is_name else ""


def suspicion(value: str, header: str, kind: Kind) -> Suspicion | None:
    """Tell why a value that goes into a message looks wrong, if it does.

    `NA`, `Null` and `None` are names.
    """
    if value.startswith("#"):  # the known errors are told as errors
        if value.isupper() and not ERROR_TEXT.fullmatch(value):
            return Suspicion(f"{value!r} looks like a spreadsheet program's error")
        return None
    if not value.isascii() and _MISREAD.search(value):
        return Suspicion(
            f"{value!r} was misread on its way (its letters are those of another encoding)"
        )
    folded = value.casefold()
    if folded in _TRIAL or folded == header.strip().casefold():
        return Suspicion(f"{value!r} looks like a placeholder")
    if "@" in value and re.fullmatch(r"\S[^\s@]*+@\S+\.\w+", value):
        return Suspicion(f"{value!r} is an e-mail address")
    if "://" in value or folded.startswith("www."):
        return Suspicion(f"{value[:40]!r} is a link")
    if shown := markup(value):
        return Suspicion(f"{value[:40]!r} holds HTML ({shown!r}), which people would see as it is")
    if _TYPED_SIGNS.search(value) and (kind or meaning(header)):
        return Suspicion(f"{value!r} holds the two signs of a line break that was typed")
    if value[-1:] in (",", ";", ":") and (kind or meaning(header)):
        return Suspicion(f"{value!r} ends with {value[-1]!r}", 'trim(",;: ")')
    return _of_name(value, kind) if kind else None


def _of_name(value: str, kind: Kind) -> Suspicion | None:
    if value.istitle() and value.isalpha():  # nearly all
        return None
    if any(map(str.isdigit, value)):
        return Suspicion(f"{value!r} holds digits")
    mend = "first_name" if kind == "first name" else "title"
    if "?" in value:
        return Suspicion(f"{value!r} was misread on its way (a '?' stands for a letter)")
    if "\n" in value:
        return Suspicion(f"{' '.join(value.split())!r} has a line break in it")
    if any(unicodedata.category(sign) in ("So", "Cn", "Co") for sign in value):
        return Suspicion(f"{value!r} holds a symbol", "first_name" if kind == "first name" else "")
    if _PRONOUNS.search(value):
        return Suspicion(f"{value!r} holds pronouns", "first_name" if kind == "first name" else "")
    beside = re.match(r"[^\W\d_][\w'’-]+, ?([^\W\d_][\w.]*)", value)
    if kind != "last name" and beside and not is_title(beside[1].strip(".")):
        return Suspicion(f"{value!r} may be a last name before a first name")
    if kind == "first name" and (
        any(is_title(word.strip(".,()")) for word in value.split())
        or re.search(r"[()\[\]\"|/&]| - ", value)
    ):
        return Suspicion(f"{value!r} is more than a first name", "first_name")
    if re.fullmatch(r"[^\W\d_]{2,}\.", value) and not is_title(value[:-1]):
        return Suspicion(f"{value!r} ends with a full stop", 'trim(".")')
    if value.isupper() and (len(value) > 3 or _SPOKEN(value)):
        return Suspicion(f"{value!r} is all in capitals", mend)
    if len(value) > 1 and value.islower() and kind != "last name":
        return Suspicion(f"{value!r} is all in small letters", mend)
    return None


def markup(text: str) -> str | None:
    """Find HTML that people would see: a tag or an entity that stands for something.

    A text can also speak of tags and entities. Then they stand by themselves, as words do.
    """
    if "&" in text:
        for match in _ENTITY.finditer(text):
            if html.unescape(match[0]) != match[0] and not _is_word(match, text):
                return match[0]
    if "<" in text:
        for tag in _TAG.finditer(text):
            if not _is_word(tag, text):
                return tag[0]
    return None


def without_markup(text: str) -> str:
    """Return the plain text that HTML stands for: its entities as signs, its breaks as lines."""
    text = re.sub(r"<br ?/?>|</(?:p|div|li|tr|h[1-6])>", "\n", text, flags=re.IGNORECASE)
    return html.unescape(_TAG.sub("", text)).replace("\u00a0", " ")


def _is_word(match: re.Match[str], text: str) -> bool:
    """Tell whether a match stands by itself, as a word does, and not between two names."""
    before, after = text[: match.start()][-1:], text[match.end() :][:1]
    if before.isalnum() or after.isalnum() or before in "<>" or after in "<>":
        return False
    return not (match[0] == "&amp;" and text[match.end() :].lstrip()[:1].isupper())


def typed_break(text: str) -> str | None:
    r"""Find a line break that was typed as two characters, `\n`, and that people would see."""
    if "\\" in text and (match := _TYPED_BREAK.search(text)):
        return match[0]
    return None
