"""The cells and the structure of an XLSX workbook are read alike from any program.

Two readers check each other.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl import Workbook

from runner.errors import RefusedError
from runner.intake.cell import ERROR_TEXT
from runner.intake.reader.marks import COMPUTED
from runner.intake.reader.workbook import _calamine, _openpyxl
from runner.intake.sheet import Reading, Row
from runner.intake.table import Table, read
from tests.intake.books import MAIN, RELATED, Tab, cell, number, row, rows, text, xlsx

_FORMATS: Final = (
    "00000",
    14,
    "yyyy\\-mm\\-dd hh:mm",
    20,
    "[h]:mm",
    9,
    '"$"#,##0.00',
    "[$-409]d. mmm yyyy;@",
    "@",
    "00000-0000",
)
PADDED, DATE, MOMENT, TIME, SPAN, PERCENT, MONEY, OWN_DATE, AS_TEXT, IN_GROUPS = range(
    1, len(_FORMATS) + 1
)
URL: Final = "https://www.linkedin.com/in/jane-doe"


class Case(NamedTuple):
    """A cell's raw XML after its place, and its expected text, faults and links.

    `shared` is the raw inside of its shared string.
    """

    inner: str
    expected: str
    kind: str = ""
    style: int = 0
    faults: Sequence[str] = ()
    links: Sequence[str] = ()
    shared: str | None = None


def _inline(raw: str, expected: str) -> Case:
    return Case(f'<is><t xml:space="preserve">{raw}</t></is>', expected, "inlineStr")


def _shared(raw: str, expected: str) -> Case:
    return Case("", expected, "s", shared=raw)


def _number(raw: str, expected: str, style: int = 0, *faults: str) -> Case:
    return Case(f"<v>{raw}</v>", expected, style=style, faults=faults)


# Cells that either reader may be given.
PLAIN: Final[Mapping[str, Case]] = {
    "text of digits": _shared("<t>00123</t>", "00123"),
    "number": _number("123", "123"),
    "number with a decimal tail": _number("123.0", "123"),
    "negative number": _number("-5", "-5"),
    "nothing less than nothing": _number("-0", "0"),
    "number with an exponent": _number("1E3", "1000"),
    "hundred billions": _number("1E11", "100000000000"),
    "decimal": _number("0.15", "0.15"),
    "decimal as Excel stores it": _number("0.30000000000000004", "0.3"),
    "15 digits": _number("123456789012345", "123456789012345"),
    "19 digits as Excel writes them": _number(
        "7.012345678901235E+18", "7.012345678901235e+18", 0, "rounded-number"
    ),
    "blank": Case("", ""),
    "percentage": _number("0.15", "0.15", PERCENT),
    "money": _number("1234.5", "1234.5", MONEY),
    "number under the format of texts": _number("123", "123", AS_TEXT),
    "true": Case("<v>1</v>", "TRUE", "b"),
    "false": Case("<v>0</v>", "FALSE", "b"),
    "formula with a number": Case("<f>1+1</f><v>2</v>", "2"),
    "formula with a text": Case("<f>A1</f><v>Jo</v>", "Jo", "str"),
    "formula with a boolean": Case("<f>1=1</f><v>1</v>", "TRUE", "b"),
    "formula without a value": Case("<f>1+1</f>", "", faults=["formula-uncached"]),
    "formula with an empty value": Case("<f>1+1</f><v></v>", "", faults=["formula-uncached"]),
    "formula with a closed value": Case("<f>1+1</f><v/>", "", faults=["formula-uncached"]),
    "formula of a text without a value": Case("<f>A1</f>", "", "str", faults=["formula-uncached"]),
    "shared formula without a value": Case(
        '<f t="shared" si="0"/>', "", faults=["formula-uncached"]
    ),
    "formula with an empty text": Case("<f>A9</f><v></v>", "", "str"),
    "HYPERLINK": Case(f'<f>HYPERLINK("{URL}","Jane")</f><v>Jane</v>', "Jane", "str", links=[URL]),
    "HYPERLINK in another manner": Case(
        f'<f> hyperlink( "{URL}" ; "Jane")</f><v>Jane</v>', "Jane", "str", links=[URL]
    ),
    "HYPERLINK with a quote": Case(
        '<f>HYPERLINK("x""y")</f><v>Jane</v>', "Jane", "str", links=['x"y']
    ),
    "HYPERLINK within another": Case(
        f'<f>IF(A1="","",HYPERLINK("{URL}","Jane"))</f><v>Jane</v>', "Jane", "str", links=[COMPUTED]
    ),
    "HYPERLINK that is put together": Case(
        '<f>HYPERLINK("x/"&amp;A1,"Jane")</f><v>Jane</v>', "Jane", "str", links=[COMPUTED]
    ),
    "HYPERLINK that others share": Case(
        '<f t="shared" si="7" ref="B1:B9">HYPERLINK("x"&amp;A1)</f><v>Jane</v>',
        "Jane",
        "str",
        links=[COMPUTED],
    ),
    "HYPERLINK that is another's": Case(
        '<f t="shared" si="7"/><v>Jane</v>', "Jane", "str", links=[COMPUTED]
    ),
    "HYPERLINK of a cell": Case("<f>HYPERLINK(B1)</f><v>Jane</v>", "Jane", "str", links=[COMPUTED]),
    "rich text": _shared("<r><t>Ja</t></r><r><rPr><b/></rPr><t>ne</t></r>", "Jane"),
    "rich text in the cell": Case("<is><r><t>Ja</t></r><r><t>ne</t></r></is>", "Jane", "inlineStr"),
    "ruby": _shared(
        '<t>太郎</t><rPh sb="0" eb="2"><t>タロウ</t></rPh><phoneticPr fontId="0"/>', "太郎"
    ),
    "ruby in the cell": Case(
        '<is><t>太郎</t><rPh sb="0" eb="2"><t>タロウ</t></rPh></is>', "太郎", "inlineStr"
    ),
    "text in the cell": _inline("Jo", "Jo"),
    "text of a formula, without one": Case("<v>Jo</v>", "Jo", "str"),
    "carriage return": _shared("<t>a_x000D_&#10;b</t>", "a\r\nb"),
    "carriage return in the cell": _inline("a_x000D_&#10;b", "a\r\nb"),
    "carriage return of a formula": Case("<v>a_x000D_b</v>", "a\rb", "str"),
    "carriage return as an entity": _inline("a&#13;&#10;b", "a\r\nb"),
    "escape in small letters": _inline("a_x000d_b", "a\rb"),
    "what looks like an escape": _shared("<t>_x005F_x0041_</t>", "_x0041_"),
    "what looks like an escape, in the cell": _inline("_x005F_x0041_", "_x0041_"),
    "what is no escape": _shared("<t>a_X000D_b _x00_ _xGGGG_</t>", "a_X000D_b _x00_ _xGGGG_"),
    "padding": _shared('<t xml:space="preserve"> a </t>', " a "),
    "no-break space, ZWSP, mark and BOM": _shared(
        "<t>\u00a0a\u200bb\u200e\ufeff</t>", "\u00a0a\u200bb\u200e\ufeff"
    ),
    "emoji and a decomposed accent": _shared("<t>e\u0301 👩\u200d💻</t>", "e\u0301 👩\u200d💻"),
    "line breaks": _shared("<t>a\nb</t>", "a\nb"),
    "marked section": _inline("<![CDATA[a<b]]>", "a<b"),
    "comment within": _inline("a<!-- c -->b", "ab"),
    "value in place of a text": Case("<v>x</v>", "", "inlineStr", faults=["cell-unread"]),
    "text and value": Case("<v>9</v><is><t>is</t></is>", "is", "inlineStr"),
    "empty shared string": _shared("<t/>", ""),
    "shared string of nothing": _shared("", ""),
    **{
        f"text {word}": _shared(f"<t>{word}</t>", word)
        for word in (
            "NA",
            "N/A",
            "null",
            "None",
            "nan",
            "NaN",
            "#N/A",
            "Null",
            "TRUE",
            "1e5",
            "1/2",
            "=1+1",
            "'00123",
            "-",
        )
    },
}
# Cells that show something else than they store, and cells that only one of the two readers reads
# in full.
SPECIAL: Final[Mapping[str, Case]] = {
    "16 digits": _number("7012345678901234", "7012345678901234", 0, "rounded-number"),
    "19 digits in full": _number("7012345678901234567", "7012345678901234567", 0, "rounded-number"),
    "2 to the 53rd and one": _number("9007199254740993", "9007199254740993", 0, "rounded-number"),
    "character in two escapes": _shared("<t>_xD83D__xDE00_</t>", "😀"),
    "half a character": _shared("<t>a_xD83D_b</t>", "a\ufffdb"),
    "padded number": _number("123", "00123", PADDED),
    "padded number that is long": _number("1234567", "1234567", PADDED),
    "padded number below zero": _number("-7", "-00007", PADDED),
    "padded in groups": _number("12341234", "12341234", IN_GROUPS, "cell-unread"),
    "padded decimal": _number("1.5", "1.5", PADDED),
    "formatted blank": Case("", "", style=DATE),
    "date": _number("45351", "2024-02-29", DATE),
    "date in a person's own format": _number("45351", "2024-02-29", OWN_DATE),
    "date and time": _number("45351.5729166667", "2024-02-29 13:45", MOMENT),
    "date and time with seconds": _number("45351.57306712963", "2024-02-29 13:45:13", MOMENT),
    "time": _number("0.572916666666667", "13:45", TIME),
    "hours beyond a day": _number("1.14583333333333", "27:30", SPAN),
    "29 February 1900": _number("60", "1900-02-28", DATE),
    "1 March 1900": _number("61", "1900-03-01", DATE),
    "date of a formula": Case("<f>TODAY()</f><v>45351</v>", "2024-02-29", style=DATE),
    "date of a formula without a value": Case(
        "<f>TODAY()</f>", "", style=DATE, faults=["formula-uncached"]
    ),
    "ISO date": Case("<v>2024-02-29</v>", "2024-02-29", "d"),
    "ISO date and time": Case("<v>2024-02-29T13:45:00</v>", "2024-02-29 13:45", "d"),
    "text before a value": Case(
        "<is><t>is</t></is><v>9</v>", "is", "inlineStr", faults=["cell-unread"]
    ),
    "error": Case("<v>#N/A</v>", "#N/A", "e", faults=["cell-error"]),
    "error of a formula": Case("<f>1/0</f><v>#DIV/0!</v>", "#DIV/0!", "e", faults=["cell-error"]),
    "error of today's Excel": Case(
        "<f>A1#</f><v>#SPILL!</v>", "#SPILL!", "e", faults=["cell-error"]
    ),
    "error that is not said": Case("", "", "e", faults=["cell-error"]),
}


def _book(cases: Mapping[str, Case]) -> bytes:
    """A workbook with one case per row, in column B under the header Value.

    The number of the row is the number of the case.
    """
    shared, body = ["<t>never named</t>"], [row(1, text("A1", "Case"), text("B1", "Value"))]
    for at, (name, case) in enumerate(cases.items(), 2):
        inner = case.inner
        if case.shared is not None:
            inner = f"<v>{len(shared)}</v>"
            shared.append(case.shared)
        body.append(
            row(at, text(f"A{at}", name), cell(f"B{at}", inner, case.kind, style=case.style))
        )
    return xlsx("".join(body), shared=shared, styles=_FORMATS)


def _read(data: bytes, folder: Path, reading: Reading | None = None) -> Table:
    path = folder / "x.xlsx"
    path.write_bytes(data)
    return read(path, reading)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """The plain cases, in a workbook of nothing else."""
    return {
        row.cells[0]: row for row in _read(_book(PLAIN), tmp_path_factory.mktemp("plain")).rows()
    }


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """The plain cases beside the special ones.

    Because of the special ones the whole worksheet is read in another way.
    """
    return {
        row.cells[0]: row
        for row in _read(_book({**PLAIN, **SPECIAL}), tmp_path_factory.mktemp("special")).rows()
    }


def _holds(row: Row, case: Case) -> None:
    assert row.cells[1] == case.expected
    assert [(fault.column, fault.code) for fault in row.faults] == [
        (1, code) for code in case.faults
    ]
    assert list(row.links) == [(1, target) for target in case.links]
    assert not row.hidden


@pytest.mark.parametrize("name", PLAIN)
def test_a_cell_comes_to_its_text(alone: dict[str, Row], name: str) -> None:
    """A cell comes to its text as it is stored, and a number to its digits.

    No text is taken for a missing value. Errors, and formulas without values, are told.
    """
    _holds(alone[name], PLAIN[name])


@pytest.mark.parametrize("name", [*PLAIN, *SPECIAL])
def test_a_cell_comes_to_its_text_beside_special_ones(together: dict[str, Row], name: str) -> None:
    """A date or an error elsewhere in the worksheet changes no other cell.

    A special cell comes to the text that is shown.
    """
    _holds(together[name], {**PLAIN, **SPECIAL}[name])


def test_an_error_is_told_by_its_name(together: dict[str, Row]) -> None:
    """The fault's sentence says which error the cell shows, so that a person finds it."""
    assert [together[name].faults[0].text[-7:] for name in ("error", "error of a formula")] == [
        "or #N/A",
        "#DIV/0!",
    ]
    assert "open the workbook in Excel" in together["formula without a value"].faults[0].text


