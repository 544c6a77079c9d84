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
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

import httpx

from runner.errors import AccessError
from runner.intake.recipient import Recipient
from runner.ledger.record import Told
from runner.sending.address import BASE_URL
from runner.sending.client import Answer, Client
from runner.sending.clock import ServerClock
from runner.sending.feature import of_messages, views_left
from runner.sending.outcome import KEY_REMEDY, REFUSALS, error_text
from runner.sending.secret import Secret
from runner.sending.thread import (
    Conversation,
    Message,
    Page,
    Relationship,
    name_of,
    read_conversation,
    read_count,
    read_messages,
    read_page,
    read_relationship,
    short_text,
)

DEADLINE_SECONDS: Final = 15.0
_COUNT: Final = "100"
_NOT_THERE: Final = (404, 405, 410, 501)
# These words of a 404 are about the thing that was asked for, not about the endpoint.
_UNKNOWN: Final = re.compile(
    r"\b(?:accounts?(?:Id)?|profile|member|user|person|conversation)\b", re.IGNORECASE
)
_NO_ROUTE: Final = re.compile(r"\b(?:route|cannot|path|endpoint|GET)\b|/", re.IGNORECASE)
Neighbour = Literal[
    "accounts", "status", "quota", "exists", "messages", "inbox", "relationship", "credits", "open"
]

_SUBJECTS: Final[Mapping[Neighbour, str]] = {
    "exists": "conversation",
    "messages": "conversation",
    "relationship": "connection",
}


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


class Lookup:
    """Asks the neighbour endpoints.

    Every question answers None for "not known". It raises AccessError when the key, the plan or the
    account is refused. `status` and `server_date` belong to the last question's answer: its HTTP
    status, and the time on the server's clock.
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
        # By account: the views of profiles that may still be asked for.
        self.views: dict[str, int | None] = {}
        self.status: int | None = None
        self.server_date: datetime | None = None

    def offers(self, neighbour: Neighbour) -> bool:
        """Tell whether the endpoint may be there: False once it has said that it is not."""
        return neighbour not in self._off

    def unanswered(self, neighbour: Neighbour) -> str | None:
        """Say that the last look-up got no usable answer; None where it cannot get one."""
        if not self.offers(neighbour):
            return None
        status = f" (HTTP {self.status})" if self.status else ""
        subject = _SUBJECTS.get(neighbour, neighbour)
        return f"the vendor gave no usable answer about the {subject}{status}"

    async def accounts(self) -> list[Account] | None:
        """Return the accounts of the key."""
        answer = await self._ask("accounts", "/accounts")
        if not isinstance(answer, list):
            return None
        return [
            Account(
                id=id_,
                name=name_of(entry),
                public_id=short_text(entry.get("publicId")),
                status=short_text(entry.get("status")),
                enabled=_flag(entry.get("enabled")),
            )
            for entry in answer
            if isinstance(entry, dict) and (id_ := short_text(entry.get("id")))
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
            short_text(answer.get("status")),
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
        self.views[account] = views_left(quotas)
        return of_messages(quotas, self._clock.now())

    async def conversation(self, slug: str, account: str) -> Conversation | None:
        """Find the account's conversation with the person of that profile ID."""
        answer = await self._ask(
            "exists", f"/conversations/exists/{quote(slug, safe='')}", accountId=account
        )
        return read_conversation(answer)

    async def messages(
        self, conversation_urn: str, account: str, *, sync: bool = False
    ) -> list[Message] | None:
        """Return the conversation's latest messages, as many as the vendor gives at once.

        With `sync` the vendor looks into LinkedIn before it answers, not only into its database.
        """
        path = f"/conversations/{quote(conversation_urn, safe='')}/messages"
        wanted = "true" if sync else ""
        answer = await self._ask("messages", path, accountId=account, count=_COUNT, sync=wanted)
        return read_messages(answer, conversation_urn)

    async def relationship(self, slug: str, account: str) -> Relationship | None:
        """Tell whether the account and a person are connected. None for the default account."""
        if not account:
            return None
        path = f"/relationship/{quote(account, safe='')}/{quote(slug, safe='')}"
        return read_relationship(await self._ask("relationship", path))

    async def credits(self, account: str) -> int | None:
        """Return the account's InMail credits."""
        return read_count(
            await self._ask("credits", "/inmail/credits", accountId=account), "inMailCredits"
        )

    async def is_open(self, person: Recipient) -> bool | None:
        """Tell whether anybody may write to a person for free."""
        body = {"profileUrn": person.urn} if person.urn else {"profileId": person.slug}
        answer = await self._ask("open", "/messaging/check-email-support", body=body)
        told = answer.get("supportsFreeEmail") if isinstance(answer, dict) else None
        return told if isinstance(told, bool) else None

    async def inbox(self, accounts: Sequence[str], cursor: str | None = None) -> Page | None:
        """Return a page of the accounts' conversations, the newest first."""
        named = ",".join(accounts)
        answer = await self._ask(
            "inbox",
            "/conversations",
            linkedinAccountIds=named,
            count=_COUNT,
            nextCursor=cursor or "",
        )
        return read_page(answer)

    async def tell_time(self) -> None:
        """Let the clock hear the server's time once more. Any answer tells it."""
        with suppress(Exception):  # without an answer the clock stays as it is
            async with asyncio.timeout(self._seconds):
                await self._client.ask("GET", "/accounts")

    async def _ask(
        self,
        neighbour: Neighbour,
        path: str,
        *,
        body: Mapping[str, str | None] | None = None,
        **query: str,
    ) -> object:
        """Return the JSON of a 200; None for any other answer. Raises AccessError."""
        self.status = self.server_date = None
        if neighbour in self._off:
            return None
        parameters = {name: value for name, value in query.items() if value}
        try:
            async with asyncio.timeout(self._seconds):
                if body is None:
                    answer = await self._client.ask("GET", path, params=parameters)
                else:
                    answer = await self._client.ask("POST", path, json=body)
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


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
