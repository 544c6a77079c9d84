"""The traces of a campaign in the ledger, and what a later run takes over from them."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final

from sqlalchemy.engine import Connection

from runner.campaign.campaign import Campaign
from runner.campaign.material import Intake, Material
from runner.errors import RefusedError
from runner.intake.result import RESULT_COLUMNS
from runner.intake.sheet import Source
from runner.ledger.campaign import put_campaign
from runner.ledger.record import CampaignRecord
from runner.ledger.setting import DEFAULT_KEY, CopyOrigin, Stored

# So many result columns came with the reading of replies.
_ADDED: Final = 3


def with_senders(
    campaign: Campaign, record: CampaignRecord | None
) -> tuple[Campaign, tuple[str, ...]]:
    """Give a campaign that names no account those of its last run, and say so: people keep the
    sender they were planned for."""
    accounts = record.settings.accounts if record else ()
    if campaign.accounts or not accounts:
        return campaign, ()
    named = "account" if len(accounts) == 1 else "accounts"
    notice = f"Sending from the {named} of the last run: {', '.join(accounts)}."
    return replace(campaign, accounts=accounts), (notice,)


def with_first(
    campaign: Campaign, record: CampaignRecord | None
) -> tuple[Campaign, tuple[str, ...]]:
    """Let a campaign that names no other to follow go on with the one of its last run, and say so:
    else it would write to those who do not have that one's message.

    Raises RefusedError when it would follow itself.
    """
    stored = record.settings if record else None
    if record is not None and campaign.after == record.name:
        raise RefusedError(
            f"The campaign {record.name!r} cannot follow itself.",
            remedy="Give the follow-up a name of its own with --name.",
        )
    if campaign.after or stored is None or stored.after is None:
        return campaign, ()
    notice = (
        f"It follows the campaign {stored.after!r}, as in its last run (--after {stored.after!r} "
        f"--after-days {stored.after_days})."
    )
    return replace(campaign, after=stored.after, after_days=stored.after_days), (notice,)


def check_worksheet(campaign: Campaign, intake: Intake, record: CampaignRecord | None) -> None:
    """Raise RefusedError when the workbook now opens with another worksheet than the campaign was
    read from."""
    if record is None or campaign.reading.sheet:
        return
    before, found = record.settings.worksheet, intake.checked.table.sheet
    same_file = record.settings.sheet == str(campaign.sheet.absolute())
    if same_file and before and found and before != found:
        raise RefusedError(
            f"The campaign {record.name!r} was read from the worksheet {before!r}, but the "
            f"workbook now opens with {found!r}.",
            where=str(campaign.sheet),
            remedy=f"Say which is meant: --sheet {before!r} or --sheet {found!r}.",
        )


def store_read(
    connection: Connection,
    name: str,
    campaign: Campaign,
    material: Material,
    intake: Intake,
    results: Path,
    now: datetime,
) -> CampaignRecord:
    """Note what the campaign is, after its list was read."""
    table = intake.checked.table
    settings = Stored(
        **asdict(campaign.words),
        sheet=str(campaign.sheet.absolute()),
        results=str(results),
        worksheet=table.sheet,
        header_row=table.header_row,
        accounts=campaign.accounts,
        min_days=campaign.min_days,
        after=campaign.after,
        after_days=campaign.after_days,
        steps=tuple(step.after_days for step in campaign.steps),
        new_people_first=campaign.new_people_first,
        has_variants=material.has_variants,
        looks=campaign.looks,
        senders_by_connection=campaign.senders_by_connection,
        key_name=campaign.key_name or DEFAULT_KEY,
        endpoint=campaign.endpoint,
        copy=copy_origin(material, intake) if campaign.results_in_copy else None,
    )
    return put_campaign(
        connection,
        name,
        source=campaign.origin,
        template_hash=material.template_hash,
        headers=intake.headers,
        delimiter=table.delimiter or ",",
        settings=settings,
        now=now,
    )


def store_unchanged(
    connection: Connection,
    record: CampaignRecord,
    campaign: Campaign,
    material: Material,
    results: Path,
    now: datetime,
) -> CampaignRecord:
    """Note what the campaign is now; what concerns the list stays as it was noted."""
    settings = replace(
        record.settings,
        **asdict(campaign.words),
        sheet=str(campaign.sheet.absolute()),
        results=str(results),
        accounts=campaign.accounts,
        min_days=campaign.min_days,
        after=campaign.after,
        after_days=campaign.after_days,
        steps=tuple(step.after_days for step in campaign.steps),
        new_people_first=campaign.new_people_first,
        has_variants=material.has_variants,
        looks=campaign.looks,
        senders_by_connection=campaign.senders_by_connection,
        key_name=campaign.key_name or DEFAULT_KEY,
        endpoint=campaign.endpoint,
        copy=record.settings.copy if campaign.results_in_copy else None,
    )
    return put_campaign(
        connection,
        record.name,
        source=record.source,
        template_hash=record.template_hash,
        headers=record.headers,
        delimiter=record.delimiter,
        settings=settings,
        now=now,
    )


def copy_origin(material: Material, intake: Intake) -> CopyOrigin | None:
    """The workbook to copy: its bytes' digest, and the places of the results on its sheet."""
    if not isinstance(material.source, Source):
        return None
    earlier = intake.checked.layout.earlier
    replaced: tuple[int, ...] = ()
    if all(name in earlier for name in RESULT_COLUMNS[:-_ADDED]):
        # Those that an earlier version or run did not have come behind all that is there.
        free = count(len(intake.checked.table.columns) + intake.findings.surplus)
        replaced = tuple(
            earlier[name].index if name in earlier else next(free)
            for name in material.result_columns
        )
    return CopyOrigin(
        digest=material.source.digest,
        header_row=intake.checked.table.header_row,
        replace=replaced,
    )
