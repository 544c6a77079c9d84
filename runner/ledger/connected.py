"""Who is connected with which account, as far as that is known: from LinkedIn's own export, or from
the vendor's answers. A normal message reaches connections only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.person import Spellings

# Connections last. A stranger may become one any day.
_TRUE_FOR: Final = timedelta(days=90)
_FALSE_FOR: Final = timedelta(days=3)
# An export says who was connected then, of an account that was named, or of any.
EXPORT: Final = "export"
VENDOR: Final = "vendor"
_CONNECTED: Final = schema.connected.c
# Each message asks this, so it is built once.
_KNOWN: Final = (
    sa.select(schema.connected)
    .where(
        _CONNECTED.identity.in_(sa.bindparam("keys", expanding=True)),
        _CONNECTED.account.in_(["", sa.bindparam("account")]),
    )
    .order_by(_CONNECTED.noted_at.desc())
)


def note_connected(
    connection: Connection,
    account: str,
    people: Iterable[str],
    now: datetime,
    *,
    is_connected: bool,
    source: str,
) -> int:
    """Note people, each by one spelling, as connected with an account or not; return how many."""
    table = schema.connected
    count = 0
    for identity in dict.fromkeys(people):
        mine = sa.and_(table.c.account == account, table.c.identity == identity)
        connection.execute(sa.delete(table).where(mine))
        connection.execute(
            sa.insert(table).values(
                account=account,
                identity=identity,
                is_connected=is_connected,
                noted_at=now,
                source=source,
            )
        )
        count += 1
    return count


def is_connected(
    connection: Connection, account: str, keys: Sequence[str], now: datetime
) -> bool | None:
    """Tell whether a person of these spellings is connected with the account; None for not known.

    The latest word counts. What the vendor said holds for a while only.
    """
    for found in connection.execute(_KNOWN, {"keys": list(keys), "account": account}):
        age = now - found.noted_at
        if found.source == EXPORT or age < (_TRUE_FOR if found.is_connected else _FALSE_FOR):
            return bool(found.is_connected)
    return None


class Connections:
    """The accounts that each person is connected with. Loaded once, for work on a whole sheet."""

    def __init__(
        self, connection: Connection, accounts: Sequence[str], spellings: Spellings
    ) -> None:
        table = schema.connected
        self._of: dict[str, list[str]] = {}
        known = sa.select(table.c.identity, table.c.account).where(
            table.c.is_connected, table.c.account.in_(accounts)
        )
        for identity, account in connection.execute(known):
            for key in spellings.of([identity]):
                self._of.setdefault(key, []).append(account)

    def of(self, keys: Sequence[str]) -> list[str]:
        """Return the accounts that a person of these spellings is connected with."""
        return list(dict.fromkeys(account for key in keys for account in self._of.get(key, ())))
