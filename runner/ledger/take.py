"""Taking a list in: its rows, and the deliveries that they stand for.

Reading an edited list is the normal case. People are recognised by identity, never by position:
new people are added, waiting messages rewritten, vanished ones withdrawn, and what was sent stays
as it was sent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.entry import Entry, Message
from runner.intake.firm import firm_keys
from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.campaign import settings_of
from runner.ledger.change import Changes, TakenIn
from runner.ledger.connected import Connections
from runner.ledger.contact import Messaged, messaged_since
from runner.ledger.delivery import (
    ACCOUNT,
    TEXT,
    Known,
    known_deliveries,
    listed,
    waiting_accounts,
    withdraw,
    written_to,
)
from runner.ledger.due import Dates, Days
from runner.ledger.follow import Before, is_elsewhere
from runner.ledger.kinds import written
from runner.ledger.look import rests
from runner.ledger.person import Spellings, learn
from runner.ledger.record import ATTEMPTED, Status
from runner.ledger.sender import Senders
from runner.ledger.sequence import advance
from runner.ledger.share import Shares
from runner.ledger.steps import Place, Steps
from runner.ledger.suppression import LISTED, LISTED_FORGOTTEN, Suppressed, listed_firm


def take_in(
    connection: Connection,
    campaign_id: int,
    entries: Iterable[Entry],
    people: Collection[Recipient],
    columns: Sequence[int],
    accounts: Sequence[str],
    days: Days,
    now: datetime,
) -> TakenIn:
    """Bring the campaign's rows and deliveries up to the sheet, in the caller's transaction.

    The campaign's settings in the ledger say how recently people may have been messaged, and whose
    message they must have; `days` counts from then on, and reads the rows' own dates. Nothing is
    kept of a forgotten person but a skipped row. `people` are all that the entries name. `columns`
    are the indexes of the cells to keep; a row may be shorter. Rows that name no account are shared
    evenly among `accounts`; without `accounts` they go to the key's default.
    """
    learn(connection, [(slug, urn) for slug, urn in people if slug and urn], now)
    keys = {key for person in people for key in person.keys}
    taking = _Taking(connection, campaign_id, keys, columns, accounts, days, now)
    connection.execute(sa.delete(schema.row).where(schema.row.c.campaign_id == campaign_id))
    for position, entry in enumerate(entries):
        taking.add(position, entry)
    return taking.end()


class _Verdict(NamedTuple):
    """The standing of a row: a status of its own, or the identity of its delivery."""

    status: Status | None
    reason: str | None
    identity: str | None = None
    free_at: datetime | None = None


class _Taking:
    """A list on its way into the ledger, row by row, written in batches."""

    def __init__(
        self,
        connection: Connection,
        campaign_id: int,
        keys: Collection[str],
        columns: Sequence[int],
        accounts: Sequence[str],
        days: Days,
        now: datetime,
    ) -> None:
        self._connection = connection
        self._campaign = campaign_id
        self._columns = columns
        self._last = max(columns, default=-1)
        self._places = {column: place for place, column in enumerate(columns)}
        self._spellings = spellings = Spellings(connection, keys)
        self._barred = Suppressed(connection, self._spellings)
        self._firms = firm_keys(self._barred.keys)
        self._settings = settings = settings_of(connection, campaign_id)
        self._lately: dict[str, Messaged] = {}
        if settings.min_days:
            since = now - timedelta(days=settings.min_days)
            self._lately = messaged_since(connection, campaign_id, settings, since, spellings, keys)
        self._rests = rests(connection, campaign_id, settings.looks, now)
        self._before = Before(connection, settings, self._spellings) if settings.after else None
        self._dates = Dates(days, settings.after_days, now)
        self._known, self._waiting = known_deliveries(connection, campaign_id, self._spellings)
        self._shares = Shares(accounts, waiting_accounts(self._known.values()))
        by = settings.senders_by_connection
        known = Connections(connection, accounts, self._spellings) if by else None
        self._senders = Senders(self._shares, accounts, known)
        self._unmet = listed(connection, campaign_id)  # deliveries that no row has named yet
        self._taken: dict[int | str, int] = {}  # a row's number, by delivery or new person's key
        self._changes = Changes(connection)
        self._steps = Steps(connection, campaign_id, self._changes, self._shares, self._rests)
        self._waiting |= self._steps.pending

    def add(self, position: int, entry: Entry) -> None:
        """Take one row in."""
        keys = self._spellings.of(entry.recipient.keys) if entry.recipient else ()
        same = [self._known[key] for key in keys if key in self._known]
        self._unmet.difference_update(one.id for one in same)
        is_forgotten = self._barred.has_forgotten(keys)
        if is_forgotten:
            verdict = _Verdict(Status.SKIPPED, LISTED_FORGOTTEN)
        else:
            verdict = self._judge(position, entry, keys, _first_attempted(same))
        if verdict.identity is not None and (entry.later or self._steps.known):
            verdict = self._sequence(position, entry, keys, verdict)
        texts = entry.row.cells
        if len(texts) <= self._last:
            texts = [*texts, *[""] * (self._last + 1 - len(texts))]
        cells = ["" if is_forgotten else texts[index] for index in self._columns]
        person = None
        if entry.recipient and not is_forgotten:
            person = entry.recipient.identity
        self._changes.rows.append(
            {
                "campaign_id": self._campaign,
                "position": position,
                "number": entry.row.number,
                "cells": json.dumps(cells),
                "kinds": None if is_forgotten else written(entry.row, self._places),
                "identity": verdict.identity,
                "status": verdict.status,
                "reason": verdict.reason,
                "person": person,
                "free_at": verdict.free_at,
            }
        )
        self._changes.write_some()

    def end(self) -> TakenIn:
        """Write what is left, and withdraw the deliveries that no row wants any more."""
        changes = self._changes
        changes.write()
        withdraw(self._connection, self._waiting - changes.wanted)
        advance(self._connection, self._campaign, self._settings, self._dates.days.days_after)
        return TakenIn(
            added=tuple(changes.added),
            rewritten=tuple(dict.fromkeys(changes.rewritten)),
            vanished=len(self._unmet),
            outdated=tuple(dict.fromkeys(changes.outdated)),
            again=bool(self._known),
        )

    def _judge(
        self, position: int, entry: Entry, keys: Sequence[str], delivery: Known | None
    ) -> _Verdict:
        """Decide on a row; the first rule that bears on it holds."""
        twin = self._twin(keys, delivery)
        if twin is not None:
            return _Verdict(Status.SKIPPED, entry.skipped or f"same person as row {twin}")
        if delivery is not None and delivery.status in ATTEMPTED:
            return self._attempted(position, entry, delivery)
        if not entry.skipped and (barred := self._barred_by(entry, keys)):
            return _Verdict(Status.SKIPPED, barred)  # nobody has to mend such a row
        if entry.message is None:
            if delivery is not None and delivery.status is Status.WAITING:
                self._changes.rewritten.append(entry.row.number)
            status = Status.SKIPPED if entry.skipped else Status.INVALID
            return _Verdict(status, entry.reason)
        had = self._before.had(keys) if self._before else None
        if delivery is None and is_elsewhere(entry, had):
            return _Verdict(Status.SKIPPED, f"this results sheet says it was {entry.earlier}")
        if isinstance(had, str):
            return _Verdict(Status.SKIPPED, had)
        if (lately := self._messaged_lately(keys)) is not None:
            return lately
        due_at = self._dates.due(entry.message, had)
        if isinstance(due_at, str):
            return _Verdict(Status.INVALID, due_at)
        place = Place(position, entry.row.number, due_at)
        message = self._senders.named(entry.message, had, keys)
        if delivery is None:
            return self._begin(place, message, keys)
        if rest := self._rests.get(delivery.id):
            return _Verdict(Status.SKIPPED, rest.reason, None, rest.until)
        return self._rewrite(place, message, delivery)

    def _messaged_lately(self, keys: Sequence[str]) -> _Verdict | None:
        """The verdict on a person whom another campaign or tool messaged too recently."""
        messaged = [self._lately[key] for key in keys if key in self._lately]
        if not messaged:
            return None
        latest = max(messaged, key=lambda one: one.at)
        days = self._settings.min_days
        free_at = latest.at + timedelta(days=days)
        return _Verdict(Status.SKIPPED, latest.reason(days), None, free_at)

    def _sequence(
        self, position: int, entry: Entry, keys: Sequence[str], verdict: _Verdict
    ) -> _Verdict:
        """Take in the messages that follow the row's first one; the verdict on the row may then
        have the time when they may go."""
        if entry.skipped or verdict.identity is None:
            return verdict  # such a row has no further message
        barred = self._barred_by(entry, keys)
        lately = None if barred else self._messaged_lately(keys)
        free = self._steps.take(position, entry, verdict.identity, barred)
        if lately is not None and lately.free_at is not None:
            free.append(lately.free_at)
        return verdict._replace(free_at=min(free)) if free else verdict

    def _barred_by(self, entry: Entry, keys: Sequence[str]) -> str | None:
        """The reason why nobody may write to the row's person, if there is one."""
        if self._barred.has(keys):
            return LISTED
        firms = entry.firms.of(entry.row.cells) if self._firms and entry.firms else ()
        return next((listed_firm(key) for key in firms if key in self._firms), None)

    def _twin(self, keys: Sequence[str], delivery: Known | None) -> int | None:
        """The earlier row of the same person, if there is one."""
        wanted: Sequence[int | str] = (delivery.id,) if delivery else keys
        for key in wanted:
            if key in self._taken:
                return self._taken[key]
        return None

    def _attempted(self, position: int, entry: Entry, delivery: Known) -> _Verdict:
        """A delivery that was attempted stays as it was sent."""
        number = entry.row.number
        self._taken[delivery.id] = number
        if delivery.values[:2] != (position, number):
            self._changes.moved.append({"_id": delivery.id, "position": position, "row": number})
        text = delivery.values[TEXT]  # blank for a message that another record told of
        if entry.message is not None and text and text != entry.message.text:
            self._changes.outdated.append(number)
        return _Verdict(None, None, delivery.identity)

    def _begin(self, place: Place, message: Message, keys: Sequence[str]) -> _Verdict:
        """A person who is new to the campaign gets a delivery."""
        account = self._shares.account(message.account, None)
        identity = message.recipient.identity
        self._changes.new.append(
            {
                "campaign_id": self._campaign,
                "identity": identity,
                "step": 1,
                "status": Status.WAITING,
                "reason": None,
                **written_to(*place, message, account),
            }
        )
        self._taken.update(dict.fromkeys(keys, place.number))
        self._changes.added.append(place.number)
        return _Verdict(None, None, identity)

    def _rewrite(self, place: Place, message: Message, delivery: Known) -> _Verdict:
        """A delivery that waits, or was withdrawn, becomes what the row says now."""
        account = self._shares.account(message.account, delivery.id)
        number = place.number
        written = written_to(*place, message, account)
        values = tuple(written.values())
        is_waiting = delivery.status is Status.WAITING
        self._changes.wanted.add(delivery.id)
        self._taken[delivery.id] = number
        if delivery.values != values or not is_waiting:
            back = {"_id": delivery.id, "status": Status.WAITING, "reason": None}
            self._changes.changed.append({**back, **written})
        if not is_waiting:
            self._changes.added.append(number)  # the person had left the list and is back
        elif delivery.values[ACCOUNT + 1 :] != values[ACCOUNT + 1 :]:
            self._changes.rewritten.append(number)
        return _Verdict(None, None, delivery.identity)


def _first_attempted(same: Sequence[Known]) -> Known | None:
    """Pick the attempted one among the deliveries of one person, or else the first."""
    for one in same:
        if one.status in ATTEMPTED:
            return one
    return same[0] if same else None
