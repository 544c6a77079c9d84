"""A look at list and text before anything is sent: every problem, and the messages as they would go
out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from runner.campaign.campaign import Campaign
from runner.campaign.material import Intake, refuse_unusable, take
from runner.errors import ExitCode, UsageError
from runner.intake.entry import Entry
from runner.result.place import Written
from runner.result.problems import write as write_problems


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check; `problems` is the workbook they were written to, if that was asked.

    `reaches` says what a campaign file reaches beyond its folder.
    """

    intake: Intake
    problems: Written | None = None
    reaches: tuple[str, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        return (*self.reaches, *self.intake.notices)

    @property
    def exit_code(self) -> ExitCode:
        if self.intake.blocking or not self.intake.findings.rows:
            return ExitCode.REFUSED
        return ExitCode.NEEDS_A_PERSON if self.intake.findings.invalid else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Previewed:
    """Some rows with their messages, of `total` rows."""

    entries: tuple[Entry, ...]
    total: int
    exit_code: ExitCode = ExitCode.DONE


def check(campaign: Campaign, problems: Path | None = None) -> Checked:
    """Find every problem of list and text; write them to `problems`, an XLSX, if it is given.

    Raises RefusedError for a list that cannot be read at all, StorageError.
    """
    intake = take(campaign)
    if problems is None:
        return Checked(intake, reaches=campaign.notices)
    written = write_problems(problems, campaign.sheet, intake.checked, intake.findings)
    return Checked(intake, written, campaign.notices)


def preview(campaign: Campaign, most: int = 5, row: int | None = None) -> Previewed:
    """Render the first messages, or that of one row.

    Raises RefusedError for a campaign that cannot be used, UsageError for a row that is not there.
    """
    intake = take(campaign)
    refuse_unusable(intake)
    found = (one for one in intake.checked.entries() if row is None or one.row.number == row)
    entries = tuple(islice(found, most))
    if not entries:
        raise UsageError(
            f"The sheet has no row {row}.",
            remedy="Rows are numbered as the spreadsheet program shows them.",
        )
    return Previewed(entries, intake.findings.rows if row is None else 1)
