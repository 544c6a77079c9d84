"""A rehearsal, in lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner import words
from runner.errors import ExitCode
from runner.show.answer import run_answer
from runner.show.console import Console
from runner.show.run import say_results, totals_text

if TYPE_CHECKING:
    from runner.rehearsal.rehearse import Day, Rehearsed

_ROWS_SHOWN: Final = 12


def tell_day(console: Console, day: Day) -> None:
    """One day that is over."""
    left = [f"{name or 'default'}: {left} of {limit} left" for name, left, limit in day.quota]
    console.tell(
        f"{day.day:%a %Y-%m-%d}: {day.sent} sent, {day.waiting} wait; quota {', '.join(left)}."
    )


def show_rehearsal(console: Console, rehearsed: Rehearsed) -> ExitCode:
    """Say how a rehearsal ended, with the results sheet's first lines, those not sent first."""
    report = rehearsed.report
    lines = sorted(rehearsed.lines, key=lambda line: line.status == "sent")
    shown = [
        (str(line.number), line.status.value, line.error or line.reason or "")
        for line in lines[:_ROWS_SHOWN]
    ]
    console.table(("row", "status", "reason or error"), shown)
    if len(lines) > len(shown):
        console.say(f"… and {len(lines) - len(shown)} more rows in the results.")
    for stop in rehearsed.stops:
        console.tell(f"Stopped on the way, {stop}")
    days = words.count(len(rehearsed.days), "sending day")
    totals = totals_text(report.summary.totals)
    console.say(f"Rehearsed: {totals}, over {days}. Nothing was really sent.")
    if (found := report.summary.delivered - report.sent) > 0:
        console.say(
            f"{words.count(found, 'message')} more than on the days above: no clear answer came, "
            "and a later look found them in their conversations."
        )
    accepted = words.count(len(rehearsed.receipts), "message")
    people = {(receipt.account, receipt.recipient) for receipt in rehearsed.receipts}
    console.say(
        f"The simulated endpoint accepted {accepted}, to {len(people)} different recipients."
    )
    if report.summary.replied:
        console.say(f"Answered: {report.summary.replied}; the results hold what they wrote.")
    if report.results is not None:
        say_results(console, report.results)
    console.answer(run_answer(report))
    return report.exit_code
