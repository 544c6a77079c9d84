"""The ledger as a command opens it, what is found there, and the time that is noted in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.ledger.ledger import Ledger
    from runner.ledger.record import CampaignRecord
    from runner.results.summary import Summary
    from runner.sending.pace import Pace
    from runner.show.console import Console


def ledger_file(place: str | None) -> Path:
    """The file of the ledger that --ledger names; without it, the user's own. Raises UsageError."""
    from platformdirs import user_data_path

    from runner.ledger.ledger import ledger_path

    return ledger_path(place or user_data_path("campaign-runner", appauthor=False) / "ledger.db")


@contextmanager
def opened_ledger(place: str | None, *, create: bool = True) -> Iterator[Ledger]:
    """The ledger for as long as a command needs it; without `create`, one that is there already."""
    from runner.ledger.ledger import open_ledger

    opened = open_ledger(ledger_file(place), create=create)
    try:
        yield opened
    finally:
        opened.close()


def tell_if_new(ledger: Ledger, place: str | None, console: Console) -> None:
    """Tell that a ledger which was named did not exist: the name may be a mistyped one."""
    if place and ledger.is_new:
        console.tell(
            f"Note: a new ledger begins at {place}; it knows nothing of what others have sent."
        )


def find_record(ledger: Ledger, name: str | None) -> CampaignRecord:
    """The named campaign, or the one last read. Raises UsageError when there is none."""
    from runner.intake.column import nearest
    from runner.ledger.ledger import campaigns

    with ledger.read() as connection:
        known = campaigns(connection)
    if not known:
        raise UsageError(
            "There is no campaign yet.",
            where=ledger.place,
            remedy="Begin one: campaign run SHEET -t TEMPLATE",
        )
    found = next((record for record in known if name is None or record.name == name), None)
    if found is None:
        guess = nearest(str(name), [record.name for record in known])
        remedy = (
            f"Did you mean {guess!r}?"
            if guess
            else f"There are: {', '.join(record.name for record in known)}."
        )
        raise UsageError(f"There is no campaign {name!r}.", where=ledger.place, remedy=remedy)
    return found


def summary_of(ledger: Ledger, name: str | None) -> Summary:
    """Where the named campaign, or the one last read, stands now. Raises UsageError when there is
    none."""
    from runner.ledger.lock import is_running
    from runner.results.summary import summarise
    from runner.sending.settings import pace

    record = find_record(ledger, name)
    stored: Pace = pace(record.settings)
    accounts = record.settings.get("accounts")
    named = [str(account) for account in accounts] if isinstance(accounts, list) else []
    return summarise(ledger, record, stored, utc_now(), named, live=is_running(ledger, record.id))


def utc_now() -> datetime:
    """This computer's clock."""
    return datetime.now(UTC)
