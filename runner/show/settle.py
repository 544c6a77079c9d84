"""A person's word on uncertain rows, and evidence about them, in lines and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runner import words
from runner.errors import ExitCode
from runner.ledger.record import Verdict
from runner.show.answer import finished, instant_of
from runner.show.console import Console
from runner.show.run import say_results

if TYPE_CHECKING:
    from runner.action.evidence import Looked
    from runner.action.retry import Retried
    from runner.action.settle import Settled


def show_settled(console: Console, settled: Settled, rows: Sequence[str]) -> ExitCode:
    """The word that was recorded on rows, given as a person named them."""
    when = "by the run that is active" if settled.live else "with the next run"
    verdict = "sent" if settled.sent else f"not sent, to be sent {when}"
    said = "Taken back" if settled.sent is None else f"Settled as {verdict}"
    named = ", ".join(f"row {row}" if row.isdigit() else row for row in rows)
    console.say(f"{said}: {named}.")
    for sentence in settled.barred:
        console.say(f"  But: {sentence}")
    say_results(console, settled.results)
    answer = {
        "campaign": settled.campaign,
        "rows": [int(row) if row.isdigit() else row for row in rows],
        "verdict": {True: Verdict.SENT, False: Verdict.NOT_SENT, None: Verdict.UNDONE}[
            settled.sent
        ],
    }
    console.answer(finished(answer, settled.exit_code))
    return settled.exit_code


def show_retried(console: Console, done: Retried) -> ExitCode:
    """The rows that wait again, and where the results are."""
    for sentence in done.barred:
        console.say(sentence)
    count = words.count(len(done.rows), "row")
    console.say(f"{count} of {done.campaign} wait again; the next run sends them.")
    say_results(console, done.results)
    answer = {
        "campaign": done.campaign,
        "rows": list(done.rows),
        "barred": list(done.barred),
        "results": str(done.results.path),
    }
    console.answer(finished(answer, done.exit_code))
    return done.exit_code


def show_looked(console: Console, looked: Looked) -> ExitCode:
    """Say what was found about uncertain rows, and how many are left."""
    for found in looked.findings:
        console.say(found.said)
        if found.hint:
            console.say(f"  {found.hint}")
    say_results(console, looked.results)
    if looked.left:
        command = words.command("settle", "ROW", "--sent|--not-sent", name=looked.campaign)
        console.say(f"{looked.left} still uncertain. Look in LinkedIn, then: {command}")
    else:
        console.say("No row is uncertain.")
    checked = [
        {
            "row": found.row,
            "verdict": found.verdict,
            "said": found.said,
            "sentAt": instant_of(found.sent_at),
            "hint": found.hint,
        }
        for found in looked.findings
    ]
    said = {"campaign": looked.campaign, "checked": checked, "uncertain": looked.left}
    console.answer(finished(said, looked.exit_code))
    return looked.exit_code