@pytest.mark.parametrize("serial", ["-5", "3000000"])
def test_a_date_that_no_calendar_has_is_an_error(tmp_path: Path, serial: str) -> None:
    """A date that no calendar has is an error, since Excel shows ##### there.

    It never becomes a day that nobody typed.
    """
    found = next(
        _read(
            xlsx(
                rows([["Name", "On"]]) + row(2, text("A2", "Jo"), number("B2", serial, 1)),
                styles=[14],
            ),
            tmp_path,
        ).rows()
    )
    assert found.faults or ERROR_TEXT.fullmatch(found.cells[1]), found


def test_dates_count_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    """Dates count from 1904 in Excel for Mac's old calendar.

    The same number is four years and a day later there.
    """
    table = rows([["Name", "On"]]) + row(2, text("A2", "Jo"), number("B2", "43889", 1))
    data = xlsx(table, styles=[14], properties='<workbookPr date1904="1"/>')
    assert [list(row.cells) for row in _read(data, tmp_path).rows()] == [["Jo", "2024-02-29"]]


# --- structure


TABLE: Final = (("Name", "LinkedIn"), ("Jo", "jo-doe"), ("Al", "al-doe"), ("Bo", "bo-doe"))


def _found(table: Table) -> list[tuple[int, list[str]]]:
    return [(row.number, list(row.cells)) for row in table.rows()]


