"""XLS, XLSB and ODS are read as exactly as XLSX.

One law holds for all three, on files made by hand, whole and damaged.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import ExitCode, RefusedError
from runner.intake.reader.format import open_grid
from runner.intake.sheet import Reading, Row, load
from runner.intake.table import Table, read
from runner.system import child
from tests.intake.builders import ERRORS, Cell, Plain, Sheet, ods, xls, xlsb

Build = Callable[..., bytes]
KINDS: list[Build] = [xls, xlsb, ods]

TEXTS = [
    "Jürgen 🦊",
    "太郎",
    "e\u0301",
    "\u200bשלום",
    "00123",
    "1e5",
    "1/2",
    "TRUE",
    "NA",
    "Null",
    "None",
    "nan",
    "=1+1",
]
SPACED = ["  padded ", "two  spaces", "\u00a0", "two\nlines", "<&>\"'", "_x0041_"]
NUMBERS: dict[Plain, str] = {
    0: "0",
    123: "123",
    456.0: "456",
    -5: "-5",
    0.15: "0.15",
    3.14159: "3.14159",
    2**31: "2147483648",
    999_999_999_999_999: "999999999999999",
}
TIMES: dict[Plain, str] = {
    datetime(2024, 2, 29, 13, 45): "2024-02-29 13:45",  # noqa: DTZ001
    datetime(1999, 12, 31, 23, 59, 58): "1999-12-31 23:59:58",  # noqa: DTZ001
    time(13, 45): "13:45",
    time(0, 0, 5): "00:00:05",
}
LAWS: dict[str, list[Plain | Cell]] = {
    "texts": [*TEXTS],
    "spaced": [*SPACED],
    "inline": [Cell(text, inline=True) for text in TEXTS],
    "numbers": [*NUMBERS],
    "rounded": [7012345678901234567, "7012345678901234567", 10**15, 10**15 - 1],
    "booleans": [True, False],
    "times": [*TIMES],
    "dates": [date(2024, 2, 29), date(1987, 6, 5)],
    "hours": [timedelta(hours=27, minutes=30), timedelta(hours=100)],
    "formulas": [
        Cell(value, formula=True) for value in ("Zoë 🦊", 7, 0, 0.5, True, False, "", "after")
    ],
    "formula dates": [Cell(value, formula=True) for value in (date(2024, 2, 29), *TIMES)],
    "errors": [Cell(error=error) for error in ERRORS],
    "formula errors": [Cell(error=error, formula=True) for error in ERRORS],
    "error words": [*ERRORS],
    "links": [
        Cell("Jo", link="https://www.linkedin.com/in/jo-doe?a=1&b=2"),
        "plain",
        Cell("", link="https://example.org/"),
    ],
    "hidden": ["not shown"],
    "merged": ["all hold this", None, "alone"],
    "below": [None, None, "alone too"],
    "merged blanks": [None, None, "alone"],
}


def laid_out() -> Sheet:
    """A sheet of one row for each law. A reader of values sees nothing in its last row."""
    rows = [["law", "LinkedIn URL", *(f"column {index}" for index in range(2, 15))]]
    numbers = {name: number for number, name in enumerate(LAWS, 2)}
    return Sheet(
        "Laws",
        [
            *rows,
            *([name, *cells] for name, cells in LAWS.items()),
            [],
            [None, None, Cell(error="#REF!", formula=True)],
        ],
        hidden_rows={numbers["hidden"]},
        hidden_columns={3, 14},
        merged=[
            (numbers["merged"], 1, numbers["below"], 2),
            (numbers["merged blanks"], 1, numbers["merged blanks"], 2),
        ],
    )


def people(count: int) -> Sheet:
    """A list of that many people, in which no text repeats another."""
    return Sheet(
        "People",
        [
            ["Name", "LinkedIn URL"],
            *([f"Jürgen {index}", f"jürgen-{index}"] for index in range(2, count + 2)),
        ],
    )


def written(folder: Path, content: bytes, name: str = "list") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def listed(table: Table) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.number, tuple(row.cells)) for row in table.rows()]


def refused(path: Path) -> bool:
    try:
        listed(read(path))
    except RefusedError as error:
        return error.exit_code is ExitCode.REFUSED
    return False


def faults(row: Row) -> list[tuple[int | None, str]]:
    return [(fault.column, fault.code) for fault in row.faults]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Build:
    """A builder of each kind of file."""
    build: Build = request.param
    return build


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Table:
    """The sheet of laws, read once for each kind of file."""
    return read(written(tmp_path_factory.mktemp("laws"), request.param(laid_out())))


@pytest.fixture(scope="module")
def rows(table: Table) -> Mapping[str, Row]:
    """The rows of the table by their law, or by their number where they have no law."""
    return {row.cells[0] or str(row.number): row for row in table.rows()}


def shown(row: Row) -> list[str]:
    """The cells behind a row's law, without blanks at their end."""
    cells = list(row.cells[1:])
    while cells and not cells[-1]:
        cells.pop()
    return cells


