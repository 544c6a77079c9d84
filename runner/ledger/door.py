"""Opening a ledger: the one that is there, brought up to this version, or a new one.

A ledger is never recreated over a damaged one, and never written by a version that does not know
its tables.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock

from runner.errors import StorageError, UsageError
from runner.ledger import schema
from runner.ledger.backup import keep
from runner.ledger.file import (
    PRAGMAS,
    PRAGMAS_OF_A_NEW_ONE,
    PRAGMAS_OF_A_PASSING_ONE,
    begin,
    finish,
    is_there,
    make_folder,
    make_private,
    mend,
)
from runner.ledger.ledger import Ledger
from runner.ledger.location import Place, Server, beside, lock_folder, place_of
from runner.ledger.lost import refuse_foreign_journal, refuse_lost
from runner.ledger.second import second_record
from runner.ledger.store.sqlite import Sqlite
from runner.ledger.version import identity_of, is_older, upgrade, version_of


def open_ledger(
    location: str | Place,
    *,
    create: bool = True,
    noted: bool = True,
    lasting: bool = True,
    lanes: int = 1,
) -> Ledger:
    """Open a ledger by path or URL; make a new one (mode 0600) if there is no ledger yet.

    So many `lanes` ask one on a server at once, each in its thread.

    A ledger that is not `noted` has no second record, and neither has one on a server. One that is
    not `lasting` is thrown away by who opens it, whatever happens. Without `create`, a missing one
    raises UsageError. One that is missing although messages of it are known is never made anew.
    Raises StorageError.
    """
    place = place_of(location)
    if isinstance(place, Server):
        return _open_shared(place, create=create, lanes=lanes)
    path, is_new = place, False
    if not is_there(path):
        if noted:
            refuse_lost(path)
        if not create:
            raise _no_campaign(path)
        is_new = _make(path)
    make_private(path)
    if noted:
        refuse_foreign_journal(path)
    store = Sqlite(path, PRAGMAS if lasting else PRAGMAS_OF_A_PASSING_ONE)
    ledger = Ledger(store, path, is_new=is_new)
    with _closed_on_error(ledger):
        with ledger.read() as connection:
            version = version_of(connection)
        _bring_up(ledger, version, noted=noted)
        ledger.is_as_left = is_new or not noted
    return ledger


def is_begun(place: Place) -> bool:
    """Tell whether a ledger lies there; none is made. Raises StorageError."""
    if isinstance(place, Path):
        return place.exists()
    ledger = _on_server(place)
    with _closed_on_error(ledger), ledger.read() as connection:
        version = version_of(connection)
    ledger.close()
    return version is not None


def _on_server(place: Server, lanes: int = 1) -> Ledger:
    from runner.ledger.store.postgres import Postgres

    return Ledger(Postgres(place.url, str(place), lanes), beside(place), is_new=False)


def _open_shared(place: Server, *, create: bool, lanes: int) -> Ledger:
    ledger = _on_server(place, lanes)
    make_folder(ledger.path)
    with _closed_on_error(ledger):
        with ledger.read() as connection:
            ledger.check(connection)
            version = version_of(connection)
        if version is None and not create:
            raise _no_campaign(place)
        _bring_up(ledger, version, noted=False)
        ledger.is_new = version is None
    return ledger


def _bring_up(ledger: Ledger, version: str | None, *, noted: bool) -> None:
    """Bring the tables up to this version, and learn from them what the ledger is."""
    if version != schema.HEAD:
        _migrate(ledger, version, noted=noted)
    with ledger.read() as connection:
        ledger.learn_moved(connection)
        if noted:
            ledger.second = second_record(identity_of(connection))


@contextmanager
def _closed_on_error(ledger: Ledger) -> Iterator[None]:
    """Close a ledger that cannot be opened, and name it in the error."""
    try:
        yield
    except StorageError as error:
        ledger.close()
        error.where = error.where or ledger.place
        error.remedy = error.remedy or mend(ledger.place)
        raise
    except BaseException:
        ledger.close()
        raise


def _no_campaign(place: Place) -> UsageError:
    remedy = (
        "Begin one: campaign run SHEET -t TEMPLATE. If there is one, see whether --ledger names "
        "its ledger."
    )
    return UsageError("There is no campaign yet.", where=str(place), remedy=remedy)


def as_it_is(path: Path) -> Ledger:
    """Open the ledger of a file without migrating it or making it private, to look at it."""
    return Ledger(Sqlite(path, PRAGMAS), path, is_new=False)


def refuse_moved(path: Path) -> None:
    """Raise StorageError for the ledger of a file that has moved; nothing of it is changed."""
    with closing(as_it_is(path)) as ledger:
        with ledger.read() as connection:
            if version_of(connection) == schema.HEAD:
                ledger.learn_moved(connection)
        ledger.refuse_moved()


def _make(path: Path) -> bool:
    """Make a new ledger, in one step; False when another process was first. Raises StorageError."""
    make_folder(path)
    try:
        lock_folder(path).mkdir(mode=0o700, exist_ok=True)
        with FileLock(lock_folder(path) / "new.lock", mode=0o600):
            if is_there(path):
                return False
            part = begin(path)
            ledger = Ledger(Sqlite(part, PRAGMAS_OF_A_NEW_ONE), part, is_new=True)
            try:
                _migrate(ledger, None, noted=False)
            finally:
                ledger.close()
            finish(part, path)
    except OSError as error:
        raise StorageError(
            f"The ledger cannot be made ({error.strerror}).",
            where=str(path),
            remedy="Check the folder's permissions, or choose another place with --ledger PATH.",
        ) from None
    return True


def _migrate(ledger: Ledger, version: str | None, *, noted: bool) -> None:
    """Bring the tables up to this version; an old ledger is copied first. Raises StorageError."""
    identity = secrets.token_hex(16)
    if version is not None and noted and is_older(version):
        second = second_record(identity)
        keep(ledger.path, second, f"before-{schema.HEAD}")
        second.note_place(ledger.place)
    # Another process that opens an old ledger waits here, and then finds it migrated.
    with ledger.write() as connection:
        if version_of(connection) != schema.HEAD:
            upgrade(connection, identity)
