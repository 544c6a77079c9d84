"""How pages are drawn: the templates of this package, which escape all that they are given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from tzlocal import get_localzone

from runner import __version__, words
from runner.errors import CampaignError
from runner.result.link import conversation_link, profile_link
from runner.result.report import OUTCOMES
from runner.result.told import quota_text
from runner.web.desk import now

if TYPE_CHECKING:
    from runner.ledger.line import Line
    from runner.ledger.record import CampaignRecord, Totals
    from runner.web.desk import Desk
    from runner.web.draft import Draft

_LONGEST_NUMBER: Final = 9
_LINKEDIN: Final = re.compile(r"^(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/in/", re.IGNORECASE)
# The fields of a draft's page, by the options of the same meaning.
FIELDS: Final = {
    "--sheet": "Worksheet",
    "--hidden": "Hidden and filtered-out rows",
    "--header-row": "Row with the columns' names",
    "--encoding": "Encoding of a text file",
    "--column": "the choice below a column's name",
    "--name": "The campaign's name",
}
# The problems of a text as a whole, which stand beside it.
_OF_TEXT: Final = ("no-template", "template-variable", "leftover-placeholder")
# The parts of a page that are drawn anew when something has changed.
_REDRAWN: Final = ("now", "list")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("runner.web", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "version": __version__,
        "words": words,
        "statuses": [status.value for status in OUTCOMES],
        "parts": parts,
        "of_text": _OF_TEXT,
        "quota_text": quota_text,
        "profile_link": profile_link,
        "conversation_link": conversation_link,
    }
    environment.filters["number"] = "{:,}".format
    environment.filters["with_fields"] = with_fields
    environment.filters["shortened"] = shortened
    return environment


def draw(desk: Desk, request: Request, template: str, code: int = 200, **shown: Any) -> Response:
    """A page of the console."""
    shown = {
        "here": request.url.path,
        "form": desk.badge.form,
        "said": desk.said(request.query_params.get("said")),
        "at": now(),
        "folder": desk.folder,
        "zone": get_localzone(),
        **shown,
    }
    return HTMLResponse(_environment().get_template(template).render(shown), code)


def shortened(cell: str) -> str:
    """A cell without what all links to profiles begin with."""
    return _LINKEDIN.sub("…/in/", cell)


def with_fields(remedy: str | None) -> str:
    """A remedy that speaks of options, with the fields of a draft's page that stand for them."""
    said = remedy or ""
    named = [field for option, field in FIELDS.items() if re.search(rf"{option}\b", said)]
    mark = "\n" if "\n" in said else " "
    return f"{said}{mark}On this page: {' or '.join(named)}." if named else said


def filled(record: CampaignRecord, line: Line) -> list[tuple[str, str]]:
    """The cells of a row that hold anything, each with its header."""
    return [pair for pair in zip(record.headers, line.cells, strict=False) if pair[1]]


def go(place: str, said: str | None = None) -> Response:
    """Lead to a page after a change, which then says what was done."""
    mark = "&" if "?" in place else "?"
    return RedirectResponse(f"{place}{mark}said={said}" if said else place, 303)


def fault(desk: Desk, request: Request, error: CampaignError, code: int) -> Response:
    """A page that says what is wrong, and what to do next.

    A part of a page that cannot be drawn anew stays as it is; one that was asked for gives way to
    what is wrong.
    """
    target = request.headers.get("hx-target", "")
    if target in _REDRAWN:
        return Response(status_code=204)
    back = urlsplit(request.headers.get("referer", ""))
    place = f"{back.path}?{back.query}" if back.query else back.path
    place = place if place.startswith("/") else ""
    shown = {"target": target if target.isalpha() else "", "back": place}
    return draw(desk, request, "fault.html", code, error=error, **shown)


def number_in(said: Mapping[str, object], name: str) -> int:
    """A number of an address or a form; 0 for none, and for what is no number that rows, campaigns
    or pages have."""
    told = str(said.get(name) or "")
    return int(told) if told.isdecimal() and len(told) <= _LONGEST_NUMBER else 0


def draft_of(desk: Desk, request: Request) -> Draft:
    """The draft that a page is about. Raises MissingPageError."""
    return desk.drafts.of(request.path_params["draft"])


def parts(totals: Totals) -> list[tuple[str, int, float, float]]:
    """The statuses that rows have: each one's name and count, where its part of a bar of a hundred
    begins, and how long it is."""
    found, begin = [], 0.0
    for status in OUTCOMES:
        if count := getattr(totals, status.value):
            length = 100 * count / totals.rows
            found.append((status.value, count, round(begin, 3), round(length, 3)))
            begin += length
    return found