# --- cells


@pytest.mark.parametrize("law", ["texts", "inline", "spaced"])
def test_texts_are_exact(rows: Mapping[str, Row], law: str) -> None:
    """A text is exact in any script, with zeros before it and spaces around it.

    Its look does not matter, nor whether it is shared or stands in the cell itself.
    """
    assert shown(rows[law]) == (SPACED if law == "spaced" else TEXTS)
    assert faults(rows[law]) == []


def test_numbers_are_their_digits(rows: Mapping[str, Row]) -> None:
    """A number is its digits, and a whole one has no decimal tail, however the file stores it."""
    assert shown(rows["numbers"]) == list(NUMBERS.values())
    assert faults(rows["numbers"]) == []


def test_a_number_with_too_many_digits_is_a_fault(rows: Mapping[str, Row]) -> None:
    """A number with too many digits is a fault, because its last digits are not the typed ones.

    The same digits as text are the typed ones.
    """
    assert faults(rows["rounded"]) == [(1, "rounded-number"), (3, "rounded-number")]
    assert rows["rounded"].cells[2] == "7012345678901234567"
    assert rows["rounded"].cells[4] == "999999999999999"


def test_booleans_are_as_shown(rows: Mapping[str, Row]) -> None:
    """A boolean is TRUE or FALSE, not 1 or 0."""
    assert shown(rows["booleans"]) == ["TRUE", "FALSE"]


def test_times_are_iso(rows: Mapping[str, Row]) -> None:
    """A date with its time, and a time of day, are ISO, with seconds where there are any."""
    assert shown(rows["times"]) == list(TIMES.values())


def test_dates_are_iso(rows: Mapping[str, Row]) -> None:
    """A day without a time, which is stored as a whole number, is an ISO date."""
    assert shown(rows["dates"]) == ["2024-02-29", "1987-06-05"]


def test_durations_are_hours(rows: Mapping[str, Row]) -> None:
    """A duration of more than a day is shown in hours, as [h]:mm shows it.

    The durations of an ODS are not read, and that is told.
    """
    told = [fault.code for fault in rows["hours"].faults]
    assert (shown(rows["hours"]), told) == (["27:30", "100:00"], []) or told == ["cell-unread"] * 2


def test_formulas_are_their_stored_values(rows: Mapping[str, Row]) -> None:
    """A formula is its stored value: a text, a number, a boolean or a date.

    A formula that gave an empty text is blank without a fault.
    """
    assert shown(rows["formulas"]) == ["Zoë 🦊", "7", "0", "0.5", "TRUE", "FALSE", "", "after"]
    assert shown(rows["formula dates"]) == ["2024-02-29", *TIMES.values()]
    assert faults(rows["formulas"]) + faults(rows["formula dates"]) == []


@pytest.mark.parametrize("law", ["errors", "formula errors"])
def test_an_error_is_a_fault_and_never_a_blank(rows: Mapping[str, Row], law: str) -> None:
    """Each error is a fault that names it, whether it was typed or a formula gave it."""
    assert faults(rows[law]) == [(column, "cell-error") for column in range(1, len(ERRORS) + 1)]
    for error, fault in zip(ERRORS, rows[law].faults, strict=True):
        assert fault.text == f"the cell shows the error {error}"


