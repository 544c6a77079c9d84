"""Evidence: what the vendor's conversations say about uncertain rows.

A message of ours with the same text, at or after the attempt, proves that the row was sent, and
settles it. The absence of a message proves nothing: a message can take a while to show. So nothing
here ever settles a row as not sent; that stays a person's word.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from runner import words
from runner.action.settle import recover_dead_run
from runner.action.standing import find_campaign, find_line, summary_of
from runner.errors import AccessError, ExitCode, UsageError
from runner.ledger.decision import EVIDENCE, decide
from runner.ledger.doubt import Count, Doubt, doubts
from runner.ledger.ledger import Ledger
from runner.ledger.record import CampaignRecord
from runner.result.handback import write_results
from runner.result.place import Written
from runner.sending.lookup import Lookup, Message, Neighbour

# The vendor's clock may be this far behind ours.
CLOCK_SKEW: Final = timedelta(minutes=2)
Verdict = Literal["sent", "no-evidence", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding about an uncertain row.

    `said` is a sentence. `hint` is what the account's count suggests, if anything.
    """

    row: int | None
    verdict: Verdict
    said: str
    sent_at: datetime | None = None
    hint: str | None = None


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
    written = write_results(ledger, summary, Path(record.settings.results))
    return Looked(record.name, tuple(findings), len(summary.uncertain), written)


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
    in_doubt = {doubt.row for doubt in found}
    for row in rows:
        if row not in in_doubt:
            line = find_line(ledger, record, row)
            command = words.command("why", str(row), name=record.name)
            raise UsageError(
                f"Row {row} is {line.status}; only uncertain rows can be checked.",
                remedy=f"{command} says how it stands.",
            )
    return loop.run(_check(ledger, found, lookup, by, now))


async def _check(
    ledger: Ledger,
    found: Sequence[Doubt],
    lookup: Lookup,
    by: str,
    now: Callable[[], datetime],
) -> list[Finding]:
    findings = []
    for doubt in found:
        finding = await _look(doubt, lookup)
        findings.append(finding)
        if finding.sent_at is None:
            continue
        with ledger.write() as connection:
            decide(
                connection,
                doubt.delivery,
                sent=True,
                by=f"{EVIDENCE}, asked by {by}",
                now=now(),
                sent_at=finding.sent_at,
            )
    return findings


async def _look(doubt: Doubt, lookup: Lookup) -> Finding:
    """Read the person's conversations until one holds the message."""
    search = _Search(doubt, lookup)
    hint = hint_of(doubt.count)
    try:
        async for urn in search.conversations():
            if (match := await search.match(urn)) is not None:
                said = (
                    f"{doubt.label} was sent: its text stands in the conversation, "
                    f"{_utc(match.sent_at)}."
                )
                return Finding(
                    row=doubt.row, verdict="sent", said=said, sent_at=match.sent_at, hint=hint
                )
    except AccessError as error:
        search.obstacle = error.what.rstrip(".")
    if search.read or (search.read == 0 and search.obstacle is None):
        seen = "The account has no message with this person"
        if search.read:
            since = _utc(doubt.since - CLOCK_SKEW)
            seen = (
                f"{words.count(search.read, 'message')} looked at, none of ours with its text "
                f"since {since}"
            )
        said = (
            f"{doubt.label}: no evidence. {seen}; that proves nothing, for a message can take a "
            "while to show."
        )
        return Finding(doubt.row, "no-evidence", said, hint=hint)
    obstacle = search.obstacle or "no profile ID is known for this person"
    return Finding(
        doubt.row, "unknown", f"{doubt.label} cannot be looked up: {obstacle}.", hint=hint
    )


@dataclass(slots=True)
class _Search:
    """The search through one person's conversations.

    `read` is how many messages were read, or None when nobody could say. `obstacle` is what stood
    in the way.
    """

    doubt: Doubt
    lookup: Lookup
    read: int | None = None
    obstacle: str | None = None

    async def conversations(self) -> AsyncIterator[str]:
        """Yield the row's own conversation, then those under each profile ID of the person."""
        own = self.doubt.conversation_urn
        if own:
            yield own
        for slug in self.doubt.slugs:
            found = await self.lookup.conversation(slug, self.doubt.account)
            if found is None:
                self.obstacle = self._unanswered("exists")
            elif not found.exists:
                self.read = self.read or 0
            elif found.urn is None:
                self.obstacle = "the vendor does not say which conversation it is"
            elif found.urn != own:
                yield found.urn

    async def match(self, urn: str) -> Message | None:
        """Return the message that was to be sent, if it stands in this conversation."""
        messages = await self.lookup.messages(urn, self.doubt.account)
        if messages is None:
            self.obstacle = self._unanswered("messages")
            return None
        self.read = (self.read or 0) + len(messages)
        since, text = self.doubt.since - CLOCK_SKEW, _words(self.doubt.text)
        alike = [
            message for message in messages if message.is_ours and _words(message.text) == text
        ]
        return min(
            (message for message in alike if message.sent_at >= since),
            key=lambda m: m.sent_at,
            default=None,
        )

    def _unanswered(self, neighbour: Neighbour) -> str:
        if not self.lookup.offers(neighbour):
            return "the vendor does not offer a look into conversations"
        return (
            "the vendor gave no usable "
            f"answer{f' (HTTP {self.lookup.status})' if self.lookup.status else ''}"
        )


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


def _words(text: str) -> str:
    return " ".join(text.split())


def _utc(instant: datetime) -> str:
    return f"{instant:%a %Y-%m-%d %H:%M} UTC"
