"""The command that shows all of this in the browser."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runner import words
from runner.cli import late
from runner.cli.extra import require
from runner.cli.ledger import ledger_place, opened_ledger, tell_new, utc_now
from runner.cli.options import BaseUrl, Ledger
from runner.errors import CampaignError, ExitCode
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.web.desk import Desk


def console(
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="The port; 0 is any.")
    ] = 8765,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only say the address.")] = False,
    ledger: Ledger = None,
    base_url: BaseUrl = None,
) -> int:
    """Show campaigns in the browser: begin one, watch it, decide rows; on this machine alone."""
    screen = Console()
    require("The console", "console", "starlette", "uvicorn", "python_multipart")
    place = ledger_place(ledger)
    if (known := late.serve.found(place)) is not None:
        screen.say(f"The console is open already: {known[0]}")
        _open(known[1], no_browser=no_browser)
        return ExitCode.DONE
    with opened_ledger(ledger) as opened:
        tell_new(opened, screen)
    listening = late.serve.bound(port)
    badge = late.guard.Badge(listening.getsockname()[1])
    desk = late.desk.Desk(place, Path.cwd(), badge, base_url)

    def begun(address: str, once: str) -> None:
        screen.say(f"The console: {address}")
        screen.say("Only a browser on this machine gets in, with this address. Ctrl-C ends it.")
        sys.stdout.flush()  # also where it goes into a log
        _open(once, no_browser=no_browser)

    try:
        late.serve.serve(desk, listening, begun)
        _end_runs(desk, screen)
    finally:
        desk.close()
    return ExitCode.DONE


def _open(address: str, *, no_browser: bool) -> None:
    if not no_browser:
        webbrowser.open(address)


def _end_runs(desk: Desk, screen: Console) -> None:
    """Ask whether the runs that were started here are to end as well."""
    alive = desk.runs.alive()
    if not alive:
        return
    names = words.some([one.source.stem for one in alive])
    runs = "A run goes" if len(alive) == 1 else f"{len(alive)} runs go"
    screen.say(f"{runs} on without the console: {names}.")
    if screen.can_ask and screen.ask(
        "End after the message in flight?", otherwise="they go on by themselves"
    ):
        for one in alive:
            screen.say(f"{one.source.stem}: {_ended(desk, one.source)}")


def _ended(desk: Desk, source: Path) -> str:
    """End the run of a campaign file; say how that went."""
    try:
        with opened_ledger(desk.place, create=False) as opened:
            stopped = late.pause.stop(opened, str(source), utc_now, late.time.sleep)
    except CampaignError as error:  # it has not taken its list in yet
        return f"it goes on: {error.what}"
    if stopped.live:
        return "it was asked to end, and has not ended yet."
    return "it has ended; the next run goes on there."
