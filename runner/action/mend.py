"""Mending a ledger: brought back from its copies, built anew from results sheets, joined with
another.

A draft is made beside the ledger first. What it would change is said, and a person agrees or not.
What was there stays beside it, under another name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from runner import words
from runner.action.behind import refuse_behind
from runner.action.change import is_as_it_is, said_base, said_holes, said_lost, said_merged
from runner.action.draft import draft_of, opened_copy
from runner.action.sheets import add_sheets
from runner.errors import ExitCode, InterruptedRunError, StorageError, UsageError
from runner.ledger.accepted import accept_sheet
from runner.ledger.backup import clear
from runner.ledger.chain import head
from runner.ledger.door import open_ledger
from runner.ledger.file import (
    aside_of,
    finish,
    is_there,
    make_folder,
    set_aside,
)
from runner.ledger.health import check_health, check_tables, is_whole
from runner.ledger.ledger import Ledger
from runner.ledger.location import lock_folder
from runner.ledger.lock import refuse_alive, refuse_while_running
from runner.ledger.lost import missing
from runner.ledger.merge import Merged
from runner.ledger.merge import merge as join
from runner.ledger.noted import What
from runner.ledger.replay import lines_of, replay, write_anew
from runner.ledger.second import SecondRecord, records_of, second_record
from runner.ledger.version import identity_of
from runner.system.file import digest_of

Agree = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class Mended:
    """A ledger that was mended: what was done, in sentences, and where the former one is now.

    It is not changed when it knew already all that is known elsewhere.
    """

    ledger: str
    done: tuple[str, ...]
    aside: Path | None
    is_changed: bool = True
    exit_code: ExitCode = ExitCode.DONE


def restore(
    path: Path,
    sheets: Sequence[Path],
    agree: Agree,
    now: datetime,
    look: Callable[[Ledger], Iterator[str]] | None = None,
    named: str | None = None,
) -> Mended:
    """Bring a ledger back: the newest copy that is whole, then all that its second record and the
    results sheets know since; and what a `look` elsewhere brings into it. The first sheet holds the
    results of the campaign that is `named`.

    Raises StorageError when there is nothing to bring it back from.
    """
    with _alone(path):
        present = is_whole(path)
        record = _record(path, present)
        base = _base(record, path if present else None)
        if base is None and record is None and not sheets:
            raise StorageError(
                "There is nothing to bring the ledger back from: no copy, no second record.",
                where=str(path),
                remedy=(
                    "Name the results sheets that you have: campaign ledger restore RESULTS. If "
                    "another computer has the ledger, copy it here."
                ),
            )
        with draft_of(path, base, record.identity if record else None) as draft:
            said = [said_base(base, path)]
            for known in _first(record, records_of(path)):
                said += said_holes(
                    known, _agreed(base, {}) if base else 0, path, has_more=bool(sheets or look)
                )
                with draft.write() as connection:
                    count = replay(connection, known.lines(), now)
                said.append(f"The second record adds {words.count(count, 'message')}.")
            if present and base != path:
                said += _join_present(draft, path, now)
            said += add_sheets(draft, sheets, _left_as(record), now, named)
            if look is not None:
                said += look(draft)
            mended = _put(path, draft, said, agree, now)
        _note_heard(path, sheets, now)
        return mended


def _note_heard(path: Path, sheets: Sequence[Path], now: datetime) -> None:
    """Note that the ledger knows all that these results sheets tell, in whatever form they are."""
    with closing(open_ledger(path, create=False)) as ledger, ledger.write() as connection:
        for sheet in sheets:
            accept_sheet(connection, digest_of(sheet), now)


def rebuild(path: Path, sheets: Sequence[Path], agree: Agree, now: datetime) -> Mended:
    """Make a ledger from results sheets alone. Raises StorageError, UsageError."""
    with _alone(path), draft_of(path, None, None) as draft:
        said = ["A new ledger, from the results sheets alone."]
        said += add_sheets(draft, sheets, {}, now)
        said += said_lost(draft, path)
        return _put(path, draft, said, agree, now)


def merge(path: Path, other: Path, agree: Agree, now: datetime) -> Mended:
    """Take over the history of another ledger. Raises StorageError, UsageError."""
    if not is_there(path):
        raise UsageError("There is no ledger to merge into.", where=str(path))
    if not is_there(other):
        raise UsageError("There is no such ledger.", where=str(other))
    check_health(other)
    _refuse_behind(path)
    with _alone(path), draft_of(path, path, None) as draft:
        merged = _join(draft, other, other.name, now)
        return _put(path, draft, [*said_merged(merged, other)], agree, now)


def _refuse_behind(path: Path) -> None:
    """Raise StorageError when the ledger at a path is damaged, or older than its second record."""
    check_health(path)
    with closing(open_ledger(path, create=False)) as ledger:
        refuse_behind(ledger)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep runs, and the making of a ledger, away from this place."""
    make_folder(path)
    folder = lock_folder(path)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        refuse_while_running(folder)
        if is_whole(path):
            with closing(open_ledger(path, create=False, noted=False)) as ledger:
                refuse_alive(ledger)
        with FileLock(folder / "new.lock", mode=0o600):
            clear(path.parent, f"{path.name}.")
            yield
    except OSError as error:
        raise StorageError(
            f"The ledger cannot be mended ({error.strerror}).",
            where=str(path),
            remedy="Check the folder's permissions.",
        ) from None