def test_a_text_like_an_error_is_a_text(rows: Mapping[str, Row]) -> None:
    """A text like an error is a text, because somebody typed it.

    To judge it is the task of the check, not of the reader.
    """
    assert shown(rows["error words"]) == list(ERRORS)
    assert faults(rows["error words"]) == []


def test_a_last_row_of_errors_is_not_dropped(table: Table, rows: Mapping[str, Row]) -> None:
    """A last row of errors is not dropped, even when the reader of values ends before it."""
    last = len(LAWS) + 3
    assert list(rows) == [*LAWS, str(last)]
    assert [row.number for row in table.rows()] == [*range(2, last - 1), last]
    assert faults(rows[str(last)]) == [(2, "cell-error")]


# --- the marks of a sheet beside its cells


def test_hidden_rows_are_flagged(rows: Mapping[str, Row]) -> None:
    """Only hidden rows are flagged, and they are read like the others."""
    assert [name for name, row in rows.items() if row.hidden] == ["hidden"]
    assert shown(rows["hidden"]) == ["not shown"]


def test_hidden_columns_are_told(table: Table) -> None:
    """Hidden columns are told by their letters, and they are read like the others."""
    assert table.notices[-1] == "Hidden columns are read like the others: D, O."
    assert table.columns[3].header == "column 3"


def test_merged_cells_are_faults_but_for_the_first(rows: Mapping[str, Row]) -> None:
    """The merged cells beside and below the first one are faults.

    Nobody can tell there whether a cell is blank or holds the same again.
    """
    assert rows["merged"].cells[1:4] == ["all hold this", "", "alone"]
    assert faults(rows["merged"]) == [(2, "merged-cell")]
    assert rows["below"].cells[1:4] == ["", "", "alone too"]
    assert faults(rows["below"]) == [(1, "merged-cell"), (2, "merged-cell")]


def test_merged_blanks_are_faults_alike(rows: Mapping[str, Row]) -> None:
    """Merged blanks are the same faults in every kind, though their first cell is blank, too."""
    assert faults(rows["merged blanks"]) == [(2, "merged-cell")]


def test_links_come_with_their_row(rows: Mapping[str, Row]) -> None:
    """The text stays the text, and the target behind it is handed on, also behind a blank."""
    assert {name: list(row.links) for name, row in rows.items() if row.links} == {
        "links": [(1, "https://www.linkedin.com/in/jo-doe?a=1&b=2"), (3, "https://example.org/")]
    }
    assert shown(rows["links"]) == ["Jo", "plain"]


@pytest.mark.parametrize(
    ("build", "value"),
    [(xls, None), (xls, 0), (ods, None)],
    ids=["xls-xlwt", "xls-phpexcel", "ods"],
)
def test_a_formula_without_a_stored_value_is_a_fault(
    tmp_path: Path, build: Build, value: Plain
) -> None:
    """A formula without a stored value is a fault: never blank and never 0.

    A program that does not calculate writes it. It is a fault also in a row that holds nothing
    else.
    """
    formula = Cell(value, formula=True, cached=False)
    sheet = Sheet("People", [["Name", "LinkedIn URL"], ["Jo", formula], [], [formula, formula]])
    found = list(read(written(tmp_path, build(sheet))).rows())
    assert [(row.number, faults(row)) for row in found] == [
        (2, [(1, "formula-uncached")]),
        (4, [(0, "formula-uncached"), (1, "formula-uncached")]),
    ]


