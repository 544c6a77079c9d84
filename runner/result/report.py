"""The report: a campaign as one page that can be passed on, with its charts and their numbers.

The page is one file: no script, no font and no picture from elsewhere. Nobody is named on it,
unless names are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from runner import __version__, words
from runner.ledger.record import Status
from runner.ledger.setting import Stored
from runner.result.chart import STYLE, Series, bars, lying
from runner.result.facts import Day, Facts
from runner.result.place import Written, check_path, put
from runner.result.summary import Summary
from runner.result.told import tally_text

if TYPE_CHECKING:
    from jinja2 import Template

ENDING: Final = ".html"
# By this a report is known, near its beginning.
_MARK: Final = b'<meta name="generator" content="Campaign Runner">'
_BEGINNING: Final = 1_000
_FEWEST_DAYS: Final = 10
# The outcomes that are shown, in this order.
OUTCOMES: Final = (
    Status.SENT,
    Status.WAITING,
    Status.UNCERTAIN,
    Status.FAILED,
    Status.INVALID,
    Status.SKIPPED,
)


def default_place(results: Path) -> Path:
    """The place of a report beside the results: `people.results.csv` → `people.report.html`."""
    return results.with_name(f"{results.stem.removesuffix('.results')}.report{ENDING}")


def check_place(path: Path, sheet: Path) -> None:
    """Refuse a place that a report cannot go to. Raises UsageError, StorageError."""
    check_path(path, sheet, ending=ENDING, what="report")


def write_report(facts: Facts, path: Path) -> Written:
    """Write the page, for its owner only; a file that is no report stays, and the page goes beside
    it. Raises StorageError."""

    def fill(file: IO[bytes]) -> None:
        file.write(page(facts).encode())

    return put(path, fill, _is_report, "is no report of this program")


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return _MARK in file.read(_BEGINNING)


def page(facts: Facts) -> str:
    """The report as HTML."""
    summary = facts.summary
    return _template().render(
        facts=facts,
        summary=summary,
        totals=summary.totals,
        at=words.clock(summary.at, summary.zone),
        version=__version__,
        headline=_headline(summary),
        tiles=_tiles(facts),
        charts=_charts(facts),
        chart_style=STYLE.read_text(encoding="utf-8"),
        has_limit=_drawn_limit(facts.days, summary.limit, by_week=facts.by_week) is not None,
        steps={step: tally_text(tally) for step, tally in summary.steps.items()},
        settings=_settings(summary),
        outcomes=[(status.value, getattr(summary.totals, status.value)) for status in OUTCOMES],
        share=_share,
        hours=[(hour, count) for hour, count in enumerate(facts.hours) if count],
        clock=lambda instant: words.clock(instant, summary.zone),
        day_name="Week of" if facts.by_week else "Day",
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = "{:,}".format
    source = Path(__file__).with_name("report.html").read_text(encoding="utf-8")
    return environment.from_string(source)


def _headline(summary: Summary) -> str:
    """Where the campaign stands, in a sentence."""
    counts = summary.totals
    if not counts.rows:
        return "There is nobody on the list."
    if summary.paused_at is not None:
        end = "It is paused."
    elif counts.waiting:
        wait = "waits" if counts.waiting == 1 else "wait"
        end = f"{words.people(counts.waiting)} {wait}; {summary.finish}."
    else:
        end = "Nobody waits any more."
    reached = _reached(summary)
    which = "the first message" if summary.steps else "the message"
    if reached:
        said = f"{words.people(reached)} {'has' if reached == 1 else 'have'} {which}"
    else:
        said = f"Nobody has {which} yet"
    return f"{said}, of a list of {words.count(counts.rows, 'row')}. {end}"


def _reached(summary: Summary) -> int:
    """How many people certainly have a message."""
    return summary.steps[1].sent if 1 in summary.steps else summary.totals.sent


def _tiles(facts: Facts) -> list[tuple[str, str, str, str]]:
    """The key figures: a number, what it counts, a remark, the name of its colour."""
    summary, counts = facts.summary, facts.summary.totals
    reached = _reached(summary)
    share = f"{_share(summary.replied, reached)} of {reached}" if reached else ""
    finish = summary.finish if counts.waiting and summary.paused_at is None else ""
    needy = counts.uncertain + counts.failed + counts.invalid
    tiles = [
        (
            f"{facts.messages:,}",
            "messages sent",
            f"to {words.people(reached)}" if reached else "",
            "sent",
        ),
        (f"{summary.replied:,}", "answered", share, "replied"),
        (f"{counts.waiting:,}", "waiting", finish, "waiting"),
        (f"{needy:,}", "need a person", "" if needy else "nothing to do", "failed"),
        (f"{counts.skipped:,}", "skipped", "on purpose", "skipped"),
    ]
    return [tile for tile in tiles if tile[1] != "skipped" or counts.skipped]


def _drawn_limit(days: Sequence[Day], limit: int, *, by_week: bool) -> int | None:
    """The quota of a day as the chart shows it: one that is far off would press the bars flat."""
    if by_week or not days:
        return None
    highest = max(day.sent + day.forecast for day in days)
    return limit if limit and limit <= 4 * highest else None


def days_chart(days: Sequence[Day], limit: int, *, by_week: bool, narrow: bool = False) -> str:
    """The messages of each day, or week, sent and forecast, with the quota of a day as a `limit`;
    blank without any. A `narrow` chart stands beside another part of a page."""
    if not days:
        return ""
    if not by_week:  # a bar of a few days would fill the page
        rest = range(1, _FEWEST_DAYS + 1 - len(days))
        days = [*days, *(Day(days[-1].begin + timedelta(days=more), 0, 0) for more in rest)]
    # Over a turn of the year, a day and a month alone could stand for two.
    years = {day.begin.year for day in days}
    form = "%d %b %Y" if by_week and len(years) > 1 else "%d %b"
    labels = [day.begin.strftime(form) for day in days]
    series = []
    if any(day.sent for day in days) or not any(day.forecast for day in days):
        series.append(Series("sent", "sent", [day.sent for day in days]))
    if any(day.forecast for day in days):
        series.append(Series("forecast", "forecast", [day.forecast for day in days]))
    title = f"Messages per {'week' if by_week else 'day'}, sent and forecast"
    drawn = _drawn_limit(days, limit, by_week=by_week)
    return bars(title, labels, series, limit=drawn, narrow=narrow)


def _charts(facts: Facts) -> dict[str, str]:
    """The charts by name; none where there is nothing to draw."""
    summary, charts = facts.summary, {}
    if facts.days:
        charts["days"] = days_chart(facts.days, summary.limit, by_week=facts.by_week)
    if facts.messages:
        labels = [f"{hour:02}" for hour in range(24)]
        charts["hours"] = bars(
            "Messages by the hour of the day",
            labels,
            [Series("sent", "sent", facts.hours)],
            narrow=True,
        )
    if summary.totals.rows:
        parts = [
            Series(status.value, status.value, [getattr(summary.totals, status.value)])
            for status in OUTCOMES
            if getattr(summary.totals, status.value)
        ]
        charts["outcomes"] = lying("How the rows stand", ["rows"], parts)
    views = [view for view in summary.accounts if view.limit]
    if views:
        charts["accounts"] = lying(
            "Each account's messages in its quota's window",
            [view.name for view in views],
            [
                Series("used", "sent", [view.used for view in views]),
                Series("left", "forecast", [view.remaining for view in views]),
            ],
            narrow=True,
        )
    return charts


def _share(part: int, whole: int) -> str:
    """Write a part as a percentage, which is nothing only where there is none, and all only where
    it is the whole."""
    if not whole:
        return ""
    if 0 < 200 * part < whole:
        return "< 1 %"
    if 0 < 200 * (whole - part) < whole:
        return "> 99 %"
    return f"{part / whole:.0%}".replace("%", " %")


def _by_list(summary: Summary) -> str:
    """The accounts that no setting names, but the list's rows."""
    named = [view.account for view in summary.accounts if view.account]
    return f"as the list says: {words.some(named)}" if named else "the key's default"


def _settings(summary: Summary) -> list[tuple[str, Any]]:
    """What the campaign was last run with, in words; nothing of the computer it was run on."""
    stored = summary.campaign.settings
    said = [
        ("List", Path(stored.sheet).name),
        ("Accounts", ", ".join(stored.accounts) or _by_list(summary)),
        ("Time zone", str(summary.zone)),
        ("Sending hours", _hours(stored, summary.zone)),
        ("At most a day", stored.daily_limit or stored.ramp or "the quota"),
        ("Left to others", stored.reserve or ""),
        ("Seconds between messages", f"{30 if stored.min_gap is None else stored.min_gap:g}"),
        ("Days between a person's messages", stored.min_days),
        ("Follows", stored.after or ""),
        ("Messages that follow, after days", ", ".join(map(str, stored.steps))),
        ("Looks before messages", "yes" if stored.looks else "no"),
    ]
    return [(name, value) for name, value in said if value != ""]


def _hours(stored: Stored, zone: tzinfo) -> str:
    if stored.now:
        return "at any time"
    hours, days = stored.hours or "09:00-17:00", stored.days or "mon-fri"
    holidays = f", but holidays of {stored.holidays}" if stored.holidays else ""
    return f"{days} {hours}, {zone}{holidays}"
