"""A copy of the user's workbook has the results beside the table.

No result is live, no cell of the user changes, and every loss is told before.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from runner.intake.reader.marks import DamagedError
from runner.intake.result import RESULT_COLUMNS
from runner.result.copy import CopyError, ending, write_copy
from runner.result.loss import losses

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SENT = [
    "sent",
    "",
    "true",
    "",
    "2026-11-23T09:05:07Z",
    "urn:li:x",
    "default",
    200,
    1,
    "",
    "Hi",
    "",
    "",
    "",
]
FAILED = [
    "failed",
    "=1+1",
    "",
    "#N/A",
    "",
    "",
    "",
    400,
    2,
    "",
    "a_x0041_\x01\n" + "x" * 40_000,
    "",
    "",
    "",
]


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def people() -> Workbook:
    book = Workbook()
    worksheet: Any = book.active
    worksheet.title = "People"
    for row in (("Name", "URL"), ("Ann", "a"), ("Bob", "b")):
        worksheet.append(row)
    worksheet["B1"].font = Font(name="Arial", bold=True, color="FFFFFF")
    worksheet["B1"].fill = PatternFill("solid", fgColor="336699")
    return book


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(contents: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


def edited(data: bytes, name: str, edit: Callable[[str], str]) -> bytes:
    contents = parts(data)
    contents[name] = edit(contents[name].decode()).encode()
    return zipped(contents)


def handmade(
    cells: str, *, strings: str = "", tail: str = "", head: str = "", rels: str = ""
) -> bytes:
    """A workbook of one worksheet "People" with this XML in it.

    Style 1 is a date, style 2 quoted text.
    """
    contents = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + "".join(
            f'<Override PartName="/xl/{name}.xml" '
            f'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
            for name, kind in (
                ("workbook", "sheet.main"),
                ("worksheets/sheet1", "worksheet"),
                ("styles", "styles"),
                ("sharedStrings", "sharedStrings"),
            )
        )
        + "</Types>",
        "_rels/.rels": _links(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": _links(
            ("rId1", "worksheet", "worksheets/sheet1.xml"),
            ("rId2", "styles", "styles.xml"),
            ("rId3", "sharedStrings", "sharedStrings.xml"),
        ),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets><sheet name="People" '
        'sheetId="1" '
        'r:id="rId1"/>'
        "</sheets></workbook>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fonts><font><sz val="11"/><name '
        'val="Calibri"/></font></fonts>'
        '<fills><fill><patternFill patternType="none"/></fill><fill><patternFill '
        'patternType="gray125"/></fill></fills>'
        "<borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>"
        '<cellXfs><xf xfId="0"/><xf numFmtId="14" xfId="0" applyNumberFormat="1"/><xf xfId="0" '
        'quotePrefix="1"/></cellXfs>'
        '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}" xmlns:r="{REL}" xmlns:mc="urn:mc" '
        f'xmlns:x14="urn:x14">{head}'
        f"<sheetData>{cells}</sheetData>{tail}</worksheet>",
    }
    if rels:
        contents["xl/worksheets/_rels/sheet1.xml.rels"] = rels
    return zipped({name: text.encode() for name, text in contents.items()})


def _links(*links: tuple[str, str, str]) -> str:
    listed = "".join(
        f'<Relationship Id="{name}" Type="{REL}/{kind}" Target="{target}"/>'
        for name, kind, target in links
    )
    return (
        "<Relationships "
        f'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{listed}</Relationships>'
    )


def copied(data: bytes, **given: Any) -> bytes:
    file = io.BytesIO()
    rows = given.pop("rows", [(2, SENT), (3, FAILED)])
    write_copy(data, file, sheet="People", header_row=1, headers=RESULT_COLUMNS, rows=rows, **given)
    return file.getvalue()


def sheet_xml(data: bytes) -> str:
    return parts(data)["xl/worksheets/sheet1.xml"].decode()


def cell_xml(data: bytes, place: str) -> str:
    found = re.search(rf'<c r="{place}"[^>]*?(?:/>|>.*?</c>)', sheet_xml(data), re.DOTALL)
    return found[0] if found else ""


def test_results_stand_right_of_the_table() -> None:
    """Each result has a column, under a header that looks like the last one of the table.

    The status is coloured.
    """
    worksheet = load_workbook(io.BytesIO(copied(saved(people()))))["People"]
    assert [cell.value for cell in worksheet[1]] == ["Name", "URL", *RESULT_COLUMNS]
    assert [cell.value for cell in worksheet[2]][2:] == [value or None for value in SENT]
    assert (
        worksheet["B1"]._style
        == worksheet["C1"]._style
        == worksheet["M1"]._style
        != worksheet["A1"]._style
    )
    assert [worksheet[f"C{row}"].fill.fgColor.rgb[2:] for row in (2, 3)] == ["C6EFCE", "FFC7CE"]
    assert worksheet.column_dimensions["G"].width == 22


def test_no_result_is_live() -> None:
    """Foreign text is text, and no longer than a cell can hold.

    It is never a formula, an error, or an escape that a program would read.
    """
    data = copied(saved(people()))
    assert not any(
        b"<f" in content
        for name, content in parts(data).items()
        if name.startswith("xl/worksheets/")
    )
    worksheet = load_workbook(io.BytesIO(data))["People"]
    assert [(worksheet[place].value, worksheet[place].data_type) for place in ("D3", "F3")] == [
        ("=1+1", "s"),
        ("#N/A", "s"),
    ]
    assert "<t>a_x005F_x0041__x0001_\n" in cell_xml(data, "M3")
    assert len(worksheet["M3"].value) < 32_800


def test_a_second_copy_replaces_the_first() -> None:
    """Columns of an earlier copy are written over where they stand, and their content is gone."""
    first = copied(saved(people()))
    again = copied(first, rows=[(2, FAILED), (3, ["waiting", *[""] * 13])], replace=range(2, 16))
    worksheet = load_workbook(io.BytesIO(again))["People"]
    assert worksheet.max_column == 16
    assert [cell.value for cell in worksheet[3]] == ["Bob", "b", "waiting", *[None] * 13]
    assert worksheet["C3"].fill.fgColor.rgb[2:] == "DDEBF7"


def test_results_go_right_of_everything() -> None:
    """A note far from the table, a merged title, a table or a chart is never written over or
    covered."""
    for add, first in (
        (lambda worksheet: worksheet.__setitem__("E9", "note"), "F1"),
        (lambda worksheet: worksheet.merge_cells("A7:F7"), "G1"),
        (lambda worksheet: worksheet.add_table(Table(displayName="T", ref="A1:B3")), "C1"),
        (
            lambda worksheet: worksheet.__getitem__("D8").__setattr__(
                "comment", Comment("hm", "me")
            ),
            "E1",
        ),
        (
            lambda worksheet: worksheet.__getitem__("H5").__setattr__(
                "fill", PatternFill("solid", fgColor="EEEEEE")
            ),
            "C1",
        ),
    ):
        book = people()
        add(book["People"])
        worksheet = load_workbook(io.BytesIO(copied(saved(book))))["People"]
        assert worksheet[first].value == "status"
    book = people()
    chart = BarChart()
    chart.add_data(Reference(book["People"], min_col=2, min_row=1, max_row=3))
    book["People"].add_chart(chart, "E2")
    assert load_workbook(io.BytesIO(copied(saved(book))))["People"]["F1"].value == "status"


def test_result_columns_show() -> None:
    """The result columns show even if the user hid all columns right of the table.

    The rest stays hidden.
    """
    data = handmade(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c></row>',
        head=(
            '<cols><col min="1" max="1" width="30"/><col min="2" max="16384" width="9" '
            'hidden="1"/></cols>'
        ),
    )
    columns = re.findall(r"<col [^>]*>", sheet_xml(copied(data)))
    spans = [
        tuple(int(re.search(rf'{end}="(\d+)"', column)[1]) for end in ("min", "max"))
        for column in columns
    ]  # type: ignore[index]
    assert spans == [(1, 1), *((number, number) for number in range(2, 16)), (16, 16384)]
    assert ['hidden="1"' in column for column in columns] == [False] * 15 + [True]


def test_the_look_stays() -> None:
    """Frozen panes, widths, hidden rows, validation, tables and rich text are in the copy as they
    were; the filter reaches over the results as well."""
    book = people()
    worksheet = book["People"]
    worksheet.freeze_panes = "B2"
    worksheet.auto_filter.ref = "A1:B3"
    worksheet.column_dimensions["A"].width = 33
    worksheet.row_dimensions[3].hidden = True
    worksheet["A2"].alignment = Alignment(wrap_text=True)
    check = DataValidation(type="list", formula1='"a,b"')
    check.add("B2:B3")
    worksheet.add_data_validation(check)
    copy = load_workbook(io.BytesIO(copied(saved(book))))["People"]
    assert (copy.freeze_panes, copy.auto_filter.ref, copy.column_dimensions["A"].width) == (
        "B2",
        "A1:P3",
        33,
    )
    assert (copy.row_dimensions[3].hidden, copy["A2"].alignment.wrap_text) == (True, True)
    assert [str(each.sqref) for each in copy.data_validations.dataValidation] == ["B2:B3"]


CELLS = {
    "A1": ('<c r="A1" t="s"><v>0</v></c>', "<is><t>=literal</t></is>"),
    "B1": ('<c r="B1" s="2" t="s"><v>0</v></c>', "<is><t>=literal</t></is>"),
    "C1": ('<c r="C1" t="inlineStr"><is><t>=1+1</t></is></c>', "<is><t>=1+1</t></is>"),
    "D1": ('<c r="D1" t="s"><v>1</v></c>', "<t>_x005F_x0041_</t>"),
    "E1": ('<c r="E1" t="s"><v>2</v></c>', '<t xml:space="preserve">  </t>'),
    "F1": ('<c r="F1" t="s"><v>3</v></c>', "<r><t>_x0020_</t></r>"),
    "G1": ('<c r="G1" t="e"><v>#N/A</v></c>', 't="e"><v>#N/A</v>'),
    "H1": ('<c r="H1" s="1"><v>45000.123456789</v></c>', "<v>45000.123456789</v>"),
    "I1": ('<c r="I1" s="1"><v>-5</v></c>', 't="n"><v>-5</v>'),
    "J1": ('<c r="J1"><v>12345678901234567</v></c>', "<v>12345678901234567</v>"),
    "K1": ('<c r="K1"><v>0.30000000000000004</v></c>', "<v>0.30000000000000004</v>"),
    "L1": ('<c r="L1" t="b"><v>1</v></c>', 't="b"><v>1</v>'),
    "M1": ('<c r="M1" t="str"><v>=text of no formula</v></c>', "<t>=text of no formula</t>"),
    "O1": ('<c r="O1" t="inlineStr"><is><t>_x005F_x0041_</t></is></c>', "<t>_x005F_x0041_</t>"),
    "N1": ('<c r="N1"><f>1+1</f><v>2</v></c>', "<f>1+1</f>"),
}
STRINGS = (
    "<si><t>=literal</t></si><si><t>_x005F_x0041_</t></si><si><t xml:space='preserve'>  </t></si>"
    "<si><r><rPr><b/></rPr><t>Ann</t></r><r><t xml:space='preserve'> "
    "</t></r><r><rPr><i/></rPr><t>Lee</t></r></si>"
)


@pytest.mark.parametrize("place", CELLS)
def test_no_cell_of_the_user_changes(place: str) -> None:
    """No cell of the user changes.

    Not a text that looks like a formula, an escape or nothing changes, and not an odd date, a long
    number, an error or a formula.
    """
    data = handmade(
        "<row r='1'>" + "".join(cell for _, (cell, _) in sorted(CELLS.items())) + "</row>",
        strings=STRINGS,
    )
    copy = copied(data, rows=[])
    assert CELLS[place][1] in cell_xml(copy, place)
    assert ("<f>" in cell_xml(copy, place)) == (place == "N1")
    assert b'quotePrefix="1"' in parts(copy)["xl/styles.xml"]
    assert cell_xml(copy, "P1").count("<t>status</t>") == 1


def test_a_blank_cell_with_a_link_stays_blank() -> None:
    """The link of a blank cell is kept, and does not become its text."""
    data = handmade(
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"/></row>',
        strings="<si><t>#People!A1</t></si>",
        tail=(
            '<hyperlinks><hyperlink ref="B1" location="#People!A1"/><hyperlink ref="A1" '
            'location="#People!A1"/></hyperlinks>'
        ),
    )
    copy = copied(data, rows=[])
    assert (
        cell_xml(copy, "B1") == '<c r="B1" t="n"/>' or cell_xml(copy, "B1") == '<c r="B1" t="n" />'
    )
    assert "#People!A1" in cell_xml(copy, "A1")
    assert sheet_xml(copy).count("<hyperlink ") == 2


def test_formulas_are_computed_again() -> None:
    """A copy's formulas have no stored values, and Excel is asked to compute them.

    The loss of the values is told with their number.
    """
    data = handmade(
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>A1</f><v>2</v></c></row>'
    )
    assert losses(data) == [
        "the stored values of 2 formulas (Excel computes them again when it opens the copy)"
    ]
    copy = copied(data, rows=[])
    assert b'fullCalcOnLoad="1"' in parts(copy)["xl/workbook.xml"]
    assert losses(copy) == []


def test_a_plain_workbook_loses_nothing() -> None:
    """A part that openpyxl keeps is not told as lost.

    Such parts are styles, filters, tables, validation, merged cells and conditional formats.
    """
    book = people()
    book["People"].merge_cells("A7:F7")
    book["People"].add_table(Table(displayName="T", ref="A1:B3"))
    check = DataValidation(type="list", formula1='"a,b"')
    check.add("B2:B3")
    book["People"].add_data_validation(check)
    assert losses(saved(book)) == []


@pytest.mark.parametrize(
    ("tail", "told"),
    [
        ("<extLst><ext uri='u'><x14:sparklineGroups/></ext></extLst>", "sparklines"),
        (
            "<extLst><ext uri='u'><x14:conditionalFormattings/></ext></extLst>",
            "data bars and icon sets of the newer kind",
        ),
        (
            "<extLst><ext uri='u'><x14:dataValidations/></ext></extLst>",
            "drop-down lists and checks that refer to another sheet",
        ),
        (
            "<extLst><ext uri='u'><x14:novelty/></ext></extLst>",
            "something this program does not know (novelty)",
        ),
        (
            "<ignoredErrors><ignoredError sqref='A1'/></ignoredErrors>",
            "the switching off of green error marks",
        ),
        (
            "<protectedRanges><protectedRange name='a' sqref='A1'/></protectedRanges>",
            "the ranges open for editing on a protected sheet",
        ),
        (
            "<mc:AlternateContent><mc:Choice><oleObjects/></mc:Choice></mc:AlternateContent>",
            "embedded files",
        ),
        (
            "<headerFooter><oddHeader>Page &amp;P</oddHeader></headerFooter>",
            "page headers and footers",
        ),
        ("<mergeCells><mergeCell ref='A1:B1'/></mergeCells>", "values hidden under merged cells"),
    ],
)
def test_what_a_worksheet_loses_is_told(tail: str, told: str) -> None:
    """Each thing that loading and saving drops is told with its worksheet, under any prefix."""
    data = handmade('<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>', tail=tail)
    assert losses(data) == [f"{told} on 'People'"]
    assert losses(copied(data, rows=[])) == []


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("<d:sp><d:nvSpPr/></d:sp>", ["text boxes and shapes on 'People'"]),
        (
            "<mc:AlternateContent><mc:Choice><d:sp/></mc:Choice><mc:Fallback/></mc:AlternateContent>",
            ["text boxes and shapes on 'People'"],
        ),
        (
            "<mc:AlternateContent><mc:Choice><d:sp><compatExt/></d:sp></mc:Choice></mc:AlternateContent>",
            [],
        ),
        (
            "<d:graphicFrame><a><graphicData uri='x/diagram'/></a></d:graphicFrame>",
            ["SmartArt on 'People'"],
        ),
        (
            "<d:graphicFrame><a><graphicData uri='x/chart'/></a></d:graphicFrame>",
            ["parts of the look of charts on 'People'"],
        ),
        ("<d:pic/>", ["pictures on 'People'"]),
    ],
)
def test_what_a_drawing_loses_is_told(
    inside: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shapes are always told as lost, and form controls by their old twin.

    Pictures are told where Pillow is missing, which this program does not need.
    """
    monkeypatch.setattr("openpyxl.drawing.image.PILImage", False)
    contents = parts(
        handmade(
            "",
            tail='<drawing r:id="rId1"/>',
            rels=_links(("rId1", "drawing", "../drawings/drawing1.xml")),
        )
    )
    drawing = (
        "<d:wsDr xmlns:d='urn:d' "
        f"xmlns:mc='urn:mc'><d:twoCellAnchor>{inside}</d:twoCellAnchor></d:wsDr>"
    )
    assert losses(zipped({**contents, "xl/drawings/drawing1.xml": drawing.encode()})) == told


