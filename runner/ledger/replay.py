"""A second record, played into a ledger that knows less, or written anew from the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import Recipient
from runner.ledger import schema
from runner.ledger.about import Last
from runner.ledger.backup import keep
from runner.ledger.campaign import (
    campaign_line,
    campaign_named,
    put_campaign,
    results_line,
)
from runner.ledger.chain import digests, link_all
from runner.ledger.contact import Contact, note_contacts
from runner.ledger.decision import decide, take_back
from runner.ledger.delivery import delivery_to
from runner.ledger.imported import forget_contact
from runner.ledger.noted import Noted, What
from runner.ledger.record import Status, Verdict
from runner.ledger.regain import Regained, Regaining
from runner.ledger.second import SecondRecord, records_of
from runner.ledger.setting import Stored, from_json
from runner.ledger.suppression import suppress, unsuppress

_SOURCE: Final = "the second record"
_BROUGHT_BACK: Final = "Uncertain, since the second record does not know what came of it"


def replay(connection: Connection, lines: Iterable[Noted], now: datetime) -> int:
    """Play the lines that the ledger's chain does not have; return how many messages were new."""
    lines = list(lines)
    known = digests(connection)
    return _Replay(connection, lines, now).play(
        line for line in lines if line.n and known.get(line.n) != line.head
    )


def _change_of(line: Noted) -> tuple[object, ...] | None:
    """What the lines of one change of a list have in common; None for a line of another kind."""
    if line.what is not What.LIST:
        return None
    # Each message of another tool has a time of its own.
    at = None if line.verdict == "contacted" else line.at
    return line.n, line.verdict, line.by, line.source, at


