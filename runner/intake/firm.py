"""The company that a person works for, as a key of the do-not-contact list.

A company has the key `company:acme`, a domain `domain:acme.com`: no profile ID holds a colon.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from runner.intake.cell import clean, composed
from runner.intake.column import Layout
from runner.intake.field import meaning

# Words that say what kind of company it is, and not which.
_FORMS: Final = frozenset(
    word
    for words in (
        "inc llc ltd limited corp corporation co company plc gmbh ag se kg kgaa ug ohg eg mbh sa",
        "sas sarl sl srl spa bv nv ab oy as aps asa sp z o o doo kft zrt pty pte",
    )
    for word in words.split()
)
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
    """Return the key of a company by its name; None when it has none."""
    words = re.findall(r"[^\W_]+", composed(clean(name), "NFKC").casefold())
    while len(words) > 1 and words[-1] in _FORMS:
        words.pop()
    return f"company:{' '.join(words)}" if words else None


def domain_key(text: str) -> str | None:
    """Return the key of a domain, of an address or of a web site; None when it is none."""
    match = _DOMAIN.match(clean(text))
    return f"domain:{match[1].casefold()}" if match else None


class Firms:
    """Finds the companies and domains that a row names, in the columns that say so."""

    def __init__(self, layout: Layout) -> None:
        self._companies: list[int] = []
        self._domains: list[int] = []
        for column in layout.inputs:
            match meaning(column.header):
                case "company":
                    self._companies.append(column.index)
                case "email" | "website":
                    self._domains.append(column.index)

    def of(self, cells: Sequence[str]) -> tuple[str, ...]:
        """Return the keys; of `mail.acme.com` also that of `acme.com`."""
        if not (self._companies or self._domains):
            return ()
        found = [company_key(cells[index]) for index in self._companies]
        for index in self._domains:
            key = domain_key(cells[index])
            while key is not None and key.count(".") > 0:
                if key.removeprefix("domain:") not in _SHARED:
                    found.append(key)
                shorter = key.removeprefix("domain:").partition(".")[2]
                key = f"domain:{shorter}" if "." in shorter else None
        return tuple(key for key in found if key)
