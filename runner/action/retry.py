"""Rows that certainly were not delivered, made to wait again by a person's word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from runner import words
from runner.action.settle import Which, hand_back, settle_rows, this_person
from runner.errors import ExitCode, InterruptedRunError, UsageError
from runner.ledger.delivery import delivery_to
from runner.ledger.ledger import Ledger
from runner.ledger.line import Line, lines
from runner.ledger.record import CampaignRecord, Status
from runner.result.place import Written

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Retried:
    """Rows that wait again; `barred` has a sentence for each that will not be sent all the same."""

    campaign: str
    rows: tuple[int, ...]
    barred: tuple[str, ...]
    results: Written
    exit_code: ExitCode = ExitCode.DONE


def retry(
    ledger: Ledger,
    record: CampaignRecord,
    wanted: Sequence[Which],
    reason: str | None,
    agree: Callable[[Sequence[str]], bool],
    now: Callable[[], datetime],
) -> Retried:
    """Let failed rows wait again: those that are `wanted`, or all; of these, the ones whose HTTP
    status or error says the `reason`, if there is one.

    A row whose message may have been delivered is never among them. Raises UsageError naming a
    wanted row that did not fail, InterruptedRunError when nobody agreed.
    """
    failed = {
        line.number: line for line in lines(ledger, record.id) if line.status is Status.FAILED
    }
    chosen = [_failed(ledger, record, failed, which) for which in wanted] or list(failed.values())
    chosen = [line for line in chosen if reason is None or _says(line, reason)]
    if not chosen:
        raise UsageError(
            f"No failed row of the campaign {record.name!r} is meant.",
            remedy="campaign status counts the failed rows; the results say why each failed.",
        )
    shown = [f"row {line.number} ({line.error or 'no reason is known'})" for line in chosen]
    step = (
        f"{words.count(len(chosen), 'row')} of {record.name!r} will wait again, and be sent by the "
        f"next run where no rule keeps them back: {words.some(shown, _SHOWN)}."
    )
    if not agree([step]):
        raise InterruptedRunError("Nothing was changed.", remedy="Run it again when you are ready.")
    rows = [line.number for line in chosen]
    barred = settle_rows(ledger, record, rows, sent=False, by=this_person(), now=now())
    waiting = tuple(row for row in rows if row not in barred)
    written = hand_back(ledger, record, now())
    return Retried(record.name, waiting, tuple(barred.values()), written)


def _failed(ledger: Ledger, record: CampaignRecord, failed: dict[int, Line], which: Which) -> Line:
    """Return the failed row that is meant. Raises UsageError when it did not fail."""
    if isinstance(which, int):
        found = failed.get(which)
    else:
        with ledger.read() as connection:
            delivery = delivery_to(connection, record.id, which)
        found = next((line for line in failed.values() if line.delivery == delivery), None)
    if found is None or (not isinstance(which, int) and found.delivery is None):
        name = f"Row {which}" if isinstance(which, int) else which.identity
        raise UsageError(
            f"{name} did not fail, so it is not sent again. No row was changed.",
            remedy=f"{words.command('why', 'ROW', name=record.name)} says how a row stands.",
        )
    return found


def _says(line: Line, reason: str) -> bool:
    """Tell whether a row failed for this reason: an HTTP status, or words of its error."""
    if reason.isdigit():
        return line.http_status == int(reason)
    return reason.casefold() in (line.error or "").casefold()