def test_merged_cells_are_told(tmp_path: Path) -> None:
    """The value of merged cells stands in the first one alone.

    Each of the others has a fault, so that it does not pass for blank.
    """
    table = [["Name", "Firm"], ["Jo", "Acme"], ["Al", ""], ["Bo", ""], ["Cy", "Bolt"]]
    data = xlsx(table, after='<mergeCells count="1"><mergeCell ref="B2:B4"/></mergeCells>')
    found = list(_read(data, tmp_path).rows())
    assert [row.cells[1] for row in found] == ["Acme", "", "", "Bolt"]
    assert [[(fault.column, fault.code) for fault in row.faults] for row in found] == [
        [],
        [(1, "merged-cell")],
        [(1, "merged-cell")],
        [],
    ]


@pytest.mark.parametrize("said", ["1", "true"])
def test_hidden_rows_are_marked_and_hidden_columns_said(tmp_path: Path, said: str) -> None:
    """A row that is filtered out or hidden by hand is read, and marked as not shown.

    A hidden column is read like the others, with a notice.
    """
    body = (
        rows(TABLE[:2])
        + row(3, text("A3", "Al"), text("B3", "al-doe"), more=f'hidden="{said}"')
        + rows(TABLE[3:], 4)
    )
    table = _read(
        xlsx(
            body,
            before=f'<cols><col min="2" max="3" width="9" hidden="{said}"/></cols>',
            after='<autoFilter ref="A1:B4"><filterColumn colId="0"/></autoFilter>',
        ),
        tmp_path,
    )
    assert [(row.cells[0], row.hidden) for row in table.rows()] == [
        ("Jo", False),
        ("Al", True),
        ("Bo", False),
    ]
    assert table.notices == ("Hidden columns are read like the others: B, C.",)


