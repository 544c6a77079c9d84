"""The do-not-contact list: looked through, added to, taken from; a list of people is looked at
before it is taken in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from runner import words
from runner.action import barring, people
from runner.errors import UsageError
from runner.intake.sheet import Reading
from runner.ledger.suppression import find_suppressions
from runner.web.desk import now
from runner.web.view import draw, go, number_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.web.desk import Desk

_PEOPLE: Final = 50
_LONGEST_REASON: Final = 200
_OTHERS: Final = (
    "For everybody of a company, or with an address at a domain, choose that below the lines; for "
    "one person give the profile's link, linkedin.com/in/…"
)
HERE: Final = "/do-not-contact"


def show(desk: Desk, request: Request) -> Response:
    """A page of the list, the newest first; those that hold a text, where one is asked for."""
    asked = request.query_params
    text = asked.get("text", "").strip()[:100]
    skipped = number_in(asked, "skip")
    with desk.ledger() as ledger, ledger.read() as connection:
        count, found = find_suppressions(connection, text, skipped, _PEOPLE + 1)
    return draw(
        desk,
        request,
        "people.html",
        people=found[:_PEOPLE],
        count=count,
        text=text,
        skipped=skipped,
        more=skipped + _PEOPLE if len(found) > _PEOPLE else None,
        commands=[words.command("suppress list"), words.command("suppress add", "PERSON")],
    )


def add(desk: Desk, _request: Request, form: FormData) -> Response:
    """Put people on the list: one in each line, by any spelling."""
    named = [line.strip() for line in str(form.get("people", "")).splitlines() if line.strip()]
    reason = str(form.get("reason", "")).strip()[:_LONGEST_REASON] or None
    kinds: dict[str, tuple[Sequence[str], ...]] = {
        "company": ((), named),
        "domain": ((), (), named),
    }
    try:
        found = barring.named(*kinds.get(str(form.get("kind", "")), (named,)))
    except UsageError as error:
        remedy = _OTHERS if "--company" in (error.remedy or "") else error.remedy
        raise UsageError(f"{error.what} Nobody was added.", remedy=remedy) from None
    with desk.ledger() as ledger:
        done = people.suppress(ledger, found, reason, now())
    known = f"; {done.asked - done.added} were there already" if done.added < done.asked else ""
    who = words.some([one.identity for one in found])
    return go(HERE, desk.say(f"Added: {done.added}{known}. They are: {who}."))


def remove(desk: Desk, _request: Request, form: FormData) -> Response:
    """Take somebody off the list."""
    key = str(form.get("person", ""))
    with desk.ledger() as ledger:
        done = people.unsuppress(ledger, [barring.entry(key)], now())
    said = "is off the list, and may be written to" if done.removed else "was not on the list"
    return go(HERE, desk.say(f"{key} {said}."))


def look(desk: Desk, request: Request, form: FormData) -> Response:
    """Look at a list of people before it is taken in: whom it names, which cells name nobody."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise UsageError("No file was chosen.", remedy="Choose a CSV or XLSX with the people.")
    name = Path(file.filename).name
    place = desk.keep(name, file.file)
    found, nobody = people.people_in(place, Reading())
    with desk.ledger() as ledger:
        different, new = people.look_at_list(ledger, found)
    return draw(
        desk,
        request,
        "import.html",
        name=name,
        kept=place.parent.name,
        people=different[:_PEOPLE],
        count=len(different),
        new=new,
        nobody=nobody[:_PEOPLE],
        nobody_count=len(nobody),
        commands=[words.command("suppress import", words.argument(name))],
    )


def take(desk: Desk, _request: Request, form: FormData) -> Response:
    """Take in the list that was looked at."""
    place = desk.kept(str(form.get("kept", "")))
    reason = str(form.get("reason", "")).strip()[:_LONGEST_REASON] or None
    found = people.people_in(place, Reading())
    with desk.ledger() as ledger:
        done = people.suppress_list(ledger, place.name, found, reason, now())
    nobody = f" {len(done.nobody)} cells name nobody." if done.nobody else ""
    said = f"{words.people(done.people)} of {place.name}: {done.added} new on the list.{nobody}"
    return go(HERE, desk.say(said))
