"""The transaction about one message: it holds the message's account and its person.

On a server others may go on meanwhile with other accounts and other people. An account alone would
not be enough: two campaigns on two accounts would both write to the same person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from sqlalchemy.engine import Connection

from runner.errors import BusyError
from runner.ledger.ledger import Ledger
from runner.ledger.person import spellings_of
from runner.ledger.store.store import Hold

# So often it waits for locks: a long list may be on its way in, for a minute.
_TRIES: Final = 8


@contextmanager
def held(
    ledger: Ledger, account: str, keys: Collection[str], key: str | None = None
) -> Iterator[Connection]:
    """A transaction that nobody else changes anything beside that is about the account, or about
    the person of these keys under any spelling. With a `key`, by its name, it also counts what
    went by that key of the vendor's. Raises StorageError."""
    if not ledger.is_shared:
        with ledger.write() as connection:
            yield connection
        return
    with ExitStack() as transaction:
        yield _begun(ledger, account, keys, key, transaction)


def _begun(
    ledger: Ledger,
    account: str,
    keys: Collection[str],
    key: str | None,
    transaction: ExitStack,
) -> Connection:
    """Begin it, once nobody else holds any of it."""
    tries = 1 if key is not None else _TRIES  # an intent is good for a while only
    while True:
        with ledger.read() as connection:
            person = frozenset(spellings_of(connection, keys))
        try:
            connection = transaction.enter_context(ledger.write(Hold(account, person, key)))
        except BusyError:
            if (tries := tries - 1) == 0:
                raise
            continue
        # While this waited, another spelling of the person may have been learned.
        if person.issuperset(spellings_of(connection, keys)):
            return connection
        transaction.close()
