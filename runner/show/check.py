"""A check and a preview, in lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runner import words
from runner.errors import ExitCode
from runner.show.answer import finished, problem_answer
from runner.show.console import Console
from runner.show.problem import grouped

if TYPE_CHECKING:
    from runner.action.check import Checked, Previewed
    from runner.intake.entry import Entry, Message

_PLACES_SHOWN: Final = 5


def show_check(console: Console, checked: Checked) -> ExitCode:
    """Every problem, grouped, with the first few places of each."""
    intake = checked.intake
    table, found = intake.checked.table, intake.findings
    for problem in intake.blocking:
        console.say(f"Stops the campaign: {problem.text}.")
        if problem.remedy:
            console.say(f"  Next: {problem.remedy}")
    console.say(
        f"{table.place}: {words.count(found.rows, 'row')}; {found.ready} ready, "
        f"{len(found.skipped)} skipped, {found.invalid} invalid."
    )
    for notice in checked.notices:
        console.say(notice)
    if found.skipped:
        skipped = [f"row {number} ({reason})" for number, reason in found.skipped]
        console.say(f"Skipped: {words.some(skipped)}")
    for group in grouped(found.problems):
        word = "Invalid" if group[0].severity == "error" else "Warning"
        console.say(f"{word}, {group[0].code}, {words.count(len(group), 'place')}:")
        for problem in group[:_PLACES_SHOWN]:
            console.say(f"  {problem}")
        if len(group) > _PLACES_SHOWN:
            console.say(f"  … and {len(group) - _PLACES_SHOWN} more")
        if group[0].advice:
            console.say(f"  Next: {group[0].advice}")
    if found.unlisted:
        console.say(
            f"{found.unlisted:,} further problems are not listed; mend these, and check again."
        )
    if not found.rows:
        console.say("The sheet has a header row but no people.")
    elif not found.problems and not intake.blocking:
        console.say("No problems.")
    if checked.problems:
        console.say(f"Problems: {checked.problems.path}")
    if found.ready and not intake.blocking:
        console.say(
            "This was a look at sheet and template alone. Who was messaged before, the "
            "do-not-contact list and the quota are looked at by campaign plan."
        )
    console.answer(finished(_check_answer(checked), checked.exit_code))
    return checked.exit_code


def _check_answer(checked: Checked) -> dict[str, Any]:
    intake, found = checked.intake, checked.intake.findings
    problems = (*intake.blocking, *found.problems)
    return {
        "sheet": str(intake.checked.table.path),
        "rows": found.rows,
        "ready": found.ready,
        "skipped": len(found.skipped),
        "invalid": found.invalid,
        "notices": list(checked.notices),
        "problems": [problem_answer(problem) for problem in problems],
        "problemsUnlisted": found.unlisted,
        "problemsSheet": str(checked.problems.path) if checked.problems else None,
    }


def show_preview(console: Console, previewed: Previewed, *, more: bool = True) -> ExitCode:
    """Rendered messages, as they would go out; `more` says how to see others."""
    shown = []
    for entry in previewed.entries:
        if entry.message is None:
            console.say(f"--- Row {entry.row.number}: not sent, {entry.reason}")
            shown.append({"row": entry.row.number, "message": None, "reason": entry.reason})
            continue
        _say_message(console, entry, entry.message)
        for step, message in entry.later:
            _say_message(console, entry, message, step)
        shown.append(_message_answer(entry, entry.message))
    if more and len(previewed.entries) < previewed.total:
        console.say(
            f"--- {len(previewed.entries)} of {previewed.total} rows; -n NUMBER shows more, "
            "--row ROW one."
        )
    console.answer(finished({"messages": shown, "rows": previewed.total}, previewed.exit_code))
    return previewed.exit_code


def _say_message(console: Console, entry: Entry, message: Message, step: int = 1) -> None:
    inmail = " as InMail" if message.message_type == "inmail" else ""
    account = f" from {message.account}" if message.account else ""
    variant = f", variant {message.variant}" if message.variant else ""
    whom = f"Row {entry.row.number} to {message.recipient.identity}{account}{inmail}"
    if step > 1:
        whom = f"Row {entry.row.number}, message {step}, if nobody answers"
    console.say(f"--- {whom}{variant}")
    if message.subject:
        console.say(f"Subject: {message.subject}\n")
    console.say(message.text)


def _message_answer(entry: Entry, message: Message) -> dict[str, Any]:
    return {
        "row": entry.row.number,
        "recipient": message.recipient.identity,
        "messageType": message.message_type,
        "subject": message.subject,
        "message": message.text,
        "variant": message.variant,
        "later": [
            {"step": step, "message": later.text, "variant": later.variant}
            for step, later in entry.later
        ],
    }