def test_links_behind_cells_are_handed_on(tmp_path: Path) -> None:
    """Each link is handed on to its cell, and a link over an area to all cells of the area.

    A link into the workbook is handed on by its place, and a link over columns not at all.
    """
    listed = (
        '<hyperlink ref="B2" r:id="rId7"/><hyperlink ref="B3:B4" r:id="rId8"/>'
        '<hyperlink ref="A2" location="Sheet1!A1"/><hyperlink ref="A1:A1048576" r:id="rId7"/>'
    )
    data = xlsx(
        TABLE,
        after=f"<hyperlinks>{listed}</hyperlinks>",
        links={"rId7": URL, "rId8": "https://b.example/?a=1&b=2"},
    )
    assert [(row.cells[1], list(row.links)) for row in _read(data, tmp_path).rows()] == [
        ("jo-doe", [(0, "Sheet1!A1"), (1, URL)]),
        ("al-doe", [(1, "https://b.example/?a=1&b=2")]),
        ("bo-doe", [(1, "https://b.example/?a=1&b=2")]),
    ]


PEOPLE: Final = Tab("People", TABLE)
CONFIG: Final = Tab("Config", [["Key", "Value"], ["a", "b"]], "veryHidden")
CHART: Final = Tab("Chart", kind="chartsheet")
OLD: Final = Tab("Old", [["Name", "Old"], ["x", "y"]])


