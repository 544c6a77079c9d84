"""The campaigns of a ledger: what each was read from, and which process runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Container
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.chain import note
from runner.ledger.noted import Noted, What
from runner.ledger.record import CampaignRecord
from runner.ledger.setting import Stored, from_json, to_json

# What test messages stand under; it is no campaign that people see.
TESTS: Final = "test messages (--test-to)"
# Each look asks this, so it is built once.
_SETTINGS: Final = sa.select(schema.campaign.c.settings).where(
    schema.campaign.c.id == sa.bindparam("campaign")
)


def campaigns(connection: Connection) -> list[CampaignRecord]:
    """All campaigns, the most recently read first; test messages belong to none of them."""
    table = schema.campaign
    return [
        _campaign(found)
        for found in connection.execute(
            sa.select(table)
            .where(table.c.name != TESTS)
            .order_by(table.c.read_at.desc(), table.c.id.desc())
        )
    ]


def campaign_named(connection: Connection, name: str) -> CampaignRecord | None:
    found = connection.execute(
        sa.select(schema.campaign).where(schema.campaign.c.name == name)
    ).first()
    return _campaign(found) if found else None


def campaign_numbered(connection: Connection, number: int) -> CampaignRecord:
    """The campaign of a number that the ledger told."""
    found = connection.execute(sa.select(schema.campaign).where(schema.campaign.c.id == number))
    return _campaign(found.one())


def settings_of(connection: Connection, campaign_id: int) -> Stored:
    """Return the settings that a campaign was last run with; those of a campaign that the ledger
    does not have are the defaults."""
    stored = connection.execute(_SETTINGS, {"campaign": campaign_id}).scalar()
    return from_json(stored) if stored else Stored(sheet="", results="")


def free_name(stem: str, taken: Container[str]) -> str:
    """Return a name that no campaign has: the stem, or the stem with a number."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def put_campaign(
    connection: Connection,
    name: str,
    *,
    source: str,
    template_hash: str,
    headers: tuple[str, ...],
    delimiter: str,
    settings: Stored,
    now: datetime,
) -> CampaignRecord:
    """Create the campaign, or note what it was read from this time."""
    table = schema.campaign
    values: dict[str, Any] = {
        "source": source,
        "template_hash": template_hash,
        "headers": json.dumps(headers, ensure_ascii=True),
        "delimiter": delimiter,
        "settings": to_json(settings),
        "read_at": now,
    }
    if (
        connection.execute(sa.update(table).where(table.c.name == name).values(values)).rowcount
        == 0
    ):
        connection.execute(sa.insert(table).values(name=name, created_at=now, **values))
    found = _campaign(connection.execute(sa.select(table).where(table.c.name == name)).one())
    note(connection, campaign_line(found.id, name, source, template_hash, settings, now))
    return found


def campaign_line(
    number: int, name: str, source: str, template: str, stored: Stored, now: datetime
) -> Noted:
    """Return the second record's line that says what a campaign's number stands for."""
    return Noted(
        n=0,
        head="",
        what=What.CAMPAIGN,
        at=now,
        campaign=number,
        name=name,
        source=source,
        template=template,
        sheet=stored.sheet,
        results=stored.results,
    )


def results_line(number: int, path: Path, digest: str, now: datetime) -> Noted:
    """Return the second record's line that says how a results file was left."""
    return Noted(
        n=0,
        head="",
        what=What.RESULTS,
        at=now,
        campaign=number,
        name=str(path),
        source=digest,
    )


def note_stamp(connection: Connection, campaign_id: int, stamp: str | None) -> None:
    """Note the state of the list and the text that the campaign has taken in.

    The note belongs in the transaction that takes them in. With None, the next run reads them again
    in any case.
    """
    connection.execute(
        sa.update(schema.campaign).where(schema.campaign.c.id == campaign_id).values(stamp=stamp)
    )


def results_noted(connection: Connection, campaign_id: int) -> str | None:
    """Return what is noted of the results files, as the writer of results worded it."""
    table = schema.campaign
    return connection.execute(
        sa.select(table.c.results_written).where(table.c.id == campaign_id)
    ).scalar()


def note_results(connection: Connection, campaign_id: int, written: str | None) -> None:
    """Note how the results files were left."""
    table = schema.campaign
    connection.execute(
        sa.update(table).where(table.c.id == campaign_id).values(results_written=written)
    )


def outdate_results(connection: Connection, campaign_id: int) -> None:
    """Note that the results no longer match the ledger. Which files are ours stays known."""
    noted = results_noted(connection, campaign_id)
    if noted is not None and noted.startswith("{"):
        note_results(connection, campaign_id, json.dumps({**json.loads(noted), "state": None}))
    else:
        note_results(connection, campaign_id, None)


def mark_running(connection: Connection, campaign_id: int, since: datetime | None) -> None:
    """Note that this process runs the campaign since then; with None, that the run has ended.

    The lock keeps runs apart, not this note.
    """
    pid = os.getpid() if since else None
    table = schema.campaign
    connection.execute(
        sa.update(table)
        .where(table.c.id == campaign_id)
        .values(running_since=since, running_pid=pid, stop_asked_at=None)
    )


def _campaign(found: sa.Row[Any]) -> CampaignRecord:
    return CampaignRecord(
        id=found.id,
        name=found.name,
        source=found.source,
        template_hash=found.template_hash,
        headers=tuple(json.loads(found.headers)),
        delimiter=found.delimiter,
        settings=from_json(found.settings),
        read_at=found.read_at,
        stamp=found.stamp,
        running_since=found.running_since,
        running_pid=found.running_pid,
        submitted_at=found.submitted_at,
    )
