"""The replies to a campaign: the inbox read now, and who has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from runner.action.listen import Listened, listen
from runner.action.settle import hand_back
from runner.campaign.recognise import find_campaign
from runner.errors import ExitCode
from runner.ledger.ledger import Ledger
from runner.ledger.reply import Answered
from runner.ledger.reply import replies as answers
from runner.result.place import Written
from runner.sending.lookup import Lookup
from runner.sending.pace import calendar_of


@dataclass(frozen=True, slots=True)
class Replies:
    """The replies to a campaign's messages, the newest first, and what the last reading brought."""

    campaign: str
    zone: tzinfo
    answered: tuple[Answered, ...]
    listened: Listened
    results: Written | None

    @property
    def exit_code(self) -> ExitCode:
        return self.listened.exit_code


def hear(
    ledger: Ledger,
    name: str | None,
    lookup: Lookup,
    loop: asyncio.Runner,
    now: Callable[[], datetime],
) -> Replies:
    """Read the inbox for one campaign now, and list who answered; write the results again where
    that brought anything. Raises UsageError, StorageError."""
    record = find_campaign(ledger, name)
    listened = listen(ledger, [record], lookup, loop, now)
    written = None
    if listened.new or listened.settled:
        written = hand_back(ledger, record, now())
    with ledger.read() as connection:
        zone = calendar_of(record.settings).zone
        return Replies(record.name, zone, tuple(answers(connection, record.id)), listened, written)
