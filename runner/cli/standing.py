"""The commands on a campaign that the ledger holds: status, why, results, settle, retry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from runner.campaign.setting import KeySettings
from runner.cli import late
from runner.cli.ledger import opened_ledger, utc_now
from runner.cli.options import (
    AsJson,
    BaseUrl,
    Campaign,
    Ledger,
    Results,
    Which,
    command,
    option,
    output,
)
from runner.cli.vendor import found_vendor
from runner.errors import InterruptedRunError, UsageError
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.intake.recipient import Recipient
    from runner.ledger.ledger import Ledger as OpenLedger
    from runner.ledger.record import CampaignRecord

Row = Annotated[
    str,
    typer.Argument(
        metavar="ROW|PERSON",
        help="The row's number, as the spreadsheet program shows it, or the person.",
    ),
]
Person = Annotated[
    str, typer.Argument(metavar="PERSON", help="A profile ID, a link or a URN of the person.")
]


def status(
    campaign: Campaign = None,
    name: Which = None,
    workers: Annotated[bool, typer.Option("--workers", help="Show who sends instead.")] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Show where a campaign stands: totals, each account's quota, the forecast, and where the
    ledger is."""
    with opened_ledger(ledger, create=False) as opened:
        if workers:
            return late.show_team.show_team(
                Console(as_json=as_json), late.team.team(opened, utc_now())
            )
        standing = late.standing.status(opened, campaign or name, utc_now())
    return late.show_standing.show_status(Console(as_json=as_json), standing)


def list_all(ledger: Ledger = None, as_json: AsJson = False) -> int:
    """Show all campaigns of the ledger."""
    with opened_ledger(ledger, create=False) as opened:
        found = late.standing.every(opened, utc_now())
    return late.show_standing.show_every(Console(as_json=as_json), found)


def find(person: Person, ledger: Ledger = None, as_json: AsJson = False) -> int:
    """Say what was ever sent to somebody, by which campaign and account, and what waits."""
    wanted = late.standing.person_of(person)
    with opened_ledger(ledger, create=False) as opened:
        found = late.standing.find(opened, wanted)
    return late.show_standing.show_found(Console(as_json=as_json), found)


def why(row: Row, name: Which = None, ledger: Ledger = None, as_json: AsJson = False) -> int:
    """Say what a row waits for and until when, or what happened to it."""
    wanted = _row(row)
    with opened_ledger(ledger, create=False) as opened:
        reasons = late.standing.why(opened, name, wanted, utc_now())
    return late.show_standing.show_why(Console(as_json=as_json), reasons)


def results(
    campaign: Campaign = None,
    name: Which = None,
    results: Results = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Write the results sheet again, from the ledger."""
    with opened_ledger(ledger, create=False) as opened:
        handed = late.results.results(opened, campaign or name, results, utc_now())
    return late.show_standing.show_results(Console(as_json=as_json), handed)


def report(
    campaign: Campaign = None,
    name: Which = None,
    path: Annotated[
        Path | None,
        output("Where the page goes (.html).  [default: beside the results]"),
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Name the people whose rows need a look.")
    ] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Write a page with charts: sent per day, forecast, outcomes, accounts, replies."""
    with opened_ledger(ledger, create=False) as opened:
        done = late.report.report(opened, campaign or name, path, utc_now(), names=names)
    return late.show_standing.show_report(Console(as_json=as_json), done)


@command
def settle(
    rows: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ROW|PERSON",
            help=(
                "Rows, as the spreadsheet program numbers them, or people; --check "
                "without any: all."
            ),
        ),
    ] = None,
    sent: Annotated[
        bool, typer.Option("--sent", help="You looked in LinkedIn: it arrived.")
    ] = False,
    not_sent: Annotated[
        bool,
        typer.Option("--not-sent", help="You looked: it did not arrive, and is to be sent again."),
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take your word back: the rows are open again.")
    ] = False,
    look: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Look for the message in the conversation; settles as sent what is found there.",
        ),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="All uncertain rows; it names them, and asks.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --all: do not ask.")] = False,
    base_url: BaseUrl = None,
    timeout: Annotated[float, option("timeout")] = 15.0,
    name: Annotated[
        str | None, option("name", help="The campaign; needed where there are several.")
    ] = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
    **said: Unpack[KeySettings],
) -> int:
    """Decide uncertain rows, by a look in LinkedIn or by evidence (--check); --not-sent also makes
    a failed row wait again.

    A word that was a mistake is taken back by --undo, or by the other one, as long as the row was
    not sent again.
    """
    console = Console(as_json=as_json)
    if sent + not_sent + undo + look != 1:
        raise UsageError(
            "Say what you found, --sent or --not-sent; or --undo; or --check: one of them.",
            remedy=(
                "Look in LinkedIn whether the message arrived. campaign settle --check looks by "
                "itself."
            ),
        )
    texts = rows or []
    wanted = _rows(texts)
    if every and wanted:
        raise UsageError("--all and rows are both given.", remedy="Leave one of them out.")
    if undo and every:
        raise UsageError("--undo takes rows, not --all.", remedy="Name the rows.")
    if not (wanted or every or look):
        raise UsageError(
            "Say which rows.", remedy="campaign status names those that are uncertain."
        )
    with opened_ledger(ledger, create=False) as opened:
        record = late.settle.only_campaign(opened, name)
        if every and not look:
            texts = _all_uncertain(console, opened, record, sent=sent, yes=yes)
            wanted = _rows(texts)
        if not look:
            settled = late.settle.settle(
                opened,
                record,
                wanted,
                sent=None if undo else sent,
                by=late.settle.this_person(),
                now=utc_now,
            )
            return late.show_settle.show_settled(console, settled, texts)
        folder = Path(record.source).parent
        vendor = found_vendor(said.get("key_file"), folder, base_url, look_seconds=timeout)
        numbers = _numbers(wanted)
        with late.asyncio.Runner() as loop:
            looked = late.evidence.look(
                opened,
                record,
                numbers,
                vendor.lookup,
                loop,
                by=late.settle.this_person(),
                now=utc_now,
            )
        return late.show_settle.show_looked(console, looked)


