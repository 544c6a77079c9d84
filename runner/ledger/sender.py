"""The sender of a row that names none: the account that the person knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.intake.entry import Message
from runner.ledger.connected import Connections
from runner.ledger.follow import Had
from runner.ledger.share import Shares


@dataclass(frozen=True, slots=True)
class Senders:
    """Names senders for one row after the other.

    `accounts` are the campaign's; without any, all are. `connections` is None where an even share
    is wanted.
    """

    shares: Shares
    accounts: Sequence[str]
    connections: Connections | None

    def named(self, message: Message, had: Had | None, keys: Sequence[str]) -> Message:
        """Return the message with the account that the person has the message before from, where
        that is one of the campaign's, or else one that is connected with the person."""
        if message.account:
            return message
        if had is not None and (not self.accounts or had.account in self.accounts):
            return message._replace(account=had.account)
        known = self.connections.of(keys) if self.connections else []
        return message._replace(account=self.shares.of_these(known)) if known else message
