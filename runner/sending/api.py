"""The endpoint: one POST, one outcome.

Only this module knows its path and its payload.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from runner.errors import CampaignError
from runner.ledger.record import Claim, Outcome
from runner.sending.client import BASE_URL, Client, Secret, read_body
from runner.sending.clock import ServerClock
from runner.sending.outcome import read_answer, unanswered

PATH: Final = "/messaging/send-with-typing"
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 90.0
WRITE_SECONDS: Final = 30.0


class Endpoint:
    """The vendor's endpoint, to which messages go.

    `clock` is compared with the server's. `transport` replaces the network in rehearsals.
    """

    def __init__(
        self,
        key: Secret,
        clock: ServerClock,
        *,
        base_url: str = BASE_URL,
        read_seconds: float = READ_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key = key
        self.clock = clock
        timeout = httpx.Timeout(
            read_seconds, connect=CONNECT_SECONDS, write=WRITE_SECONDS, pool=CONNECT_SECONDS
        )
        self._client = Client(key, base_url, timeout, transport, clock.hear)
        # httpx bounds each step, not the whole. An answer that drips a byte at a time needs an
        # outer deadline.
        self.deadline_seconds = CONNECT_SECONDS + WRITE_SECONDS + read_seconds

    @property
    def is_local(self) -> bool:
        """Tell whether messages go to this machine itself.

        The vendor's velocity limits do not hold there.
        """
        return self._client.is_local

    async def send(self, claim: Claim, commit_intent: Callable[[], None]) -> Outcome:
        """Send one message.

        `commit_intent` is called once, just before the first request byte. If it raises, no byte
        leaves.

        Raises what `commit_intent` raises, and CancelledError. Every other error becomes an
        outcome.
        """
        wire = _Wire(commit_intent)
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await self._exchange(claim, wire)
        except CampaignError:
            raise
        except TimeoutError:
            return unanswered("no answer in time", on_wire=wire.reached)
        except Exception as error:  # noqa: BLE001 - the phase, not the class, tells whether the message may have left
            return unanswered(self._say(error), on_wire=wire.reached)

    async def _exchange(self, claim: Claim, wire: _Wire) -> Outcome:
        async with self._client.request(
            "POST", PATH, json=payload(claim), extensions={"trace": wire.trace}
        ) as response:
            # The status is known from here on. It stands even if the body cannot be read.
            body = await read_body(response)
            names = {
                name.lower(): self._key.hide(value) for name, value in response.headers.items()
            }
            return read_answer(response.status_code, names, body, self.clock.now(), self._key.hide)

    def _say(self, error: Exception) -> str:
        text = " ".join(str(error).split())
        return self._key.hide(f"{type(error).__name__}: {text}" if text else type(error).__name__)[
            :300
        ]


class _Wire:
    """Watches one request for the moment before its first byte, and commits the intent there."""

    def __init__(self, commit_intent: Callable[[], None]) -> None:
        self._commit_intent = commit_intent
        self.reached = False

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        # Through a proxy the same event announces the CONNECT request, which carries no message.
        if (
            event.endswith(".send_request_headers.started")
            and info["request"].method == b"POST"
            and not self.reached
        ):
            self._commit_intent()
            self.reached = True


def payload(claim: Claim) -> dict[str, str]:
    """Return the request's fields. They name exactly one recipient, by the URN when it is known."""
    fields = {
        "accountId": claim.account,
        "recipientProfileUrn": claim.recipient.urn,
        "recipientProfileId": None if claim.recipient.urn else claim.recipient.slug,
        "message": claim.text,
        "subject": claim.subject,
        "messageType": claim.message_type,
        "conversationUrn": claim.conversation_urn,
    }
    return {name: value for name, value in fields.items() if value}
