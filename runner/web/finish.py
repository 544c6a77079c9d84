"""The end of a draft: it is rehearsed, and saved as a campaign file that can be started; or thrown
away."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from runner.campaign.campaign import load
from runner.campaign.material import gather, refuse_unusable
from runner.campaign.starter import write
from runner.errors import UsageError
from runner.result.place import plain_name
from runner.web.draft import put, take_form
from runner.web.fault import MissingPageError
from runner.web.film import play
from runner.web.view import draft_of, draw, go, number_in

if TYPE_CHECKING:
    from runner.web.desk import Desk


def rehearse(desk: Desk, request: Request, form: FormData) -> Response:
    """Play the campaign against the simulated endpoint; a rehearsal that plays already ends."""
    draft = draft_of(desk, request)
    take_form(draft, form)
    limit = number_in(form, "quota")
    if not limit:
        raise UsageError("The quota is a number from 1 on.", remedy="Write how many a day.")
    replies = 0.1 if form.get("replies") == "yes" else 0.0
    if (before := desk.films.get(draft.name)) is not None:
        before.is_replaced = True
    folder = Path(tempfile.mkdtemp(dir=draft.folder, prefix="rehearsal-"))
    text = folder / draft.text_file.name  # what is typed meanwhile is for another rehearsal
    put(text, draft.text_file.read_bytes())
    campaign = replace(draft.campaign(), templates=(text,))
    desk.films[draft.name] = play(campaign, folder, limit=limit, replies=replies)
    return go(f"/new/{draft.name}/film")


def film(desk: Desk, request: Request) -> Response:
    """The rehearsal's days so far."""
    draft = draft_of(desk, request)
    played = desk.films.get(draft.name)
    if played is None:
        raise MissingPageError
    return draw(desk, request, "film.html", draft=draft, film=played, days=tuple(played.days))


def save(desk: Desk, request: Request, form: FormData) -> Response:
    """Write the list, the text and the campaign file into the console's folder."""
    draft = draft_of(desk, request)
    take_form(draft, form)
    name = plain_name(str(form.get("name", "")).strip() or draft.sheet.stem)
    campaign = draft.campaign()
    refuse_unusable(desk.drafts.intake(campaign, gather(campaign)))
    place = desk.folder / f"{name.removesuffix('.toml')}.toml"
    if place.exists():
        raise UsageError(f"{place} exists; it was left as it is.", remedy="Give another name.")
    sheet = draft.sheet
    if draft.folder in sheet.parents:
        data = draft.sheet.read_bytes()
        sheet = _free(desk.folder / sheet.name, data)
        put(sheet, data)
    data = draft.text_file.read_bytes()
    template = _free(place.with_suffix(".j2"), data)
    put(template, data)
    # A name that is said begins a campaign of its own, also for people whom another one has.
    write(place, sheet, [template], {**draft.said, "name": place.stem})
    load(place, {})
    draft.discard()
    desk.films.pop(draft.name, None)
    said = desk.say(f"Saved: {place.name}, {template.name} and {sheet.name}, in {desk.folder}.")
    if form.get("then") == "start":
        return go(f"/files/{quote(place.name)}/start", said)
    return go("/", said)


def discard(desk: Desk, request: Request, _form: FormData) -> Response:
    """Throw a draft away."""
    draft = draft_of(desk, request)
    draft.discard()
    desk.films.pop(draft.name, None)
    return go("/new", desk.say(f"The draft of {draft.sheet.name} is gone."))


def _free(path: Path, data: bytes) -> Path:
    """A place that no other file has: that one, or one with a number."""
    number, found = 1, path
    while found.exists() and not (found.is_file() and found.read_bytes() == data):
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
