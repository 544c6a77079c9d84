"""The summary of a workbook: its numbers, and charts of them that the spreadsheet program draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from runner.ledger.record import Status
from runner.result.facts import Day

if TYPE_CHECKING:
    from xlsxwriter.chart import Chart

    from runner.result.book import Book, Tab

# Of a chart: the colour of what was sent, and of what is forecast.
_SENT: Final = "#0072B2"
_FORECAST: Final = "#A6CEE3"
_TITLE: Final = "Summary"
_GRID: Final = "#D9D9D9"
_SIZE: Final = {"width": 640, "height": 321}  # in pixels
# The column of the charts, and how many characters of a text stand to the left of it.
_BESIDE: Final = 4
_WIDEST: Final = 56
# As many rows as a chart is high.
_CHART_ROWS: Final = 18
# As many columns as it is wide.
_CHART_COLUMNS: Final = 10
_STRONG: Final = {
    Status.SENT: _SENT,
    Status.WAITING: _FORECAST,
    Status.UNCERTAIN: "#D98C00",
    Status.FAILED: "#C44E00",
    Status.INVALID: "#B04F8A",
    Status.SKIPPED: "#9AA2A8",
}


def write_summary(book: Book, summary: Sequence[tuple[str, str]], days: Sequence[Day]) -> None:
    """Write the summary's pairs; with `days`, also a chart of them, and one of the outcomes."""
    tab = book.tab(_TITLE, (28, 46, 10, 2))
    # On paper, all of it stands on one page.
    tab.set_landscape()
    tab.fit_to_pages(1, 1)
    row = 0
    for label, value in summary:
        is_number = value.isdigit() and len(value) < 10
        book.row(tab, row, [label, "" if is_number else value])
        if is_number:
            _numbers(book, tab, row, int(value))
        row += 1
    if not days:
        return
    counts = dict(summary)
    outcomes = [
        (status, int(counts.get(status.value.capitalize(), "0")))
        for status in _STRONG
        if counts.get(status.value.capitalize(), "0") != "0"
    ]
    first = row + 1
    book.header(tab, first, ("Day", "Sent", "Forecast"))
    for row, day in enumerate(days, start=first + 1):
        book.row(tab, row, [f"{day.begin:%Y-%m-%d}"])
        _numbers(book, tab, row, day.sent, day.forecast)
    last = first + len(days)
    book.header(tab, last + 2, ("Status", "Rows"))
    for row, (status, count) in enumerate(outcomes, start=last + 3):
        book.row(tab, row, [status.value])
        _numbers(book, tab, row, count)
    # Beside the numbers, where they are seen at once, but below texts that reach as far.
    wide = [row for row, (_, value) in enumerate(summary) if len(value) > _WIDEST]
    top = max(wide, default=-1) + 1
    has_forecast = any(day.forecast for day in days)
    tab.insert_chart(top, _BESIDE, _days(book, first, last, has_forecast=has_forecast))
    if outcomes:
        chart = _outcomes(book, last + 3, [status for status, _ in outcomes])
        tab.insert_chart(top + _CHART_ROWS, _BESIDE, chart)
    tab.print_area(0, 0, max(row, top + 2 * _CHART_ROWS), _BESIDE + _CHART_COLUMNS)


def _numbers(book: Book, tab: Tab, row: int, *numbers: int) -> None:
    """Write numbers from the second column on, where texts stand in it: at the left."""
    for column, number in enumerate(numbers, start=1):
        if number or len(numbers) == 1:
            tab.write_number(row, column, number, book.format(left=True))


def _days(book: Book, first: int, last: int, *, has_forecast: bool) -> Chart:
    """A chart of the messages per day; its numbers stand below the header in row `first`."""
    chart = _bars(book, "Messages per day", "column")
    for column, colour in ((1, _SENT), (2, _FORECAST))[: 1 + has_forecast]:
        chart.add_series(
            {
                "name": [_TITLE, first, column],
                "categories": [_TITLE, first + 1, 0, last, 0],
                "values": [_TITLE, first + 1, column, last, column],
                "fill": {"color": colour},
                "gap": 40,
            }
        )
    grid = {"visible": True, "line": {"color": _GRID}}
    chart.set_y_axis({"num_format": "0", "min": 0, "major_gridlines": grid})
    chart.set_legend({"position": "bottom"})
    return chart


def _outcomes(book: Book, first: int, statuses: Sequence[Status]) -> Chart:
    """A chart of how many rows have each status, from the row `first` on."""
    chart = _bars(book, "How the rows stand", "bar")
    last = first + len(statuses) - 1
    chart.add_series(
        {
            "categories": [_TITLE, first, 0, last, 0],
            "values": [_TITLE, first, 1, last, 1],
            "points": [{"fill": {"color": _STRONG[status]}} for status in statuses],
            "gap": 40,
        }
    )
    chart.set_y_axis({"reverse": True})  # the first one stands at the top
    chart.set_x_axis({"num_format": "0", "min": 0, "major_gridlines": {"visible": False}})
    chart.set_legend({"none": True})
    return chart


def _bars(book: Book, title: str, kind: str) -> Chart:
    chart = book.chart(kind, "stacked" if kind == "column" else None)
    chart.set_title({"name": title})
    chart.set_size(_SIZE)
    return chart
