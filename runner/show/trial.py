"""A test message, in lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import ExitCode
from runner.ledger.record import Status
from runner.show.answer import finished
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.action.trial import Tested


def show_tested(console: Console, done: Tested) -> ExitCode:
    """What was sent to whom, and what became of it."""
    sender = done.account or "the default account"
    console.say(f"The message of row {done.row}, to {done.person} from {sender}:")
    console.say(done.text)
    match done.status:
        case Status.SENT:
            console.say("Sent. Look at it in LinkedIn. Nobody of the list got any.")
        case Status.UNCERTAIN:
            console.say(f"It may or may not have arrived: {done.said}. Look in LinkedIn.")
        case _:
            console.say(f"Not sent: {done.said}.")
    said = {
        "testedTo": done.person,
        "row": done.row,
        "account": done.account or None,
        "message": done.text,
        "status": done.status.value,
        "error": done.said or None,
    }
    console.answer(finished(said, done.exit_code))
    return done.exit_code
