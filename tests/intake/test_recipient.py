"""Every spelling of one person in a cell is one identity; everything else gives a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.intake.conversation import parse_conversation
from runner.intake.recipient import Recipient, RecipientError, merge, parse

URN = "urn:li:fsd_profile:ACoAAFpqSoMB8vTqRbg4mN_wbabO8w0gjgFu-6o"


@pytest.mark.parametrize(
    "text",
    [
        "jürgen-weiß-1",
        "J%C3%BCrgen-Wei%C3%9F-1",
        " JÜRGEN-weiß-1 ",
        "ju\u0308rgen-weiß-1",
        "https://www.linkedin.com/in/jürgen-weiß-1",
        "https://www.linkedin.com/in/J%C3%BCrgen-wei%C3%9F-1/",
        "http://linkedin.com/in/jürgen-weiß-1?trk=people#about",
        "https://de.linkedin.com/in/jürgen-weiß-1/de",
        "www.linkedin.com/in/jürgen-weiß-1/en-us/",
        "linkedin.com/in/jürgen-weiß-1/overlay/contact-info/",
        "HTTPS://WWW.LINKEDIN.COM/in/jürgen-weiß-1",
        "m.linkedin.com/in/jürgen-weiß-1",
        "/in/jürgen-weiß-1/",
        "in/jürgen-weiß-1",
        "\u200bjürgen-weiß-1\ufeff",
    ],
)
def test_every_spelling_of_a_slug_is_one_person(text: str) -> None:
    """Every spelling of a slug is one person.

    The spellings are the slug, and a link with a query, fragment, country host or locale. They may
    be percent-encoded, decomposed, in any case, or with invisible marks.
    """
    assert parse(text) == Recipient(slug="jürgen-weiß-1")


@pytest.mark.parametrize(
    "text",
    [
        URN,
        "URN:LI:FSD_PROFILE:ACoAAFpqSoMB8vTqRbg4mN_wbabO8w0gjgFu-6o",
        "ACoAAFpqSoMB8vTqRbg4mN_wbabO8w0gjgFu-6o",
        "https://www.linkedin.com/in/ACoAAFpqSoMB8vTqRbg4mN_wbabO8w0gjgFu-6o/",
        "https://www.linkedin.com/in/urn%3Ali%3Afsd_profile%3AACoAAFpqSoMB8vTqRbg4mN_wbabO8w0gjgFu-6o",
    ],
)
def test_every_spelling_of_a_urn_is_one_person(text: str) -> None:
    """A URN, a bare token and a link that holds either are one person; the token's case is kept."""
    assert parse(text) == Recipient(urn=URN)


def test_an_id_of_digits_and_an_e_is_an_id() -> None:
    """An ID of digits and an e is an ID.

    With a decimal sign or a plus, and only then, it is a number that a spreadsheet program has
    shortened.
    """
    assert parse("12e34") == Recipient(slug="12e34")
    for text in ("1.2E34", "1,2e+34", "12E+34"):
        with pytest.raises(RecipientError, match="long number"):
            parse(text)


def test_case_tells_urns_apart_and_not_slugs() -> None:
    """Tokens are case-sensitive, slugs are not."""
    assert parse(URN) != parse(URN.replace("wbab", "WBAB"))
    assert parse("Some-One") == parse("some-one")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "https://www.linkedin.com/sales/lead/ACwAAExample12345,NAME_SEARCH,abcd",
            "sales-navigator",
        ),
        ("urn:li:fs_salesProfile:(ACwAAExample12345,NAME_SEARCH,abcd)", "sales-navigator"),
        ("ACwAAExample12345", "sales-navigator"),
        ("https://www.linkedin.com/in/ACwAAExample12345", "sales-navigator"),
        ("https://www.linkedin.com/company/acme", "recipient-url"),
        ("linkedin.com/school/mit/", "recipient-url"),
        ("https://www.linkedin.com/pub/jane/1/2/3", "recipient-url"),
        ("https://www.linkedin.com/in/", "recipient-url"),
        ("https://www.linkedin.com", "recipient-url"),
        ("https://lnkd.in/abc", "recipient-url"),
        ("https://evil-linkedin.com/in/jane", "recipient-url"),
        ("https://linkedin.com.evil.org/in/jane", "recipient-url"),
        ("https://example.com/in/jane", "recipient-url"),
        ("urn:li:example:123456", "recipient-urn"),
        ("urn:li:member:123", "recipient-urn"),
        ("urn:li:fsd_profile:", "recipient-urn"),
        ("jane@example.com", "recipient-email"),
        ("Jane Doe", "recipient-unreadable"),
        ("jane,doe", "recipient-unreadable"),
        ("7.01234567890123E+18", "rounded-number"),
        ("ab", "recipient-unreadable"),
        ("Profile", "recipient-unreadable"),
        ("LinkedIn", "recipient-unreadable"),
        ("@jane-g", "recipient-unreadable"),
        ("%ff%fe%fd", "recipient-unreadable"),
        ("https://www.linkedin.com/in/a-1/, https://www.linkedin.com/in/a-2/", "two-recipients"),
        ("linkedin.com/in/a-1 linkedin.com/in/a-2", "two-recipients"),
        ("linkedin.com/in/a-1;linkedin.com/in/a-2", "two-recipients"),
        ("N/A", "recipient-missing"),
        ("null", "recipient-missing"),
        ("-", "recipient-missing"),
    ],
)
def test_what_names_no_member_is_refused_with_the_reason(text: str, code: str) -> None:
    """A text that names no member is refused with a stable code and a sentence.

    Such texts are Sales Navigator, companies, schools, other hosts, e-mails and names.
    """
    with pytest.raises(RecipientError) as caught:
        parse(text)
    assert caught.value.code == code
    assert len(str(caught.value)) > 15


@given(st.text(max_size=80))
def test_any_text_is_an_identity_or_a_reason(text: str) -> None:
    """Any text is an identity or a reason, and the link to an identity gives the same identity."""
    try:
        found = parse(text)
    except RecipientError:
        return
    assert parse(f"linkedin.com/in/{found.identity}") == found


def test_two_identifiers_of_one_row_must_not_disagree() -> None:
    """A slug and a URN go together; two slugs or two URNs name two people."""
    both = merge([Recipient(slug="jane"), Recipient(urn=URN), Recipient(slug="jane")])
    assert (both, both.identity, both.keys) == (Recipient("jane", URN), URN, (URN, "jane"))
    for other in (Recipient(slug="joe"), Recipient(urn=URN + "x")):
        with pytest.raises(RecipientError):
            merge([both, other])


def test_a_conversation_urn_is_taken_as_it_is_or_refused() -> None:
    """The vendor's form passes unchanged; anything else is a row problem."""
    owner, thread = "urn:li:fsd_profile:ACoAAATPlQ0Bc8wdg", "2-NzkzMDFlNzAtZjU2OS00MjIwLWE2ZDc=="
    good = f"urn:li:msg_conversation:({owner},{thread})"
    assert parse_conversation(f" {good} ") == good
    for bad in ("urn:li:example:123456", "2-NzkzMDFl==", "hello"):
        with pytest.raises(RecipientError):
            parse_conversation(bad)
