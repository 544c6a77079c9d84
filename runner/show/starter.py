"""A campaign file that was written, in lines and as JSON."""

from __future__ import annotations

from pathlib import Path

from runner import words
from runner.errors import ExitCode
from runner.show.answer import finished
from runner.show.console import Console


def show_written(console: Console, written: Path) -> ExitCode:
    """The place of the file, and the next step."""
    console.say(f"Written: {written}")
    console.say(f"  Next: fill it in, then: {words.command('check', words.argument(written))}")
    console.answer(finished({"campaignFile": str(written)}, ExitCode.DONE))
    return ExitCode.DONE
