"""The reasons of a row: what it waits for and until when, or what happened to it."""

from __future__ import annotations

from itertools import islice

from runner import words
from runner.ledger.contact import bar
from runner.ledger.ledger import Ledger
from runner.ledger.record import Line, Status
from runner.ledger.standing import history, recipient, waiting_before
from runner.results.summary import Summary


def why(ledger: Ledger, summary: Summary, line: Line) -> list[str]:
    """What a row waits for and until when, or what happened to it; a sentence first, then attempt
    by attempt."""
    account = (line.account or "default") if line.delivery else "default"
    if line.status is Status.WAITING:
        said = [f"Row {line.number} {_waits(ledger, summary, line)}."]
    else:
        became = {
            Status.SENT: f"was sent from account {account}",
            Status.UNCERTAIN: f"may or may not have been delivered to {line.identity} from account {account}; "
            "it is not tried again by itself",
            Status.FAILED: "was certainly not delivered",
            Status.SKIPPED: "is skipped on purpose",
            Status.INVALID: "cannot be sent as it is",
        }[line.status]
        detail = line.error or line.reason
        because = ": " + detail.rstrip(".") if detail else ""
        until = (
            f"; from {words.clock(line.free_at, summary.zone)} on it is not skipped for that"
            if line.free_at
            else ""
        )
        said = [f"Row {line.number} {became}{because}{until}."]
    if line.delivery is not None:
        with ledger.read() as connection:
            attempts, decisions = history(connection, line.delivery)
        happened = []
        for number, attempt in enumerate(attempts, start=1):
            left = "the request left" if attempt.wired_at else "nothing left this machine"
            ended = f"{attempt.status or 'no outcome yet'}{f' (HTTP {attempt.http_status})' if attempt.http_status else ''}"
            reason = ": " + attempt.error.rstrip(".") if attempt.error else ""
            at = words.clock(attempt.claimed_at, summary.zone)
            happened.append(
                (attempt.claimed_at, f"Attempt {number}, {at}: {left}; {ended}{reason}.")
            )
        for decision in decisions:
            at = words.clock(decision.decided_at, summary.zone)
            happened.append(
                (
                    decision.decided_at,
                    f"Settled as {decision.verdict} by {decision.decided_by}, {at}.",
                )
            )
        said += [sentence for _, sentence in sorted(happened)]
    return said


def _waits(ledger: Ledger, summary: Summary, line: Line) -> str:
    """What a waiting row waits for, and until when."""
    view = next(view for view in summary.accounts if view.account == line.account)
    delivery = line.delivery or 0
    with ledger.read() as connection:
        ahead = waiting_before(connection, delivery)
        barred = bar(
            connection, summary.campaign.id, delivery, recipient(connection, delivery), summary.at
        )
    if barred:
        return f"waits, but will be skipped when its turn comes: {barred}"
    if view.alarm is not None:
        account = f"is stopped: {view.alarm.reason} {view.alarm.remedy}".rstrip(".")
    elif view.wait is not None and not view.windows:
        account = f"can send nothing: {view.wait.reason}"
    elif view.wait is None:
        account = "may go on now, with the next run"
    else:
        account = f"goes on at {words.clock(view.wait.until, summary.zone)} ({view.wait.reason})"
    if ahead == 0:
        return f"is the next on account {view.name}, which {account}"
    starts = (start for start, count in view.windows for _ in range(count))
    start = next(islice(starts, ahead, None), None)
    turn = f", forecast from {words.clock(start, summary.zone)} on" if start else ""
    return (
        f"waits for its turn after {words.count(ahead, 'row')} on account {view.name}{turn}; the "
        f"account {account}"
    )
