"""The lines of a second record: one event of the ledger's chain each, as a JSON object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Final


class What(StrEnum):
    """The kinds of lines. All but the first two are events of the chain."""

    CAMPAIGN = "campaign"
    RESULTS = "results"
    INTENT = "intent"
    OUTCOME = "outcome"
    DECISION = "decision"
    LIST = "list"


# The last field of a line: the beginning of the digest of all before it.
_SUM: Final = "sum"
_SUMMED: Final = re.compile(rb'(?P<text>.*), "sum": "(?P<sum>[0-9a-f]{16})"\}')


def _sum(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A line: the event of the ledger's chain with the number `n` and the digest `head`.

    An intent names the person, the sender, and the step where it is not the first; an outcome the
    attempt, a decision the person, the step and the verdict, a change of a list of people its
    person by `name`. A campaign's line says what the number of a campaign stands for. A line of
    results has the path as its `name`, and the digest of the file as it was left as its `source`.
    """

    n: int
    head: str
    what: What
    at: datetime
    campaign: int | None = None
    attempt: int | None = None
    slug: str | None = None
    urn: str | None = None
    account: str | None = None
    row: int | None = None
    step: int | None = None
    status: str | None = None
    http_status: int | None = None
    typing: bool | None = None
    answered: str | None = None
    verdict: str | None = None
    by: str | None = None
    name: str | None = None
    source: str | None = None
    template: str | None = None
    sheet: str | None = None
    results: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The spellings of the message's recipient."""
        return tuple(key for key in (self.slug, self.urn) if key)

    def __str__(self) -> str:
        said = {name: value for name in _FIELDS if (value := getattr(self, name)) is not None}
        text = json.dumps(said | {"at": self.at.isoformat()})
        return f'{text[:-1]}, "{_SUM}": "{_sum(text)}"}}'


_FIELDS: Final = tuple(field.name for field in fields(Noted))


# What fits a field that is no text. A number is one that SQLite can hold.
_NUMBERS: Final = frozenset(["n", "campaign", "attempt", "row", "step", "http_status"])
_MOST: Final = 2**63


def _is_fit(name: str, value: object) -> bool:
    """Tell whether a value can be what a line says under this name."""
    if name in _NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST
    return isinstance(value, bool if name == "typing" else str)


def lines_in(data: bytes) -> Iterator[Noted]:
    """Give the lines that can be read; one that was cut short or damaged is passed over."""
    for text in data.split(b"\n"):
        if (line := _line(text)) is not None:
            yield line


@lru_cache(maxsize=64)  # each message looks at the last lines, which are nearly all the same
def _line(text: bytes) -> Noted | None:
    """Read a line; None for one that was cut short or damaged."""
    try:
        # Lines of earlier versions have no sum.
        summed = _SUMMED.fullmatch(text)
        if summed and _sum(f"{summed['text'].decode()}}}") != summed["sum"].decode():
            return None
        said = json.loads(text)
        said = {name: value for name, value in said.items() if name in _FIELDS}
        at, what = datetime.fromisoformat(said.pop("at")), What(said.pop("what"))
        at.astimezone(UTC)  # raises at the ends of the calendar
        if not all(_is_fit(name, value) for name, value in said.items()):
            return None
        return Noted(at=at, what=what, **said)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
