"""The conversation of a row: a URN that belongs to the account that sends."""

from __future__ import annotations

import re
from typing import Final

from runner.intake.cell import identifier
from runner.intake.recipient import LONGEST, RecipientError, short

_CONVERSATION: Final = re.compile(
    r"urn:li:msg_conversation:\(urn:li:fsd_profile:(?P<owner>[A-Za-z0-9_-]+),(?P<thread>[^(),\s]+)\)"
)


def parse_conversation(text: str) -> str:
    """Read a conversation URN as the endpoint takes it. Raises RecipientError.

    The owner of the conversation is the account that sends.
    """
    value = identifier(text[:LONGEST])
    if not _CONVERSATION.fullmatch(value):
        raise RecipientError(
            "conversation-urn",
            (
                f"{short(value)} is not a conversation URN (urn:li:msg_conversation:(…,2-…)); "
                "correct it or leave it blank"
            ),
        )
    return value


def conversation_owner(urn: str) -> str:
    """Return the member token of the account that a conversation belongs to.

    Only that account can send in the conversation.
    """
    match = _CONVERSATION.fullmatch(urn)
    return match["owner"] if match else ""
