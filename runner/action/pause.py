"""A campaign held back, let go on, and its run ended, by a person's word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runner import words
from runner.campaign.recognise import find_campaign
from runner.errors import ExitCode, InterruptedRunError
from runner.ledger import pause as pauses
from runner.ledger.campaign import note_stamp, outdate_results
from runner.ledger.delivery import withdraw_all
from runner.ledger.lane import submit, wake
from runner.ledger.ledger import Ledger
from runner.ledger.lock import is_running, run_lock
from runner.ledger.standing import waiting

# A run ends at the latest after the longest wait for an answer and a look at the ledger.
_LONGEST: Final = timedelta(minutes=3)
_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Held:
    """A campaign that is paused, or goes on. `changed` is False where it was so before; `live`
    tells whether a run of it is active, `submitted` whether workers send it."""

    campaign: str
    changed: bool
    live: bool
    submitted: bool = False
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end of a campaign's run. `was_live` tells whether there was one, `live` whether it still
    is; `was_submitted`, whether workers sent the campaign, which they do no more."""

    campaign: str
    was_live: bool
    live: bool
    was_submitted: bool = False

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.ALREADY_RUNNING if self.live else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A campaign of which so many messages that waited are not sent."""

    campaign: str
    messages: int
    exit_code: ExitCode = ExitCode.DONE


def pause(ledger: Ledger, name: str | None, now: datetime) -> Held:
    """Hold a campaign back: nothing of it goes until it may go on. Raises UsageError."""
    return _hold(ledger, name, now)


def resume(ledger: Ledger, name: str | None, now: datetime) -> Held:
    """Let a campaign go on that was paused. Raises UsageError."""
    return _hold(ledger, name, now, on=False)


def _hold(ledger: Ledger, name: str | None, now: datetime, *, on: bool = True) -> Held:
    record = find_campaign(ledger, name)
    with ledger.write() as connection:
        changed = pauses.pause(connection, record.id, now if on else None)
        if not on:
            wake(connection, record.id, now)
    submitted = record.submitted_at is not None
    return Held(record.name, changed, is_running(ledger, record.id), submitted)


def withdraw(
    ledger: Ledger,
    name: str | None,
    by: str,
    now: datetime,
    agree: Callable[[Sequence[str]], bool],
) -> Withdrawn:
    """Take back what of a campaign waits; neither runs nor workers send it, until the list is run
    or submitted again.

    Raises UsageError, AlreadyRunningError while a run is active, InterruptedRunError when nobody
    agreed.
    """
    record = find_campaign(ledger, name)
    with run_lock(ledger, record.name, record.id):
        with ledger.read() as connection:
            count = sum(waiting(connection, record.id).values())
        if not agree([f"{words.count(count, 'message')} of {record.name!r} will not be sent."]):
            raise InterruptedRunError("Nothing was changed.", remedy="Run it again when ready.")
        with ledger.write() as connection:
            submit(connection, record.id, None)
            gone = withdraw_all(connection, record.id, f"withdrawn by {by} on {now:%Y-%m-%d}")
            note_stamp(connection, record.id, None)
            outdate_results(connection, record.id)
    return Withdrawn(record.name, gone)


def stop(
    ledger: Ledger, name: str | None, now: Callable[[], datetime], sleep: Callable[[float], None]
) -> Stopped:
    """Ask the campaign's run, and the workers that send it, to end after the message in flight, and
    wait until they have.

    Raises UsageError.
    """
    record = find_campaign(ledger, name)
    was_live, was_submitted = is_running(ledger, record.id), record.submitted_at is not None
    if not (was_live or was_submitted):
        return Stopped(record.name, was_live=False, live=False)
    with ledger.write() as connection:
        pauses.ask_to_stop(connection, record.id, now())
        submit(connection, record.id, None)
    latest = now() + _LONGEST
    while (live := is_running(ledger, record.id)) and now() < latest:
        sleep(_LOOK_SECONDS)
    return Stopped(record.name, was_live, live, was_submitted)