@pytest.mark.parametrize(
    ("sheets", "active", "chosen", "others"),
    [
        ([CONFIG, PEOPLE], 1, "People", ()),
        ([CONFIG, PEOPLE], 0, "People", ()),
        ([CONFIG, PEOPLE], None, "People", ()),
        ([CHART, PEOPLE], 0, "People", ()),
        ([CHART, PEOPLE], 1, "People", ()),
        ([PEOPLE, OLD], 0, "People", ("Old",)),
        ([OLD, PEOPLE], 1, "People", ("Old",)),
        ([OLD, CHART, PEOPLE, CONFIG], 2, "People", ("Old",)),
        ([PEOPLE, OLD], 9, "People", ("Old",)),
        ([PEOPLE, Tab("Lists", OLD.rows, "hidden")], 1, "People", ()),
    ],
)
def test_the_worksheet_is_the_one_a_person_sees(
    tmp_path: Path, sheets: list[Tab], active: int | None, chosen: str, others: tuple[str, ...]
) -> None:
    """The only visible worksheet is read, else the one that the workbook opens with.

    A notice names the others. A hidden worksheet or a chart is never read.
    """
    table = _read(xlsx(sheets=sheets, active=active), tmp_path)
    assert (table.sheet, _found(table)) == (
        chosen,
        [(2, ["Jo", "jo-doe"]), (3, ["Al", "al-doe"]), (4, ["Bo", "bo-doe"])],
    )
    assert len(table.notices) == bool(others)
    for other in others:
        assert repr(other) in table.notices[0]
    assert "Config" not in "".join(table.notices)


def test_a_named_worksheet_is_read_even_if_hidden(tmp_path: Path) -> None:
    """--sheet takes a hidden worksheet, in any case of letters.

    A chart has no rows to take. Where all worksheets are hidden, the refusal says their names.
    """
    data = xlsx(sheets=[PEOPLE, CONFIG, CHART])
    assert _found(_read(data, tmp_path, Reading(" config "))) == [(2, ["a", "b"])]
    with pytest.raises(RefusedError, match="no worksheet 'Chart'") as caught:
        _read(data, tmp_path, Reading("Chart"))
    assert caught.value.remedy == "It has: 'People', 'Config'."
    with pytest.raises(RefusedError, match="hidden") as caught:
        _read(xlsx(sheets=[CONFIG]), tmp_path)
    assert "--sheet 'Config'" in str(caught.value.remedy)


