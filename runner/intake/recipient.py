"""The recipient of a row: any spelling of a LinkedIn profile in a sheet, as one identity.

The shapes are those of the endpoint's documentation and of exports in the wild. Nothing is guessed:
a value that does not name a member profile for certain is a clear problem, refused with the reason.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from runner.intake.cell import composed, identifier, is_seen
from runner.intake.code import Code

URN_PREFIX: Final = "urn:li:fsd_profile:"
_TOKEN: Final = re.compile(r"ACo[A-Za-z0-9_-]{8,}")
_SALES_TOKEN: Final = re.compile(r"ACw[A-Za-z0-9_-]{8,}")
_URL: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?P<host>(?:[\w-]+\.)+[a-z]{2,})(?::\d+)?(?P<path>/[^?#]*)?",
    re.IGNORECASE,
)
# Nearly all rows have one of these two shapes: a plain profile link, or a URN. After a match, the
# other shapes need not be tried.
_COMMON: Final = re.compile(
    r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/in/([a-z0-9-]{3,100})/?|(urn:li:fsd_profile:ACo[A-Za-z0-9_-]{8,})"
).fullmatch
_NAMING: Final = re.compile(r"linkedin\.com/|/in/", re.IGNORECASE)
# A profile behind a sign that separates: of each line, only the first such sign is looked at.
_SECOND: Final = re.compile(r"(?:\A[^\s,;|]*+[\s,;|]|\n).*/in/")
# No identifier is longer, not even a link with all that a browser hangs on it.
LONGEST: Final = 4_000
_SLUG: Final = re.compile(r"[^\s/\\?#&=@:;,.<>\"'(){}\[\]|%+*!]{3,100}")
# People and exports write these into identifier cells when there is no identifier. Not one of
# them is a member's address.
_PLACEHOLDERS: Final = frozenset(
    {"n/a", "na", "none", "null", "nan", "unknown", "tbd", "-", "--", "?", "#n/a", "undefined"}
)
# Other forms of a profile's address: of the phone, of an e-mail, of a browser without a login.
_VARIANTS: Final = frozenset(["mwlite", "comm", "m", "public-profile", "mynetwork"])
_PROFILE_KINDS: Final = frozenset(["fsd_profile", "fs_miniprofile", "fs_profile"])
_ID: Final = re.compile(r"[?&]id=(ACo[A-Za-z0-9_-]{8,})")
_NUMBER: Final = re.compile(r"(?:urn:li:member:)?\d{4,12}", re.IGNORECASE)
_HYPERLINK: Final = re.compile(r'\s{0,9}=\s{0,9}HYPERLINK\(\s{0,9}"([^"]{1,2000})"', re.IGNORECASE)
_DASH: Final = re.compile("[\u2010-\u2015\u2212]")
# A spreadsheet program shows a long number so, and writes it so into a CSV.
EXPONENT: Final = re.compile(r"\d[.,]\d+E\+?\d{2}|\d+E\+\d{2}", re.IGNORECASE)
CURE: Final = "format the column as Text in the spreadsheet program and paste the identifiers again"
SHORTENED: Final = f"is what a spreadsheet program made of a long number; {CURE}"
# Cells show these words when they have, or had, a link behind them, or when they answer another
# question. A person who means the member of that ID can give the link.
_LABELS: Final = frozenset(
    word
    for words in (
        (
            "profile linkedin link url view visit open here click show more contact website web "
            "www http https private public yes"
        ),
        (
            "no true false connected connection pending invited accepted declined sent done todo "
            "member user person lead"
        ),
        (
            "unavailable profil voir lien ansehen anzeigen offen verbunden ja nein perfil ver "
            "enlace sí oui non"
        ),
    )
    for word in words.split()
)
_NOT_A_MEMBER: Final = {
    "sales": (
        "a Sales Navigator link; open it there and copy the public profile link (linkedin.com/in/…)"
    ),
    "talent": (
        "a Recruiter link; open it there and copy the public profile link (linkedin.com/in/…)"
    ),
    "recruiter": (
        "a Recruiter link; open it there and copy the public profile link (linkedin.com/in/…)"
    ),
    "company": "a company page, not a person",
    "showcase": "a company page, not a person",
    "school": "a school page, not a person",
    "groups": "a group, not a person",
    "jobs": "a job, not a person",
    "feed": "a post, not a person",
    "posts": "a post, not a person",
    "pub": (
        "an old public link that no longer names a profile; open it and copy the link it leads to"
    ),
    "messaging": "a conversation, not a profile",
}


class RecipientError(ValueError):
    """A value that does not name a member profile for certain.

    `code` is stable; the text says why and what to do.
    """

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


class Recipient(NamedTuple):
    """A person: the slug (lower case, percent-decoded, NFC), the URN (case kept), or both when a
    row gives both."""

    slug: str | None = None
    urn: str | None = None

    @property
    def identity(self) -> str:
        """The URN when it is known, else the slug; two rows with one identity are one recipient."""
        identity = self.urn or self.slug
        if identity is None:
            raise ValueError("a recipient needs a slug or a URN")
        return identity

    @property
    def keys(self) -> tuple[str, ...]:
        """Every identity this recipient is known under."""
        return tuple(key for key in (self.urn, self.slug) if key)


def parse(text: str) -> Recipient:
    """Read one identifier cell as a recipient. Raises RecipientError."""
    if (plain := parse_plain(text)) is not None:
        return plain
    if len(text) > LONGEST:
        raise RecipientError(
            "recipient-unreadable",
            f"{short(text)} has {len(text):,} characters, so it is no profile ID, URN or link",
        )
    if linked := _HYPERLINK.match(text):  # a formula that a CSV holds as text
        return parse(linked[1].replace('""', '"'))
    value = identifier(text)
    if value.casefold() in _PLACEHOLDERS:
        raise RecipientError("recipient-missing", f"{text!r} names nobody")
    if value[:4].casefold() == "urn:":
        return _from_urn(value)
    if _TOKEN.fullmatch(value):
        return Recipient(urn=URN_PREFIX + value)
    if _SALES_TOKEN.fullmatch(value):
        raise RecipientError(
            "sales-navigator",
            (
                f"{short(value)} is a Sales Navigator ID; copy the person's public profile link "
                "instead"
            ),
        )
    if EXPONENT.fullmatch(value):
        raise RecipientError("rounded-number", f"{short(value)} {SHORTENED}")
    if value.casefold() in _LABELS:
        raise RecipientError(
            "recipient-unreadable",
            (
                f"{short(value)} is a word like any other; if it is a profile ID, write "
                f"linkedin.com/in/{value}"
            ),
        )
    if "@" in value[1:] and "/" not in value:
        raise RecipientError(
            "recipient-email", f"{short(value)} is an e-mail address, not a LinkedIn profile"
        )
    if len(_NAMING.findall(value)) > 1 and _SECOND.search(value):
        raise RecipientError(
            "two-recipients", f"{short(value)} names several people; give each a row of their own"
        )
    if _NUMBER.fullmatch(value):
        raise RecipientError(
            "recipient-number",
            f"{short(value)} is a number that LinkedIn gives a member, and no profile ID",
        )
    if match := _URL.fullmatch(value.split("?", 1)[0].split("#", 1)[0]):
        return _from_url(match["host"].lower(), match["path"] or "", value)
    if value.startswith(("in/", "/in/")):
        return _from_path(value, value)
    return _from_slug(value, value)


def parse_plain(text: str) -> Recipient | None:
    """Read a cell in one of the two shapes that nearly all cells have.

    Return None for any other shape; `parse` may know it.
    """
    match = _COMMON(text)
    if match is None or match[1] == "unavailable":
        return None
    return tuple.__new__(Recipient, match.groups())  # cheaper than the constructor, for every row


def merge(recipients: list[Recipient]) -> Recipient:
    """Merge one row's identifiers into one recipient.

    Raises RecipientError when they name different people.
    """
    slugs = sorted({recipient.slug for recipient in recipients if recipient.slug})
    urns = sorted({recipient.urn for recipient in recipients if recipient.urn})
    for several in (slugs, urns):
        if len(several) > 1:
            raise RecipientError(
                "two-recipients",
                f"the row names two people: {short(several[0])} and {short(several[1])}",
            )
    return Recipient(slugs[0] if slugs else None, urns[0] if urns else None)


def _from_urn(value: str) -> Recipient:
    kind, _, token = value[4:].partition(":")[2].partition(":")
    if kind.casefold() in _PROFILE_KINDS and _TOKEN.fullmatch(token):
        return Recipient(urn=URN_PREFIX + token)
    if kind.casefold() == "fs_salesprofile" or _SALES_TOKEN.match(token.lstrip("(")):
        raise RecipientError(
            "sales-navigator",
            (
                f"{short(value)} is a Sales Navigator URN; copy the person's public profile link "
                "instead"
            ),
        )
    raise RecipientError(
        "recipient-urn", f"{short(value)} is not a profile URN ({URN_PREFIX}ACoAA…)"
    )


def _from_url(host: str, path: str, value: str) -> Recipient:
    if host == "lnkd.in":
        raise RecipientError(
            "recipient-url",
            f"{short(value)} is a short link; open it and copy the profile link it leads to",
        )
    if host != "linkedin.com" and not host.endswith(".linkedin.com"):
        raise RecipientError(
            "recipient-url", f"{short(value)} is not a LinkedIn profile (linkedin.com/in/…)"
        )
    if path.rstrip("/").lower().endswith("/profile/view") and (token := _ID.search(value)):
        return parse(token[1])
    return _from_path(path, value)


def _from_path(path: str, value: str) -> Recipient:
    parts = [part for part in path.split("/") if part]
    if len(parts) > 2 and parts[0].lower() in _VARIANTS and parts[1].lower() == "in":
        parts = parts[1:]
    if parts and parts[0].lower() == "in" and len(parts) > 1:
        token = identifier(unquote(parts[1]))
        if token[:4].casefold() == "urn:":
            return _from_urn(token)
        if _TOKEN.fullmatch(token):
            return Recipient(urn=URN_PREFIX + token)
        if _SALES_TOKEN.fullmatch(token):
            raise RecipientError(
                "sales-navigator",
                (
                    f"{short(value)} holds a Sales Navigator ID; copy the person's public profile "
                    "link"
                ),
            )
        return _from_slug(token, value)
    kind = _NOT_A_MEMBER.get(parts[0].lower()) if parts else None
    is_internal = parts and parts[0].lower() in ("sales", "talent", "recruiter")
    code: Code = "sales-navigator" if is_internal else "recipient-url"
    raise RecipientError(
        code, f"{short(value)} is {kind or 'not a profile link (linkedin.com/in/…)'}"
    )


def _from_slug(slug: str, value: str) -> Recipient:
    decoded = identifier(composed(unquote(slug))).lower()
    if decoded == "unavailable":
        raise RecipientError(
            "recipient-missing",
            f"{short(value)} is LinkedIn's page for a profile that is not there any more",
        )
    if _DASH.search(decoded):
        raise RecipientError(
            "recipient-unreadable",
            f"{short(value)} holds a dash that a program made of a hyphen; a profile ID would be "
            f"{_DASH.sub('-', decoded)!r}",
        )
    if not _SLUG.fullmatch(decoded) or "\ufffd" in decoded or not is_seen(decoded):
        hint = "a name, perhaps; " if " " in decoded else ""
        raise RecipientError(
            "recipient-unreadable",
            (
                f"{short(value)} is not a profile ID, URN or link ({hint}the ID is what stands "
                "after linkedin.com/in/)"
            ),
        )
    return Recipient(slug=decoded)


def short(value: str) -> str:
    """Return a value as a sentence shows it."""
    return repr(value if len(value) <= 60 else value[:57] + "…")
