"""The commands that keep, check and mend the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Unpack

import typer

from runner.campaign.setting import KeySettings
from runner.cli import late
from runner.cli.completion import answering, names
from runner.cli.ledger import ledger_file, ledger_place, utc_now
from runner.cli.options import AsJson, BaseUrl, Ledger, command, output
from runner.cli.vendor import found_vendor
from runner.errors import UsageError
from runner.show.console import Console

ledger_app = typer.Typer(
    help="Keep, check and mend the ledger, the durable record of every message.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
Sheets = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RESULTS", readable=False, help="Results sheets to take into account as well."
    ),
]


@ledger_app.command("verify")
def verify(ledger: Ledger = None, as_json: AsJson = False) -> int:
    """Check that the ledger is whole.

    It is also compared with its second record and the results sheets of its campaigns.
    """
    verified = late.keep.verify(ledger_place(ledger))
    return late.show_keeping.show_verified(Console(as_json=as_json), verified)


@ledger_app.command("backup")
def backup(
    output: Annotated[
        Path | None,
        output("Where to copy it; default: among the copies that are kept by themselves."),
    ] = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Copy the ledger, also while runs go on. A run does so by itself once a day."""
    copied = late.keep.back_up(ledger_file(ledger), output, utc_now())
    return late.show_keeping.show_backed_up(Console(as_json=as_json), copied)


@ledger_app.command("restore")
@command
def restore(
    sheets: Sheets = None,
    look: Annotated[
        bool,
        typer.Option(
            "--look", help="Also look into the conversations of those who wait; nothing is sent."
        ),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            autocompletion=names,
            help="The campaign whose results the first sheet holds; default: found.",
        ),
    ] = None,
    yes: Yes = False,
    base_url: BaseUrl = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
    **said: Unpack[KeySettings],
) -> int:
    """Bring the ledger back.

    It begins with the newest copy that is whole, and adds all that its second record and the
    results sheets know since. What is there now stays beside it.
    """
    console = Console(as_json=as_json)
    agree = console.agreement("Bring the ledger back so?", yes=yes)
    path, now = ledger_file(ledger), utc_now()
    if not look:
        mended = late.mend.restore(path, sheets or [], agree, now, named=name)
        return late.show_keeping.show_mended(console, mended)
    lookup = found_vendor(said.get("key_file"), Path.cwd(), base_url).lookup
    with late.asyncio.Runner() as loop:
        mended = late.mend.restore(
            path,
            sheets or [],
            agree,
            now,
            lambda draft: late.relook.regain_by_looking(draft, lookup, loop, now),
            named=name,
        )
    return late.show_keeping.show_mended(console, mended)


@ledger_app.command("rebuild")
def rebuild(
    sheets: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="RESULTS",
            readable=False,
            help="A results sheet; the option can be given several times.",
        ),
    ] = None,
    more: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RESULTS", readable=False, help="More results sheets."),
    ] = None,
    yes: Yes = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Make a ledger from results sheets alone."""
    console, given = Console(as_json=as_json), [*(sheets or []), *(more or [])]
    if not given:
        raise UsageError(
            "Say which results sheets.", remedy="campaign ledger rebuild --from RESULTS"
        )
    agree = console.agreement("Make the ledger so?", yes=yes)
    mended = late.mend.rebuild(ledger_file(ledger), given, agree, utc_now())
    return late.show_keeping.show_mended(console, mended)


@ledger_app.command("merge")
def merge(
    other: Annotated[
        Path, typer.Argument(metavar="OTHER", readable=False, help="The other ledger's file.")
    ],
    yes: Yes = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Take over another ledger's history.

    The other ledger stays as it is.
    """
    console = Console(as_json=as_json)
    agree = console.agreement("Merge it so?", yes=yes)
    mended = late.mend.merge(ledger_file(ledger), late.location.look(other), agree, utc_now())
    return late.show_keeping.show_mended(console, mended)


@ledger_app.command("move")
def move(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The ledger: a path or URL.")],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="Where it goes: a new file, or a new database.")
    ],
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Take a ledger to a PostgreSQL server that a team shares, or back to a file.

    The old one stays, and sends nothing any more.
    """
    console = Console(as_json=as_json)
    agree = console.agreement("Move it so?", yes=yes)
    places = late.location.place_of(source), late.location.place_of(target)
    moved = late.move.move(*places, agree, late.show_keeping.copying(console))
    return late.show_keeping.show_moved(console, moved)


@ledger_app.command("accept")
def accept(
    sheets: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RESULTS", readable=False, help="Results sheets whose messages do not count."
        ),
    ] = None,
    shared: Annotated[
        list[str] | None,
        typer.Option(
            "--shared",
            metavar="ACCOUNT",
            help="Others send from this account through ConnectSafely; can be repeated.",
        ),
    ] = None,
    yes: Yes = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Say that the ledger is right as it is.

    Another record then may know more. Where the ledger is gone, a new one may begin.
    """
    console = Console(as_json=as_json)
    agree = console.agreement("Is that so?", yes=yes)
    accepted = late.keep.accept(ledger_place(ledger), sheets or [], shared or [], agree, utc_now())
    return late.show_keeping.show_accepted(console, accepted)


def schema(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="COMMAND",
            help="The command, such as status or ledger verify.",
            autocompletion=answering,
        ),
    ] = None,
) -> int:
    """Show the JSON Schema of a command's --json answer; without a command, which have one."""
    return late.show_schema.show_schema(Console(), " ".join(words or ()))
