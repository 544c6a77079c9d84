"""A run, in lines and as JSON: its plan, its progress, its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from runner import words
from runner.errors import ExitCode
from runner.result.link import profile_link
from runner.result.told import in_doubt
from runner.sending.pace import calendar_of, pace_of
from runner.show.answer import plan_answer, run_answer
from runner.show.console import Console
from runner.show.problem import alike, grouped
from runner.show.progress import Goal, Progress

if TYPE_CHECKING:
    from runner.action.plan import Plan
    from runner.action.run import Report
    from runner.ledger.change import TakenIn
    from runner.ledger.record import Totals
    from runner.result.place import Written
    from runner.result.summary import Summary
    from runner.sending.event import Event

# As many as a sentence names.
_LINKED: Final = 5
_TERMS: Final = (
    "Automated messaging can breach LinkedIn's terms and get an account restricted; pacing cannot "
    "prevent that."
)


class RunScreen:
    """Shows one run from its plan to its end, and asks whether to send.

    An `unattended` run that came as far as it could today says nothing. `yes` asks nothing; `most`
    is the run's own bound; one that is to `stay` goes on for days.
    """

    def __init__(
        self,
        console: Console,
        *,
        yes: bool,
        unattended: bool,
        most: int | None = None,
        stay: bool = False,
    ) -> None:
        self._console = console
        self._asks = not (yes or unattended)
        self._unattended = unattended
        self._most = most
        self._stay = stay
        self._doubt: list[str] = []
        self._progress: Progress | None = None

    def agree(self, plan: Plan) -> bool:
        """Show the plan, and ask a person to agree to it."""
        if not self._unattended:
            show_plan(self._console, plan, self._most)
            self._doubt = in_doubt(plan.summary)
        waiting = plan.summary.totals.waiting
        if waiting and self._asks and self._console.can_ask and (later := _not_today(plan)):
            self._console.tell(later)
        elif (
            waiting and self._asks and not self._console.ask("Send?", otherwise="nothing was sent")
        ):
            return False
        if not self._unattended:
            goal = _goal(plan.summary, self._most, stay=self._stay)
            self._progress = Progress(goal, self._console.tell)
        return True

    def see(self, event: Event) -> None:
        """Show an event."""
        if self._progress is not None:
            self._progress.event(event)

    def end(self, report: Report) -> ExitCode:
        """Show how the run ended."""
        if self._progress is not None:
            self._progress.close()
        console, summary = self._console, report.summary
        if not (console.can_ask and in_doubt(summary) == self._doubt):  # seen before the first one
            say_in_doubt(summary, console.say)
        is_well = report.exit_code in (ExitCode.DONE, ExitCode.PAUSED)
        if not (self._unattended and is_well):
            _say_end(console, report)
        console.answer(run_answer(report))
        return report.exit_code


def _goal(summary: Summary, most: int | None, *, stay: bool) -> Goal:
    """What a run is to reach today, and in all."""
    totals, zone = summary.totals, summary.zone
    most = most or totals.waiting
    today = dict(summary.days).get(summary.at.astimezone(zone).date(), 0)
    until = _end_of_today(summary, most) if today else None
    return Goal(
        min(today or most, most),
        totals.rows,
        totals.rows - totals.waiting,
        until,
        zone,
        accounts=len(summary.accounts),
        last=summary.finish if stay and len(summary.days) > 1 and most >= totals.waiting else "",
    )


def _end_of_today(summary: Summary, most: int) -> datetime | None:
    """When the messages of today will have gone: at the end of the hours over which they are
    spread, or one shortest gap after another."""
    first, settings = summary.next_send_at, summary.campaign.settings
    if first is None:
        return None
    if not settings.now:
        return calendar_of(settings).span(first)[1]
    gap = pace_of(settings).gap
    windows = (window for account in summary.accounts for window in account.windows[:1])
    return max((start + min(count, most) * gap for start, count in windows), default=None)


def _not_today(plan: Plan) -> str | None:
    """Say when the first message may go, where none can go today."""
    summary = plan.summary
    resume = words.command("resume", words.argument(summary.campaign.name))
    if summary.paused_at is not None:
        return f"Nothing goes, for the campaign is paused: {resume}"
    first, today = summary.next_send_at, summary.at.astimezone(summary.zone).date()
    if first is None or first.astimezone(summary.zone).date() == today:
        return None
    return (
        f"Nothing can go today; the first message at {clock(first, summary)}. --wait stays until "
        "then, and --now sends without the calendar."
    )


def _say_end(console: Console, report: Report) -> None:
    summary = report.summary
    console.say(f"Sent in this run: {report.sent}. The campaign: {totals_text(summary.totals)}.")
    say_needs_a_person(console, summary)
    if report.stop:
        console.say(f"Stopped: {report.stop.reason}")
        console.say(f"  Next: {report.stop.remedy}")
    elif summary.totals.waiting:
        console.say(f"Paused: {report.pause or 'rows wait'}.")
        first = summary.next_send_at
        when = ""
        if first and first > summary.at:
            when = f" at {clock(first, summary)}, or later"
        resume = words.command("resume", words.argument(summary.campaign.name))
        first_step = f"{resume}, then " if summary.paused_at else ""
        console.say(f"  Next: {first_step}run the same command again{when}.")
    if report.results is not None:
        say_results(console, report.results)
    if report.page:
        say_results(console, report.page, "Report")


def show_only_plan(console: Console, plan: Plan) -> ExitCode:
    """The plan alone, as the answer of a command; nothing is sent."""
    show_plan(console, plan, tell=console.say)
    console.say("Nothing was sent: campaign run does it.")
    console.answer(plan_answer(plan))
    return ExitCode.DONE


def show_plan(
    console: Console,
    plan: Plan,
    most: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Tell a person what a run, of at most `most` messages, is about to do; on stderr."""
    tell = tell or console.tell
    summary = plan.summary
    counts = summary.totals
    say_in_doubt(summary, tell)
    for notice in plan.notices:
        tell(f"Note: {notice}")
    uncertain, _ = plan.recovered
    if uncertain:
        tell(
            f"Note: an earlier run ended in the middle of {words.count(uncertain, 'message')}; see "
            "`campaign status`."
        )
    rows = words.count(counts.rows, "row")
    tell(f"Campaign {summary.campaign.name}: {rows}; {totals_text(counts)}.")
    _tell_changes(tell, plan.taken_in)
    for group in grouped(plan.intake.findings.problems if plan.intake else ()):
        tell(f"  {alike(group)}")
    for view in summary.accounts:
        left = f"{view.remaining} of {view.limit} left until {clock(view.reset_at, summary)}"
        tell(f"Account {view.name}: {left}{foreign_text(view.foreign)}.")
    if not counts.waiting:
        tell("Nothing waits to be sent.")
        return
    _tell_forecast(tell, summary, most)
    tell(_TERMS)


