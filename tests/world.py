"""A small world for tests of whole runs.

It has a sheet, a template, a ledger file, a simulated endpoint and a clock that jumps.
"""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runner.action.plan import Plan
from runner.action.run import Report, run
from runner.campaign.campaign import Campaign, load
from runner.ledger.campaign import campaign_named
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.line import Line, lines
from runner.rehearsal.endpoint import SimulatedEndpoint
from runner.rehearsal.transport import JumpingClock, SimulatedTransport
from runner.sending.clock import ServerClock
from runner.sending.event import Event
from runner.sending.secret import Secret
from runner.sending.vendor import Vendor

# A Monday, before the sending hours.
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
HEADER = ("First Name", "recipientProfileId")
KEY = "a-key-of-the-simulated-endpoint"
TEXT = "Hi {{ first_name }}"


@dataclass
class World:
    """A campaign's sheet and everything around its runs.

    `people` is the sheet, as (first name, identifier, …) under `header`. Each `run` writes it and
    reads it anew.
    """

    folder: Path
    people: list[tuple[str, ...]]
    header: tuple[str, ...] = HEADER
    template: str | None = TEXT
    limit: int = 150
    faults: float = 0.0
    seed: int = 0
    script: Callable[[dict[str, Any]], Any] | None = None
    start: datetime = MONDAY
    sheet: str = "people.csv"
    events: list[Event] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = JumpingClock(self.start)
        self.server = SimulatedEndpoint(
            self.clock.now,
            key=KEY,
            limit=self.limit,
            faults=self.faults,
            seed=self.seed,
            script=self.script,
        )

    @property
    def path(self) -> Path:
        return self.folder / self.sheet

    def ledger(self) -> Ledger:
        return open_ledger(self.folder / "ledger.db")

    def campaign(self, **options: Any) -> Campaign:
        with self.path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([self.header, *self.people])
        template = None
        if self.template is not None:
            template = self.folder / "hello.j2"
            template.write_text(self.template, encoding="utf-8")
        return load(self.path, {"template": template, "time_zone": "UTC", **options})

    def vendor(self) -> Vendor:
        clock = ServerClock(self.clock.now)
        return Vendor(Secret(KEY), clock, transport=SimulatedTransport(self.server))

    def send(
        self,
        campaign: Campaign,
        ledger: Ledger,
        agree: bool = True,
        stay: bool = False,
        most: int | None = None,
    ) -> Report:
        """Run the campaign once, as a person who agrees to every plan, or to no plan."""
        watcher = Onlooker(self, agree)
        with asyncio.Runner(loop_factory=self.clock.loop) as loop:
            return run(campaign, ledger, self.vendor(), watcher, loop, stay=stay, most=most)

    def run(
        self, stay: bool = False, most: int | None = None, agree: bool = True, **options: Any
    ) -> Report:
        ledger = self.ledger()
        try:
            report = self.send(self.campaign(**options), ledger, agree, stay, most)
        finally:
            ledger.close()
        self.check(report)
        return report

    def run_days(self, days: int, **options: Any) -> Report:
        """Run once each day at six in the morning."""
        for _ in range(days):
            report = self.run(**options)
            tomorrow = self.clock.now().replace(
                hour=6, minute=0, second=0, microsecond=0
            ) + timedelta(days=1)
            self.clock.advance_to(tomorrow)
        return report

    def check(self, report: Report) -> None:
        """Check the law of every exit.

        No row is lost, no person is messaged twice, and the quota is kept.
        """
        counts = report.summary.totals
        written = self.lines(report.summary.campaign.name)
        assert counts.rows == len(written)
        for status, count in Counter(line.status for line in written).items():
            assert getattr(counts, status.value) == count, status
        assert [line.cells for line in written] == [
            tuple(person) for person in self.people if any(person)
        ]
        assert report.results is not None
        assert report.results.path.exists()
        self.check_receipts()

    def check_receipts(self) -> None:
        twice = [
            person
            for person, count in Counter(r.recipient for r in self.server.receipts).items()
            if count > 1
        ]
        assert twice == []
        days = Counter((receipt.account, receipt.at.date()) for receipt in self.server.receipts)
        assert all(count <= self.limit for count in days.values())

    def lines(self, name: str = "people") -> list[Line]:
        ledger = self.ledger()
        try:
            with ledger.read() as connection:
                record = campaign_named(connection, name)
            assert record is not None
            return list(lines(ledger, record.id))
        finally:
            ledger.close()

    def statuses(self, name: str = "people") -> list[str]:
        return [line.status.value for line in self.lines(name)]

    def received(self) -> list[str]:
        return [receipt.recipient for receipt in self.server.receipts]


@dataclass
class Onlooker:
    """Watches a run for a world."""

    world: World
    agrees: bool = True

    def agree(self, plan: Plan) -> bool:
        self.world.plans.append(plan)
        return self.agrees

    def see(self, event: Event) -> None:
        self.world.events.append(event)


def crowd(count: int, start: int = 0) -> list[tuple[str, ...]]:
    """Return people with a name and a slug."""
    return [(f"Name{number}", f"person-{number}") for number in range(start, start + count)]


def read_results(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def slugs(people: Sequence[tuple[str, ...]]) -> list[str]:
    return [person[1] for person in people]
