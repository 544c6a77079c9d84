"""The chain: a digest over every attempt and every decision of the ledger, in their order.

Each link's digest covers the one before, so the last one stands for all of them. A link is made
when an intent is committed, an outcome settled, a person's word taken, or a list of people changed.
Its number is the ledger's generation. No link holds anything of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.noted import Noted, What
from runner.ledger.store.store import queue_for_chain
from runner.ledger.trouble import damaged

_NONE: Final = "0" * 64
# Where a transaction keeps what is to be noted in the second record once it is committed, and the
# last link that it found.
NOTED: Final = "noted"
FOUND: Final = "found"
_LINK: Final = schema.link.c
_LAST: Final = sa.select(_LINK.id, _LINK.digest).order_by(_LINK.id.desc()).limit(1)
_DIGEST: Final = sa.select(_LINK.digest).where(_LINK.id == sa.bindparam("number"))
_ADD: Final = sa.insert(schema.link)
# What a link covers, as the tables have it. Instants are texts of one width.
_COVERED: Final = {
    What.INTENT: "SELECT id, delivery_id, campaign_id, account, claimed_at, wired_at FROM attempt",
    What.OUTCOME: "SELECT id, status, settled_at FROM attempt",
    What.DECISION: "SELECT id, delivery_id, verdict, decided_by, decided_at FROM decision",
}
# The same of an attempt, as the statement gives it back that changes it.
INTENT, OUTCOME = (
    tuple(
        sa.type_coerce(schema.attempt.c[name], sa.String)
        for name in _COVERED[what].removeprefix("SELECT ").partition(" FROM ")[0].split(", ")
    )
    for what in (What.INTENT, What.OUTCOME)
)
_ALL: Final = "SELECT id, what, subject, digest FROM link ORDER BY id"


class Link(NamedTuple):
    """A link's number and digest."""

    n: int
    head: str


def head(connection: Connection) -> Link:
    """Return the last link; its number is 0 for a ledger without any."""
    found = connection.execute(_LAST).first()
    return Link(found.id, found.digest) if found else Link(0, _NONE)


def digest_at(connection: Connection, number: int) -> str | None:
    """Return the digest of a link by its number, if the chain has it."""
    return connection.execute(_DIGEST, {"number": number}).scalar()


def digests(connection: Connection) -> dict[int, str]:
    """Return the digests of all links by their numbers."""
    return {number: digest for number, _, _, digest in connection.exec_driver_sql(_ALL)}


def add(
    connection: Connection,
    what: What,
    subject: int,
    at: datetime,
    covered: Sequence[Any] | None = None,
    **noted: Any,
) -> None:
    """Add a link for an attempt or a decision. What it covers is read, where it is not given.

    The link is noted in the second record once the transaction is committed, with what is `noted`
    of it besides.
    """
    link = _link(connection, what, subject, covered)
    note(connection, Noted(n=link.n, head=link.head, what=what, at=at, **noted))


def add_list(
    connection: Connection, verdict: str, people: Iterable[str], at: datetime, **noted: Any
) -> None:
    """Add one link for a change of a list, and note each of its people by one spelling."""
    link = _link(connection, What.LIST, 0)
    lines = [
        Noted(
            n=link.n, head=link.head, what=What.LIST, at=at, verdict=verdict, name=person, **noted
        )
        for person in people
    ]
    note(connection, *lines)


def note(connection: Connection, *lines: Noted) -> None:
    """Let lines be noted in the second record once the transaction is committed."""
    connection.info.setdefault(NOTED, []).extend(lines)


def link_all(connection: Connection) -> None:
    """Add a link for each attempt and decision that has none, as after a migration or a merge."""
    linked = {(what, subject) for _, what, subject, _ in connection.exec_driver_sql(_ALL)}
    before = head(connection)
    values: list[dict[str, Any]] = []
    # In the order of time, so that a word follows the attempt that it is about.
    due = [
        (covered[-1], order, subject, what, covered)
        for order, what in enumerate(_COVERED)
        for subject, covered in _rows(connection, what).items()
        if covered[-1] is not None and (what, subject) not in linked
    ]
    for _, _, subject, what, covered in sorted(due):
        before = Link(before.n + 1, _digest(before.head, what, covered))
        values.append(_values(before, what, subject))
    if values:
        connection.execute(_ADD, values)


def _link(
    connection: Connection, what: What, subject: int, covered: Sequence[Any] | None = None
) -> Link:
    queue_for_chain(connection)
    before = head(connection)
    connection.info.setdefault(FOUND, before)
    if covered is None and what in _COVERED:
        asked = sa.text(f"{_COVERED[what]} WHERE id = :subject")
        covered = connection.execute(asked, {"subject": subject}).one()
    link = Link(before.n + 1, _digest(before.head, what, covered or ()))
    connection.execute(_ADD, _values(link, what, subject))
    return link


def _values(link: Link, what: What, subject: int) -> dict[str, Any]:
    return {"id": link.n, "what": what.value, "subject": subject, "digest": link.head}


def _digest(before: str, what: str, covered: Sequence[Any]) -> str:
    return sha256("\n".join([before, what, *map(str, covered)]).encode()).hexdigest()


def verify(connection: Connection) -> None:
    """Go along the whole chain. Raises StorageError when it does not hold."""
    tables = {what: _rows(connection, what) for what in _COVERED}
    linked: dict[str, int] = dict.fromkeys(tables, 0)
    before = _NONE
    for number, what, subject, digest in connection.exec_driver_sql(_ALL):
        covered: tuple[Any, ...] | None = ()
        if what in tables:
            covered = tables[What(what)].get(subject)
            linked[what] += 1
        if covered is None or _digest(before, what, covered) != digest:
            raise damaged(f"link {number} of its chain does not hold")
        before = digest
    for what, rows in tables.items():
        expected = sum(1 for row in rows.values() if row[-1] is not None)
        if linked[what] != expected:
            raise damaged(
                f"{expected} links of the kind {what.value!r} are due, {linked[what]} are"
            )


def _rows(connection: Connection, what: What) -> dict[int, tuple[Any, ...]]:
    return {row[0]: tuple(row) for row in connection.exec_driver_sql(_COVERED[what])}
