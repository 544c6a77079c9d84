"""Forgotten people: only salted hashes of their spellings are kept.

The hashes keep the people on the do-not-contact list. The hashes of one person share a random
token, so that any spelling can take all of them off the list. Without the ledger's salt a hash says
nothing. With the salt, it tells something only to a person who guesses the spelling.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema

REASON: Final = "forgotten"
_SALT: Final = "salt of forgotten people"
_PREFIX: Final = "hash:"  # no spelling of a person has a colon there


class Forgotten:
    """The forgotten people of a ledger.

    This object loads them once when it is made, and then keeps up with its own changes.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._salt = _salt_of(connection)
        self._tokens: dict[str, str] = {}
        if self._salt is not None:
            table = schema.do_not_contact
            listed = sa.select(table.c.identity, table.c.forgotten).where(
                table.c.forgotten.is_not(None)
            )
            self._tokens = {found.identity: found.forgotten for found in connection.execute(listed)}

    def token(self, keys: Iterable[str]) -> str | None:
        """Return the token of the forgotten person with one of these spellings, if there is one."""
        if not self._tokens:
            return None
        return next(
            (found for key in keys if (found := self._tokens.get(self._hash(key))) is not None),
            None,
        )

    def add(self, keys: Iterable[str], now: datetime, token: str | None = None) -> None:
        """Keep these spellings of one person, as hashes, and nothing else of the person.

        `token` is given when the person is already among the forgotten.
        """
        if self._salt is None:
            self._salt = secrets.token_hex(32)
            self._connection.execute(sa.insert(schema.note).values(name=_SALT, value=self._salt))
        token = token or secrets.token_hex(16)
        new = [
            hashed for hashed in dict.fromkeys(map(self._hash, keys)) if hashed not in self._tokens
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

    def _hash(self, key: str) -> str:
        return _hash(key, self._salt or "")


def is_forgotten(connection: Connection, keys: Iterable[str]) -> bool:
    """Tell whether one of these spellings means a forgotten person.

    This is for one person, asked inside a claim.
    """
    salt, table = _salt_of(connection), schema.do_not_contact
    if salt is None:
        return False
    hashed = [_hash(key, salt) for key in keys]
    return (
        connection.execute(
            sa.select(table.c.identity).where(table.c.identity.in_(hashed)).limit(1)
        ).first()
        is not None
    )


def _salt_of(connection: Connection) -> str | None:
    return connection.execute(
        sa.select(schema.note.c.value).where(schema.note.c.name == _SALT)
    ).scalar()


def _hash(key: str, salt: str) -> str:
    return _PREFIX + blake2b(key.encode(), key=bytes.fromhex(salt), digest_size=32).hexdigest()
