"""A rehearsal: the whole campaign as it would run day by day, in seconds, with nothing sent.

The sheet, the template, the ledger (in a temporary file), the HTTP client and the results are real.
Only the network and the clock are simulated. When a run pauses, the clock jumps to the moment that
the run named. The campaign is then run again, as a daily schedule would do.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

from runner.action.plan import Plan
from runner.action.run import Report, run
from runner.campaign.campaign import Campaign
from runner.campaign.material import snapshot
from runner.errors import ExitCode
from runner.intake.table import read
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.line import Line, lines
from runner.ledger.record import Status
from runner.rehearsal.endpoint import SimulatedEndpoint
from runner.rehearsal.people import People
from runner.rehearsal.receipt import Receipt
from runner.rehearsal.transport import JumpingClock, SimulatedTransport
from runner.result.copying import copy_of
from runner.result.place import default_path
from runner.result.summary import Summary
from runner.sending.clock import ServerClock
from runner.sending.event import Event, Sent
from runner.sending.secret import Secret
from runner.sending.vendor import Vendor

_KEY: Final = "rehearsal"
_MOST_RUNS: Final = 5_000
# By then everybody has answered who does.
_ANSWERED: Final = timedelta(days=4)
_MOST_IDLE: Final = 30
# After a stop that a person would look into, the campaign is run again this much later.
_AFTER_STOP: Final = timedelta(hours=1)
# These ends are final.
_ENDS: Final = (ExitCode.DONE, ExitCode.NEEDS_A_PERSON, ExitCode.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a rehearsal, when it is over.

    It has how many messages were sent, how many rows wait, and each account's quota left at its
    end.
    """

    day: date
    sent: int
    waiting: int
    quota: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The end of a rehearsal; `receipts` are the messages that the simulated endpoint accepted."""

    report: Report
    days: tuple[Day, ...]
    receipts: tuple[Receipt, ...]
    stops: tuple[str, ...]
    lines: tuple[Line, ...]


def sample(name: str) -> Path:
    """Find a sample file of the package.

    In a checkout of the project, it is the one in samples/ or templates/.
    """
    packaged = Path(__file__).with_name("sample") / name
    root = Path(__file__).parents[2]
    return next(
        path
        for path in (packaged, root / "samples" / name, root / "templates" / name)
        if path.is_file()
    )


def beside(campaign: Campaign) -> Campaign:
    """Return the campaign with its results in a rehearsal's place, never in the real one. A list on
    the web is fetched here, once for all its days."""
    ending, is_workbook = "", True
    if campaign.frame is None:
        source = snapshot(campaign)
        ending = copy_of(source)[0] if campaign.results_in_copy else ""
        is_workbook = read(source, campaign.reading).delimiter is None
    real = default_path(campaign.sheet, workbook=is_workbook, ending=ending)
    name = real.name.replace(".results.", ".rehearsal.results.")
    return replace(campaign, results=real.with_name(name), address=None)


def rehearse(
    campaign: Campaign,
    start: datetime,
    *,
    limit: int = 150,
    faults: float = 0.0,
    seed: int = 0,
    people: People | None = None,
    plan: Callable[[Plan], None] = lambda _plan: None,
    day: Callable[[Day], None] = lambda _day: None,
) -> Rehearsed:
    """Rehearse a campaign from `start`, on a ledger of its own.

    `limit` is each account's simulated daily quota. `faults` is the share of requests that meet a
    fault. `people` are those whom the messages reach. `plan` is called with the plan before the
    first run, `day` after each day on which something was sent.
    """
    if campaign.after is not None:
        notice = (
            f"a rehearsal knows no ledger: everybody gets it as if {campaign.after!r} were done."
        )
        campaign = replace(campaign, after=None, notices=(*campaign.notices, notice))
    campaign = replace(campaign, report=None)
    clock = JumpingClock(start)
    server = SimulatedEndpoint(
        clock.now, key=_KEY, limit=limit, faults=faults, seed=seed, people=people
    )
    vendor = Vendor(Secret(_KEY), ServerClock(clock.now), transport=SimulatedTransport(server))
    zone = campaign.pace.calendar.zone if campaign.pace.calendar else start.tzinfo
    diary = _Diary(clock, zone, plan, day)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        ledger = open_ledger(Path(folder) / "ledger.db", noted=False, lasting=False)
        try:
            ended = _run_days(campaign, ledger, vendor, clock, diary)
            if people is not None and people.replies:
                ended = _hear_the_last(campaign, ledger, vendor, clock, diary, ended)
            found = tuple(lines(ledger, ended.summary.campaign.id))
        finally:
            ledger.close()
    if ended.exit_code is ExitCode.NEEDS_A_PERSON:
        ended = replace(ended, exit_code=ExitCode.DONE)
    return Rehearsed(
        report=replace(ended, sent=sum(diary.sent.values())),
        days=tuple(diary.days),
        receipts=tuple(server.receipts),
        stops=tuple(diary.stops),
        lines=found,
    )


def _run_days(
    campaign: Campaign, ledger: Ledger, vendor: Vendor, clock: JumpingClock, diary: _Diary
) -> Report:
    """Run the campaign again and again, each time at the moment that the last run named."""
    with asyncio.Runner(loop_factory=clock.loop) as loop:
        idle = 0
        for _ in range(_MOST_RUNS):
            ended = run(campaign, ledger, vendor, diary, loop, over=True)
            resumes = diary.note(ended)
            if ended.exit_code in _ENDS or resumes is None:
                break
            # Rows that could go at once, and do not, lack what no day brings: a credit, say.
            idle = idle + 1 if ended.sent == 0 and resumes <= clock.now() + _AFTER_STOP else 0
            if idle > _MOST_IDLE:
                break
            resumes = max(resumes, clock.now() + idle * _AFTER_STOP)
            # A run that may go on at once has nothing to jump over, but its clock must move.
            clock.advance_to(max(resumes, clock.now() + timedelta(seconds=1)))
    return ended


def _hear_the_last(
    campaign: Campaign,
    ledger: Ledger,
    vendor: Vendor,
    clock: JumpingClock,
    diary: _Diary,
    ended: Report,
) -> Report:
    """Run on until the last have answered, as somebody would who looks again days later; what rests
    comes back in that time, and may be sent as well."""
    for _ in range(_MOST_IDLE):
        if ended.exit_code not in (ExitCode.DONE, ExitCode.NEEDS_A_PERSON):
            break
        before = sum(diary.sent.values())
        clock.advance_to(clock.now() + _ANSWERED)
        ended = _run_days(campaign, ledger, vendor, clock, diary)
        if sum(diary.sent.values()) == before:
            break
    return ended


class _Diary:
    """Watches the runs of a rehearsal: the messages sent on each local day, and the stops."""

    def __init__(
        self,
        clock: JumpingClock,
        zone: tzinfo | None,
        plan: Callable[[Plan], None],
        day: Callable[[Day], None],
    ) -> None:
        self.sent: dict[date, int] = {}
        self.days: list[Day] = []
        self.stops: list[str] = []
        self._clock = clock
        self._zone = zone
        self._plan: Callable[[Plan], None] | None = plan
        self._day = day

    def agree(self, plan: Plan) -> bool:
        if self._plan is not None:
            self._plan(plan)
        self._plan = None  # only the first plan is shown
        return True

    def see(self, event: Event) -> None:
        if isinstance(event, Sent) and event.outcome.status is Status.SENT:
            today = self._today()
            self.sent[today] = self.sent.get(today, 0) + 1

    def note(self, ended: Report) -> datetime | None:
        """Note a run's end. Return when the campaign may be run again."""
        resumes = ended.summary.next_send_at
        now = self._clock.now()
        if ended.stop:
            at = now.astimezone(self._zone)
            self.stops.append(f"{at:%a %Y-%m-%d %H:%M}: {ended.stop.reason}")
            resumes = max(resumes or now, now + _AFTER_STOP)
        today = self._today()
        is_over = resumes is None or resumes.astimezone(self._zone).date() > today
        is_done = ended.exit_code in (ExitCode.DONE, ExitCode.NEEDS_A_PERSON)
        self._close_days(ended.summary, today, today_too=is_over or is_done)
        return resumes

    def _close_days(self, summary: Summary, today: date, *, today_too: bool) -> None:
        """Tell each day that is over. Several are over at once when a run went on over midnight."""
        quota = tuple((view.name, view.remaining, view.limit) for view in summary.accounts)
        told = {each.day for each in self.days}
        for each in sorted(self.sent.keys() - told):
            if each < today or today_too:
                later = sum(count for other, count in self.sent.items() if other > each)
                waiting = summary.totals.waiting + later
                self.days.append(Day(each, self.sent[each], waiting, quota))
                self._day(self.days[-1])

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()
