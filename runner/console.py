"""The renderer: the only module that prints. Results to stdout, as text or as one JSON object; all else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner.errors import CampaignError, ExitCode, InterruptedRunError

if TYPE_CHECKING:
    from tqdm import tqdm

    from runner.doctor.finding import Finding
    from runner.intake.entry import Entry, Problem
    from runner.ledger.person import Suppression
    from runner.ledger.record import CampaignRecord, Totals
    from runner.rehearsal.rehearse import Day, Rehearsed
    from runner.results.place import Written
    from runner.results.summary import Summary
    from runner.run import Intake, Plan, Report
    from runner.sending.lane import Event

_PLACES_SHOWN: Final = 5
_TERMS: Final = "Automated messaging can breach LinkedIn's terms and get an account restricted; pacing cannot prevent that."


class Console:
    """Speaks for one command. With `as_json`, stdout carries exactly one JSON object, at the end. An `unattended` run that came
    as far as it could today says nothing else."""

    def __init__(self, *, as_json: bool = False, unattended: bool = False) -> None:
        self.as_json = as_json
        self._unattended = unattended
        self._progress: _Progress | None = None

    def say(self, text: str = "") -> None:
        """A line of the answer, on stdout; nothing with `as_json`."""
        if not self.as_json:
            print(text)  # noqa: T201

    def tell(self, text: str) -> None:
        """A line beside the answer, on stderr."""
        print(text, file=sys.stderr)  # noqa: T201

    def answer(self, answer: Mapping[str, Any]) -> None:
        """The JSON object; nothing without `as_json`."""
        if self.as_json:
            print(json.dumps(answer))  # noqa: T201

    def ask(self, question: str) -> bool:
        """Ask a person at the terminal; only a clear yes counts."""
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def error(self, error: CampaignError) -> None:
        """An error as what, where and what to do next."""
        self.tell(error.what if isinstance(error, InterruptedRunError) else f"Error: {error.what}")
        if error.where:
            self.tell(f"  Where: {error.where}")
        if error.remedy:
            self.tell(f"  Next:  {error.remedy}")
        self.answer(failure(error))

    # --- check and preview

    def check(self, intake: Intake, exit_code: ExitCode, problems_sheet: Path | None = None) -> None:
        """Every problem, grouped, with the first few places of each."""
        table, found = intake.checked.table, intake.findings
        for problem in intake.blocking:
            self.say(f"Stops the campaign: {problem.text}.")
            if problem.remedy:
                self.say(f"  Next: {problem.remedy}")
        rows = _count(found.rows, "row")
        self.say(f"{table.place}: {rows}; {found.ready} ready, {len(found.skipped)} skipped, {found.invalid} invalid.")
        for notice in intake.notices:
            self.say(notice)
        if found.skipped:
            self.say(f"Skipped: {_some([f'row {number} ({reason})' for number, reason in found.skipped])}")
        for group in _grouped(found.problems):
            word = "Invalid" if group[0].severity == "error" else "Warning"
            self.say(f"{word}, {group[0].code}, {_count(len(group), 'place')}:")
            for problem in group[:_PLACES_SHOWN]:
                self.say(f"  {problem}")
            if len(group) > _PLACES_SHOWN:
                self.say(f"  … and {len(group) - _PLACES_SHOWN} more")
        if not found.rows:
            self.say("The sheet has a header row but no people.")
        elif not found.problems and not intake.blocking:
            self.say("No problems.")
        if problems_sheet:
            self.say(f"Problems: {problems_sheet}")
        self.answer(
            {
                "sheet": str(table.path),
                "rows": found.rows,
                "ready": found.ready,
                "skipped": len(found.skipped),
                "invalid": found.invalid,
                "notices": list(intake.notices),
                "problems": [_problem(problem) for problem in (*intake.blocking, *found.problems)],
                "problemsSheet": str(problems_sheet) if problems_sheet else None,
                "exitCode": int(exit_code),
            }
        )

    def preview(self, entries: Sequence[Entry], total: int) -> None:
        """Rendered messages, as they would go out."""
        shown = []
        for entry in entries:
            message = entry.message
            if message is None:
                self.say(f"--- Row {entry.row.number}: not sent, {entry.reason}")
                shown.append({"row": entry.row.number, "message": None, "reason": entry.reason})
                continue
            inmail = " as InMail" if message.message_type == "inmail" else ""
            account = f" from {message.account}" if message.account else ""
            self.say(f"--- Row {entry.row.number} to {message.recipient.identity}{account}{inmail}")
            if message.subject:
                self.say(f"Subject: {message.subject}\n")
            self.say(message.text)
            shown.append(
                {
                    "row": entry.row.number,
                    "recipient": message.recipient.identity,
                    "messageType": message.message_type,
                    "subject": message.subject,
                    "message": message.text,
                }
            )
        if len(entries) < total:
            self.say(f"--- {len(entries)} of {total} rows; -n NUMBER shows more, --row ROW one.")
        self.answer({"messages": shown, "rows": total, "exitCode": 0})

    # --- run

    def plan(self, plan: Plan, most: int | None = None) -> None:
        """What a run, of at most `most` messages, is about to do; to stderr, for a person to agree to."""
        if self._unattended:
            return
        summary, taken = plan.summary, plan.taken_in
        counts = summary.totals
        for notice in plan.notices:
            self.tell(f"Note: {notice}")
        uncertain, _ = plan.recovered
        if uncertain:
            self.tell(f"Note: an earlier run ended in the middle of {_count(uncertain, 'message')}; see `campaign status`.")
        self.tell(f"Campaign {summary.campaign.name}: {_count(counts.rows, 'row')}; {_totals(counts)}.")
        if taken.again and (taken.added or taken.rewritten or taken.vanished or taken.outdated):
            changes = [_rows(taken.added, "new"), _rows(taken.rewritten, "changed"), f"{taken.vanished} vanished"]
            self.tell(f"Since the sheet was last read: {', '.join(changes)}.")
            if taken.outdated:
                self.tell(
                    f"  {_rows(taken.outdated, 'changed after sending')}: who has the earlier text does not get the new one."
                )
        for group in _grouped(plan.intake.findings.problems if plan.intake else ()):
            self.tell(f"  {group[0]}" + (f" (and {len(group) - 1} more like it)" if len(group) > 1 else ""))
        for view in summary.accounts:
            self.tell(f"Account {view.name}: {view.remaining} of {view.limit} left until {_clock(view.reset_at, summary)}.")
        if not counts.waiting:
            self.tell("Nothing waits to be sent.")
            return
        first, days = summary.next_send_at, summary.days
        today = next((count for day, count in days if day == summary.at.astimezone(summary.zone).date()), 0)
        bound = f" (at most {most} in this run)" if most is not None else ""
        finish = f"the last on {days[-1][0]:%a %Y-%m-%d}" if days else "no end in sight"
        self.tell(f"Plan: {today} today{bound}, {counts.waiting} in all over {_count(len(days), 'day')}, {finish}.")
        if first is not None:
            self.tell(f"First message: {'now' if first <= summary.at else _clock(first, summary)}.")
        self.tell(_TERMS)

    def progress(self, waiting: int) -> None:
        """Begin to show progress towards `waiting` messages."""
        if not self._unattended:
            self._progress = _Progress(self, waiting)

    def event(self, event: Event) -> None:
        if self._progress is not None:
            self._progress.event(event)

    def report(self, report: Report) -> None:
        """How a run ended."""
        if self._progress is not None:
            self._progress.close()
        summary = report.summary
        if self._unattended and report.exit_code in (ExitCode.DONE, ExitCode.PAUSED):
            self.answer(answer_of(summary, report))
            return
        self.say(f"Sent in this run: {report.sent}. The campaign: {_totals(summary.totals)}.")
        self._needs_a_person(summary)
        if report.stop:
            self.say(f"Stopped: {report.stop.reason}")
            self.say(f"  Next: {report.stop.remedy}")
        elif summary.totals.waiting:
            self.say(f"Paused: {report.pause or 'rows wait'}.")
            self.say(f"  Next: run the same command again at {_clock(summary.next_send_at, summary)}, or later.")
        if report.results is not None:
            self.results(report.results)
        self.answer(answer_of(summary, report))

    def results(self, written: Written) -> None:
        """Where the results are."""
        if written.instead_of:
            self.say(f"{written.instead_of.name} is open elsewhere or read-only.")
        if written.note:
            self.say(written.note)
        self.say(f"Results: {written.path}")

    def status(self, summary: Summary, others: Sequence[CampaignRecord], ledger: str) -> None:
        """Where a campaign stands."""
        campaign = summary.campaign
        since = f" since {campaign.running_since:%Y-%m-%d %H:%M} UTC" if campaign.running_since else ""
        running = f" (a run is active{since})" if summary.live else ""
        self.say(f"Campaign {campaign.name}{running}: {_count(summary.totals.rows, 'row')}; {_totals(summary.totals)}.")
        self._needs_a_person(summary)
        if summary.gone:
            self.say(f"Messaged and no longer in the sheet: {summary.gone}.")
        for view in summary.accounts:
            quota = f"{view.used} of {view.limit} used, {view.remaining} left until {_clock(view.reset_at, summary)}"
            wait = f"; {view.wait.reason} until {_clock(view.wait.until, summary)}" if view.wait else ""
            self.say(f"Account {view.name}: {view.waiting} wait; {quota}{wait}.")
        if summary.totals.waiting:
            days = summary.days
            shown = ", ".join(f"{day:%a %m-%d}: {count}" for day, count in days[:7]) + (" …" if len(days) > 7 else "")
            finish = f"; the last on {days[-1][0]:%a %Y-%m-%d}" if days else ""
            self.say(f"Next message from {_clock(summary.next_send_at, summary)}. Forecast: {shown}{finish}.")
        if others:
            self.say(f"Other campaigns (--name): {', '.join(other.name for other in others)}")
        self.say(f"Ledger: {ledger}")
        self.answer(answer_of(summary) | {"ledger": ledger})

    def _needs_a_person(self, summary: Summary) -> None:
        counts = summary.totals
        if counts.uncertain:
            self.say(
                f"{counts.uncertain} uncertain: look in LinkedIn if they arrived, then: campaign settle ROW --sent|--not-sent"
            )
        if counts.failed or counts.invalid:
            self.say(
                f"Failed or invalid: {counts.failed + counts.invalid}; the results say why, in the columns reason and error."
            )

    # --- rehearsal

    def day(self, day: Day) -> None:
        quota = ", ".join(f"{name or 'default'}: {left} of {limit} left" for name, left, limit in day.quota)
        self.tell(f"{day.day:%a %Y-%m-%d}: {day.sent} sent, {day.waiting} wait; quota {quota}.")

    def rehearsed(self, rehearsed: Rehearsed) -> None:
        """How a rehearsal ended, with the results sheet's first lines."""
        report = rehearsed.report
        counts = report.summary.totals
        for stop in rehearsed.stops:
            self.tell(f"Stopped on the way, {stop}")
        self.say(f"Rehearsed: {_totals(counts)}, over {_count(len(rehearsed.days), 'sending day')}. Nothing was really sent.")
        accepted = len(rehearsed.receipts)
        people = len({(receipt.account, receipt.recipient) for receipt in rehearsed.receipts})
        self.say(f"The simulated endpoint accepted {_count(accepted, 'message')}, to {people} different recipients.")
        if report.results is not None:
            self.results(report.results)
        self.answer(answer_of(report.summary, report))

    def table(self, headers: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
        """A small table of text, columns aligned."""
        rows = [headers, *lines]
        widths = [min(48, max(len(row[index]) for row in rows)) for index in range(len(headers))]
        for row in rows:
            cells = (text if len(text) <= width else text[: width - 1] + "…" for text, width in zip(row, widths, strict=True))
            self.say("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())

    def finding(self, finding: Finding) -> None:
        """One thing the doctor looked at."""
        self.say(f"{finding.verdict:4}  {finding.name}: {finding.says}")
        if finding.remedy:
            self.say(f"      Next: {finding.remedy}")

    def suppressions(self, listed: Sequence[Suppression]) -> None:
        for entry in listed:
            self.say(f"{entry.identity}  {entry.added_at:%Y-%m-%d}  {entry.reason or ''}".rstrip())
        if not listed:
            self.say("The do-not-contact list is empty.")
        people = [{"identity": e.identity, "reason": e.reason, "addedAt": _instant(e.added_at)} for e in listed]
        self.answer({"doNotContact": people, "exitCode": 0})


class _Progress:
    """Messages sent, quota left, next send, time to finish: a bar on a terminal, else a line now and then."""

    def __init__(self, console: Console, waiting: int) -> None:
        self._console = console
        self._total = waiting
        self._settled = 0
        self._sent = 0
        self._left: int | None = None
        self._next: datetime | None = None
        self._bar: tqdm[Any] | None = None
        if sys.stderr.isatty() and waiting:
            from tqdm import tqdm

            self._bar = tqdm(total=waiting, unit="msg", file=sys.stderr, dynamic_ncols=True, smoothing=0.1)

    def event(self, event: Event) -> None:
        from runner.sending.lane import Sent, Waiting

        if isinstance(event, Sent):
            outcome = event.outcome
            if outcome.told and outcome.told.remaining is not None:
                self._left = outcome.told.remaining
            self._next = None
            done = outcome.status != "waiting"
            self._settled += done
            self._sent += outcome.status == "sent"
            if self._bar is not None:
                self._bar.update(done)
            if outcome.status not in ("sent", "waiting"):
                self._write(f"Row {event.claim.row}: {outcome.status}: {outcome.error}")
            elif outcome.status == "waiting":
                self._write(f"Row {event.claim.row} was not sent, it waits: {outcome.error}")
            if self._bar is None and done and (self._settled == 1 or self._settled % max(10, self._total // 10) == 0):
                left = "" if self._left is None else f"; quota left {self._left}"
                self._console.tell(f"{self._sent} sent, {self._total - self._settled} to go{left}.")
        elif isinstance(event, Waiting):
            self._next = event.wait.until
        else:
            self._write("Stopping; a message in flight is finished first. Once more does not wait: it will be uncertain.")
        if self._bar is not None:
            shown: dict[str, object] = {"sent": self._sent}
            if self._left is not None:
                shown["quota left"] = str(self._left)  # as text: tqdm would write 1e+5
            if self._next is not None:
                shown["next"] = f"{self._next.astimezone():%H:%M:%S}"
            self._bar.set_postfix(shown)

    def _write(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            self._console.tell(text)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def answer_of(summary: Summary, report: Report | None = None) -> dict[str, Any]:
    """The JSON object of the contract, of a campaign or of a run of it."""
    counts = summary.totals
    names = ("sent", "uncertain", "failed", "skipped", "invalid", "waiting", "rows")
    accounts = [
        {
            "account": view.account or None,
            "limit": view.limit,
            "used": view.used,
            "remaining": view.remaining,
            "resetAt": _instant(view.reset_at),
        }
        for view in summary.accounts
    ]
    stop = report.stop if report else None
    stored = summary.campaign.settings.get("results")
    path = (report.results.path if report.results else None) if report else stored
    return {
        "campaign": summary.campaign.name,
        "totals": {name: getattr(counts, name) for name in names},
        "sentThisRun": report.sent if report else 0,
        "accounts": accounts,
        "nextSendAt": _instant(summary.next_send_at),
        "results": str(path) if path else None,
        "exitCode": int(report.exit_code) if report else 0,
        "stopped": {"reason": stop.reason, "remedy": stop.remedy} if stop else None,
    }


def failure(error: CampaignError) -> dict[str, Any]:
    """The JSON object of the contract, of a command that an error ended. What is not known of it is null, not zero."""
    return {
        "campaign": None,
        "totals": None,
        "sentThisRun": 0,
        "accounts": [],
        "nextSendAt": None,
        "results": None,
        "exitCode": int(error.exit_code),
        "stopped": {"reason": error.what, "remedy": error.remedy},
    }


def _rows(numbers: Sequence[int], what: str) -> str:
    """`3 new (rows 5, 8, 9)`."""
    if not numbers:
        return f"0 {what}"
    return f"{len(numbers)} {what} ({'row' if len(numbers) == 1 else 'rows'} {_some([str(number) for number in numbers])})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": problem.severity,
        "row": problem.row,
        "cell": problem.cell or None,
        "column": problem.column.header if problem.column else None,
        "text": problem.text,
        "remedy": problem.advice,
    }


def _grouped(problems: Iterable[Problem]) -> list[list[Problem]]:
    """The problems of each kind together, errors first."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.severity, problem.code), []).append(problem)
    return [group for _, group in sorted(groups.items(), key=lambda kind: kind[0][0])]


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _PLACES_SHOWN} more" if len(texts) > _PLACES_SHOWN else ""
    return ", ".join(texts[:_PLACES_SHOWN]) + more


def _totals(counts: Totals) -> str:
    named = [(counts.uncertain, "uncertain"), (counts.sent, "sent"), (counts.waiting, "waiting"), (counts.failed, "failed")]
    named += [(counts.invalid, "invalid"), (counts.skipped, "skipped")]
    return ", ".join(f"{count} {name}" for count, name in named if count) or "no rows"


def _instant(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant else None


def _clock(instant: datetime | None, summary: Summary) -> str:
    return instant.astimezone(summary.zone).strftime("%a %Y-%m-%d %H:%M %Z") if instant else "any time"
