"""The vendor: one key, one address and one clock, for the endpoint and its neighbours alike."""

from __future__ import annotations

from dataclasses import replace

import httpx

from runner.sending.address import BASE_URL
from runner.sending.api import READ_SECONDS, TYPING, Endpoint
from runner.sending.clock import ServerClock
from runner.sending.lookup import DEADLINE_SECONDS, Lookup
from runner.sending.pace import Pace
from runner.sending.secret import Secret


class Vendor:
    """Gives the sender of messages (`endpoint`) and the look-ups, which send nothing (`lookup`).

    `transport` replaces the network in rehearsals. `read_seconds` bounds the wait for the answer to
    a message, `look_seconds` a whole look-up. `path` is the endpoint's. Raises UsageError for an
    address that is not one.
    """

    def __init__(
        self,
        key: Secret,
        clock: ServerClock,
        base_url: str = BASE_URL,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        read_seconds: float = READ_SECONDS,
        look_seconds: float = DEADLINE_SECONDS,
        path: str = TYPING,
    ) -> None:
        self.clock = clock
        self.endpoint = Endpoint(
            key,
            clock,
            base_url=base_url,
            read_seconds=read_seconds,
            transport=transport,
            path=path,
        )
        self.lookup = Lookup(
            key, clock, base_url=base_url, seconds=look_seconds, transport=transport
        )

    def paced(self, pace: Pace) -> Pace:
        """A campaign's pace; on this machine itself the vendor's velocity limits do not hold."""
        return replace(pace, velocity=False) if self.endpoint.is_local else pace
