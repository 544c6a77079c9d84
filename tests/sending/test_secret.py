"""Secrets are taken out of every text from outside, however they are written there."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.sending.client import Answer
from runner.sending.outcome import error_text
from runner.sending.secret import Secret, proxy_secrets
from runner.words import without_userinfo

KEY = "sk_live_4f/9+Zk~Q2=x7Wv\"LmN8'pR\\tB1"
KEYS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=16, max_size=120
).filter(lambda key: len(set(key)) > 6)
# Every way in which a server, a proxy, a browser or a library writes a text that it was given.
FORMS = {
    "plain": lambda key: key,
    "lower": str.lower,
    "url": lambda key: urllib.parse.quote(key, safe=""),
    "form": urllib.parse.quote_plus,
    "every character": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "url twice": lambda key: urllib.parse.quote(urllib.parse.quote(key, safe=""), safe=""),
    "json": json.dumps,
    "json in json": lambda key: json.dumps(json.dumps(key)),
    "json escapes": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "html": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "html, hexadecimal": lambda key: "".join(f"&#x{ord(c):02X};" for c in key),
    "python": lambda key: ascii(key.encode()),
    "hexadecimal": lambda key: key.encode().hex(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 of a header": lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
    "base64 of a pair": lambda key: base64.b64encode(f"user:{key}\n".encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(f"x{key}y".encode()).decode(),
}


def readings(text: str) -> list[str]:
    """Return what a reader can make of a text without any effort."""
    found = [text, urllib.parse.unquote(text), urllib.parse.unquote(urllib.parse.unquote(text))]
    for run in text.replace(",", " ").split():
        try:
            found.append(base64.b64decode(run.strip("\"'") + "==", b"-_").decode("latin-1"))
        except ValueError:
            continue
    return found


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25)
@given(key=KEYS, before=st.sampled_from(["", "Bearer ", "x=", "{"]), after=st.sampled_from("} ,"))
def test_a_key_is_hidden_in_every_form(form: str, key: str, before: str, after: str) -> None:
    """A text that repeats the key, in any form and place, is shown without it."""
    text = f"invalid token {before}{FORMS[form](key)}{after} of you"
    shown = Secret(key).hide(text)
    assert "[key]" in shown
    assert FORMS[form](key) not in shown
    assert shown.startswith("invalid token ")
    assert all(key not in reading for reading in readings(shown))


@given(key=KEYS, cut=st.integers(0, 60), first=st.integers(0, 60))
def test_half_of_a_key_is_hidden_as_well(key: str, cut: int, first: int) -> None:
    """A server that cuts what it repeats still shows no half of the key."""
    part = key[first : max(first, len(key) - cut)]
    shown = Secret(key).hide(f"bad key {part}")
    half = max(8, len(key) // 2)
    assert all(
        key[start : start + half].lower() not in shown.lower()
        for start in range(len(key) - half + 1)
    )


@given(st.text(max_size=200))
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert Secret(KEY).hide(text) == without_userinfo(text)


@pytest.mark.parametrize("length", [*range(240, 320), 4_000])
def test_a_secret_is_hidden_before_a_text_is_cut(length: int) -> None:
    """An error is cut short after the key has gone from it, so that no part of the key is left at
    the cut."""
    said = json.dumps({"error": "x" * length + " " + KEY}).encode()
    text = error_text(Answer.read(400, {"X-Echo": KEY}, said, Secret(KEY).hide))
    assert text is not None
    assert all(KEY[start : start + 3] not in text for start in range(len(KEY) - 2))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cut", [0, 1, 5])
def test_what_json_escapes_is_hidden_as_well(form: str, cut: int) -> None:
    """Also a key of which the server has cut off the end, each character an escape."""
    said = FORMS[form](KEY[: len(KEY) - cut])
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in said)
    answer = Answer.read(409, {}, f'{{"error": "bad {escaped}"}}'.encode(), Secret(KEY).hide)
    text = error_text(answer)
    assert text is not None
    assert all(KEY[: len(KEY) - 5] not in reading for reading in readings(text))
    assert said not in text


def test_no_text_of_an_answer_has_the_key() -> None:
    """Headers, keys and values of JSON, and bodies that are none are all shown without the key."""
    for body in (json.dumps({KEY: [{"a": [KEY]}]}), f"<p>{KEY}</p>", f"\ufeff{KEY}"):
        answer = Answer.read(200, {"Date": "x", "X-Echo": KEY}, body.encode(), Secret(KEY).hide)
        shown = repr(answer)
        assert KEY not in shown
        assert json.dumps(KEY)[1:-1] not in shown
        assert "[key]" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ann:pa@ss:w@proxy.example:8080/x", "https://proxy.example:8080/x"),
        ("socks5://ann@host", "socks5://host"),
        ("see https://medium.com/@ann", "see https://medium.com/@ann"),
        ("https://example.com/a?b=c@d", "https://example.com/a?b=c@d"),
        ("mail ann@example.com", "mail ann@example.com"),
    ],
)
def test_the_userinfo_of_a_url_is_not_shown(text: str, shown: str) -> None:
    assert without_userinfo(text) == shown


def test_a_password_of_a_letter_hides_no_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://a:b@127.0.0.1:3128")
    hide = Secret("", proxy_secrets()).hide
    assert hide("a bad answer by http://a:b@127.0.0.1") == "a bad answer by http://127.0.0.1"


@pytest.mark.parametrize("password", ["canary-password-1", "p@ss/word#1", "geheim%21secret"])
def test_a_proxys_password_is_hidden_in_every_text(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """Also one that is written in a URL as it must not be."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://ann:{password}@127.0.0.1:3128")
    hide = Secret("", proxy_secrets()).hide
    packed = base64.b64encode(f"ann:{urllib.parse.unquote(password)}".encode()).decode()
    shown = hide(f"Invalid port: '{password}@127' for {password}; Basic {packed}")
    assert password not in shown
    assert packed not in shown