def test_the_same_row_again_is_a_row(tmp_path: Path, kind: Build) -> None:
    """The same row again is a row with all its marks, even if the file writes it once for many."""
    same: list[Plain | Cell] = [
        "Jo",
        Cell("link", link="https://example.org/"),
        Cell(error="#N/A"),
        Cell(error="#N/A"),
        "x",
        "x",
    ]
    sheet = Sheet(
        "People",
        [["Name", "LinkedIn URL", "a", "b", "c", "d"], *[same] * 3, ["Al"]],
        hidden_rows={2, 3, 4},
    )
    *again, last = read(written(tmp_path, kind(sheet))).rows()
    for number, row in enumerate(again, 2):
        assert (row.number, faults(row), row.hidden) == (
            number,
            [(2, "cell-error"), (3, "cell-error")],
            True,
        )
        assert (list(row.links), row.cells[4:]) == ([(1, "https://example.org/")], ["x", "x"])
    assert (last.number, last.cells, last.hidden) == (5, ["Al", "", "", "", "", ""], False)


def test_a_table_may_stand_anywhere(tmp_path: Path, kind: Build) -> None:
    """Rows and columns are counted from the sheet's corner, blank ones too."""
    sheet = Sheet(
        "People",
        [
            [],
            [],
            [None, None, "Name", "LinkedIn URL"],
            [],
            [None, None, "Jo", "jo-doe"],
            [],
            [],
            [None, None, "Al", None],
        ],
    )
    table = read(written(tmp_path, kind(sheet)))
    assert (table.header_row, [column.header for column in table.columns]) == (
        3,
        ["", "", "Name", "LinkedIn URL"],
    )
    assert listed(table) == [(5, ("", "", "Jo", "jo-doe")), (8, ("", "", "Al", ""))]


def test_a_long_list_is_read_to_its_end(tmp_path: Path, kind: Build) -> None:
    """A list is read to its end, and the same when it is walked twice.

    It is longer than a record of shared texts, a packed block or a piece of an answer.
    """
    table = read(written(tmp_path, kind(people(1200))))
    expected = [(index, (f"Jürgen {index}", f"jürgen-{index}")) for index in range(2, 1202)]
    assert listed(table) == expected
    assert listed(table) == expected


def test_a_sheet_without_rows_is_refused(tmp_path: Path, kind: Build) -> None:
    """A sheet without rows is refused as empty, not as damaged."""
    with pytest.raises(RefusedError, match="empty"):
        read(written(tmp_path, kind(Sheet("People", []))))


# --- which sheet


def tab(name: str, state: Any = "visible") -> Sheet:
    return Sheet(name, [["LinkedIn URL"], [f"in {name}"]], state)


def test_the_only_visible_sheet_is_read(tmp_path: Path, kind: Build) -> None:
    """The only visible sheet is read without a notice, even if a hidden one is active."""
    path = written(
        tmp_path,
        kind(tab("Config", "veryHidden"), tab("Old", "hidden"), tab("Péople 🦊"), active=1),
    )
    table = read(path)
    assert (table.sheet, listed(table), table.notices) == (
        "Péople 🦊",
        [(2, ("in Péople 🦊",))],
        (),
    )


def test_of_several_sheets_the_active_is_read(tmp_path: Path, kind: Build) -> None:
    """The active sheet of several is read, with a notice that names the others a person can see."""
    path = written(
        tmp_path, kind(tab("Old"), tab("Config", "hidden"), tab("People"), tab("More"), active=2)
    )
    table = read(path)
    assert (table.sheet, listed(table)) == ("People", [(2, ("in People",))])
    assert table.notices == (
        "Reading the worksheet 'People'; list also has: 'Old', 'More'. --sheet NAME takes another.",
    )


@pytest.mark.parametrize("name", ["Old", " oLD "])
def test_a_sheet_can_be_named(tmp_path: Path, kind: Build, name: str) -> None:
    """A sheet can be named in any case, a hidden one too, and there is no notice."""
    grid = open_grid(
        load(written(tmp_path, kind(tab("People"), tab("Old", "hidden")))), Reading(sheet=name)
    )
    assert (grid.sheet, [list(row.cells) for row in grid.walk()]) == (
        "Old",
        [["LinkedIn URL"], ["in Old"]],
    )
    assert grid.notices == ()


