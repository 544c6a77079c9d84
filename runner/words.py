"""Words for counts, lists and instants, wherever people or other programs read them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

_SHOWN: Final = 5
# Controls, line ends of other kinds, signs of direction, and halves of characters.
_STEERING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# A name and a password before the host of a URL.
_USERINFO: Final = re.compile(r"(?<=://)[^\s/?#]{1,500}@")


def argument(value: str | Path) -> str:
    """Write a file or a name as a word of a command that a person can paste."""
    text = str(value)
    return shlex.quote(text) if os.name == "posix" else subprocess.list2cmdline([text])


def command(name: str, /, *arguments: str, **options: str | Path) -> str:
    """Word a `campaign` command that a person can paste.

    `arguments` are written as they are; each option is written with its value, which is quoted
    where a shell needs that.
    """
    parts = ["campaign", name, *arguments]
    for option, value in options.items():
        parts += [f"--{option.replace('_', '-')}", argument(value)]
    return " ".join(parts)


def visible(text: str) -> str:
    """Write what steers a terminal, or turns the direction of its text, as an escape: `\\x1b`.

    Line ends and tabs stay as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return _STEERING.sub(lambda sign: ascii(sign[0])[1:-1], text)


def without_userinfo(text: str) -> str:
    """Return a text without the name and the password that a URL in it may have."""
    return _USERINFO.sub("", text) if "://" in text else text


def address(url: str) -> str:
    """Return a URL without name and password, also where they are not encoded as they must be."""
    scheme, mark, rest = url.partition("://")
    return scheme + mark + rest.rpartition("@")[2] if mark else url.rpartition("@")[2]


def count(number: int, noun: str) -> str:
    """Write `1 row` or `2 rows`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def people(number: int) -> str:
    """Write `1 person` or `2 people`."""
    return "1 person" if number == 1 else f"{number} people"


def some(texts: Sequence[str], most: int = _SHOWN) -> str:
    """Write the first few texts, and how many more there are."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def rows(numbers: Sequence[int]) -> str:
    """Write `row 5` or `rows 5, 8, 9`."""
    return f"{'row' if len(numbers) == 1 else 'rows'} {some([str(number) for number in numbers])}"


def instant(moment: datetime) -> str:
    """Write an instant as `2026-03-02T09:00:00Z`, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(moment: datetime, zone: tzinfo) -> str:
    """Write an instant as people of that zone read it."""
    return moment.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z")
