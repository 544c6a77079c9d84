"""The commands on a campaign that the ledger holds: status, why, results, settle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runner.cli.ledger import find_record, opened_ledger, summary_of, utc_now
from runner.cli.options import (
    AsJson,
    BaseUrl,
    KeyOption,
    LedgerPlace,
    Results,
    Timeout,
    Which,
    takes,
)
from runner.errors import ExitCode, UsageError
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.intake.recipient import Recipient

Row = Annotated[
    int,
    typer.Argument(metavar="ROW", help="The row's number, as the spreadsheet program shows it."),
]


def status(name: Which = None, ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Show where a campaign stands: totals, each account's quota, the forecast, and where the
    ledger is."""
    from runner.ledger.ledger import campaigns

    console = Console(as_json=as_json)
    with opened_ledger(ledger, create=False) as opened:
        summary = summary_of(opened, name)
        with opened.read() as connection:
            others = [
                record for record in campaigns(connection) if record.id != summary.campaign.id
            ]
        console.status(summary, others, opened.place)
    return ExitCode.DONE


def why(row: Row, name: Which = None, ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Say what a row waits for and until when, or what happened to it."""
    from runner.action.run import find_line
    from runner.results.summary import why as reasons

    console = Console(as_json=as_json)
    with opened_ledger(ledger, create=False) as opened:
        summary = summary_of(opened, name)
        line = find_line(opened, summary.campaign, row)
        said = reasons(opened, summary, line)
    for sentence in said:
        console.say(sentence)
    console.answer(
        {
            "campaign": summary.campaign.name,
            "row": row,
            "status": line.status.value,
            "why": said,
            "exitCode": 0,
        }
    )
    return ExitCode.DONE


def results(
    name: Which = None, results: Results = None, ledger: LedgerPlace = None, as_json: AsJson = False
) -> int:
    """Write the results sheet again, from the ledger."""
    from runner.results.handback import check_replaceable, write_results
    from runner.results.place import check_path

    console = Console(as_json=as_json)
    with opened_ledger(ledger, create=False) as opened:
        summary = summary_of(opened, name)
        stored = summary.campaign.settings
        path = (results or Path(str(stored["results"]))).absolute()
        check_path(
            path,
            Path(str(stored["sheet"])),
            ending=Path(str(stored["results"])).suffix if stored.get("copy") else "",
        )
        if str(path) != stored["results"]:
            with opened.read() as connection:
                check_replaceable(connection, path, summary.campaign.name)
        written = write_results(opened, summary, path)
    console.results(written)
    console.answer({"campaign": summary.campaign.name, "results": str(written.path), "exitCode": 0})
    return ExitCode.DONE


@takes(KeyOption)
def settle(
    rows: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ROW|PERSON",
            help=(
                "Rows, as the spreadsheet program numbers them, or people; --check without any: "
                "all."
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
    look: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Look for the message in the conversation; settles as sent what is found there.",
        ),
    ] = False,
    base_url: BaseUrl = None,
    timeout: Timeout = 15.0,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            envvar="CAMPAIGN_NAME",
            help="The campaign; needed where there are several.",
        ),
    ] = None,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Decide uncertain rows, by a look in LinkedIn or by evidence (--check); --not-sent also makes
    a failed row wait again.

    A word that was a mistake is taken back by the other one, as long as the row was not sent again.
    """
    from runner.action.evidence import check as check_evidence
    from runner.action.run import settle_rows
    from runner.ledger.ledger import campaigns
    from runner.ledger.lock import is_running
    from runner.results.handback import write_results
    from runner.sending.client import BASE_URL
    from runner.sending.clock import ServerClock
    from runner.sending.key import find_key
    from runner.sending.lookup import Lookup

    console = Console(as_json=as_json)
    if sent + not_sent + look != 1:
        raise UsageError(
            "Say what you found, --sent or --not-sent; or --check: one of them.",
            remedy=(
                "Look in LinkedIn whether the message arrived. campaign settle --check looks by "
                "itself."
            ),
        )
    wanted = [_row(row) for row in rows or ()]
    if not wanted and not look:
        raise UsageError(
            "Say which rows.", remedy="campaign status names those that are uncertain."
        )
    with opened_ledger(ledger, create=False) as opened:
        with opened.read() as connection:
            names = [record.name for record in campaigns(connection)]
        if name is None and len(names) > 1:
            raise UsageError(
                "There are several campaigns.", remedy=f"Add --name, one of: {', '.join(names)}."
            )
        record = find_record(opened, name)
        if look:
            key = find_key(options["key_file"], Path(record.source).parent).secret
            lookup = Lookup(
                key, ServerClock(utc_now), base_url=base_url or BASE_URL, seconds=timeout
            )
            findings = check_evidence(opened, record, _numbers(wanted), lookup, _user(), utc_now)
            console.findings(findings)
        else:
            barred = settle_rows(opened, record, wanted, sent=sent, by=_user(), now=utc_now())
            when = (
                "by the run that is active"
                if is_running(opened, record.id)
                else "with the next run"
            )
            verdict = "sent" if sent else f"not sent, to be sent {when}"
            console.say(
                f"Settled as {verdict}: "
                f"{', '.join(f'row {row}' if row.isdigit() else row for row in rows or ())}."
            )
            for sentence in barred:
                console.say(f"  But: {sentence}")
        summary = summary_of(opened, record.name)
        console.results(write_results(opened, summary, Path(str(record.settings["results"]))))
    if look:
        console.checked(record.name, findings, len(summary.uncertain))
        return ExitCode.NEEDS_A_PERSON if summary.uncertain else ExitCode.DONE
    settled = [int(row) if row.isdigit() else row for row in rows or ()]
    console.answer(
        {
            "campaign": record.name,
            "rows": settled,
            "verdict": "sent" if sent else "not-sent",
            "exitCode": 0,
        }
    )
    return ExitCode.DONE


def _row(text: str) -> int | Recipient:
    """A row by its number, or a person by any spelling. Raises UsageError."""
    from runner.intake.recipient import RecipientError, parse

    if text.isdigit():
        return int(text)
    try:
        return parse(text)
    except RecipientError as error:
        raise UsageError(f"{text!r} is neither a row's number nor a person: {error}.") from None


def _numbers(rows: list[int | Recipient]) -> list[int]:
    """The rows, of which none may be a person. Raises UsageError."""
    numbers = [row for row in rows if isinstance(row, int)]
    if len(numbers) < len(rows):
        raise UsageError(
            "--check takes rows.", remedy="Without any it looks at all that are uncertain."
        )
    return numbers


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
