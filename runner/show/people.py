"""Acts on people, over all campaigns, in lines and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import words
from runner.errors import ExitCode
from runner.show.answer import finished, instant_of, problem_answer
from runner.show.console import Console
from runner.show.problem import alike, grouped

if TYPE_CHECKING:
    from runner.action.people import (
        Connected,
        Forgotten,
        Imported,
        Listed,
        Suppressed,
        SuppressedList,
        Undone,
        Unsuppressed,
    )
    from runner.ledger.imported import Import
    from runner.ledger.record import CampaignRecord

_LIST = "the do-not-contact list"


def show_suppressed(console: Console, done: Suppressed) -> ExitCode:
    """People put on the do-not-contact list."""
    console.say(f"{done.added} added to {_LIST}; {done.asked - done.added} were on it.")
    console.answer(finished({"added": done.added}, done.exit_code))
    return done.exit_code


def show_unsuppressed(console: Console, done: Unsuppressed) -> ExitCode:
    """People taken off the do-not-contact list."""
    console.say(f"{done.removed} taken off {_LIST}; {done.asked - done.removed} were not on it.")
    console.answer(finished({"removed": done.removed}, done.exit_code))
    return done.exit_code


def show_suppressed_list(console: Console, done: SuppressedList) -> ExitCode:
    """A sheet's people put on the do-not-contact list."""
    console.say(f"{done.added} added to {_LIST}, from {words.people(done.people)} in {done.name}.")
    for problem in done.nobody:
        console.tell(f"Not added: {problem}")
    said = {"added": done.added, "people": done.people, "notAdded": len(done.nobody)}
    console.answer(finished(said, done.exit_code))
    return done.exit_code


def show_listed(console: Console, listed: Listed) -> ExitCode:
    """The do-not-contact list."""
    people = []
    for entry in listed.people:
        name = entry.identity or "a forgotten person"
        console.say(f"{name}  {entry.added_at:%Y-%m-%d}  {entry.reason or ''}".rstrip())
        people.append(
            {
                "identity": entry.identity,
                "reason": entry.reason,
                "addedAt": instant_of(entry.added_at),
            }
        )
    if not people:
        console.say("The do-not-contact list is empty.")
    console.answer(finished({"doNotContact": people}, listed.exit_code))
    return listed.exit_code


def show_imported(console: Console, done: Imported) -> ExitCode:
    """Say what an import of earlier messages noted."""
    history = done.history
    times = sorted(contact.at for contact in done.contacts)
    between = ""
    if times:
        between = f", messaged from {times[0]:%Y-%m-%d} to {times[-1]:%Y-%m-%d}"
    new = words.count(done.added, "message")
    if done.contacts and not done.noted:
        console.say("Nothing was noted yet; without --dry-run it is.")
    console.say(f"{words.people(done.people)} in {done.name}{between}; {new} new to the ledger.")
    if history.dates is not None:
        header = history.dates.header.strip()
        console.say(f"When they were messaged says column {history.dates.letter} ({header}).")
    elif done.contacts:
        console.say(
            "No column says when they were messaged, so they count as messaged now; --date-column "
            "HEADER names one."
        )
    if done.added and done.noted:
        console.say("If this was the wrong file: campaign import-history undo")
    for problem in history.nobody:
        console.tell(f"Not noted: {problem}")
    for group in grouped(history.unread):
        console.tell(f"Noted as messaged now: {alike(group)}")
    problems = (*history.nobody, *history.unread)
    said = {
        "added": done.added,
        "noted": done.noted,
        "people": done.people,
        "from": instant_of(times[0]) if times else None,
        "to": instant_of(times[-1]) if times else None,
        "dateColumn": history.dates.header.strip() if history.dates else None,
        "notAdded": len(history.nobody),
        "undated": len(history.unread),
        "problems": [problem_answer(problem) for problem in problems],
    }
    console.answer(finished(said, done.exit_code))
    return done.exit_code


def show_import(console: Console, taken: Import) -> ExitCode:
    """Say what would be taken back."""
    count = words.count(taken.messages, "message")
    console.say(f"{taken.name}, imported on {taken.at:%Y-%m-%d %H:%M} UTC: {count}.")
    console.say("Nothing was taken back; without --dry-run it is.")
    said = {"file": taken.name, "importedAt": instant_of(taken.at), "messages": taken.messages}
    console.answer(finished(said, ExitCode.DONE))
    return ExitCode.DONE


def show_undone(console: Console, done: Undone) -> ExitCode:
    """Say what was taken back."""
    count = words.count(done.messages, "message")
    console.say(f"Taken back: {count} that {done.name} told of. The next run reads the list anew.")
    console.answer(finished({"file": done.name, "takenBack": done.messages}, done.exit_code))
    return done.exit_code


def show_connected(console: Console, done: Connected) -> ExitCode:
    """How many people are known as connected."""
    whom = f"account {done.account}" if done.account else "any account"
    console.say(f"{words.people(done.people)} of {done.name} noted as connected with {whom}.")
    said = {"file": done.name, "account": done.account or None, "people": done.people}
    console.answer(finished(said, done.exit_code))
    return done.exit_code


def show_forgotten(console: Console, done: Forgotten) -> ExitCode:
    """Say what was forgotten, and which files still hold it."""
    erased = done.erased
    rows = words.count(erased.deliveries, "row")
    where = f"{rows} of {words.count(len(erased.campaigns), 'campaign')}"
    console.say(f"Forgotten: {words.people(done.people)}, in {where}.")
    console.say("They stay on the do-not-contact list, as hashes that name nobody.")
    for record in erased.campaigns:
        files = (record.settings.sheet, record.settings.results)
        found = ", ".join(file for file in files if Path(file).exists())
        console.say(f"Still in the files of the campaign {record.name}: {found or 'none found'}")
        command = words.command("results", name=record.name)
        console.say(f"  Next: delete them from the list, then: {command}")
    for path in done.aside:
        console.say(f"They may be in a former ledger, which is yours to delete: {path}")
    said: dict[str, Any] = {
        "people": done.people,
        "deliveries": erased.deliveries,
        "campaigns": [_files(record) for record in erased.campaigns],
    }
    if done.aside:
        said["aside"] = [str(path) for path in done.aside]
    console.answer(finished(said, done.exit_code))
    return done.exit_code


def _files(record: CampaignRecord) -> dict[str, Any]:
    settings = record.settings
    return {"campaign": record.name, "list": settings.sheet, "results": settings.results}
