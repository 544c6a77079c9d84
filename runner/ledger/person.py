"""One person under several spellings, for all campaigns.

Two things link a slug and a URN for good: an answer that names the URN of the slug it was asked
for, and a row that gives both. Nothing is noted of forgotten people: another spelling of a
forgotten person is forgotten with the person.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import URN_PREFIX
from runner.ledger import schema
from runner.ledger.forgotten import Forgotten, is_forgotten

_BATCH: Final = 500
_FEW: Final = 10
# A look by a key takes about as long as walking past so many.
_WALKED: Final = 4
_TOKEN: Final = re.compile(r"ACo[A-Za-z0-9_-]{8,}")
_OTHER_PREFIXES: Final = ("urn:li:fs_profile:", "urn:li:fs_miniProfile:", "urn:li:member:")
# The number of forms in which an answer can write one URN.
FORMS: Final = 2 + len(_OTHER_PREFIXES)
_KEYS: Final[sa.BindParameter[str]] = sa.bindparam("keys", expanding=True)
_ALIASES: Final = sa.select(schema.alias.c.identity, schema.alias.c.other)
_LEARN: Final = sa.insert(schema.alias)
_FIRST: Final = _ALIASES.where(schema.alias.c.identity.in_(_KEYS))
_PAIRS: Final = _ALIASES.where(
    sa.or_(schema.alias.c.identity.in_(_KEYS), schema.alias.c.other.in_(_KEYS))
)


class Spellings:
    """Every identity that is known to mean the same person. Loaded once, for work on a whole
    sheet; with `keys`, for the people of these alone."""

    def __init__(self, connection: Connection, keys: Collection[str] | None = None) -> None:
        self._others: dict[str, list[str]] = {}
        if keys is None or is_read_whole(connection, schema.alias, len(keys)):
            pairs = {(identity, other) for identity, other in connection.execute(_ALIASES)}
        else:
            pairs = _reached(connection, keys)
        for identity, other in pairs:
            self._others.setdefault(identity, []).append(other)
            self._others.setdefault(other, []).append(identity)

    def of(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return the given identities, then all others that mean the same person.

        A link may be direct, or go through other identities.
        """
        found = list(dict.fromkeys(keys))
        for key in found:  # grows while it is walked
            found += [other for other in self._others.get(key, ()) if other not in found]
        return tuple(found)

    def every(self, keys: Iterable[str]) -> set[str]:
        """Return the same for many people at once, each named by one identity or by several."""
        return {spelling for key in keys for spelling in self.of([key])}


def learn(connection: Connection, pairs: Iterable[tuple[str, str]], now: datetime) -> None:
    """Note pairs of identities that are one person."""
    ordered = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    if not ordered:
        return
    ordered = _without_forgotten(connection, ordered, now)
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        asked = connection.execute(_FIRST, {"keys": [pair[0] for pair in batch]})
        known = {(identity, other) for identity, other in asked}
        rows = [
            {"identity": pair[0], "other": pair[1], "learned_at": now}
            for pair in batch
            if pair not in known
        ]
        if rows:
            connection.execute(_LEARN, rows)


def is_read_whole(connection: Connection, table: sa.Table, count: int) -> bool:
    """Tell whether a table is read faster as a whole than by so many keys: the work on a list does
    not grow with all that a large ledger holds besides."""
    some = sa.select(sa.literal(1)).select_from(table).limit(_WALKED * count + 1).subquery()
    held = connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return int(held) <= _WALKED * count


def batches(keys: Iterable[str]) -> Iterator[list[str]]:
    """Give the keys in as many at once as a statement takes."""
    rest = iter(keys)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _reached(connection: Connection, keys: Iterable[str]) -> set[tuple[str, str]]:
    """Return all pairs that lead from these identities to others, however far."""
    pairs: set[tuple[str, str]] = set()
    seen = fresh = set(keys)
    while fresh:
        found = {
            (identity, other)
            for batch in batches(fresh)
            for identity, other in connection.execute(_PAIRS, {"keys": batch})
        }
        fresh = {key for pair in found - pairs for key in pair} - seen
        pairs |= found
        seen |= fresh
    return pairs


def learn_first(connection: Connection, pair: tuple[str, str], now: datetime) -> None:
    """Note two identities of one person of whom neither is known as another's, nor anybody as
    forgotten."""
    identity, other = sorted(pair)
    connection.execute(_LEARN, {"identity": identity, "other": other, "learned_at": now})


def _without_forgotten(
    connection: Connection, pairs: list[tuple[str, str]], now: datetime
) -> list[tuple[str, str]]:
    """Return the pairs that name no forgotten person.

    A dropped pair links a spelling to a forgotten person. The spelling is forgotten as well.
    """
    if len(pairs) <= _FEW and not is_forgotten(connection, {key for pair in pairs for key in pair}):
        return pairs
    forgotten = Forgotten(connection)
    while True:
        kept = []
        for pair in pairs:
            token = forgotten.token(pair)
            if token is None:
                kept.append(pair)
            else:
                forgotten.add(spellings_of(connection, pair), now, token)
        if len(kept) == len(pairs):
            return kept
        pairs = kept


def spellings_of(connection: Connection, keys: Iterable[str]) -> tuple[str, ...]:
    """Do the same as `Spellings.of`, but for one person inside a claim."""
    found = dict.fromkeys(keys)
    fresh = list(found)
    while fresh:
        pairs = connection.execute(_PAIRS, {"keys": fresh}).all()
        fresh = [
            key for key in dict.fromkeys(key for pair in pairs for key in pair) if key not in found
        ]
        found.update(dict.fromkeys(fresh))
    return tuple(found)


def answered_identity(urn: str | None) -> str | None:
    """Return the URN that an answer gave, in the form of identities, if it names a member.

    Answers write the member's token bare, in any kind of URN, or in a link.
    """
    found = _TOKEN.search(unquote(urn)) if urn else None
    return URN_PREFIX + found[0] if found else None


def answered_as(keys: Iterable[str]) -> list[str]:
    """Return every form in which answers write these identities' URNs.

    Some answers leave the prefix out, or have the one of another kind of URN.
    """
    return [
        prefix + key.removeprefix(URN_PREFIX)
        for key in keys
        if key.startswith(URN_PREFIX)
        for prefix in (URN_PREFIX, "", *_OTHER_PREFIXES)
    ]


def means(keys: Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a delivery went, or is to go, to a person of these spellings."""
    return meant(list(keys), answered_as(keys))


def meant(keys: Any, forms: Any) -> sa.ColumnElement[bool]:
    """Do the same as `means`, for a statement that is built once: `keys` are the spellings, and
    `forms` what `answered_as` makes of them, as values or as parameters."""
    table = schema.delivery
    return sa.or_(table.c.slug.in_(keys), table.c.urn.in_(keys), table.c.sent_to_urn.in_(forms))
