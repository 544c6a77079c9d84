"""Taking a campaign: its list and text recognised or read, and the place of its results checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Connection

from runner import words
from runner.campaign.campaign import Campaign, is_campaign_file
from runner.campaign.material import Intake, Material, gather, refuse_unusable, take
from runner.campaign.recognise import choose, first_of, unchanged
from runner.campaign.stored import (
    check_worksheet,
    copy_origin,
    store_read,
    with_first,
    with_senders,
)
from runner.errors import RefusedError
from runner.intake.check import judge
from runner.intake.sheet import Source
from runner.ledger.campaign import campaign_named
from runner.ledger.ledger import Ledger
from runner.ledger.record import CampaignRecord
from runner.result.copying import copy_of, try_copy
from runner.result.handback import check_replaceable, results_of_others
from runner.result.place import check_path, default_path, named_path
from runner.result.report import check_place
from runner.sending.pace import calendar_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A campaign's list and text, recognised or read. `intake` is None when they are as they were
    when `record` took them in. `results` is the checked place of the results."""

    campaign: Campaign
    material: Material
    record: CampaignRecord
    intake: Intake | None
    results: Path
    notices: tuple[str, ...]


def take_list(campaign: Campaign, ledger: Ledger, now: datetime) -> Taken:
    """Recognise the campaign's list and text, or read and check them.

    A list and a text that are as they were when the campaign was last read are not read again.
    Raises RefusedError when the campaign cannot be trusted.
    """
    campaign = replace(campaign, after=first_of(campaign, ledger))
    material = gather(campaign)
    record = None
    # Only a file that is as it was left surely has the texts that were read then.
    if ledger.is_as_left:
        with ledger.read() as connection:
            record = unchanged(connection, campaign, material, now)
    copy = _copy(campaign, material)  # nobody else waits for the ledger while it is looked at
    if record is not None:
        with ledger.write() as connection:
            return _take_unchanged(connection, campaign, material, record, copy)
    intake = take(campaign, material, keep=True)
    refuse_unusable(intake)
    _try_copy(campaign, material, intake)
    with ledger.write() as connection:
        return _take_read(connection, campaign, material, intake, copy, now)


def _take_unchanged(
    connection: Connection,
    campaign: Campaign,
    material: Material,
    record: CampaignRecord,
    copy: tuple[str, list[str]],
) -> Taken:
    read_at = words.clock(record.read_at, calendar_of(record.settings).zone)
    said = f"List and text are as they were on {read_at}; they were not read again."
    campaign, senders = with_senders(campaign, record)
    campaign, follows = with_first(campaign, record)
    ending, loss = copy
    is_workbook = bool(record.settings.worksheet)
    return Taken(
        campaign=campaign,
        material=material,
        record=record,
        intake=None,
        results=_results_path(
            connection, campaign, record.name, record, ending, is_workbook=is_workbook
        ),
        notices=(said, *senders, *follows, *loss),
    )


def _take_read(
    connection: Connection,
    campaign: Campaign,
    material: Material,
    intake: Intake,
    copy: tuple[str, list[str]],
    now: datetime,
) -> Taken:
    named = choose(connection, campaign, intake.findings.people, material.template_hash)
    record = campaign_named(connection, named.name)
    check_worksheet(campaign, intake, record)
    _refuse_lost_steps(campaign, record)
    notices = (*intake.notices, *named.notices)
    campaign, senders = with_senders(campaign, record)
    campaign, follows = with_first(campaign, record)
    if senders:  # a conversation has one sender: it is judged by the senders there are
        intake = Intake(*judge(replace(intake.checked, accounts=campaign.accounts), keep=True))
        refuse_unusable(intake)
    ending, loss = copy
    is_workbook = intake.is_workbook
    results = _results_path(
        connection, campaign, named.name, record, ending, is_workbook=is_workbook
    )
    if record is None:
        record = store_read(connection, named.name, campaign, material, intake, results, now)
    return Taken(
        campaign=campaign,
        material=material,
        record=record,
        intake=intake,
        results=results,
        notices=(*notices, *senders, *follows, *loss),
    )


def _refuse_lost_steps(campaign: Campaign, record: CampaignRecord | None) -> None:
    """Raise RefusedError for a list whose campaign has steps that only its campaign file says."""
    if record is None or not record.settings.steps or campaign.steps or campaign.is_file:
        return
    file = record.file
    run = words.command("run", words.argument(file))
    raise RefusedError(
        f"The campaign {record.name!r} has messages that follow, which this list alone does not "
        "say; they would be taken back.",
        where=str(campaign.source),
        remedy=f"Run its campaign file: {run}" if is_campaign_file(file) else "Give steps.",
    )


def _try_copy(campaign: Campaign, material: Material, intake: Intake) -> None:
    """Raise RefusedError when the results could not go into a copy of the list."""
    origin = copy_origin(material, intake) if campaign.results_in_copy else None
    if origin is not None and isinstance(material.source, Source):
        table = intake.checked.table
        numbers = (row.number for row in table.rows())
        try_copy(material.source, origin, table.sheet or "", material.result_columns, numbers)


def _copy(campaign: Campaign, material: Material) -> tuple[str, list[str]]:
    """The ending of a copy of the list that holds the results, and what the copy loses."""
    if not campaign.results_in_copy:
        return "", []
    if isinstance(material.source, Source):
        return copy_of(material.source)
    raise RefusedError(
        "A data frame has no workbook that results could go into a copy of.",
        remedy='Leave results_in="copy" out.',
    )


def _results_path(
    connection: Connection,
    campaign: Campaign,
    name: str,
    record: CampaignRecord | None,
    ending: str,
    *,
    is_workbook: bool,
) -> Path:
    """The checked place of the results. Another campaign's results, and files that hold no results,
    are never replaced."""
    path = campaign.results
    if path is None:
        path = default_path(campaign.sheet, workbook=is_workbook, ending=ending)
        taken = results_of_others(connection, name)
        if str(path.absolute()) in taken:
            path = named_path(path, name, taken)
    path = path.absolute()
    check_path(path, campaign.sheet, ending=ending)
    if campaign.report is not None:
        check_place(campaign.report.absolute(), campaign.sheet)
    if record is None or record.settings.results != str(path):
        check_replaceable(connection, path, name)
    return path