def _tell_changes(tell: Callable[[str], None], taken: TakenIn) -> None:
    """Tell what is other in the sheet than when it was last read."""
    changed = taken.added or taken.rewritten or taken.vanished or taken.outdated
    if not (taken.again and changed):
        return
    new, rewritten = _rows(taken.added, "new"), _rows(taken.rewritten, "changed")
    tell(f"Since the sheet was last read: {new}, {rewritten}, {taken.vanished} vanished.")
    if taken.outdated:
        tell(
            f"  {_rows(taken.outdated, 'changed after sending')}: who has the earlier text does "
            "not get the new one."
        )


def _tell_forecast(tell: Callable[[str], None], summary: Summary, most: int | None) -> None:
    first, days = summary.next_send_at, summary.days
    this_day = summary.at.astimezone(summary.zone).date()
    today = dict(days).get(this_day, 0)
    bound = f" (at most {most} in this run)" if most is not None else ""
    counted, all_of_them = sum(count for _, count in days), summary.totals.waiting
    over = f"{all_of_them} in all"
    if counted < all_of_them:
        over = f"{counted} of {all_of_them}"
    if summary.steps:
        over = f"{counted} with those that follow, if nobody answers,"
    if days:
        over += f" over {words.count(len(days), 'day')}"
    tell(f"Plan: {today} today{bound}, {over}, {summary.finish}.")
    if first is not None:
        when = "now" if first <= summary.at else clock(first, summary)
        tell(f"First message: {when}.")


def say_results(console: Console, written: Written, what: str = "Results") -> None:
    """Say where the results, or a report, are."""
    if written.instead_of:
        console.say(f"{written.instead_of.name} {written.reason}; it stays as it is.")
    if written.note:
        console.say(written.note)
    console.say(f"{what}: {written.path}")


def say_in_doubt(summary: Summary, speak: Callable[[str], None]) -> None:
    """Uncertain rows, before anything else is said."""
    for sentence in in_doubt(summary):
        speak(sentence)
    for row in summary.uncertain[:_LINKED]:
        if row.person:
            speak(f"  {row}: {profile_link(row.person)}")


def say_needs_a_person(console: Console, summary: Summary) -> None:
    """Rows that a person has to look at."""
    bad = summary.totals.failed + summary.totals.invalid
    if bad:
        console.say(
            f"Failed or invalid: {bad}; the results say why, in the columns reason and error."
        )


def foreign_text(count: int) -> str:
    """The use of an account by others, as the end of a sentence."""
    return f"; {count} more went through ConnectSafely today" if count else ""


def totals_text(counts: Totals) -> str:
    """`1 uncertain, 3 sent, 20 waiting`."""
    names = ("uncertain", "sent", "waiting", "failed", "invalid", "skipped")
    named = [f"{getattr(counts, name)} {name}" for name in names if getattr(counts, name)]
    return ", ".join(named) or "no rows"


def clock(instant: datetime, summary: Summary) -> str:
    """An instant on the clocks of the campaign's zone."""
    return words.clock(instant, summary.zone)


def _rows(numbers: Sequence[int], what: str) -> str:
    """`3 new (rows 5, 8, 9)`."""
    listed = f" ({words.rows(numbers)})" if numbers else ""
    return f"{len(numbers)} {what}{listed}"
