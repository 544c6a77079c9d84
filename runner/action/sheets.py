"""Results sheets: found beside a list, and read into a ledger that does not know what they tell."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner import words
from runner.action.trace import is_rehearsed, list_of, name_in, named_in, read_trace
from runner.errors import StorageError, UsageError
from runner.intake.earlier import Earlier, Result
from runner.intake.sheet import Reading
from runner.ledger import schema
from runner.ledger.campaign import (
    campaign_named,
    campaigns,
    free_name,
    note_results,
    results_noted,
)
from runner.ledger.chain import link_all
from runner.ledger.contact import Contact, note_contacts
from runner.ledger.knowledge import is_same
from runner.ledger.ledger import Ledger
from runner.ledger.overlap import overlaps
from runner.ledger.person import Spellings
from runner.ledger.record import Status
from runner.ledger.regain import Regained, Regaining
from runner.ledger.replay import campaign_of
from runner.ledger.setting import Stored
from runner.ledger.suppression import LISTED, Suppressed, suppress
from runner.result.left import left

# What a results sheet says of somebody whom another tool has messaged.
_ELSEWHERE: Final = re.compile(
    r"messaged on (?P<day>\d{4}-\d{2}-\d{2}) according to (?P<source>[^;]+)"
)
_TAKEN: Final = {
    "sent": Status.SENT,
    "uncertain": Status.UNCERTAIN,
    "failed": Status.FAILED,
}


def add_sheets(
    draft: Ledger,
    sheets: Sequence[Path],
    left_as: Mapping[str, str],
    now: datetime,
    named: str | None = None,
) -> Iterator[str]:
    """Bring in what results sheets tell: those that are given, and those of the campaigns.

    `left_as` has the digests of results files as they were left. Such a file may be replaced again.
    `named` is the name of the campaign whose results the first sheet holds, where it is known.
    Raises UsageError, StorageError for a given file that does not tell all of its messages.
    """
    with draft.read() as connection:
        own = [
            Path(record.settings.results)
            for record in campaigns(connection)
            if record.settings.results
        ]
    given = [sheet.absolute() for sheet in sheets]
    for sheet in dict.fromkeys([*given, *own]):
        try:
            earlier = _readable(sheet) if sheet in given or sheet.is_file() else None
        except (UsageError, StorageError) as error:
            if sheet in given:
                raise
            yield f"{sheet.name} adds nothing. {error.what}"
            continue
        if earlier is None:
            continue
        with draft.write() as connection:
            name = named if given and sheet == given[0] else None
            added = _add_sheet(connection, earlier, sheet, now, name)
            if left_as.get(str(sheet)) == earlier.source.digest:
                _keep_as_left(connection, added.name, sheet)
        yield str(added)


def _readable(sheet: Path) -> Earlier:
    """Read a results sheet that tells all of its messages. Raises UsageError, StorageError."""
    if not sheet.is_file():
        raise UsageError(f"There is no file {sheet}.", remedy="Check the spelling.")
    if is_rehearsed(sheet):
        raise UsageError(
            f"{sheet.name} holds the results of a rehearsal: nothing of it was sent.",
            where=str(sheet),
            remedy="Name the results of a run.",
        )
    earlier = read_trace(sheet, Reading())
    if earlier is None:
        raise UsageError(
            f"{sheet.name} is no results sheet that can be read.",
            where=str(sheet),
            remedy="Name a results sheet of Campaign Runner (CSV or XLSX).",
        )
    nobody = [
        str(result.number)
        for result in earlier.results()
        if result.is_messaged and not result.is_named
    ]
    if nobody:
        raise UsageError(
            f"{sheet.name} tells of {words.count(len(nobody), 'message')}, but no longer to whom "
            f"({'row' if len(nobody) == 1 else 'rows'} {words.some(nobody)}).",
            where=str(sheet),
            remedy="Put the profile links back into these rows, then run the same command again.",
        )
    return earlier


class Added(NamedTuple):
    """What a results sheet has added to a campaign: messages, and people who must not be messaged
    in it."""

    sheet: str
    name: str
    messages: int
    listed: int
    contacts: int

    def __str__(self) -> str:
        count = words.count(self.messages, "message")
        said = f"{self.sheet} adds {count} to the campaign {self.name!r}"
        if self.listed:
            said += f", {words.people(self.listed)} to the do-not-contact list"
        if self.contacts:
            said += f", {words.count(self.contacts, 'message')} of other tools"
        return f"{said}."


def _add_sheet(
    connection: Connection, earlier: Earlier, sheet: Path, now: datetime, named: str | None
) -> Added:
    results = list(earlier.results())
    name = named or _name_for(connection, results, sheet)
    is_new = name not in [record.name for record in campaigns(connection)]
    delimiter = earlier.checked.table.delimiter or ","
    source = list_of(sheet)
    campaign_id = campaign_of(
        connection,
        name,
        source=str(source),
        stored=Stored(sheet=str(source), results=str(sheet), worksheet=earlier.checked.table.sheet),
        now=now,
        headers=earlier.headers,
        delimiter=delimiter,
    )
    regaining = Regaining(connection, campaign_id, sheet.name, now)
    count = sum(regaining.add(message) for message in _messages(results))
    if is_new:
        _add_rows(connection, campaign_id, results)
    link_all(connection)
    listed, contacts = _add_lists(connection, results, sheet, now)
    return Added(sheet.name, name, count, listed, contacts)


def _add_lists(
    connection: Connection, results: Sequence[Result], sheet: Path, now: datetime
) -> tuple[int, int]:
    """Keep those from being messaged whom the sheet says were skipped for good or for a while."""
    people = [
        result.recipient.keys
        for result in results
        if result.recipient and (result.reason or "").startswith(LISTED)
    ]
    known = Suppressed(connection, Spellings(connection))
    new = [keys for keys in people if not known.has(keys)]
    suppress(connection, new, f"according to {sheet.name}", now)
    contacts: dict[str, list[Contact]] = {}
    for result in results:
        told = _ELSEWHERE.search(result.reason or "")
        if result.status == "skipped" and result.recipient and told:
            at = datetime.fromisoformat(told["day"]).replace(tzinfo=UTC)
            contacts.setdefault(told["source"], []).append(Contact(result.recipient.keys, at))
    count = sum(note_contacts(connection, some, source, now) for source, some in contacts.items())
    return len(new), count


def _keep_as_left(connection: Connection, name: str, sheet: Path) -> None:
    """Note that a results file is as this program left it."""
    record = campaign_named(connection, name)
    if record is not None:
        noted = left(results_noted(connection, record.id)).after(sheet, "")
        note_results(connection, record.id, str(noted))


def _name_for(connection: Connection, results: Sequence[Result], sheet: Path) -> str:
    """The campaign that a results sheet belongs to: by its place, by a message that both know, by
    its people where the campaign has no results of its own, or a new one."""
    known = campaigns(connection)
    for record in known:
        if record.settings.results == str(sheet):
            return record.name
    if name := _with_a_message_of(connection, results) or named_in(sheet):
        return name
    people = [result.recipient for result in results if result.recipient is not None]
    without = {record.name for record in known if not Path(record.settings.results).is_file()}
    for found in overlaps(connection, people) if without and people else []:
        if found.name in without and 2 * found.shared > len(people):
            return found.name
    return free_name(name_in(sheet), {record.name for record in known})


def _with_a_message_of(connection: Connection, results: Sequence[Result]) -> str | None:
    """The campaign that has most of a sheet's messages: to the same people at the same times."""
    delivery, campaign = schema.delivery, schema.campaign
    person = (delivery.c.slug, delivery.c.urn)
    asked = sa.select(campaign.c.name, *person, delivery.c.sent_at, delivery.c.message)
    asked = asked.join(campaign, campaign.c.id == delivery.c.campaign_id)
    sent: dict[str, list[tuple[str, datetime, str]]] = {}
    for name, slug, urn, at, text in connection.execute(
        asked.where(delivery.c.sent_at.is_not(None))
    ):
        for key in filter(None, (slug, urn)):
            sent.setdefault(key, []).append((name, at, text))
    counts = Counter(
        name
        for result in results
        if result.recipient and result.at
        for key in result.recipient.keys
        for name, at, text in sent.get(key, ())
        if is_same(at, result.at) and result.text in (None, "", text)
    )
    return counts.most_common(1)[0][0] if counts else None


