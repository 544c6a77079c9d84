"""The JSON objects of the contract: a campaign, a run, an error, a problem, an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
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
    from runner.result.why import Why

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


def status_answer(summary: Summary) -> dict[str, Any]:
    """What the status tells besides: whether a run is active, what is forecast, who is in doubt,
    and what each account waits for."""
    waits = [
        {
            "account": view.account or None,
            "rows": view.waiting,
            "until": instant_of(view.wait.until) if view.wait else None,
            "reason": view.wait.reason if view.wait else None,
            "stopped": view.alarm.reason if view.alarm else None,
        }
        for view in summary.accounts
        if view.waiting
    ]
    return {
        "running": summary.live,
        "submittedAt": instant_of(summary.campaign.submitted_at),
        "forecast": [{"day": f"{day}", "messages": number} for day, number in summary.days],
        "uncertain": [{"row": row.number, "person": row.person} for row in summary.uncertain],
        "goneFromList": summary.gone,
        "waits": waits,
    }


def why_answer(facts: Why) -> dict[str, Any]:
    """What a row waits for, and what happened to it, as facts."""
    turn, look = facts.turn, facts.look
    return {
        "ahead": turn.ahead if turn else None,
        "forecastFrom": instant_of(turn.start) if turn else None,
        "willBeSkipped": turn.barred if turn else None,
        "look": {
            "at": instant_of(look.at),
            "hasConversation": look.conversation_urn is not None,
            "lastAt": instant_of(look.last_at),
            "lastIsOurs": look.last_is_ours,
        }
        if look
        else None,
        "attempts": [
            {
                "at": instant_of(one.claimed_at),
                "account": one.account or None,
                "requestLeft": one.wired_at is not None,
                "status": one.status,
                "httpStatus": one.http_status,
                "error": one.error,
            }
            for one in facts.attempts
        ],
        "decisions": [
            {"at": instant_of(one.decided_at), "by": one.decided_by, "verdict": one.verdict}
            for one in facts.decisions
        ],
        "otherMessages": [
            {
                "step": one.step,
                "status": one.status,
                "reason": one.reason,
                "sentAt": instant_of(one.at),
                "notBefore": instant_of(one.due_at),
            }
            for one in facts.others
        ],
    }


def _step(tally: Tally) -> dict[str, int]:
    names = ("step", "sent", "waiting", "following", "ended", "replied", "needy")
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
    said = finished(said, report.exit_code, stopped=stopped, replied=report.summary.replied)
    if report.page:
        said["report"] = str(report.page.path)
    return {**said, "text": sentence(said, report.summary.zone)}


def sentence(answer: Mapping[str, Any], zone: tzinfo | None = None) -> str:
    """Say how a run ended in one sentence, for programs that show the field `text`, as those of
    chats do: what needs a person first, and nobody's name. Times are shown in the `zone`, or this
    computer's."""
    totals = answer.get("totals") or {}
    stopped = answer.get("stopped") or {}
    parts = [
        (answer.get("replied"), "answered"),
        (totals.get("uncertain"), "uncertain (campaign settle --check)"),
        (totals.get("failed"), "failed"),
        (totals.get("invalid"), "invalid"),
        (answer.get("sentThisRun"), "sent in this run"),
        (totals.get("waiting"), "waiting"),
    ]
    said = ", ".join(f"{number} {what}" for number, what in parts if number) or "nothing to send"
    whose = answer.get("campaign") or "A campaign"
    if stopped.get("reason"):
        return f"{whose}: stopped: {stopped['reason'].rstrip('.')}. It stands at: {said}."
    until = ""
    if answer.get("nextSendAt"):
        from tzlocal import get_localzone  # each command's start would wait for it

        at = datetime.fromisoformat(answer["nextSendAt"])
        until = f"; the next goes on {words.clock(at, zone or get_localzone())}"
    return f"{whose}: {said}{until}."


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
