"""The renderer: the only module that prints; only the bar of `runner.show.progress` is drawn by
tqdm.

Results to stdout, as text or as one JSON object; all else to stderr.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner import words
from runner.errors import CampaignError, ExitCode, InterruptedRunError, UsageError
from runner.show.answer import answer_of, failure, instant_of, problem_answer
from runner.show.progress import Progress

if TYPE_CHECKING:
    from runner.action.evidence import Finding as Evidence
    from runner.action.run import Intake, Plan, Report
    from runner.doctor.finding import Finding
    from runner.intake.entry import Entry, Problem
    from runner.intake.history import History
    from runner.ledger.contact import Contact
    from runner.ledger.erasure import Erased
    from runner.ledger.record import CampaignRecord, Totals
    from runner.ledger.suppression import Suppression
    from runner.rehearsal.rehearse import Day, Rehearsed
    from runner.results.place import Written
    from runner.results.summary import Summary
    from runner.sending.lane import Event

_PLACES_SHOWN: Final = 5
_TERMS: Final = (
    "Automated messaging can breach LinkedIn's terms and get an account restricted; pacing cannot "
    "prevent that."
)


class Console:
    """Speaks for one command. With `as_json`, stdout carries exactly one JSON object, at the end.
    An `unattended` run that came as far as it could today says nothing else."""

    def __init__(self, *, as_json: bool = False, unattended: bool = False) -> None:
        self.as_json = as_json
        self._unattended = unattended
        self._progress: Progress | None = None

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

    def ask(self, question: str, otherwise: str) -> bool:
        """Ask a person at the terminal; only a clear yes counts. Raises UsageError, which says what
        is `otherwise`, where there is no terminal to ask at."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError(
                "There is no terminal to ask for a yes.", remedy=f"Add --yes; {otherwise}."
            )
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

    def check(
        self, intake: Intake, exit_code: ExitCode, problems_sheet: Path | None = None
    ) -> None:
        """Every problem, grouped, with the first few places of each."""
        table, found = intake.checked.table, intake.findings
        for problem in intake.blocking:
            self.say(f"Stops the campaign: {problem.text}.")
            if problem.remedy:
                self.say(f"  Next: {problem.remedy}")
        rows = words.count(found.rows, "row")
        self.say(
            f"{table.place}: {rows}; {found.ready} ready, {len(found.skipped)} skipped, "
            f"{found.invalid} invalid."
        )
        for notice in intake.notices:
            self.say(notice)
        if found.skipped:
            self.say(
                "Skipped: "
                f"{words.some([f'row {number} ({reason})' for number, reason in found.skipped])}"
            )
        for group in _grouped(found.problems):
            word = "Invalid" if group[0].severity == "error" else "Warning"
            self.say(f"{word}, {group[0].code}, {words.count(len(group), 'place')}:")
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
                "problems": [
                    problem_answer(problem) for problem in (*intake.blocking, *found.problems)
                ],
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
        """What a run, of at most `most` messages, is about to do; to stderr, for a person to agree
        to."""
        if self._unattended:
            return
        summary, taken = plan.summary, plan.taken_in
        counts = summary.totals
        self._in_doubt(summary, self.tell)
        for notice in plan.notices:
            self.tell(f"Note: {notice}")
        uncertain, _ = plan.recovered
        if uncertain:
            self.tell(
                "Note: an earlier run ended in the middle of "
                f"{words.count(uncertain, 'message')}; see `campaign status`."
            )
        self.tell(
            f"Campaign {summary.campaign.name}: {words.count(counts.rows, 'row')}; "
            f"{_totals(counts)}."
        )
        if taken.again and (taken.added or taken.rewritten or taken.vanished or taken.outdated):
            changes = [
                _rows(taken.added, "new"),
                _rows(taken.rewritten, "changed"),
                f"{taken.vanished} vanished",
            ]
            self.tell(f"Since the sheet was last read: {', '.join(changes)}.")
            if taken.outdated:
                self.tell(
                    f"  {_rows(taken.outdated, 'changed after sending')}: who has the earlier "
                    "text does not get the new one."
                )
        for group in _grouped(plan.intake.findings.problems if plan.intake else ()):
            self.tell(f"  {_alike(group)}")
        for view in summary.accounts:
            others = f"; another tool or person sent {view.foreign} today" if view.foreign else ""
            left = f"{view.remaining} of {view.limit} left until {_clock(view.reset_at, summary)}"
            self.tell(f"Account {view.name}: {left}{others}.")
        if not counts.waiting:
            self.tell("Nothing waits to be sent.")
            return
        first, days = summary.next_send_at, summary.days
        today = next(
            (count for day, count in days if day == summary.at.astimezone(summary.zone).date()), 0
        )
        bound = f" (at most {most} in this run)" if most is not None else ""
        over = f"{counts.waiting} in all" + (
            f" over {words.count(len(days), 'day')}" if days else ""
        )
        self.tell(f"Plan: {today} today{bound}, {over}, {summary.finish}.")
        if first is not None:
            self.tell(f"First message: {'now' if first <= summary.at else _clock(first, summary)}.")
        self.tell(_TERMS)

    def progress(self, waiting: int) -> None:
        """Begin to show progress towards `waiting` messages."""
        if not self._unattended:
            self._progress = Progress(waiting, self.tell)

    def event(self, event: Event) -> None:
        if self._progress is not None:
            self._progress.event(event)

    def report(self, report: Report) -> None:
        """How a run ended."""
        if self._progress is not None:
            self._progress.close()
        summary = report.summary
        self._in_doubt(summary, self.say)
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
            first = summary.next_send_at
            when = f" at {_clock(first, summary)}, or later" if first and first > summary.at else ""
            self.say(f"  Next: run the same command again{when}.")
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
        self._in_doubt(summary, self.say)
        since = (
            f" since {campaign.running_since:%Y-%m-%d %H:%M} UTC" if campaign.running_since else ""
        )
        running = f" (a run is active{since})" if summary.live else ""
        self.say(
            f"Campaign {campaign.name}{running}: {words.count(summary.totals.rows, 'row')}; "
            f"{_totals(summary.totals)}."
        )
        self._needs_a_person(summary)
        if summary.gone:
            self.say(f"Messaged and no longer in the sheet: {summary.gone}.")
        for view in summary.accounts:
            foreign = f"; another tool or person sent {view.foreign} today" if view.foreign else ""
            quota = (
                f"{view.used} of {view.limit} used, {view.remaining} left until "
                f"{_clock(view.reset_at, summary)}{foreign}"
            )
            until = (
                f" until {_clock(view.wait.until, summary)}" if view.wait and view.windows else ""
            )
            wait = f"; {view.wait.reason}{until}" if view.wait else ""
            self.say(f"Account {view.name}: {view.waiting} wait; {quota}{wait}.")
            if view.alarm:
                self.say(f"  Stopped: {view.alarm.reason}")
                self.say(f"  Next: {view.alarm.remedy}")
        if summary.totals.waiting:
            days = summary.days
            shown = ", ".join(f"{day:%a %m-%d}: {count}" for day, count in days[:7]) + (
                " …" if len(days) > 7 else ""
            )
            forecast = f"{shown}; {summary.finish}" if days else summary.finish
            first = summary.next_send_at
            self.say(
                f"Next message {f'from {_clock(first, summary)}' if first else 'not foreseen'}. "
                f"Forecast: {forecast}."
            )
        if others:
            self.say(f"Other campaigns (--name): {', '.join(other.name for other in others)}")
        self.say(f"Ledger: {ledger}")
        self.answer(answer_of(summary) | {"ledger": ledger})

    def _in_doubt(self, summary: Summary, speak: Callable[[str], None]) -> None:
        """Uncertain rows, before anything else is said."""
        from runner.results.summary import in_doubt

        for sentence in in_doubt(summary):
            speak(sentence)

    def _needs_a_person(self, summary: Summary) -> None:
        counts = summary.totals
        if counts.failed or counts.invalid:
            self.say(
                f"Failed or invalid: {counts.failed + counts.invalid}; the results say why, in "
                "the columns reason and error."
            )

    def findings(self, findings: Sequence[Evidence]) -> None:
        """What was found about uncertain rows."""
        for finding in findings:
            self.say(finding.said)
            if finding.hint:
                self.say(f"  {finding.hint}")

    def checked(self, campaign: str, findings: Sequence[Evidence], left: int) -> None:
        """How many rows are uncertain after the look for evidence."""
        if left:
            named = f"--name {words.argument(campaign)}"
            self.say(
                f"{left} still uncertain. Look in LinkedIn, then: campaign settle ROW "
                f"--sent|--not-sent {named}"
            )
        else:
            self.say("No row is uncertain.")
        checked = [
            {
                "row": found.row,
                "verdict": found.verdict,
                "said": found.said,
                "sentAt": instant_of(found.sent_at),
                "hint": found.hint,
            }
            for found in findings
        ]
        self.answer(
            {"campaign": campaign, "checked": checked, "uncertain": left, "exitCode": int(left > 0)}
        )

    # --- rehearsal

    def day(self, day: Day) -> None:
        quota = ", ".join(
            f"{name or 'default'}: {left} of {limit} left" for name, left, limit in day.quota
        )
        self.tell(f"{day.day:%a %Y-%m-%d}: {day.sent} sent, {day.waiting} wait; quota {quota}.")

    def rehearsed(self, rehearsed: Rehearsed) -> None:
        """How a rehearsal ended, with the results sheet's first lines."""
        report = rehearsed.report
        counts = report.summary.totals
        for stop in rehearsed.stops:
            self.tell(f"Stopped on the way, {stop}")
        self.say(
            f"Rehearsed: {_totals(counts)}, over "
            f"{words.count(len(rehearsed.days), 'sending day')}. Nothing was really sent."
        )
        accepted = len(rehearsed.receipts)
        people = len({(receipt.account, receipt.recipient) for receipt in rehearsed.receipts})
        self.say(
            f"The simulated endpoint accepted {words.count(accepted, 'message')}, to {people} "
            "different recipients."
        )
        if report.results is not None:
            self.results(report.results)
        self.answer(answer_of(report.summary, report))

    def table(self, headers: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
        """A small table of text, columns aligned."""
        rows = [headers, *lines]
        widths = [min(48, max(len(row[index]) for row in rows)) for index in range(len(headers))]
        for row in rows:
            cells = (
                text if len(text) <= width else text[: width - 1] + "…"
                for text, width in zip(row, widths, strict=True)
            )
            self.say(
                "  ".join(
                    cell.ljust(width) for cell, width in zip(cells, widths, strict=True)
                ).rstrip()
            )

    def finding(self, finding: Finding) -> None:
        """One thing the doctor looked at."""
        self.say(f"{finding.verdict:4}  {finding.name}: {finding.says}")
        if finding.remedy:
            self.say(f"      Next: {finding.remedy}")

    def suppressions(self, listed: Sequence[Suppression]) -> None:
        for entry in listed:
            self.say(
                (
                    f"{entry.identity or 'a forgotten person'}  {entry.added_at:%Y-%m-%d}  "
                    f"{entry.reason or ''}"
                ).rstrip()
            )
        if not listed:
            self.say("The do-not-contact list is empty.")
        people = [
            {"identity": e.identity, "reason": e.reason, "addedAt": instant_of(e.added_at)}
            for e in listed
        ]
        self.answer({"doNotContact": people, "exitCode": 0})

    def erased(self, people: int, erased: Erased) -> None:
        """What was forgotten, and which files still hold it."""
        where = (
            f"{words.count(erased.deliveries, 'row')} of "
            f"{words.count(len(erased.campaigns), 'campaign')}"
        )
        self.say(f"Forgotten: {words.people(people)}, in {where}.")
        self.say("They stay on the do-not-contact list, as hashes that name nobody.")
        campaigns = []
        for record in erased.campaigns:
            files = [str(record.settings.get(name)) for name in ("sheet", "results")]
            campaigns.append({"campaign": record.name, "list": files[0], "results": files[1]})
            found = ", ".join(file for file in files if Path(file).exists())
            self.say(f"Still in the files of the campaign {record.name}: {found or 'none found'}")
            self.say(
                "  Next: delete them from the list, then: campaign results --name "
                f"{words.argument(record.name)}"
            )
        self.answer(
            {
                "people": people,
                "deliveries": erased.deliveries,
                "campaigns": campaigns,
                "exitCode": 0,
            }
        )

    def history(self, name: str, history: History, contacts: Sequence[Contact], added: int) -> None:
        """What an import of earlier messages noted."""
        times = sorted(contact.at for contact in contacts)
        people = len({contact.keys[0] for contact in contacts})
        between = f", messaged from {times[0]:%Y-%m-%d} to {times[-1]:%Y-%m-%d}" if times else ""
        self.say(
            f"{words.people(people)} in {name}{between}; {words.count(added, 'message')} new to "
            "the ledger."
        )
        if contacts and history.dates is None:
            self.say(
                "No column says when they were messaged, so they count as messaged now; "
                "--date-column HEADER names one."
            )
        elif history.dates is not None:
            self.say(
                f"When they were messaged says column {history.dates.letter} "
                f"({history.dates.header.strip()})."
            )
        for problem in history.nobody:
            self.tell(f"Not noted: {problem}")
        for group in _grouped(history.unread):
            self.tell(f"Noted as messaged now: {_alike(group)}")
        self.answer(
            {
                "added": added,
                "people": people,
                "from": instant_of(times[0]) if times else None,
                "to": instant_of(times[-1]) if times else None,
                "dateColumn": history.dates.header.strip() if history.dates else None,
                "notAdded": len(history.nobody),
                "undated": len(history.unread),
                "problems": [
                    problem_answer(problem) for problem in (*history.nobody, *history.unread)
                ],
                "exitCode": int(bool(history.nobody or history.unread)),
            }
        )


def _rows(numbers: Sequence[int], what: str) -> str:
    """`3 new (rows 5, 8, 9)`."""
    if not numbers:
        return f"0 {what}"
    return f"{len(numbers)} {what} ({words.rows(numbers)})"


def _grouped(problems: Iterable[Problem]) -> list[list[Problem]]:
    """The problems of each kind together, errors first."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.severity, problem.code), []).append(problem)
    return [group for _, group in sorted(groups.items(), key=lambda kind: kind[0][0])]


def _alike(group: Sequence[Problem]) -> str:
    return f"{group[0]}" + (f" (and {len(group) - 1} more like it)" if len(group) > 1 else "")


def _totals(counts: Totals) -> str:
    named = [
        (counts.uncertain, "uncertain"),
        (counts.sent, "sent"),
        (counts.waiting, "waiting"),
        (counts.failed, "failed"),
    ]
    named += [(counts.invalid, "invalid"), (counts.skipped, "skipped")]
    return ", ".join(f"{count} {name}" for count, name in named if count) or "no rows"


def _clock(instant: datetime, summary: Summary) -> str:
    return words.clock(instant, summary.zone)
