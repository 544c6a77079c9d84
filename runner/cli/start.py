"""Being led through a first campaign: one question at a time, each with an answer to begin with.

Nothing is sent here but one message to the person who is asked, who may want to see it. What each
step does is a command as well, and that command is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runner import words
from runner.cli import late
from runner.cli.answers import Answers
from runner.cli.asking import Asking
from runner.cli.ledger import opened_ledger, utc_now
from runner.cli.options import BaseUrl, Ledger
from runner.cli.vendor import vendor_with
from runner.errors import CampaignError, UsageError
from runner.show.console import Console


def start(
    sheet: Annotated[
        Path | None, typer.Argument(metavar="LIST", readable=False, help="The spreadsheet.")
    ] = None,
    base_url: BaseUrl = None,
    ledger: Ledger = None,
) -> int:
    """Be led through a first campaign: list, text, key, accounts, hours; nobody of the list gets
    anything."""
    console = Console()
    if not console.can_ask:
        raise UsageError(
            "campaign start asks questions, and there is no terminal to ask them on.",
            remedy="campaign new NAME LIST writes a campaign file without a question.",
        )
    console.say(
        "A campaign in a few steps. Enter takes what stands in brackets; nobody of the list gets "
        "anything."
    )
    first = Answers(Asking(console))
    first.people(sheet)
    first.text()
    first.accounts(base_url)
    first.calendar()
    file = first.file()
    if first.has_key:
        _try(first.asking, file, base_url, ledger)
    return _rehearse(first.asking, file)


def _try(asking: Asking, file: Path, base_url: str | None, ledger: str | None) -> None:
    """Offer to send one message, to the person who is asked."""
    console = asking.console
    question = "Your own profile, to see one message as it arrives (Enter: none)"
    person = asking.fitting(question, late.standing.person_of)
    if person is None:
        return
    asking.command(words.command("run", words.argument(file), test_to=person.identity))
    try:
        campaign = late.campaign.load(file, {})
        vendor = vendor_with(late.key.find_key(campaign.key_file, campaign.folder).secret, base_url)
        with opened_ledger(ledger) as opened, late.asyncio.Runner() as loop:
            tested = late.trial.send_test(campaign, opened, vendor, person, loop)
        late.show_trial.show_tested(console, tested)
    except CampaignError as error:
        console.error(error)


def _rehearse(asking: Asking, file: Path) -> int:
    """Offer the rehearsal, and say what comes next."""
    console, named = asking.console, words.argument(file)
    if asking.yes("Rehearse it now, with nothing sent?"):
        asking.command(words.command("rehearse", named))
        campaign = late.rehearse.beside(late.campaign.load(file, {}))
        rehearsed = late.rehearse.rehearse(
            campaign,
            utc_now(),
            plan=lambda plan: late.show_run.show_plan(console, plan),
            day=lambda day: late.show_rehearsal.tell_day(console, day),
        )
        late.show_rehearsal.show_rehearsal(console, rehearsed)
    console.say("Next:")
    console.say(f"  {words.command('doctor', named)}   whether a run would find all it needs")
    console.say(f"  {words.command('run', named)}   sends what may go today; shows the plan first")
    daily = words.command("schedule install", named, at="08:30")
    console.say(f"  {daily}   goes on by itself every day")
    return 0