def test_the_header_is_found_below_a_preamble(tmp_path: Path) -> None:
    """The header is found below notes, with which LinkedIn's own exports begin.

    The rows that are left out are said.
    """
    body = rows([["Notes:"], ["Some of the data may be missing"]]) + rows(TABLE, 4)
    table = _read(xlsx(body), tmp_path)
    assert (table.header_row, [column.header for column in table.columns]) == (
        4,
        ["Name", "LinkedIn"],
    )
    assert [number for number, _ in _found(table)] == [5, 6, 7]
    assert "'Notes:'" in table.notices[0]


def test_a_table_may_stand_anywhere(tmp_path: Path) -> None:
    """A table at C5 has the row and column names that the spreadsheet program shows."""
    body = "".join(
        row(at, text(f"C{at}", first), text(f"D{at}", second))
        for at, (first, second) in enumerate(TABLE, 5)
    )
    table = _read(xlsx(body), tmp_path)
    assert [(column.letter, column.header) for column in table.columns] == [
        ("A", ""),
        ("B", ""),
        ("C", "Name"),
        ("D", "LinkedIn"),
    ]
    assert _found(table)[0] == (6, ["", "", "Jo", "jo-doe"])


def test_headers_stay_as_they_are(tmp_path: Path) -> None:
    """No header is renamed, be it twice the same, or alike but for a no-break space."""
    headers = ["Name", "Name", "name", "Na\u00a0me", " Name "]
    table = _read(xlsx([headers, list("abcde")]), tmp_path)
    assert [column.header for column in table.columns] == headers
    assert _found(table) == [(2, list("abcde"))]


@pytest.mark.parametrize("style", [0, DATE])
def test_blank_rows_are_passed_over_and_counted(tmp_path: Path, style: int) -> None:
    """A blank row is passed over: in the middle, not there at all, or formatted at the end.

    Every other row keeps its number.
    """
    blank = "".join(
        row(at, cell(f"A{at}", "", style=style), cell(f"B{at}", "", style=style))
        for at in range(10, 55)
    )
    body = rows(TABLE[:2]) + row(3) + rows(TABLE[2:3], 4) + rows(TABLE[3:], 8) + blank
    assert [number for number, _ in _found(_read(xlsx(body, styles=_FORMATS), tmp_path))] == [
        2,
        4,
        8,
    ]


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("claim", ["A1", "A1:B2", "A1:XFD1048576", "C9:D10"])
def test_the_claimed_size_is_not_believed(tmp_path: Path, claim: str, special: bool) -> None:
    """The rows count, and not a claimed size: too small, the whole worksheet, or elsewhere.

    This holds in both ways of reading.
    """
    body = rows(TABLE) + (row(5, text("A5", "Di"), number("B5", "45351", DATE)) if special else "")
    table = _read(xlsx(body, before=f'<dimension ref="{claim}"/>', styles=_FORMATS), tmp_path)
    last = [(5, ["Di", "2024-02-29"])] if special else []
    assert _found(table) == [
        (2, ["Jo", "jo-doe"]),
        (3, ["Al", "al-doe"]),
        (4, ["Bo", "bo-doe"]),
        *last,
    ]


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("place", ["XFD1048576", "ALM2", "A1048577"])
def test_a_cell_far_away_is_told_and_not_dropped(tmp_path: Path, place: str, special: bool) -> None:
    """A stray cell far away is refused with what to look for.

    One reader crashes on it, and another leaves it out.
    """
    at = int("".join(filter(str.isdigit, place)))
    cells = [number("A2", "45351", DATE)] if special else [text("A2", "Jo")]
    body = rows(TABLE[:1]) + (
        row(2, *cells, text(place, "x")) if at == 2 else row(2, *cells) + row(at, text(place, "x"))
    )
    with pytest.raises(RefusedError, match="more than 1,000 columns or 1,048,576 rows") as caught:
        _read(xlsx(body, styles=_FORMATS), tmp_path)
    assert "far to the right or below" in str(caught.value.remedy)