def test_a_sheet_that_is_not_there_is_refused(tmp_path: Path, kind: Build) -> None:
    """A sheet that is not there is refused, with the names of the sheets that are."""
    path = written(tmp_path, kind(tab("People"), tab("Old", "hidden")))
    with pytest.raises(RefusedError, match="no worksheet 'Peple'") as caught:
        read(path, Reading(sheet="Peple"))
    assert caught.value.remedy == "It has: 'People', 'Old'."


def test_hidden_sheets_are_not_chosen(tmp_path: Path, kind: Build) -> None:
    """A hidden sheet is not chosen, since nobody saw its content.

    The refusal says how to name one.
    """
    path = written(tmp_path, kind(tab("Config", "veryHidden"), tab("Old", "hidden")))
    with pytest.raises(RefusedError, match="All worksheets of list are hidden") as caught:
        read(path)
    assert caught.value.remedy == "Say which is meant: --sheet 'Config', --sheet 'Old'."


# --- files that are not what they should be


def test_a_password_is_named(tmp_path: Path, kind: Build) -> None:
    """The refusal names the password, because a person can take it off.

    The word "damaged" would send the person looking for another file.
    """
    with pytest.raises(RefusedError, match="password") as caught:
        read(written(tmp_path, kind(people(3), protected=True)))
    assert "without a password" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("build", "name", "really"),
    [
        (xls, "list.xlsx", "an old XLS workbook"),
        (xlsb, "list.xls", "an XLSB workbook"),
        (ods, "list.csv", "an ODS spreadsheet"),
    ],
)
def test_a_wrong_name_is_told(tmp_path: Path, build: Build, name: str, really: str) -> None:
    """A file is read by its content, and a wrong name is told."""
    table = read(written(tmp_path, build(people(1)), name))
    assert listed(table) == [(2, ("Jürgen 2", "jürgen-2"))]
    assert table.notices == (
        f"{name} is really {really}, whatever its name says; it was read as that.",
    )


@pytest.mark.parametrize(
    ("build", "cuts"), [(xls, 12), (xlsb, 60), (ods, 60)], ids=["xls", "xlsb", "ods"]
)
def test_a_file_cut_short_is_refused(tmp_path: Path, build: Build, cuts: int) -> None:
    """A file that is cut short is refused, and never read as a shorter list.

    It ends anywhere between its signature and its last byte before the padding.
    """
    whole = build(people(200))
    last = len(whole.rstrip(b"\0")) - 1
    assert [
        cut
        for cut in [*range(8, last, last // cuts), last]
        if not refused(written(tmp_path, whole[:cut]))
    ] == []


@pytest.mark.parametrize(
    ("build", "encoding"), [(xlsb, "utf-16-le"), (ods, "utf-8")], ids=["xlsb", "ods"]
)
def test_a_changed_letter_is_refused(tmp_path: Path, build: Build, encoding: str) -> None:
    """A changed letter is refused, although the parts are not packed.

    Then only the checksum of a part tells that it is not as it was written.
    """
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(build(people(3)))) as packed,
        zipfile.ZipFile(file, "w") as plain,
    ):
        for name in packed.namelist():
            plain.writestr(name, packed.read(name))
    before, after = (text.encode(encoding) for text in ("jürgen-3", "jürgen-8"))
    assert listed(read(written(tmp_path, file.getvalue())))[1] == (3, ("Jürgen 3", "jürgen-3"))
    assert before in file.getvalue()
    assert refused(written(tmp_path, file.getvalue().replace(before, after)))


@pytest.mark.parametrize("build", [xlsb, ods])
def test_a_wrong_place_of_the_list_of_parts_is_refused(tmp_path: Path, build: Build) -> None:
    """A ZIP file is refused if it says that its list of parts begins behind the file's end."""
    whole = build(people(3))
    assert refused(written(tmp_path, whole[:-6] + (2**16).to_bytes(4, "little") + whole[-2:]))


