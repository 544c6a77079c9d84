"""Completion of a command line in a shell: the script for it, and the names of campaigns."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from runner.cli import late
from runner.errors import UsageError
from runner.show.console import Console

_VARIABLE: Final = "_CAMPAIGN_COMPLETE"
_SHELLS: Final = ("bash", "zsh", "fish", "powershell", "pwsh")


def completion(
    shell: Annotated[
        str | None,
        typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell; default: this one."),
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Put it into the shell's own settings.")
    ] = False,
) -> int:
    """Show what a shell needs to complete commands, options and campaigns; --install puts it
    there."""
    made: Any = import_module("typer.completion")
    console = Console()
    named = shell or Path(os.environ.get("SHELL", "")).name
    if named not in _SHELLS:
        raise UsageError(
            "Which shell is meant is not known.",
            remedy="Name it: campaign completion bash, zsh, fish or powershell.",
        )
    if install:
        _, path = made.install(shell=named, prog_name="campaign")
        console.say(f"Installed in {path}. It works in the next terminal that you open.")
        return 0
    said = {"prog_name": "campaign", "complete_var": _VARIABLE, "shell": named}
    console.say(made.get_completion_script(**said))
    return 0


def begin() -> None:
    """Make ready to answer a shell that asks how a command line may go on."""
    if _VARIABLE in os.environ:
        import_module("typer.completion").completion_init()


def names(incomplete: str) -> list[str]:
    """The names of the ledger's campaigns that begin so, the one last read first."""
    place = os.environ.get("CAMPAIGN_LEDGER") or late.location.default_path()
    with suppress(Exception):  # a key that is pressed is no time for an error
        known = late.location.names_at(late.location.place_of(place))
        return [_typed(name) for name in known if name.startswith(incomplete)]
    return []


def _typed(name: str) -> str:
    """A name as it is typed: bash puts a candidate into the line as it stands."""
    if os.environ.get(_VARIABLE) != "complete_bash":
        return name
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", name)


def answering(incomplete: str) -> list[str]:
    """The commands with a JSON answer that begin so."""
    known = import_module("runner.show.schema.command").ANSWERS
    return [name for name in known if name.startswith(incomplete)]


def places(incomplete: str) -> list[str]:
    """The campaigns, and the files here, that begin so."""
    found = names(incomplete)
    with suppress(OSError):
        folder = Path(incomplete).parent if incomplete else Path()
        here = sorted(str(path) for path in folder.iterdir())
        found += [_typed(path) for path in here if path.startswith(incomplete)]
    return found
