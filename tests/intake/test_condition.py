"""Which rows are meant: conditions on columns, and the reason of every row that is left out."""

from __future__ import annotations

import pytest

from runner.errors import RefusedError
from runner.intake.check import check, judge
from runner.intake.sheet import Reading
from tests.intake.test_examiner import table

ROWS = [
    ["Ada", "ada-x", "DE", "", ""],
    ["Ben", "ben-x", "de ", "ben@x.com", "Won"],
    ["Cas", "cas-x", "FR", "cas@x.com", "Lost"],
    ["Dan", "dan-x", "", "dan@x.com", "Won"],
]


def kept(*where: str) -> tuple[list[str], list[str]]:
    """Return the names of the people who are meant, and the reasons of the others."""
    sheet = table("First Name,profile,Country,E-mail,Deal=Stage", *ROWS)
    checked, found = judge(check(sheet, None, Reading(where=where)))
    assert found.rows == len(ROWS)
    skipped = {number for number, _ in found.skipped}
    names = [entry.row.cells[0] for entry in checked.entries() if entry.row.number not in skipped]
    return names, [reason for _, reason in found.skipped]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (["Country=DE"], ["Ada", "Ben"]),
        (["country = de"], ["Ada", "Ben"]),
        (["Country!=DE"], ["Cas", "Dan"]),
        (["E-mail"], ["Ben", "Cas", "Dan"]),
        (["E-mail", "Country"], ["Ben", "Cas"]),
        (["Country="], ["Dan"]),
        (["Deal=Stage"], ["Ben", "Cas", "Dan"]),
        ([], ["Ada", "Ben", "Cas", "Dan"]),
    ],
)
def test_only_rows_that_meet_every_condition_are_meant(where: list[str], names: list[str]) -> None:
    """Values are compared without regard to case; the others are skipped with the reason."""
    found, reasons = kept(*where)
    assert found == names
    assert all(reason.startswith("left out: ") for reason in reasons)


def test_a_condition_on_no_column_is_refused() -> None:
    """A misspelt column is named with the nearest one."""
    with pytest.raises(RefusedError) as refused:
        kept("Contry=DE")
    assert "Country" in f"{refused.value.remedy}"