def test_buttons_are_lost_without_macros_only() -> None:
    """A button's old drawing is kept in a workbook with macros; a comment is not a button.

    Such a workbook also keeps the ending of its name.
    """
    vml = "<xml xmlns:x='urn:x'><x:ClientData ObjectType='{}'/></xml>"
    contents = parts(
        handmade(
            "", tail='<legacyDrawing r:id="rId1"/>', rels=_links(("rId1", "vmlDrawing", "../v.vml"))
        )
    )
    button = zipped({**contents, "xl/v.vml": vml.format("Button").encode()})
    assert losses(button) == ["buttons and form controls on 'People'"]
    assert losses(zipped({**contents, "xl/v.vml": vml.format("Note").encode()})) == []
    macros = zipped({**parts(button), "xl/vbaProject.bin": b"\x00"})
    assert losses(macros) == []
    assert (ending(button), ending(macros)) == (".xlsx", ".xlsm")


def test_macros_are_kept() -> None:
    """The copy of a workbook with macros has them, untouched, and says so."""
    contents = parts(saved(people()))
    copy = parts(copied(zipped({**contents, "xl/vbaProject.bin": b"\xcc\x61code"})))
    assert copy["xl/vbaProject.bin"] == b"\xcc\x61code"
    assert b"ms-excel.sheet.macroEnabled.main+xml" in copy["[Content_Types].xml"]


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 cut", zipped({"a": b"b"}), saved(people())[:-400]]
)
def test_what_cannot_be_copied_is_one_error(data: bytes) -> None:
    """A damaged or foreign file is answered with a sentence, never with a library's error."""
    with pytest.raises(CopyError, match=r"^The workbook .*\.$"):
        copied(data)


