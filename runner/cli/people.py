"""The commands on people, for all campaigns: the do-not-contact list, who was messaged before, and
who is to be forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from runner import words
from runner.campaign.reading import ReadingSettings
from runner.cli import late
from runner.cli.ledger import opened_ledger, tell_new, utc_now
from runner.cli.options import AsJson, Ledger, command
from runner.errors import InterruptedRunError, UsageError
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.action.people import Imported
    from runner.intake.recipient import Recipient

suppress_app = typer.Typer(
    help="The do-not-contact list, for all campaigns.", no_args_is_help=True, rich_markup_mode=None
)

connections_app = typer.Typer(
    help="Who is connected with an account.", no_args_is_help=True, rich_markup_mode=None
)

People = Annotated[
    list[str] | None, typer.Argument(metavar="PERSON", help="Profile IDs, URNs or links.")
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why, for those who ask later.")
]


Companies = Annotated[
    list[str] | None,
    typer.Option("--company", metavar="NAME", help="Everybody of this company. Repeatable."),
]
Domains = Annotated[
    list[str] | None,
    typer.Option(
        "--domain", metavar="DOMAIN", help="Everybody with an address or a site there. Repeatable."
    ),
]


@suppress_app.command("add")
def suppress_add(
    people: People = None,
    company: Companies = None,
    domain: Domains = None,
    reason: Reason = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Put people, companies or domains on the do-not-contact list."""
    console, persons = (
        Console(as_json=as_json),
        late.barring.named(people or (), company or (), domain or ()),
    )
    with opened_ledger(ledger) as opened:
        tell_new(opened, console)
        done = late.people.suppress(opened, persons, reason, utc_now())
    return late.show_people.show_suppressed(console, done)


@suppress_app.command("remove")
def suppress_remove(
    people: People = None,
    company: Companies = None,
    domain: Domains = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Take people, companies or domains off the do-not-contact list."""
    persons = late.barring.named(people or (), company or (), domain or ())
    with opened_ledger(ledger, create=False) as opened:
        done = late.people.unsuppress(opened, persons, utc_now())
    return late.show_people.show_unsuppressed(Console(as_json=as_json), done)


@suppress_app.command("list")
def suppress_list(ledger: Ledger = None, as_json: AsJson = False) -> int:
    """Show the do-not-contact list."""
    with opened_ledger(ledger, create=False) as opened:
        listed = late.people.listed(opened)
    return late.show_people.show_listed(Console(as_json=as_json), listed)


@suppress_app.command("import")
@command
def suppress_import(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV, XLSX … with a column of profiles.")
    ],
    reason: Reason = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
    **said: Unpack[ReadingSettings],
) -> int:
    """Add everyone in a sheet to the do-not-contact list; nobody is ever removed by it."""
    console = Console(as_json=as_json)
    found = late.people.people_in(source, late.campaign.load(source, said).reading)
    with opened_ledger(ledger) as opened:
        tell_new(opened, console)
        done = late.people.suppress_list(opened, source.name, found, reason, utc_now())
    return late.show_people.show_suppressed_list(console, done)


@connections_app.command("import")
@command
def connections_import(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="Connections.csv, LinkedIn's own export.")
    ],
    account: Annotated[
        str,
        typer.Option("--account", metavar="ID", help="Whose they are.  [default: any's]"),
    ] = "",
    ledger: Ledger = None,
    as_json: AsJson = False,
    **said: Unpack[ReadingSettings],
) -> int:
    """Note who is connected, so that nobody has to be looked up."""
    console = Console(as_json=as_json)
    people, _ = late.people.people_in(source, late.campaign.load(source, said).reading)
    with opened_ledger(ledger) as opened:
        tell_new(opened, console)
        done = late.people.import_connections(opened, source.name, people, account, utc_now())
    return late.show_people.show_connected(console, done)


@command
def import_history(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|undo",
            help="An earlier results sheet, or another tool's export; undo: take one back.",
        ),
    ],
    undone: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="With undo: which import; default: the latest."),
    ] = None,
    date_column: Annotated[
        str | None,
        typer.Option(
            "--date-column", metavar="HEADER", help="When each was messaged.  [default: found]"
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be noted, and note nothing.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Do not ask when no column says when, nor with undo."),
    ] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
    **said: Unpack[ReadingSettings],
) -> int:
    """Note everyone a sheet says was messaged before, so that no campaign writes to them too
    soon; `undo` takes an import back."""
    console = Console(as_json=as_json)
    if source == "undo":  # a file of that name is ./undo
        return _undo_import(console, undone, ledger, yes=yes, dry_run=dry_run)
    if undone is not None:
        raise UsageError("Give one file at a time.", remedy=f"Leave {undone} out.")
    reading = late.campaign.load(Path(source), said).reading
    file = late.sheet.load(Path(source))
    with opened_ledger(ledger) as opened:
        tell_new(opened, console)
        found = late.people.read_import(opened, file, reading, date_column, utc_now())
        if not dry_run:
            is_undated = found.contacts and found.history.dates is None
            if is_undated and console.can_ask and not yes:
                _ask_undated(console, found)
            found = late.people.import_history(opened, file, found)
    return late.show_people.show_imported(console, found)


def _undo_import(
    console: Console, name: str | None, ledger: str | None, *, yes: bool, dry_run: bool
) -> int:
    agree = console.agreement("Take it back?", yes=yes)
    with opened_ledger(ledger, create=False) as opened:
        taken = late.people.find_import(opened, name)
        if dry_run:
            return late.show_people.show_import(console, taken)
        done = late.people.undo_import(opened, taken, agree, utc_now())
    return late.show_people.show_undone(console, done)


def _ask_undated(console: Console, found: Imported) -> None:
    """Ask whether messages of an unknown time count as sent now."""
    console.tell(
        f"{words.people(found.people)} in {found.name}, and no column says when they were "
        "messaged; --date-column HEADER names one."
    )
    question = "Note them as messaged now?"
    if not console.ask(question, otherwise="nothing is noted"):
        raise InterruptedRunError("Nothing was noted.", remedy="Name the column of the dates.")


def forget(
    people: Annotated[
        list[str], typer.Argument(metavar="PERSON", help="Profile IDs, URNs or links.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without asking.")] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Erase people from the ledger, for good; they stay on the do-not-contact list, without their
    names."""
    console = Console(as_json=as_json)
    persons = [_person(person) for person in people]
    question = "Erase what the ledger holds of them? It cannot be brought back."
    if not yes and not console.ask(question, otherwise="nothing was erased"):
        raise InterruptedRunError(
            "Nothing was erased.", remedy="Run the same command again when you are ready."
        )
    with opened_ledger(ledger, create=False) as opened:
        done = late.people.forget(opened, persons, utc_now())
    return late.show_people.show_forgotten(console, done)


def _person(text: str) -> Recipient:
    try:
        return late.recipient.parse(text)
    except late.recipient.RecipientError as error:
        raise UsageError(
            f"{error}.", remedy="Give a profile ID, a URN or a link (linkedin.com/in/…)."
        ) from None
