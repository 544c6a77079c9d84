"""The content of the simulated LinkedIn: the messages that people have received.

It also has names for people and conversations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from runner.intake.recipient import URN_PREFIX


@dataclass(frozen=True, slots=True)
class Receipt:
    """One message that the simulated endpoint accepted.

    A person would now have it, in that conversation of theirs.
    """

    at: datetime
    account: str
    recipient: str
    message: str
    conversation: str = ""


def urn_of(recipient: str) -> str:
    """Return the URN that the simulated LinkedIn has for a slug: always the same one."""
    if recipient.startswith("urn:"):
        return recipient
    return f"{URN_PREFIX}ACoAA{sha256(recipient.encode()).hexdigest()[:34]}"


def conversation_of(account: str, recipient: str) -> str:
    """Return the URN of the account's conversation with a person."""
    thread = sha256(f"{account} {urn_of(recipient)}".encode()).hexdigest()[:32]
    return f"urn:li:msg_conversation:({urn_of(f'account {account}')},2-{thread}==)"