def test_the_last_column_and_row_are_read(tmp_path: Path) -> None:
    """The thousandth column and a row far below are read: the bounds are not one too small."""
    body = row(1, text("A1", "Name"), text("ALL1", "Last")) + row(
        2, text("A2", "Jo"), text("ALL2", "x")
    )
    table = _read(xlsx(body), tmp_path)
    assert (len(table.columns), table.columns[-1].letter, next(table.rows()).cells[-1]) == (
        1_000,
        "ALL",
        "x",
    )


def test_cells_without_places_stand_one_after_the_other(tmp_path: Path) -> None:
    """Cells without places stand one after the other.

    Some programs write neither the rows' numbers nor the cells' places.
    """
    placed = rows(TABLE)
    body = re.sub(r' r="[^"]*"', "", placed)
    assert body != placed
    assert _found(_read(xlsx(body), tmp_path)) == [
        (at, list(line)) for at, line in enumerate(TABLE[1:], 2)
    ]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lambda: xlsx(TABLE, absolute=True), id="absolute targets"),
        pytest.param(
            lambda: xlsx(sheets=[Tab("Jo & Söhne <1>", TABLE)]), id="a name of special characters"
        ),
        pytest.param(lambda: _prefixed(), id="prefixed names"),
        pytest.param(
            lambda: xlsx(TABLE, parts={"xl/worksheets/sheet1.xml": "\ufeff" + Tab(rows=TABLE).xml}),
            id="a mark",
        ),
        pytest.param(
            lambda: xlsx(TABLE, parts={"xl/worksheets/sheet1.xml": _spaced()}), id="indented XML"
        ),
        pytest.param(
            lambda: xlsx(TABLE, parts={"xl/sharedStrings.xml": None}),
            id="no shared strings and none named",
        ),
        pytest.param(lambda: xlsx(TABLE, parts={"xl/styles.xml": None}), id="no styles"),
        pytest.param(
            lambda: xlsx(
                TABLE, parts={"xl/media/image1.png": b"\x89PNG", "docProps/app.xml": "<x/>"}
            ),
            id="more parts",
        ),
    ],
)
def test_the_same_table_in_any_dress(tmp_path: Path, data: Callable[[], bytes]) -> None:
    """A table reads the same in every form that programs write and Excel reads."""
    assert _found(_read(data(), tmp_path)) == [
        (at, list(line)) for at, line in enumerate(TABLE[1:], 2)
    ]


def _prefixed() -> bytes:
    def renamed(xml: str) -> str:
        return re.sub(r"<(/?)(?=[a-z])", r"<\1x:", xml).replace(
            f'xmlns="{MAIN}"', f'xmlns:x="{MAIN}"'
        )

    listed = '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets>'
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}">{listed}</workbook>'
    return xlsx(
        TABLE,
        parts={
            "xl/worksheets/sheet1.xml": renamed(Tab(rows=TABLE).xml),
            "xl/workbook.xml": renamed(book),
        },
    )


def _spaced() -> str:
    return Tab(rows=TABLE).xml.replace("><", ">\n  <").replace("<is>\n  ", "<is>")


@pytest.mark.parametrize("name", ["x.xlsm", "x.csv", "x.xls", "x", "X.XLSX"])
def test_the_content_decides_and_a_wrong_name_is_said(tmp_path: Path, name: str) -> None:
    """A workbook under another kind's name is read as the workbook that it is, with a notice.

    The name .xlsm is its own.
    """
    path = tmp_path / name
    path.write_bytes(xlsx(TABLE))
    table = read(path)
    assert len(_found(table)) == 3
    assert ["really an XLSX workbook" in notice for notice in table.notices] == [True] * (
        name in ("x.csv", "x.xls")
    )


# --- the two readers, each as the other's oracle

Value = str | int | float | bool | None

