"""The summary of a workbook: its numbers, and charts of them that the spreadsheet program draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from runner.ledger.record import Status
from runner.result.facts import Day
from runner.result.style import COLOURS, Style

if TYPE_CHECKING:
    from openpyxl import Workbook

# Of a chart: the colour of what was sent, and of what is forecast.
_SENT: Final = "0072B2"
_FORECAST: Final = "A6CEE3"
# As many rows as a chart is high.
_CHART_ROWS: Final = 18
_STRONG: Final = {
    Status.SENT: _SENT,
    Status.WAITING: _FORECAST,
    Status.UNCERTAIN: "D98C00",
    Status.FAILED: "C44E00",
    Status.INVALID: "B04F8A",
    Status.SKIPPED: "9AA2A8",
}


def write_summary(
    book: Workbook, summary: Sequence[tuple[str, str]], days: Sequence[Day], style: Style
) -> None:
    """Write the summary's pairs; with `days`, also a chart of them, and one of the outcomes."""
    worksheet: Any = book.create_sheet("Summary")
    for letter, width in (("A", 28), ("B", 60), ("C", 12)):
        worksheet.column_dimensions[letter].width = width
    # On paper, all of it stands on one page.
    worksheet.page_setup.orientation = "landscape"
    worksheet.page_setup.fitToHeight = 1
    worksheet.sheet_properties.pageSetUpPr.fitToPage = True
    rows = 0
    for label, value in summary:
        is_number = value.isdigit() and len(value) < 10
        said = style.number(worksheet, int(value)) if is_number else style.text(worksheet, value)
        worksheet.append([style.text(worksheet, label), said])
        rows += 1
    if not days:
        return
    counts = dict(summary)
    outcomes = [
        (status, int(counts.get(status.value.capitalize(), "0")))
        for status in _STRONG
        if counts.get(status.value.capitalize(), "0") != "0"
    ]
    worksheet.append([])
    worksheet.append(style.header(worksheet, ("Day", "Sent", "Forecast")))
    first = rows + 2
    for day in days:
        worksheet.append([f"{day.begin:%Y-%m-%d}", day.sent or None, day.forecast or None])
    last = first + len(days)
    worksheet.append([])
    worksheet.append(style.header(worksheet, ("Status", "Rows")))
    for status, count in outcomes:
        worksheet.append([status.value, count])
    # Below the numbers: beside them they would cover texts that are wider than their column.
    below = last + len(outcomes) + 4
    forecast = any(day.forecast for day in days)
    worksheet.add_chart(_days(worksheet, first, last, forecast=forecast), f"A{below}")
    if outcomes:
        chart = _outcomes(worksheet, last + 2, [one for one, _ in outcomes])
        worksheet.add_chart(chart, f"A{below + _CHART_ROWS}")


def _days(worksheet: Any, first: int, last: int, *, forecast: bool) -> Any:
    """A chart of the messages per day; its numbers stand below the header in row `first`."""
    from openpyxl.chart import Reference

    chart = _bars("Messages per day", "col")
    chart.grouping, chart.overlap = "stacked", 100
    chart.add_data(
        Reference(worksheet, min_col=2, max_col=2 + forecast, min_row=first, max_row=last),
        titles_from_data=True,
    )
    chart.set_categories(Reference(worksheet, min_col=1, min_row=first + 1, max_row=last))
    for series, colour in zip(chart.series, (_SENT, _FORECAST), strict=False):
        series.graphicalProperties.solidFill = colour
    chart.legend.position = "b"
    return chart


def _outcomes(worksheet: Any, first: int, statuses: Sequence[Status]) -> Any:
    """A chart of how many rows have each status."""
    from openpyxl.chart import Reference
    from openpyxl.chart.marker import DataPoint

    chart = _bars("How the rows stand", "bar")
    last = first + len(statuses)
    chart.add_data(Reference(worksheet, min_col=2, min_row=first + 1, max_row=last))
    chart.set_categories(Reference(worksheet, min_col=1, min_row=first + 1, max_row=last))
    chart.legend = None
    for index, status in enumerate(statuses):
        point = DataPoint(idx=index)
        point.graphicalProperties.solidFill = _STRONG.get(status, COLOURS[status])
        chart.series[0].dPt.append(point)
    chart.x_axis.scaling.orientation = "maxMin"  # the first one stands at the top
    return chart


def _bars(title: str, kind: str) -> Any:
    from openpyxl.chart import BarChart
    from openpyxl.chart.axis import ChartLines
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.drawing.line import LineProperties

    chart = BarChart()
    chart.type, chart.title = kind, title
    chart.width, chart.height, chart.gapWidth = 22, 8.5, 40
    # Without a word on them, some programs draw no axes.
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.majorGridlines = None
    if kind == "col":
        line = LineProperties(solidFill="D9D9D9")
        chart.y_axis.majorGridlines = ChartLines(GraphicalProperties(ln=line))
    chart.y_axis.number_format = "0"
    chart.y_axis.scaling.min = 0  # else a program may begin where the smallest bar ends
    return chart
