"""Telling a page that shows a campaign when something about it has changed, whoever changed it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from runner.errors import CampaignError
from runner.ledger.campaign import campaigns
from runner.ledger.lock import is_running
from runner.ledger.standing import pulse
from runner.web.board import mark, name_of

if TYPE_CHECKING:
    from runner.web.desk import Desk

_LOOK_SECONDS: Final = 1.0
# A line that says nothing, now and then: so a connection that nobody reads any more is noticed.
_IDLE_LOOKS: Final = 15


def stream(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    """The server-sent events of one campaign: `changed`, without more."""

    async def answer(request: Request) -> Response:
        number, since = int(request.path_params["number"]), request.query_params.get("since", "")
        if not await run_in_threadpool(_is_there, desk, number):
            return Response(status_code=404)
        return StreamingResponse(_changes(desk, number, since), media_type="text/event-stream")

    return answer


async def _changes(desk: Desk, number: int, since: str) -> AsyncIterator[str]:
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


def _is_there(desk: Desk, number: int) -> bool:
    with desk.ledger() as ledger, ledger.read() as connection:
        return any(record.id == number for record in campaigns(connection))


class State(NamedTuple):
    """What the ledger looked like, and the name of the campaign's state."""

    pulse: str = ""
    mark: str = ""


def _look(desk: Desk, number: int, before: State) -> State:
    """Look at a campaign, where anything has happened in its ledger since; what is wrong with the
    ledger is told by the page itself."""
    try:
        with desk.ledger() as ledger:
            with ledger.read() as connection:
                beat = f"{pulse(connection)} {is_running(ledger, number)}"
            return before if beat == before.pulse else State(beat, name_of(mark(ledger, number)))
    except CampaignError as error:
        return State("", error.what)
