"""The inbox of the simulated LinkedIn: the threads of each account, from both sides.

Messages of ours are the accepted ones. What people answer, and what somebody types by hand, is
`said`; a message of a later time is not there yet. A `lag` hides the latest messages from whoever
asks the vendor's database without a look into LinkedIn itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runner.rehearsal.receipt import Receipt, conversation_of, urn_of


@dataclass(frozen=True, slots=True)
class Said:
    """A message that no campaign sent: of the person, or typed by hand where it `is_ours`."""

    at: datetime
    account: str
    person: str
    text: str
    is_ours: bool = False


@dataclass(slots=True)
class _Thread:
    urn: str
    person: str
    slug: str = ""
    notes: list[tuple[datetime, str, bool]] = field(default_factory=list)

    def participant(self, *, is_known: bool) -> dict[str, object]:
        link = f"https://www.linkedin.com/in/{self.slug}/" if self.slug else None
        distance = "DISTANCE_1" if is_known else "DISTANCE_2"
        return {"profileId": self.person, "profileUrl": link, "distance": distance}


class Inbox:
    """The threads of all accounts, as of `now`."""

    def __init__(self, receipts: Sequence[Receipt], now: Callable[[], datetime]) -> None:
        self.said: list[Said] = []
        self.lag = timedelta()
        # By account: who is no connection; how many InMail credits there are; who is open.
        self.strangers: dict[str, set[str]] = {}
        self.credits: dict[str, int] = {}
        self.usual = 50
        self.open: set[str] = set()
        self.is_stranger: Callable[[str, str], bool] = lambda _account, _slug: False
        self.has_written: Callable[[str], bool] = lambda _slug: False
        self._receipts = receipts
        self._now = now
        self._read = [0, 0]
        self._threads: dict[tuple[str, str], _Thread] = {}

    def relationship(self, account: str, slug: str) -> dict[str, object]:
        """Answer whether the account is connected with somebody: all are but the `strangers`."""
        link = f"https://www.linkedin.com/in/{urn_of(slug)}"
        return {"connected": self._is_known(account, slug), "profileUrl": link}

    def _is_known(self, account: str, slug: str) -> bool:
        strangers = self.strangers.get(account, ())
        return slug not in strangers and not self.is_stranger(account, slug)

    def exists(self, account: str, slug: str) -> dict[str, object]:
        """Answer whether the account has a conversation with somebody."""
        if self.has_written(slug) and (account, urn_of(slug)) not in self._updated():
            self.said.append(Said(self._now() - timedelta(days=30), account, slug, "Hello!"))
        thread = self._updated().get((account, urn_of(slug)))
        if thread is None or not self._visible(thread, sync=False):
            return {"hasConversation": False, "conversationUrn": None, "profileUrn": None}
        return {
            "hasConversation": True,
            "conversationUrn": thread.urn,
            "profileUrn": thread.person,
        }

    def messages(self, account: str, urn: str, *, sync: bool) -> dict[str, object]:
        """Answer with the latest messages of a conversation, the newest first."""
        mine = [
            thread
            for (of, _), thread in self._updated().items()
            if thread.urn == urn and of == account
        ]
        notes = [note for thread in mine for note in self._visible(thread, sync=sync)]
        return {
            "messages": [
                {
                    "messageUrn": f"urn:li:msg_message:{number}",
                    "text": text,
                    "sentAt": round(at.timestamp() * 1000),
                    "isSentByOwner": is_ours,
                }
                for number, (at, text, is_ours) in reversed(list(enumerate(sorted(notes))))
            ],
            "hasMore": False,
        }

    def page(self, accounts: Sequence[str], count: int, cursor: str) -> dict[str, object]:
        """Answer with a page of the accounts' conversations, the newest first."""
        active = []
        for (account, _), thread in self._updated().items():
            notes = self._visible(thread, sync=False)
            if account in accounts and notes:
                is_known = self._is_known(account, thread.slug or thread.person)
                active.append((max(notes)[0], thread, is_known))
        active.sort(key=lambda item: (item[0], item[1].urn), reverse=True)
        begin = int(cursor or 0)
        end = begin + count
        return {
            "conversations": [
                {
                    "conversationUrn": thread.urn,
                    "lastActivityAt": at.isoformat(),
                    "participants": [thread.participant(is_known=is_known)],
                }
                for at, thread, is_known in active[begin:end]
            ],
            "nextCursor": str(end) if end < len(active) else None,
            "hasMore": end < len(active),
            "fromCache": bool(self.lag),
        }

    def _visible(self, thread: _Thread, *, sync: bool) -> list[tuple[datetime, str, bool]]:
        latest = self._now() - (timedelta() if sync else self.lag)
        return [note for note in thread.notes if note[0] <= latest]

    def _updated(self) -> dict[tuple[str, str], _Thread]:
        """The threads, with all that was accepted and said since they were last asked for."""
        if len(self._receipts) < self._read[0]:
            self._read, self._threads = [0, 0], {}
        for receipt in self._receipts[self._read[0] :]:
            thread = self._thread(receipt.account, receipt.recipient, receipt.conversation)
            thread.notes.append((receipt.at, receipt.message, True))
        for said in self.said[self._read[1] :]:
            thread = self._thread(said.account, said.person, "")
            thread.notes.append((said.at, said.text, said.is_ours))
        self._read = [len(self._receipts), len(self.said)]
        return self._threads

    def _thread(self, account: str, person: str, urn: str) -> _Thread:
        key = (account, urn_of(person))
        if key not in self._threads:
            urn = urn or conversation_of(account, person)
            self._threads[key] = _Thread(urn, urn_of(person))
        if not person.startswith("urn:"):
            self._threads[key].slug = person
        return self._threads[key]
