"""Keeping a ledger: looking through it, copying it, and a person's word that it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from runner import words
from runner.action.behind import refuse_behind
from runner.action.compare import refuse_unknown_sheets
from runner.action.mend import Agree
from runner.action.trace import read_trace
from runner.errors import CampaignError, ExitCode, InterruptedRunError, StorageError, UsageError
from runner.intake.sheet import Reading
from runner.ledger.accepted import accept_others, accept_sheet
from runner.ledger.backup import copy_ledger, keep
from runner.ledger.campaign import campaigns
from runner.ledger.chain import head
from runner.ledger.door import open_ledger
from runner.ledger.file import is_there, set_aside
from runner.ledger.health import check_health, check_tables, is_whole
from runner.ledger.ledger import Ledger
from runner.ledger.location import Place, Server, ledger_path, lock_folder
from runner.ledger.lock import refuse_while_running
from runner.ledger.lost import known_of
from runner.ledger.replay import lines_of, write_anew
from runner.ledger.second import SecondRecord, records_of
from runner.system.file import digest_of


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at a ledger: what was looked at, and what is wrong with it, if anything."""

    name: Literal["file", "server", "chain", "second record", "results", "copies"]
    says: str
    trouble: CampaignError | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """A ledger that was looked through."""

    ledger: str
    looks: tuple[Looked, ...]

    @property
    def exit_code(self) -> ExitCode:
        is_bad = any(look.trouble is not None for look in self.looks)
        return ExitCode.STORAGE if is_bad else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A copy of the ledger."""

    ledger: str
    copy: Path
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Accepted:
    """A person's word: what counts from now on, in sentences."""

    ledger: str
    done: tuple[str, ...]
    exit_code: ExitCode = ExitCode.DONE


def verify(place: Place) -> Verified:
    """Look through a ledger and compare it with what else knows of its messages; nothing changes.

    Raises UsageError when there is none, and nothing knows of one.
    """
    kind: Literal["file", "server"] = "server" if isinstance(place, Server) else "file"
    try:
        if isinstance(place, Path):
            if not is_there(place):
                open_ledger(place, create=False)  # says whether one is known
            check_health(place)
        ledger = open_ledger(place, create=False)
    except StorageError as error:
        return Verified(str(place), (Looked(kind, "damaged or gone", error),))
    try:
        if ledger.is_shared:
            check_tables(ledger)
        return Verified(str(place), tuple(_looks(ledger)))
    except StorageError as error:
        return Verified(str(place), (Looked(kind, "damaged", error),))
    finally:
        ledger.close()


def _looks(ledger: Ledger) -> list[Looked]:
    if ledger.is_shared:
        looks = [Looked("server", "keeps what it has confirmed")]
    else:
        looks = [Looked("file", f"whole, {ledger.path.stat().st_size / 1e6:.1f} MB")]
    with ledger.read() as connection:
        last = head(connection)
        records = campaigns(connection)
    looks.append(Looked("chain", f"{words.count(last.n, 'event')}, all of them as they were noted"))
    second = ledger.second
    if second is not None:
        looks.append(_look_beside(ledger, second))
    sheets = [Path(record.settings.results) for record in records if record.settings.results]
    try:
        refuse_unknown_sheets(ledger, sheets)
        looks.append(Looked("results", "tell of nothing that the ledger does not know"))
    except StorageError as error:
        looks.append(Looked("results", "know more", error))
    if second is not None:
        copies = second.copies()
        newest = f", the newest {copies[0].name}" if copies else ""
        looks.append(Looked("copies", f"{len(copies)} kept{newest}"))
    return looks


def _look_beside(ledger: Ledger, second: SecondRecord) -> Looked:
    try:
        refuse_behind(ledger, fully=True)
    except StorageError as error:
        return Looked("second record", "knows more", error)
    latest = second.latest()
    says = f"knows nothing that the ledger does not ({latest.n} noted)" if latest else "none yet"
    return Looked("second record", says)


def back_up(path: Path, target: Path | None, now: datetime) -> BackedUp:
    """Copy a ledger, to `target` or among the copies that are kept.

    Raises UsageError, StorageError.
    """
    ledger = open_ledger(path, create=False)
    try:
        check_tables(ledger)
        refuse_behind(ledger)
        if target is not None:
            if target.exists():
                raise UsageError(
                    f"{target} exists; it was left as it is.", remedy="Give the copy another name."
                )
            copy_ledger(ledger.path, target.absolute())
            return BackedUp(ledger.place, target)
        if ledger.second is None:
            raise StorageError("This ledger has no place for copies.", where=ledger.place)
        return BackedUp(ledger.place, keep(ledger.path, ledger.second, now=now))
    finally:
        ledger.close()


def accept(
    place: Place, sheets: Sequence[Path], shared: Sequence[str], agree: Agree, now: datetime
) -> Accepted:
    """Take a person's word that the ledger is right as it is, whatever other records tell.

    `sheets` are results sheets whose messages do not count, `shared` the accounts that others send
    from as well. Without either, the second record is what does not count; a ledger that is gone
    may then be begun anew. Raises InterruptedRunError, StorageError, UsageError.
    """
    if sheets or shared:
        return _accept_some(place, sheets, shared, agree, now)
    path = ledger_path(place)
    refuse_while_running(lock_folder(path))
    has_ledger = is_whole(path)
    if not has_ledger:
        step = (
            "A new ledger may begin here. It knows nobody: everyone on a list is messaged, also "
            "those who were messaged before."
        )
    else:
        step = "The ledger counts as it is; what its second record knows besides does not."
    if known := known_of(path):
        step += f" {known}"
    if not agree([step]):
        raise InterruptedRunError("Nothing was changed.", remedy="Run it again when you are ready.")
    if not has_ledger:
        set_aside(path, f"{now:%Y%m%dT%H%M%SZ}")
        for record in records_of(path):
            record.retire(str(path), None)
        open_ledger(path).close()
        return Accepted(str(path), (step,))
    ledger = open_ledger(path, create=False)
    try:
        with ledger.read() as connection:
            lines = list(lines_of(connection, now))
        if ledger.second is not None:
            write_anew(ledger.second, ledger.path, lines, "accepted", now)
    finally:
        ledger.close()
    return Accepted(str(path), (step,))


def _disowned(sheet: Path) -> str:
    """Say what does not count any more when a results sheet is none. Raises UsageError."""
    if not sheet.is_file():
        raise UsageError(f"There is no file {sheet}.", remedy="Check the spelling.")
    try:
        earlier = read_trace(sheet, Reading())
    except StorageError:
        return f"{sheet.name} cannot be read; whatever it tells does not count."
    if earlier is None:
        raise UsageError(f"{sheet.name} is no results sheet that can be read.", where=str(sheet))
    count = sum(result.is_messaged for result in earlier.results())
    return f"{sheet.name} tells of {words.count(count, 'message')}: they do not count."


def _accept_some(
    place: Place, sheets: Sequence[Path], shared: Sequence[str], agree: Agree, now: datetime
) -> Accepted:
    steps = [_disowned(sheet) for sheet in sheets]
    steps += [f"Others send from {account} through ConnectSafely as well." for account in shared]
    if not agree(steps):
        raise InterruptedRunError("Nothing was changed.", remedy="Run it again when you are ready.")
    ledger = open_ledger(place)
    try:
        with ledger.write() as connection:
            for sheet in sheets:
                accept_sheet(connection, digest_of(sheet), now)
            for account in shared:
                accept_others(connection, account, now)
    finally:
        ledger.close()
    return Accepted(str(place), tuple(steps))
