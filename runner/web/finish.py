"""The end of a draft: it is rehearsed, and saved as a campaign file that can be started; or thrown
away."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from runner.campaign.campaign import load
from runner.campaign.starter import UNWRITTEN, write
from runner.errors import RefusedError, UsageError
from runner.result.place import plain_name
from runner.web.draft import put
from runner.web.fault import MissingPageError
from runner.web.film import play
from runner.web.view import draft_of, draw, go, number_in

if TYPE_CHECKING:
    from runner.web.desk import Desk


def rehearse(desk: Desk, request: Request, form: FormData) -> Response:
    """Play the campaign against the simulated endpoint."""
    draft = draft_of(desk, request)
    limit = number_in(form, "quota") or 150
    replies = 0.1 if form.get("replies") == "yes" else 0.0
    before = desk.films.get(draft.name)
    if before is None or before.is_over:
        folder = Path(tempfile.mkdtemp(dir=draft.folder, prefix="rehearsal-"))
        film = play(draft.campaign, folder, limit=limit, replies=replies)
        desk.films[draft.name] = film
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
    name = plain_name(str(form.get("name", "")).strip() or draft.sheet.stem)
    draft.campaign()  # what cannot be read is not saved
    if UNWRITTEN in draft.text():
        raise RefusedError(
            "The text still has the line that stands for your message.",
            where="the text",
            remedy="Write your message in its place.",
        )
    place = desk.folder / f"{name.removesuffix('.toml')}.toml"
    if place.exists():
        raise UsageError(f"{place} exists; it was left as it is.", remedy="Give another name.")
    sheet = draft.sheet
    if sheet.parent == draft.folder:
        sheet = _free(desk.folder / sheet.name)
        put(sheet, draft.sheet.read_bytes())
    template = _free(place.with_suffix(".j2"))
    put(template, draft.text_file.read_bytes())
    write(place, sheet, [template], draft.said)
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
    return go("/new", desk.say(f"The draft of {draft.sheet.name} is gone."))


def _free(path: Path) -> Path:
    """A place that no file has: that one, or one with a number."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
