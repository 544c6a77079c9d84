"""The accounts: their quota now, their use by day, what holds them, and what the doctor finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from tzlocal import get_localzone

from runner import words
from runner.action.accounts import accounts
from runner.action.team import team
from runner.doctor.examine import examine as look_at_all
from runner.ledger.location import beside
from runner.schedule.machine import this_machine
from runner.sending.address import BASE_URL
from runner.unattended.log import log_files
from runner.web.desk import now
from runner.web.view import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.doctor.finding import Finding
    from runner.web.desk import Desk


def show(desk: Desk, request: Request) -> Response:
    """All accounts that the ledger knows."""
    return _shown(desk, request, ())


def examine(desk: Desk, request: Request, _form: FormData) -> Response:
    """Look at all that any run needs, as the doctor does."""
    with desk.ledger() as ledger:
        known = [one.account for one in accounts(ledger, now(), get_localzone()) if one.account]
    found = look_at_all(
        None,
        key_file=None,
        accounts=known,
        ledger=desk.place,
        log=log_files(beside(desk.place)),
        base_url=desk.base_url or BASE_URL,
        now=now,
        computer=this_machine(),
    )
    return _shown(desk, request, tuple(found))


def _shown(desk: Desk, request: Request, findings: Sequence[Finding]) -> Response:
    with desk.ledger() as ledger:
        found = accounts(ledger, now(), get_localzone())
        workers = team(ledger, now()) if ledger.is_shared else None
    return draw(
        desk,
        request,
        "accounts.html",
        accounts=found,
        most=max((count for one in found for _, count in one.days), default=0),
        findings=findings,
        team=workers,
        commands=[
            words.command("doctor"),
            words.command("status"),
            *([words.command("status", "--workers")] if workers else []),
        ],
    )
