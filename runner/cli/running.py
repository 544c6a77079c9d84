"""The commands to a campaign that goes on: pause, resume, stop, and the replies to it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Final, Unpack

import typer

from runner.campaign.setting import KeySettings
from runner.cli import late
from runner.cli.ledger import opened_ledger, utc_now
from runner.cli.options import AsJson, BaseUrl, Campaign, Ledger, Which, command, option
from runner.cli.vendor import found_vendor
from runner.show.console import Console

# The inbox changes seldom, and each look reads all that has.
_WATCH_SECONDS: Final = 120


def pause(
    campaign: Campaign = None, name: Which = None, ledger: Ledger = None, as_json: AsJson = False
) -> int:
    """Hold a campaign back: nothing of it goes, in no run, until campaign resume. A message in
    flight is finished; a run with --wait stays, and goes on then."""
    with opened_ledger(ledger, create=False) as opened:
        held = late.pause.pause(opened, campaign or name, utc_now())
    return late.show_standing.show_held(Console(as_json=as_json), held, paused=True)


def resume(
    campaign: Campaign = None, name: Which = None, ledger: Ledger = None, as_json: AsJson = False
) -> int:
    """Let a campaign go on that was paused."""
    with opened_ledger(ledger, create=False) as opened:
        held = late.pause.resume(opened, campaign or name, utc_now())
    return late.show_standing.show_held(Console(as_json=as_json), held, paused=False)


def stop(
    campaign: Campaign = None, name: Which = None, ledger: Ledger = None, as_json: AsJson = False
) -> int:
    """End a campaign's run, also one in the background, or let workers send it no more, after the
    message in flight. The next run goes on where it stopped."""
    console, sleep = Console(as_json=as_json), late.time.sleep
    told = cache(lambda: console.tell("Waiting for the message in flight, at most three minutes …"))

    def wait(seconds: float) -> None:
        told()
        sleep(seconds)

    with opened_ledger(ledger, create=False) as opened:
        stopped = late.pause.stop(opened, campaign or name, utc_now, wait)
    return late.show_standing.show_stopped(console, stopped)


def withdraw(
    campaign: Campaign = None,
    name: Which = None,
    yes: Annotated[bool, option("yes", help="Withdraw without asking.")] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Take back what of a campaign waits: nothing of it is sent until its list is run or submitted
    again. What was sent stays as it is."""
    console = Console(as_json=as_json)
    agree = console.agreement("Withdraw them?", yes=yes)
    with opened_ledger(ledger, create=False) as opened:
        by = late.settle.this_person()
        gone = late.pause.withdraw(opened, campaign or name, by, utc_now(), agree)
    return late.show_standing.show_withdrawn(console, gone)


@command
def replies(
    campaign: Campaign = None,
    name: Which = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep looking, every few minutes, until Ctrl-C.")
    ] = False,
    base_url: BaseUrl = None,
    timeout: Annotated[float, option("timeout")] = 15.0,
    ledger: Ledger = None,
    as_json: AsJson = False,
    **said: Unpack[KeySettings],
) -> int:
    """Read the inbox now, and list who has answered, the newest first."""
    console = Console(as_json=as_json)
    shown: set[tuple[int, str]] = set()
    with opened_ledger(ledger, create=False) as opened, late.asyncio.Runner() as loop:
        record = late.recognise.find_campaign(opened, campaign or name)
        folder = Path(record.source).parent
        vendor = found_vendor(said.get("key_file"), folder, base_url, look_seconds=timeout)
        while True:
            heard = late.replies.hear(opened, record.name, vendor.lookup, loop, utc_now)
            code = late.show_replies.show_replies(console, heard, shown, watch=watch)
            if not watch:
                return code
            late.time.sleep(_WATCH_SECONDS)