@pytest.mark.slow
@pytest.mark.parametrize("build", [xlsb, ods])
def test_a_cell_far_away_is_told(tmp_path: Path, build: Build) -> None:
    """A cell in the last corner of the sheet is told; somebody once pressed a key there.

    The file is not called damaged, and it does not take half an hour of blanks.
    """
    rows: list[list[Plain | Cell]] = [
        ["Name", "LinkedIn URL"],
        *([] for _ in range(2**20 - 2)),
        [*[None] * (2**14 - 1), "x"],
    ]
    with pytest.raises(RefusedError, match="more than 1,000 columns or 1,048,576 rows"):
        read(written(tmp_path, build(Sheet("People", rows))))


@given(
    flips=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=3
    )
)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changed_bytes_are_refused_or_read(kind: Build, flips: list[tuple[float, int]]) -> None:
    """Changed bytes give a refusal or a table, in any parser.

    A table out of a ZIP file, which knows its checksums, is the same as before.
    """
    whole = kind(people(3))
    end = len(whole.rstrip(b"\0")) if kind is xls else len(whole)
    changed = bytearray(whole)
    for place, bits in flips:
        changed[int(place * end)] ^= bits
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = listed(read(written(Path(folder), bytes(changed))))
        except RefusedError:
            return
    if kind is not xls:
        assert found == [(index, (f"Jürgen {index}", f"jürgen-{index}")) for index in range(2, 5)]


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ([], "os._exit(139)"),
        (['[[1, ["LinkedIn URL"]], [2, ["jo-doe"]]]'], "os.kill(os.getpid(), 9)"),
        (
            ['[[1, ["LinkedIn URL"]]]', '{"sheet": "People", "notices": [], "width": 1}'],
            "os._exit(139)",
        ),
        ([], "os._exit(0)"),
    ],
    ids=["at once", "among rows", "at the end", "without a word"],
)
def test_a_reader_that_dies_is_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], end: str
) -> None:
    """A reader that dies means a damaged file, no matter what it had said by then.

    It need not have listened to its input.
    """
    popen = subprocess.Popen

    def dying(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        assert command[-1] == child.__name__
        return popen(
            [
                sys.executable,
                "-c",
                (
                    f"import os, sys\nfor frame in {words!r}:\n"
                    "    out = len(frame).to_bytes(4, 'big') + frame.encode()\n"
                    f"    sys.stdout.buffer.write(out)\nsys.stdout.flush()\n{end}"
                ),
            ],
            **options,
        )

    monkeypatch.setattr(subprocess, "Popen", dying)
    with pytest.raises(RefusedError, match="damaged") as caught:
        listed(read(written(tmp_path, xls(people(3000)))))
    assert "save it again" in str(caught.value.remedy)


@pytest.mark.parametrize("build", [xls, xlsb, ods])
def test_a_link_that_a_formula_makes_is_a_link(tmp_path: Path, build: Build) -> None:
    """A link that a formula makes is a link; the name that it shows is not the person's ID."""
    url = "https://www.linkedin.com/in/jürgen-1"
    rows: list[list[Plain | Cell]] = [
        ["Name", "LinkedIn URL"],
        ["Jürgen", Cell("Jürgen", formula=True, target=url)],
    ]
    path = tmp_path / "x"
    path.write_bytes(build(Sheet("People", rows)))
    (row,) = read(path).rows()
    assert (row.cells[1], list(row.links)) == ("Jürgen", [(1, url)])


@pytest.mark.parametrize("build", [xls, xlsb, ods])
def test_zeros_that_are_only_shown_are_told(tmp_path: Path, build: Build) -> None:
    """Zeros that are only shown are told.

    The sheet shows 00123 and stores 123, and the reader of values hands 123 on.
    """
    numbers = [123, 123.5, 2**30 + 1, 7]
    rows: list[list[Plain | Cell]] = [
        ["Name", "LinkedIn URL", "Zip"],
        *(["Jo", f"jo-{n}", Cell(n, padded=n != 7)] for n in numbers),
    ]
    path = tmp_path / "x"
    path.write_bytes(build(Sheet("People", rows)))
    told = [[(fault.column, fault.code) for fault in row.faults] for row in read(path).rows()]
    assert (told[0], told[3]) == ([(2, "cell-unread")], [])
