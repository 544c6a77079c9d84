"""What the cells of a workbook are beyond their texts comes back in the results: numbers with their
formats, truth values, dates, links."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import from_excel

from runner.action.run import Report
from runner.campaign.campaign import Campaign, load
from runner.intake.reader.figure import figure_of
from runner.intake.reader.workbook import open_workbook
from runner.intake.sheet import Reading
from runner.intake.table import read
from runner.ledger.erasure import forget
from tests.world import World

HEADER = ("First Name", "recipientProfileId", "Deal", "Since", "Note")
Value = str | int | float | bool | date | datetime | time | timedelta | None


@dataclass
class Office(World):
    """A campaign whose list is a workbook; `cells` are (value, format, link) of further columns."""

    sheet: str = "people.xlsx"
    cells: list[list[tuple[Value, str | None, str | None]]] = field(default_factory=list)

    def campaign(self, **options: Any) -> Campaign:
        book = Workbook()
        book.active.append(HEADER)
        for number, (person, cells) in enumerate(
            zip(self.people, self.cells, strict=True), start=2
        ):
            book.active.append(person)
            for column, (value, code, link) in enumerate(cells, start=len(person) + 1):
                cell = book.active.cell(number, column, value)
                if code is not None:
                    cell.number_format = code
                if link is not None:
                    cell.hyperlink = link
        book.save(self.path)
        template = self.folder / "hello.j2"
        template.write_text("Hi {{ first_name }}", encoding="utf-8")
        return load(self.path, {"template": template, "time_zone": "UTC", **options})

    def check(self, report: Report) -> None:
        assert report.summary.totals.sent == len(self.people)


def office(folder: Path, cells: list[list[tuple[Value, str | None, str | None]]]) -> Office:
    people: list[tuple[str, ...]] = [(f"Jo{n}", f"person-{n}") for n in range(len(cells))]
    return Office(folder, people, cells=cells)


def found(path: Path, name: str, row: int) -> list[tuple[Any, str, str | None]]:
    """What a row of a workbook holds in the further columns."""
    cells = load_workbook(path)[name][row][2 : len(HEADER)]
    return [
        (cell.value, cell.number_format, cell.hyperlink.target if cell.hyperlink else None)
        for cell in cells
    ]


CELLS: list[list[tuple[Value, str | None, str | None]]] = [
    [
        (1250.5, '#,##0.00\\ "€"', None),
        (date(2026, 5, 12), "dddd, d. mmmm yyyy", None),
        ("see", None, "https://x.example/a"),
    ],
    [
        (7, "000", "mailto:jo@x.example"),
        (datetime(2026, 5, 12, 9, 30), "mm-dd-yy", None),  # noqa: DTZ001 - a workbook's times have no zone
        (True, None, None),
    ],
    [
        (0.125, "0.0%", None),
        (time(9, 5), "h:mm", None),
        ("+1", None, "file:///etc/passwd"),
    ],
    [
        (-3, None, None),
        (timedelta(hours=30), "[h]:mm:ss", None),
        ("12", "@", "javascript:alert(1)"),
    ],
]


def test_numbers_formats_and_links_come_back(tmp_path: Path) -> None:
    """A number is a number again, shown as the list shows it; a link that leads to a page or a mail
    is one again, and no other is."""
    world = office(tmp_path, CELLS)
    report = world.run(now=True, min_gap=0)
    assert report.results is not None
    path = report.results.path
    for row in range(2, 6):
        mine = found(world.path, "Sheet", row)
        theirs = found(path, "Results", row)
        for (value, code, link), back in zip(mine, theirs, strict=True):
            safe = link if link and link.startswith(("https:", "mailto:")) else None
            if isinstance(value, str):
                assert back[0] == value
                assert back[2] == safe
            else:
                assert back == (value, code, safe)
    # No number is wider than its column, which would show as signs: "Tuesday, 12. May 2026".
    widths = load_workbook(path)["Results"].column_dimensions
    assert widths["D"].width > len("Wednesday, 30. September 2026")


def test_a_results_workbook_is_read_as_its_list_is(tmp_path: Path) -> None:
    """Texts, and what cells show, are the same in a list and in its results."""
    world = office(tmp_path, CELLS)
    report = world.run(now=True, min_gap=0)
    assert report.results is not None
    mine = list(read(world.path).rows())
    theirs = list(read(report.results.path, Reading("Results")).rows())
    for one, other in zip(mine, theirs, strict=True):
        assert one.cells == other.cells[: len(HEADER)]
        assert one.figures == [figure for figure in other.figures if figure.column < len(HEADER)]
        assert one.shown == [shown for shown in other.shown if shown.column < len(HEADER)]


def test_a_forgotten_person_leaves_no_number_and_no_link(tmp_path: Path) -> None:
    world = office(tmp_path, CELLS[:2])
    world.run(now=True, min_gap=0)
    ledger = world.ledger()
    forget(ledger, [("person-0",)], world.clock.now())
    ledger.close()
    lines = {line.number: line for line in world.lines()}
    assert not lines[2].kinds
    assert lines[3].kinds


finite = some.floats(allow_nan=False, allow_infinity=False, width=64)
days = some.datetimes(datetime(1900, 3, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 - a workbook's times have no zone
    lambda at: at.replace(microsecond=0)
)
codes = some.sampled_from(["General", "0.00", "#,##0", "0%", '"about "0'])


@given(some.lists(some.tuples(finite | some.integers(-(10**14), 10**14), codes), min_size=1))
def test_any_number_is_read_exactly(cells: list[tuple[float, str]]) -> None:
    """Every number that a workbook holds exactly is known as it is; none harms the reading."""
    book, file = Workbook(), io.BytesIO()
    book.active.append(["profile", "n"])
    for index, (number, code) in enumerate(cells, start=2):
        book.active.append([f"person-{index}", number])
        book.active.cell(index, 2).number_format = code
    book.save(file)
    stored = [cell.value for cell in islice(load_workbook(file).active["B"], 1, None)]
    rows = islice(open_workbook(file.getvalue(), "xlsx", None, "numbers.xlsx").rows, 1, None)
    for row, number, (_, code) in zip(rows, stored, cells, strict=True):
        if abs(number) < 1e15:
            assert [(one.value, one.code) for one in row.figures] == [(number, code)]
        else:
            assert not row.figures


@given(days)
def test_any_date_is_the_day_that_a_workbook_counts(at: datetime) -> None:
    figure = figure_of(0, at)
    assert figure is not None
    assert abs(from_excel(figure.value) - at) < timedelta(milliseconds=1)
