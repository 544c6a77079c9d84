"""A simulated endpoint that follows the vendor's page.

It has a bearer check, the 400, 401, 429 and 500 answers, rate headers, a quota per account that
resets at midnight UTC, and a typing delay. It keeps a list of the messages that it accepted. That
list is the truth with which a rehearsal and the tests compare the ledger. It also answers the
vendor's neighbour endpoints from that list.

Faults can be mixed in, from a seed, so that the same rehearsal can be repeated.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final, Literal

from runner.rehearsal.inbox import Inbox
from runner.rehearsal.neighbour import Numbers, look_up, trouble
from runner.rehearsal.people import People
from runner.rehearsal.receipt import Receipt, conversation_of, urn_of

Cut = Literal["request-lost", "answer-lost"]
# Each fault comes this often, in proportion, when faults are mixed in. A bad day of such an
# endpoint looks like this.
FAULTS: Final[Mapping[str, int]] = {
    "refused-connection": 4,
    "slow-down": 3,
    "no-headers": 3,
    "lost-request": 1,
    "lost-answer": 2,
    "server-error": 1,
    "no-profile": 2,
    "no-credentials": 1,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that goes back: a status, headers and a body, after `delay` seconds.

    With `cut`, it is a connection cut at that phase instead.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: Cut | None = None


_NOT_FOUND: Final = Answer(404, b"<html>Not Found</html>")


class SimulatedEndpoint:
    """The vendor's side.

    `answer` takes a POST's headers (lower-case names) and body. `look_up` takes a GET's headers and
    target. This class does not care how they travel.

    `people` are those whom the messages reach. `neighbours` is True when the neighbour endpoints
    are offered. `skew` is how far this endpoint's clock is ahead.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        key: str = "rehearsal",
        limit: int = 150,
        typing_seconds: float = 3.0,
        faults: float = 0.0,
        seed: int = 0,
        script: Callable[[dict[str, Any]], Answer | None] | None = None,
        neighbours: bool = True,
        skew: timedelta = timedelta(),
        people: People | None = None,
    ) -> None:
        self.receipts: list[Receipt] = []
        self.inbox = Inbox(self.receipts, now)
        self.people = people or People()
        if people is not None:
            self.inbox.is_stranger = people.is_stranger
            self.inbox.has_written = people.has_written
            self.inbox.usual = people.credits
        self._look_random = random.Random(f"look {seed}")  # noqa: S311 - as above
        self.requests = 0
        self.lookups: list[str] = []
        self.neighbours = neighbours
        self.skew = skew
        self._now = now
        self._key = key
        self.limit = limit
        self._typing = typing_seconds
        self._faults = faults
        self._random = random.Random(seed)  # noqa: S311 - a repeatable rehearsal, not a secret
        self.script = script
        self._fault_drawn: str | None = None
        self.used: dict[tuple[str, str], int] = {}

    def refuses(self) -> bool:
        """Tell whether the next connection is refused.

        This is asked once per connection, before its request.
        """
        self._fault_drawn = self._fault()
        return self._fault_drawn == "refused-connection"

    def answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request. An accepted message is in `receipts` before this returns."""
        self.requests += 1
        return self._dated(self._answer(headers, body))

    def sent(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request to the replacement, which tells the message that it made."""
        answer = self.answer(headers, body)
        if answer.status != 200:
            return answer
        number = len(self.receipts)
        made = {"success": True, "sentMessage": {"messageUrn": f"urn:li:msg_message:{number}"}}
        return replace(answer, body=json.dumps(made).encode())

    def look_up(self, headers: Mapping[str, str], target: str) -> Answer:
        """Answer a GET of the neighbour endpoints. It changes nothing."""
        self.lookups.append(target)
        if not self.neighbours:
            return self._dated(_NOT_FOUND)
        if not self._admits(headers):
            return self._dated(_unauthorized())
        if (status := trouble(target, self._look_random, self._faults)) is not None:
            return self._dated(Answer(status, b'{"success": false}'))
        found = look_up(target, self.receipts, self.inbox, self._numbers)
        return self._dated(_NOT_FOUND if found is None else _json(200, found))

    def check_open(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer whether anybody may write to a person for free. It changes nothing."""
        if not self.neighbours:
            return self._dated(_NOT_FOUND)
        if not self._admits(headers):
            return self._dated(_unauthorized())
        asked = json.loads(body)
        person = asked.get("profileUrn") or asked.get("profileId") or ""
        is_open = person in self.inbox.open or self.people.is_open(person)
        return self._dated(_json(200, {"supportsFreeEmail": is_open}))

    def _admits(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization") == f"Bearer {self._key}"

    def _answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        if not self._admits(headers):
            return _unauthorized()
        try:
            fields = json.loads(body)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            return _json(400, {"success": False, "error": "Invalid JSON"})
        if self.script is not None and (scripted := self.script(fields)) is not None:
            return scripted
        fault, self._fault_drawn = self._fault_drawn, None
        account = str(fields.get("accountId", ""))
        if problem := _validate(fields):
            return _json(400, {"success": False, "error": problem}, self._rate(account))
        if self._spent(account) >= self.limit:
            spent = {
                "error": f"Rate limit exceeded for MESSAGE: {self.limit}/{self.limit} used",
                "success": False,
            }
            return _json(429, spent, self._rate(account))
        return self.accept(account, fields, fault)

    def accept(self, account: str, fields: dict[str, Any], fault: str | None) -> Answer:
        """Accept a valid message, or let it meet a fault of FAULTS."""
        recipient = str(fields.get("recipientProfileUrn") or fields.get("recipientProfileId"))
        if fault == "slow-down":
            slow = {"error": "Too many requests, slow down", "success": False}
            return _json(429, slow, {**self._rate(account), "Retry-After": "20"})
        if fault == "no-profile":
            return _json(
                404,
                {"success": False, "error": f"Profile not found: {recipient}"},
                self._rate(account),
            )
        if fault == "no-credentials":
            return _json(
                500,
                {"error": "Failed to get LinkedIn authentication credentials", "success": False},
            )
        if fault == "lost-request":
            return Answer(0, b"", cut="request-lost")
        self.use(account, 1)
        conversation = str(fields.get("conversationUrn") or conversation_of(account, recipient))
        self.receipts.append(
            Receipt(
                at=self._now(),
                account=account,
                recipient=recipient,
                message=str(fields["message"]),
                conversation=conversation,
            )
        )
        self.people.hear(self.receipts[-1], self.inbox)
        if fault == "server-error":
            return _json(502, {"error": "Bad gateway"}, delay=self._typing)
        body = {
            "success": True,
            "message": "Message sent successfully",
            "recipientProfileUrn": urn_of(recipient),
            "typingIndicatorSent": bool(fields.get("conversationUrn")),
        }
        headers = {} if fault == "no-headers" else self._rate(account)
        answer = _json(200, body, headers, delay=self._typing)
        return (
            Answer(
                status=answer.status,
                body=answer.body,
                headers=answer.headers,
                delay=self._typing,
                cut="answer-lost",
            )
            if fault == "lost-answer"
            else answer
        )

    def _fault(self) -> str | None:
        if not self._faults or self._random.random() >= self._faults:
            return None
        return self._random.choices(list(FAULTS), weights=list(FAULTS.values()))[0]

    def use(self, account: str, count: int) -> None:
        """Let others send `count` messages from the account now."""
        day = self._day(account)
        self.used[day] = self.used.get(day, 0) + count

    def used_on(self, day: datetime, account: str) -> int:
        """Return how many messages were accepted for the account on that UTC day."""
        return self.used.get((account, day.astimezone(UTC).date().isoformat()), 0)

    def _day(self, account: str) -> tuple[str, str]:
        return account, self._now().astimezone(UTC).date().isoformat()

    def _spent(self, account: str) -> int:
        return self.used.get(self._day(account), 0)

    def _numbers(self, account: str) -> Numbers:
        used = self._spent(account)
        midnight = self._now().astimezone(UTC).replace(
            hour=0, minute=0, second=0, microsecond=0
        ) + timedelta(days=1)
        return Numbers(self.limit, used, midnight.strftime("%Y-%m-%dT%H:%M:%S.000Z"))

    def _rate(self, account: str) -> dict[str, str]:
        numbers = self._numbers(account)
        return {
            "X-RateLimit-Action": "MESSAGE",
            "X-RateLimit-Limit": str(numbers.limit),
            "X-RateLimit-Used": str(numbers.used),
            "X-RateLimit-Remaining": str(numbers.remaining),
            "X-RateLimit-Reset": numbers.reset_at,
        }

    def _dated(self, answer: Answer) -> Answer:
        date = format_datetime((self._now() + self.skew).astimezone(UTC), usegmt=True)
        return replace(answer, headers={"Date": date, **answer.headers})


def _validate(fields: dict[str, Any]) -> str | None:
    if not fields.get("message"):
        return "message is required"
    if not (fields.get("recipientProfileId") or fields.get("recipientProfileUrn")):
        return "Either recipientProfileId or recipientProfileUrn must be provided"
    if fields.get("messageType", "normal") not in ("normal", "inmail"):
        return "Invalid messageType"
    if fields.get("messageType") == "inmail" and not fields.get("subject"):
        return "subject is required for inmail"
    return None


def _unauthorized() -> Answer:
    return _json(401, {"error": "Unauthorized - Invalid credentials"})


def _json(
    status: int, body: object, headers: Mapping[str, str] | None = None, delay: float = 0.0
) -> Answer:
    return Answer(
        status,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **(headers or {})},
        delay,
    )
