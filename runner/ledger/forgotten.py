"""Forgotten people: only salted hashes of their spellings are kept.

The hashes keep the people on the do-not-contact list. The hashes of one person share a random
token, so that any spelling can take all of them off the list. Without the ledger's salt a hash says
nothing. With the salt, it tells something only to a person who guesses the spelling.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b, sha256
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema

REASON: Final = "forgotten"
SALT: Final = "salt of forgotten people"
_PREFIX: Final = "hash:"  # no spelling of a person has a colon there
# Whether a note is a salt: the names of the salts begin alike, and `!` comes just behind a blank.
IS_SALT: Final = schema.note.c.name.between(SALT, f"{SALT}!")
_SALTS: Final = sa.select(schema.note.c.value).where(IS_SALT)


class Forgotten:
    """The forgotten people of a ledger.

    This object loads them once when it is made, and then keeps up with its own changes.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._salts = _salts_of(connection)
        self._tokens: dict[str, str] = {}
        if self._salts:
            table = schema.do_not_contact
            listed = sa.select(table.c.identity, table.c.forgotten).where(
                table.c.forgotten.is_not(None)
            )
            self._tokens = {found.identity: found.forgotten for found in connection.execute(listed)}

    def token(self, keys: Iterable[str]) -> str | None:
        """Return the token of the forgotten person with one of these spellings, if there is one."""
        if not self._tokens:
            return None
        hashes = (_hash(key, salt) for key in keys for salt in self._salts)
        return next((self._tokens[hashed] for hashed in hashes if hashed in self._tokens), None)

    def add(self, keys: Iterable[str], now: datetime, token: str | None = None) -> None:
        """Keep these spellings of one person, as hashes, and nothing else of the person.

        `token` is given when the person is already among the forgotten.
        """
        if not self._salts:
            self._salts = [secrets.token_hex(32)]
            note = sa.insert(schema.note)
            self._connection.execute(
                note.values(name=salt_name(self._salts[0]), value=self._salts[0])
            )
        token = token or secrets.token_hex(16)
        new = [
            hashed
            for hashed in dict.fromkeys(_hash(key, self._salts[0]) for key in keys)
            if hashed not in self._tokens
        ]
        self._tokens.update(dict.fromkeys(new, token))
        rows = [
            {"identity": hashed, "reason": REASON, "added_at": now, "forgotten": token}
            for hashed in new
        ]
        if rows:
            self._connection.execute(sa.insert(schema.do_not_contact), rows)

    def remove(self, token: str) -> int:
        """Take a person off the list, and return how many entries went."""
        self._tokens = {hashed: other for hashed, other in self._tokens.items() if other != token}
        table = schema.do_not_contact
        return self._connection.execute(sa.delete(table).where(table.c.forgotten == token)).rowcount


def take_over(connection: Connection, other: Connection, now: datetime) -> int:
    """Take over the forgotten people of another ledger; return how many hashes were new.

    The hashes need the salt that they were made with, so it comes with them.
    """
    table, note = schema.do_not_contact, schema.note
    ours = set(_salts_of(connection))
    for salt in _salts_of(other):
        if salt not in ours:
            connection.execute(sa.insert(note).values(name=salt_name(salt), value=salt))
    known = set(connection.scalars(sa.select(table.c.identity)))
    rows = [
        {"identity": one.identity, "reason": REASON, "added_at": now, "forgotten": one.forgotten}
        for one in other.execute(sa.select(table).where(table.c.forgotten.is_not(None)))
        if one.identity not in known
    ]
    if rows:
        connection.execute(sa.insert(table), rows)
    return len(rows)


def is_forgotten(connection: Connection, keys: Iterable[str]) -> bool:
    """Tell whether one of these spellings means a forgotten person.

    This is for one person, asked inside a claim.
    """
    salts, table = _salts_of(connection), schema.do_not_contact
    if not salts:
        return False
    hashed = [_hash(key, salt) for key in keys for salt in salts]
    return (
        connection.execute(
            sa.select(table.c.identity).where(table.c.identity.in_(hashed)).limit(1)
        ).first()
        is not None
    )


def salt_name(salt: str) -> str:
    """Return the name that a salt is noted under: it shows whether a bit of the salt has changed.

    With another salt, nobody would be recognised who was forgotten.
    """
    return f"{SALT} {sha256(salt.encode()).hexdigest()[:16]}"


def _salts_of(connection: Connection) -> list[str]:
    """The salts of the hashes; each ledger that was merged adds its own."""
    return list(connection.scalars(_SALTS))


def _hash(key: str, salt: str) -> str:
    return _PREFIX + blake2b(key.encode(), key=bytes.fromhex(salt), digest_size=32).hexdigest()
