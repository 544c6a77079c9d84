"""Sheets tell of earlier messages: results sheets and exports, with times in many shapes.

A cell that cannot be read is told.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from runner.errors import RefusedError
from runner.intake.history import History, read_history
from runner.intake.recipient import URN_PREFIX
from runner.intake.result import RESULT_COLUMNS
from runner.intake.sheet import Reading, Source, load

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def history(text: str, date_column: str | None = None) -> History:
    return read_history(Source(Path("old.csv"), text.encode()), Reading(), date_column, NOW)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-10", datetime(2026, 11, 10, tzinfo=UTC)),
        ("2026-11-10 09:30", datetime(2026, 11, 10, 9, 30, tzinfo=UTC)),
        ("2026-11-10T09:30:00Z", datetime(2026, 11, 10, 9, 30, tzinfo=UTC)),
        ("2026-11-10T09:30:00+02:00", datetime(2026, 11, 10, 7, 30, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-24", NOW),  # already begun where the day begins first
        ("2026-11-25", None),
        ("2026-11-23T12:00:01Z", None),
        ("10/11/2026", datetime(2026, 11, 10, tzinfo=UTC)),  # the later of two readings
        ("11/10/2026", datetime(2026, 11, 10, tzinfo=UTC)),
        ("12/11/2026", datetime(2026, 11, 12, tzinfo=UTC)),  # the other reading is yet to come
        ("20.11.2026", datetime(2026, 11, 20, tzinfo=UTC)),
        ("1.2.2026 9:05", datetime(2026, 2, 1, 9, 5, tzinfo=UTC)),
        ("11/20/2026 09:30:15 PM", datetime(2026, 11, 20, 21, 30, 15, tzinfo=UTC)),
        ("11/20/2026 12:05 AM", datetime(2026, 11, 20, 0, 5, tzinfo=UTC)),
        ("20-11-2026", datetime(2026, 11, 20, tzinfo=UTC)),
        ("11.20.2026", None),
        ("31/02/2026", None),
        ("1/2/26", datetime(2026, 2, 1, tzinfo=UTC)),
        ("20.11.26", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026/11/20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("20 Nov 2026", datetime(2026, 11, 20, tzinfo=UTC)),
        ("November 9 2026 9:15 AM", datetime(2026, 11, 9, 9, 15, tzinfo=UTC)),
        ("2025-01-20 09:47:39 UTC", datetime(2025, 1, 20, 9, 47, 39, tzinfo=UTC)),
        ("25/12/2026", None),
        ("20/11-2026", None),
        ("11/20/2026 25:00", None),
        ("11/20/2026 9:00 XM", None),
        ("1", None),
        ("20261110", datetime(2026, 11, 10, tzinfo=UTC)),
        ("yes", None),
        ("0001-01-01", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("", None),
    ],
)
def test_times_are_read_or_told(text: str, at: datetime | None) -> None:
    """Dates and times are read, also ISO ones, in any zone.

    A text that is not a time, or a time that is yet to come, is told by its cell and gives no time.
    """
    found = history(f"Profile,Sent At\njo-doe,{text}\n")
    assert [contact.at for contact in found.contacts] == [at]
    future = text in ("2026-11-25", "2026-11-23T12:00:01Z", "25/12/2026")
    code = "date-blank" if not text else "date-future" if future else "date-unread"
    assert [(problem.code, problem.cell) for problem in found.unread] == (
        [] if at else [(code, "B2")]
    )


@pytest.mark.parametrize(
    ("first", "others"),
    [("13/01/2026", {10: 2, 9: 3}), ("01/13/2026", {2: 10, 3: 9}), ("13/01/2026 x", {10: 2, 9: 3})],
)
def test_a_column_has_one_order_of_day_and_month(first: str, others: dict[int, int]) -> None:
    """A date that can only be read one way says how all the others of its column are read."""
    lines = "".join(f"p-{number},{number:02}/{other:02}/2026\n" for number, other in others.items())
    found = history(f"Profile,Date\njo-doe,{first.removesuffix(' x')}\n{lines}")
    days = [(contact.at.day, contact.at.month) for contact in found.contacts[1:] if contact.at]
    assert days == [((a, b) if first[:2] == "13" else (b, a)) for a, b in others.items()]


@given(
    st.dates(date(2003, 1, 2), date(2026, 11, 22)),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%Y"]),
)
def test_a_local_date_is_never_read_as_earlier_than_it_was(day: date, form: str) -> None:
    """A local date in any form is never read as earlier than it was.

    So people are left alone for at least as long as they should be.
    """
    (contact,) = history(f"Profile,Date\njo-doe,{day.strftime(form)}\n").contacts
    assert contact.at is not None
    assert contact.at.date() >= day


@given(st.datetimes(datetime(2003, 1, 2), datetime(2026, 11, 22)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_a_time_comes_back_as_the_moment_it_was(moment: datetime, minutes: int) -> None:
    """Any moment before now, written with any offset, comes back as that moment."""
    at = moment.replace(tzinfo=UTC)
    text = at.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
    assert [contact.at for contact in history(f"Profile,Date\njo-doe,{text}\n").contacts] == [at]


@pytest.mark.parametrize(
    "header", ["Sent At", "Date", "Last contacted", "Contacted at", "Message sent", "last_contact"]
)
def test_the_column_of_times_is_found_or_named(header: str) -> None:
    """The column of times is found by the names that exports use, or by --date-column.

    --date-column takes any name. Without a column of times nobody has a time.
    """
    found = history(f"Profile,x,{header}\njo-doe,,2026-11-10\n")
    assert found.dates is not None
    assert found.dates.letter == "C"
    named = history(f"Profile,When,{header}\njo-doe,2026-01-01,2026-11-10\n", "when")
    assert named.contacts[0].at == datetime(2026, 1, 1, tzinfo=UTC)
    without = history("Profile,Name\njo-doe,Jo\n")
    assert (without.dates, without.contacts[0].at, without.unread) == (None, None, ())
    for wrong, remedy in (
        (header + "x", f"Did you mean {header!r}?"),
        ("zzz", f"Its columns are: Profile, {header}."),
    ):
        with pytest.raises(RefusedError) as caught:
            history(f"Profile,{header}\njo-doe,2026-11-10\n", wrong)
        assert caught.value.remedy == remedy


def test_date_cells_of_a_workbook_are_times(tmp_path: Path) -> None:
    """Date cells are times as the spreadsheet program keeps them, with or without a time of day."""
    book = Workbook()
    sheet: Any = book.active
    for row in (
        ["Profile", "Last contacted"],
        ["a-doe", date(2026, 11, 10)],
        ["b-doe", datetime(2026, 11, 10, 9, 30)],  # noqa: DTZ001 - a sheet knows no zones
    ):
        sheet.append(row)
    book.save(tmp_path / "old.xlsx")
    found = read_history(load(tmp_path / "old.xlsx"), Reading(), None, NOW)
    assert [contact.at for contact in found.contacts] == [
        datetime(2026, 11, 10, tzinfo=UTC),
        datetime(2026, 11, 10, 9, 30, tzinfo=UTC),
    ]


def test_of_a_results_sheet_only_what_left_counts() -> None:
    """Only the sent and uncertain rows of a results sheet count.

    The URN of the answer counts as another spelling. An uncertain row needs no time.
    """
    urn = f"{URN_PREFIX}ACoAAA12345678"
    lines = [
        "recipientProfileId," + ",".join(RESULT_COLUMNS),
        f"a-doe,sent,,true,,2026-11-10T09:00:00Z,{urn},acc,200,1,,Hi",
        "b-doe,uncertain,,,,,,acc,502,1,,Hi",
        "c-doe,failed,,,x,,,acc,400,1,,",
        "d-doe,waiting,,,,,,acc,,0,2026-11-24T09:00:00Z,",
        "nobody at all,invalid,x,,,,,,,0,,",
    ]
    found = history("\n".join(lines) + "\n")
    assert found.contacts == (
        (("a-doe", urn), datetime(2026, 11, 10, 9, tzinfo=UTC)),
        (("b-doe",), None),
    )
    assert (found.nobody, found.unread) == ((), ())


def test_cells_that_name_nobody_are_told() -> None:
    """A cell that names nobody is told by its place.

    A row that repeats a person is another message to them. A sheet without profiles is refused.
    """
    found = history("Profile,Date\njo-doe,2026-11-10\nn/a,2026-11-10\njo-doe,2026-11-12\n")
    assert [problem.cell for problem in found.nobody] == ["A3"]
    assert [contact.keys for contact in found.contacts] == [("jo-doe",), ("jo-doe",)]
    with pytest.raises(RefusedError, match="whom to write to"):
        history("Name,Date\nJo,2026-11-10\n")
