"""The whole examination: every check in its order.

Each check says what it found. No check ends the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from runner import words
from runner.campaign.campaign import Campaign
from runner.doctor import daily, material, storage, surroundings, vendor
from runner.doctor.finding import Finding, bad, look
from runner.doctor.team import judge_team
from runner.errors import CampaignError
from runner.ledger.door import is_begun
from runner.ledger.location import Place, Server, beside, lock_folder
from runner.ledger.lock import is_any_running
from runner.schedule.entry import Entry
from runner.schedule.install import find
from runner.schedule.machine import Machine
from runner.sending.address import checked_base_url
from runner.sending.clock import ServerClock
from runner.sending.vendor import Vendor


def examine(
    campaign: Campaign | None,
    *,
    key_file: Path | None,
    accounts: Sequence[str],
    ledger: Place,
    log: Sequence[Path],
    base_url: str,
    now: Callable[[], datetime],
    computer: Machine,
) -> Iterator[Finding]:
    """Look at everything that a run needs, with or without a campaign.

    Raises UsageError when `base_url` is not a base URL.
    """
    checked_base_url(base_url)
    entries: Sequence[Entry] = ()
    troubles: list[Finding] = []
    if campaign is not None:
        yield material.judge_list(campaign)
        yield material.judge_results(campaign)
        try:
            entries = find(campaign.source, computer) if campaign.is_file else ()
        except CampaignError as error:
            remedy = error.remedy or words.command("schedule show", words.argument(campaign.source))
            troubles.append(look("schedule", error.what, remedy))
    folder = campaign.folder if campaign else Path.cwd()
    key_name = campaign.key_name if campaign else None
    key, finding = surroundings.judge_key(key_file, folder, key_name)
    yield finding
    for entry in entries[:1]:
        named = entry.option("--key-file")
        yield surroundings.judge_daily_key(Path(named) if named else key_file, folder, key_name)
    whole = storage.judge_ledger(ledger)
    known = None
    if whole.verdict == "ok" and (behind := storage.compare(ledger, campaign)) is not None:
        whole = bad("ledger", behind)
    try:
        known = storage.known(ledger, campaign) if campaign and whole.verdict == "ok" else None
    except CampaignError as error:
        whole = bad("ledger", error)
    yield surroundings.judge_proxy(base_url)
    clock = ServerClock(now)
    reached = asyncio.run(vendor.reach(base_url, clock))
    yield from reached
    if key is not None and all(finding.verdict != "bad" for finding in reached):
        senders = accounts or (known.accounts if known else ())
        yield from asyncio.run(vendor.ask(Vendor(key.secret, clock, base_url).lookup, senders, now))
    yield surroundings.judge_clock(campaign, clock.now())
    yield whole
    if isinstance(ledger, Server) and whole.verdict != "bad" and is_begun(ledger):
        yield from judge_team(ledger, now())
    if known is not None:
        yield storage.judge_rows(known)
    if known is not None and known.deprecated:
        yield storage.judge_endpoint(known.deprecated)
    if campaign is not None:
        yield from troubles or [daily.judge_schedule(campaign, entries, ledger)]
    running = known.is_running if known else is_any_running(lock_folder(beside(ledger)))
    name = known.name if known else campaign.name or campaign.source.stem if campaign else None
    yield daily.judge_log(log, name, scheduled=bool(entries), running=running, now=now())
