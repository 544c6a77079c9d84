"""Forgetting a person: everything the ledger holds of a person leaves the file for good.

This covers every spelling of the person. Two things stay: counts that remain true (deliveries,
attempts and rows without content), and hashes on the do-not-contact list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.errors import AlreadyRunningError
from runner.intake.recipient import RecipientError, parse
from runner.ledger import chain, schema
from runner.ledger.attempt import recover
from runner.ledger.backup import discard, keep
from runner.ledger.campaign import campaigns, outdate_results
from runner.ledger.forgotten import REASON, Forgotten
from runner.ledger.ledger import Ledger
from runner.ledger.lock import run_lock
from runner.ledger.noted import Noted
from runner.ledger.person import answered_as, answered_identity, spellings_of
from runner.ledger.record import CampaignRecord, Status
from runner.ledger.second import records_followed_by

_BLANK: Final = dict.fromkeys(
    (
        "slug",
        "urn",
        "subject",
        "conversation_urn",
        "reason",
        "error",
        "sent_to_urn",
        "message_urn",
    ),
    None,
)


@dataclass(frozen=True, slots=True)
class Erased:
    """The result of forgetting: the number of deliveries, and the campaigns that held the people.

    The list and the results of these campaigns may still hold the person.
    """

    deliveries: int
    campaigns: tuple[CampaignRecord, ...]


@dataclass(frozen=True, slots=True)
class _Trace:
    """The places where the ledger holds a person: spellings, deliveries, rows and campaigns.

    A row is given as (campaign, position).
    """

    keys: tuple[str, ...]
    deliveries: frozenset[int]
    rows: frozenset[tuple[int, int]]
    campaigns: frozenset[int]


def forget(ledger: Ledger, people: Iterable[tuple[str, ...]], now: datetime) -> Erased:
    """Erase people, each given by one or several spellings: all of them or nobody.

    A person who is not in the ledger is also on the do-not-contact list from now on. Raises
    AlreadyRunningError while a run of one of the people's campaigns is active. A second call is
    safe, and finishes the work that an earlier attempt could not finish.
    """
    people = list(people)
    with ledger.read() as connection:
        concerned = {campaign for keys in people for campaign in _trace(connection, keys).campaigns}
        records = tuple(record for record in campaigns(connection) if record.id in concerned)
    with ExitStack() as held:
        for record in records:
            held.enter_context(run_lock(ledger, record.name, record.id))
            recover(
                ledger, record.id, now
            )  # an attempt that a dead run left open would fill a delivery again
        with ledger.write() as connection:
            ledger.begin_erasing(connection)
            traces = [_trace(connection, keys) for keys in people]
            if any(trace.campaigns - concerned for trace in traces):
                raise AlreadyRunningError(
                    "A campaign has just taken one of these people in.",
                    remedy="Run the same command again.",
                )
            for trace in traces:
                _erase(connection, trace, now)
            chain.add_list(connection, "forgotten", [""] * len(people), now)
        ledger.scrub()
    _erase_elsewhere(ledger, {key for trace in traces for key in trace.keys}, now)
    return Erased(len(frozenset().union(*(trace.deliveries for trace in traces))), records)


def _erase_elsewhere(ledger: Ledger, keys: set[str], now: datetime) -> None:
    """Take people out of the second record, and replace the copies of the ledger by a new one."""
    second = ledger.second
    if second is None:
        return
    for record in (second, *records_followed_by(second.identity)):
        record.edit(lambda line: _without(line, keys))
        discard(record)
    # A ledger that is brought back must know of them: nothing else on this computer does.
    keep(ledger.path, second, now=now)


def _without(line: Noted, keys: set[str]) -> Noted:
    named = {line.slug, line.urn, answered_identity(line.answered), line.name} - {None}
    if not line.n or keys.isdisjoint(named):
        return line
    return replace(line, slug=None, urn=None, answered=None, name=None)


def _trace(connection: Connection, keys: tuple[str, ...]) -> _Trace:
    """Find everything the ledger holds of the person.

    A delivery can add spellings. The search goes on until no new spelling turns up.
    """
    table, keys = schema.delivery, spellings_of(connection, keys)
    columns = (
        table.c.id,
        table.c.campaign_id,
        table.c.identity,
        table.c.slug,
        table.c.urn,
        table.c.sent_to_urn,
    )
    while True:
        named = [column.in_(keys) for column in (table.c.identity, table.c.slug, table.c.urn)]
        found = connection.execute(
            sa.select(*columns).where(sa.or_(*named, table.c.sent_to_urn.in_(answered_as(keys))))
        ).all()
        more = {
            key
            for one in found
            for key in (one.identity, one.slug, one.urn, answered_identity(one.sent_to_urn))
            if key
        }
        if more <= set(keys):
            break
        keys = spellings_of(connection, [*keys, *more])
    rows = frozenset(_rows(connection, keys))
    campaign_ids = {one.campaign_id for one in found} | {campaign_id for campaign_id, _ in rows}
    return _Trace(keys, frozenset(one.id for one in found), rows, frozenset(campaign_ids))


def _rows(connection: Connection, keys: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Find the rows of the lists that name the person, also those without a delivery."""
    table = schema.row
    named = sa.or_(table.c.identity.in_(keys), table.c.person.in_(keys))
    for found in connection.execute(sa.select(table.c.campaign_id, table.c.position).where(named)):
        yield found.campaign_id, found.position
    unread = sa.select(table.c.campaign_id, table.c.position, table.c.cells).where(
        table.c.person.is_(None)
    )
    for campaign_id, position, cells in connection.execute(
        unread.where(table.c.identity.is_(None))
    ):
        if any(_names(cell, keys) for cell in json.loads(cells)):
            yield campaign_id, position


