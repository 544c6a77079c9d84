"""What the server counts and the ledger does not know, before anything is sent."""

from __future__ import annotations

import asyncio
from typing import Final

from runner import words
from runner.action.search import look_for
from runner.errors import StorageError
from runner.ledger import accepted
from runner.ledger.doubt import next_waiting
from runner.ledger.ledger import Ledger
from runner.ledger.surplus import explain_surplus, has_sent
from runner.sending.lookup import Lookup

_LOOKED_FOR: Final = 3


def refuse_uncounted(
    ledger: Ledger,
    campaign_id: int,
    account: str,
    surplus: int,
    lookup: Lookup,
    loop: asyncio.Runner,
) -> None:
    """Raise StorageError when the server counts messages that the ledger should know.

    `surplus` is how many they are. Another tool, or a person, may have sent them; or this ledger
    did, before it was set back. A conversation with the message of somebody who waits shows that.
    The absence of one proves nothing, so a person has to say, once, that others send as well. An
    account that the ledger never sent from is new to it.
    """
    with ledger.read() as connection:
        doubts = next_waiting(connection, campaign_id, account, _LOOKED_FOR)
        is_shared = accepted.is_shared(connection, account)
        is_used = has_sent(connection, account)
    findings = [loop.run(look_for(doubt, lookup)) for doubt in doubts]
    sender = f"account {account}" if account else "the default account"
    found = next((finding for finding in findings if finding.verdict == "sent"), None)
    if found is not None:
        restore = words.command("ledger restore", "--look", ledger=ledger.place)
        raise StorageError(
            f"{found.said} The ledger does not know of it. Nothing was sent.",
            where=ledger.place,
            remedy=f"Mend it: {restore} (it looks for the others too, and says what it will do).",
        )
    if is_shared or not is_used:
        with ledger.write() as connection:
            explain_surplus(connection, account)
        return
    accept = words.command("ledger accept", ledger=ledger.place, shared=account)
    raise StorageError(
        f"The server counts {words.count(surplus, 'message')} from {sender} that the ledger does "
        "not know. Nothing was sent.",
        where=ledger.place,
        remedy=(
            f"If others send from it through ConnectSafely: {accept}. If not, the ledger is "
            "older than the truth: look for its messages in the conversations with "
            f"{words.command('ledger restore', '--look', ledger=ledger.place)}."
        ),
    )
