"""Workers and their lanes, in lines and as JSON; and a campaign that was handed to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runner import words
from runner.errors import ExitCode
from runner.show.answer import finished, instant_of, plan_answer
from runner.show.console import Console
from runner.show.run import show_plan

if TYPE_CHECKING:
    from runner.action.plan import Plan
    from runner.action.submit import Submitted
    from runner.action.team import Team
    from runner.ledger.worker import Worker

_SHOWN = 6


class SubmitScreen:
    """Shows the plan of a campaign that is submitted, and asks whether workers may send it."""

    def __init__(self, console: Console, *, yes: bool) -> None:
        self._console = console
        self._yes = yes

    def agree(self, plan: Plan) -> bool:
        """Show the plan, and ask a person to agree to it."""
        show_plan(self._console, plan)
        if self._yes or not plan.summary.totals.waiting:
            return True
        return self._console.ask("Let workers send it?", otherwise="nothing was submitted")


def show_submitted(console: Console, submitted: Submitted) -> ExitCode:
    """That workers send a campaign now, and how to follow it."""
    plan = submitted.plan
    name = words.argument(plan.summary.campaign.name)
    waiting = words.count(plan.summary.totals.waiting, "message")
    console.say(f"Submitted: workers send {waiting} of {plan.summary.campaign.name}.")
    console.say(f"  To follow it: {words.command('status', name)}")
    console.say(f"  To hold it back: {words.command('pause', name)}")
    console.answer({**plan_answer(plan), "submittedAt": instant_of(submitted.at)})
    return submitted.exit_code


def show_team(console: Console, team: Team) -> ExitCode:
    """A line for each worker, and one for each key."""
    if team.workers:
        head = ("WORKER", "STATE", "SINCE", "KEYS", "LANES")
        console.table(head, [_line(team, one) for one in team.workers])
    else:
        console.say("No worker sends for this ledger: campaign worker begins one.")
    for one in team.backlog:
        late = f", one for {_ago(team.at, one.since)}" if one.since and one.due else ""
        console.say(
            f"Key {one.key}: {words.count(one.lanes, 'lane')} with something to send, "
            f"{one.due} due now{late}."
        )
    for one in team.unserved:
        console.say(f"No worker that is alive has the key {one.key}.")
    console.say(f"Ledger: {team.ledger}")
    console.answer(finished(_answer(team), team.exit_code))
    return team.exit_code


def _line(team: Team, worker: Worker) -> tuple[str, str, str, str, str]:
    accounts = [lane.name for lane in team.lanes_of(worker)]
    named = f": {words.some(accounts, _SHOWN)}" if accounts else ""
    lanes = f"{len(accounts)} of {worker.lanes}{named}"
    begun = f"{worker.begun_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return worker.name, _state(team, worker), begun, ", ".join(worker.keys), lanes


def _state(team: Team, worker: Worker) -> str:
    if not worker.is_alive(team.at):
        return f"silent for {_ago(team.at, worker.beat_at)}"
    return "ending" if worker.is_draining else "alive"


def _ago(now: datetime, since: datetime) -> str:
    seconds = max(0, round((now - since).total_seconds()))
    if seconds < 120:
        return words.count(seconds, "second")
    if seconds < 7200:
        return words.count(seconds // 60, "minute")
    return words.count(seconds // 3600, "hour")


def _answer(team: Team) -> dict[str, Any]:
    return {
        "workers": [
            {
                "worker": one.name,
                "version": one.version,
                "keys": list(one.keys),
                "since": instant_of(one.begun_at),
                "lastHeardAt": instant_of(one.beat_at),
                "alive": one.is_alive(team.at),
                "ending": one.is_draining,
                "mostLanes": one.lanes,
                "lanes": [
                    {"account": lane.account or None, "since": instant_of(lane.since)}
                    for lane in team.lanes_of(one)
                ],
            }
            for one in team.workers
        ],
        "keys": [
            {
                "key": one.key,
                "lanes": one.lanes,
                "due": one.due,
                "dueSince": instant_of(one.since),
                "served": one not in team.unserved,
            }
            for one in team.backlog
        ],
        "ledger": team.ledger,
    }
