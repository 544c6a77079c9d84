"""The run lock: one run of a campaign at a time. The operating system frees it when its process
dies, however it dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from runner.errors import AlreadyRunningError, BusyError, StorageError
from runner.ledger.campaign import campaign_named, campaigns
from runner.ledger.lane import is_under_way
from runner.ledger.ledger import Ledger
from runner.ledger.location import Place, lock_folder
from runner.ledger.record import CampaignRecord
from runner.ledger.store.sqlite import is_held

# `is_running` holds the lock for an instant. A look at the ledger between two tries outlasts that
# instant.
_TRIES: Final = 3
# Seconds by which the clock of the note and that of the system may be apart.
_CLOCKS_APART: Final = 5


def is_running(ledger: Ledger, campaign_id: int) -> bool:
    """Tell whether a run of the campaign is active now, in any process, or a worker's message of it
    under way."""
    if ledger.is_running(campaign_id):
        return True
    if not ledger.is_shared:
        return False
    with ledger.read() as connection:
        return is_under_way(connection, campaign_id, ledger.now(datetime.now(UTC)))


def refuse_while_running(folder: Path) -> None:
    """Raise AlreadyRunningError when a run of any campaign holds its lock in a ledger's folder."""
    for path in folder.glob("[0-9]*.lock"):
        if is_held(path):
            raise AlreadyRunningError(
                "A run of this ledger is active, or it was halted and holds the ledger.",
                where=str(path),
                remedy="Let it finish, or end it (campaign stop); then run this again.",
            )


def is_any_running(folder: Path) -> bool:
    """Tell whether a run of any campaign holds its lock in a ledger's folder."""
    return any(is_held(path) for path in folder.glob("[0-9]*.lock"))


@contextmanager
def told_as_running(place: Place) -> Iterator[None]:
    """Tell that a run is active, where it is a run that holds the ledger for too long."""
    try:
        yield
    except BusyError:
        if isinstance(place, Path):
            refuse_while_running(lock_folder(place))
        raise


@contextmanager
def run_lock(ledger: Ledger, name: str, campaign_id: int) -> Iterator[None]:
    """Hold the campaign's run lock.

    Raises AlreadyRunningError, which says since when another run holds the lock.
    """
    with ExitStack() as held:
        try:
            record = _acquire(ledger, name, campaign_id, held)
        except OSError as error:
            raise StorageError(
                f"The run lock cannot be made ({error.strerror}).",
                where=str(ledger.lock_folder),
                remedy=(
                    "Check the folder's permissions, or choose another place with --ledger PATH."
                ),
            ) from None
        if record is not None and not ledger.is_shared and _is_alive(record):
            # Somebody has deleted the folder of the locks under that run.
            raise _already_running(name, record)
        yield


def _acquire(ledger: Ledger, name: str, campaign_id: int, held: ExitStack) -> CampaignRecord | None:
    """Take the lock, to be let go with `held`; return the campaign as it stands then."""
    for _ in range(_TRIES):
        is_ours = held.enter_context(ledger.run_lock(campaign_id))
        with ledger.read() as connection:
            record = campaign_named(connection, name)
        if is_ours:
            return record
    raise _already_running(name, record)


def _is_alive(record: CampaignRecord) -> bool:
    """Tell whether the process that is noted as the campaign's run is still that process."""
    pid, since = record.running_pid, record.running_since
    if pid is None or since is None or pid == os.getpid():
        return False
    try:
        begun = psutil.Process(pid).create_time()
    except psutil.Error:
        return False
    return begun <= since.timestamp() + _CLOCKS_APART


def refuse_alive(ledger: Ledger) -> None:
    """Raise AlreadyRunningError when the process of a run is alive, also without its lock."""
    with ledger.read() as connection:
        records = campaigns(connection)
    for record in records:
        if _is_alive(record):
            raise _already_running(record.name, record)


def _already_running(name: str, record: CampaignRecord | None) -> AlreadyRunningError:
    since = (
        f" since {record.running_since:%Y-%m-%d %H:%M} UTC"
        if record and record.running_since
        else ""
    )
    process = f" (process {record.running_pid})" if record and record.running_pid else ""
    return AlreadyRunningError(
        f"Another run of the campaign {name!r} is active{since}{process}.",
        remedy=(
            "Let it finish, or end it with `campaign stop`; `campaign status` shows how far it is."
        ),
    )
