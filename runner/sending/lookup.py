"""The vendor's neighbour endpoints: optional reads that cost no quota and send nothing.

They are not in the contract, so nothing may depend on them. An answer that is not offered, not
given or not readable is None, never an error. A Lookup does not ask an endpoint again that has said
that it is not there. No answer is trusted: its types are checked.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import quote

import httpx

from runner.errors import AccessError
from runner.ledger.record import Told
from runner.sending.client import BASE_URL, Answer, Client
from runner.sending.clock import ServerClock
from runner.sending.outcome import KEY_REMEDY, REFUSALS, error_text
from runner.sending.quota import read_headers
from runner.sending.secret import Secret

DEADLINE_SECONDS: Final = 15.0
_MESSAGES: Final = 100
_LONGEST: Final = 300
_NOT_THERE: Final = (404, 405, 410, 501)
# These words of a 404 are about the thing that was asked for, not about the endpoint.
_UNKNOWN: Final = re.compile(
    r"\b(?:accounts?(?:Id)?|profile|member|user|person|conversation)\b", re.IGNORECASE
)
_NO_ROUTE: Final = re.compile(r"\b(?:route|cannot|path|endpoint|GET)\b|/", re.IGNORECASE)
_DAILY: Final = re.compile(r"\bdai|\bday|\b24", re.IGNORECASE)
_OWNER: Final = re.compile(r"\(urn:li:fsd_profile:([\w-]+),")
Neighbour = Literal["accounts", "status", "quota", "exists", "messages"]


@dataclass(frozen=True, slots=True)
class Account:
    """A LinkedIn account of the key."""

    id: str
    name: str | None
    public_id: str | None
    status: str | None
    enabled: bool | None


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """An account's health. A field is None when the vendor did not give it."""

    status: str | None
    enabled: bool | None
    has_tokens: bool | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """An account's conversation with a person: whether it exists, and its URN."""

    exists: bool
    urn: str | None
    profile_urn: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation; `is_ours` when the account sent it."""

    text: str
    sent_at: datetime
    is_ours: bool


class Lookup:
    """Asks the neighbour endpoints.

    Every question answers None for "not known". It raises AccessError when the key, the plan or the
    account is refused.

    `status` and `server_date` belong to the last question's answer: its HTTP status, and the time
    on the server's clock.
    """

    def __init__(
        self,
        key: Secret,
        clock: ServerClock,
        *,
        base_url: str = BASE_URL,
        seconds: float = DEADLINE_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._client = Client(key, base_url, httpx.Timeout(seconds), transport, clock.hear)
        self._off: set[Neighbour] = set()
        self.status: int | None = None
        self.server_date: datetime | None = None

    def offers(self, neighbour: Neighbour) -> bool:
        """Tell whether the endpoint may be there: False once it has said that it is not."""
        return neighbour not in self._off

    async def accounts(self) -> list[Account] | None:
        """Return the accounts of the key."""
        answer = await self._ask("accounts", "/accounts")
        if not isinstance(answer, list):
            return None
        return [
            Account(
                id=id_,
                name=_name(entry),
                public_id=_text(entry.get("publicId")),
                status=_text(entry.get("status")),
                enabled=_flag(entry.get("enabled")),
            )
            for entry in answer
            if isinstance(entry, dict) and (id_ := _text(entry.get("id")))
        ]

    async def account_status(self, account: str) -> AccountStatus | None:
        """Return the account's health.

        None for the key's default account, which has no name to ask by.
        """
        answer = (
            await self._ask("status", f"/account/{quote(account, safe='')}/status")
            if account
            else None
        )
        if not isinstance(answer, dict):
            return None
        return AccountStatus(
            _text(answer.get("status")),
            _flag(answer.get("enabled")),
            _flag(answer.get("hasTokens")),
        )

    async def quota(self, account: str) -> Told | None:
        """Return the account's daily numbers for messages, without spending any.

        None also for the key's default account.
        """
        answer = (
            await self._ask("quota", f"/account/{quote(account, safe='')}/quota")
            if account
            else None
        )
        quotas = answer.get("quotas") if isinstance(answer, dict) else None
        if not isinstance(quotas, list):
            return None
        told = [
            numbers
            for entry in quotas
            if _is_daily_messages(entry) and (numbers := _told(entry, self._clock.now()))
        ]
        # Several limits can apply to messages. The lowest is reached first.
        return min(
            told,
            key=lambda numbers: (numbers.remaining is None, numbers.remaining or 0),
            default=None,
        )

    async def conversation(self, slug: str, account: str) -> Conversation | None:
        """Find the account's conversation with the person of that profile ID."""
        answer = await self._ask(
            "exists", f"/conversations/exists/{quote(slug, safe='')}", accountId=account
        )
        if not isinstance(answer, dict) or not isinstance(answer.get("hasConversation"), bool):
            return None
        return Conversation(
            answer["hasConversation"],
            _text(answer.get("conversationUrn")),
            _text(answer.get("profileUrn")),
        )

    async def messages(self, conversation_urn: str, account: str) -> list[Message] | None:
        """Return the conversation's latest messages, as many as the vendor gives at once."""
        path = f"/conversations/{quote(conversation_urn, safe='')}/messages"
        answer = await self._ask("messages", path, accountId=account, count=str(_MESSAGES))
        found = answer.get("messages") if isinstance(answer, dict) else None
        # The owner in a conversation's URN is the sending account. The vendor's own flag has been
        # seen to miss messages of that account.
        owner = _OWNER.search(conversation_urn)
        ours = owner[1] if owner else None
        return (
            [message for entry in found if (message := _message(entry, ours))]
            if isinstance(found, list)
            else None
        )

    async def tell_time(self) -> None:
        """Let the clock hear the server's time once more. Any answer tells it."""
        with suppress(Exception):  # without an answer the clock stays as it is
            async with asyncio.timeout(self._seconds):
                await self._client.ask("GET", "/accounts")

    async def _ask(self, neighbour: Neighbour, path: str, **query: str) -> object:
        """Return the JSON of a 200; None for any other answer. Raises AccessError."""
        self.status = self.server_date = None
        if neighbour in self._off:
            return None
        parameters = {name: value for name, value in query.items() if value}
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._client.ask("GET", path, params=parameters)
        except Exception:  # noqa: BLE001 - whatever kept the answer from us, it is not known
            return None
        status, self.server_date = answer.status, answer.date
        self.status = status
        if status in REFUSALS:
            said = error_text(answer) or f"HTTP {status}"
            raise AccessError(f"{REFUSALS[status]}: {said}", remedy=KEY_REMEDY)
        if status in _NOT_THERE and not (status == 404 and _is_about_the_asked(answer)):
            self._off.add(neighbour)
        return answer.value if status == 200 else None


