"""One campaign: how it stands, its days, its rows, and what is handed back of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from runner import words
from runner.action import report as reports
from runner.action import results as again
from runner.action import standing
from runner.ledger.claim import upcoming
from runner.ledger.delivery import text_of
from runner.ledger.line import Wanted, lines
from runner.ledger.record import EVIDENCE, Status, Verdict
from runner.result.report import days_chart, default_place
from runner.web.desk import file_of, now, record_of
from runner.web.view import draw, filled, number_in

if TYPE_CHECKING:
    from runner.ledger.ledger import Ledger
    from runner.ledger.record import CampaignRecord
    from runner.web.desk import Desk
    from runner.web.process import Started

_ROWS: Final = 50
_LONGEST_SEARCH: Final = 100


def show(desk: Desk, request: Request) -> Response:
    """A campaign, with a page of its rows: those that are asked for, in the list's order."""
    asked = request.query_params
    status = next((one for one in Status if one.value == asked.get("status")), None)
    text = asked.get("text", "").strip()[:_LONGEST_SEARCH]
    below = number_in(asked, "below")
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
        summary = desk.board.summary(ledger, record, now())
        wanted = Wanted(status, text, below, _ROWS + 1)
        found = list(lines(ledger, record.id, live=summary.live, wanted=wanted))
        days, by_week = desk.board.days(ledger, summary)
        with ledger.read() as connection:
            queue = {
                view.account: upcoming(connection, record.id, view.account, now())
                for view in summary.accounts
                if view.waiting
            }
    name, source = words.argument(record.name), file_of(record)
    run = [words.command("run", words.argument(source))] if source else []
    word = "resume" if summary.paused_at else "pause"
    return draw(
        desk,
        request,
        "campaign.html",
        summary=summary,
        campaign=record,
        state=desk.board.shown(record.id),
        chart=days_chart(days, summary.limit, by_week=by_week),
        days=[day for day in days if day.sent or day.forecast],
        by_week=by_week,
        queue=queue,
        lines=found[:_ROWS],
        more=found[_ROWS - 1].number if len(found) > _ROWS else None,
        status=status.value if status else "",
        text=text,
        below=below,
        source=source,
        run=run_of(desk, record),
        commands=[
            *run,
            words.command("status", name),
            words.command(word, name),
            words.command("stop", name),
            words.command("results", name),
            words.command("report", name),
        ],
    )


def row(desk: Desk, request: Request) -> Response:
    """One row: its message, and why it stands as it does."""
    number = number_in(request.path_params, "row")
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
        reasons = standing.reasons(ledger, desk.board.summary(ledger, record, now()), number)
        with ledger.read() as connection:
            text = text_of(connection, reasons.line.delivery)
    return draw(
        desk,
        request,
        "row.html",
        campaign=record,
        reasons=reasons,
        line=reasons.line,
        cells=filled(record, reasons.line),
        message=reasons.line.message or text,
        can_undo=can_undo(reasons),
        commands=[words.command("why", str(number), name=record.name)],
    )


def can_undo(reasons: standing.Reasons) -> bool:
    """Tell whether the last thing that happened to a row is a person's word on it."""
    words_on_it, attempts = reasons.facts.decisions, reasons.facts.attempts
    if not words_on_it or words_on_it[-1].decided_by.startswith(EVIDENCE):
        return False
    last = words_on_it[-1]
    is_last = all(attempt.claimed_at <= last.decided_at for attempt in attempts)
    return is_last and last.verdict != Verdict.UNDONE


def results(desk: Desk, request: Request) -> Response:
    """The results, written now, to keep."""

    def make(ledger: Ledger, record: CampaignRecord, place: Path) -> Path:
        return again.results(ledger, record.name, place, now()).written.path

    return _made(desk, request, make)


def report(desk: Desk, request: Request) -> Response:
    """The report, written now, to keep; with `names` it names people."""
    names = request.query_params.get("names") == "yes"

    def make(ledger: Ledger, record: CampaignRecord, place: Path) -> Path:
        place = default_place(place)
        return reports.report(ledger, record.name, place, now(), names=names).written.path

    return _made(desk, request, make)


def _made(
    desk: Desk, request: Request, make: Callable[[Ledger, CampaignRecord, Path], Path]
) -> Response:
    """A file to keep, made beside where the results would be, in a folder that goes once it was
    sent."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-made-"))
    try:
        with desk.ledger() as ledger:
            record = record_of(ledger, request.path_params["number"])
            path = make(ledger, record, folder / Path(record.settings.results).name)
    except BaseException:
        shutil.rmtree(folder)
        raise
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, filename=path.name, background=gone)


def run_of(desk: Desk, record: CampaignRecord) -> Started | None:
    """The last run of the campaign that this console has started."""
    source = file_of(record)
    return desk.runs.of(source) if source else None
