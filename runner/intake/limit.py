"""The lengths that a message and its subject can have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runner.intake.column import Column
from runner.intake.entry import Problem
from runner.intake.template import MessageType

# LinkedIn's own limits; the endpoint documents no limit.
MAX_SUBJECT: Final = 200


MAX_INMAIL: Final = 1_900


MAX_MESSAGE: Final = 8_000


LONG_MESSAGE: Final = 3_000


def over_limits(
    number: int, text: str, subject: str, message_type: MessageType, column: Column | None
) -> Iterator[Problem]:
    if message_type == "inmail":
        if not subject:
            yield Problem("inmail-subject", "an InMail needs a subject", number, column)
        if len(text) > MAX_INMAIL:
            over = f"the InMail has {len(text):,} characters; LinkedIn takes {MAX_INMAIL:,}"
            yield Problem("message-long", over, number)
    elif len(text) > MAX_MESSAGE:
        yield Problem(
            "message-long",
            f"the message has {len(text):,} characters; LinkedIn takes {MAX_MESSAGE:,}",
            number,
        )
    elif len(text) >= LONG_MESSAGE:
        over = f"the message has {len(text):,} characters; few people read that"
        yield Problem("message-lengthy", over, number, severity="warning")
    if len(subject) > MAX_SUBJECT:
        over = f"the subject has {len(subject):,} characters; LinkedIn takes {MAX_SUBJECT}"
        yield Problem("subject-long", over, number, column)
