"""What a ledger's tables can hold: each value of the kind that its column has.

SQLite keeps any text where a number belongs, and cannot see a flipped bit in a text. What it lets
through would end a command later, as an error that looks like the program's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.forgotten import SALT, salt_name
from runner.ledger.instant import Instant
from runner.ledger.setting import from_json
from runner.ledger.trouble import damaged

_DIGIT: Final = "[0-9]"
_SHAPE: Final = "-".join([_DIGIT * 4, _DIGIT * 2, _DIGIT * 2]) + "T"
_SHAPE_OF_TIME: Final = ":".join([_DIGIT * 2] * 3) + "." + _DIGIT * 6 + "Z"
# The columns that hold JSON, and what it begins with.
_JSON: Final = {("campaign", "headers"): "array", ("row", "cells"): "array"}
# Deliveries that wait although more of their messages left, or may have left, than a person's word
# that was not taken back has let go once more.
_UNSENT: Final = """
SELECT d.row FROM delivery d WHERE d.status = 'waiting' AND (
    SELECT count(*) FROM attempt a WHERE a.delivery_id = d.id AND a.wired_at IS NOT NULL
        AND coalesce(a.status, 'uncertain') IN ('sent', 'uncertain', 'failed')
) > (SELECT count(*) FROM decision x WHERE x.delivery_id = d.id AND x.verdict = 'not-sent'
    AND coalesce((SELECT y.verdict FROM decision y WHERE y.delivery_id = d.id AND y.id > x.id
        ORDER BY y.id LIMIT 1), '') <> 'undone') LIMIT 1
"""


def check_content(connection: Connection) -> None:
    """Raise StorageError for a value that its column cannot hold, and for a delivery that waits
    although its message has left."""
    for table in schema.metadata.sorted_tables:
        wrong = [_is_wrong(column) for column in table.columns]
        first = sa.select(*(sa.type_coerce(test, sa.Integer) for test in wrong))
        found = connection.execute(first.where(sa.or_(*wrong)).limit(1)).first()
        if found is not None:
            names = [
                column.name
                for column, is_wrong in zip(table.columns, found, strict=True)
                if is_wrong
            ]
            raise damaged(f"a value of {table.name}.{names[0]} cannot stand there")
    for settings, headers in connection.execute(
        sa.select(schema.campaign.c.settings, schema.campaign.c.headers)
    ):
        try:
            from_json(settings)
            is_list = all(isinstance(header, str) for header in json.loads(headers))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise damaged(
                f"a campaign's settings cannot be read ({type(error).__name__})"
            ) from None
        if not is_list:
            raise damaged("a campaign's headers cannot be read")
    for written in connection.scalars(sa.select(schema.campaign.c.results_written)):
        if written is not None and written.startswith("{"):
            try:
                is_known = set(json.loads(written)) == {"files", "latest", "state"}
            except ValueError:
                is_known = False
            if not is_known:
                raise damaged("what is noted of a campaign's results cannot be read")
    note = schema.note.c
    for name, salt in connection.execute(
        sa.select(note.name, note.value).where(note.name.startswith(SALT))
    ):
        if name != salt_name(salt):
            raise damaged("the salt of forgotten people has changed")
    if (row := connection.exec_driver_sql(_UNSENT).scalar()) is not None:
        raise damaged(f"row {row} waits, although its message has left")


def _is_wrong(column: sa.Column[object]) -> sa.ColumnElement[bool]:
    """Return the condition that a value cannot stand in its column."""
    raw = sa.type_coerce(column, sa.Text)
    tests = list(_tests(column, raw, sa.func.typeof(column)))
    missing = sa.false() if column.nullable else raw.is_(None)
    return sa.func.coalesce(sa.or_(missing, *tests), sa.false())


def _tests(
    column: sa.Column[object], raw: sa.ColumnElement[str], kind: sa.ColumnElement[str]
) -> Iterator[sa.ColumnElement[bool]]:
    if isinstance(column.type, sa.Integer | sa.Boolean):
        yield kind.not_in(["integer", "null"])
        return
    yield kind.not_in(["text", "null"])
    if isinstance(column.type, Instant):
        yield sa.not_(raw.bool_op("GLOB")(_SHAPE + _SHAPE_OF_TIME))
        yield sa.and_(raw.is_not(None), sa.func.julianday(raw).is_(None))
    if expected := _JSON.get((column.table.name, column.name)):
        yield sa.func.json_valid(raw) == 0
        yield sa.and_(sa.func.json_valid(raw) == 1, sa.func.json_type(raw) != sa.literal(expected))
