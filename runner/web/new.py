"""A new campaign, step by step on one page: the list, the text, the accounts, the calendar."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from runner import words
from runner.action.outlook import Outlook, outlook
from runner.campaign.kind import options_of
from runner.campaign.material import gather
from runner.campaign.setting import ListSettings, NewSettings, RehearsalSettings
from runner.errors import AccessError, CampaignError, RefusedError, UsageError
from runner.intake.blocking import UNWRITTEN
from runner.intake.column import ROLES, Layout
from runner.intake.sheet import ENDINGS, MAX_BYTES
from runner.ledger.campaign import free_name
from runner.result.facts import days_of
from runner.result.place import plain_name
from runner.result.report import days_chart
from runner.show.problem import common, grouped
from runner.web.desk import now, too_large
from runner.web.draft import Draft, Glance, glance, keep, take_form
from runner.web.view import draft_of, draw, go, number_in

if TYPE_CHECKING:
    from runner.web.desk import Desk

_ROWS: Final = 10
_PLACES: Final = 20
# So many rows are checked within a moment, as the text is typed.
_AT_ONCE: Final = 2_000
_READING: Final = ("sheet_name", "hidden", "encoding", "header_row")


def index(desk: Desk, request: Request) -> Response:
    """What to begin with: a list that is dropped, one of the folder, or a draft."""
    lists = [
        path
        for path in sorted(desk.folder.iterdir())
        if path.suffix.lower() in ENDINGS and ".results" not in path.name and path.is_file()
    ]
    drafts = desk.drafts.every()
    commands = [words.command("start"), words.command("new", "NAME", "LIST")]
    return draw(desk, request, "new.html", lists=lists, drafts=drafts, commands=commands)


def begin(desk: Desk, _request: Request, form: FormData) -> Response:
    """Begin a draft with a list."""
    file, chosen = form.get("file"), str(form.get("chosen", ""))
    if isinstance(file, UploadFile) and file.filename:
        data = file.file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise too_large(file.filename)
        name = plain_name(Path(file.filename).name)
        try:
            draft = desk.drafts.begin(None, name, data)
        except RefusedError as error:  # the place where it is kept says nothing to a person
            what = re.sub(rf"\S*[/\\]{re.escape(name)}", name, error.what)
            raise RefusedError(what, where=error.where, remedy=error.remedy) from None
    else:
        sheet = next((path for path in desk.folder.iterdir() if path.name == chosen), None)
        if sheet is None:
            raise UsageError("No list was chosen.", remedy="Drop a CSV or XLSX, or choose one.")
        draft = desk.drafts.begin(sheet)
    return go(f"/new/{draft.name}")


def show(desk: Desk, request: Request) -> Response:
    """The draft, with a page of its rows."""
    return _shown(desk, request, draft_of(desk, request))


def reading(desk: Desk, request: Request, form: FormData) -> Response:
    """How the list is read: its worksheet, header and encoding, its hidden rows, what its columns
    are for."""
    draft = draft_of(desk, request)
    said = {key: value for key, value in draft.said.items() if key not in _READING}
    said |= {key: told for key in _READING if (told := str(form.get(key, "")).strip())}
    columns = dict(said.pop("columns", {}))
    if said.get("sheet_name") != draft.said.get("sheet_name"):
        columns = {}  # another worksheet has columns of its own
    header, role = str(form.get("header", "")), str(form.get("role", ""))
    if header:
        columns = {known: named for known, named in columns.items() if named != header}
        if role in ROLES:
            columns[role] = header
    if columns:
        said["columns"] = columns
    is_new = draft.said.get("encoding") != said.get("encoding")
    keep(draft, said)
    if is_new and UNWRITTEN in draft.text():
        desk.drafts.begin_text(draft)
    return go(f"/new/{draft.name}#list")


def text(desk: Desk, request: Request, form: FormData) -> Response:
    """The text as it is typed, and all else that stands beside it."""
    return _taken(desk, request, form, "text")


def pace(desk: Desk, request: Request, form: FormData) -> Response:
    """The accounts and the calendar, and the text beside them."""
    return _taken(desk, request, form, "pace")


def accounts(desk: Desk, request: Request) -> Response:
    """The accounts of the key, with what each may still send, as the vendor tells it."""
    draft = draft_of(desk, request)
    found, trouble = [], None
    try:
        lookup = desk.vendor(None, desk.folder).lookup
        with asyncio.Runner() as loop:
            known = loop.run(lookup.accounts())
            if known is None and lookup.status is None:
                raise AccessError("The vendor could not be reached.", remedy="Check the network.")
            found = [(one, loop.run(lookup.quota(one.id))) for one in known or []]
    except CampaignError as error:
        trouble = error
    chosen = draft.said.get("accounts", [])
    others = [name for name in chosen if name not in {one.id for one, _ in found}]
    return draw(
        desk, request, "senders.html", draft=draft, found=found, others=others, trouble=trouble
    )


def checked(desk: Desk, request: Request) -> Response:
    """Every problem of the list and the text, by cell."""
    draft = draft_of(desk, request)
    intake, trouble = None, None
    try:
        campaign = draft.campaign()
        intake = desk.drafts.intake(campaign, gather(campaign))
    except CampaignError as error:
        trouble = error
    problems = intake.findings.problems if intake else ()
    answer = draw(
        desk,
        request,
        "check.html",
        draft=draft,
        intake=intake,
        trouble=trouble,
        groups=[(alike[:_PLACES], len(alike), common(alike[0])) for alike in grouped(problems)],
    )
    answer.headers["HX-Trigger-After-Settle"] = "checked"  # the forecast is for those who are ready
    return answer


def _taken(desk: Desk, request: Request, form: FormData, part: str) -> Response:
    """Take in what stands in the form; show the page anew, with what is wrong in it."""
    draft = draft_of(desk, request)
    error = None
    try:
        take_form(draft, form)
    except CampaignError as found:
        error = found
    if "hx-request" in request.headers:
        return _shown(desk, request, draft, error)
    if error is not None:
        raise error
    return go(f"/new/{draft.name}?skip={number_in(request.query_params, 'skip')}#{part}")


def _shown(
    desk: Desk, request: Request, draft: Draft, error: CampaignError | None = None
) -> Response:
    skip = number_in(request.query_params, "skip")
    seen = glance(desk.drafts, draft, skip, _ROWS)
    layout = seen.checked.layout if seen.checked else None
    roles = {
        column.index: role
        for role, columns in (layout.roles.items() if layout else ())
        for column in columns
    }
    ahead = _ahead(desk, draft, seen) if error is None else None
    days, by_week = days_of((), ahead.days, UTC) if ahead else ((), False)
    return draw(
        desk,
        request,
        "draft.html",
        draft=draft,
        error=error,
        seen=seen,
        skip=skip,
        rows=_ROWS,
        roles=roles,
        every_role=ROLES,
        names=_names(layout) if layout else [],
        text=draft.text(),
        ahead=ahead,
        rough=seen.intake is None and seen.rows > _AT_ONCE,
        chart=days_chart(days, ahead.limit, by_week=by_week, narrow=True) if ahead else "",
        free_name=_free_name(desk, draft),
        commands=_commands(draft),
    )


def _ahead(desk: Desk, draft: Draft, seen: Glance) -> Outlook | None:
    """The forecast, for those who are ready, or for all rows of a long list that was not checked
    yet."""
    if seen.table is None or seen.trouble is not None:
        return None
    campaign, intake = draft.campaign(), seen.intake
    if intake is None and seen.rows <= _AT_ONCE:
        intake = desk.drafts.intake(campaign, gather(campaign))
    blocking = intake.blocking if intake else seen.checked.blocking if seen.checked else ()
    people = intake.findings.ready if intake else seen.rows
    if not people or any(problem.code != "hidden-rows" for problem in blocking):
        return None
    with desk.ledger() as ledger:
        return outlook(ledger, campaign, people, now())


def _free_name(desk: Desk, draft: Draft) -> str:
    """A name that no campaign file of the folder has."""
    taken = {path.stem for path in desk.folder.glob("*.toml")}
    return free_name(draft.sheet.stem, taken)


def _names(layout: Layout) -> list[str]:
    """A name of each column, as a text has it."""
    found = {
        column.index: name
        for name, column in layout.variables.items()
        if column in layout.inputs and name.isidentifier() and name.islower()
    }
    return [found[index] for index in sorted(found)]


def _commands(draft: Draft) -> list[str]:
    said = {**draft.said, "template": [f"{draft.sheet.stem}.j2"]}
    sheet, name = words.argument(draft.sheet.name), words.argument(draft.sheet.stem)
    listed, rehearsed, whole = (
        options_of(group, said) for group in (ListSettings, RehearsalSettings, NewSettings)
    )
    return [
        words.command("check", sheet, *listed),
        words.command("preview", sheet, *listed),
        words.command("rehearse", sheet, *rehearsed),
        words.command("new", name, sheet, *whole),
    ]
