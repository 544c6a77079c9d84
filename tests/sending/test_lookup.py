"""The neighbour endpoints: read-only, optional, never trusted, and never in the way of anything."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import AccessError
from runner.intake.recipient import Recipient
from runner.ledger.record import Claim, Status, Told
from runner.rehearsal.receipt import conversation_of, urn_of
from runner.sending.api import Endpoint
from runner.sending.clock import ServerClock
from runner.sending.lookup import Account, AccountStatus, Lookup
from runner.sending.quota import read_headers
from runner.sending.secret import Secret
from runner.sending.thread import Conversation, Message
from tests.loopback import KEY, serving
from tests.sending.test_api import http, peer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
URN = "urn:li:msg_conversation:(urn:li:fsd_profile:ACoAA1,2-abc==)"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "text", "sentAt", "x"]), inner)
    ),
    max_leaves=9,
)
QUESTIONS: dict[str, Callable[[Lookup], Awaitable[object]]] = {
    "accounts": lambda lookup: lookup.accounts(),
    "status": lambda lookup: lookup.account_status("acc/1"),
    "quota": lambda lookup: lookup.quota("acc/1"),
    "exists": lambda lookup: lookup.conversation("jö-doe", "acc/1"),
    "messages": lambda lookup: lookup.messages(URN, "acc/1"),
}


class Canned(httpx.AsyncBaseTransport):
    """A transport that gives every request the same answer, and keeps the requests."""

    def __init__(
        self, body: object, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.headers = status, headers or {}
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(
            self.status, headers=self.headers, stream=httpx.ByteStream(self.body), request=request
        )


def ask(question: str, transport: Canned) -> Any:
    lookup = Lookup(Secret(KEY), ServerClock(lambda: NOW), transport=transport)
    return asyncio.run(QUESTIONS[question](lookup))  # type: ignore[arg-type]


def test_the_questions_are_gets_with_everything_in_the_path_encoded() -> None:
    """Every question is a GET with the bearer key and no body. A URN's commas and brackets, and an
    account's slash, never shape the path."""
    transport = Canned({})
    for question in QUESTIONS:
        ask(question, transport)
    assert {(request.method, request.content) for request in transport.asked} == {("GET", b"")}
    assert [
        request.url.raw_path.decode().removeprefix("/linkedin") for request in transport.asked
    ] == [
        "/accounts",
        "/account/acc%2F1/status",
        "/account/acc%2F1/quota",
        "/conversations/exists/j%C3%B6-doe?accountId=acc%2F1",
        (
            "/conversations/urn%3Ali%3Amsg_conversation%3A%28urn%3Ali%3Afsd_profile%3AACoAA1%2C2-abc%3D%3D%29/messages?accountId=acc%2F1&count=100"
        ),
    ]
    assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in transport.asked)


def test_the_simulated_vendor_is_understood() -> None:
    """A sent message is found again over a real socket, with its account, quota, conversation and
    text."""

    async def scene(url: str) -> list[object]:
        now = lambda: datetime.now(UTC)  # noqa: E731
        claim = Claim(1, 1, 2, "acc", Recipient("jo-doe"), "Hi  Jo\n", None, "normal", None)
        assert (
            await Endpoint(Secret(KEY), ServerClock(now), base_url=url).send(claim, lambda: None)
        ).status is Status.SENT
        lookup = Lookup(Secret(KEY), ServerClock(now), base_url=url)
        found = await lookup.conversation("jo-doe", "acc")
        assert found is not None
        assert found.urn is not None
        return [
            await lookup.accounts(),
            await lookup.account_status("acc"),
            await lookup.quota("acc"),
            found,
            await lookup.messages(found.urn, "acc"),
            await lookup.conversation("al-doe", "acc"),
            await lookup.conversation("jo-doe", "other"),
            await lookup.messages(URN, "acc"),
        ]

    with serving(limit=9) as server:
        accounts, status, quota, found, messages, *others = asyncio.run(scene(server.url))
        at = server.endpoint.receipts[0].at
    assert accounts == [Account("acc", "Sender acc", "acc", "active", True)]
    assert status == AccountStatus("active", True, True)
    assert isinstance(quota, Told)
    assert (quota.limit, quota.used, quota.remaining) == (9, 1, 8)
    assert quota.reset_at is not None
    assert found == Conversation(True, conversation_of("acc", "jo-doe"), urn_of("jo-doe"))
    (ours,) = messages  # type: ignore[misc]
    assert (ours.is_ours, ours.text) == (True, "Hi  Jo\n")
    assert abs(ours.sent_at - at) < timedelta(milliseconds=1)
    assert others == [Conversation(False, None, None), Conversation(False, None, None), []]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("status", [404, 405, 410, 501])
