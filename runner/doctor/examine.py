"""The whole examination: every check in its order, each of which says what it found; none ends the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from runner.campaign import Campaign
from runner.doctor import machine, vendor
from runner.doctor.finding import Finding, bad
from runner.errors import UsageError
from runner.key import Key, find_key
from runner.schedule.machine import Machine
from runner.sending.client import checked_base_url
from runner.sending.clock import ServerClock
from runner.sending.lookup import Lookup


def examine(
    campaign: Campaign | None,
    *,
    key_file: Path | None,
    accounts: Sequence[str],
    ledger: Path,
    base_url: str,
    now: Callable[[], datetime],
    computer: Machine,
) -> Iterator[Finding]:
    """Look at everything a run needs, with or without a campaign. Raises UsageError for a base URL that is none."""
    checked_base_url(base_url)
    key: Key | None = None
    try:
        key = find_key(key_file, campaign.folder if campaign else Path.cwd())
        yield machine.judge_key(key)
    except UsageError as error:
        yield bad("key", error)
    yield machine.judge_proxy(base_url)
    reached = asyncio.run(vendor.reach(base_url, now))
    yield from reached
    if key is not None and all(finding.verdict != "bad" for finding in reached):
        yield from asyncio.run(vendor.ask(Lookup(key.secret, ServerClock(now), base_url=base_url), accounts, now))
    yield machine.judge_clock(campaign, now())
    yield machine.judge_ledger(ledger)
    if campaign is not None:
        yield machine.judge_schedule(campaign, computer)
    yield machine.judge_log(ledger)
