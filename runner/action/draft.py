"""A ledger-to-be beside the ledger, and copies to look into: both go when they are not needed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from runner.ledger import schema
from runner.ledger.backup import copy_ledger
from runner.ledger.file import begin, journal_of
from runner.ledger.ledger import Ledger, open_ledger
from runner.ledger.location import lock_folder


@contextmanager
def opened_copy(path: Path) -> Iterator[Ledger]:
    """A copy of a ledger, which may be of an older version, open for as long as it is needed."""
    copy = path.with_name(f".{path.name}.{secrets.token_hex(4)}.look")
    try:
        copy_ledger(path, copy)
        ledger = open_ledger(copy, create=False, noted=False)
        try:
            yield ledger
        finally:
            ledger.close()
    finally:
        for left in (copy, journal_of(copy)):
            left.unlink(missing_ok=True)


@contextmanager
def draft_of(path: Path, base: Path | None, identity: str | None) -> Iterator[Ledger]:
    """The ledger-to-be beside the ledger, made from a copy or new; it goes unless it is put."""
    part = begin(path)
    try:
        if base is not None:
            copy_ledger(base, part)
        else:
            part.unlink()
        draft = open_ledger(part, noted=False)
        if base is None and identity is not None:
            with draft.write() as connection:
                note = schema.note
                mine = sa.update(note).where(note.c.name == "identity")
                connection.execute(mine.values(value=identity))
        try:
            yield draft
        finally:
            draft.close()
    finally:
        for left in (part, journal_of(part)):
            left.unlink(missing_ok=True)
        _remove_locks(part)


def _remove_locks(part: Path) -> None:
    folder = lock_folder(part)
    with suppress(OSError):
        for lock in folder.iterdir():
            lock.unlink()
        folder.rmdir()
