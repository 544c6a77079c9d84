"""XLS, XLSB and ODS are read as exactly as XLSX: one law for all three, held on files made by hand,
whole and damaged."""

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
from runner.intake.reader import isolated
from runner.intake.reader.format import open_grid
from runner.intake.sheet import Reading, Row, load
from runner.intake.table import Table, read
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
    """A sheet of one row for each law, and as its last a row in which a reader of values sees
    nothing."""
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
    """A list of that many people, every text of it another."""
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
    """The sheet of laws, read once of each kind."""
    return read(written(tmp_path_factory.mktemp("laws"), request.param(laid_out())))


@pytest.fixture(scope="module")
def rows(table: Table) -> Mapping[str, Row]:
    """Its rows by their law, or their number where they have none."""
    return {row.cells[0] or str(row.number): row for row in table.rows()}


def shown(row: Row) -> list[str]:
    """What stands behind a row's law."""
    cells = list(row.cells[1:])
    while cells and not cells[-1]:
        cells.pop()
    return cells


# --- cells


@pytest.mark.parametrize("law", ["texts", "inline", "spaced"])
def test_texts_are_exact(rows: Mapping[str, Row], law: str) -> None:
    """In any script, with zeros before and spaces around, whatever they look like, shared or in the
    cell itself."""
    assert shown(rows[law]) == (SPACED if law == "spaced" else TEXTS)
    assert faults(rows[law]) == []


def test_numbers_are_their_digits(rows: Mapping[str, Row]) -> None:
    """Whole ones without a decimal tail, however the file stores them."""
    assert shown(rows["numbers"]) == list(NUMBERS.values())
    assert faults(rows["numbers"]) == []


def test_a_number_with_too_many_digits_is_a_fault(rows: Mapping[str, Row]) -> None:
    """Its last digits are not what was typed; the same digits as text are."""
    assert faults(rows["rounded"]) == [(1, "rounded-number"), (3, "rounded-number")]
    assert rows["rounded"].cells[2] == "7012345678901234567"
    assert rows["rounded"].cells[4] == "999999999999999"


def test_booleans_are_as_shown(rows: Mapping[str, Row]) -> None:
    """TRUE and FALSE, not 1 and 0."""
    assert shown(rows["booleans"]) == ["TRUE", "FALSE"]


def test_times_are_iso(rows: Mapping[str, Row]) -> None:
    """A date with its time, and a time of day, with seconds where there are any."""
    assert shown(rows["times"]) == list(TIMES.values())


def test_dates_are_iso(rows: Mapping[str, Row]) -> None:
    """A day without a time, which is stored as a whole number."""
    assert shown(rows["dates"]) == ["2024-02-29", "1987-06-05"]


def test_durations_are_hours(rows: Mapping[str, Row]) -> None:
    """More than a day's worth, as [h]:mm shows it; from an ODS, of which they are not read,
    told."""
    told = [fault.code for fault in rows["hours"].faults]
    assert (shown(rows["hours"]), told) == (["27:30", "100:00"], []) or told == ["cell-unread"] * 2


def test_formulas_are_their_stored_values(rows: Mapping[str, Row]) -> None:
    """Text, number, boolean, date; and a formula that gave an empty text is blank without fault."""
    assert shown(rows["formulas"]) == ["Zoë 🦊", "7", "0", "0.5", "TRUE", "FALSE", "", "after"]
    assert shown(rows["formula dates"]) == ["2024-02-29", *TIMES.values()]
    assert faults(rows["formulas"]) + faults(rows["formula dates"]) == []


@pytest.mark.parametrize("law", ["errors", "formula errors"])
def test_an_error_is_a_fault_and_never_a_blank(rows: Mapping[str, Row], law: str) -> None:
    """Each is named, whether it was typed or a formula gave it."""
    assert faults(rows[law]) == [(column, "cell-error") for column in range(1, len(ERRORS) + 1)]
    for error, fault in zip(ERRORS, rows[law].faults, strict=True):
        assert fault.text == f"the cell shows the error {error}"


