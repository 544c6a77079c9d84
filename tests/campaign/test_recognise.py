"""The campaign that a list belongs to.

It is found again by place, people and text, and asked for where there is a doubt.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import RefusedError, UsageError
from runner.ledger.setting import file_of
from tests.world import World, crowd, read_results, slugs


def test_the_same_command_goes_on_with_its_own_campaign(tmp_path: Path) -> None:
    """Of two campaigns by --name on one list, each text finds its own again. It does not matter
    which list was read last."""
    world = World(tmp_path, crowd(8))
    world.run(most=5, min_days=0)
    first = world.template
    world.template = "A follow-up, {{ first_name }}"
    world.check_receipts = lambda: None  # type: ignore[method-assign]  # the second campaign may write to the same people
    followup = world.run(most=1, name="followup", min_days=0)
    assert any("5 of these people" in notice for notice in world.plans[-1].notices)
    assert followup.results is not None
    assert followup.results.path.name == "people.followup.results.csv"
    world.template = first
    report = world.run(min_days=0)
    assert (report.summary.campaign.name, report.sent) == ("people", 3)
    texts = [(receipt.recipient, receipt.message) for receipt in world.server.receipts]
    assert len(texts) == len(set(texts)) == 9
    world.template = "A third text, {{ first_name }}"
    with pytest.raises(RefusedError, match="Several campaigns use this list"):
        world.run()
    world.template, world.sheet = first, "renamed.csv"
    assert world.run().summary.campaign.name == "people"
    world.sheet = "people.csv"
    with pytest.raises(RefusedError, match="the text is that of 'people'"):
        world.run()


def test_a_part_of_a_list_does_not_withdraw_the_rest(tmp_path: Path) -> None:
    """A few of the people under another file name are refused while many wait. The refusal says
    what would happen, and nothing is changed."""
    world = World(tmp_path, crowd(30), limit=5)
    world.run_days(1)
    world.sheet, world.people = "vip.csv", crowd(2, start=20)
    with pytest.raises(RefusedError) as caught:
        world.run()
    assert "23 people who wait there" in caught.value.what
    assert "--name 'people'" in str(caught.value.remedy)
    assert world.statuses("people").count("waiting") == 25


def test_a_finished_campaigns_list_in_part_is_that_campaign(tmp_path: Path) -> None:
    """When nobody waits, there is nobody to withdraw. The part is recognised, and no person is
    messaged again."""
    world = World(tmp_path, crowd(6))
    world.run()
    world.sheet, world.people = "part.csv", crowd(2)
    report = world.run()
    assert (report.summary.campaign.name, report.sent, report.summary.gone) == ("people", 0, 4)


def test_the_needs_attention_sheet_is_a_list_of_its_campaign(tmp_path: Path) -> None:
    """When the sheet is corrected and used as input, the corrected rows go out in the same
    campaign. No other row does."""
    from openpyxl import load_workbook

    world = World(tmp_path, [*crowd(4), ("", "person-blank")])
    world.run(results=tmp_path / "people.results.xlsx")
    book = load_workbook(tmp_path / "people.results.xlsx")
    sheet = book["Needs attention"]
    assert [sheet.cell(row=2, column=column).value for column in (1, 2, 3)] == [
        None,
        "person-blank",
        "invalid",
    ]
    sheet.cell(row=2, column=1).value = "Named"
    book.save(tmp_path / "people.results.xlsx")
    ledger = world.ledger()
    options = {"results": tmp_path / "second.xlsx", "sheet_name": "Needs attention"}
    from dataclasses import replace

    campaign = replace(
        world.campaign(**options),
        source=tmp_path / "people.results.xlsx",
        sheet=tmp_path / "people.results.xlsx",
    )
    report = world.send(campaign, ledger)
    ledger.close()
    assert (report.summary.campaign.name, report.sent) == ("people", 1)
    assert world.received() == [*slugs(crowd(4)), "person-blank"]


def test_a_changed_text_is_pointed_out(tmp_path: Path) -> None:
    """When everybody has the first text, the second goes to nobody. The plan says how it would
    go."""
    world = World(tmp_path, crowd(2))
    world.run()
    world.template = "Something new, {{ first_name }}"
    assert world.run().sent == 0
    assert any("--name NAME" in notice for notice in world.plans[-1].notices)


def test_a_results_sheet_speaks_for_a_ledger_that_is_not_here(tmp_path: Path) -> None:
    """On another computer, a person who is marked sent or uncertain is skipped. The others go
    out."""
    world = World(tmp_path, crowd(4))
    report = world.run(most=2)
    assert report.results is not None
    rows = read_results(report.results.path)
    other = World(
        tmp_path / "other",
        [tuple(row.values()) for row in rows],
        header=tuple(rows[0]),
        sheet="people.results.csv",
    )
    other.folder.mkdir()

    ledger = other.ledger()
    report = other.send(other.campaign(results=other.folder / "r.csv"), ledger)
    ledger.close()
    assert (report.summary.totals.skipped, report.sent) == (2, 2)
    assert other.received() == ["person-2", "person-3"]


def test_accounts_are_kept_when_none_is_named(tmp_path: Path) -> None:
    """The same list without --account goes on from the account it was planned for, and the plan
    says so."""
    world = World(tmp_path, crowd(4))
    world.run(most=1, accounts=("acc_1",))
    world.run()
    assert {receipt.account for receipt in world.server.receipts} == {"acc_1"}
    assert any("acc_1" in notice for notice in world.plans[-1].notices)


def test_no_file_that_is_not_this_campaigns_results_is_replaced(tmp_path: Path) -> None:
    """A file with another list or another campaign's results is left as it is. Results of this
    campaign are replaced."""
    world = World(tmp_path, crowd(2))
    precious = tmp_path / "precious.csv"
    precious.write_text("Name,URL\nJo,jo-doe\n")
    with pytest.raises(UsageError, match="no results sheet"):
        world.run(results=precious)
    assert precious.read_text() == "Name,URL\nJo,jo-doe\n"
    world.run(results=tmp_path / "mine.csv")
    world.people, world.sheet = crowd(2, start=50), "others.csv"
    with pytest.raises(UsageError, match="another campaign"):
        world.run(results=tmp_path / "mine.csv")
    world.people, world.sheet = crowd(2), "people.csv"
    world.run(results=tmp_path / "mine.csv")


def test_results_that_fail_after_sending_are_told_with_the_true_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report has exit 7, the number that was sent, and the command that writes the results
    again."""
    from runner.errors import ExitCode, StorageError
    from runner.result import handback

    def fail(*_: object) -> None:
        raise StorageError(
            "The results could not be written (disk full).", remedy="campaign results -o PATH"
        )

    world = World(tmp_path, crowd(2))
    world.check = lambda _: None  # type: ignore[method-assign]
    monkeypatch.setattr(handback, "write", fail)
    report = world.run()
    assert (report.exit_code, report.sent, report.results, report.summary.totals.sent) == (
        ExitCode.STORAGE,
        2,
        None,
        2,
    )
    assert report.stop is not None
    assert "campaign results" in report.stop.remedy


@pytest.mark.parametrize(
    ("source", "sheet", "file"),
    [
        ("/lists/people.csv", "/lists/people.csv", "/lists/people.csv"),
        ("/C# team/people.csv", "/C# team/people.csv", "/C# team/people.csv"),
        ("/C# team/people.xlsx#Q4 #2", "/C# team/people.xlsx", "/C# team/people.xlsx"),
        ("/C# team/spring.toml", "/C# team/people.csv", "/C# team/spring.toml"),
        ("/C# team/spring.TOML#People", "/C# team/people.xlsx", "/C# team/spring.TOML"),
    ],
)
def test_the_file_of_a_source_is_found_whatever_its_folder_is_called(
    source: str, sheet: str, file: str
) -> None:
    """The mark before a worksheet may stand in the names of folders and worksheets as well."""
    assert file_of(source, sheet) == Path(file)
