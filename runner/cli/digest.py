"""The command that tells once a day how all campaigns are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from runner.cli import late
from runner.cli.ledger import opened_ledger, utc_now
from runner.cli.options import AsJson, Ledger
from runner.errors import ExitCode
from runner.show.console import Console

Notify = Annotated[
    str | None,
    typer.Option(
        "--notify", metavar="COMMAND|URL", help="Also tell a command, or an https:// webhook."
    ),
]


def digest(
    hours: Annotated[
        int, typer.Option("--since-hours", metavar="N", min=1, help="How far back it looks.")
    ] = 24,
    names: Annotated[
        bool, typer.Option("--names", help="Name who answered, and who is uncertain.")
    ] = False,
    notify: Notify = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> int:
    """Tell what happened in all campaigns since yesterday: answers and uncertain rows first."""
    target = late.target.parse_target(notify) if notify else None
    console, now = Console(as_json=as_json), utc_now()
    with opened_ledger(ledger, create=False) as opened:
        since = now - timedelta(hours=hours)
        found = late.digest.digest(opened, since, now, names=names)
    code = late.show_digest.show_digest(console, found)
    if target is not None:
        answer = late.show_digest.digest_answer(found)
        if trouble := late.notify.notify(target, answer, Path.cwd()):
            console.tell(f"Note: {trouble}")
            return ExitCode.NEEDS_A_PERSON
    return code
