"""The look before a message: is there talk under way, and who is the person?

A look reads the account's conversation with a person just before the message goes. It is optional
on the vendor's side: where the vendor does not offer it, the message goes without one. A look that
fails is never read as "no conversation": its row waits, and is asked about again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from runner.ledger.follow import ANSWERED
from runner.ledger.held import held
from runner.ledger.ledger import Ledger
from runner.ledger.look import BY_HAND, WROTE_LAST, Look, Rest, Unseen, messages_to, note_look
from runner.ledger.pause import NO_END
from runner.ledger.person import answered_identity
from runner.sending.lookup import Lookup
from runner.sending.reach import NO_CREDIT, Reach, Reaching, slug_of
from runner.sending.thread import CLOCK_SKEW, Conversation, Message, words_of

# A look this old is made again: the message is to go just after it.
FRESH: Final = timedelta(minutes=1)
# In the pause before a message, the look is made this long before its time.
AHEAD: Final = timedelta(seconds=10)
# So long a row rests for what was found, where nothing else says how long.
_RESTS: Final = timedelta(days=7)
# An inbox is read this far for people without a profile ID: five thousand conversations.
_MOST_PAGES: Final = 50
# A stranger may have accepted an invitation by then.
_STRANGE: Final = timedelta(days=3)
_NOT_OFFERED: Final = "the vendor offers no look, without which no step of a sequence goes"
# With these, a look did not fail: its row has to wait, and others go.
WAITS: Final = (NO_CREDIT, _NOT_OFFERED)
_UNSHOWN: Final = "the vendor does not show the conversation with the message before yet"


@dataclass(slots=True)
class Looker:
    """Looks at one person after the other, for all lanes of a run.

    `quiet_days` is how long a message that somebody typed by hand keeps a campaign from writing; 0
    looks past talk that is under way. Without `wanted`, there are no looks at all.
    """

    ledger: Ledger
    lookup: Lookup
    now: Callable[[], datetime]
    quiet_days: int
    reaching: Reaching
    wanted: bool = True
    _looked: dict[int, datetime] = field(default_factory=dict)
    # By account: the conversations of its inbox by each spelling of their people, and whether they
    # are connected.
    _inboxes: dict[str, dict[str, tuple[str, bool | None]]] = field(default_factory=dict)
    # The rows that name another conversation than the vendor shows.
    _others: list[int] = field(default_factory=list)

    def seen(self) -> Collection[int] | None:
        """The deliveries that were looked at just now; None where no look is possible."""
        if not self.wanted or not self.lookup.offers("exists"):
            return None
        now = self.now()
        self._looked = {one: at for one, at in self._looked.items() if now - at < FRESH}
        return self._looked.keys()

    async def look(self, unseen: Unseen) -> str | None:
        """Look before a message, and note what was found; return why that failed, if it did.

        Raises AccessError when the key, the plan or the account is refused.
        """
        found, failed = await self._find(unseen)
        if failed is not None:
            return failed
        messages: list[Message] = []
        if found is not None and found.exists and found.urn:
            read = await self.lookup.messages(found.urn, unseen.account, sync=True)
            if read is None and (unseen.in_sequence or self.lookup.offers("messages")):
                return self.lookup.unanswered("messages") or _NOT_OFFERED
            messages = sorted(read or [], key=lambda message: message.sent_at)
        told = found.is_connected if found is not None else None
        reach = await self.reaching.find(unseen, told, has_messages=bool(messages))
        if reach.failed is not None:
            return reach.failed
        self._note(unseen, found, messages, reach)
        self._looked[unseen.delivery] = self.now()
        return None

    def take_others(self) -> list[int]:
        """Return the rows, since the last call, that name another conversation than the vendor
        shows with their person."""
        others, self._others = self._others, []
        return others

    async def _find(self, unseen: Unseen) -> tuple[Conversation | None, str | None]:
        """The conversation with a person, or why that cannot be known; neither where the vendor
        does not offer to say."""
        slug = slug_of(unseen)
        if slug is None:
            found, failed = await self._in_inbox(unseen)
        else:
            found = await self.lookup.conversation(slug, unseen.account)
            failed = self.lookup.unanswered("exists") if found is None else None
        if found is None:
            return None, failed or (_NOT_OFFERED if unseen.in_sequence else None)
        if unseen.since is not None and not found.exists:
            return None, _UNSHOWN
        return found, None

    async def _in_inbox(self, unseen: Unseen) -> tuple[Conversation | None, str | None]:
        """The conversation with somebody who is known by a URN alone, as the inbox lists it."""
        account = unseen.account
        if account not in self._inboxes:
            known: dict[str, tuple[str, bool | None]] = {}
            cursor: str | None = None
            for _ in range(_MOST_PAGES):
                page = await self.lookup.inbox([account], cursor)
                if page is None:
                    return None, self.lookup.unanswered("inbox")
                for thread in page.threads:
                    for person in thread.people:
                        told = (thread.urn, person.is_connected)
                        for key in person.keys:
                            known.setdefault(key, told)  # the newest conversation comes first
                cursor = page.cursor
                if cursor is None:
                    break
            self._inboxes[account] = known
        threads = self._inboxes[account]
        found = next((threads[key] for key in unseen.keys if key in threads), (None, None))
        return Conversation(found[0] is not None, found[0], None, found[1]), None

    def _note(
        self,
        unseen: Unseen,
        found: Conversation | None,
        messages: Sequence[Message],
        reach: Reach,
    ) -> None:
        last = messages[-1] if messages else None
        urn = found.urn if found is not None and found.exists else None
        look = Look(
            at=self.now(),
            conversation_urn=urn,
            last_at=last.sent_at if last else None,
            last_is_ours=last.is_ours if last else None,
            as_inmail=reach.as_inmail,
        )
        if urn and unseen.conversation_urn and urn != unseen.conversation_urn:
            self._others.append(unseen.row)
        profile_urn = found.profile_urn if found is not None else None
        with held(self.ledger, unseen.account, unseen.keys) as connection:
            other = other_member(unseen.keys, profile_urn)
            rest = Rest(other, look.at + _RESTS) if other else None
            if rest is None:
                sent = messages_to(connection, unseen.keys)
                rest = under_way(messages, sent, self.quiet_days, look.at, unseen.since)
            if rest is None and reach.stranger:
                rest = Rest(reach.stranger, look.at + _STRANGE)
            note_look(connection, unseen, look, None if other else profile_urn, rest)


def other_member(keys: Iterable[str], profile_urn: str | None) -> str | None:
    """Return the reason to skip somebody whose profile ID is another member's by now."""
    told = answered_identity(profile_urn)
    known = [key for key in keys if key.startswith("urn:")]
    if told is None or not known or told in known:
        return None
    return f"the vendor says that this profile is {told}, and not {known[0]}"


