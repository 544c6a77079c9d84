"""The inbox: the conversations of our people that have changed, and who answered in them.

It is read newest first, as far back as our first message. A conversation that was not active since
it was last read is not read again. A message of ours is never a reply, also one typed by hand: only
the vendor's word on who sent it decides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from runner.ledger.reply import Awaited, Reply
from runner.sending.lookup import Lookup
from runner.sending.thread import CLOCK_SKEW, Message, Thread, words_of

# A page holds a hundred conversations: nobody's inbox is longer.
_MOST_PAGES: Final = 1_000
_NOT_FOUND: Final = 404


class UnreadError(Exception):
    """The inbox, or a conversation in it, could not be read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a conversation says of one of our messages: that it stands there, and the reply."""

    message: Awaited
    found_at: datetime | None
    reply: Reply | None


@dataclass(slots=True)
class Inbox:
    """Reads the inbox of some accounts. `unread` counts conversations that could not be read."""

    lookup: Lookup
    unread: int = 0

    async def threads(
        self,
        accounts: Sequence[str],
        since: datetime,
        awaited: Callable[[Collection[str]], Mapping[str, Sequence[Awaited]]],
        read: Mapping[str, datetime],
    ) -> AsyncIterator[tuple[Thread, list[Awaited]]]:
        """Give the conversations with people whose answers are `awaited` that were active since
        then, and since they were `read`: each with the messages that they may answer. `awaited` is
        asked for all people of a page's conversations at once. Raises UnreadError, AccessError."""
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self.lookup.inbox(accounts, cursor)
            if page is None:
                if (unanswered := self.lookup.unanswered("inbox")) is None:
                    return
                raise UnreadError(unanswered)
            changed = [
                (thread, [key for person in thread.people for key in person.keys])
                for thread in page.threads
                if thread.active_at is None or thread.active_at != read.get(thread.urn)
            ]
            messages = awaited({key for _, keys in changed for key in keys}) if changed else {}
            for thread, keys in changed:
                mine = {one.delivery: one for key in keys for one in messages.get(key, ())}
                if mine:
                    yield thread, list(mine.values())
            times = [thread.active_at for thread in page.threads if thread.active_at]
            cursor = page.cursor
            if cursor is None or not page.threads or (times and max(times) < since):
                return

    async def hear(self, thread: Thread, awaited: Sequence[Awaited]) -> list[Heard] | None:
        """Read a conversation, for each of our messages; None when that failed. Raises
        AccessError."""
        heard = []
        for account in dict.fromkeys(one.account for one in awaited):
            messages = await self.lookup.messages(thread.urn, account, sync=True)
            if messages is None and self.lookup.status == _NOT_FOUND:
                continue  # the conversation is another account's
            if messages is None:
                self.unread += 1
                return None
            messages.sort(key=lambda message: message.sent_at)
            mine = [one for one in awaited if one.account == account]
            heard += [_judge(one, messages, thread.urn) for one in mine]
        return [_of_the_last(one, heard) for one in heard]


def _of_the_last(one: Heard, heard: Sequence[Heard]) -> Heard:
    """Let a reply belong to the last message of its sequence before it, and to no earlier one."""
    if one.reply is None:
        return one
    since, until = one.found_at or one.message.at, one.reply.at
    between = (
        other
        for other in heard
        if other.message.campaign == one.message.campaign
        and since < (other.found_at or other.message.at) < until
    )
    return replace(one, reply=None) if any(between) else one


def _judge(awaited: Awaited, messages: Sequence[Message], urn: str) -> Heard:
    """What a conversation's messages, the latest last, say of one of ours."""
    text = words_of(awaited.text)
    found_at = next(
        (
            message.sent_at
            for message in messages
            if message.is_ours
            and text
            and words_of(message.text) == text
            and message.sent_at >= awaited.at - CLOCK_SKEW
        ),
        None,
    )
    after = found_at or awaited.at
    first = next(
        (message for message in messages if not message.is_ours and message.sent_at > after), None
    )
    reply = Reply(first.sent_at, first.text, urn) if first else None
    return Heard(awaited, found_at, reply)