def _names(cell: str, keys: tuple[str, ...]) -> bool:
    try:
        return not set(parse(cell).keys).isdisjoint(keys)
    except RecipientError:  # several people in one cell, perhaps
        return any(
            re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", cell, re.IGNORECASE) for key in keys
        )


def _erase(connection: Connection, trace: _Trace, now: datetime) -> None:
    delivery, row, attempt = schema.delivery, schema.row, schema.attempt
    ids = tuple(trace.deliveries)
    renamed: dict[tuple[int, str], str] = {}
    # A row is told by the first message of its sequence.
    mine = sa.select(delivery).where(delivery.c.id.in_(ids)).order_by(delivery.c.step)
    for found in connection.execute(mine).all():
        values = {**_BLANK, "identity": f"forgotten:{found.id}", "message": ""}
        if (
            found.status != Status.SENT
        ):  # the recipient can no longer be looked up, so a person has nothing to decide
            doubtful = "; may have been delivered" if found.status == Status.UNCERTAIN else ""
            values |= {"status": Status.SKIPPED, "reason": f"{REASON}{doubtful}"}
        connection.execute(sa.update(delivery).where(delivery.c.id == found.id).values(values))
        renamed.setdefault((found.campaign_id, found.identity), f"forgotten:{found.id}")
    for campaign_id, position in trace.rows:
        here = sa.and_(row.c.campaign_id == campaign_id, row.c.position == position)
        known = sa.select(row.c.identity, row.c.cells, row.c.reason).where(here)
        identity, cells, reason = connection.execute(known).one()
        values = {
            "cells": json.dumps([""] * len(json.loads(cells))),
            "kinds": None,
            "identity": renamed.get((campaign_id, identity)),
            "reason": REASON if reason else None,
            "person": None,
            "free_at": None,
        }
        connection.execute(sa.update(row).where(here).values(values))
    for table in (schema.look, schema.reply):
        connection.execute(sa.delete(table).where(table.c.delivery_id.in_(ids)))
    connection.execute(sa.update(attempt).where(attempt.c.delivery_id.in_(ids)).values(error=None))
    for campaign_id in trace.campaigns:
        outdate_results(connection, campaign_id)
    for table, columns in (
        (schema.alias, (schema.alias.c.identity, schema.alias.c.other)),
        (schema.contact, (schema.contact.c.identity,)),
        (schema.connected, (schema.connected.c.identity,)),
        (schema.do_not_contact, (schema.do_not_contact.c.identity,)),
    ):
        connection.execute(
            sa.delete(table).where(sa.or_(*(column.in_(trace.keys) for column in columns)))
        )
    forgotten = Forgotten(connection)
    forgotten.add(trace.keys, now, forgotten.token(trace.keys))