class _Replay:
    def __init__(self, connection: Connection, lines: list[Noted], now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._campaigns = {
            line.campaign: line for line in lines if line.what is What.CAMPAIGN and line.campaign
        }
        self._ids: dict[int, int] = {}
        # The messages of which no outcome has come yet, by their attempt.
        self._open: dict[int | None, Noted] = {}
        self._regaining: dict[int, Regaining] = {}
        self._count = 0

    def play(self, lines: Iterable[Noted]) -> int:
        # A change of a list has a line for each of its people; they are taken in together.
        for change, alike in groupby(lines, _change_of):
            if change is not None:
                self._list([line for line in alike if line.name])
                continue
            for line in alike:
                if line.what is What.INTENT:
                    self._open[line.attempt] = line
                elif line.what is What.OUTCOME:
                    self._end(self._open.pop(line.attempt, None), line)
                else:
                    self._decide(line)
        for intent in list(self._open.values()):
            self._end(intent, None)
        link_all(self._connection)
        return self._count

    def _end(self, intent: Noted | None, outcome: Noted | None) -> None:
        if intent is None or (outcome is not None and outcome.status == Status.WAITING):
            return
        recipient = Recipient(intent.slug, intent.urn)
        campaign_id = self._id(intent.campaign)
        if campaign_id is None or not recipient.keys:  # a forgotten person has no name there
            return
        message = Regained(
            recipient=recipient,
            status=Status(outcome.status) if outcome and outcome.status else Status.UNCERTAIN,
            at=intent.at,
            account=intent.account or "",
            row=intent.row or 0,
            step=intent.step or 1,
            error=None if outcome else _BROUGHT_BACK,
            http_status=outcome.http_status if outcome else None,
            typing=outcome.typing if outcome else None,
            answered=outcome.answered if outcome else None,
        )
        if campaign_id not in self._regaining:
            regaining = Regaining(self._connection, campaign_id, _SOURCE, self._now)
            self._regaining[campaign_id] = regaining
        self._count += self._regaining[campaign_id].add(message, surely=True)

    def _decide(self, line: Noted) -> None:
        for attempt, intent in list(self._open.items()):
            if (intent.slug, intent.urn, intent.step) == (line.slug, line.urn, line.step):
                self._end(self._open.pop(attempt), None)
        campaign_id, person = self._id(line.campaign), Recipient(line.slug, line.urn)
        if campaign_id is None or not person.keys:
            return
        delivery = delivery_to(self._connection, campaign_id, person, line.step or 1)
        if delivery is not None:
            link_all(self._connection)  # the attempt comes before the word
            by = line.by or "unknown"
            if line.verdict == Verdict.UNDONE:
                take_back(self._connection, delivery, by=by, now=line.at, again=True)
            else:
                sent = line.verdict == Verdict.SENT
                decide(self._connection, delivery, sent=sent, by=by, now=line.at)

    def _list(self, lines: list[Noted]) -> None:
        """Take in a change of a list: all its lines say the same, each of one person."""
        if not lines:
            return
        first, people = lines[0], [line.name or "" for line in lines]
        if first.verdict == "listed":
            suppress(self._connection, [(person,) for person in people], first.by, first.at)
        elif first.verdict == "unlisted":
            for person in people:
                unsuppress(self._connection, _person(person), first.at)
        elif first.verdict == "contacted":
            contacts = [Contact((line.name or "",), line.at) for line in lines]
            note_contacts(self._connection, contacts, first.source or _SOURCE, first.at)
        elif first.verdict == "uncontacted":
            for person in people:
                forget_contact(self._connection, person, first.source or _SOURCE)

    def _id(self, number: int | None) -> int | None:
        """The campaign in this ledger that a number stood for in the one of the second record."""
        if number is None:
            return None
        if number not in self._ids:
            line = self._campaigns.get(number)
            name = line.name if line and line.name else f"campaign {number}"
            self._ids[number] = campaign_of(
                self._connection,
                name,
                source=(line.source if line else None) or name,
                template=(line.template if line else None) or "",
                stored=Stored(
                    sheet=(line.sheet if line else None) or "",
                    results=(line.results if line else None) or "",
                ),
                now=self._now,
            )
        return self._ids[number]


def campaign_of(
    connection: Connection,
    name: str,
    *,
    source: str,
    template: str = "",
    stored: Stored,
    now: datetime,
    headers: tuple[str, ...] = (),
    delimiter: str = ",",
) -> int:
    """Return the id of the campaign with this name; make it when there is none."""
    found = campaign_named(connection, name)
    if found is None:
        found = put_campaign(
            connection,
            name,
            source=source,
            template_hash=template,
            headers=headers,
            delimiter=delimiter,
            settings=stored,
            now=now,
        )
    return found.id


def _results_of(connection: Connection, now: datetime) -> Iterator[Noted]:
    """How the results files of all campaigns were left last."""
    table = schema.campaign
    for number, noted in connection.execute(sa.select(table.c.id, table.c.results_written)).all():
        files = json.loads(noted).get("files", {}) if noted and noted.startswith("{") else {}
        for path, (*_, digest) in files.items():
            yield results_line(number, Path(path), str(digest), now)


def _lists_of(connection: Connection, shared: dict[str, Any]) -> Iterator[Noted]:
    """Those who are on the lists of people by name."""
    table, contact = schema.do_not_contact, schema.contact
    named = sa.select(table.c.identity, table.c.reason, table.c.added_at)
    for found in connection.execute(named.where(table.c.forgotten.is_(None))).all():
        said = {"verdict": "listed", "name": found.identity, "by": found.reason}
        yield Noted(**shared, at=found.added_at, **said)
    for found in connection.execute(sa.select(contact)).all():
        said = {"verdict": "contacted", "name": found.identity, "source": found.source}
        yield Noted(**shared, at=found.contacted_at, **said)


def _person(key: str) -> Recipient:
    return Recipient(urn=key) if key.startswith("urn:") else Recipient(key)


def write_anew(
    second: SecondRecord, path: Path, lines: Iterable[Noted], mark: str, now: datetime
) -> None:
    """Let a second record say what the ledger at a path says, and no other record of that path.

    A copy of the ledger is kept under the `mark`. Raises StorageError.
    """
    lines = list(lines)
    second.rewrite(lines, beside=f"{now:%Y%m%dT%H%M%SZ}")
    last = max((line for line in lines if line.n), key=lambda line: line.n, default=None)
    second.note_place(str(path), last=Last(last.n, last.head) if last else Last(0, ""))
    keep(path, second, mark, now)
    for record in records_of(path):
        if record.identity != second.identity:
            record.retire(str(path), second.identity)


def lines_of(connection: Connection, now: datetime) -> Iterator[Noted]:
    """Give the second record of a ledger, written anew: its campaigns, then its chain."""
    campaign = schema.campaign
    for found in connection.execute(sa.select(campaign)).all():
        settings = from_json(found.settings)
        yield campaign_line(found.id, found.name, found.source, found.template_hash, settings, now)
    attempt, delivery, decision, link = (
        schema.attempt,
        schema.delivery,
        schema.decision,
        schema.link,
    )
    person = [delivery.c[name] for name in ("slug", "urn", "row", "campaign_id", "step")]
    tried = sa.select(attempt, delivery.c.sent_to_urn, delivery.c.typing_indicator_sent, *person)
    attempts = {
        found.id: found
        for found in connection.execute(
            tried.join(delivery, delivery.c.id == attempt.c.delivery_id)
        )
    }
    decided = sa.select(decision, *person).join(delivery, delivery.c.id == decision.c.delivery_id)
    decisions = {found.id: found for found in connection.execute(decided)}
    yield from _results_of(connection, now)
    links = connection.execute(sa.select(link).order_by(link.c.id)).all()
    last_list = max((one.id for one in links if one.what == What.LIST), default=None)
    for one in links:
        what = What(one.what)
        shared: dict[str, Any] = {"n": one.id, "head": one.digest, "what": what}
        if what is What.LIST:
            yield Noted(**shared, at=now)
            if one.id == last_list:
                yield from _lists_of(connection, shared)
            continue
        found = (decisions if what is What.DECISION else attempts)[one.subject]
        whom = {"campaign": found.campaign_id, "slug": found.slug, "urn": found.urn}
        whom["step"] = found.step if found.step > 1 else None
        if what is What.INTENT:
            sender = {"account": found.account, "row": found.row, "attempt": found.id}
            yield Noted(**shared, at=found.wired_at, **whom, **sender)
        elif what is What.OUTCOME:
            yield Noted(
                **shared,
                at=found.settled_at,
                attempt=found.id,
                status=found.status,
                http_status=found.http_status,
                typing=found.typing_indicator_sent,
                answered=found.sent_to_urn if found.status == Status.SENT else None,
            )
        else:
            verdict = {"verdict": found.verdict, "by": found.decided_by, "row": found.row}
            yield Noted(**shared, at=found.decided_at, **whom, **verdict)