def _messages(results: Iterable[Result]) -> Iterator[Regained]:
    for result in results:
        status = _TAKEN.get(result.status)
        if status is None and result.is_messaged:
            has_answer = result.at is not None and result.answered is not None
            is_sent = result.status.startswith("sent") or has_answer
            status = Status.SENT if is_sent else Status.UNCERTAIN
        if status is None or result.recipient is None:
            continue
        account = result.account or ""
        yield Regained(
            recipient=result.recipient,
            status=status,
            at=result.at,
            account="" if account == "default" else account,
            row=result.number,
            step=result.step,
            text=result.text or "",
            error=result.error,
            http_status=result.http_status,
            typing=result.typing,
            answered=result.answered,
        )


def _add_rows(connection: Connection, campaign_id: int, results: Sequence[Result]) -> None:
    """Keep a new campaign's rows as its results sheet has them, until the list is read again."""
    delivery, statuses = schema.delivery, set(Status) - {Status.SENDING}
    mine = sa.select(delivery.c.identity).where(delivery.c.campaign_id == campaign_id)
    known, met = set(connection.scalars(mine)), set[str]()
    rows = []
    for position, result in enumerate(results):
        person = result.recipient.identity if result.recipient else None
        has_delivery = person in known and result.status in _TAKEN and person not in met
        if has_delivery and person is not None:
            met.add(person)
        status = Status(result.status) if result.status in statuses else Status.WAITING
        rows.append(
            {
                "campaign_id": campaign_id,
                "position": position,
                "number": result.number,
                "cells": json.dumps(result.cells),
                "identity": person if has_delivery else None,
                "status": None if has_delivery else status,
                "reason": None if has_delivery else result.reason,
                "person": person,
                "free_at": None,
            }
        )
    if rows:
        connection.execute(sa.insert(schema.row), rows)