def under_way(
    messages: Sequence[Message],
    sent: Sequence[tuple[str, datetime | None]],
    quiet_days: int,
    now: datetime,
    since: datetime | None = None,
) -> Rest | None:
    """Return why a talk that is under way is left to people, and until when, if it is.

    `messages` are the conversation's, the latest last. `sent` are those that campaigns sent, each
    with its time. With 0 `quiet_days` all talk is looked past, but for what comes after `since`,
    the message before in a sequence: a message of theirs, or one typed by hand, ends it for good.
    """
    if not messages:
        return None
    last = messages[-1]
    theirs = [message.sent_at for message in messages if not message.is_ours]
    if since is not None and theirs and theirs[-1] >= since - CLOCK_SKEW:
        return Rest(f"{ANSWERED} {theirs[-1]:%Y-%m-%d}; answer by hand", NO_END)
    typed = _typed(messages, sent)
    if since is not None and typed and typed[-1] > since + CLOCK_SKEW:
        return Rest(f"{BY_HAND} on {typed[-1]:%Y-%m-%d}, which ends the sequence", NO_END)
    if quiet_days == 0:
        return None
    if not last.is_ours:
        reason = f"{WROTE_LAST}, on {last.sent_at:%Y-%m-%d}; answer by hand"
        return Rest(reason, now + _RESTS)
    if typed and now - typed[-1] < timedelta(days=quiet_days):
        days = "a day" if quiet_days == 1 else f"{quiet_days} days"
        reason = f"{BY_HAND} on {typed[-1]:%Y-%m-%d}, less than {days} ago (--quiet-days)"
        return Rest(reason, typed[-1] + timedelta(days=quiet_days))
    return None


def _typed(
    messages: Sequence[Message], sent: Sequence[tuple[str, datetime | None]]
) -> list[datetime]:
    """Return when messages of ours were written that no campaign sent: by their texts, and by their
    times, since a text may be shown a little otherwise than it was sent."""
    own = {words_of(text) for text, _ in sent}
    times = [at for _, at in sent if at is not None]
    return [
        message.sent_at
        for message in messages
        if message.is_ours
        and words_of(message.text) not in own
        and not any(abs(message.sent_at - at) <= CLOCK_SKEW for at in times)
    ]
