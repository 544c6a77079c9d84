"""Whom an entry of the do-not-contact list is about: a person, or everybody of a company or at a
domain."""

from __future__ import annotations

from collections.abc import Sequence

from runner import words
from runner.action.standing import person_of
from runner.errors import UsageError
from runner.intake.firm import company_key, domain_key, is_firms_name
from runner.intake.recipient import Recipient


def named(
    people: Sequence[str], companies: Sequence[str] = (), domains: Sequence[str] = ()
) -> list[Recipient]:
    """Read people by any spelling, and companies and domains as their keys.

    Raises UsageError for a word that could be either, and where nobody is named.
    """
    found = [_person(text) for text in people]
    keys = [(name, company_key(name)) for name in companies]
    keys += [(name, domain_key(name)) for name in domains]
    for name, key in keys:
        if key is None:
            raise UsageError(
                f"{name!r} is no company or domain.", remedy="--company Acme --domain acme.com"
            )
        found.append(Recipient(key))
    if not found:
        raise UsageError(
            "Say whom: a profile, --company or --domain.",
            remedy="A profile's link, for example.",
        )
    return found


def entry(key: str) -> Recipient:
    """Read an entry as the list itself shows it: a profile, `company:acme` or `domain:acme.com`.
    Raises UsageError."""
    return Recipient(key) if key.startswith(("company:", "domain:")) else person_of(key)


def _person(text: str) -> Recipient:
    if is_firms_name(text):
        raise UsageError(
            f"{text!r} names a company or a domain, and no person.",
            remedy=(
                f"For everybody there: --company {words.argument(text)}, or "
                f"--domain {words.argument(text.rpartition('@')[2])}."
            ),
        )
    if text[:1].isupper() and text.isalpha():
        raise UsageError(
            f"{text!r} may be a company or a person.",
            remedy=(
                f"For a company: --company {words.argument(text)}. For the profile of that ID: "
                f"linkedin.com/in/{text.lower()}."
            ),
        )
    return person_of(text)
