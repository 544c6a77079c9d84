"""Second records of ledgers that are gone from where they were: taken as those of another place.

A ledger can be lost together with the word on where it stood, when a folder is renamed, a setting
of the system changes, or a file of its second record is damaged. What it knew of a list's people
counts all the same.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from runner import words
from runner.campaign.campaign import Campaign
from runner.errors import RefusedError, StorageError
from runner.intake.check import check_people
from runner.intake.sheet import load
from runner.intake.table import read
from runner.ledger.file import is_there
from runner.ledger.knowledge import Knowledge
from runner.ledger.ledger import Ledger
from runner.ledger.lost import missing
from runner.ledger.noted import Noted
from runner.ledger.second import SecondRecord, all_records


def people_of(campaign: Campaign) -> set[str]:
    """Return every spelling of a list's people; what is wrong with the list is told when it is
    read."""
    with suppress(RefusedError):
        source = load(campaign.sheet) if campaign.frame is None else campaign.frame
        people = check_people(read(source, campaign.reading), campaign.reading)[1]
        return {key for person in people.people for key in person.keys}
    return set()


def adopt_lost(campaign: Campaign, path: Path, ledger: Ledger | None) -> None:
    """Let the second records that know of messages to a list's people count for a place.

    Without a ledger there, those of all other ledgers count; beside one, those of ledgers that are
    nowhere, where this one does not know the same. Raises StorageError when they cannot be read,
    and when it is a ledger that is there, at another place, that knows of such messages.
    """
    if campaign.frame is None and not campaign.sheet.is_file():
        return
    found = [
        record
        for record in all_records()
        if str(path) not in record.places() and _may_count(record, ledger)
    ]
    if not found:
        return
    listed = people_of(campaign)
    for record in found:
        told = [line for line in missing(record, {}) if not listed.isdisjoint(line.keys)]
        if not told or (ledger is not None and not _tells_more(told, ledger)):
            continue
        alive = next((one for one in record.places() if _holds_ledger(Path(one))), None)
        if alive is not None:
            raise _elsewhere(Path(alive), path, len(told))
        record.note_place(str(path))


def _elsewhere(alive: Path, path: Path, count: int) -> StorageError:
    accept = words.command("ledger accept", ledger=path)
    return StorageError(
        f"The ledger {alive} knows of {words.count(count, 'message')} to people of this list; a "
        "new one would not. Nothing was sent.",
        where=str(path),
        remedy=(
            f"Name that one: --ledger {words.argument(alive)}. To begin another one all the same: "
            f"{accept}."
        ),
    )


def _may_count(record: SecondRecord, ledger: Ledger | None) -> bool:
    if record.is_retired:
        return False
    if ledger is None:
        return True
    is_own = ledger.second is not None and record.identity == ledger.second.identity
    return not is_own and not any(_holds_ledger(Path(place)) for place in record.places())


def _holds_ledger(path: Path) -> bool:
    try:
        return is_there(path)
    except (OSError, StorageError):
        return False


def _tells_more(told: list[Noted], ledger: Ledger) -> bool:
    with ledger.read() as connection:
        knowledge = Knowledge(connection)
    return any(not knowledge.has(line.keys, None) for line in told)
