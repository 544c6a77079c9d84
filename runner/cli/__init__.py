"""The command line: options in, one call, one renderer, exit code out."""

from __future__ import annotations

import gc
import io
import logging
import os
import signal
import sys
from typing import Annotated, Final

import typer

from runner import __version__
from runner.cli import completion
from runner.cli.help import Grouped
from runner.errors import CampaignError, ExitCode, UsageError, explain
from runner.show.console import Console

# The words of an environment variable that mean yes, as typer reads them.
_YES: Final = ("1", "true", "t", "yes", "y", "on")

app = typer.Typer(
    name="campaign",
    cls=Grouped,
    add_completion=False,  # it is a command
    help=(
        "Send one LinkedIn message to each person of a spreadsheet, at most once, within each "
        "account's daily quota."
    ),
    epilog=(
        "Automated messaging can breach LinkedIn's terms and get an account restricted; pacing "
        "cannot prevent that."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _campaign(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        Console().say(f"campaign-runner {__version__}")
        raise typer.Exit


def main() -> None:
    """The installed command: every error leaves through here, as sentences and an exit code."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that a terminal cannot show must not end a run.
            stream.reconfigure(errors="replace")
    # What is imported stays: looking through it for garbage takes a seventh of a command's start.
    gc.set_threshold(50_000, 20, 20)
    # No library speaks on the terminal for itself.
    logging.getLogger().addHandler(logging.NullHandler())
    sys.exit(call(sys.argv[1:]))


def call(arguments: list[str]) -> int:
    """Run one command line, without the program's name; answer its exit code."""
    completion.begin()
    asked = os.environ.get("CAMPAIGN_JSON", "").strip().lower()
    console = Console(as_json="--json" in arguments or asked in _YES)
    try:
        code = app(arguments, standalone_mode=False)
    except CampaignError as error:
        console.error(error)
        return error.exit_code
    except typer.TyperException as error:
        _tell_usage(console, error)
        return ExitCode.USAGE
    except typer.Abort:
        console.error(explain(KeyboardInterrupt()))
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left; say nothing more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - the last door: a traceback could show what is in a row
        explained = explain(error)
        console.error(explained)
        return explained.exit_code
    if code == ExitCode.INTERRUPTED and not isinstance(code, ExitCode):
        console.error(explain(KeyboardInterrupt()))  # typer's own answer to Ctrl-C
    return int(code or 0)


def _tell_usage(console: Console, error: typer.TyperException) -> None:
    if console.as_json or not hasattr(error, "show"):
        remedy = "campaign COMMAND --help shows the options."
        console.error(UsageError(error.format_message(), remedy=remedy))
    else:
        error.show()
