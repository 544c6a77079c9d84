"""The daily run in the computer's own scheduler, in lines and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner import words
from runner.errors import ExitCode
from runner.show.answer import finished
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.schedule.entry import Entry
    from runner.schedule.install import Planned
    from runner.schedule.job import Job


def show_installed(
    console: Console, source: Path, job: Job, planned: Planned, notes: Sequence[str], *, done: bool
) -> ExitCode:
    """Say what was installed, or (not `done`) what would be."""
    if done:
        named = words.argument(source)
        at = f"{job.at:%H:%M}"
        console.say(f"Scheduled with {planned.scheduler}: {job.campaign}, every day at {at}.")
        look = words.command("schedule show", named)
        undo = words.command("schedule remove", named)
        console.say(f"  Look: {look}   Undo: {undo}")
    else:
        console.say("\n".join(map(str, planned.steps)))
    for sentence in notes:
        console.tell(f"Note: {sentence}")
    said = {
        "campaignFile": str(job.campaign),
        "scheduler": planned.scheduler,
        "at": f"{job.at:%H:%M}",
        "command": job.command,
        "installed": done,
        "steps": [str(step) for step in planned.steps],
        "notes": list(notes),
    }
    console.answer(finished(said, ExitCode.DONE))
    return ExitCode.DONE


def show_entries(console: Console, source: Path, entries: Sequence[Entry]) -> ExitCode:
    """Say what is installed for a campaign file: where, what, and when it runs next."""
    found = []
    for entry in entries:
        console.say(f"Scheduled with {entry.scheduler}: {entry.place}")
        console.say(f"Next run: {entry.next_run or f'{entry.scheduler} does not tell'}")
        if entry.trouble:
            console.say(f"It will not start: {entry.trouble}.")
        console.say(entry.text)
        found.append(
            {
                "scheduler": entry.scheduler,
                "place": entry.place,
                "nextRun": entry.next_run,
                "text": entry.text,
            }
        )
    if not entries:
        console.say(f"Nothing is scheduled for {source}.")
    console.answer(finished({"campaignFile": str(source), "installed": found}, ExitCode.DONE))
    return ExitCode.DONE


def show_removed(console: Console, source: Path, having: Sequence[str]) -> ExitCode:
    """The schedulers that no longer have the daily run."""
    if having:
        console.say(f"Removed from {', '.join(having)}.")
    else:
        console.say(f"Nothing is scheduled for {source}.")
    console.answer(finished({"campaignFile": str(source), "removed": list(having)}, ExitCode.DONE))
    return ExitCode.DONE
