"""Conversations, their messages and the inbox, as the vendor tells them. No answer is trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from runner.intake.recipient import Recipient, RecipientError, parse

# The vendor's clock may be this far behind ours.
CLOCK_SKEW: Final = timedelta(minutes=2)
_LONGEST: Final = 300
_OWNER: Final = re.compile(r"\(urn:li:fsd_profile:([\w-]+),")
# The degree of connection in `DISTANCE_1` and the like: only those of the first are connected.
_DEGREE: Final = re.compile(r"(?<!\d)\d(?!\d)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Conversation:
    """An account's conversation with a person: whether it exists, its URN, and whether the two are
    connected, where that was told."""

    exists: bool
    urn: str | None
    profile_urn: str | None
    is_connected: bool | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation; `is_ours` when the account sent it."""

    text: str
    sent_at: datetime
    is_ours: bool
    urn: str | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """A person of a conversation, by every spelling that was told, and whether the account is
    connected with them, where that was told."""

    keys: tuple[str, ...]
    is_connected: bool | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation as the inbox lists it."""

    urn: str
    active_at: datetime | None
    people: tuple[Participant, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the inbox, the newest conversations first, and where the next one begins."""

    threads: tuple[Thread, ...]
    cursor: str | None


def read_conversation(answer: object) -> Conversation | None:
    """Read whether a conversation exists; None for an answer that does not say so."""
    if not isinstance(answer, dict) or not isinstance(answer.get("hasConversation"), bool):
        return None
    return Conversation(
        answer["hasConversation"],
        short_text(answer.get("conversationUrn")),
        short_text(answer.get("profileUrn")),
    )


def read_messages(answer: object, conversation_urn: str) -> list[Message] | None:
    """Read the messages of a conversation; None for an answer that lists none.

    The owner in a conversation's URN is the sending account. The vendor's own flag has been seen to
    miss messages of that account.
    """
    found = answer.get("messages") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        return None
    owner = _OWNER.search(conversation_urn)
    ours = owner[1] if owner else None
    return [message for entry in found if (message := _message(entry, ours))]


def read_page(answer: object) -> Page | None:
    """Read a page of the inbox; None for an answer that is none."""
    found = answer.get("conversations") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(found, list):
        return None
    threads = tuple(thread for entry in found if (thread := _thread(entry)))
    more = answer.get("hasMore") is not False
    return Page(threads, short_text(answer.get("nextCursor")) if more else None)


def _thread(entry: object) -> Thread | None:
    if not isinstance(entry, dict) or not (urn := short_text(entry.get("conversationUrn"))):
        return None
    listed = entry.get("participants")
    people = [_participant(one) for one in listed] if isinstance(listed, list) else []
    return Thread(
        urn,
        _instant(entry.get("lastActivityAt")),
        tuple(person for person in people if person is not None),
    )


def _participant(entry: object) -> Participant | None:
    if not isinstance(entry, dict):
        return None
    keys: dict[str, None] = {}
    for name in ("profileUrn", "profileId", "profileUrl", "publicIdentifier"):
        if (text := short_text(entry.get(name))) and (person := _person(text)):
            keys.update(dict.fromkeys(person.keys))
    degree = _DEGREE.search(str(entry.get("distance") or "")[:_LONGEST])
    return Participant(tuple(keys), degree[0] == "1" if degree else None) if keys else None


def _person(text: str) -> Recipient | None:
    try:
        return parse(text)
    except RecipientError:
        return None


def _message(entry: object, owner: str | None) -> Message | None:
    if not isinstance(entry, dict):
        return None
    text, ours = entry.get("text"), entry.get("isSentByOwner")
    sent_at = _instant(entry.get("sentAt"))
    if not isinstance(text, str) or not isinstance(ours, bool) or sent_at is None:
        return None
    sender = entry.get("senderProfileId")
    by_owner = isinstance(sender, str) and owner is not None and sender.rpartition(":")[2] == owner
    return Message(text, sent_at, ours or by_owner, short_text(entry.get("messageUrn")))


def _instant(value: object) -> datetime | None:
    """Read an instant: milliseconds since 1970, or ISO text with a zone."""
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float):
            return _EPOCH + timedelta(milliseconds=value)
        if isinstance(value, str) and len(value) <= _LONGEST:
            at = datetime.fromisoformat(value)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return None


def words_of(text: str) -> str:
    """Return a text as messages are compared: its words, with one space between them."""
    return " ".join(text.split())


def short_text(value: object) -> str | None:
    """Return a short text that can be shown; None for anything else."""
    if (
        not isinstance(value, str)
        or not value.strip()
        or len(value) > _LONGEST
        or not value.isprintable()
    ):
        return None
    return value.strip()


def name_of(entry: Mapping[str, Any]) -> str | None:
    """Return the first and the last name that an entry tells, together."""
    names = (short_text(entry.get("firstName")), short_text(entry.get("lastName")))
    return " ".join(name for name in names if name) or None


@dataclass(frozen=True, slots=True)
class Relationship:
    """Whether an account and a person are connected, and the person's URN."""

    connected: bool
    profile_urn: str | None


def read_relationship(answer: object) -> Relationship | None:
    """Read whether two are connected; None for an answer that does not say so."""
    if not isinstance(answer, dict) or not isinstance(answer.get("connected"), bool):
        return None
    person = short_text(answer.get("profileUrn")) or short_text(answer.get("profileUrl"))
    return Relationship(answer["connected"], person)


def read_count(answer: object, name: str) -> int | None:
    """Read a number of an answer that is not negative."""
    found = answer.get(name) if isinstance(answer, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None
