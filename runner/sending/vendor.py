"""The vendor: one key, one address and one clock, for the endpoint and its neighbours alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import httpx

from runner.sending.api import READ_SECONDS, Endpoint
from runner.sending.client import BASE_URL, Secret
from runner.sending.clock import ServerClock
from runner.sending.lookup import DEADLINE_SECONDS, Lookup


@dataclass(frozen=True)
class Vendor:
    """Gives the sender and the look-ups. `transport` replaces the network in rehearsals.

    `read_seconds` bounds the wait for the answer to a message, `look_seconds` a whole look-up.
    """

    key: Secret
    clock: ServerClock
    base_url: str = BASE_URL
    transport: httpx.AsyncBaseTransport | None = None
    read_seconds: float = READ_SECONDS
    look_seconds: float = DEADLINE_SECONDS

    @cached_property
    def endpoint(self) -> Endpoint:
        """The endpoint that sends messages."""
        return Endpoint(
            self.key,
            self.clock,
            base_url=self.base_url,
            read_seconds=self.read_seconds,
            transport=self.transport,
        )

    @cached_property
    def lookup(self) -> Lookup:
        """The neighbour endpoints, which send nothing."""
        return Lookup(
            self.key,
            self.clock,
            base_url=self.base_url,
            seconds=self.look_seconds,
            transport=self.transport,
        )
