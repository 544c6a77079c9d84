"""A ledger's whole content, taken into another one: from a file to a server, or back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.errors import StorageError
from runner.ledger import chain, schema
from runner.ledger.note import MOVED, set_note
from runner.ledger.store.store import count_on, take_time

_BATCH: Final = 5_000
# A server hands over a large table in parts.
_PIECEMEAL: Final = {"stream_results": True, "max_row_buffer": _BATCH}


def copy(there: Connection, here: Connection, see: Callable[[int], object]) -> int:
    """Put all that one ledger holds into a new one, in the callers' transactions; return how many
    lines that were.

    `see` is told of so many lines more. Raises StorageError when what has arrived is not what was
    there.
    """
    lines = 0
    take_time(there)
    take_time(here)
    for table in reversed(schema.metadata.sorted_tables):
        here.execute(sa.delete(table))  # such as the identity that a new ledger is given
    for table in schema.metadata.sorted_tables:
        found = there.execute(sa.select(table), execution_options=_PIECEMEAL).mappings()
        count = 0
        for part in found.partitions(_BATCH):
            here.execute(sa.insert(table), [dict(line) for line in part])
            count += len(part)
            see(len(part))
        if count != here.scalar(sa.select(sa.func.count()).select_from(table)):
            raise StorageError(f"Not all of {table.name} has arrived; nothing was moved.")
        lines += count
    set_note(here, MOVED, None)
    count_on(here, schema.metadata.sorted_tables)
    chain.verify(here)
    if chain.head(there) != chain.head(here):
        raise StorageError("The chain has not arrived as it was; nothing was moved.")
    return lines


def is_empty(connection: Connection) -> bool:
    """Tell whether a ledger holds nothing of anybody: it has just been made."""
    tables = (one for one in schema.metadata.sorted_tables if one is not schema.note)
    return not any(connection.scalar(sa.select(sa.exists().select_from(one))) for one in tables)


def note_moved(connection: Connection, place: str) -> None:
    """Note that all has gone to another place."""
    set_note(connection, MOVED, place)
