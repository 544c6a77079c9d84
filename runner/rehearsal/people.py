"""What simulated people do: a share of them answers, a share is not connected, some talk already.

Each person is drawn by name and seed, so that a rehearsal can be repeated.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from runner.rehearsal.inbox import Inbox, Said
from runner.rehearsal.receipt import Receipt, urn_of

_WORDS: Final = ("Sure, call me next week.", "Thanks, not now.", "Who are you?", "Yes, please!")
# Of those who would answer, so many had written before, and so many hear from somebody by hand.
_BEFORE: Final = 0.2
_BY_HAND: Final = 0.2
_LONGEST: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class People:
    """The shares of people who answer within some days, and who are no connections.

    Of the strangers half are open to everybody. Each account has so many InMail `credits`.
    """

    replies: float = 0.0
    strangers: float = 0.0
    credits: int = 50
    seed: int = 0

    def hear(self, receipt: Receipt, inbox: Inbox) -> None:
        """Let a person hear a message: some answer later, some get one by hand in between."""
        chance = self._chance("reply", receipt.recipient)
        if chance.random() >= self.replies:
            return
        after = timedelta(seconds=chance.uniform(600, _LONGEST.total_seconds()))
        text = chance.choice(_WORDS)
        inbox.said.append(Said(receipt.at + after, receipt.account, receipt.recipient, text))
        if chance.random() < _BY_HAND:
            by_hand = Said(
                receipt.at + after / 2, receipt.account, receipt.recipient, "By hand", True
            )
            inbox.said.append(by_hand)

    def is_stranger(self, account: str, slug: str) -> bool:
        """Tell whether somebody is no connection of an account."""
        return self._chance(f"stranger {account}", slug).random() < self.strangers

    def is_open(self, person: str) -> bool:
        """Tell whether anybody may write to somebody for free."""
        return self._chance("open", person).random() < 0.5 if self.strangers else False

    def has_written(self, slug: str) -> bool:
        """Tell whether somebody wrote before any message of ours."""
        return self._chance("before", slug).random() < self.replies * _BEFORE

    def _chance(self, what: str, person: str) -> random.Random:
        return random.Random(f"{self.seed} {what} {urn_of(person)}")  # noqa: S311 - a rehearsal, not a secret
