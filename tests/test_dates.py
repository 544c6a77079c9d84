"""A date for each row: no message goes before it, all go, and the others are not held."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from runner.errors import ExitCode
from runner.sending.calendar import Calendar
from runner.sending.times import parse_days
from tests.world import HEADER, MONDAY, World, crowd, read_results

DATED = (*HEADER, "sendAfter")
ZONES = ("UTC", "America/New_York", "Pacific/Auckland")
MARCH = datetime(2026, 3, 24, 6, tzinfo=UTC)


def dated(folder: Path, *texts: str, start: datetime = MONDAY, limit: int = 150) -> World:
    people = [(*person, text) for person, text in zip(crowd(len(texts)), texts, strict=True)]
    return World(folder, people, header=DATED, start=start, limit=limit)


def begins(text: str, zone: str) -> datetime:
    """The instant before which a row of this date does not go."""
    return datetime.fromisoformat(text or "2000-01-01").replace(tzinfo=ZoneInfo(zone))


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(4, 40))]
)
def test_no_message_goes_before_its_date(tmp_path: Path, seed: int) -> None:
    """Over random lists, dates with and without a time, zones, quotas, edits of the dates, and runs
    that stay or are run once a day: every row goes, none before its date, and the forecast of each
    row is not before it either."""
    chance = random.Random(seed)
    zone = chance.choice(ZONES)

    def date() -> str:
        day = MONDAY.date() + timedelta(days=chance.randint(-3, 12))
        time = chance.choice(["", "", f" {chance.randint(0, 23):02}:{chance.randint(0, 59):02}"])
        return chance.choice(["", f"{day}{time}", f"{day}{time}"])

    texts = [date() for _ in range(chance.randint(1, 40))]
    world = dated(tmp_path, *texts, limit=chance.choice([3, 10, 150]))
    options = {"time_zone": zone, "hours": chance.choice(["09:00-17:00", "00:00-24:00"])}
    for _ in range(3):
        report = world.run(stay=chance.random() < 0.3, **options)
        start = report.summary.starts()
        for line in world.lines():
            if line.status == "waiting":
                forecast = start(line)
                assert forecast is not None
                assert forecast >= begins(line.cells[2], zone)
        world.clock.advance_to(world.clock.now() + timedelta(hours=chance.randint(1, 30)))
        received = world.received()
        world.people = [
            (name, slug, text if slug in received or chance.random() < 0.8 else date())
            for name, slug, text in world.people
        ]
    report = world.run(stay=True, **options)
    assert report.exit_code == ExitCode.DONE
    assert sorted(world.received()) == sorted(slug for _, slug, _ in world.people)
    dates = {slug: begins(text, zone) for _, slug, text in world.people}
    assert [r.recipient for r in world.server.receipts if r.at < dates[r.recipient]] == []


def test_rows_without_a_date_are_not_held_by_those_that_have_one(tmp_path: Path) -> None:
    """The first row waits for a week; the others go today. What waits says until when."""
    world = dated(tmp_path, "2026-11-30", "", "2026-11-01")
    report = world.run()
    assert report.exit_code == ExitCode.PAUSED
    assert report.pause == "the rows that are left have a later date"
    assert world.received() == ["person-1", "person-2"]
    assert report.summary.next_send_at == datetime(2026, 11, 30, 9, tzinfo=UTC)
    rows = read_results(tmp_path / "people.results.csv")
    assert [row["waitsUntil"] for row in rows] == ["2026-11-30T09:00:00Z", "", ""]
    assert world.run(stay=True).exit_code == ExitCode.DONE
    assert world.server.receipts[-1].at >= datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("soon", "D3"),
        ("46357", "D3"),
        ("2026-02-30", "D3"),
        ("3/4/2026", "may be 2026-03-04 or 2026-04-03"),
        ("2062-11-30", "its date, 2062-11-30, is more than two years away"),
    ],
)
def test_a_date_that_is_none_stops_its_row_alone(tmp_path: Path, text: str, problem: str) -> None:
    """A date that cannot be read, can be read in two ways, or is far away makes its row invalid."""
    world = dated(tmp_path, "", text, "2026-11-01")
    world.run()
    assert world.statuses() == ["sent", "invalid", "sent"]
    assert problem.replace("D3", "C3") in (world.lines()[1].reason or "")


def test_the_other_rows_tell_the_order_of_day_and_month(tmp_path: Path) -> None:
    world = dated(tmp_path, "3/4/2026", "25/3/2026", start=MARCH)
    world.run()
    assert world.run(stay=True).exit_code == ExitCode.DONE
    assert [str(receipt.at.date()) for receipt in world.server.receipts] == [
        "2026-03-25",
        "2026-04-03",
    ]


def test_a_date_of_a_workbook_is_read_as_it_is(tmp_path: Path) -> None:
    """A true date, whatever its format shows, and its time of day."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(("First Name", "recipientProfileId", "Versenden ab"))
    for number, at in enumerate((datetime(2026, 11, 24), datetime(2026, 11, 25, 13, 30))):  # noqa: DTZ001
        sheet.append((f"Name{number}", f"person-{number}", at))
        sheet.cell(number + 2, 3).number_format = "dd/mm/yy"
    book.save(tmp_path / "people.xlsx")
    world = World(tmp_path, [("Name0", "person-0"), ("Name1", "person-1")])
    campaign = world.campaign()
    # The world writes a CSV; this list is a workbook.
    campaign = replace(campaign, sheet=tmp_path / "people.xlsx", source=tmp_path / "people.xlsx")
    ledger = world.ledger()
    try:
        assert world.send(campaign, ledger, stay=True).exit_code == ExitCode.DONE
    finally:
        ledger.close()
    assert [receipt.at.replace(microsecond=0) for receipt in world.server.receipts] == [
        datetime(2026, 11, 24, 9, tzinfo=UTC),
        datetime(2026, 11, 25, 13, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_sending_days_are_counted_one_by_one(zone: str) -> None:
    """Against a count by hand over two years: the n-th sending day after an instant, at the
    midnight that begins it; holidays and weekends do not count."""
    calendar = Calendar(zone=ZoneInfo(zone), days=parse_days("mon-fri"), holidays=("DE",))
    chance = random.Random(zone)
    for _ in range(100):
        instant = MONDAY + timedelta(minutes=chance.randint(0, 365 * 24 * 60))
        count = chance.randint(1, 25)
        found = calendar.days_after(instant, count).astimezone(ZoneInfo(zone))
        day, seen = instant.astimezone(ZoneInfo(zone)).date(), 0
        while seen < count:
            day += timedelta(days=1)
            noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
            seen += calendar.is_open(noon)
        assert (found.date(), found.time().isoformat()) == (day, "00:00:00")
    assert calendar.days_after(MONDAY, 0) == MONDAY
