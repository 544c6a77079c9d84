"""What the JSON objects of the contract hold: a campaign, a run, an error, a problem, an
instant."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from runner import words
from runner.errors import CampaignError

if TYPE_CHECKING:
    from runner.action.run import Report
    from runner.intake.entry import Problem
    from runner.results.summary import Summary


def answer_of(summary: Summary, report: Report | None = None) -> dict[str, Any]:
    """The JSON object of the contract, of a campaign or of a run of it."""
    counts = summary.totals
    names = ("sent", "uncertain", "failed", "skipped", "invalid", "waiting", "rows")
    accounts = [
        {
            "account": view.account or None,
            "limit": view.limit,
            "used": view.used,
            "remaining": view.remaining,
            "resetAt": instant_of(view.reset_at),
        }
        for view in summary.accounts
    ]
    stop = report.stop if report else None
    stored = summary.campaign.settings.get("results")
    path = (report.results.path if report.results else None) if report else stored
    return {
        "campaign": summary.campaign.name,
        "totals": {name: getattr(counts, name) for name in names},
        "sentThisRun": report.sent if report else 0,
        "accounts": accounts,
        "nextSendAt": instant_of(summary.next_send_at),
        "results": str(path) if path else None,
        "exitCode": int(report.exit_code) if report else 0,
        "stopped": {"reason": stop.reason, "remedy": stop.remedy} if stop else None,
    }


def failure(error: CampaignError) -> dict[str, Any]:
    """The JSON object of the contract, of a command that an error ended. What is not known of it is
    null, not zero."""
    return {
        "campaign": None,
        "totals": None,
        "sentThisRun": 0,
        "accounts": [],
        "nextSendAt": None,
        "results": None,
        "exitCode": int(error.exit_code),
        "stopped": {"reason": error.what, "remedy": error.remedy},
    }


def problem_answer(problem: Problem) -> dict[str, Any]:
    """A problem of the sheet or template, as `check` answers it."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "row": problem.row,
        "cell": problem.cell or None,
        "column": problem.column.header if problem.column else None,
        "text": problem.text,
        "remedy": problem.advice,
    }


def instant_of(instant: datetime | None) -> str | None:
    """`2026-03-02T09:00:00Z`; None when it is not known."""
    return words.instant(instant) if instant else None
