"""Deliveries: taking a sheet in, and comparing a list with the existing campaigns.

An edited sheet is the normal case. People are recognised by identity, never by position: new ones
are added, waiting ones rewritten, and vanished ones withdrawn. A sent delivery stays as it was
sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.entry import Entry, Message
from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.contact import messaged_since, min_days
from runner.ledger.person import Spellings, learn
from runner.ledger.record import (
    ATTEMPTED,
    POSSIBLY_RECEIVED,
    Status,
    TakenIn,
)
from runner.ledger.standing import SAME
from runner.ledger.suppression import LISTED, LISTED_FORGOTTEN, Suppressed

_BATCH: Final = 2_000
WITHDRAWN: Final = "no longer in the sheet"


@dataclass(frozen=True, slots=True)
class _Known:
    """A delivery that the campaign has already."""

    id: int
    identity: str
    status: Status
    values: tuple[object, ...]


_WRITTEN: Final = (
    "position",
    "row",
    "account",
    "slug",
    "urn",
    "message",
    "subject",
    "message_type",
    "conversation_urn",
)
_ACCOUNT, _TEXT = _WRITTEN.index("account"), _WRITTEN.index("message")


def take_in(
    connection: Connection,
    campaign_id: int,
    entries: Iterable[Entry],
    people: Iterable[Recipient],
    columns: Sequence[int],
    accounts: Sequence[str],
    now: datetime,
) -> TakenIn:
    """Bring the campaign's rows and deliveries up to the sheet, in the caller's transaction.

    The campaign's settings in the ledger say how recently people may have been messaged. Nothing is
    kept of a forgotten person but the fact that a row is skipped. `people` are all people that the
    entries name. `columns` are the indexes of the cells to keep for the results; a row may be
    shorter. Rows that name no account are shared evenly among `accounts`; without `accounts` they
    go to the key's default.
    """
    learn(
        connection,
        [(person.slug, person.urn) for person in people if person.slug and person.urn],
        now,
    )
    spellings = Spellings(connection)
    barred = Suppressed(connection, spellings)
    days = min_days(connection, campaign_id)
    lately = (
        messaged_since(connection, campaign_id, now - timedelta(days=days), spellings)
        if days
        else {}
    )
    known, waiting = _known(connection, campaign_id, spellings)
    shares = _Shares(accounts, known.values())
    unmet = _listed(connection, campaign_id)  # until a row names them again
    connection.execute(sa.delete(schema.row).where(schema.row.c.campaign_id == campaign_id))

    taken: dict[int | str, int] = {}  # delivery id or new identity → row number
    rows: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    moved: list[
        dict[str, Any]
    ] = []  # attempted deliveries: only their place in the sheet may change, nothing else
    wanted: set[int] = set()
    added: list[int] = []
    rewritten: list[int] = []
    outdated: list[int] = []
    last = max(columns, default=-1)

    def flush() -> None:
        for table, values in ((schema.row, rows), (schema.delivery, new)):
            if values:
                connection.execute(sa.insert(table), values)
                values.clear()
        for values in (changed, moved):
            if values:
                names: dict[str, Any] = {
                    name: sa.bindparam(name) for name in values[0] if name != "_id"
                }
                statement = sa.update(schema.delivery).where(
                    schema.delivery.c.id == sa.bindparam("_id")
                )
                connection.execute(statement.values(names), values)
                values.clear()

    for position, entry in enumerate(entries):
        number = entry.row.number
        keys = spellings.of(entry.recipient.keys) if entry.recipient else ()
        same = [known[key] for key in keys if key in known]
        delivery = next((one for one in same if one.status in ATTEMPTED), same[0] if same else None)
        twin = next(
            (taken[key] for key in ((delivery.id,) if delivery else keys) if key in taken), None
        )
        status, reason, identity, free_at = None, None, None, None
        unmet.difference_update(one.id for one in same)
        forgotten = barred.has_forgotten(keys)
        if forgotten:
            status, reason = Status.SKIPPED, LISTED_FORGOTTEN
        elif twin is not None:
            status, reason = Status.SKIPPED, entry.skipped or f"same person as row {twin}"
        elif delivery is not None and delivery.status in ATTEMPTED:
            identity = delivery.identity  # a sent delivery stays as it was sent
            taken[delivery.id] = number
            if delivery.values[:2] != (position, number):
                moved.append({"_id": delivery.id, "position": position, "row": number})
            if entry.message is not None and delivery.values[_TEXT] != entry.message.text:
                outdated.append(number)
        elif entry.message is None:
            status, reason = Status.SKIPPED if entry.skipped else Status.INVALID, entry.reason
            if delivery is not None and delivery.status is Status.WAITING:
                rewritten.append(number)
        elif delivery is None and entry.earlier in (Status.SENT, Status.UNCERTAIN):
            # Another ledger knows this delivery. The sheet is the only source here.
            status, reason = Status.SKIPPED, f"this results sheet says it was {entry.earlier}"
        elif barred.has(keys):
            status, reason = Status.SKIPPED, LISTED
        elif lately and (found := [lately[key] for key in keys if key in lately]):
            latest = max(found, key=lambda messaged: messaged.at)
            status, reason, free_at = (
                Status.SKIPPED,
                latest.reason(days),
                latest.at + timedelta(days=days),
            )
        else:
            message = entry.message
            written = _written(position, number, message, shares.account(message, delivery))
            if delivery is None:
                identity = message.recipient.identity
                new.append(
                    {
                        "campaign_id": campaign_id,
                        "identity": identity,
                        "status": Status.WAITING,
                        **written,
                    }
                )
                taken.update(dict.fromkeys(keys, number))
                added.append(number)
            else:
                identity = delivery.identity
                wanted.add(delivery.id)
                taken[delivery.id] = number
                if (
                    delivery.values != tuple(written.values())
                    or delivery.status is not Status.WAITING
                ):
                    changed.append(
                        {"_id": delivery.id, "status": Status.WAITING, "reason": None, **written}
                    )
                    if delivery.status is not Status.WAITING:
                        added.append(number)  # the person had left the list and is back
                    elif delivery.values[_ACCOUNT + 1 :] != tuple(written.values())[_ACCOUNT + 1 :]:
                        rewritten.append(number)
        texts = entry.row.cells
        if len(texts) <= last:
            texts = [*texts, *[""] * (last + 1 - len(texts))]
        cells = json.dumps(["" if forgotten else texts[index] for index in columns])
        rows.append(
            {
                "campaign_id": campaign_id,
                "position": position,
                "number": number,
                "cells": cells,
                "identity": identity,
                "status": status,
                "reason": reason,
                "person": entry.recipient.identity if entry.recipient and not forgotten else None,
                "free_at": free_at,
            }
        )
        if len(rows) >= _BATCH:
            flush()
    flush()
    _withdraw(connection, waiting - wanted)
    return TakenIn(tuple(added), tuple(rewritten), len(unmet), tuple(outdated), bool(known))


class _Shares:
    """The account that each row goes from.

    The accounts have even shares of the rows that wait, so that no account is done while rows wait
    for another. A row stays with the account it has, unless that account has more than its share.
    """

    def __init__(self, accounts: Sequence[str], known: Iterable[_Known]) -> None:
        self._load = dict.fromkeys(accounts, 0)
        self._kept: dict[int, str] = {}
        waiting = {
            delivery.id: delivery for delivery in known if delivery.status is Status.WAITING
        }.values()
        share, more = divmod(len(waiting), max(1, len(accounts)))
        for delivery in sorted(waiting, key=lambda one: int(str(one.values[0]))):
            account = str(delivery.values[_ACCOUNT])
            load = self._load.get(account)
            if load is not None and load < share + (more > 0):
                more -= load == share
                self._load[account] = load + 1
                self._kept[delivery.id] = account

    def account(self, message: Message, delivery: _Known | None) -> str:
        """Return the account of one more waiting row; `delivery` is its delivery, if it has one."""
        if message.account or not self._load:
            return message.account or ""
        if delivery is not None and delivery.id in self._kept:
            return self._kept[delivery.id]
        least = min(self._load, key=lambda account: self._load[account])
        self._load[least] += 1
        return least


def _written(position: int, number: int, message: Message, account: str) -> dict[str, Any]:
    values = (
        position,
        number,
        account,
        message.recipient.slug,
        message.recipient.urn,
        message.text,
        message.subject,
        message.message_type,
        message.conversation_urn,
    )
    return dict(zip(_WRITTEN, values, strict=True))


def _known(
    connection: Connection, campaign_id: int, spellings: Spellings
) -> tuple[dict[str, _Known], set[int]]:
    """Return the campaign's deliveries by every identity, and the ids of those that wait.

    The attempted one stands when two deliveries mean one person.
    """
    table = schema.delivery
    columns = [table.c[name] for name in _WRITTEN]
    known: dict[str, _Known] = {}
    waiting: set[int] = set()
    statement = sa.select(table.c.id, table.c.identity, table.c.status, *columns).where(
        table.c.campaign_id == campaign_id
    )
    for id_, identity, status, *values in connection.execute(statement):
        delivery = _Known(id_, identity, Status(status), tuple(values))
        if delivery.status is Status.WAITING:
            waiting.add(id_)
        slug, urn = values[3], values[4]
        for key in spellings.of(key for key in (identity, slug, urn) if key):
            other = known.get(key)
            if other is None or (delivery.status in ATTEMPTED and other.status not in ATTEMPTED):
                known[key] = delivery
    return known, waiting


def _listed(connection: Connection, campaign_id: int) -> set[int]:
    """Return the ids of all deliveries that a row of the list stands for.

    Deliveries to forgotten people are left out.
    """
    joined = schema.delivery.join(schema.row, SAME)
    named = sa.or_(schema.delivery.c.slug.is_not(None), schema.delivery.c.urn.is_not(None))
    statement = (
        sa.select(schema.delivery.c.id)
        .select_from(joined)
        .where(schema.delivery.c.campaign_id == campaign_id, named)
    )
    return set(connection.scalars(statement))


def _withdraw(connection: Connection, ids: set[int]) -> None:
    table = schema.delivery
    values = [{"_id": id_} for id_ in ids]
    if values:
        statement = sa.update(table).where(
            table.c.id == sa.bindparam("_id"), table.c.status == Status.WAITING
        )
        connection.execute(statement.values(status=Status.SKIPPED, reason=WITHDRAWN), values)


@dataclass(frozen=True, slots=True)
class Overlap:
    """The overlap of a list and a campaign, in numbers.

    `shared` counts the people that both hold. `messaged` counts those of them that have, or may
    have, the campaign's message. `waiting` counts the campaign's waiting rows, and `missing` those
    of them that the list lacks.
    """

    name: str
    shared: int
    messaged: int
    waiting: int
    missing: int


def overlaps(connection: Connection, people: Iterable[Recipient]) -> list[Overlap]:
    """Find every campaign that holds some of these people, the one with most of them first."""
    spellings = Spellings(connection)
    wanted = {key for recipient in people for key in spellings.of(recipient.keys)}
    joined = schema.delivery.join(
        schema.campaign, schema.campaign.c.id == schema.delivery.c.campaign_id
    )
    statement = (
        sa.select(
            schema.campaign.c.name,
            schema.delivery.c.slug,
            schema.delivery.c.urn,
            schema.delivery.c.status,
        )
        .select_from(joined)
        .where(schema.delivery.c.status != Status.SKIPPED)
    )
    counts: dict[str, list[int]] = {}
    for name, slug, urn, status in connection.execute(statement):
        count = counts.setdefault(name, [0, 0, 0, 0])
        shared = slug in wanted or urn in wanted
        count[0] += shared
        count[1] += shared and status in POSSIBLY_RECEIVED
        count[2] += status == Status.WAITING
        count[3] += status == Status.WAITING and not shared
    found = [Overlap(name, *count) for name, count in counts.items() if count[0]]
    return sorted(found, key=lambda overlap: -overlap.shared)
