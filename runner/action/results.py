"""The results of a campaign again, from what its ledger knows now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runner.action.standing import summary_of
from runner.campaign.recognise import find_campaign
from runner.errors import ExitCode
from runner.ledger.ledger import Ledger
from runner.result.handback import check_replaceable, write_results
from runner.result.place import Written, check_path, place_here


@dataclass(frozen=True, slots=True)
class HandedBack:
    """The place that a campaign's results were written to."""

    campaign: str
    written: Written
    exit_code: ExitCode = ExitCode.DONE


def results(ledger: Ledger, name: str | None, path: Path | None, now: datetime) -> HandedBack:
    """Write the results sheet again, to its own place or another one.

    Raises UsageError, StorageError.
    """
    summary = summary_of(ledger, find_campaign(ledger, name), now)
    stored = summary.campaign.settings
    path = path or place_here(stored.results, is_shared=ledger.is_shared)
    path = path.absolute()
    check_path(path, Path(stored.sheet), ending=Path(stored.results).suffix if stored.copy else "")
    if str(path) != stored.results:
        with ledger.read() as connection:
            check_replaceable(connection, path, summary.campaign.name)
    return HandedBack(summary.campaign.name, write_results(ledger, summary, path))
