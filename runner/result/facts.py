"""The facts of a campaign's report: what it shows, read from the ledger. Nobody is named in them,
unless names are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta, tzinfo
from itertools import chain, islice
from typing import Final

from runner.intake.suspicion import kind_of
from runner.ledger.ledger import Ledger
from runner.ledger.line import Wanted, lines
from runner.ledger.record import Status
from runner.ledger.standing import skipped_for
from runner.ledger.tally import Gone, gone
from runner.result.link import profile_link
from runner.result.rule import Held, held_back
from runner.result.summary import Summary

# A chart of more days than this shows weeks.
_MOST_DAYS: Final = 62
_WEEK: Final = timedelta(days=7)
# A page with more rows that need a person is one to be scrolled for ever.
_MOST_ROWS: Final = 200
# What needs a person, the most urgent first.
_NEXT: Final = {
    Status.UNCERTAIN: "look in LinkedIn whether it arrived, then campaign settle",
    Status.FAILED: "see the column error of the results; campaign retry sends it again",
    Status.INVALID: "correct the cell that the results name",
}


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or a week from that day on: the messages that went, and those that are forecast."""

    begin: date
    sent: int
    forecast: int


@dataclass(frozen=True, slots=True)
class Needy:
    """A row that needs a person: what became of it, and what to do. Name, link and reason are
    blank where nobody is to be named."""

    row: int
    status: str
    next: str
    name: str = ""
    link: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a report shows. `hours` has the messages of each hour of the day, in the
    campaign's zone. `typing_shown` counts those of `typing_told` whose indicator was seen."""

    summary: Summary
    days: tuple[Day, ...]
    by_week: bool
    hours: tuple[int, ...]
    messages: int
    typing_shown: int
    typing_told: int
    held: tuple[Held, ...]
    needy: tuple[Needy, ...]
    needy_count: int
    names: bool


def daily(ledger: Ledger, summary: Summary) -> tuple[tuple[Day, ...], bool]:
    """The days, or the weeks, on which messages went or are forecast; whether they are weeks."""
    with ledger.read() as connection:
        passed = gone(connection, summary.campaign.id)
        return days_of(passed, summary.days, summary.zone)


def gather(ledger: Ledger, summary: Summary, *, names: bool = False) -> Facts:
    """Read what a report shows; with `names`, who the people are that need a look."""
    campaign = summary.campaign
    with ledger.read() as connection:
        sent = tuple(gone(connection, campaign.id))
        skipped = skipped_for(connection, campaign.id)
    hours = [0] * 24
    for one in sent:
        hours[one.at.astimezone(summary.zone).hour] += one.sent
    days, by_week = days_of(sent, summary.days, summary.zone)
    return Facts(
        summary=summary,
        days=days,
        by_week=by_week,
        hours=tuple(hours),
        messages=sum(hours),
        typing_shown=sum(one.typing_shown for one in sent),
        typing_told=sum(one.typing_told for one in sent),
        held=tuple(held_back(skipped, plainly=not names)),
        needy=tuple(_needy(ledger, summary, names=names)),
        needy_count=sum(getattr(summary.totals, status) for status in _NEXT),
        names=names,
    )


def _needy(ledger: Ledger, summary: Summary, *, names: bool) -> Iterator[Needy]:
    """Give the first rows that need a person, the most urgent first."""
    called = [index for index, header in enumerate(summary.campaign.headers) if kind_of(header)]
    wanted = (
        Wanted(status, most=_MOST_ROWS) for status in _NEXT if getattr(summary.totals, status)
    )
    found_lines = chain.from_iterable(
        lines(ledger, summary.campaign.id, live=summary.live, wanted=one) for one in wanted
    )
    for line in islice(found_lines, _MOST_ROWS):
        found = Needy(line.number, line.status.value, _NEXT[line.status])
        if names:
            found = replace(
                found,
                name=" ".join(line.cells[index] for index in called).strip(),
                link=profile_link(line.person or line.identity) or "",
                reason=line.error or line.reason or "",
            )
        yield found


def days_of(
    passed: Iterable[Gone], ahead: Iterable[tuple[date, int]], zone: tzinfo
) -> tuple[tuple[Day, ...], bool]:
    """The days from the first to the last on which a message went or is forecast; weeks where they
    are many, which is told as well."""
    sent, forecast = Counter[date](), dict(ahead)
    for one in passed:
        sent[one.at.astimezone(zone).date()] += one.sent
    known = sent.keys() | forecast.keys()
    if not known:
        return (), False
    first, last = min(known), max(known)
    step = timedelta(days=1)
    by_week = (last - first).days >= _MOST_DAYS
    if by_week:
        first, step = first - timedelta(days=first.weekday()), _WEEK
    found = []
    begin = first
    while begin <= last:
        within = [begin + timedelta(days=n) for n in range(step.days)]
        found.append(
            Day(
                begin,
                sum(sent[day] for day in within),
                sum(forecast.get(day, 0) for day in within),
            )
        )
        begin += step
    return tuple(found), by_week
