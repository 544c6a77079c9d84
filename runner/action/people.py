"""People, over all campaigns: the do-not-contact list, who was messaged before, and who is to be
forgotten."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from runner import words
from runner.action.behind import refuse_behind
from runner.errors import ExitCode, InterruptedRunError, UsageError
from runner.intake.check import check_people
from runner.intake.entry import Problem
from runner.intake.history import History, read_history
from runner.intake.recipient import Recipient
from runner.intake.sheet import Reading, Source
from runner.intake.table import read
from runner.ledger import erasure
from runner.ledger import suppression as suppressed
from runner.ledger.connected import EXPORT, note_connected
from runner.ledger.contact import (
    Contact,
    new_contacts,
    note_contacts,
)
from runner.ledger.erasure import Erased
from runner.ledger.imported import Import, imported_at, imports, note_import, take_back
from runner.ledger.ledger import Ledger
from runner.ledger.person import Spellings
from runner.ledger.suppression import Suppression


@dataclass(frozen=True, slots=True)
class Suppressed:
    """People put on the do-not-contact list: how many are new to it, of how many."""

    added: int
    asked: int
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Unsuppressed:
    """People taken off the do-not-contact list: how many were on it, of how many."""

    removed: int
    asked: int
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class SuppressedList:
    """A sheet's people put on the do-not-contact list, and the cells that name nobody."""

    name: str
    added: int
    people: int
    nobody: tuple[Problem, ...]

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.NEEDS_A_PERSON if self.nobody else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Listed:
    """The do-not-contact list."""

    people: tuple[Suppression, ...]
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Imported:
    """The messages that a sheet says went out before; `added` of them are new to the ledger.

    Contacts without a time count as messaged `at`. `noted` once the ledger knows them.
    """

    name: str
    history: History
    contacts: tuple[Contact, ...]
    added: int
    at: datetime
    noted: bool = False

    @property
    def people(self) -> int:
        """The number of different people."""
        return len({contact.keys[0] for contact in self.contacts})

    @property
    def exit_code(self) -> ExitCode:
        has_problems = self.history.nobody or self.history.unread
        return ExitCode.NEEDS_A_PERSON if has_problems else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Undone:
    """An import that was taken back, of so many messages."""

    name: str
    messages: int
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Connected:
    """People noted as connected with an account, or with any where it is blank."""

    name: str
    account: str
    people: int
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Forgotten:
    """People erased from the ledger. `aside` are files of former ledgers, which may hold them."""

    people: int
    erased: Erased
    aside: tuple[Path, ...] = ()
    exit_code: ExitCode = ExitCode.DONE


def suppress(
    ledger: Ledger, people: Sequence[Recipient], reason: str | None, now: datetime
) -> Suppressed:
    """Put people on the do-not-contact list."""
    with ledger.write() as connection:
        added = suppressed.suppress(connection, [person.keys for person in people], reason, now)
    return Suppressed(added, len(people))


def unsuppress(ledger: Ledger, people: Sequence[Recipient], now: datetime) -> Unsuppressed:
    """Take people off the do-not-contact list."""
    refuse_behind(ledger)
    removed = 0
    with ledger.write() as connection:
        for person in people:
            removed += suppressed.unsuppress(connection, person, now) > 0
    return Unsuppressed(removed, len(people))


def listed(ledger: Ledger) -> Listed:
    """Read the do-not-contact list. Raises StorageError when the ledger may know only a part."""
    refuse_behind(ledger)
    with ledger.read() as connection:
        return Listed(tuple(suppressed.suppressions(connection)))


def people_in(path: Path, reading: Reading) -> tuple[Sequence[Recipient], list[Problem]]:
    """Read everyone a sheet names, and the cells that name nobody.

    Raises RefusedError for a sheet without a column of profiles.
    """
    checked, findings = check_people(read(path, reading), reading)
    nobody: list[Problem] = []
    for entry in checked.entries():
        if entry.recipient is None:
            nobody += entry.errors
    return findings.people, nobody


