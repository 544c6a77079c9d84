"""The standing of a campaign, in lines and as JSON: status, why, results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner import words
from runner.errors import ExitCode
from runner.result.link import profile_link
from runner.result.told import quota_text, tally_text
from runner.show.answer import campaign_answer, finished, instant_of, status_answer, why_answer
from runner.show.console import Console
from runner.show.run import (
    clock,
    foreign_text,
    say_in_doubt,
    say_needs_a_person,
    say_results,
    totals_text,
)

if TYPE_CHECKING:
    from runner.action.pause import Held, Stopped, Withdrawn
    from runner.action.report import Reported
    from runner.action.results import HandedBack
    from runner.action.standing import Every, Found, Reasons, Standing
    from runner.result.summary import AccountView, Summary


def show_status(console: Console, standing: Standing) -> ExitCode:
    """Totals, each account's quota, the forecast, and the ledger's place."""
    summary = standing.summary
    campaign, counts = summary.campaign, summary.totals
    say_in_doubt(summary, console.say)
    running = ""
    if summary.live:
        since = ""
        if campaign.running_since:
            since = f" since {clock(campaign.running_since, summary)}"
        running = f" (a run is active{since})"
    if campaign.submitted_at:
        running += f" (workers send it since {clock(campaign.submitted_at, summary)})"
    rows = words.count(counts.rows, "row")
    console.say(f"Campaign {campaign.name}{running}: {rows}; {totals_text(counts)}.")
    for notice in standing.notices:
        console.say(f"Note: {notice}")
    say_needs_a_person(console, summary)
    if summary.replied:
        console.say(f"Answered: {summary.replied}; campaign replies lists them.")
    _say_tallies(console, summary)
    if summary.gone:
        console.say(f"Messaged and no longer in the sheet: {summary.gone}.")
    for view in summary.accounts:
        _say_account(console, view, summary)
    if counts.waiting and summary.paused_at is None:
        _say_forecast(console, summary)
    if standing.others:
        names = ", ".join(other.name for other in standing.others)
        console.say(f"Other campaigns (--name): {names}")
    console.say(f"Ledger: {standing.ledger}")
    if standing.trouble is not None:
        console.tell(f"Do not trust this: {standing.trouble.what}")
        console.tell(f"  Next:  {standing.trouble.remedy}")
    answer = {**campaign_answer(summary), **status_answer(summary), "ledger": standing.ledger}
    console.answer(answer)
    return standing.exit_code


def show_held(console: Console, held: Held, *, paused: bool) -> ExitCode:
    """Whether the campaign is paused, and what its run does."""
    name = words.argument(held.campaign)
    if not held.changed:
        console.say(f"{held.campaign} {'is paused already' if paused else 'is not paused'}.")
    elif paused:
        resume = words.command("resume", name)
        console.say(f"{held.campaign} is paused: nothing of it goes until: {resume}")
        if held.live:
            console.say(
                "A run of it is active: it finishes its message in flight; with --wait it stays, "
                "else it ends."
            )
    elif held.submitted:
        console.say(f"{held.campaign} goes on, with the workers that send it.")
    elif held.live:
        console.say(f"{held.campaign} goes on, in the run that is active.")
    else:
        console.say(f"{held.campaign} goes on with its next run.")
    said = {"campaign": held.campaign, "paused": paused, "running": held.live}
    console.answer(finished(said, held.exit_code))
    return held.exit_code


def show_stopped(console: Console, stopped: Stopped) -> ExitCode:
    """How the campaign's run ended, if there was one."""
    if stopped.was_submitted and not stopped.live:
        console.say(
            f"Workers send {stopped.campaign} no more; the next run, or campaign submit, goes on "
            "there."
        )
    elif not (stopped.was_live or stopped.live):
        console.say(f"No run of {stopped.campaign} is active.")
    elif stopped.live:
        console.say(
            f"The run of {stopped.campaign} was asked to end, and has not ended yet; it may be on "
            "a computer that sleeps."
        )
    else:
        console.say(f"The run of {stopped.campaign} has ended; the next one goes on there.")
    said = {"campaign": stopped.campaign, "wasRunning": stopped.was_live, "running": stopped.live}
    console.answer(finished(said, stopped.exit_code))
    return stopped.exit_code


def show_withdrawn(console: Console, withdrawn: Withdrawn) -> ExitCode:
    """How many messages are not sent."""
    count = words.count(withdrawn.messages, "message")
    console.say(f"Withdrawn: {count} of {withdrawn.campaign}. Its list brings them back.")
    said = {"campaign": withdrawn.campaign, "withdrawn": withdrawn.messages}
    console.answer(finished(said, withdrawn.exit_code))
    return withdrawn.exit_code


