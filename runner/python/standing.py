"""The acts that ask the ledger, or change what it says, as functions of Python."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from runner.action import pause as pausing
from runner.action import report as reporting
from runner.action import retry as retrying
from runner.action import settle as settling
from runner.action import standing
from runner.action.pause import Held, Stopped, Withdrawn
from runner.action.report import Reported
from runner.action.results import HandedBack
from runner.action.results import results as write_again
from runner.action.retry import Retried
from runner.action.settle import Settled
from runner.action.standing import Every, Found, Reasons, Standing
from runner.action.team import Team, team
from runner.intake.recipient import Recipient
from runner.python.ledger import opened_ledger, utc_now


def status(name: str | None = None, *, ledger: str | None = None) -> Standing:
    """Say where the named campaign stands, or the one last read. Raises UsageError."""
    with opened_ledger(ledger, create=False) as opened:
        return standing.status(opened, name, utc_now())


def campaigns(*, ledger: str | None = None) -> Every:
    """Say where all campaigns stand, the one last read first."""
    with opened_ledger(ledger, create=False) as opened:
        return standing.every(opened, utc_now())


def find(person: str, *, ledger: str | None = None) -> Found:
    """Say what was ever sent to somebody, by which campaign and account, and what waits.

    Raises UsageError for a text that names nobody.
    """
    wanted = standing.person_of(person)
    with opened_ledger(ledger, create=False) as opened:
        return standing.find(opened, wanted)


def why(row: int | str, name: str | None = None, *, ledger: str | None = None) -> Reasons:
    """Say what a row, or a person's row, waits for or what happened to it. Raises UsageError."""
    which = _which(row)
    with opened_ledger(ledger, create=False) as opened:
        return standing.why(opened, name, which, utc_now())


def results(
    name: str | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    ledger: str | None = None,
) -> HandedBack:
    """Write the results sheet again, from the ledger. Raises UsageError, StorageError."""
    with opened_ledger(ledger, create=False) as opened:
        return write_again(opened, name, Path(path) if path else None, utc_now())


def pause(name: str | None = None, *, ledger: str | None = None) -> Held:
    """Hold a campaign back: nothing of it goes, in no run, until `resume`. Raises UsageError."""
    with opened_ledger(ledger, create=False) as opened:
        return pausing.pause(opened, name, utc_now())


def resume(name: str | None = None, *, ledger: str | None = None) -> Held:
    """Let a campaign go on that was paused. Raises UsageError."""
    with opened_ledger(ledger, create=False) as opened:
        return pausing.resume(opened, name, utc_now())


def withdraw(
    name: str | None = None, *, by: str | None = None, ledger: str | None = None
) -> Withdrawn:
    """Take back what of a campaign waits, until its list is run or submitted again. Raises
    CampaignError."""
    with opened_ledger(ledger, create=False) as opened:
        word = by or settling.this_person()
        return pausing.withdraw(opened, name, word, utc_now(), lambda _: True)


def workers(*, ledger: str | None = None) -> Team:
    """Say who sends for a shared ledger, and which lanes wait. Raises CampaignError."""
    with opened_ledger(ledger, create=False) as opened:
        return team(opened, utc_now())


def stop(name: str | None = None, *, ledger: str | None = None) -> Stopped:
    """Ask a campaign's run to end after its message in flight, and wait until it has.

    Raises UsageError.
    """
    with opened_ledger(ledger, create=False) as opened:
        return pausing.stop(opened, name, utc_now, time.sleep)


def settle(
    rows: Sequence[int | str],
    *,
    sent: bool,
    name: str | None = None,
    by: str | None = None,
    ledger: str | None = None,
) -> Settled:
    """Record your word on uncertain rows, given by number or by profile, after a look in LinkedIn.

    All of the rows are settled, or not one of them. `by` is your name in the record. Raises
    UsageError.
    """
    which = [_which(row) for row in rows]
    with opened_ledger(ledger, create=False) as opened:
        record = settling.only_campaign(opened, name)
        return settling.settle(
            opened, record, which, sent=sent, by=by or settling.this_person(), now=utc_now
        )


def retry(
    rows: Sequence[int | str] = (),
    *,
    reason: str | None = None,
    name: str | None = None,
    ledger: str | None = None,
) -> Retried:
    """Let failed rows wait again: these, given by number or by profile, or all of them.

    `reason` keeps those with this HTTP status, or with these words in their error. A row whose
    message may have arrived is never among them. Raises UsageError.
    """
    which = [_which(row) for row in rows]
    with opened_ledger(ledger, create=False) as opened:
        record = settling.only_campaign(opened, name)
        return retrying.retry(opened, record, which, reason, lambda _: True, utc_now)


def report(
    name: str | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    names: bool = False,
    ledger: str | None = None,
) -> Reported:
    """Write a page with charts; with `names` it names people. Raises UsageError, StorageError."""
    with opened_ledger(ledger, create=False) as opened:
        place = Path(path) if path else None
        return reporting.report(opened, name, place, utc_now(), names=names)


def _which(row: int | str) -> int | Recipient:
    return row if isinstance(row, int) else standing.row_or_person(row)
