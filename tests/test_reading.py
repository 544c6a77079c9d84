"""The reading of a list from run to run.

An unchanged list is known, a changed one is told by its rows, and hidden rows are asked about.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.errors import RefusedError
from runner.intake.check import judge
from runner.intake.recipient import Recipient
from runner.intake.sheet import Reading
from runner.ledger.suppression import suppress, unsuppress
from runner.result.handback import write_results
from tests.world import World, crowd


def test_an_unchanged_list_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes and text are known by their hash. A change of any of them, of the options, or
    of the do-not-contact list makes the list read again."""
    world = World(tmp_path, crowd(6))
    reads: list[int] = []
    real = judge

    def counting(*given: Any, **more: Any) -> Any:
        reads.append(1)
        return real(*given, **more)

    monkeypatch.setattr("runner.campaign.material.judge", counting)
    world.run(most=1)
    assert (len(reads), world.plans[-1].intake is None) == (1, False)
    world.run(most=1)
    assert (len(reads), world.plans[-1].intake) == (1, None)
    assert any("not read again" in notice for notice in world.plans[-1].notices)
    assert world.statuses().count("sent") == 2
    ledger = world.ledger()
    with ledger.write() as connection:
        suppress(connection, [("person-5",)], None, world.clock.now())
    ledger.close()
    world.run(most=1)
    assert (len(reads), world.statuses()[5]) == (2, "skipped")
    ledger = world.ledger()
    with ledger.write() as connection:
        unsuppress(connection, Recipient("person-5"), world.clock.now())
    ledger.close()
    world.run(most=1)
    assert (len(reads), world.statuses()[5]) == (3, "waiting")
    world.template = "Hello {{ first_name }}"
    world.run(most=1)
    world.people = [*world.people, *crowd(1, 6)]
    world.run(most=1)
    assert len(reads) == 5
    world.run(accounts=("acc_1",), most=1)
    assert len(reads) == 6


def test_a_changed_list_is_told_by_its_rows(tmp_path: Path) -> None:
    """Each change is told with its rows: new, changed, vanished, and changed after sending. A sent
    message stays as it was sent."""
    world = World(tmp_path, crowd(5))
    world.run(most=2)
    world.people = [
        ("Renamed", "person-0"),
        *crowd(1, 1),
        ("Other", "person-2"),
        *crowd(1, 3),
        *crowd(2, 10),
    ]
    world.run(most=1)
    taken = world.plans[-1].taken_in
    assert (taken.added, taken.rewritten, taken.vanished, taken.outdated) == ((6, 7), (4,), 1, (2,))
    assert world.server.receipts[0].message == "Hi Name0"
    world.people = [("", "person-0"), *world.people[2:-1], ("", "person-11")]
    world.run(most=1)
    taken = world.plans[-1].taken_in
    assert (taken.added, taken.rewritten, taken.vanished, taken.outdated) == ((), (6,), 1, ())
    world.people[-1] = ("Back", "person-11")
    world.run(most=0)
    assert world.plans[-1].taken_in.added == (6,)
    assert world.lines()[0].message == "Hi Name0"


def test_hidden_rows_are_skipped_with_a_reason_and_none_is_lost(tmp_path: Path) -> None:
    """--hidden skip keeps hidden rows in the results. A person who was sent before stays sent."""
    from openpyxl import Workbook

    world = World(tmp_path, crowd(4))
    campaign = world.campaign()
    path = tmp_path / "list.xlsx"

    def save(hidden: set[int]) -> None:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        for row in (world.header, *world.people):
            sheet.append(row)
        for row in hidden:
            sheet.row_dimensions[row].hidden = True
        book.save(path)

    save({4})
    campaign = replace(campaign, source=path, sheet=path)
    ledger = world.ledger()
    with pytest.raises(RefusedError, match="hidden"):
        world.send(campaign, ledger)
    skipping = replace(campaign, reading=Reading(hidden="skip"))
    report = world.send(skipping, ledger, most=1)
    ledger.close()
    assert (report.summary.totals.skipped, report.summary.totals.rows) == (1, 4)
    assert world.statuses("list") == ["sent", "waiting", "skipped", "waiting"]
    save({2, 4})
    ledger = world.ledger()
    world.send(skipping, ledger, most=1)
    ledger.close()
    assert world.statuses("list") == ["sent", "sent", "skipped", "waiting"]


def test_results_in_a_copy_of_the_list(tmp_path: Path) -> None:
    """The user's workbook comes back with the columns added. When the list has changed since, the
    results come in a workbook of their own, and a note says so."""
    from openpyxl import Workbook, load_workbook

    world = World(tmp_path, crowd(2))
    campaign = world.campaign()
    path = tmp_path / "list.xlsx"
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (world.header, *world.people):
        sheet.append(row)
    book.create_sheet("Mine")["A1"] = "kept"
    book.save(path)
    campaign = replace(campaign, source=path, sheet=path, results_in_copy=True)
    ledger = world.ledger()
    report = world.send(campaign, ledger)
    assert report.results is not None
    copy = load_workbook(report.results.path)
    assert copy.sheetnames == ["Sheet", "Mine"]
    assert [cell.value for cell in copy["Sheet"][2]][:3] == ["Name0", "person-0", "sent"]
    path.write_bytes(b"gone")
    written = write_results(ledger, report.summary, report.results.path)
    ledger.close()
    assert "has changed" in str(written.note)
    assert load_workbook(written.path).sheetnames == ["Results", "Needs attention", "Summary"]
    with pytest.raises(RefusedError, match="no XLSX"):
        world.send(replace(world.campaign(), results_in_copy=True), world.ledger())
