"""The daily run: the checks of its schedule and of its log.

They tell whether it is installed, would start and would find the same ledger, and how it ended the
last time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from runner import words
from runner.campaign.campaign import Campaign
from runner.doctor.finding import Finding, bad, look, ok
from runner.errors import ExitCode, StorageError, UsageError
from runner.ledger.location import Place
from runner.schedule.entry import Entry

# One day, plus the hours that a run may be late or may take.
EXPECTED: Final = timedelta(hours=36)
_MARKS: Final = ("begin", "end", "error")
_WELL: Final = (ExitCode.DONE, ExitCode.PAUSED)


def judge_schedule(campaign: Campaign, entries: Sequence[Entry], ledger: Place) -> Finding:
    """Judge whether the campaign is run every day without anybody, as it would be run here.

    Only a campaign file can be run so.
    """
    source = words.argument(campaign.source)
    if not campaign.is_file:
        return ok(
            "schedule", "none: only a campaign file can be run by the computer's own scheduler"
        )
    if not entries:
        return ok(
            "schedule",
            f"none; to have it run every day: {_install(campaign)}",
        )
    said = "; ".join(
        f"{entry.scheduler}, {f'next {entry.next_run}' if entry.next_run else entry.place}"
        for entry in entries
    )
    for entry in entries:
        again = f"Install it again: {_install(campaign, entry)}"
        if entry.command and not Path(entry.command[0]).exists():
            what = (
                "The daily run is started by a Python that is not there any more "
                f"({entry.command[0]})."
            )
            return bad("schedule", UsageError(what, remedy=again))
        other = entry.option("--ledger")
        if other is not None and other != str(ledger):
            says = (
                f"the daily run has another ledger ({other}): each does not know whom the other "
                "has messaged"
            )
            return look(
                "schedule",
                says,
                f"Name that one here, with --ledger; or install it again with --ledger {ledger}.",
            )
        if entry.trouble:
            return look(
                "schedule", f"{said}; but it will not start: {entry.trouble}", entry.remedy or again
            )
    if len(entries) > 1:
        return look(
            "schedule",
            said,
            (
                f"One daily run is enough: {words.command('schedule remove', source)}, then "
                "install it again."
            ),
        )
    return ok("schedule", said)


def judge_log(
    log: Sequence[Path], name: str | None, *, scheduled: bool, running: bool, now: datetime
) -> Finding:
    """Judge the end of the campaign's last unattended run, by its log.

    Without a name, it is the last run of any campaign.
    """
    path = log[0]
    if path.exists() and not (path.is_file() and os.access(path, os.W_OK)):
        what = "The log cannot be written: an unattended run would end before it sends anything."
        return bad(
            "log",
            StorageError(what, where=str(path), remedy="Let it be a file that you may write."),
        )
    record = next(
        (record for record in _records(log) if name is None or record.get("campaign") == name),
        None,
    )
    if record is None:
        return ok("log", f"no unattended run yet; its log will be {path}")
    event, code, at = record["event"], record.get("exitCode"), _instant(record)
    says = f"{path}: {record.get('campaign')}, {record.get('time')}, {event}"
    if code is not None:
        says += f", exit code {code}"
    if event == "begin":
        if running:
            return ok("log", f"{says}; that run is active")
        return look(
            "log",
            f"{says}, and no end: that run was killed",
            "Run the same command again; it is safe.",
        )
    if code not in _WELL:
        remedy = (
            "campaign status says how the campaign stands; the command itself, without "
            "--unattended, what was wrong."
        )
        return look("log", says, remedy)
    if scheduled and at is not None and now - at > EXPECTED:
        return look(
            "log",
            f"{says}; no run since, though it is scheduled daily",
            "See whether this computer was on at that time.",
        )
    return ok("log", says)


def _install(campaign: Campaign, entry: Entry | None = None) -> str:
    """Word the command that installs the daily run, or installs an entry again."""
    options = {}
    for name in ("ledger", "key_file"):
        value = entry.option(f"--{name.replace('_', '-')}") if entry else None
        if value:
            options[name] = value
    source = words.argument(campaign.source)
    return words.command("schedule install", source, **options, at="09:00")


def _records(log: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the marks of runs, the latest first. Lines that were cut short do not count."""
    for path in log:
        try:
            lines = path.read_bytes().splitlines()
        except OSError:
            continue
        for line in reversed(lines):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            # A run that found another run active says nothing about the end of that other run.
            if (
                isinstance(record, dict)
                and record.get("event") in _MARKS
                and record.get("exitCode") != ExitCode.ALREADY_RUNNING
            ):
                yield record


def _instant(record: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(record.get("time")))
    except ValueError:
        return None
