"""The JSON objects of the contract: a campaign, a run, an error, a problem, an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from runner import words
from runner.errors import CampaignError, ExitCode

if TYPE_CHECKING:
    from runner.action.plan import Plan
    from runner.action.run import Report
    from runner.intake.entry import Problem
    from runner.ledger.tally import Tally
    from runner.result.summary import Summary
    from runner.result.variant import Compared

_TOTALS = ("sent", "uncertain", "failed", "skipped", "invalid", "waiting", "rows")


def finished(said: Mapping[str, Any], exit_code: ExitCode, **after: Any) -> dict[str, Any]:
    """The JSON object of a command that ended so: every one of them carries its exit code."""
    return {**said, "exitCode": int(exit_code), **after}


def campaign_answer(summary: Summary) -> dict[str, Any]:
    """The JSON object of a campaign."""
    results = summary.campaign.settings.results
    said = {**_campaign(summary, 0, results), "pausedAt": instant_of(summary.paused_at)}
    said["replied"] = summary.replied
    if summary.steps:
        said["steps"] = [_step(tally) for tally in summary.steps.values()]
    if summary.compared:
        said["variants"] = [_compared(one) for one in summary.compared]
    return finished(said, ExitCode.DONE, stopped=None)


def _step(tally: Tally) -> dict[str, int]:
    names = ("step", "sent", "waiting", "following", "ended", "replied")
    return {name: getattr(tally, name) for name in names}


def _compared(one: Compared) -> dict[str, Any]:
    variants = [
        {
            "variant": variant.variant,
            "sent": variant.sent,
            "replied": variant.replied,
            "low": round(variant.low, 4),
            "high": round(variant.high, 4),
        }
        for variant in one.variants
    ]
    return {"step": one.step, "variants": variants, "best": one.best, "verdict": one.verdict}


def run_answer(report: Report) -> dict[str, Any]:
    """The JSON object of a run."""
    results = str(report.results.path) if report.results else None
    stopped = None
    if report.stop:
        stopped = {"reason": report.stop.reason, "remedy": report.stop.remedy}
    said = _campaign(report.summary, report.sent, results)
    if report.page:
        said["report"] = str(report.page.path)
    return finished(said, report.exit_code, stopped=stopped)


def plan_answer(plan: Plan) -> dict[str, Any]:
    """The JSON object of a plan: that of a run that has sent nothing yet."""
    return finished(_campaign(plan.summary, 0, None), ExitCode.DONE, stopped=None)


def failure(error: CampaignError) -> dict[str, Any]:
    """The JSON object of a command that an error ended; what is not known is null, not zero."""
    said: dict[str, Any] = {
        "campaign": None,
        "totals": None,
        "sentThisRun": 0,
        "accounts": [],
        "nextSendAt": None,
        "results": None,
    }
    stopped = {"reason": error.what, "remedy": error.remedy}
    return finished(said, error.exit_code, stopped=stopped)


def _campaign(summary: Summary, sent: int, results: str | None) -> dict[str, Any]:
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
    return {
        "campaign": summary.campaign.name,
        "totals": {name: getattr(summary.totals, name) for name in _TOTALS},
        "sentThisRun": sent,
        "accounts": accounts,
        "nextSendAt": instant_of(summary.next_send_at),
        "results": results,
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