# Texts that openpyxl writes as they are given: no control characters, no formulas or errors,
# nothing that looks like an escape.
_texts = (
    st.text(
        st.characters(
            codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
        ),
        max_size=12,
    )
    | st.sampled_from(
        [
            "NA",
            "null",
            "TRUE",
            "00123",
            "1e5",
            "1/2",
            "a\nb",
            " a ",
            "\u00a0",
            "a\tb",
            "+49 170",
            "-",
            "@a",
            "'1",
            "x" * 300,
        ]
    )
).filter(
    lambda value: (
        not value.startswith(("=", "#")) and "_x" not in value and not (value and value.isspace())
    )
)
_values = (
    st.none()
    | _texts
    | st.booleans()
    | st.integers(-(10**15) + 1, 10**15 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: abs(value) < 1e15)
)


def _shown(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        value = float(f"{value:.16g}")  # openpyxl writes no more digits
        return str(int(value)) if value.is_integer() else f"{value:.15g}"
    return str(value)


def _trimmed(found: Iterator[tuple[int, Sequence[str]]]) -> dict[int, list[str]]:
    """The rows that hold anything, without blank cells at their ends."""
    kept = {}
    for at, texts in found:
        cells = list(texts)
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            kept[at] = cells
    return kept


def _both_ways(data: bytes) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    first, second = (
        _trimmed((at, texts) for at, texts, faults, *_ in reader(data, "Sheet", None) if not faults)
        for reader in (_calamine, _openpyxl)
    )
    return first, second


@hypothesis_settings(max_examples=150)
@given(
    st.dictionaries(
        st.tuples(st.integers(1, 12), st.integers(1, 8)), _values, min_size=1, max_size=40
    )
)
def test_both_readers_find_what_was_written(cells: dict[tuple[int, int], Value]) -> None:
    """Both readers find the rows that were written.

    The rows hold texts, numbers, booleans and blanks at any places.
    """
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for (at, column), value in cells.items():
        sheet.cell(at, column).value = value
    file = io.BytesIO()
    book.save(file)
    written = _trimmed(
        (at, [_shown(cells.get((at, column))) for column in range(1, 9)]) for at in range(1, 13)
    )
    first, second = _both_ways(file.getvalue())
    assert first == written
    assert second == written


@hypothesis_settings(max_examples=150)
@given(
    st.lists(st.tuples(_texts, st.sampled_from(["s", "inlineStr", "str"])), min_size=1, max_size=30)
)
def test_both_readers_find_a_text_wherever_it_is_kept(texts: list[tuple[str, str]]) -> None:
    """Both readers find the same text in any place.

    The place is the table of shared strings, the cell, or the value of a formula.
    """
    shared: list[str] = []
    body: list[str] = []
    for at, (value, kind) in enumerate(texts, 1):
        raw = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        held = f'<t xml:space="preserve">{raw}</t>'
        inner = {
            "s": f"<v>{len(shared)}</v>",
            "inlineStr": f"<is>{held}</is>",
            "str": f'<v xml:space="preserve">{raw}</v>',
        }[kind]
        shared += [held] if kind == "s" else []
        body.append(row(at, cell(f"A{at}", inner, kind)))
    first, second = _both_ways(xlsx(sheets=[Tab("Sheet", "".join(body))], shared=shared))
    written = {at: [value] for at, (value, _) in enumerate(texts, 1) if value}
    assert first == written
    assert second == written


@given(
    st.lists(
        st.integers(10**15, 10**22) | st.integers(-(10**22), -(10**15)), min_size=1, max_size=20
    )
)
@hypothesis_settings(max_examples=30)
def test_a_number_of_too_many_digits_has_a_fault_in_both_ways(numbers: list[int]) -> None:
    """A number of too many digits has a fault in both ways of reading.

    The spreadsheet program has changed its end, so it never passes for an ID.
    """
    data = xlsx(
        sheets=[
            Tab(
                "Sheet",
                "".join(
                    row(at, number(f"A{at}", str(value))) for at, value in enumerate(numbers, 1)
                ),
            )
        ]
    )
    for reader in (_calamine, _openpyxl):
        found = [
            [(fault.column, fault.code) for fault in faults]
            for _, _, faults, *_ in reader(data, "Sheet", None)
        ]
        assert found == [[(0, "rounded-number")]] * len(numbers)
