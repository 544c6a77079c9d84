"""The changes that the reading of a list makes in the ledger, collected and written in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema

_BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The changes that a reading of the sheet made.

    `added` are the rows new to the campaign. `rewritten` are the rows whose waiting message was
    rewritten or can no longer go. `vanished` counts the people who are no longer listed. `outdated`
    are the rows that changed after they were sent. `again` is true when the sheet had been read
    before.
    """

    added: tuple[int, ...] = ()
    rewritten: tuple[int, ...] = ()
    vanished: int = 0
    outdated: tuple[int, ...] = ()
    again: bool = False


class Changes:
    """Rows and deliveries to write, and what people are told of them.

    `new`, `changed` and `moved` are deliveries: of those that were attempted, only the place may
    change. `wanted` are those that wait and are still in the list. `added`, `rewritten` and
    `outdated` are numbers of rows.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows: list[dict[str, Any]] = []
        self.new: list[dict[str, Any]] = []
        self.changed: list[dict[str, Any]] = []
        self.moved: list[dict[str, Any]] = []
        self.wanted: set[int] = set()
        self.added: list[int] = []
        self.rewritten: list[int] = []
        self.outdated: list[int] = []

    def write_some(self) -> None:
        """Write what has been collected, once it is a batch."""
        if len(self.rows) >= _BATCH:
            self.write()

    def write(self) -> None:
        """Write all that has been collected."""
        for table, values in ((schema.row, self.rows), (schema.delivery, self.new)):
            if values:
                self._connection.execute(sa.insert(table), values)
                values.clear()
        for values in (self.changed, self.moved):
            if values:
                update(self._connection, values)
                values.clear()


def update(connection: Connection, values: list[dict[str, Any]]) -> None:
    """Update deliveries by their `_id`; all have the same columns."""
    table = schema.delivery
    names: dict[str, Any] = {name: sa.bindparam(name) for name in values[0] if name != "_id"}
    statement = sa.update(table).where(table.c.id == sa.bindparam("_id")).values(names)
    connection.execute(statement, values)