def test_a_text_like_an_error_is_a_text(rows: Mapping[str, Row]) -> None:
    """Somebody typed it; what the check makes of it is not the reader's."""
    assert shown(rows["error words"]) == list(ERRORS)
    assert faults(rows["error words"]) == []


def test_a_last_row_of_errors_is_not_dropped(table: Table, rows: Mapping[str, Row]) -> None:
    """Even when the reader of values ends before it."""
    last = len(LAWS) + 3
    assert list(rows) == [*LAWS, str(last)]
    assert [row.number for row in table.rows()] == [*range(2, last - 1), last]
    assert faults(rows[str(last)]) == [(2, "cell-error")]


# --- what a sheet says beside its cells


def test_hidden_rows_are_flagged(rows: Mapping[str, Row]) -> None:
    """Only they, and they are read like the others."""
    assert [name for name, row in rows.items() if row.hidden] == ["hidden"]
    assert shown(rows["hidden"]) == ["not shown"]


def test_hidden_columns_are_told(table: Table) -> None:
    """By their letters, and they are read like the others."""
    assert table.notices[-1] == "Hidden columns are read like the others: D, O."
    assert table.columns[3].header == "column 3"


def test_merged_cells_are_faults_but_for_the_first(rows: Mapping[str, Row]) -> None:
    """Beside and below it, where nobody can tell blank from the same again."""
    assert rows["merged"].cells[1:4] == ["all hold this", "", "alone"]
    assert faults(rows["merged"]) == [(2, "merged-cell")]
    assert rows["below"].cells[1:4] == ["", "", "alone too"]
    assert faults(rows["below"]) == [(1, "merged-cell"), (2, "merged-cell")]


def test_merged_blanks_are_faults_alike(rows: Mapping[str, Row]) -> None:
    """The same in every kind, though nothing stands in the first of them."""
    assert faults(rows["merged blanks"]) == [(2, "merged-cell")]


def test_links_come_with_their_row(rows: Mapping[str, Row]) -> None:
    """The text stays the text; the target behind it is handed on, also behind a blank."""
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
    """Written by a program that does not calculate: never blank, never 0, also in a row that holds
    nothing else."""
    formula = Cell(value, formula=True, cached=False)
    sheet = Sheet("People", [["Name", "LinkedIn URL"], ["Jo", formula], [], [formula, formula]])
    found = list(read(written(tmp_path, build(sheet))).rows())
    assert [(row.number, faults(row)) for row in found] == [
        (2, [(1, "formula-uncached")]),
        (4, [(0, "formula-uncached"), (1, "formula-uncached")]),
    ]


def test_the_same_row_again_is_a_row(tmp_path: Path, kind: Build) -> None:
    """With all that is said of it, also where the file says it once for many."""
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
    """Longer than a record of shared texts, a packed block or an answer's piece; and walked twice,
    the same."""
    table = read(written(tmp_path, kind(people(1200))))
    expected = [(index, (f"Jürgen {index}", f"jürgen-{index}")) for index in range(2, 1202)]
    assert listed(table) == expected
    assert listed(table) == expected


def test_a_sheet_without_rows_is_refused(tmp_path: Path, kind: Build) -> None:
    """It is empty, not damaged."""
    with pytest.raises(RefusedError, match="empty"):
        read(written(tmp_path, kind(Sheet("People", []))))


# --- which sheet


def tab(name: str, state: Any = "visible") -> Sheet:
    return Sheet(name, [["LinkedIn URL"], [f"in {name}"]], state)


def test_the_only_visible_sheet_is_read(tmp_path: Path, kind: Build) -> None:
    """Without a word, even when the workbook opens with a hidden one."""
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
    """With a notice that names the others a person can see."""
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
    """In any case, and a hidden one too, without a notice."""
    grid = open_grid(
        load(written(tmp_path, kind(tab("People"), tab("Old", "hidden")))), Reading(sheet=name)
    )
    assert (grid.sheet, [list(row.cells) for row in grid.walk()]) == (
        "Old",
        [["LinkedIn URL"], ["in Old"]],
    )
    assert grid.notices == ()