def _left_as(record: SecondRecord | None) -> dict[str, str]:
    """The results files by their paths, each with its digest as it was left last."""
    lines = record.lines() if record is not None else ()
    return {
        line.name: line.source
        for line in lines
        if line.what is What.RESULTS and line.name and line.source
    }


def _record(path: Path, present: bool) -> SecondRecord | None:
    """The second record of the ledger that stood there: the one that knows of most messages."""
    found = records_of(path)
    if present:
        found.append(second_record(_identity(path)))
    known = [record for record in found if record.latest() is not None]
    if known:
        return max(known, key=lambda record: len(missing(record, {})))
    return next((record for record in found if record.copies()), None)


def _first(record: SecondRecord | None, others: Sequence[SecondRecord]) -> list[SecondRecord]:
    """The second records to play in: that of the ledger, then those of others that stood there."""
    if record is None:
        return list(others)
    return [record, *(other for other in others if other.identity != record.identity)]


def _identity(path: Path) -> str:
    ledger = open_ledger(path, create=False, noted=False)
    try:
        with ledger.read() as connection:
            return identity_of(connection)
    finally:
        ledger.close()


def _base(record: SecondRecord | None, present: Path | None) -> Path | None:
    """The copy to begin with: the one that knows most of what the second record knows."""
    candidates = list(record.copies()) if record is not None else []
    if present is not None and (record is None or _identity(present) == record.identity):
        candidates.insert(0, present)
    lines = {line.n: line.head for line in record.lines()} if record else {}
    best: tuple[int, Path] | None = None
    for candidate in candidates:
        with suppress(StorageError, UsageError):
            check_health(candidate)
            number = _agreed(candidate, lines)
            if best is None or number > best[0]:
                best = (number, candidate)
    return best[1] if best else None


def _agreed(path: Path, lines: dict[int, str]) -> int:
    """The last link of a copy's chain, where the second record does not contradict it."""
    with opened_copy(path) as ledger, ledger.read() as connection:
        last = head(connection)
    told = lines.get(last.n, last.head)
    return last.n if told == last.head else -1


def _put(path: Path, draft: Ledger, said: Sequence[str], agree: Agree, now: datetime) -> Mended:
    """Put the draft into the ledger's place, once a person has agreed, and the former one aside."""
    check_tables(draft)
    with draft.read() as connection:
        identity = identity_of(connection)
        lines = list(lines_of(connection, now))
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    if is_as_it_is(path, draft):
        return Mended(str(path), tuple(said), None, is_changed=False)
    steps = list(said)
    if path.exists():
        steps.append(f"What is there now stays beside it: {aside_of(path, stamp).name}.")
    if not agree(steps):
        raise InterruptedRunError(
            "Nothing was changed.", remedy="Run the same command again when you are ready."
        )
    draft.close()
    aside = set_aside(path, stamp)
    finish(draft.path, path)
    write_anew(second_record(identity), path, lines, "mended", now)
    return Mended(str(path), tuple(said), aside)


def _join_present(draft: Ledger, path: Path, now: datetime) -> list[str]:
    """Take over what the ledger that is there has learned by itself."""
    return list(said_merged(_join(draft, path, "the ledger that was there", now), path))


def _join(draft: Ledger, other: Path, source: str, now: datetime) -> Merged:
    with (
        opened_copy(other) as opened,
        opened.read() as theirs,
        draft.write() as connection,
    ):
        return join(connection, theirs, source, now)
