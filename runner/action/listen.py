"""Listening: the inbox read for replies, and for what became of uncertain messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from runner import words
from runner.campaign.campaign import DEFAULT_KEEP_REPLIES, Campaign
from runner.campaign.recognise import concerned
from runner.errors import AccessError, ExitCode
from runner.ledger.campaign import outdate_results
from runner.ledger.decision import decide
from runner.ledger.ledger import Ledger
from runner.ledger.record import EVIDENCE, CampaignRecord, Status
from runner.ledger.reply import (
    Awaited,
    awaited,
    awaiting,
    let_go,
    note_reply,
    note_thread,
    read_threads,
)
from runner.sending.inbox import Heard, Inbox, UnreadError
from runner.sending.lookup import Lookup
from runner.sending.vendor import Vendor


@dataclass(frozen=True, slots=True)
class Listened:
    """What a reading of the inbox brought. `trouble` says why it was not read whole, `exit_code`
    what kind of trouble that is."""

    new: int = 0
    settled: int = 0
    trouble: str | None = None
    exit_code: ExitCode = ExitCode.DONE


def listen(
    ledger: Ledger,
    records: Sequence[CampaignRecord],
    lookup: Lookup,
    loop: asyncio.Runner,
    now: Callable[[], datetime],
    keep: int = DEFAULT_KEEP_REPLIES,
) -> Listened:
    """Read the inbox for some campaigns: note the replies, and settle uncertain messages that stand
    there.

    The inbox is read since the first message of the campaigns; nothing is asked when there is none.
    """
    campaigns = [record.id for record in records]
    with ledger.read() as connection:
        since = awaiting(connection, campaigns)
        read = read_threads(connection)
    if not since:
        return Listened()
    listened = loop.run(_listen(ledger, Inbox(lookup), campaigns, since, read, now))
    with ledger.write() as connection:
        let_go(connection, now(), keep)
        if listened.new or listened.settled:
            for campaign in campaigns:
                outdate_results(connection, campaign)
    return listened


async def _listen(
    ledger: Ledger,
    inbox: Inbox,
    campaigns: Collection[int],
    since: Mapping[str, datetime],
    read: Mapping[str, datetime],
    now: Callable[[], datetime],
) -> Listened:
    new = settled = 0
    trouble = None

    def known(keys: Collection[str]) -> dict[str, list[Awaited]]:
        with ledger.read() as connection:
            return awaited(connection, campaigns, keys)

    accounts = [account for account in since if account]
    try:
        async for thread, messages in inbox.threads(accounts, min(since.values()), known, read):
            heard = await inbox.hear(thread, messages)
            if heard is None:
                continue
            with ledger.write() as connection:
                for one in heard:
                    if one.reply is not None:
                        new += note_reply(connection, one.message.delivery, one.reply, now())
                    settled += _settle(connection, one, now())
                if thread.active_at is not None:
                    note_thread(connection, thread.urn, thread.active_at)
    except UnreadError as error:
        trouble = str(error)
    except AccessError as error:
        return Listened(new, settled, error.what.rstrip("."), error.exit_code)
    if inbox.unread and trouble is None:
        trouble = f"{inbox.unread} of the conversations could not be read"
    return Listened(new, settled, trouble, ExitCode.ENDPOINT if trouble else ExitCode.DONE)


def _settle(connection: Connection, heard: Heard, now: datetime) -> bool:
    """Settle an uncertain message as sent that stands in its conversation."""
    if heard.found_at is None or heard.message.status != Status.UNCERTAIN:
        return False
    return decide(
        connection,
        heard.message.delivery,
        sent=True,
        by=f"{EVIDENCE}, read in the inbox",
        now=now,
        sent_at=heard.found_at,
    )


def hear_before(
    campaign: Campaign, ledger: Ledger, vendor: Vendor, loop: asyncio.Runner
) -> tuple[str, ...]:
    """Read the replies that matter to a list, before it is taken; say what that brought."""
    if campaign.no_look:
        return ()
    records = concerned(ledger, campaign)
    heard = listen(ledger, records, vendor.lookup, loop, vendor.clock.now, campaign.keep_replies)
    said = []
    if heard.new:
        answered = "person has answered" if heard.new == 1 else "people have answered"
        said.append(f"{heard.new} {answered}: campaign replies lists them.")
    if heard.settled:
        are = "is" if heard.settled == 1 else "are"
        messages = words.count(heard.settled, "uncertain message")
        said.append(f"{messages} stood in the inbox, and {are} sent.")
    if heard.trouble:
        said.append(
            f"replies could not all be read: {heard.trouble}. Each conversation is looked at "
            "before its message all the same."
        )
    return tuple(said)
