"""The events of a run, as its watchers hear of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from runner.ledger.record import Claim, Outcome, Wait


@dataclass(frozen=True, slots=True)
class Sending:
    """A claimed message goes out now."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt was settled."""

    claim: Claim
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lane waits within its run."""

    account: str
    wait: Wait


@dataclass(frozen=True, slots=True)
class LookFailed:
    """The look before a row's message failed; the row waits."""

    row: int
    why: str


@dataclass(frozen=True, slots=True)
class OtherConversation:
    """A row names another conversation than the vendor shows with its person; its own is used."""

    row: int


@dataclass(frozen=True, slots=True)
class AnswerWaits:
    """The answer to a row's message has come, and the ledger's server is away: it is tried to be
    recorded again and again."""

    row: int


@dataclass(frozen=True, slots=True)
class Halting:
    """A person interrupted; the run waits for the messages in flight."""


@dataclass(frozen=True, slots=True)
class ForeignUse:
    """The server counts messages that are not ours: how many today."""

    account: str
    count: int


@dataclass(frozen=True, slots=True)
class UnbelievedLimit:
    """The server told a limit that cannot be one; `limit` is what is taken instead."""

    account: str
    told: int
    limit: int


@dataclass(frozen=True, slots=True)
class ClockOff:
    """This computer's clock is ahead of the server's (behind, if negative), which is followed."""

    ahead: timedelta


Event = (
    Sending
    | Sent
    | Waiting
    | LookFailed
    | OtherConversation
    | AnswerWaits
    | Halting
    | ForeignUse
    | UnbelievedLimit
    | ClockOff
)
