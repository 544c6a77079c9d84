"""Results sheets: found beside a list, and read into a ledger that does not know what they tell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner import words
from runner.campaign.campaign import Campaign
from runner.errors import RefusedError, UsageError
from runner.intake.earlier import Earlier, Result, read_earlier
from runner.intake.sheet import Reading, load
from runner.ledger import schema
from runner.ledger.campaign import (
    campaign_named,
    campaigns,
    free_name,
    note_results,
    results_noted,
)
from runner.ledger.chain import link_all
from runner.ledger.ledger import Ledger
from runner.ledger.overlap import overlaps
from runner.ledger.record import Status
from runner.ledger.regain import Regained, Regaining
from runner.ledger.replay import campaign_of
from runner.ledger.setting import Stored
from runner.result.left import left
from runner.result.place import ENDINGS, default_path

_REHEARSED: Final = ".rehearsal.results"
_TAKEN: Final = {
    "sent": Status.SENT,
    "uncertain": Status.UNCERTAIN,
    "failed": Status.FAILED,
}


def sheets_of(campaign: Campaign) -> list[Path]:
    """The files that stand where the campaign's results go, or are named as results of its list."""
    if campaign.frame is None and not campaign.sheet.is_file():
        return []
    place = campaign.results or default_path(campaign.sheet, workbook=False)
    stem = campaign.sheet.stem if campaign.sheet.suffix else campaign.sheet.name
    found = {place.absolute()}
    for folder, beginning in ((place.parent, place.stem), (campaign.sheet.parent, f"{stem}.")):
        with suppress(OSError):
            for path in folder.absolute().iterdir():
                if path.name.startswith(beginning) and (
                    folder == place.parent or ".results" in path.name
                ):
                    found.add(path)
    found.discard(campaign.sheet.absolute())
    return sorted(path for path in found if _may_hold_results(path))


def sheets_in(campaign: Campaign) -> list[Path]:
    """The files in the folder of the list that are named as results of any list."""
    if not campaign.sheet.is_file():
        return []
    with suppress(OSError):
        return sorted(
            path
            for path in campaign.sheet.absolute().parent.iterdir()
            if ".results" in path.name and _may_hold_results(path)
        )
    return []


def _may_hold_results(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and _REHEARSED not in path.name and path.is_file()


def read_results(sheet: Path, reading: Reading) -> Earlier | None:
    """Read a results sheet; None for any other file, and for one that cannot be read."""
    for way in {reading.sheet, None}:
        with suppress(RefusedError):
            earlier = read_earlier(load(sheet), replace(reading, sheet=way, header_row=None))
            if earlier is not None:
                return earlier
    return None


def add_sheets(
    draft: Ledger, sheets: Sequence[Path], left_as: Mapping[str, str], now: datetime
) -> Iterator[str]:
    """Bring in what results sheets tell: those that are named, and those of the campaigns.

    `left_as` has the digests of results files as they were left. Such a file may be replaced again.
    Raises UsageError for a named file that is no results sheet.
    """
    with draft.read() as connection:
        own = [Path(record.settings.results) for record in campaigns(connection)]
    for sheet in dict.fromkeys([*(sheet.absolute() for sheet in sheets), *own]):
        earlier = read_results(sheet, Reading())
        if earlier is None:
            if sheet in [given.absolute() for given in sheets]:
                raise UsageError(
                    f"{sheet.name} is no results sheet that can be read.",
                    where=str(sheet),
                    remedy="Name a results sheet of Campaign Runner (CSV or XLSX).",
                )
            continue
        with draft.write() as connection:
            count, name = _add_sheet(connection, earlier, sheet, now)
            if left_as.get(str(sheet)) == earlier.source.digest:
                _keep_as_left(connection, name, sheet)
        yield f"{sheet.name} adds {words.count(count, 'message')} to the campaign {name!r}."


def _add_sheet(
    connection: Connection, earlier: Earlier, sheet: Path, now: datetime
) -> tuple[int, str]:
    results = list(earlier.results())
    name = _name_for(connection, results, sheet)
    is_new = name not in [record.name for record in campaigns(connection)]
    delimiter = earlier.checked.table.delimiter or ","
    source = _list_of(sheet)
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
    return count, name


def _keep_as_left(connection: Connection, name: str, sheet: Path) -> None:
    """Note that a results file is as this program left it."""
    record = campaign_named(connection, name)
    if record is not None:
        noted = left(results_noted(connection, record.id)).after(sheet, "")
        note_results(connection, record.id, str(noted))


def _name_for(connection: Connection, results: Sequence[Result], sheet: Path) -> str:
    """The campaign that a results sheet belongs to: by its place, by its people, or a new one."""
    known = campaigns(connection)
    for record in known:
        if record.settings.results == str(sheet):
            return record.name
    people = [result.recipient for result in results if result.recipient is not None]
    found = overlaps(connection, people) if known and people else []
    if found and 2 * found[0].shared > len(people):
        return found[0].name
    stem = _list_of(sheet).stem or "campaign"
    return free_name(stem, {record.name for record in known})


def _list_of(sheet: Path) -> Path:
    """The list that a results sheet was made from, by its name: it stands beside it."""
    stem, _, _ = sheet.stem.partition(".results")
    for suffix in (sheet.suffix, ".csv", ".xlsx", ".xlsm", ".xls", ".ods", ".xlsb"):
        if (path := sheet.with_name(f"{stem}{suffix}")).is_file() and path != sheet:
            return path
    return sheet.with_name(f"{stem}{sheet.suffix}")


def _messages(results: Iterable[Result]) -> Iterator[Regained]:
    for result in results:
        status = _TAKEN.get(result.status)
        if status is None or result.recipient is None:
            continue
        account = result.account or ""
        yield Regained(
            recipient=result.recipient,
            status=status,
            at=result.at,
            account="" if account == "default" else account,
            row=result.number,
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
