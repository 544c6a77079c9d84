"""The reasons of a row: what it waits for and until when, or what happened to it.

The facts are read once; the sentences are made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from runner import words
from runner.ledger.contact import last_look
from runner.ledger.course import Attempt, Decision, history
from runner.ledger.delivery import delivery_of
from runner.ledger.ledger import Ledger
from runner.ledger.line import Line
from runner.ledger.look import Look, look_of
from runner.ledger.record import Status, Verdict
from runner.ledger.sequence import StepRow, steps_of
from runner.ledger.standing import waiting_before
from runner.result.summary import AccountView, Summary


@dataclass(frozen=True, slots=True)
class Turn:
    """What a waiting row waits for: how many go before it on its account, from when it goes by the
    forecast, and why it will be skipped when its turn comes, if so."""

    ahead: int
    start: datetime | None
    barred: str | None
    view: AccountView


@dataclass(frozen=True, slots=True)
class Why:
    """The facts about a row: those of its `turn`, if it waits, and what happened to it so far.
    `others` are the other messages of its sequence."""

    line: Line
    turn: Turn | None = None
    look: Look | None = None
    attempts: tuple[Attempt, ...] = ()
    decisions: tuple[Decision, ...] = ()
    others: tuple[StepRow, ...] = ()


def facts_of(ledger: Ledger, summary: Summary, line: Line) -> Why:
    """Read everything that bears on a row."""
    delivery = line.delivery
    if delivery is None:
        return Why(line)
    with ledger.read() as connection:
        attempts, decisions = history(connection, delivery)
        look = look_of(connection, delivery)
        others: list[StepRow] = []
        if summary.campaign.settings.steps and line.identity is not None:
            others = steps_of(connection, summary.campaign.id, line.identity)
    return Why(
        line,
        _turn(ledger, summary, line, delivery) if line.status is Status.WAITING else None,
        look,
        tuple(attempts),
        tuple(decisions),
        tuple(one for one in others if one.id != delivery),
    )


def _turn(ledger: Ledger, summary: Summary, line: Line, delivery: int) -> Turn:
    view = next(view for view in summary.accounts if view.account == line.account)
    with ledger.read() as connection:
        ahead = waiting_before(connection, delivery, summary.at)
        mine, settings = delivery_of(connection, delivery), summary.campaign.settings
        barred = last_look(connection, mine, settings, summary.at)
    starts = (start for start, count in view.windows for _ in range(count))
    return Turn(ahead, next(islice(starts, ahead, None), None), barred, view)


def why(ledger: Ledger, summary: Summary, line: Line) -> list[str]:
    """Say what a row waits for and until when, or what happened to it."""
    return sentences(summary, facts_of(ledger, summary, line))


def sentences(summary: Summary, facts: Why) -> list[str]:
    """Say the facts: one sentence comes first; then one for each attempt and each decision, the
    oldest first."""
    line = facts.line
    row = f"Row {line.number}"
    if summary.campaign.settings.steps and line.delivery is not None:
        row += f", with message {line.step},"
    if line.status is Status.WAITING and facts.turn is not None:
        said = [f"{row} {_waits(summary, line, facts.turn)}."]
    elif line.status is Status.WAITING:
        said = [f"{row} waits for the next reading of its list."]
    else:
        said = [f"{row} {_became(summary, line)}."]
    if facts.look is not None:
        said.append(_looked(summary, facts.look))
    return [*said, *_happened(summary, facts), *_sequence(summary, facts)]


def _sequence(summary: Summary, facts: Why) -> list[str]:
    """Say how the row's other messages stand, each in a sentence."""
    said = []
    for one in facts.others:
        at = f" on {words.clock(one.at, summary.zone)}" if one.at else ""
        until = ""
        if one.status == Status.WAITING and one.due_at is not None:
            until = f" until {words.clock(one.due_at, summary.zone)}"
        why = f": {one.reason}" if one.reason else ""
        said.append(f"Message {one.step}: {one.status}{at}{until}{why}.")
    return said


def _looked(summary: Summary, look: Look) -> str:
    """Say what the last look into the conversation found."""
    found = "there was no conversation"
    if look.conversation_urn is not None:
        found = "there was a conversation"
        if look.last_at is not None:
            whose = "yours" if look.last_is_ours else "theirs"
            at = words.clock(look.last_at, summary.zone)
            found += f", and its last message was {whose}, {at}"
    return f"Looked at {words.clock(look.at, summary.zone)}: {found}."


def _became(summary: Summary, line: Line) -> str:
    account = (line.account or "default") if line.delivery else "default"
    became = {
        Status.SENT: f"was sent from account {account}",
        Status.UNCERTAIN: (
            f"may or may not have been delivered to {line.identity} from account {account}; it is "
            "not tried again by itself"
        ),
        Status.FAILED: "was certainly not delivered",
        Status.SKIPPED: "is skipped on purpose",
        Status.INVALID: "cannot be sent as it is",
    }[line.status]
    detail = line.error or line.reason
    if detail:
        became += ": " + detail.rstrip(".")
    if line.free_at:
        at = words.clock(line.free_at, summary.zone)
        became += f"; from {at} on it is not skipped for that"
    return became


def _happened(summary: Summary, facts: Why) -> list[str]:
    happened = []
    for number, attempt in enumerate(facts.attempts, start=1):
        at = words.clock(attempt.claimed_at, summary.zone)
        said = f"Attempt {number}, {at}: {_attempted(attempt)}."
        happened.append((attempt.claimed_at, said))
    for decision in facts.decisions:
        at = words.clock(decision.decided_at, summary.zone)
        word = (
            f"Settled as {decision.verdict} by"
            if decision.verdict != Verdict.UNDONE
            else "Taken back by"
        )
        said = f"{word} {decision.decided_by}, {at}."
        happened.append((decision.decided_at, said))
    return [sentence for _, sentence in sorted(happened)]


def _attempted(attempt: Attempt) -> str:
    left = "the request left" if attempt.wired_at else "nothing left this machine"
    ended = attempt.status or "no outcome yet"
    if attempt.http_status:
        ended += f" (HTTP {attempt.http_status})"
    if attempt.error:
        ended += ": " + attempt.error.rstrip(".")
    return f"{left}; {ended}"


def _waits(summary: Summary, line: Line, turn: Turn) -> str:
    """Say what a waiting row waits for, and until when."""
    view = turn.view
    if turn.barred:
        return f"waits, but will be skipped when its turn comes: {turn.barred}"
    if line.due_at is not None and line.due_at > summary.at:
        return f"waits for its date: it does not go before {words.clock(line.due_at, summary.zone)}"
    if view.alarm is not None:
        account = f"is stopped: {view.alarm.reason} {view.alarm.remedy}".rstrip(".")
    elif view.wait is not None and not view.windows:
        account = f"can send nothing: {view.wait.reason}"
    elif view.wait is None:
        account = "may go on now, with the next run"
    else:
        account = f"goes on at {words.clock(view.wait.until, summary.zone)} ({view.wait.reason})"
    if turn.ahead == 0:
        return f"is the next on account {view.name}, which {account}"
    start = turn.start
    when = f", forecast from {words.clock(start, summary.zone)} on" if start else ""
    return (
        f"waits for its turn after {words.count(turn.ahead, 'row')} on account {view.name}{when}; "
        f"the account {account}"
    )
