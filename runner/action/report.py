"""The report of a campaign: written now, to its own place or another one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runner.action.standing import summary_of
from runner.campaign.recognise import find_campaign
from runner.errors import ExitCode
from runner.ledger.ledger import Ledger
from runner.result.facts import gather
from runner.result.place import Written
from runner.result.report import check_place, default_place, write_report


@dataclass(frozen=True, slots=True)
class Reported:
    """The place that a campaign's report was written to; whether it `names` people."""

    campaign: str
    written: Written
    names: bool
    exit_code: ExitCode = ExitCode.DONE


def report(
    ledger: Ledger, name: str | None, path: Path | None, now: datetime, *, names: bool = False
) -> Reported:
    """Write the report of the named campaign, or of the one last read; with `names` it says who
    needs a person. Raises UsageError, StorageError."""
    summary = summary_of(ledger, find_campaign(ledger, name), now)
    stored = summary.campaign.settings
    place = (path or default_place(Path(stored.results))).absolute()
    check_place(place, Path(stored.sheet))
    written = write_report(gather(ledger, summary, names=names), place)
    return Reported(summary.campaign.name, written, names)
