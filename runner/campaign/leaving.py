"""The part of the table of settings that says what a run leaves: results, a report, a word."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypedDict

from runner.campaign.kind import Bound, ResultsIn, Setting
from runner.ledger.setting import DEFAULT_MIN_DAYS, MOST_MIN_DAYS


class ResultsSettings(TypedDict, total=False):
    """The rule of one message per person in so many days, and the place of the results."""

    min_days: Annotated[
        int,
        Setting(
            metavar="N",
            help=f"Days between a person's messages.  [default: {DEFAULT_MIN_DAYS}]",
            least=0,
            most=MOST_MIN_DAYS,
            bound=Bound(
                0,
                MOST_MIN_DAYS,
                "One message per person in {} days makes no sense.",
                f"Give 0 to {MOST_MIN_DAYS}.",
            ),
            kind="a whole number of days",
            words=(
                "at most one message per person in this many days, over all campaigns; default "
                f"{DEFAULT_MIN_DAYS}, `0`: no such rule"
            ),
            example=str(DEFAULT_MIN_DAYS),
        ),
    ]
    results: Annotated[
        Path,
        Setting(
            option=("--results", "-o"),
            metavar="FILE",
            help="Where results go (.csv or .xlsx).  [default: beside the sheet]",
            example='"results.xlsx"',
        ),
    ]
    results_in: Annotated[
        ResultsIn,
        Setting(help="A new file, or a copy of your workbook.  [default: new]", example='"new"'),
    ]


class ReportSettings(TypedDict, total=False):
    """The page that a run leaves."""

    report: Annotated[
        Path,
        Setting(
            metavar="FILE",
            help="Also write a report page at the end of the run (.html).",
            words="a page with charts that each run writes at its end ([reports](reports.md))",
            example='"report.html"',
        ),
    ]


class NotifySettings(TypedDict, total=False):
    """Who hears of the end of each run."""

    notify: Annotated[
        str,
        Setting(
            metavar="COMMAND|URL",
            help="Whom to tell how the run ended: a command, or an https:// webhook.",
            words=(
                "whom to tell how each run ended: a command or an `https://` webhook ([unattended "
                "runs](unattended.md))"
            ),
            example='"python tell.py"',
        ),
    ]