def show_every(console: Console, found: Every) -> ExitCode:
    """A line for each campaign."""
    lines = [
        (
            summary.campaign.name,
            totals_text(summary.totals),
            _next(summary),
            summary.campaign.settings.sheet,
        )
        for summary in found.summaries
    ]
    if lines:
        console.table(("CAMPAIGN", "ROWS", "NEXT MESSAGE", "LIST"), lines)
    else:
        console.say("There is no campaign yet.")
    console.say(f"Ledger: {found.ledger}")
    listed = [campaign_answer(summary) for summary in found.summaries]
    answer = {"campaigns": listed, "ledger": found.ledger}
    console.answer(finished(answer, found.exit_code))
    return found.exit_code


def _say_tallies(console: Console, summary: Summary) -> None:
    """How each message of a sequence stands, and how often its variants are answered."""
    for step, tally in summary.steps.items():
        console.say(f"Message {step}: {tally_text(tally)}.")
    for compared in summary.compared:
        console.say(f"Variants of message {compared.step}: {compared.verdict}.")
        for variant in compared.variants:
            console.say(f"  {variant}")


def _next(summary: Summary) -> str:
    """What a campaign does next, in a word or a time."""
    if summary.paused_at is not None:
        return "paused"
    if summary.live:
        return "running now"
    return clock(summary.next_send_at, summary) if summary.next_send_at else ""


def show_found(console: Console, found: Found) -> ExitCode:
    """What a person was sent, and what waits."""
    known = found.known
    console.say(f"{found.person}: known as {', '.join(known.spellings)}.")
    for met in known.met:
        step = f", message {met.step}" if met.step > 1 else ""
        when = f" {words.instant(met.at)}" if met.at else ""
        sender = f" from {met.account or 'the default account'}" if met.at else ""
        why = f" ({met.reason})" if met.reason else ""
        console.say(f"  {met.campaign}, row {met.row}{step}: {met.status}{when}{sender}{why}")
    for other in known.elsewhere:
        console.say(f"  messaged {words.instant(other.at)} according to {other.source}")
    if known.barred:
        console.say(f"  never to be messaged: {known.barred}")
    if not (known.met or known.elsewhere or known.barred):
        console.say("  No campaign has this person.")
    answer = {
        "person": found.person,
        "spellings": list(known.spellings),
        "messages": [
            {
                "campaign": met.campaign,
                "row": met.row,
                "step": met.step,
                "status": met.status,
                "reason": met.reason,
                "account": met.account or None,
                "sentAt": words.instant(met.at) if met.at else None,
                "message": met.text or None,
            }
            for met in known.met
        ],
        "elsewhere": [
            {"source": other.source, "at": words.instant(other.at)} for other in known.elsewhere
        ],
        "barred": known.barred,
    }
    console.answer(finished(answer, found.exit_code))
    return found.exit_code


def _say_account(console: Console, view: AccountView, summary: Summary) -> None:
    quota = f"{quota_text(view, summary.zone)}{foreign_text(view.foreign)}"
    wait = ""
    if view.wait:
        until = f" until {clock(view.wait.until, summary)}" if view.windows else ""
        wait = f"; {view.wait.reason}{until}"
    console.say(f"Account {view.name}: {view.waiting} wait; {quota}{wait}.")
    if view.alarm:
        console.say(f"  Stopped: {view.alarm.reason}")
        console.say(f"  Next: {view.alarm.remedy}")


def _say_forecast(console: Console, summary: Summary) -> None:
    days = summary.days
    forecast = summary.finish
    if days:
        shown = ", ".join(f"{day:%a %m-%d}: {count}" for day, count in days[:7])
        more = " …" if len(days) > 7 else ""
        forecast = f"{shown}{more}; {summary.finish}"
    first = summary.next_send_at
    when = f"from {clock(first, summary)}" if first else "not foreseen"
    console.say(f"Next message {when}. Forecast: {forecast}.")


def show_why(console: Console, reasons: Reasons) -> ExitCode:
    """The reasons of one row."""
    for sentence in reasons.said:
        console.say(sentence)
    line = reasons.line
    if link := profile_link(line.person or line.identity):
        console.say(link)
    said = {
        "campaign": reasons.campaign,
        "row": line.number,
        "status": line.status.value,
        "step": line.step,
        "variant": line.variant,
        "account": line.account or None,
        "reason": line.reason,
        "error": line.error,
        "sentAt": instant_of(line.sent_at),
        "repliedAt": instant_of(line.replied_at),
        "notBefore": instant_of(line.due_at),
        "skippedUntil": instant_of(line.free_at),
        **why_answer(reasons.facts),
        "why": list(reasons.said),
    }
    console.answer(finished(said, reasons.exit_code))
    return reasons.exit_code


def show_report(console: Console, done: Reported) -> ExitCode:
    """The place of the report."""
    say_results(console, done.written, "Report")
    if done.names:
        console.say("It names people; without --names it names nobody, and can be passed on.")
    said = {"campaign": done.campaign, "report": str(done.written.path), "names": done.names}
    console.answer(finished(said, done.exit_code))
    return done.exit_code


def show_results(console: Console, handed: HandedBack) -> ExitCode:
    """The place of the results."""
    say_results(console, handed.written)
    said = {"campaign": handed.campaign, "results": str(handed.written.path)}
    console.answer(finished(said, handed.exit_code))
    return handed.exit_code
