"""The search for one message of ours in the vendor's conversations with its recipient."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal

from runner import words
from runner.errors import AccessError
from runner.ledger.doubt import Doubt
from runner.sending.lookup import Lookup
from runner.sending.thread import CLOCK_SKEW, Message, words_of

Verdict = Literal["sent", "no-evidence", "unknown"]
_NOT_OFFERED: Final = "the vendor does not offer a look into conversations"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding about an uncertain row.

    `said` is a sentence. `hint` is what the account's count suggests, if anything.
    """

    row: int | None
    verdict: Verdict
    said: str
    sent_at: datetime | None = None
    hint: str | None = None


async def look_for(
    doubt: Doubt, lookup: Lookup, hint: str | None = None, zone: tzinfo = UTC
) -> Finding:
    """Read the person's conversations until one holds the message. Times are told in the `zone`."""
    search = _Search(doubt, lookup)
    try:
        async for urn in search.conversations():
            if (match := await search.match(urn)) is not None:
                said = (
                    f"{doubt.label} was sent: its text stands in the conversation, "
                    f"{words.clock(match.sent_at, zone)}."
                )
                return Finding(
                    row=doubt.row, verdict="sent", said=said, sent_at=match.sent_at, hint=hint
                )
    except AccessError as error:
        search.obstacle = error.what.rstrip(".")
    if search.read or (search.read == 0 and search.obstacle is None):
        seen = "The account has no message with this person"
        if search.read:
            since = words.clock(doubt.since - CLOCK_SKEW, zone)
            seen = (
                f"{words.count(search.read, 'message')} looked at, none of ours with its text "
                f"since {since}"
            )
        said = (
            f"{doubt.label}: no evidence. {seen}; that proves nothing, for a message can take a "
            "while to show."
        )
        return Finding(doubt.row, "no-evidence", said, hint=hint)
    obstacle = search.obstacle or "no profile ID is known for this person"
    return Finding(
        doubt.row, "unknown", f"{doubt.label} cannot be looked up: {obstacle}.", hint=hint
    )


@dataclass(slots=True)
class _Search:
    """The search through one person's conversations.

    `read` is how many messages were read, or None when nobody could say. `obstacle` is what stood
    in the way.
    """

    doubt: Doubt
    lookup: Lookup
    read: int | None = None
    obstacle: str | None = None

    async def conversations(self) -> AsyncIterator[str]:
        """Yield the row's own conversation, then those under each profile ID of the person."""
        own = self.doubt.conversation_urn
        if own:
            yield own
        for slug in self.doubt.slugs:
            found = await self.lookup.conversation(slug, self.doubt.account)
            if found is None:
                self.obstacle = self.lookup.unanswered("exists") or _NOT_OFFERED
            elif not found.exists:
                self.read = self.read or 0
            elif found.urn is None:
                self.obstacle = "the vendor does not say which conversation it is"
            elif found.urn != own:
                yield found.urn

    async def match(self, urn: str) -> Message | None:
        """Return the message that was to be sent, if it stands in this conversation."""
        messages = await self.lookup.messages(urn, self.doubt.account)
        if messages is None:
            self.obstacle = self.lookup.unanswered("messages") or _NOT_OFFERED
            return None
        self.read = (self.read or 0) + len(messages)
        since, text = self.doubt.since - CLOCK_SKEW, words_of(self.doubt.text)
        alike = [
            message for message in messages if message.is_ours and words_of(message.text) == text
        ]
        return min(
            (message for message in alike if message.sent_at >= since),
            key=lambda m: m.sent_at,
            default=None,
        )
