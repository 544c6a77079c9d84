"""The header of a table is found under the rows above it, and the choice is said.

A data frame is a sheet like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runner
from runner.errors import RefusedError
from runner.intake.check import check, judge
from runner.intake.column import lay_out
from runner.intake.sheet import Reading, Source
from runner.intake.table import Table, read
from runner.intake.template import parse

Write = Callable[[str, str], Path]
NAMED = {"recipientProfileId": "Wer"}
TABLE = "First Name,LinkedIn URL,City\nJo,jo-doe,Rome\n"


def table(content: str, **said: Any) -> Table:
    return read(Source(Path("x.csv"), content.encode()), Reading(**said))


def headers(found: Table) -> list[str]:
    return [column.header for column in found.columns]


def rows(found: Table) -> list[tuple[int, list[str]]]:
    return [(row.number, list(row.cells)) for row in found.rows()]


def recipients(found: Table) -> list[str]:
    return [column.header for column in lay_out(found.columns).roles.get("recipientProfileId", ())]


# ---- the header


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("", None),
        ("\n", None),
        ("\n,,\n \t,\n", None),
        ("Notes:\n", "row 1 ('Notes:')"),
        ("Notes:\n\nby Al\n", "row 1 ('Notes:'), row 3 ('by Al')"),
        ("LinkedIn\n", "row 1 ('LinkedIn')"),
        ("LinkedIn,,\n", "row 1 ('LinkedIn')"),
        (",,LinkedIn URL\n", "row 1 ('LinkedIn URL')"),
        ("See https://www.linkedin.com/in/al\n", "row 1 ('See https://www.linkedin.com/in/al')"),
        ("Source,https://www.linkedin.com/company/acme\n", "row 1 ('Source')"),
        ("Profile,al@acme.com,\n", "row 1 ('Profile')"),
        ("URL,https://acme.com\n", "row 1 ('URL')"),
        ("Exported,2024-03-12,\n", "row 1 ('Exported')"),
        ("Team,Team,Team\n", "row 1 ('Team')"),
        (
            '"A text, as long as can be, of which only this is shown"\n',
            "row 1 ('A text, as long as can be, of which only')",
        ),
        ("a\nb\nc\nd\ne\n", "row 1 ('a'), row 2 ('b'), row 3 ('c') and 2 more"),
        ("\n" * 30, None),
        ("x\n" * 19, "row 1 ('x'), row 2 ('x'), row 3 ('x') and 16 more"),
    ],
)
def test_the_header_is_found_under_what_stands_above_it(above: str, told: str | None) -> None:
    """The header is found under notes, blank rows, a title, a link or the word LinkedIn.

    A row that is narrower than the table, or holds a value, stands above it, and is told unless it
    is blank. Rows keep the numbers that the spreadsheet program shows.
    """
    found = table(above + TABLE)
    first = above.count("\n") + 1
    assert (found.header_row, headers(found)) == (first, ["First Name", "LinkedIn URL", "City"])
    assert rows(found) == [(first + 1, ["Jo", "jo-doe", "Rome"])]
    expected = f"The header is row {first}; what stands above it is not read: {told}."
    assert found.notices == ((expected,) if told else ())


@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u00ad,\u200e", "\x1a", "\x01"])
def test_what_nobody_sees_above_the_header_is_nothing_to_tell(unseen: str) -> None:
    """A row of invisible or control characters above the table is neither its header nor a reason
    to fail."""
    found = table(f"{unseen}\n{TABLE}")
    assert (found.header_row, rows(found)) == (2, [(3, ["Jo", "jo-doe", "Rome"])])


@pytest.mark.parametrize(
    "content",
    ["Name,Wer\nJo,jo-doe\n", "\n\nName,Wer\nJo,jo-doe\n", "Name,Wer,His URL\nJo,jo-doe,x\n"],
)
def test_without_a_known_recipient_the_first_filled_row_is_the_header(content: str) -> None:
    """The first filled row is the header if no row names a known recipient.

    No row below is taken for the header, and nothing is told to be above it.
    """
    found = table(content)
    assert headers(found)[:2] == ["Name", "Wer"]
    assert [row.cells[0] for row in found.rows()] == ["Jo"]
    assert found.notices == ()


@pytest.mark.parametrize("beyond", [20, 40])
def test_the_header_is_looked_for_among_the_first_rows_only(beyond: int) -> None:
    """A header in row 21 or later is an ordinary row, unless all rows above it are blank.

    --header-row makes it the header.
    """
    content = "x\n" * beyond + TABLE
    assert (table(content).header_row, headers(table(content))) == (1, ["x"])
    said = table(content, header_row=beyond + 1)
    assert (said.header_row, headers(said)) == (beyond + 1, ["First Name", "LinkedIn URL", "City"])
    assert rows(said) == [(beyond + 2, ["Jo", "jo-doe", "Rome"])]


def test_a_preamble_as_wide_as_the_table_takes_a_word() -> None:
    """A preamble as wide as the table cannot be told from a header by its shape.

    Nobody is written to until --header-row says the header.
    """
    content = "Q1,Sales,Rome\n" + TABLE
    found = table(content)
    assert (found.header_row, headers(found)) == (1, ["Q1", "Sales", "Rome"])
    assert [problem.code for problem in check(found, parse("Hi", Path("t.j2"))).blocking] == [
        "no-recipient-column"
    ]
    said = table(content, header_row=2)
    assert (said.header_row, rows(said)) == (2, [(3, ["Jo", "jo-doe", "Rome"])])
    assert said.notices == ("The header is row 2; what stands above it is not read: row 1 ('Q1').",)


def test_a_later_table_in_the_sheet_is_not_the_header() -> None:
    """The first row that names recipients is the header, also over a wider one below it."""
    found = table("Name,URL\nJo,jo-doe\nName,URL,City\nAl,al-doe,Rome\n")
    assert (found.header_row, headers(found), found.notices) == (1, ["Name", "URL"], ())
    assert [(row.number, len(row.faults)) for row in found.rows()] == [(2, 0), (3, 1), (4, 1)]


@pytest.mark.parametrize("row", [1, 2, 4])
def test_the_header_row_that_was_said_is_taken(row: int) -> None:
    """The header row that was said is taken, with any content, over one that would be found."""
    found = table("a,b\nName,URL\nJo,jo-doe\nName,Wer\nAl,al-doe\n", header_row=row)
    assert (found.header_row, headers(found)) == (
        row,
        {1: ["a", "b"], 2: ["Name", "URL"], 4: ["Name", "Wer"]}[row],
    )
    assert [number for number, _ in rows(found)] == list(range(row + 1, 6))


@pytest.mark.parametrize("row", [2, 99, 0, -1])
def test_a_blank_row_cannot_be_the_header(row: int) -> None:
    """A blank row cannot be the header, and neither can a row that is not there.

    The refusal says which row it is, and what the number has to be.
    """
    with pytest.raises(RefusedError, match=f"^Row {row} holds nothing") as caught:
        table("Notes:\n, \n" + TABLE, header_row=row)
    assert caught.value.where == "x.csv"
    assert "--header-row" in str(caught.value.remedy)


def test_a_single_column_is_a_table() -> None:
    """The only header of a single column is enough, and the list may hold nothing else."""
    assert (headers(table("URL\njo-doe\n")), rows(table("URL\njo-doe\n"))) == (
        ["URL"],
        [(2, ["jo-doe"])],
    )
    assert rows(table("\nURL\n\njo-doe\n")) == [(4, ["jo-doe"])]
    assert (headers(table("URL\n")), rows(table("URL\n"))) == (["URL"], [])
    assert (table("Wer\njo-doe\n").header_row, headers(table("Wer\njo-doe\n"))) == (1, ["Wer"])


@pytest.mark.parametrize("said", [{}, {"columns": NAMED}])
def test_a_single_column_is_found_under_its_notes(said: dict[str, Any]) -> None:
    """One filled cell names a column where no row has more."""
    header = "Wer" if said else "LinkedIn URL"
    found = table(f"My list:\n\n{header}\njo-doe\nal-doe\n", **said)
    assert (found.header_row, headers(found), rows(found)) == (
        3,
        [header],
        [(4, ["jo-doe"]), (5, ["al-doe"])],
    )


@pytest.mark.parametrize("content", ["", "\n\n", " ,\t\n,\n", "\ufeff\n"])
def test_a_sheet_without_anything_is_refused(content: str) -> None:
    """A sheet of blank rows is refused, since they are not a table."""
    with pytest.raises(RefusedError, match="sheet is empty"):
        table(content or "\n")


def test_more_columns_than_anybody_has_are_refused() -> None:
    """More than 1,000 columns are refused, with their number and the row of the header."""
    found = table(",".join(["URL", *(f"c{index}" for index in range(999))]) + "\njo-doe\n")
    assert len(found.columns) == 1_000
    with pytest.raises(RefusedError, match="1,001 columns") as caught:
        table(
            "Notes:\n" + ",".join(["URL", *(f"c{index}" for index in range(1_000))]) + "\njo-doe\n"
        )
    assert caught.value.where == "x.csv, row 2"


# ---- headers


def test_headers_stand_as_they_are_and_may_be_doubled_or_blank() -> None:
    """No header is renamed, and a blank one between others keeps its place.

    Blank headers at the end are not columns.
    """
    found = table("Name,,Name,URL,, \nJo,1,Jo Doe,jo-doe,,\nAl,,,al-doe,late,\n")
    assert [(column.letter, column.header) for column in found.columns] == [
        *zip("ABCD", ["Name", "", "Name", "URL"], strict=True)
    ]
    assert [
        (row.number, list(row.cells), [fault.code for fault in row.faults]) for row in found.rows()
    ] == [
        (2, ["Jo", "1", "Jo Doe", "jo-doe"], []),
        (3, ["Al", "", "", "al-doe", "late", ""], []),
    ]
    layout = lay_out(found.columns)
    assert layout.ambiguous == {"Name", "name"}
    assert any("Without a header" in notice and "column B" in notice for notice in layout.notices)


def test_two_recipient_columns_of_one_name_stop_the_campaign() -> None:
    """Two recipient columns of one name are both kept and stop the campaign.

    Nobody can tell which one is meant.
    """
    checked = check(table("URL,Name,URL\njo-doe,Jo,al-doe\n"), parse("Hi", Path("t.j2")))
    assert [problem.code for problem in checked.blocking] == ["duplicate-header"]
    assert "A and C" in checked.blocking[0].text


@pytest.mark.parametrize(
    "header",
    [
        "\u200bLinkedIn\u00a0URL\ufeff",
        "linkedin_url",
        '"LinkedIn\r\nURL"',
        '" LinkedIn  URL "',
        "ＬｉｎｋｅｄＩｎ URL",
        "LinkedIn\u2003URL",
    ],
)
@pytest.mark.parametrize("above", ["", "Notes:\n"])
def test_a_header_is_known_under_any_spelling(header: str, above: str) -> None:
    """Invisible characters, spaces of any kind, line breaks and full-width letters hide no column.

    A header is handed on as it stands in the sheet.
    """
    found = table(f"\ufeff{above}First Name,{header}\nJo,jo-doe\n")
    as_written = header.strip('"')
    assert headers(found) == ["First Name", as_written]
    assert recipients(found) == [as_written]
    assert found.header_row == (2 if above else 1)


# ---- --column


def test_a_mapped_header_is_found_under_a_preamble() -> None:
    """A header that only --column knows counts, in any case, and the campaign takes it."""
    content = "Notes:\n\nName,Wer\nJo,jo-doe\n"
    found = table(content, columns={"recipientProfileId": "wer"})
    assert (found.header_row, headers(found), rows(found)) == (
        3,
        ["Name", "Wer"],
        [(4, ["Jo", "jo-doe"])],
    )
    assert found.notices == (
        "The header is row 3; what stands above it is not read: row 1 ('Notes:').",
    )
    checked, findings = judge(
        check(found, parse("Hi {{ name }}", Path("t.j2")), Reading(columns=NAMED))
    )
    assert (checked.blocking, findings.ready) == ((), 1)
    assert headers(table(content)) == ["Notes:"]


def test_any_mapped_header_will_do() -> None:
    """A mapped message or account tells the header just as a mapped recipient does."""
    found = table("Notes:\nName,Wer,Text\nJo,jo-doe,Hello\n", columns={"message": "Text"})
    assert (found.header_row, headers(found)) == (2, ["Name", "Wer", "Text"])


def test_a_mapped_header_that_is_nowhere_is_refused() -> None:
    """A mapped header that is nowhere is refused.

    The refusal names the row that was taken for the header, and the nearest name in it.
    """
    reading = Reading(columns={"recipientProfileId": "Werr"})
    found = read(Source(Path("x.csv"), b"Notes:\nName,Wer,URL\nJo,jo-doe,x\n"), reading)
    with pytest.raises(RefusedError, match="no column 'Werr'") as caught:
        check(found, None, reading)
    assert (caught.value.where, caught.value.remedy) == ("x.csv, row 2", "Did you mean 'Wer'?")


# ---- data frames


def frame_cell(value: object, dtype: str | None = "object") -> tuple[str, list[str]]:
    frame = pd.DataFrame({"URL": ["jo-doe"], "Value": pd.Series([value], dtype=dtype)})
    row = next(read(frame).rows())
    assert (row.number, row.cells[0], len(row.cells)) == (2, "jo-doe", 2)
    assert all(fault.column == 1 for fault in row.faults)
    return row.cells[1], [fault.code for fault in row.faults]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        *(
            (value, "object")
            for value in (None, float("nan"), pd.NaT, pd.NA, np.datetime64("NaT"), Decimal("NaN"))
        ),
        *(
            (float("nan"), dtype)
            for dtype in ("float64", "float32", "Int64", "boolean", "string", "category")
        ),
        *(
            (None, dtype)
            for dtype in ("str", "datetime64[ns]", "timedelta64[ns]", "datetime64[ns, UTC]")
        ),
    ],
)
def test_what_pandas_calls_missing_is_blank(value: object, dtype: str) -> None:
    """None, NaN, NaT and NA are blank, in columns of any kind."""
    assert frame_cell(value, dtype) == ("", [])


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (5, "int64", "5"),
        (-5, "int8", "-5"),
        (5, "Int64", "5"),
        (5, "uint64", "5"),
        (np.int64(7), "object", "7"),
        (5.0, "float64", "5"),
        (1.5, "float64", "1.5"),
        (0.1, "float64", "0.1"),
        (999_999_999_999_999, "int64", "999999999999999"),
        (999_999_999_999_999.0, "float64", "999999999999999"),
        (True, "bool", "TRUE"),
        (False, "boolean", "FALSE"),
        (np.True_, "object", "TRUE"),
        (Decimal("1.50"), "object", "1.50"),
        (Decimal(7012345678901234567), "object", "7012345678901234567"),
        ("00123", "object", "00123"),
        ("NA", "object", "NA"),
        ("nan", "string", "nan"),
        (" padded ", "category", " padded "),
        (5, "category", "5"),
        (pd.Timestamp("2024-02-29"), "datetime64[ns]", "2024-02-29"),
        (pd.Timestamp("2024-02-29 13:45"), "datetime64[ns]", "2024-02-29 13:45"),
        (pd.Timestamp("2024-02-29 13:45:07"), "datetime64[s]", "2024-02-29 13:45:07"),
        (pd.Timestamp("2024-02-29 13:45", tz="Europe/Berlin"), "object", "2024-02-29 13:45"),
        (np.datetime64("2024-02-29T13:45"), "object", "2024-02-29 13:45"),
        (datetime(2024, 2, 29), "object", "2024-02-29"),  # noqa: DTZ001
        (date(2024, 2, 29), "object", "2024-02-29"),
        (time(13, 45), "object", "13:45"),
        (timedelta(hours=27, minutes=30), "timedelta64[ns]", "27:30"),
    ],
)
def test_a_value_of_a_frame_is_the_text_a_sheet_would_show(
    value: object, dtype: str, text: str
) -> None:
    """A value of a frame is the text that a sheet would show.

    Whole numbers of any type are digits, midnight is a date, booleans are as Excel's, texts are
    never missing.
    """
    assert frame_cell(value, dtype) == (text, [])


def test_a_column_that_pandas_made_floats_of_for_its_gaps_is_of_digits() -> None:
    """A column of integers that pandas made floats for a missing one is of digits.

    ZIP codes and ages must not end in .0.
    """
    frame = pd.DataFrame({"URL": ["a-1", "b-2"], "Age": [41, None]})
    assert str(frame["Age"].dtype) == "float64"
    assert rows(read(frame)) == [(2, ["a-1", "41"]), (3, ["b-2", ""])]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "uint64", "object"])
def test_an_integer_of_19_digits_keeps_them(dtype: str) -> None:
    """An integer of 19 digits keeps them: its text is exact.

    It may have been rounded before, since pandas reads numbers that Excel rounded as integers. So
    it has a fault, which is an error only in a column of identifiers.
    """
    assert frame_cell(7_012_345_678_901_234_567, dtype) == (
        "7012345678901234567",
        ["rounded-number"],
    )
    frame = pd.DataFrame({"URL": ["jo-doe"], "Score": [7_012_345_678_901_234_567]})
    _, findings = judge(check(read(frame), parse("Hi {{ score }}", Path("t.j2"))))
    rounded = [
        problem.severity for problem in findings.problems if problem.code == "rounded-number"
    ]
    assert (findings.ready, rounded) == (1, ["warning"])


def test_a_float_of_19_digits_has_lost_some() -> None:
    """A float of 19 digits has lost some, so it is told and never sent to.

    One gap in a column of member numbers makes floats of all, and so other people.
    """
    frame = pd.DataFrame({"Name": ["Jo", "Al"], "Profile ID": [7_012_345_678_901_234_567, None]})
    found = read(frame)
    first, second = found.rows()
    assert first.cells[1] != "7012345678901234567"
    assert [(fault.column, fault.code) for fault in first.faults] == [(1, "rounded-number")]
    assert (list(second.cells), second.faults) == (["Al", ""], [])
    _, findings = judge(check(found, parse("Hi {{ name }}", Path("t.j2"))))
    assert (findings.ready, findings.invalid) == (0, 2)
    assert ("B2", "rounded-number") in [
        (problem.cell, problem.code) for problem in findings.problems
    ]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([1, 2], "list"),
        ((1, 2), "tuple"),
        ({"a": 1}, "dict"),
        ({1}, "set"),
        (b"x", "bytes"),
        (1 + 2j, "complex"),
        (pd.Interval(0, 1), "Interval"),
        (np.array([1, 2]), "ndarray"),
        (np.array([1]), "ndarray"),
        (np.array([]), "ndarray"),
    ],
)
def test_what_is_no_text_number_or_date_is_a_fault(value: object, kind: str) -> None:
    """A list or the like is told with its kind, and counts only where the cell is used.

    Parquet's lists are arrays.
    """
    frame = pd.DataFrame(
        {"URL": ["jo-doe"], "Name": ["Jo"], "Value": pd.Series([value], dtype="object")}
    )
    row = next(read(frame).rows())
    assert [(fault.column, fault.code) for fault in row.faults] == [(2, "cell-kind")]
    assert f" {kind}," in row.faults[0].text
    ready = [
        judge(check(read(frame), parse(text, Path("t.j2"))))[1].ready
        for text in ("Hi {{ name }}", "Hi {{ value }}")
    ]
    assert ready == [1, 0]


def test_the_labels_are_the_header_and_the_index_is_left_out() -> None:
    """The labels are the header in row 1, as a sheet of the frame would have it.

    The index is left out, and rows are counted under any index.
    """
    plain = pd.DataFrame({"Name": ["Jo", None, "Al"], "URL": ["jo-doe", None, "al-doe"]})
    for index in (None, ["x", "y", "z"], [5, 5, 5], pd.Index([3, 1, 2], name="Key")):
        found = read(plain if index is None else plain.set_axis(index, axis=0))
        assert (found.path, found.sheet, found.delimiter, found.place) == (
            None,
            None,
            None,
            "the data frame",
        )
        assert (found.header_row, headers(found), found.notices) == (1, ["Name", "URL"], ())
        assert rows(found) == [(2, ["Jo", "jo-doe"]), (4, ["Al", "al-doe"])]
        assert rows(found) == rows(found)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["URL", "Name", "Name"], ["URL", "Name", "Name"]),
        (
            pd.MultiIndex.from_tuples([("Profile", "URL"), ("Name", "A"), ("Name", "B")]),
            ["Profile URL", "Name A", "Name B"],
        ),
        ([0, 1, 2], ["0", "1", "2"]),
        (["URL", "", " "], ["URL", "", ""]),
    ],
)
def test_labels_of_any_kind_are_headers(labels: Any, expected: list[str]) -> None:
    """Labels of any kind are headers.

    Doubled ones are kept as they are, several levels are joined, numbers are digits, and blank ones
    keep their column.
    """
    found = read(pd.DataFrame([["a", "b", "c"]], columns=labels))
    assert headers(found) == expected
    assert rows(found) == [(2, ["a", "b", "c"])]


def test_a_frame_without_columns_or_rows() -> None:
    """A frame without columns is not a table; a frame without rows is a table without rows."""
    with pytest.raises(RefusedError, match="no columns"):
        read(pd.DataFrame())
    found = read(pd.DataFrame({"URL": []}))
    assert (headers(found), rows(found)) == (["URL"], [])


def test_a_frame_that_holds_its_header_as_a_row_is_told_where_it_is() -> None:
    """A frame that was read with header=None has numbers as its labels.

    --header-row counts the labels as row 1.
    """
    frame = pd.DataFrame([["Notes:", None], ["Name", "URL"], ["Jo", "jo-doe"]])
    found = read(frame, Reading(header_row=3))
    assert (headers(found), rows(found)) == (["Name", "URL"], [(4, ["Jo", "jo-doe"])])


def test_half_characters_of_a_frame_do_no_harm() -> None:
    """A lone surrogate is replaced in a text, and is an error in a recipient.

    It cannot be sent or stored.
    """
    frame = pd.DataFrame(
        {"URL": ["jo-doe", "al\ud800doe"], "Name": ["J\ud800o", "Al"]}, dtype="object"
    )
    found = read(frame)
    assert [list(row.cells) for row in found.rows()] == [
        ["jo-doe", "J\ufffdo"],
        ["al\ufffddoe", "Al"],
    ]
    checked, findings = judge(check(found, parse("Hi {{ name }}", Path("t.j2"))))
    assert [entry.message and entry.message.text for entry in checked.entries()] == [
        "Hi J\ufffdo",
        None,
    ]
    assert (findings.ready, findings.invalid) == (1, 1)


def test_a_frame_is_checked_like_the_csv_it_was_written_to(tmp_path: Path) -> None:
    """A frame gives the same people, rows, messages and problems as its CSV.

    Both go through the door for notebooks.
    """
    frame = pd.DataFrame(
        {
            "First Name": ["Jo", None, "太郎"],
            "LinkedIn URL": ["jo-doe", "al-doe", None],
            "Since": pd.to_datetime(["2024-02-29"] * 3),
        }
    )
    path = tmp_path / "x.csv"
    frame.to_csv(path, index=False)
    template = parse("Hi {{ first_name }}, since {{ since }}", Path("t.j2"))
    both = [judge(check(runner.read(source), template)) for source in (frame, path)]
    told = [[(problem.cell, problem.code) for problem in findings.problems] for _, findings in both]
    assert told[0] == told[1] == [("A3", "blank-value"), ("B4", "recipient-missing")]
    messages = [
        [entry.message.text for entry in checked.entries() if entry.message] for checked, _ in both
    ]
    assert messages == [["Hi Jo, since 2024-02-29"]] * 2


@pytest.mark.parametrize("source", [None, 5, b"x", [1], pd.Series(["a"]), np.array([["a"]])])
def test_what_is_neither_a_path_nor_a_frame_is_a_mistake_of_the_caller(source: Any) -> None:
    """A source that is neither a path nor a frame raises TypeError, which says the given type."""
    with pytest.raises(TypeError, match=type(source).__name__):
        read(source)


def test_a_path_may_be_a_text(write: Write) -> None:
    """A path may be a text, as it mostly is in a notebook."""
    path = write("x.csv", TABLE)
    for source in (path, str(path)):
        assert rows(runner.read(source)) == [(2, ["Jo", "jo-doe", "Rome"])]


def test_values_behind_the_last_header_are_kept(tmp_path: Path) -> None:
    """A header line that ends in delimiters has room for values behind the last header.

    Rows may leave them out. A value beyond that room is told.
    """
    path = tmp_path / "x.csv"
    path.write_text("Name,URL,,\nJo,jo-doe,x,\nAl,al-doe\nBo,bo-doe,,,z\n", encoding="utf-8")
    found = list(read(path).rows())
    assert [(list(row.cells), [fault.code for fault in row.faults]) for row in found] == [
        (["Jo", "jo-doe", "x", ""], []),
        (["Al", "al-doe"], []),
        (["Bo", "bo-doe", "", "", "z"], ["ragged-row"]),
    ]