def test_a_worksheet_must_be_there_and_have_room() -> None:
    """A worksheet that is not there, or that is full, is refused with the reason."""
    with pytest.raises(CopyError, match="'Other'"):
        write_copy(saved(people()), io.BytesIO(), sheet="Other", header_row=1, headers=[], rows=[])
    book = people()
    book["People"]["XFD1"] = "x"
    with pytest.raises(CopyError, match="no 14 free columns"):
        copied(saved(book))


def test_entities_are_refused() -> None:
    """No file can make the program unfold entities."""
    bomb = edited(
        handmade(""), "xl/workbook.xml", lambda text: f'<!DOCTYPE a [<!ENTITY b "c">]>{text}'
    )
    with pytest.raises(DamagedError):
        losses(bomb)
    with pytest.raises(CopyError):
        copied(bomb)


def test_other_errors_pass() -> None:
    """A full disk and a fault of the ledger pass, since they are not faults of the workbook."""

    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_copy(saved(people()), Full(), sheet="People", header_row=1, headers=[], rows=[])
    with pytest.raises(ZeroDivisionError):
        copied(saved(people()), rows=(1 // 0 for _ in "x"))


@pytest.mark.parametrize("filtered", ["", "A1:B3"])
def test_a_copys_filter_reaches_over_the_results(filtered: str) -> None:
    """Also where the workbook had one over its own columns, whose choice stays."""
    book = Workbook()
    assert book.active is not None
    for row in (["Name", "URL"], ["Jo", "jo-doe"], ["Al", "al-doe"]):
        book.active.append(row)
    book.active.title = "People"
    if filtered:
        book.active.auto_filter.ref = filtered
        book.active.auto_filter.add_filter_column(0, ["Jo"])
    file = io.BytesIO()
    book.save(file)
    out = io.BytesIO()
    rows = [(number, ["sent", *[""] * (len(RESULT_COLUMNS) - 1)]) for number in (2, 3)]
    write_copy(
        file.getvalue(), out, sheet="People", header_row=1, headers=RESULT_COLUMNS, rows=rows
    )
    worksheet = load_workbook(out)["People"]
    assert worksheet.auto_filter.ref == "A1:P3"
    assert len(worksheet.auto_filter.filterColumn) == bool(filtered)


def test_beside_a_table_the_results_have_a_filter_of_their_own() -> None:
    """The table keeps its own; so do results that are written over an earlier copy's."""
    book = people()
    book["People"].add_table(Table(displayName="T", ref="A1:B3"))
    data, places = saved(book), range(2, 2 + len(SENT))
    for replace in ((), places):
        out = io.BytesIO()
        write_copy(
            data,
            out,
            sheet="People",
            header_row=1,
            headers=RESULT_COLUMNS,
            rows=[(2, SENT), (3, SENT)],
            replace=list(replace),
        )
        data = out.getvalue()
        worksheet = load_workbook(out)["People"]
        assert worksheet.auto_filter.ref == "C1:P3"
        assert worksheet.tables["T"].ref == "A1:B3"


def test_texts_show_their_first_line_and_conversations_are_links() -> None:
    """As in a results workbook of its own."""
    where = dict(zip(RESULT_COLUMNS, "CDEFGHIJKLMNOP", strict=True))
    values = dict(zip(RESULT_COLUMNS, SENT, strict=True))
    link = "https://www.linkedin.com/messaging/thread/2-abc/"
    values |= {"sentMessage": "Hi Bo,\n\nYours", "conversation": link}
    out = io.BytesIO()
    write_copy(
        saved(people()),
        out,
        sheet="People",
        header_row=1,
        headers=RESULT_COLUMNS,
        rows=[(2, [*values.values()]), (3, SENT)],
    )
    worksheet = load_workbook(out)["People"]
    assert worksheet[f"{where['sentMessage']}2"].alignment.vertical == "top"
    told = worksheet[f"{where['conversation']}2"]
    assert (told.value, told.hyperlink.target) == (link, link)
    assert worksheet[f"{where['conversation']}3"].hyperlink is None
