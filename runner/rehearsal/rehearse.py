"""A rehearsal: the whole campaign as it would run day by day, in seconds, with nothing sent.

The real sheet, template, ledger (in a temporary file), HTTP client and results; only the network
and the clock are simulated. When a run pauses, the clock jumps to the moment it named and the
campaign is run again, as a daily schedule would.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from runner.action.run import Plan, Report, Session, run
from runner.campaign.campaign import Campaign
from runner.errors import ExitCode
from runner.ledger.ledger import open_ledger
from runner.ledger.record import Line, Status
from runner.ledger.standing import lines
from runner.rehearsal.endpoint import SimulatedEndpoint
from runner.rehearsal.receipt import Receipt
from runner.rehearsal.transport import JumpingClock, SimulatedTransport
from runner.results.place import default_path
from runner.sending.api import Endpoint
from runner.sending.client import Secret
from runner.sending.clock import ServerClock
from runner.sending.lane import Event, Sent
from runner.sending.lookup import Lookup

_KEY: Final = "rehearsal"
_MOST_RUNS: Final = 5_000
# After a stop that a person would look into, the campaign is run again this much later.
_AFTER_STOP: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a rehearsal, when it is over: how many were sent, what waits, each account's
    quota left at its end."""

    day: date
    sent: int
    waiting: int
    quota: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How a rehearsal ended; `receipts` are the messages that the simulated endpoint accepted."""

    report: Report
    days: tuple[Day, ...]
    receipts: tuple[Receipt, ...]
    stops: tuple[str, ...]
    lines: tuple[Line, ...]


def sample(name: str) -> Path:
    """A sample file of the package; in a checkout of the project, the one in samples/ or
    templates/."""
    packaged = Path(__file__).with_name("sample") / name
    root = Path(__file__).parents[2]
    return next(
        path
        for path in (packaged, root / "samples" / name, root / "templates" / name)
        if path.is_file()
    )


def results_path(sheet: Path, *, workbook: bool, ending: str = "") -> Path:
    """Where a rehearsal writes: never where the real results are."""
    real = default_path(sheet, workbook=workbook, ending=ending)
    return real.with_name(real.name.replace(".results.", ".rehearsal.results."))


def rehearse(
    campaign: Campaign,
    start: datetime,
    *,
    limit: int = 150,
    faults: float = 0.0,
    seed: int = 0,
    plan: Callable[[Plan], None] = lambda _plan: None,
    day: Callable[[Day], None] = lambda _day: None,
) -> Rehearsed:
    """Rehearse a campaign from `start`. `limit` is each account's simulated daily quota, `faults`
    the share of requests that meet one. `plan` is shown before the first run, `day` after each day
    that something was sent."""
    clock = JumpingClock(start)
    server = SimulatedEndpoint(clock.now, key=_KEY, limit=limit, faults=faults, seed=seed)
    transport, synchronised = SimulatedTransport(server), ServerClock(clock.now)
    endpoint = Endpoint(Secret(_KEY), synchronised, transport=transport)
    lookup = Lookup(Secret(_KEY), synchronised, transport=transport)
    sent: dict[date, int] = {}
    planned = False
    zone = campaign.pace.calendar.zone if campaign.pace.calendar else start.tzinfo

    def report(event: Event) -> None:
        if isinstance(event, Sent) and event.outcome.status is Status.SENT:
            today = clock.now().astimezone(zone).date()
            sent[today] = sent.get(today, 0) + 1

    def agree(shown: Plan) -> bool:
        nonlocal planned
        if not planned:
            plan(shown)
        planned = True
        return True

    session = Session(endpoint, agree, report, lookup=lookup, loop_factory=clock.loop)
    days: list[Day] = []
    stops: list[str] = []
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        ledger = open_ledger(Path(folder) / "ledger.db")
        try:
            for _ in range(_MOST_RUNS):
                ended = run(campaign, ledger, session)
                today = clock.now().astimezone(zone).date()
                resumes = ended.summary.next_send_at
                if ended.stop:
                    stops.append(
                        f"{clock.now().astimezone(zone):%a %Y-%m-%d %H:%M}: {ended.stop.reason}"
                    )
                    resumes = max(resumes or start, clock.now() + _AFTER_STOP)
                over = (
                    resumes is None
                    or resumes.astimezone(zone).date() > today
                    or ended.exit_code in (0, 1)
                )
                quota = tuple(
                    (view.name, view.remaining, view.limit) for view in ended.summary.accounts
                )
                told = {each.day for each in days}
                # A run may have gone on over midnight: then several days are over at once.
                for each in sorted(
                    each for each in sent if each not in told and (each < today or over)
                ):
                    later = sum(count for other, count in sent.items() if other > each)
                    days.append(Day(each, sent[each], ended.summary.totals.waiting + later, quota))
                    day(days[-1])
                if (
                    ended.exit_code
                    in (ExitCode.DONE, ExitCode.NEEDS_A_PERSON, ExitCode.INTERRUPTED)
                    or resumes is None
                ):
                    break
                # A run that may go on at once has nothing to jump over, but its clock must move.
                clock.advance_to(max(resumes, clock.now() + timedelta(seconds=1)))
            found = tuple(lines(ledger, ended.summary.campaign.id))
        finally:
            ledger.close()
    if ended.exit_code is ExitCode.NEEDS_A_PERSON:
        ended = replace(ended, exit_code=ExitCode.DONE)
    ended = replace(ended, sent=sum(sent.values()))
    return Rehearsed(ended, tuple(days), tuple(server.receipts), tuple(stops), found)