def look_at_list(ledger: Ledger, people: Sequence[Recipient]) -> tuple[list[Recipient], int]:
    """Return the different people of a sheet, and how many of them would be new on the
    do-not-contact list."""
    with ledger.read() as connection:
        return suppressed.new_to_list(connection, people)


def suppress_list(
    ledger: Ledger,
    name: str,
    found: tuple[Sequence[Recipient], list[Problem]],
    reason: str | None,
    now: datetime,
) -> SuppressedList:
    """Put everyone that a sheet names on the do-not-contact list; nobody is ever taken off by it.

    `found` is the sheet as `people_in` read it.
    """
    people, nobody = found
    with ledger.write() as connection:
        keys = [recipient.keys for recipient in people]
        added = suppressed.suppress(connection, keys, reason or name, now)
        spellings = Spellings(connection)
        different = {min(spellings.of(recipient.keys)) for recipient in people}
    return SuppressedList(name, added, len(different), tuple(nobody))


def read_import(
    ledger: Ledger, file: Source, reading: Reading, date_column: str | None, now: datetime
) -> Imported:
    """Find everyone that a sheet says was messaged before; note nothing. Raises RefusedError."""
    with ledger.read() as connection:
        now = imported_at(connection, file.digest) or now  # the same file once more says the same
    history = read_history(file, reading, date_column, now)
    contacts = tuple(Contact(keys, at or now) for keys, at in history.contacts)
    with ledger.read() as connection:
        added = len(new_contacts(connection, contacts))
    return Imported(file.path.name, history, contacts, added, now)


def import_history(ledger: Ledger, file: Source, found: Imported) -> Imported:
    """Note everyone that was found in a sheet."""
    with ledger.write() as connection:
        note_import(connection, file.digest, found.at, found.name)
        added = note_contacts(connection, found.contacts, found.name, found.at)
    return replace(found, added=added, noted=True)


def find_import(ledger: Ledger, name: str | None) -> Import:
    """Find the latest import, or that of a file with this name. Raises UsageError."""
    refuse_behind(ledger)
    with ledger.read() as connection:
        known = [one for one in imports(connection) if one.messages]
    wanted = [one for one in known if name is None or one.name == Path(name).name]
    if wanted:
        return wanted[0]
    listed = ", ".join(dict.fromkeys(one.name for one in known))
    raise UsageError(
        "There is no import to take back." if name is None else f"No import of {name} is noted.",
        where=ledger.place,
        remedy=f"There are: {listed}." if listed else "Nothing was imported that could be.",
    )


def undo_import(
    ledger: Ledger, taken: Import, agree: Callable[[Sequence[str]], bool], now: datetime
) -> Undone:
    """Take an import back, once a person has agreed. Raises InterruptedRunError when nobody did."""
    step = (
        f"{words.count(taken.messages, 'message')} that {taken.name} told of, imported on "
        f"{taken.at:%Y-%m-%d %H:%M} UTC, will not count any more: these people may be written to."
    )
    if not agree([step]):
        raise InterruptedRunError("Nothing was taken back.", remedy="It stays as it was.")
    with ledger.write() as connection:
        return Undone(taken.name, take_back(connection, taken, now))


def import_connections(
    ledger: Ledger, name: str, people: Sequence[Recipient], account: str, now: datetime
) -> Connected:
    """Note everyone in LinkedIn's own export as connected: with an account, or with any."""
    with ledger.write() as connection:
        count = note_connected(
            connection,
            account,
            (key for person in people for key in person.keys),
            now,
            is_connected=True,
            source=EXPORT,
        )
    return Connected(name, account, count)


def forget(ledger: Ledger, people: Sequence[Recipient], now: datetime) -> Forgotten:
    """Erase people from the ledger, for good; they stay on the do-not-contact list, namelessly."""
    keys = [person.keys for person in people]
    erased = erasure.forget(ledger, keys, now)
    aside = sorted(ledger.path.parent.glob(f"{glob.escape(ledger.path.name)}.before-*"))
    return Forgotten(len(keys), erased, tuple(aside))
