"""The company that a person works for, as a key of the do-not-contact list.

A company has the key `company:acme`, a domain `domain:acme.com`: no profile ID holds a colon.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from runner.intake.cell import clean, composed
from runner.intake.field import meaning

_COMPANY: Final = "company:"
_DOMAIN_OF: Final = "domain:"
# Words that say what kind of company it is, and not which.
_FORMS: Final = frozenset(
    word
    for words in (
        "inc incorporated llc llp lp ltd limited corp corporation co company plc gmbh ggmbh gesmbh",
        "ag se kg kgaa ug haftungsbeschrankt ohg eg ev mbh sa sas sarl rl sl slu srl spa bv bvba",
        "nv ab publ oy oyj ou as aps asa sp z o o doo sro kft zrt pty pte pvt private kk ltda eirl",
    )
    for word in words.split()
)
_ADDRESS: Final = re.compile(r"@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_DOMAIN: Final = re.compile(
    r"(?:https?://)?(?:[^/@\s]{1,64}@)?(?:www\.)?([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})", re.IGNORECASE
)
# So many people of other companies have their mail there that a domain says nothing.
_SHARED: Final = frozenset(
    word
    for words in (
        "gmail.com googlemail.com outlook.com hotmail.com yahoo.com icloud.com gmx.de gmx.net",
        "web.de linkedin.com",
    )
    for word in words.split()
)


def company_key(name: str) -> str | None:
    """Return the key of a company by its name; None when it has none.

    Its legal form, the dots of that and accents do not count: `Acme, S. à r.l.` is Acme.
    """
    apart = unicodedata.normalize("NFKD", composed(clean(name), "NFKC").casefold())
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    plain = re.sub(r"(?<=\w)[./](?=\w)", "", plain)  # s.r.l., a/s
    words = re.findall(r"[^\W_]+", plain)
    while len(words) > 1 and words[-1] in _FORMS:
        words.pop()
    return f"{_COMPANY}{' '.join(words)}" if words else None


def domain_key(text: str) -> str | None:
    """Return the key of a domain, of an address or of a web site; None when it is none."""
    match = _DOMAIN.match(clean(text))
    return f"{_DOMAIN_OF}{match[1].casefold()}" if match else None


def is_firms_name(text: str) -> bool:
    """Tell whether a text that should name a person names a company or a domain: `Acme GmbH`,
    `acme.com`, `jo@acme.com`."""
    if "/" in text or ":" in text:
        return False
    if re.fullmatch(r"(?:[^\s@]{1,64}@)?[\w-]{1,63}(?:\.[\w-]{1,63}){0,7}\.[A-Za-z]{2,24}", text):
        return True
    words = text.casefold().replace(".", "").split()
    return len(words) > 1 and words[-1] in _FORMS


def firm_keys(keys: Iterable[str]) -> frozenset[str]:
    """Return the keys of companies and domains among those of the do-not-contact list, as this
    version writes them."""
    found = set()
    for key in keys:
        if key.startswith(_COMPANY):
            found.add(company_key(key.removeprefix(_COMPANY)) or key)
        elif key.startswith(_DOMAIN_OF):
            found.add(key)
    return frozenset(found)


class Firms:
    """Finds the companies and domains that a row names, in the columns that say so: each given by
    its place among the cells, and its header."""

    def __init__(self, columns: Iterable[tuple[int, str]]) -> None:
        self._companies: list[int] = []
        self._domains: list[int] = []
        for index, header in columns:
            match meaning(header):
                case "company":
                    self._companies.append(index)
                case "email" | "website":
                    self._domains.append(index)

    def of(self, cells: Sequence[str]) -> tuple[str, ...]:
        """Return the keys; of `mail.acme.com` also that of `acme.com`."""
        if not (self._companies or self._domains):
            return ()
        found = [company_key(cells[index]) for index in self._companies]
        for key in self._domains_in(cells):
            while key is not None and key.count(".") > 0:
                if key.removeprefix(_DOMAIN_OF) not in _SHARED:
                    found.append(key)
                shorter = key.removeprefix(_DOMAIN_OF).partition(".")[2]
                key = f"{_DOMAIN_OF}{shorter}" if "." in shorter else None
        return tuple(key for key in found if key)

    def _domains_in(self, cells: Sequence[str]) -> Iterator[str | None]:
        for index in self._domains:
            addresses = _ADDRESS.findall(cells[index]) if "@" in cells[index] else ()
            yield from (f"{_DOMAIN_OF}{address.casefold()}" for address in addresses)
            if not addresses:
                yield domain_key(cells[index])