def test_an_endpoint_that_is_not_there_is_asked_once(question: str, status: int) -> None:
    """An endpoint that is not there is off for as long as the object lives. The others stay."""
    transport = Canned(b"<html>Not Found</html>", status)
    lookup = Lookup(Secret(KEY), ServerClock(lambda: NOW), transport=transport)

    async def scene() -> None:
        for _ in range(3):
            assert await QUESTIONS[question](lookup) is None

    asyncio.run(scene())
    assert len(transport.asked) == 1
    assert [name for name in QUESTIONS if not lookup.offers(name)] == [question]  # type: ignore[arg-type]


def test_a_person_or_account_that_is_not_found_switches_nothing_off() -> None:
    """A 404 about the person or the account says nothing about the endpoint. A router's 404 does,
    no matter what its path holds."""
    for error, offered in [
        ("Profile not found", True),
        ("Account acc_1 was not found", True),
        ("Not found", False),
        ("Cannot GET /linkedin/account/acc_1/quota", False),
        ("Route GET:/conversations/exists/x not found", False),
    ]:
        lookup = Lookup(
            Secret(KEY), ServerClock(lambda: NOW), transport=Canned({"error": error}, 404)
        )
        assert asyncio.run(lookup.quota("acc_1")) is None
        assert lookup.offers("quota") is offered, error


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refusal_is_told_without_the_key(status: int) -> None:
    """A refusal is the one thing that is an error: the key or the plan does not do this. It has
    exit code 4, and the key is hidden."""
    transport = Canned({"error": f"Bearer {KEY} is no good"}, status)
    with pytest.raises(AccessError) as caught:
        ask("quota", transport)
    assert caught.value.exit_code == 4
    assert KEY not in f"{caught.value.what} {caught.value!r}"
    assert "[key]" in caught.value.what


@pytest.mark.parametrize("question", QUESTIONS)
@given(
    body=JSON
    | st.fixed_dictionaries({"quotas": JSON, "messages": JSON, "hasConversation": JSON})
    | st.binary()
)
def test_no_answer_is_an_error(question: str, body: object) -> None:
    """Any body gives a record, a list of records, or None, whether or not it is JSON."""
    answer = ask(question, Canned(body))
    assert answer is None or isinstance(answer, list | AccountStatus | Told | Conversation)


def test_messages_that_cannot_be_read_are_left_out() -> None:
    """A message has a text, milliseconds and a plain true or false. An entry without them is left
    out."""
    good = {"text": "Hi", "sentAt": 1_790_000_000_123, "isSentByOwner": True}
    wrong = [
        {**good, key: value}
        for key, value in (("text", None), ("sentAt", "1790000000123"), ("sentAt", True))
    ]
    wrong += [
        {**good, "isSentByOwner": "true"},
        {**good, "isSentByOwner": 1},
        {**good, "sentAt": 1e300},
        [],
    ]  # type: ignore[list-item]
    at = datetime.fromtimestamp(1_790_000_000, UTC) + timedelta(milliseconds=123)
    assert ask("messages", Canned({"messages": [*wrong, good]})) == [Message("Hi", at, True)]


@given(
    numbers=st.fixed_dictionaries(
        {},
        optional={
            name: st.integers(-9, 10**10) | st.floats() | st.text(max_size=4)
            for name in ("limit", "used", "remaining")
        },
    )
)
def test_quota_numbers_are_judged_as_headers_are(numbers: dict[str, object]) -> None:
    """The numbers of a quota mean the same as these numbers in the rate headers of an answer."""
    entry = {
        "feature": "Messages",
        "window": "DAY",
        "resetAt": "2026-11-24T00:00:00.000Z",
        **numbers,
    }
    headers = {f"x-ratelimit-{name}": str(value) for name, value in numbers.items()}
    expected = read_headers({**headers, "x-ratelimit-reset": "2026-11-24T00:00:00.000Z"}, NOW)
    assert ask("quota", Canned({"quotas": [entry]})) == expected