def test_a_sheet_that_is_not_there_is_refused(tmp_path: Path, kind: Build) -> None:
    """With the names of those that are."""
    path = written(tmp_path, kind(tab("People"), tab("Old", "hidden")))
    with pytest.raises(RefusedError, match="no worksheet 'Peple'") as caught:
        read(path, Reading(sheet="Peple"))
    assert caught.value.remedy == "It has: 'People', 'Old'."


def test_hidden_sheets_are_not_chosen(tmp_path: Path, kind: Build) -> None:
    """Nobody saw what is in them; the refusal says how to name one."""
    path = written(tmp_path, kind(tab("Config", "veryHidden"), tab("Old", "hidden")))
    with pytest.raises(RefusedError, match="All worksheets of list are hidden") as caught:
        read(path)
    assert caught.value.remedy == "Say which is meant: --sheet 'Config', --sheet 'Old'."


# --- files that are not what they should be


def test_a_password_is_named(tmp_path: Path, kind: Build) -> None:
    """A person can take it off; "damaged" would send them looking for another file."""
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
    """A file is read by what is in it."""
    table = read(written(tmp_path, build(people(1)), name))
    assert listed(table) == [(2, ("Jürgen 2", "jürgen-2"))]
    assert table.notices == (
        f"{name} is really {really}, whatever its name says; it was read as that.",
    )


@pytest.mark.parametrize(
    ("build", "cuts"), [(xls, 12), (xlsb, 60), (ods, 60)], ids=["xls", "xlsb", "ods"]
)
def test_a_file_cut_short_is_refused(tmp_path: Path, build: Build, cuts: int) -> None:
    """Wherever between its signature and its last byte but padding it ends: never a shorter
    list."""
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
    """Where parts are not packed, only their sums tell that one is not as it was written."""
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
    """A ZIP file that says its list of parts begins behind the file's end."""
    whole = build(people(3))
    assert refused(written(tmp_path, whole[:-6] + (2**16).to_bytes(4, "little") + whole[-2:]))


@pytest.mark.slow
@pytest.mark.parametrize("build", [xlsb, ods])
def test_a_cell_far_away_is_told(tmp_path: Path, build: Build) -> None:
    """In the last corner of the sheet, where somebody once pressed a key: not damaged, and not half
    an hour of blanks."""
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
    """Whatever a parser makes of them, it is a refusal or a table; one out of a ZIP file, which
    knows its sums, is the same."""
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
    """Whatever it had said by then; and it need not have listened."""
    popen = subprocess.Popen

    def dying(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        assert command[-1] == isolated.__name__
        return popen(
            [
                sys.executable,
                "-c",
                f"import os\nfor line in {words!r}: print(line, flush=True)\n{end}",
            ],
            **options,
        )

    monkeypatch.setattr(subprocess, "Popen", dying)
    with pytest.raises(RefusedError, match="damaged") as caught:
        listed(read(written(tmp_path, xls(people(3000)))))
    assert "save it again" in str(caught.value.remedy)


@pytest.mark.parametrize("build", [xls, xlsb, ods])
def test_a_link_that_a_formula_makes_is_a_link(tmp_path: Path, build: Build) -> None:
    """The name that it shows is not the person's ID."""
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
    """What the sheet shows as 00123 is stored as 123, and that is what the reader of values hands
    on."""
    numbers = [123, 123.5, 2**30 + 1, 7]
    rows: list[list[Plain | Cell]] = [
        ["Name", "LinkedIn URL", "Zip"],
        *(["Jo", f"jo-{n}", Cell(n, padded=n != 7)] for n in numbers),
    ]
    path = tmp_path / "x"
    path.write_bytes(build(Sheet("People", rows)))
    told = [[(fault.column, fault.code) for fault in row.faults] for row in read(path).rows()]
    assert (told[0], told[3]) == ([(2, "cell-unread")], [])
