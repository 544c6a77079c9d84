"""Evidence: what the vendor's conversations say about uncertain rows.

A message of ours with the same text, at or after the attempt, proves that the row was sent, and
settles it. The absence of a message proves nothing: a message can take a while to show. So nothing
here ever settles a row as not sent; that stays a person's word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from runner import words
from runner.action.search import Finding, look_for
from runner.action.settle import hand_back, recover_dead_run
from runner.action.standing import find_line, summary_of
from runner.campaign.recognise import find_campaign
from runner.errors import ExitCode, UsageError
from runner.ledger.decision import decide
from runner.ledger.doubt import Count, Doubt, doubt, doubts
from runner.ledger.ledger import Ledger
from runner.ledger.record import EVIDENCE, CampaignRecord
from runner.result.handback import write_here
from runner.result.place import Written
from runner.sending.lookup import Lookup
from runner.sending.pace import calendar_of


@dataclass(frozen=True, slots=True)
class Looked:
    """The result of a look at uncertain rows; `left` is how many rows are uncertain after it."""

    campaign: str
    findings: tuple[Finding, ...]
    left: int
    results: Written

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.NEEDS_A_PERSON if self.left else ExitCode.DONE


def look(
    ledger: Ledger,
    record: CampaignRecord,
    rows: Sequence[int],
    lookup: Lookup,
    loop: asyncio.Runner,
    *,
    by: str,
    now: Callable[[], datetime],
) -> Looked:
    """Look for evidence on the named rows, or on all that are uncertain.

    Settle as sent the rows that the evidence proves, and write the results again.

    Raises UsageError for a named row that is not uncertain, before anything is asked.
    """
    findings = check(ledger, record, rows, lookup, loop, by=by, now=now)
    summary = summary_of(ledger, find_campaign(ledger, record.name), now())
    written = write_here(ledger, summary)
    return Looked(record.name, tuple(findings), len(summary.uncertain), written)


def look_at(
    ledger: Ledger,
    record: CampaignRecord,
    delivery: int,
    lookup: Lookup,
    loop: asyncio.Runner,
    *,
    by: str,
    now: Callable[[], datetime],
) -> Finding:
    """Look for evidence on one delivery. Raises UsageError when it is not uncertain."""
    with ledger.read() as connection:
        found = doubt(connection, delivery)
    if found is None:
        raise UsageError("It is not uncertain any more.", remedy="Look at its row.")
    (finding,) = loop.run(_check(ledger, record, [found], lookup, by, now))
    hand_back(ledger, record, now())
    return finding


def check(
    ledger: Ledger,
    record: CampaignRecord,
    rows: Sequence[int],
    lookup: Lookup,
    loop: asyncio.Runner,
    *,
    by: str,
    now: Callable[[], datetime],
) -> list[Finding]:
    """Look for evidence, and settle as sent the rows that it proves."""
    recover_dead_run(ledger, record, now())
    with ledger.read() as connection:
        found = doubts(connection, record.id, rows)
    in_doubt = {one.row for one in found}
    for row in rows:
        if row not in in_doubt:
            line = find_line(ledger, record, row)
            command = words.command("why", str(row), name=record.name)
            raise UsageError(
                f"Row {row} is {line.status}; only uncertain rows can be checked.",
                remedy=f"{command} says how it stands.",
            )
    return loop.run(_check(ledger, record, found, lookup, by, now))


async def _check(
    ledger: Ledger,
    record: CampaignRecord,
    found: Sequence[Doubt],
    lookup: Lookup,
    by: str,
    now: Callable[[], datetime],
) -> list[Finding]:
    findings, zone = [], calendar_of(record.settings).zone
    for one in found:
        finding = await look_for(one, lookup, hint_of(one.count), zone)
        findings.append(finding)
        if finding.sent_at is None:
            continue
        with ledger.write() as connection:
            decide(
                connection,
                one.delivery,
                sent=True,
                by=f"{EVIDENCE}, asked by {by}",
                now=now(),
                sent_at=finding.sent_at,
            )
    return findings


def hint_of(count: Count | None) -> str | None:
    """Say what the account's count suggests about an uncertain message.

    It is only a hint, since others may send from the account as well.
    """
    if count is None or count.after < count.before:
        return None
    others = f", {count.ours} other of ours in between" if count.ours else ""
    others += f", {count.doubtful} more uncertain" if count.doubtful else ""
    unexplained = count.after - count.before - count.ours
    meaning = {count.doubtful + 1: "it was counted", 0: "it was not counted"}.get(
        unexplained, "that tells nothing for certain"
    )
    return (
        f"Hint: the account's count stood at {count.before} before and {count.after} "
        f"after{others}: {meaning}."
    )
