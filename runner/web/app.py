"""The pages of the console by their addresses, and what stands around each: its door, and the words
for what went wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from runner.errors import CampaignError, ExitCode, explain
from runner.intake.sheet import MAX_BYTES
from runner.result.chart import STYLE
from runner.web import (
    accounts,
    campaign,
    campaigns,
    decide,
    finish,
    live,
    new,
    people,
    replies,
    runs,
)
from runner.web.desk import Desk
from runner.web.fault import ForgedError, MissingPageError, TooLargeError
from runner.web.guard import Guard
from runner.web.view import fault

Page = Callable[[Desk, Request], Response]
Change = Callable[[Desk, Request, FormData], Response]
_STATUSES: Final = {
    ExitCode.USAGE: 400,
    ExitCode.REFUSED: 422,
    ExitCode.ACCESS: 502,
    ExitCode.ENDPOINT: 502,
    ExitCode.ALREADY_RUNNING: 409,
}
# Of a form, a file may be as large as the command line reads one, and all else this large.
_LARGEST_PART: Final = 1024**2
_LARGEST: Final = MAX_BYTES + 4 * _LARGEST_PART
_STATIC: Final = Path(__file__).with_name("static")


def application(desk: Desk) -> ASGIApp:
    """The console as a web application."""

    def page(path: str, drawn: Page) -> Route:
        async def answer(request: Request) -> Response:
            return await _answered(desk, request, lambda: run_in_threadpool(drawn, desk, request))

        return Route(path, answer, methods=["GET"])

    def change(path: str, changed: Change) -> Route:
        async def answer(request: Request) -> Response:
            async def made() -> Response:
                if int(request.headers.get("content-length", _LARGEST + 1)) > _LARGEST:
                    raise TooLargeError
                async with request.form(max_files=1, max_part_size=_LARGEST_PART) as form:
                    if not desk.badge.lets(str(form.get("form", "")), desk.badge.form):
                        raise ForgedError
                    return await run_in_threadpool(_change, desk, request, form, changed)

            return await _answered(desk, request, made)

        return Route(path, answer, methods=["POST"])

    routes = [
        page("/", campaigns.index),
        page("/campaigns/{number:int}", campaign.show),
        page("/campaigns/{number:int}/rows/{row:int}", campaign.row),
        page("/campaigns/{number:int}/results", campaign.results),
        page("/campaigns/{number:int}/report", campaign.report),
        Route("/campaigns/{number:int}/live", live.stream(desk)),
        Route("/live", live.stream(desk)),
        page("/campaigns/{number:int}/start", runs.offer),
        page("/campaigns/{number:int}/plan", runs.plan),
        change("/campaigns/{number:int}/start", runs.start),
        change("/campaigns/{number:int}/test", runs.test),
        change("/campaigns/{number:int}/pause", runs.pause),
        change("/campaigns/{number:int}/resume", runs.resume),
        change("/campaigns/{number:int}/stop", runs.stop),
        page("/files/{name}/start", runs.offer_file),
        page("/files/{name}/plan", runs.plan_file),
        change("/files/{name}/start", runs.start_file),
        change("/files/{name}/test", runs.test_file),
        page("/files/{name}/begun", runs.begun),
        page("/new", new.index),
        change("/new", new.begin),
        page("/new/{draft}", new.show),
        change("/new/{draft}/reading", new.reading),
        change("/new/{draft}/text", new.text),
        change("/new/{draft}/pace", new.pace),
        page("/new/{draft}/accounts", new.accounts),
        page("/new/{draft}/check", new.checked),
        change("/new/{draft}/rehearse", finish.rehearse),
        page("/new/{draft}/film", finish.film),
        change("/new/{draft}/save", finish.save),
        change("/new/{draft}/discard", finish.discard),
        page("/decide", decide.show),
        change("/decide/{number:int}/{delivery:int}", decide.settle),
        change("/decide/{number:int}/{delivery:int}/evidence", decide.look),
        page("/replies", replies.show),
        change("/replies", replies.hear),
        page("/do-not-contact", people.show),
        change("/do-not-contact/add", people.add),
        change("/do-not-contact/remove", people.remove),
        change("/do-not-contact/look", people.look),
        change("/do-not-contact/import", people.take),
        page("/accounts", accounts.show),
        change("/accounts/examine", accounts.examine),
        Route("/chart.css", _chart_style),
        Mount("/static", StaticFiles(directory=_STATIC)),
        page("/{rest:path}", _nothing),
    ]
    return Guard(Starlette(routes=routes), desk.badge)


def _change(desk: Desk, request: Request, form: FormData, changed: Change) -> Response:
    """Make a change; those of one draft one after the other."""
    draft = request.path_params.get("draft")
    with desk.drafts.changing(draft) if draft else nullcontext():
        return changed(desk, request, form)


def _chart_style(_request: Request) -> Response:
    """The style of the charts, which reports have as well."""
    return FileResponse(STYLE, media_type="text/css")


def _nothing(_desk: Desk, _request: Request) -> Response:
    raise MissingPageError


async def _answered(
    desk: Desk, request: Request, make: Callable[[], Awaitable[Response]]
) -> Response:
    """The page that is made, or one that says why there is none."""
    try:
        return await make()
    except MissingPageError as error:
        return fault(desk, request, error, 404)
    except HTTPException:  # of a form that is none
        return fault(desk, request, TooLargeError(), 400)
    except CampaignError as error:
        return fault(desk, request, error, _STATUSES.get(error.exit_code, 500))
    except Exception as error:  # noqa: BLE001 - a traceback could show what is in a row
        return fault(desk, request, explain(error), 500)
