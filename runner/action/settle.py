"""A person's word on rows that may or may not have been delivered."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from runner import words
from runner.action.standing import find_line, summary_of
from runner.campaign.recognise import find_campaign
from runner.errors import AlreadyRunningError, ExitCode, UsageError
from runner.intake.recipient import Recipient
from runner.ledger.attempt import recover
from runner.ledger.campaign import campaigns
from runner.ledger.contact import last_look
from runner.ledger.decision import decide, take_back
from runner.ledger.delivery import delivery_of, delivery_to, is_listed
from runner.ledger.ledger import Ledger
from runner.ledger.lock import is_running, run_lock
from runner.ledger.record import WITHDRAWN, CampaignRecord, UncertainRow
from runner.ledger.standing import uncertain_rows
from runner.result.handback import write_here
from runner.result.place import Written


@dataclass(frozen=True, slots=True)
class Shown:
    """A delivery as a page has shown it, by its number in the ledger and its name. A list that was
    read meanwhile may have moved its row."""

    delivery: int
    label: str


Which = int | Recipient


@dataclass(frozen=True, slots=True)
class Settled:
    """Rows that a person has settled, as `sent` or not; None where the word before was taken back.

    `barred` has a sentence for each that is settled as not sent and will not be sent all the same.
    `live` while a run of the campaign is active.
    """

    campaign: str
    sent: bool | None
    live: bool
    barred: tuple[str, ...]
    results: Written
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Case:
    """A row or person to settle: its name in a sentence, how it stands, and its delivery."""

    label: str
    stands: str
    delivery: int | None


def this_person() -> str:
    """The name of this computer's user, for the record of a decision."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def only_campaign(ledger: Ledger, name: str | None) -> CampaignRecord:
    """Find the named campaign, or the only one there is. Raises UsageError."""
    with ledger.read() as connection:
        names = [record.name for record in campaigns(connection)]
    if name is None and len(names) > 1:
        raise UsageError(
            "There are several campaigns.", remedy=f"Add --name, one of: {', '.join(names)}."
        )
    return find_campaign(ledger, name)


def all_uncertain(ledger: Ledger, record: CampaignRecord, now: datetime) -> list[UncertainRow]:
    """Return all uncertain rows, and the people who have left the list since.

    Raises UsageError when there is none.
    """
    recover_dead_run(ledger, record, now)
    with ledger.read() as connection:
        found = uncertain_rows(connection, record.id, live=is_running(ledger, record.id))
    named = [row for row in found if row.number is not None or row.person]
    if not named:
        raise UsageError(
            f"No row of the campaign {record.name!r} is uncertain.",
            remedy="campaign status says how its rows stand.",
        )
    return named


def settle(
    ledger: Ledger,
    record: CampaignRecord,
    rows: Sequence[Which | Shown],
    *,
    sent: bool | None,
    by: str,
    now: Callable[[], datetime],
) -> Settled:
    """Record a person's word on rows, given by number or by person, all or not one of them; None
    takes the word before back. Then write the results again. Raises UsageError, StorageError."""
    barred = settle_rows(ledger, record, rows, sent=sent, by=by, now=now())
    return Settled(
        campaign=record.name,
        sent=sent,
        live=is_running(ledger, record.id),
        barred=tuple(barred.values()),
        results=hand_back(ledger, record, now()),
    )


def hand_back(ledger: Ledger, record: CampaignRecord, now: datetime) -> Written:
    """Write a campaign's results to their own place."""
    summary = summary_of(ledger, find_campaign(ledger, record.name), now)
    return write_here(ledger, summary)


def recover_dead_run(ledger: Ledger, record: CampaignRecord, now: datetime) -> None:
    """Make uncertain what a run that died left open, so that it can be settled; do nothing while a
    run is active."""
    with suppress(AlreadyRunningError), run_lock(ledger, record.name, record.id):
        recover(ledger, record.id, now)


def settle_rows(
    ledger: Ledger,
    record: CampaignRecord,
    rows: Sequence[Which | Shown],
    *,
    sent: bool | None,
    by: str,
    now: datetime,
) -> dict[Which | Shown, str]:
    """Record a person's word on uncertain or failed rows, or take it back, all or not one of them.

    Answers a sentence on each row that is settled as not sent and will not be sent all the same,
    by the row as it was named. Raises UsageError naming a row that is neither uncertain nor failed,
    or has no word that could be taken back.
    """
    recover_dead_run(ledger, record, now)
    cases = {row: _case(ledger, record, row) for row in rows}
    barred = {}
    with ledger.write() as connection:
        for row, case in cases.items():
            delivery = case.delivery
            if delivery is None:
                is_changed = False
            elif sent is None:
                is_changed = take_back(connection, delivery, by=by, now=now)
            else:
                is_changed = decide(connection, delivery, sent=sent, by=by, now=now)
            if not is_changed:
                rule = "only uncertain and failed rows can be settled"
                if sent is None:
                    rule = "only a person's word can be taken back, before the row is sent again"
                raise UsageError(
                    f"{case.label} {case.stands}; {rule}. No row was changed.",
                    remedy=(
                        f"{words.command('why', 'ROW', name=record.name)} says how a row stands."
                    ),
                )
            if delivery is None or sent is not False:
                continue
            mine = delivery_of(connection, delivery)
            reason = last_look(connection, mine, record.settings, now)
            if reason or not is_listed(connection, delivery):
                barred[row] = f"{case.label} will not be sent: {reason or WITHDRAWN}."
    return barred


def _case(ledger: Ledger, record: CampaignRecord, row: Which | Shown) -> _Case:
    if isinstance(row, Shown):
        return _Case(row.label, "is not open", row.delivery)
    if isinstance(row, int):
        line = find_line(ledger, record, row)
        return _Case(f"Row {row}", f"is {line.status}", line.delivery)
    with ledger.read() as connection:
        delivery = delivery_to(connection, record.id, row)
    return _Case(row.identity, "has no such message", delivery)
