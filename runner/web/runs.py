"""Starting a campaign, holding it back, letting it go on, and ending its run."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from runner import words
from runner.action import pause as pauses
from runner.action import run as runs
from runner.action.standing import person_of
from runner.action.submit import submit
from runner.action.trial import send_test
from runner.campaign.campaign import load
from runner.campaign.material import gather
from runner.errors import UsageError
from runner.ledger.campaign import campaigns
from runner.ledger.record import Status
from runner.show.problem import alike, grouped
from runner.web.desk import file_of, now, record_of
from runner.web.fault import MissingPageError
from runner.web.view import draw, go

if TYPE_CHECKING:
    from runner.web.desk import Desk


def offer(desk: Desk, request: Request) -> Response:
    """What a run of the campaign would do, for a person to agree to."""
    return _offered(desk, request, _source(desk, request))


def offer_file(desk: Desk, request: Request) -> Response:
    """What a run of a campaign file would do."""
    return _offered(desk, request, _named(desk, request))


def plan(desk: Desk, request: Request) -> Response:
    """The plan itself, which takes the time of reading the list."""
    return _planned(desk, request, _source(desk, request))


def plan_file(desk: Desk, request: Request) -> Response:
    """The plan of a campaign file."""
    return _planned(desk, request, _named(desk, request))


def start(desk: Desk, request: Request, form: FormData) -> Response:
    """Start a run, once a person has agreed to its plan."""
    source = _source(desk, request)
    said = _begin(desk, source, form)
    return go(f"/campaigns/{request.path_params['number']}", desk.say(said))


def start_file(desk: Desk, request: Request, form: FormData) -> Response:
    """Start a run of a campaign file."""
    source = _named(desk, request)
    _begin(desk, source, form)
    return go(f"/files/{quote(source.name)}/begun")


def begun(desk: Desk, request: Request) -> Response:
    """Lead on to the campaign, once the run has taken its list in; or say how it ended before."""
    source = _named(desk, request)
    with desk.ledger() as ledger, ledger.read() as connection:
        for record in campaigns(connection):
            if record.file == source:
                return go(f"/campaigns/{record.id}")
    run = desk.runs.of(source)
    if run is None:
        raise MissingPageError
    return draw(desk, request, "begun.html", source=source, ended=run.ended())


def test(desk: Desk, request: Request, form: FormData) -> Response:
    """Send one message to a person of one's own choice, to see it as it arrives."""
    return _tested(desk, _source(desk, request), form, request.url.path)


def test_file(desk: Desk, request: Request, form: FormData) -> Response:
    """The same of a campaign file."""
    return _tested(desk, _named(desk, request), form, request.url.path)


def pause(desk: Desk, request: Request, _form: FormData) -> Response:
    """Hold a campaign back."""
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
        pauses.pause(ledger, record.name, now())
    said = desk.say("It is paused: nothing of it goes until it goes on.")
    return go(f"/campaigns/{record.id}", said)


def resume(desk: Desk, request: Request, _form: FormData) -> Response:
    """Let a campaign go on."""
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
        held = pauses.resume(ledger, record.name, now())
    how = "It goes on, in the run that is active."
    if held.submitted:
        how = "It goes on, with the workers that send it."
    elif not held.live:
        how = "It may go on: with its next run, by the schedule or by Start."
    return go(f"/campaigns/{record.id}", desk.say(how))


def stop(desk: Desk, request: Request, _form: FormData) -> Response:
    """End a campaign's run after its message in flight."""
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
        stopped = pauses.stop(ledger, record.name, now, time.sleep)
    said = "The run has ended; the next one goes on there."
    if stopped.live:
        said = "The run was asked to end, and has not ended yet."
    elif stopped.was_submitted:
        said = "Workers send it no more; the next run, or submitting it, goes on there."
    elif not stopped.was_live:
        said = "No run was active."
    return go(f"/campaigns/{record.id}", desk.say(said))


def _source(desk: Desk, request: Request) -> Path:
    """The campaign file of a campaign. Raises UsageError where a list alone was run."""
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
    if (source := file_of(record)) is not None:
        return source
    raise UsageError(
        "This campaign was run from a list, without a campaign file that says all of it.",
        where=record.source,
        remedy="Run it at the terminal as before, or write a campaign file: campaign new NAME LIST",
    )


def _named(desk: Desk, request: Request) -> Path:
    """A campaign file of the console's folder. Raises MissingPageError."""
    name = request.path_params["name"]
    for path in desk.folder.glob("*.toml"):
        if path.name == name:
            return path
    raise MissingPageError


def _offered(desk: Desk, request: Request, source: Path) -> Response:
    here = request.url.path
    run = words.command("run", words.argument(source))
    return draw(
        desk,
        request,
        "start.html",
        source=source,
        plan_at=f"{here.removesuffix('start')}plan",
        commands=[
            words.command("plan", words.argument(source)),
            words.command("run", words.argument(source), "--test-to", "PROFILE"),
            run,
            *([words.command("submit", words.argument(source))] if desk.is_shared else []),
        ],
    )


def _planned(desk: Desk, request: Request, source: Path) -> Response:
    campaign = load(source, {})
    vendor = desk.vendor(campaign.key_file, campaign.folder, campaign.endpoint, campaign.key_name)
    with desk.ledger() as ledger, asyncio.Runner() as loop:
        made = runs.plan(campaign, desk.place, ledger, vendor, loop)
    today = made.summary.at.astimezone(made.summary.zone).date()
    return draw(
        desk,
        request,
        "plan.html",
        plan=made,
        summary=made.summary,
        today=dict(made.summary.days).get(today, 0),
        shown=made.first,
        is_shared=desk.is_shared,
        problems=[
            alike(group) for group in grouped(made.intake.findings.problems if made.intake else ())
        ],
        stamp=made.prepared.taken.material.stamp,
        start_at=f"{request.url.path.removesuffix('plan')}start",
        test_at=f"{request.url.path.removesuffix('plan')}test",
    )


def _tested(desk: Desk, source: Path, form: FormData, here: str) -> Response:
    campaign = load(source, {})
    person = person_of(str(form.get("person", "")).strip())
    vendor = desk.vendor(campaign.key_file, campaign.folder, campaign.endpoint, campaign.key_name)
    with desk.ledger() as ledger, asyncio.Runner() as loop:
        done = send_test(campaign, ledger, vendor, person, loop)
    said = {
        Status.SENT: f"Sent to {done.person}: look at it in LinkedIn.",
        Status.UNCERTAIN: f"It may or may not have arrived: {done.said}. Look in LinkedIn.",
    }.get(done.status, f"Not sent to {done.person}: {done.said}.")
    return go(f"{here.removesuffix('test')}start", desk.say(said))


def _begin(desk: Desk, source: Path, form: FormData) -> str:
    """Start a run of what was shown, or let workers send it; say how that went.

    Raises UsageError when list or text are others by now.
    """
    if gather(load(source, {})).stamp != form.get("stamp"):
        raise UsageError(
            "The list or the text is not the one that was shown; nothing was sent.",
            where=str(source),
            remedy="Look at what would be sent now, and send it then.",
        )
    if form.get("by") == "workers":
        with desk.ledger() as ledger:
            submit(load(source, {}), ledger, lambda _: True, now)
        return "Workers send it from now on."
    wait = form.get("wait") == "yes"
    is_new = desk.runs.start(source, desk.place, desk.base_url, wait=wait)
    return "The run has begun." if is_new else "A run is under way already."
