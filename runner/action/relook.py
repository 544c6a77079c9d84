"""A look into the conversations of those who wait: who has the message already?

For a ledger that is older than the truth when no other record of this computer is newer. People are
sent to in the order of the list, so those who have the message are the next who wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from runner import words
from runner.action.search import Finding, look_for
from runner.intake.recipient import Recipient
from runner.ledger.campaign import campaigns
from runner.ledger.chain import link_all
from runner.ledger.delivery import recipient
from runner.ledger.doubt import Doubt, next_waiting
from runner.ledger.ledger import Ledger
from runner.ledger.record import CampaignRecord, Status
from runner.ledger.regain import Regained, Regaining
from runner.ledger.standing import waiting
from runner.ledger.surplus import all_surplus, explain_surplus, note_surplus
from runner.sending.lookup import Lookup

# Where nobody knows how many there are: after so many people in a row without the message, the
# others have none either.
_ENOUGH: Final = 10
_SOURCE: Final = "the conversation"


def regain_by_looking(
    ledger: Ledger, lookup: Lookup, loop: asyncio.Runner, now: datetime
) -> Iterator[str]:
    """Bring in the messages that stand in the conversations of those who wait, account by account;
    give a sentence for each campaign with some, and for what was not found."""
    with ledger.read() as connection:
        records = campaigns(connection)
        due = all_surplus(connection)
    for record in records:
        with ledger.read() as connection:
            accounts = list(waiting(connection, record.id))
        for account in accounts:
            found = loop.run(_look(ledger, record, account, lookup, due.get(account)))
            _bring_in(ledger, record, account, found, now)
            if found:
                count = words.count(len(found), "message")
                yield f"The conversations add {count} to the campaign {record.name!r}."
                due[account] = due.get(account, 0) - len(found)
    for account, missing in due.items():
        with ledger.write() as connection:
            explain_surplus(connection, account)
            note_surplus(connection, account, max(0, missing))
        if missing > 0:
            sender = f"account {account}" if account else "the default account"
            yield (
                f"{words.count(missing, 'message')} from {sender} that the server counts were not "
                "found; a run still asks for them."
            )


async def _look(
    ledger: Ledger, record: CampaignRecord, account: str, lookup: Lookup, due: int | None
) -> list[tuple[Doubt, Finding]]:
    """Look until as many messages are found as are `due`, or nobody waits any more."""
    with ledger.read() as connection:
        doubts = next_waiting(connection, record.id, account, None)
    found: list[tuple[Doubt, Finding]] = []
    missed = 0
    for doubt in doubts:
        if due is not None and len(found) >= due:
            break
        finding = await look_for(doubt, lookup)
        if finding.verdict == "sent":
            found.append((doubt, finding))
            missed = 0
        else:
            missed += 1
        if due is None and missed >= _ENOUGH:
            break
    return found


def _bring_in(
    ledger: Ledger,
    record: CampaignRecord,
    account: str,
    found: list[tuple[Doubt, Finding]],
    now: datetime,
) -> None:
    with ledger.write() as connection:
        regaining = Regaining(connection, record.id, _SOURCE, now)
        for doubt, finding in found:
            person: Recipient = recipient(connection, doubt.delivery)
            message = Regained(
                recipient=person,
                status=Status.SENT,
                at=finding.sent_at,
                account=account,
                row=doubt.row or 0,
                text=doubt.text,
            )
            regaining.add(message)
        link_all(connection)