def _all_uncertain(
    console: Console, opened: OpenLedger, record: CampaignRecord, *, sent: bool, yes: bool
) -> list[str]:
    """Name all uncertain rows, and ask whether a person has looked at each of them."""
    uncertain = late.settle.all_uncertain(opened, record, utc_now())
    console.tell(f"Uncertain in {record.name!r}: {', '.join(map(str, uncertain))}.")
    question = "Did you look in LinkedIn, and each of these messages "
    question += "arrived?" if sent else "did not arrive? They are sent again."
    if not yes and not console.ask(question, otherwise="nothing is settled"):
        raise InterruptedRunError("Nothing was settled.", remedy="Run it again after a look.")
    return [row.person if row.number is None else str(row.number) for row in uncertain]


@command
def retry(
    rows: Annotated[
        list[str] | None,
        typer.Argument(metavar="ROW|PERSON", help="Rows, ranges of rows (3-7), or people."),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All rows that failed.")] = False,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason",
            metavar="CODE",
            help="Those that failed with this HTTP status, or with these words in their error.",
        ),
    ] = None,
    name: Annotated[
        str | None, option("name", help="The campaign; needed where there are several.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Let rows that certainly were not delivered wait again; it says first which. A row whose
    message may have arrived is never among them."""
    console, wanted = Console(as_json=as_json), _rows(rows or [])
    if not wanted and not failed and reason is None:
        raise UsageError("Say which rows.", remedy="Name them, or give --failed or --reason CODE.")
    agree = console.agreement("Send them again?", yes=yes)
    with opened_ledger(ledger, create=False) as opened:
        record = late.settle.only_campaign(opened, name)
        done = late.retry.retry(opened, record, wanted, reason, agree, utc_now)
    return late.show_settle.show_retried(console, done)


def _rows(texts: Sequence[str]) -> list[int | Recipient]:
    """Rows by number or range, and people. Raises UsageError."""
    found: list[int | Recipient] = []
    for text in texts:
        if match := re.fullmatch(r"(\d{1,7})[-–](\d{1,7})", text):
            first, last = int(match[1]), int(match[2])
            if first > last:
                raise UsageError(f"{text!r} is no range of rows.", remedy="Write 3-7.")
            found += range(first, last + 1)
        else:
            found.append(_row(text))
    return found


def _row(text: str) -> int | Recipient:
    """A row by its number, or a person by any spelling. Raises UsageError."""
    return int(text) if text.isdigit() else late.standing.row_or_person(text)


def _numbers(rows: list[int | Recipient]) -> list[int]:
    """Rows by their numbers. Raises UsageError for a person among them."""
    if len(numbers := [row for row in rows if isinstance(row, int)]) < len(rows):
        raise UsageError(
            "--check takes rows.", remedy="Without any it looks at all that are uncertain."
        )
    return numbers
