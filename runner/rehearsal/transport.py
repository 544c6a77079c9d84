"""The simulated endpoint in the network's place, and an event loop whose clock jumps.

As far as the sender can tell, the transport does what httpx's own does. It announces the request's
first byte through the `trace` extension before anything counts as received. It fails with the same
errors in the same phases.
"""

from __future__ import annotations

import asyncio
import selectors
from datetime import datetime, timedelta
from types import SimpleNamespace

import httpx

from runner.rehearsal.endpoint import Answer, SimulatedEndpoint


class SimulatedTransport(httpx.AsyncBaseTransport):
    """Carries httpx's requests to a simulated endpoint in this process."""

    def __init__(self, endpoint: SimulatedEndpoint) -> None:
        self._endpoint = endpoint

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method == "GET":
            return self._response(
                request, self._endpoint.look_up(headers, request.url.raw_path.decode())
            )
        if request.url.path.endswith("/check-email-support"):
            return self._response(request, self._endpoint.check_open(headers, body))
        trace = request.extensions.get("trace")
        if self._endpoint.refuses():
            raise httpx.ConnectError("Connection refused", request=request)
        if trace is not None:
            await trace(
                "http11.send_request_headers.started",
                {"request": SimpleNamespace(method=request.method.encode())},
            )
        is_old = not request.url.path.endswith("/conversations/send")
        answer = (self._endpoint.answer if is_old else self._endpoint.sent)(headers, body)
        await asyncio.sleep(answer.delay)
        if answer.cut:
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            )
        return self._response(request, answer)

    @staticmethod
    def _response(request: httpx.Request, answer: Answer) -> httpx.Response:
        return httpx.Response(
            answer.status,
            headers=dict(answer.headers),
            stream=httpx.ByteStream(answer.body),
            request=request,
        )


class JumpingClock:
    """A clock that stands still while there is work and jumps over every wait."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        self._seconds += max(0.0, seconds)

    def step(self, seconds: float) -> None:
        """Set the clock ahead, or (negative) back, as a person would."""
        self._seconds += seconds

    def advance_to(self, instant: datetime) -> None:
        self.advance((instant - self.now()).total_seconds())

    def loop(self) -> asyncio.AbstractEventLoop:
        """Return an event loop on this clock.

        When the loop would wait, the clock jumps to the end of the wait instead.
        """
        return _JumpingLoop(self)


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, clock: JumpingClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            return super().select(None)  # nothing is planned: only a signal can wake the loop
        if not ready and timeout:
            # The clock goes past the end of the wait, also where a float has no finer step.
            self._clock.advance(timeout + 1e-6)
        return ready


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: JumpingClock) -> None:
        self._clock = clock
        super().__init__(_JumpingSelector(clock))

    def time(self) -> float:
        return self._clock.monotonic()