def test_the_quota_of_messages_is_chosen() -> None:
    """The quota is the daily one about messages, not InMail; of several it is the one that is met
    first. The time of its reset is bounded."""
    entry = {
        "feature": "SEND_MESSAGE",
        "window": "daily",
        "limit": 100,
        "used": 40,
        "resetAt": "2031-01-01T00:00:00Z",
    }
    others = [
        {**entry, "feature": feature, "used": 99}
        for feature in ("INMAIL", "inMail message", "IN_MAIL_MESSAGE", "VIEW")
    ]
    others += [{**entry, "window": window, "used": 99} for window in ("weekly", "monthly", "")]
    told = ask(
        "quota",
        Canned({"quotas": [*others, entry, {**entry, "used": 55}, {**entry, "used": None}]}),
    )
    assert told == Told(NOW, 100, 55, 45, None)
    assert ask("quota", Canned({"quotas": others})) is None
    reached = {"feature": "MESSAGE", "window": "daily", "limitReached": True}
    # A reached limit counts, no matter what else is said.
    assert ask("quota", Canned({"quotas": [entry, reached]})) == Told(NOW, remaining=0)


def test_trouble_of_any_kind_is_not_known() -> None:
    """Trouble of any kind gives None within the deadline: refused, silent, cut, oversized or
    redirected. It switches nothing off."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        urls = [f"http://127.0.0.1:{listener.getsockname()[1]}"]
        assert (
            asyncio.run(
                Lookup(
                    Secret(KEY), ServerClock(lambda: NOW), base_url=urls[0], seconds=0.2
                ).accounts()
            )
            is None
        )
    answers = [b"", b"HTTP/1.1 2", http(b"[]", length=9), http(b"[" + b" " * 1_100_000 + b"]")]
    answers += [
        http(b"", "302 Found", "Location: /elsewhere"),
        http(b"[]", "500 No"),
        http(b"[]", "429 Slow"),
    ]
    for answer in answers:
        with peer(answer) as server:
            lookup = Lookup(Secret(KEY), ServerClock(lambda: NOW), base_url=server.url)
            assert asyncio.run(lookup.accounts()) is None
            assert server.connections == 1
            assert lookup.offers("accounts")
    assert (
        asyncio.run(Lookup(Secret(KEY), ServerClock(lambda: NOW), base_url=urls[0]).accounts())
        is None
    )


def test_the_servers_clock_is_told() -> None:
    """The server's clock is the date of the last answer, with its zone. It is None when that answer
    says nothing readable, and after a question without an answer."""
    for text, expected in [
        ("Mon, 23 Nov 2026 09:00:05 GMT", NOW + timedelta(seconds=5)),
        ("Mon, 23 Nov 2026 10:00:05 +0100", NOW + timedelta(seconds=5)),
        ("yesterday", None),
        ("", None),
    ]:
        lookup = Lookup(
            Secret(KEY), ServerClock(lambda: NOW), transport=Canned([], headers={"Date": text})
        )
        asyncio.run(lookup.accounts())
        assert (lookup.status, lookup.server_date) == (200, expected)
    with serving(skew=timedelta(hours=3)) as server:
        lookup = Lookup(Secret(KEY), ServerClock(lambda: NOW), base_url=server.url)
        asyncio.run(lookup.accounts())
        assert lookup.server_date is not None
        assert timedelta(hours=2) < lookup.server_date - datetime.now(UTC) < timedelta(hours=4)
        server.endpoint.neighbours = False
        assert asyncio.run(lookup.accounts()) is None
        assert not lookup.offers("accounts")


def test_the_default_account_has_no_numbers_of_its_own() -> None:
    """The quota and the status of an account without a name are not asked for. Its conversations
    are asked for without an account."""
    transport = Canned({"hasConversation": False})
    lookup = Lookup(Secret(KEY), ServerClock(lambda: NOW), transport=transport)
    assert asyncio.run(lookup.quota("")) is None
    assert asyncio.run(lookup.account_status("")) is None
    assert transport.asked == []
    assert asyncio.run(lookup.conversation("jo-doe", "")) == Conversation(False, None, None)
    assert "accountId" not in str(transport.asked[0].url)
