"""Telling a page that shows a campaign when something about it has changed, whoever changed it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from runner.errors import CampaignError
from runner.web.board import beat_of, mark, name_of
from runner.web.desk import record_of
from runner.web.fault import MissingPageError

if TYPE_CHECKING:
    from runner.web.desk import Desk

_LOOK_SECONDS: Final = 1.0
# A line that says nothing, now and then: so a connection that nobody reads any more is noticed.
_IDLE_LOOKS: Final = 15


def stream(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    """The server-sent events of one campaign, or of all: `changed`, without more."""

    async def answer(request: Request) -> Response:
        number, since = request.path_params.get("number"), request.query_params.get("since", "")
        try:
            if number is not None:
                await run_in_threadpool(_find, desk, number)
        except MissingPageError:
            return Response(status_code=404)
        return StreamingResponse(_changes(desk, number, since), media_type="text/event-stream")

    return answer


async def _changes(desk: Desk, number: int | None, since: str) -> AsyncIterator[str]:
    """Tell of changes; the first one is what has happened since the page was drawn."""
    before = State("", since)
    idle = 0
    yield "retry: 2000\n\n"
    while not desk.is_closing:
        state = await run_in_threadpool(_look, desk, number, before)
        if before.mark and state.mark != before.mark:
            idle = 0
            yield "event: changed\ndata: \n\n"
        elif (idle := idle + 1) % _IDLE_LOOKS == 0:
            yield ": \n\n"
        before = state
        await asyncio.sleep(_LOOK_SECONDS)


def _find(desk: Desk, number: int) -> None:
    with desk.ledger() as ledger:
        record_of(ledger, number)


class State(NamedTuple):
    """What the ledger looked like, and the name of the campaign's state."""

    pulse: str = ""
    mark: str = ""


def _look(desk: Desk, number: int | None, before: State) -> State:
    """Look at a campaign, where anything has happened in its ledger since; what is wrong with the
    ledger is told by the page itself."""
    try:
        with desk.ledger() as ledger:
            beat = beat_of(ledger, number)
            if beat == before.pulse:
                return before
            return State(beat, name_of(beat if number is None else mark(ledger, number)))
    except CampaignError as error:
        return State("", error.what)
