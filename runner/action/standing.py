"""The standing of a campaign: its totals and forecast, and the reasons of a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runner.action.behind import refuse_behind
from runner.action.team import unserved
from runner.campaign.recognise import find_campaign
from runner.errors import ExitCode, StorageError, UsageError
from runner.intake.recipient import Recipient, RecipientError, parse
from runner.ledger.campaign import campaigns
from runner.ledger.history import Known, known_of
from runner.ledger.ledger import Ledger
from runner.ledger.line import Line, lines
from runner.ledger.lock import is_running
from runner.ledger.record import CampaignRecord
from runner.result.summary import Summary, summarise
from runner.result.why import Why, facts_of, sentences
from runner.sending.pace import pace_of


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign now, the other campaigns of its ledger, and the ledger's place. `trouble` says
    that the ledger is not to be trusted, `notices` what keeps the campaign from being sent."""

    summary: Summary
    others: tuple[CampaignRecord, ...]
    ledger: str
    trouble: StorageError | None = None
    notices: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.STORAGE if self.trouble else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Every:
    """All campaigns of a ledger as they stand."""

    summaries: tuple[Summary, ...]
    ledger: str
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Found:
    """What the ledger knows of a person."""

    person: str
    known: Known
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons of a row, as facts and in sentences: what it waits for, or what happened to
    it."""

    campaign: str
    line: Line
    facts: Why
    said: tuple[str, ...]
    exit_code: ExitCode = ExitCode.DONE


def person_of(text: str, otherwise: str = "names no person") -> Recipient:
    """Read a person by any spelling. Raises UsageError, which says what the text is `otherwise`."""
    try:
        return parse(text)
    except RecipientError as error:
        raise UsageError(f"{text!r} {otherwise}: {error}.") from None


def row_or_person(text: str) -> Recipient:
    """Read a person where a row's number could stand as well. Raises UsageError."""
    return person_of(text, "is neither a row's number nor a person")


def _row_of(ledger: Ledger, record: CampaignRecord, person: Recipient) -> int:
    """The row of a person. Raises UsageError when the campaign has none."""
    with ledger.read() as connection:
        met = known_of(connection, person).met
    for one in met:
        if one.campaign == record.name:
            return one.row
    raise UsageError(
        f"The campaign {record.name!r} has no message for {person.identity}.",
        remedy="campaign find says in which campaigns the person is.",
    )


def find_line(ledger: Ledger, record: CampaignRecord, row: int) -> Line:
    """Find a row by the number that the spreadsheet program shows. Raises UsageError."""
    live = is_running(ledger, record.id)
    for line in lines(ledger, record.id, number=row, live=live):
        return line
    raise UsageError(
        f"The campaign {record.name!r} has no row {row}.",
        remedy="Rows are numbered as the spreadsheet program shows them.",
    )


def summary_of(ledger: Ledger, record: CampaignRecord, now: datetime) -> Summary:
    """Summarise a campaign by the settings it was last run with."""
    pace = pace_of(record.settings)
    live = is_running(ledger, record.id)
    return summarise(ledger, record, pace, now, record.settings.accounts, live=live)


def status(ledger: Ledger, name: str | None, now: datetime) -> Standing:
    """Say where the named campaign stands, or the one last read. Raises UsageError."""
    summary = summary_of(ledger, find_campaign(ledger, name), now)
    with ledger.read() as connection:
        known = campaigns(connection)
    others = tuple(record for record in known if record.id != summary.campaign.id)
    trouble = None
    try:
        refuse_behind(ledger)
    except StorageError as error:
        trouble = error
    notices = tuple(_notices(ledger, summary, now))
    return Standing(summary, others, ledger.place, trouble, notices)


def _notices(ledger: Ledger, summary: Summary, own: datetime) -> Iterator[str]:
    if ledger.moved_to is not None:
        yield f"this ledger was moved to {ledger.moved_to}; nothing is sent from it any more."
    elif summary.campaign.submitted_at is not None and summary.totals.waiting:
        if ledger.is_shared:
            yield from unserved(ledger, summary.campaign.id, own)
        else:
            yield "it was submitted to workers, and none send for a file: campaign run does."


def every(ledger: Ledger, now: datetime) -> Every:
    """Say where all campaigns stand, the one last read first."""
    refuse_behind(ledger)
    with ledger.read() as connection:
        known = campaigns(connection)
    return Every(tuple(summary_of(ledger, record, now) for record in known), ledger.place)


def find(ledger: Ledger, person: Recipient) -> Found:
    """Say what was ever sent to somebody, by which campaign and account, and what waits."""
    refuse_behind(ledger)
    with ledger.read() as connection:
        return Found(person.identity, known_of(connection, person))


def why(ledger: Ledger, name: str | None, which: int | Recipient, now: datetime) -> Reasons:
    """Say what a row waits for, or what happened to it. Raises UsageError."""
    return reasons(ledger, summary_of(ledger, find_campaign(ledger, name), now), which)


def reasons(ledger: Ledger, summary: Summary, which: int | Recipient) -> Reasons:
    """Say the same of a campaign whose summary is known. Raises UsageError."""
    row = which if isinstance(which, int) else _row_of(ledger, summary.campaign, which)
    line = find_line(ledger, summary.campaign, row)
    facts = facts_of(ledger, summary, line)
    return Reasons(summary.campaign.name, line, facts, tuple(sentences(summary, facts)))
