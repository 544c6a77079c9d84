"""Secrets, and the one place where they are taken out of texts from outside.

The server, a proxy or a library may repeat what it was given. So every text that did not come from
the person passes `Secret.hide` before anything is cut off it, shown or kept.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Final
from urllib.parse import quote, unquote
from urllib.request import getproxies

from runner.words import without_userinfo

HIDDEN: Final = "[key]"
# Half of a secret is worth hiding too: servers cut what they repeat. Less than this many
# characters may be a word of the language.
_LEAST: Final = 8
_SHORT: Final = 8_000
_MOST_KEPT: Final = 256
_LONGEST_KEPT: Final = 100
_SIGNS: Final = re.compile(r"[%\\]|&#")
_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")


class Secret:
    """A value that never shows itself: not in a traceback, a log or a repr.

    `others` are further values to hide in texts, such as the password of a proxy.
    """

    def __init__(self, value: str, others: Iterable[str] = ()) -> None:
        self._value = value
        self._others = tuple(others)
        # Each answer has the same names, and mostly the same values, of headers.
        self._hidden = lru_cache(maxsize=_MOST_KEPT)(self._hide)

    def reveal(self) -> str:
        return self._value

    def hide(self, text: str) -> str:
        """Return the text without the values, and without the userinfo of any URL.

        A value is found as it is, in part (from half of it on), in other letter case, URL-encoded,
        escaped as in JSON, HTML or Python, in hexadecimal digits, and in base64 anywhere in a
        longer text.
        """
        return self._hidden(text) if len(text) <= _LONGEST_KEPT else self._hide(text)

    def _hide(self, text: str) -> str:
        text = without_userinfo(text)
        found = [span for form in self._forms for span in form.spans(text)]
        shown, end = [], 0
        for first, last in sorted(found):
            if first >= end:
                shown += [text[end:first], HIDDEN]
            end = max(end, last)
        return "".join([*shown, text[end:]])

    @cached_property
    def _forms(self) -> tuple[_Form, ...]:
        return tuple(_Form(value) for value in (self._value, *self._others) if value)

    def __repr__(self) -> str:
        return "Secret('…')"


class _Form:
    """All ways in which one value can be written."""

    def __init__(self, value: str) -> None:
        self._plain = [*_windows(value.lower()), *_windows(value.encode().hex())]
        self._packed = [window for core in _in_base64(value) for window in _windows(core)]
        self._value = value

    @cached_property
    def _escaped(self) -> list[re.Pattern[str]]:
        return [
            re.compile("".join(map(_escaped, window)), re.IGNORECASE)
            for window in _windows(self._value)
        ]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Give the first and the last place, plus one, of each part of the text that shows it."""
        lower = text.lower() if len(text.lower()) == len(text) else text
        for window in self._plain:
            yield from _all(window, lower)
        for window in self._packed:
            for first, last in _all(window, text):
                while first and text[first - 1] in _BASE64:
                    first -= 1
                while last < len(text) and text[last] in _BASE64:
                    last += 1
                yield first, last
        if _SIGNS.search(text):
            # Parts of a long text would take long; what it says is looked at again by itself.
            patterns = self._escaped if len(text) <= _SHORT else self._escaped[:1]
            for pattern in patterns:
                yield from (match.span() for match in pattern.finditer(text))


def _windows(value: str) -> list[str]:
    """Return every part of half the value's length."""
    size = min(len(value), max(_LEAST, len(value) // 2))
    return [value[start : start + size] for start in range(len(value) - size + 1)]


def _all(part: str, text: str) -> Iterator[tuple[int, int]]:
    place = text.find(part)
    while place >= 0:
        yield place, place + len(part)
        place = text.find(part, place + 1)


def _in_base64(value: str) -> Iterator[str]:
    """Give the value in base64 as it stands in a longer text, at each of three places in it.

    The first and the last character depend on the neighbours, so they are left out.
    """
    data = value.encode()
    for before in range(3):
        packed = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        core = packed[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]
        yield core
        if core != (other := core.replace("+", "-").replace("/", "_")):
            yield other


def _escaped(character: str) -> str:
    """Return a pattern of one character, in any of its escaped forms."""
    code = ord(character)
    return (
        rf"(?:\\{{0,8}}{re.escape(character)}|%(?:25){{0,3}}{code:02x}|\\{{1,8}}u00{code:02x}"
        rf"|\\{{1,8}}x{code:02x}|&#0{{0,4}}{code};|&#x0{{0,4}}{code:x};)"
    )


def proxy_secrets() -> list[str]:
    """Return the passwords, and other words before the host, of the proxies in the environment."""
    found = []
    for url in getproxies().values():
        userinfo, at, _ = url.rpartition("@")
        if at:
            user, _, password = userinfo.rpartition("://")[2].partition(":")
            packed = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
            found += [password, unquote(password), quote(unquote(password), safe=""), packed]
            found += [] if password else [user]
            # One that is not encoded as it must be falls apart where URLs are read.
            found += re.split(r"[/?#@:]", password)
    # A few letters stand in every other word. As the userinfo of a URL they are hidden as well.
    return [secret for secret in dict.fromkeys(found) if len(secret) >= _LEAST // 2]