def _is_about_the_asked(answer: Answer) -> bool:
    said = error_text(answer) if isinstance(answer.value, dict) else None
    return said is not None and bool(_UNKNOWN.search(said)) and not _NO_ROUTE.search(said)


def _is_daily_messages(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    feature, window = _text(entry.get("feature")), _text(entry.get("window"))
    if not feature or not window or "message" not in feature.lower():
        return False
    return "inmail" not in re.sub(r"\W|_", "", feature.lower()) and bool(_DAILY.search(window))


def _told(entry: Mapping[str, Any], now: datetime) -> Told | None:
    """Return the numbers of one entry, judged like the rate headers of an answer."""
    names = {"limit": "limit", "used": "used", "remaining": "remaining", "resetAt": "reset"}
    headers = {
        f"x-ratelimit-{header}": str(entry[name])
        for name, header in names.items()
        if isinstance(entry.get(name), str | int | float) and not isinstance(entry[name], bool)
    }
    told = read_headers(headers, now)
    if entry.get("limitReached") is not True:
        return told
    # LinkedIn itself has refused more messages in this window, even if the count allows them.
    return replace(told or Told(now), remaining=0)


def _message(entry: object, owner: str | None) -> Message | None:
    if not isinstance(entry, dict):
        return None
    text, sent_at, ours = entry.get("text"), entry.get("sentAt"), entry.get("isSentByOwner")
    if not isinstance(text, str) or not isinstance(ours, bool) or isinstance(sent_at, bool):
        return None
    if not isinstance(sent_at, int | float):
        return None
    sender = entry.get("senderProfileId")
    by_owner = isinstance(sender, str) and owner is not None and sender.rpartition(":")[2] == owner
    try:
        return Message(
            text,
            datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=sent_at),
            ours or by_owner,
        )
    except (ValueError, OverflowError):
        return None


def _name(entry: Mapping[str, Any]) -> str | None:
    names: Sequence[str | None] = (_text(entry.get("firstName")), _text(entry.get("lastName")))
    return " ".join(name for name in names if name) or None


def _text(value: object) -> str | None:
    """Return a short text that can be shown; None for anything else."""
    if (
        not isinstance(value, str)
        or not value.strip()
        or len(value) > _LONGEST
        or not value.isprintable()
    ):
        return None
    return value.strip()


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
