"""The endpoint: one POST, one outcome.

Only this module knows its path and its payload.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import httpx

from runner.errors import CampaignError
from runner.ledger.record import Claim, Outcome, OvertakenError
from runner.sending.address import BASE_URL
from runner.sending.client import Client
from runner.sending.clock import ServerClock
from runner.sending.fuse import Fuse
from runner.sending.outcome import read_answer, unanswered
from runner.sending.secret import Secret
from runner.sending.wire import Wire

# The endpoint of the contract, and the one that the vendor names as its replacement.
TYPING: Final = "messaging/send-with-typing"
CONVERSATIONS: Final = "conversations/send"
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 90.0
WRITE_SECONDS: Final = 30.0
# A slow machine may need more.
_LEASE_MARGIN: Final = timedelta(seconds=30)


class Endpoint:
    """The vendor's endpoint, to which messages go.

    `clock` is compared with the server's. `transport` replaces the network in rehearsals. `path` is
    TYPING or CONVERSATIONS.
    """

    def __init__(
        self,
        key: Secret,
        clock: ServerClock,
        *,
        base_url: str = BASE_URL,
        read_seconds: float = READ_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
        path: str = TYPING,
    ) -> None:
        self.clock = clock
        self._path = path
        timeout = httpx.Timeout(
            read_seconds, connect=CONNECT_SECONDS, write=WRITE_SECONDS, pool=CONNECT_SECONDS
        )
        self._client = Client(key, base_url, timeout, transport, clock.hear)
        # httpx bounds each step, not the whole. An answer that drips a byte at a time needs an
        # outer deadline.
        self.deadline_seconds = CONNECT_SECONDS + WRITE_SECONDS + read_seconds

    @property
    def lease(self) -> timedelta:
        """The longest time that an attempt can be under way."""
        return timedelta(seconds=self.deadline_seconds) + _LEASE_MARGIN

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
        bound = self.deadline_seconds
        wire = Wire(commit_intent, Fuse(bound + _LEASE_MARGIN.total_seconds() / 2), bound)
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await self._exchange(claim, wire)
        except (CampaignError, OvertakenError):
            raise
        except TimeoutError:
            return unanswered("no answer in time", on_wire=wire.reached)
        except Exception as error:  # noqa: BLE001 - the phase, not the class, tells whether the message may have left
            return unanswered(self._client.say(error), on_wire=wire.reached)
        finally:
            wire.close()

    async def _exchange(self, claim: Claim, wire: Wire) -> Outcome:
        answer = await self._client.ask(
            "POST",
            f"/{self._path}",
            json=payload(claim, self._path),
            extensions={"trace": wire.trace},
        )
        return read_answer(answer, self.clock.now())


def payload(claim: Claim, path: str = TYPING) -> dict[str, str]:
    """Return the request's fields. They name exactly one recipient, by the URN when it is known.

    The replacement knows no message type and no typing; its channel is named, for it would choose
    another one in silence.
    """
    fields = {
        "accountId": claim.account,
        "recipientProfileUrn": claim.recipient.urn,
        "recipientProfileId": None if claim.recipient.urn else claim.recipient.slug,
        "message": claim.text,
        "subject": claim.subject,
        "messageType": claim.message_type,
        "conversationUrn": claim.conversation_urn,
    }
    if path == CONVERSATIONS:
        fields |= {"messageType": None, "messagingChannel": "linkedin_inbox"}
    return {name: value for name, value in fields.items() if value}
