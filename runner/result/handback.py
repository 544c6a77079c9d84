"""The results file of a campaign.

This module says where the file may be, writes it from the ledger, and tells whether it says all
there is to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

from sqlalchemy.engine import Connection

from runner.errors import RefusedError, UsageError
from runner.intake import sheet as sheets
from runner.intake.column import lay_out
from runner.intake.result import result_columns
from runner.intake.table import read
from runner.ledger.campaign import campaigns, note_results, results_line, results_noted
from runner.ledger.chain import note
from runner.ledger.ledger import Ledger
from runner.ledger.line import lines, sendings
from runner.ledger.record import CampaignRecord
from runner.ledger.setting import CopyOrigin
from runner.ledger.standing import progress
from runner.result.copying import CopyError, write_copied
from runner.result.facts import daily
from runner.result.left import left
from runner.result.place import Written, place_here, put
from runner.result.summary import Summary
from runner.result.told import rows
from runner.result.workbook import Sheet, outcome_cells, write


def write_here(ledger: Ledger, summary: Summary) -> Written:
    """Write a campaign's results sheet to its place on this machine. Raises StorageError."""
    results = summary.campaign.settings.results
    return write_results(ledger, summary, place_here(results, is_shared=ledger.is_shared))


def write_results(ledger: Ledger, summary: Summary, path: Path, *, over: bool = False) -> Written:
    """Write a campaign's results sheet from the ledger, and note in the ledger how it was left.

    A file that was changed since it was left stays as it is, unless `over` is set. Raises
    StorageError.
    """
    record = summary.campaign
    with ledger.read() as connection:
        state = progress(connection, record.id)
        before = left(results_noted(connection, record.id))
    written = _write(
        ledger, summary, path, lambda target: (over and target == path) or before.is_ours(target)
    )
    with ledger.write() as connection:
        after = before.after(written.path, state)
        note_results(connection, record.id, str(after))
        digest = str(after.files[str(written.path)][-1])
        note(connection, results_line(record.id, written.path, digest, summary.at))
    return written


def are_current(connection: Connection, record: CampaignRecord, path: Path) -> bool:
    """Tell whether the results file is still current.

    It is when the file is as it was left and nothing has happened in the campaign since. This is
    only for a campaign without waiting rows: the results say until when rows wait, and that changes
    by itself.
    """
    noted = left(results_noted(connection, record.id))
    return noted.is_current(path, progress(connection, record.id))


def _write(
    ledger: Ledger, summary: Summary, path: Path, is_ours: Callable[[Path], bool]
) -> Written:
    record = summary.campaign
    sheet = Sheet(
        headers=record.headers,
        lines=lambda: lines(ledger, record.id, live=summary.live),
        summary=rows(summary),
        waits_until=summary.starts(),
        delimiter=record.delimiter,
        header_row=record.settings.header_row,
        days=lambda: daily(ledger, summary)[0],
        columns=result_columns(
            steps=bool(record.settings.steps), variants=record.settings.has_variants
        ),
        sendings=(lambda: sendings(ledger, record.id, live=summary.live))
        if record.settings.steps
        else None,
    )
    origin = record.settings.copy
    if origin is None:
        return write(path, sheet, is_ours)
    try:
        return put(path, _copying(record, origin, sheet), is_ours)
    except (CopyError, RefusedError) as error:
        written = write(path.with_suffix(".xlsx"), sheet, is_ours)
        return replace(written, note=f"{error} So the results are in a workbook of their own.")


def _copying(
    record: CampaignRecord, origin: CopyOrigin, sheet: Sheet
) -> Callable[[IO[bytes]], None]:
    """Return a function that writes the results into a copy of the list.

    Raises RefusedError when the list is gone, CopyError when it changed.
    """
    source = sheets.load(Path(record.settings.sheet))
    if source.digest != origin.digest:
        raise CopyError(f"{source.path.name} has changed since it was read.")
    worksheet = record.settings.worksheet or ""

    def fill(file: IO[bytes]) -> None:
        rows = ((line.number, outcome_cells(line, sheet)) for line in sheet.lines())
        write_copied(file, source, origin, worksheet, sheet.columns, rows)

    return fill


def check_replaceable(connection: Connection, path: Path, name: str) -> None:
    """Raise UsageError for an existing file that is not a results sheet of this campaign."""
    foreign = str(path) in results_of_others(connection, name)
    if path.exists() and (foreign or not _is_results(path)):
        whose = "holds the results of another campaign" if foreign else "is no results sheet"
        raise UsageError(
            f"{path} exists and {whose}; it was left as it is.",
            remedy="Give the results another name with -o.",
        )


def results_of_others(connection: Connection, name: str) -> set[object]:
    return {record.settings.results for record in campaigns(connection) if record.name != name}


def _is_results(path: Path) -> bool:
    try:
        return lay_out(read(path).columns).is_results
    except RefusedError:
        return False
