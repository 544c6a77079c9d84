"""The play of a season: every run of every campaign, whole.

Each campaign has one thread, and all threads share one true clock.
"""

from __future__ import annotations

import asyncio
import csv
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx

from runner.action.plan import Plan
from runner.action.run import Report, run
from runner.campaign.campaign import Campaign, load
from runner.errors import ExitCode
from runner.ledger.campaign import campaign_named
from runner.ledger.door import open_ledger
from runner.ledger.line import Line, lines
from runner.ledger.record import Status
from runner.rehearsal.transport import SimulatedTransport
from runner.sending.event import Event
from runner.sending.secret import Secret
from runner.sending.vendor import Vendor
from tests.season.clock import Computer, SeasonOver, TrueClock
from tests.season.scenario import DAY, Scenario
from tests.season.server import HeardClock, SeasonServer
from tests.world import KEY

HEADER: Final = ("First Name", "recipientProfileId", "accountId")


class Nobody:
    """Agrees to every plan and watches nothing."""

    def agree(self, plan: Plan) -> bool:
        return True

    def see(self, event: Event) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Active:
    """A run was active from `began` until `ended`.

    `resumes` is the time at which, by the run's report, more may go. It is None when the run was
    cut off.
    """

    campaign: int
    began: datetime
    ended: datetime
    resumes: datetime | None


@dataclass
class Season:
    """A scenario, its server, and everything that was seen while it was played.

    `stops` counts the runs that gave up on this computer's clock. A person then sets the clock
    right.
    """

    scenario: Scenario
    folder: Path
    actives: list[Active] = field(default_factory=list)
    stops: int = 0

    def __post_init__(self) -> None:
        scenario = self.scenario
        self.clock = TrueClock(scenario.start, scenario.end, scenario.naps)
        self.computer = Computer(self.clock, scenario.steps)
        self.server = SeasonServer(scenario, self.clock.now, KEY, lambda: self.computer.stepped_at)
        self._people = [self._crowd(number) for number in range(len(scenario.priorities))]
        self._errors: list[BaseException] = []

    def play(self) -> None:
        """Play the season to its end. Raises the error that a run raised."""
        threads = [
            threading.Thread(target=self._live, args=(number,))
            for number in range(len(self._people))
        ]
        for number in range(len(threads)):
            self.clock.join(number)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for error in self._errors:
            raise error
        self.server.settle_foreign()
        self._check()

    def _live(self, number: int) -> None:
        """Live a campaign's life: each run in its time.

        After a stop, a person looks into it, and the campaign runs again at once.
        """
        try:
            self.clock.begin(number)
            for start in self.scenario.starts:
                self.clock.wait_until(number, start)
                while (report := self._run(number)).stop:
                    assert report.stop is not None
                    assert "clock" in report.stop.reason, report.stop
                    self.stops += 1
                    self.computer.repair()
                    self.clock.wait(number, 60)
        except SeasonOver:
            pass
        except BaseException as error:  # noqa: BLE001 - told by `play`
            self._errors.append(error)
        finally:
            self.clock.leave(number)

    def _run(self, number: int) -> Report:
        clock = HeardClock(self.computer.now, self.clock.now)
        transport = _Transport(self.server, clock)
        vendor = Vendor(Secret(KEY), clock, transport=transport)
        began, resumes = self.clock.now(), None
        ledger = open_ledger(self.folder / "ledger.db")
        try:
            campaign = self._campaign(number)
            with asyncio.Runner(loop_factory=lambda: self.clock.loop(number)) as loop:
                report = run(campaign, ledger, vendor, Nobody(), loop, stay=self.scenario.stay)
            resumes = report.summary.next_send_at
        finally:
            ledger.close()
            self.actives.append(Active(number, began, self.clock.now(), resumes))
        assert report.summary.totals.rows == len(self._people[number])
        assert report.summary.totals.waiting, "all rows went: the season is too short for its laws"
        assert report.exit_code is ExitCode.PAUSED or report.stop, report
        return report

    def _campaign(self, number: int) -> Campaign:
        sheet, template = self.folder / f"list-{number}.csv", self.folder / "hello.j2"
        if not sheet.exists():
            template.write_text("Hi {{ first_name }}", encoding="utf-8")
            with sheet.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([HEADER, *self._people[number]])
        return load(sheet, {"template": template, **self.scenario.options(number)})

    def _crowd(self, number: int) -> list[tuple[str, ...]]:
        """Return more people than the season can reach."""
        accounts = self.scenario.accounts
        days = (self.scenario.end - self.scenario.start) // DAY + 2
        count = (self.scenario.limit * days + 5) * len(accounts)
        return [
            (f"Name{one}", f"person-{number}-{one}", accounts[one % len(accounts)])
            for one in range(count)
        ]

    def _check(self) -> None:
        """Check that no person was messaged twice and no row was lost.

        The ledger and the server's list say the same, except about messages that were cut off.
        """
        reached = Counter(receipt.recipient for receipt in self.server.receipts)
        statuses: Counter[Status] = Counter()
        for number, people in enumerate(self._people):
            found = self._lines(f"list-{number}")
            if not found and not any(active.campaign == number for active in self.actives):
                continue
            assert [line.cells for line in found] == people
            for line in found:
                statuses[line.status] += 1
                assert line.status is not Status.SENT or reached[line.cells[1]] == 1
                assert line.status is not Status.WAITING or reached[line.cells[1]] == 0
        assert max(reached.values(), default=0) <= 1
        assert statuses.keys() <= {Status.SENT, Status.WAITING, Status.UNCERTAIN, Status.SENDING}, (
            statuses
        )
        assert statuses[Status.UNCERTAIN] + statuses[Status.SENDING] <= len(self._people) * len(
            self.scenario.accounts
        )

    def _lines(self, name: str) -> list[Line]:
        ledger = open_ledger(self.folder / "ledger.db")
        try:
            with ledger.read() as connection:
                record = campaign_named(connection, name)
            return list(lines(ledger, record.id)) if record else []
        finally:
            ledger.close()


class _Transport(SimulatedTransport):
    """A transport that tells the server whose clock asks."""

    def __init__(self, server: SeasonServer, clock: HeardClock) -> None:
        super().__init__(server)
        self._server, self._clock = server, clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._server.asking = self._clock
        return await super().handle_async_request(request)
