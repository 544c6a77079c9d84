"""The commands on people, for all campaigns: the do-not-contact list, who was messaged before, and
who is to be forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runner import words
from runner.cli.ledger import opened_ledger, tell_if_new, utc_now
from runner.cli.options import AsJson, LedgerPlace, ReadingOptions, load_campaign, takes
from runner.errors import ExitCode, InterruptedRunError, UsageError
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.intake.recipient import Recipient

suppress_app = typer.Typer(
    help="The do-not-contact list, for all campaigns.", no_args_is_help=True, rich_markup_mode=None
)

People = Annotated[list[str], typer.Argument(metavar="PERSON", help="Profile IDs, URNs or links.")]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why, for those who ask later.")
]


@suppress_app.command("add")
def suppress_add(
    people: People, reason: Reason = None, ledger: LedgerPlace = None, as_json: AsJson = False
) -> int:
    """Put people on the do-not-contact list."""
    from runner.ledger.suppression import suppress

    console, persons = Console(as_json=as_json), [_person(person).keys for person in people]
    with opened_ledger(ledger) as opened:
        tell_if_new(opened, ledger, console)
        with opened.write() as connection:
            added = suppress(connection, persons, reason, utc_now())
    console.say(f"{added} added to the do-not-contact list; {len(persons) - added} were on it.")
    console.answer({"added": added, "exitCode": 0})
    return ExitCode.DONE


@suppress_app.command("remove")
def suppress_remove(people: People, ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Take people off the do-not-contact list."""
    from runner.ledger.suppression import unsuppress

    recipients = [_person(person) for person in people]
    with opened_ledger(ledger, create=False) as opened, opened.write() as connection:
        removed = sum(unsuppress(connection, recipient) > 0 for recipient in recipients)
    console = Console(as_json=as_json)
    console.say(
        f"{removed} taken off the do-not-contact list; {len(people) - removed} were not on it."
    )
    console.answer({"removed": removed, "exitCode": 0})
    return ExitCode.DONE


@suppress_app.command("list")
def suppress_list(ledger: LedgerPlace = None, as_json: AsJson = False) -> int:
    """Show the do-not-contact list."""
    from runner.ledger.suppression import suppressions

    with opened_ledger(ledger, create=False) as opened, opened.read() as connection:
        Console(as_json=as_json).suppressions(list(suppressions(connection)))
    return ExitCode.DONE


@suppress_app.command("import")
@takes(ReadingOptions)
def suppress_import(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV, XLSX … with a column of profiles.")
    ],
    reason: Reason = None,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Add everyone in a sheet to the do-not-contact list; nobody is ever removed by it."""
    from runner.action.run import people_in
    from runner.ledger.person import Spellings
    from runner.ledger.suppression import suppress

    console = Console(as_json=as_json)
    found, problems = people_in(source, load_campaign(source, **options).reading)
    with opened_ledger(ledger) as opened:
        tell_if_new(opened, ledger, console)
        with opened.write() as connection:
            added = suppress(
                connection,
                [recipient.keys for recipient in found],
                reason or source.name,
                utc_now(),
            )
            spellings = Spellings(connection)
            people = len({min(spellings.of(recipient.keys)) for recipient in found})
    console.say(
        f"{added} added to the do-not-contact list, from {words.people(people)} in {source.name}."
    )
    for problem in problems:
        console.tell(f"Not added: {problem}")
    console.answer(
        {
            "added": added,
            "people": people,
            "notAdded": len(problems),
            "exitCode": int(bool(problems)),
        }
    )
    return ExitCode.NEEDS_A_PERSON if problems else ExitCode.DONE


@takes(ReadingOptions)
def import_history(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="An earlier results sheet, or what another tool exported."
        ),
    ],
    date_column: Annotated[
        str | None,
        typer.Option(
            "--date-column", metavar="HEADER", help="When each was messaged.  [default: found]"
        ),
    ] = None,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Note everyone a sheet says was messaged before, so that no campaign writes to them too
    soon."""
    from runner.intake.history import read_history
    from runner.intake.sheet import load as load_sheet
    from runner.ledger.contact import Contact, imported_at, note_contacts, note_import

    console = Console(as_json=as_json)
    reading, file = load_campaign(source, **options).reading, load_sheet(source)
    with opened_ledger(ledger) as opened:
        tell_if_new(opened, ledger, console)
        with opened.read() as connection:
            now = (
                imported_at(connection, file.digest) or utc_now()
            )  # the same file once more says the same
        history = read_history(file, reading, date_column, now)
        contacts = [Contact(keys, at or now) for keys, at in history.contacts]
        with opened.write() as connection:
            note_import(connection, file.digest, now)
            added = note_contacts(connection, contacts, source.name, now)
    console.history(source.name, history, contacts, added)
    return ExitCode.NEEDS_A_PERSON if history.nobody or history.unread else ExitCode.DONE


def forget(
    people: People,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without asking.")] = False,
    ledger: LedgerPlace = None,
    as_json: AsJson = False,
) -> int:
    """Erase people from the ledger, for good; they stay on the do-not-contact list, without their
    names."""
    from runner.ledger.erasure import forget as erase

    console = Console(as_json=as_json)
    keys = [_person(person).keys for person in people]
    question = "Erase what the ledger holds of them? It cannot be brought back."
    if not yes and not console.ask(question, otherwise="nothing was erased"):
        raise InterruptedRunError(
            "Nothing was erased.", remedy="Run the same command again when you are ready."
        )
    with opened_ledger(ledger, create=False) as opened:
        console.erased(len(keys), erase(opened, keys, utc_now()))
    return ExitCode.DONE


def _person(text: str) -> Recipient:
    from runner.intake.recipient import RecipientError, parse

    try:
        return parse(text)
    except RecipientError as error:
        raise UsageError(
            f"{error}.", remedy="Give a profile ID, a URN or a link (linkedin.com/in/…)."
        ) from None
