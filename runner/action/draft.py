"""A ledger-to-be beside the ledger, and copies to look into: both go when they are not needed."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from runner.ledger import move
from runner.ledger.backup import copy_ledger
from runner.ledger.door import open_ledger
from runner.ledger.file import begin, is_there, journal_of
from runner.ledger.ledger import Ledger
from runner.ledger.location import Place, Server, lock_folder
from runner.ledger.lost import refuse_lost
from runner.ledger.version import take_identity


@contextmanager
def opened_copy(path: Path) -> Iterator[Ledger]:
    """A copy of a ledger, which may be of an older version, open for as long as it is needed."""
    copy = path.with_name(f".{path.name}.{secrets.token_hex(4)}.look")
    with _gone_at_last(copy):
        copy_ledger(path, copy)
        with closing(open_ledger(copy, create=False, noted=False, lasting=False)) as ledger:
            yield ledger


@contextmanager
def opened_to_plan(path: Place, ledger: Ledger | None) -> Iterator[Ledger]:
    """A copy of a ledger to plan in; a new one where there is none.

    Raises StorageError where there was one that is lost.
    """
    if isinstance(path, Server):
        with _opened_passing() as copy:
            if ledger is not None:
                with ledger.read() as there, copy.write() as here:
                    move.copy(there, here, lambda _: None)
            yield copy
        return
    if is_there(path):
        with opened_copy(path) as copy:
            yield copy
        return
    refuse_lost(path)
    with _opened_passing() as ledger:
        yield ledger


@contextmanager
def _opened_passing() -> Iterator[Ledger]:
    """A new ledger that is gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="plan-") as folder,
        closing(open_ledger(Path(folder) / "ledger.db", noted=False, lasting=False)) as ledger,
    ):
        yield ledger


@contextmanager
def draft_of(path: Path, base: Path | None, identity: str | None) -> Iterator[Ledger]:
    """The ledger-to-be beside the ledger, made from a copy or new; it goes unless it is put."""
    part = begin(path)
    with _gone_at_last(part):
        if base is not None:
            copy_ledger(base, part)
        else:
            part.unlink()
        with closing(open_ledger(part, noted=False)) as draft:
            if base is None and identity is not None:
                with draft.write() as connection:
                    take_identity(connection, identity)
            yield draft


@contextmanager
def _gone_at_last(part: Path) -> Iterator[None]:
    """Remove a ledger that is only needed here, with its journal and its locks."""
    try:
        yield
    finally:
        for left in (part, journal_of(part)):
            left.unlink(missing_ok=True)
        folder = lock_folder(part)
        with suppress(OSError):
            for lock in folder.iterdir():
                lock.unlink()
            folder.rmdir()
