"""Small files that are made to take much time or memory: lists, templates, campaign files, copies.

Each is made when it is asked for. None is random but from a fixed seed.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from tests.intake import builders
from tests.intake.books import (
    MAIN,
    PEOPLE,
    RELATED,
    Member,
    Tab,
    book_parts,
    cell,
    deflated,
    heavy,
    packed,
    parts_with,
    relations,
    row,
    rows,
    stored,
    text,
    xlsx,
    zipped,
)

List = tuple[str, bytes]
_MB: Final = 1024**2
_SHEET: Final = "xl/worksheets/sheet1.xml"
_SHARED: Final = "xl/sharedStrings.xml"
_HEAD: Final = rows([("name", "linkedin"), ("Jo", "jo-doe")])
_SITE: Final = "https://www.linkedin.com/in/jo-doe"
# Marks that are written in a wrong order, so that a run of them has to be sorted.
_MARKS: Final = "\u0f73\u0315\u0300"


def _filled(unit: str, size: int, ratio: int = 150) -> bytes:
    """A piece of `size` bytes of a unit, with noise that keeps it from looking like a bomb."""
    noise = random.Random(1).randbytes(size // ratio * 2 // 3).hex()
    body = unit * (size // len(unit.encode()))
    return f"{body}<!--{noise}-->".encode()


def _large(part: str, start: str, unit: str, size: int, end: str, *more: Member) -> bytes:
    """A workbook with a part of `size` bytes that is packed 150 times smaller."""
    member = heavy(part, start.encode(), _filled(unit, _MB), size // _MB, end.encode())
    return zipped(parts_with(member, *more))


def _sheet(unit: str, size: int = 150 * _MB, *more: Member) -> bytes:
    """A worksheet of that many bytes of a unit below two rows."""
    start = f'<worksheet xmlns="{MAIN}" xmlns:r="{RELATED}"><sheetData>{_HEAD}'
    return _large(_SHEET, start, unit, size, "</sheetData></worksheet>", *more)


def _around(before: str = "", after: str = "", dated: str = "", **more: object) -> bytes:
    """A workbook with XML around its rows; `dated` "yes" makes openpyxl read it."""
    table = _HEAD + (row(3, cell("A3", "<v>5</v>", style=1)) if dated else "")
    return xlsx(table, styles=["yyyy"], before=before, after=after, **more)  # type: ignore[arg-type]


def _in(tag: str, unit: str, count: int) -> str:
    return f"<{tag}>{unit * count}</{tag}>"


def _links(count: int, area: Callable[[int], str]) -> bytes:
    said = "".join(f'<hyperlink ref="{area(at)}" r:id="r"/>' for at in range(count))
    return _around(after=f"<hyperlinks>{said}</hyperlinks>", links={"r": _SITE})


def _merges(count: int, area: Callable[[int], str], **more: str) -> bytes:
    said = "".join(f'<mergeCell ref="{area(at)}"/>' for at in range(count))
    return _around(after=f"<mergeCells>{said}</mergeCells>", **more)


def _formats(count: int, code: str = "0", styled: int = 0) -> bytes:
    """Styles with as many number formats, each used by a style, and cells under the last."""
    cells = (row(at, cell(f"A{at}", "<v>7</v>", style=count)) for at in range(3, 3 + styled))
    return xlsx(_HEAD + "".join(cells), styles=[f'{code}"{at}"' for at in range(count)])


def _shared(inner: str, count: int, used: int = 0, dated: str = "") -> bytes:
    table = _HEAD + "".join(row(at + 3, cell(f"B{at + 3}", "<v>0</v>", "s")) for at in range(used))
    table += row(used + 3, cell(f"A{used + 3}", "<v>5</v>", style=1)) if dated else ""
    return xlsx(table, shared=[inner] * count, styles=["yyyy"])


def _named(count: int) -> bytes:
    said = "".join(f'<definedName name="n{at}">Sheet1!$A$1</definedName>' for at in range(count))
    book = str(book_parts([Tab()])["xl/workbook.xml"])
    book = book.replace("</workbook>", f"<definedNames>{said}</definedNames></workbook>")
    return _around(dated="yes", parts={"xl/workbook.xml": book})


def _conditions(count: int, sqref: Callable[[int], str], dated: str = "yes") -> bytes:
    rule = '<cfRule type="expression" priority="1"><formula>1</formula></cfRule>'
    said = (
        f'<conditionalFormatting sqref="{sqref(at)}">{rule}</conditionalFormatting>'
        for at in range(count)
    )
    return _around(after="".join(said), dated=dated)


def _many_parts(count: int) -> bytes:
    """An archive of that many parts that says it has five."""
    whole = bytearray(zipped([*parts_with(), *(stored(f"{at}", b"") for at in range(count))]))
    whole[-14:-10] = struct.pack("<2H", 5, 5)
    return bytes(whole)


# --- ODS


_OPENED: Final = (
    f"<office:document-content {builders._SPACES}><office:automatic-styles><style:style "
    'style:name="v" style:family="table"><style:table-properties table:display="true"/>'
    "</style:style></office:automatic-styles><office:body><office:spreadsheet>"
    '<table:table table:name="Sheet1" table:style-name="v">'
)
_CLOSED: Final = "</table:table></office:spreadsheet></office:body></office:document-content>"
_MANIFEST: Final = f"<manifest:manifest {builders._SPACES}/>"
_ODS_KIND: Final = "application/vnd.oasis.opendocument.spreadsheet"


def _ods(body: str, *, before: str = "", parts: dict[str, str | bytes] | None = None) -> bytes:
    head = "".join(_line(_ods_cells(*line)) for line in _PEOPLE)
    content = f"{_OPENED}{before}{head}{body}{_CLOSED}"
    usual = {"mimetype": _ODS_KIND, "META-INF/manifest.xml": _MANIFEST, "content.xml": content}
    return packed(usual | (parts or {}))


_PEOPLE: Final = (("name", "linkedin"), ("Jo", "jo-doe"))


def _ods_cells(*values: str, said: str = "") -> str:
    return "".join(
        f'<table:table-cell office:value-type="string"{said}><text:p>{value}</text:p>'
        "</table:table-cell>"
        for value in values
    )


def _line(inside: str) -> str:
    return f"<table:table-row>{inside}</table:table-row>"


def _repeated(inside: str, down: int, count: int = 1) -> bytes:
    line = f'<table:table-row table:number-rows-repeated="{down}">{inside}</table:table-row>'
    return _ods(line * count)


def _across(count: int) -> str:
    return f' table:number-columns-repeated="{count}"'


# --- XLS and XLSB


def _xls(*records: tuple[int, bytes], table: Sequence[Sequence[str]] = PEOPLE) -> bytes:
    """An old workbook with further records at the end of its worksheet."""
    return _with_records(table, b"".join(builders._record(*each) for each in records))


def _with_records(table: Sequence[Sequence[str]], more: bytes) -> bytes:
    # Its only stream begins behind the header, the table of sectors and the directory.
    stream = builders.xls(builders.Sheet("Sheet1", table))[3 * 512 :].rstrip(b"\0")
    return builders.compound({"Workbook": stream[:-1] + more + stream[-1:] + bytes(3)})


def _xlsb(sheet: bytes = b"", table: Sequence[Sequence[str]] = PEOPLE, **parts: bytes) -> bytes:
    """A binary workbook with further records in its worksheet, or other parts."""
    with zipfile.ZipFile(io.BytesIO(builders.xlsb(builders.Sheet("Sheet1", table)))) as archive:
        made: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    body = made["xl/worksheets/sheet1.bin"]
    assert isinstance(body, bytes)
    end = body.rindex(builders._part(146))
    made["xl/worksheets/sheet1.bin"] = body[:end] + sheet + body[end:]
    return packed(made | {f"xl/{name}.bin": content for name, content in parts.items()})


def _head(at: int, column: int, style: int = 0) -> bytes:
    return struct.pack("<3H", at, column, style)


def _rows_b(count: int, *cells: bytes, first: int = 5) -> bytes:
    head = struct.pack("<H3BI", 300, 0, 0, 0, 0)
    return b"".join(
        builders._part(0, struct.pack("<2I", at, 0) + head) + b"".join(cells)
        for at in range(first, first + count)
    )


# --- lists by the kind of what they hold

_XLSX: Final[dict[str, Callable[[], bytes]]] = {
    # links and merges
    "20 links of 99,000 cells each": lambda: _links(
        20, lambda at: f"A{at * 99 + 1}:ALL{at * 99 + 99}"
    ),
    "2,000 links of 999 cells each": lambda: _links(2_000, lambda at: f"A{at + 1}:ALK{at + 1}"),
    "400 links over whole rows": lambda: _links(400, lambda at: f"A{at + 1}:XFD{at + 1}"),
    "100,000 links over all": lambda: _links(100_000, lambda _: "A1:XFD1048576"),
    "60,000 links of one cell": lambda: _links(60_000, lambda at: f"A{at + 1}"),
    "20 merges of 99,000 cells each": lambda: _merges(
        20, lambda at: f"A{at * 99 + 3}:ALL{at * 99 + 101}"
    ),
    "20,000 merges over all": lambda: _merges(20_000, lambda _: "A1:XFD1048576"),
    "200,000 merges of two cells": lambda: _merges(200_000, lambda at: f"A{at + 3}:B{at + 3}"),
    "10,000 merges and a date": lambda: _merges(
        10_000, lambda at: f"A{at + 9}:B{at + 9}", dated="yes"
    ),
    # cells and rows
    "a cell at ALL9000": lambda: xlsx(_HEAD + row(9_000, text("ALL9000", "x"))),
    "a cell at ALL20000": lambda: xlsx(_HEAD + row(20_000, text("ALL20000", "x"))),
    "a cell at ALL100000": lambda: xlsx(_HEAD + row(100_000, text("ALL100000", "x"))),
    "a cell at A1048576": lambda: xlsx(_HEAD + row(1_048_576, text("A1048576", "x"))),
    "a cell at T1048576": lambda: xlsx(_HEAD + row(1_048_576, text("T1048576", "x"))),
    "a dated cell at ALL20000": lambda: xlsx(
        _HEAD + row(20_000, cell("ALL20000", "<v>5</v>", style=1)), styles=["yyyy"]
    ),
    "a dated cell at A1048576": lambda: xlsx(
        _HEAD + row(1_048_576, cell("A1048576", "<v>5</v>", style=1)), styles=["yyyy"]
    ),
    "blanks far to the right and a date": lambda: xlsx(
        _HEAD
        + row(3, cell("A3", "<v>5</v>", style=1))
        + "".join(row(at, f'<c r="XFD{at}"/>') for at in range(4, 20_000)),
        styles=["yyyy"],
    ),
    "far blanks without a date": lambda: xlsx(
        _HEAD + "".join(row(at, f'<c r="XFD{at}"/>') for at in range(4, 100_000))
    ),
    "150 MB of cells without a place": lambda: _sheet("<row><c><v>1</v></c></row>"),
    "150 MB of blank cells": lambda: _sheet("<row><c/></row>"),
    "150 MB of empty rows": lambda: _sheet("<row/>"),
    "5 MB of empty rows": lambda: _sheet("<row/>", 5 * _MB),
    "150 MB of unknown elements": lambda: _sheet("<x/>"),
    "150 MB of elements within elements": lambda: _sheet("<x><y></y></x>"),
    "150 MB of text between rows": lambda: _sheet("x" * 1_000),
    "150 MB of comments": lambda: _sheet("<!-- -->"),
    "150 MB of instructions": lambda: _sheet("<?x y?>"),
    "150 MB of entities": lambda: _sheet("&lt;"),
    "depth that comments hide": lambda: _sheet("<x><!--</-->", 4 * _MB),
    "elements of 10,000 attributes": lambda: _sheet(
        "<x " + " ".join(f'a{at}="1"' for at in range(10_000)) + "/>", 4 * _MB
    ),
    "numbers of 300 digits": lambda: _sheet("<row><c><v>1e300</v></c></row>", 20 * _MB),
    "numbers of 16 digits": lambda: _sheet("<row><c><v>1234567890123456</v></c></row>", 20 * _MB),
    "a number of a million digits": lambda: xlsx(_HEAD + row(3, cell("A3", f"<v>{'1' * _MB}</v>"))),
    "a row number of a million digits": lambda: xlsx(_HEAD + f'<row r="{"1" * 900_000}"/>'),
    "texts of one row in pieces": lambda: xlsx(
        _HEAD + row(3, cell("A3", _in("is", "<r><t>x</t></r>", 300_000), "inlineStr"))
    ),
    # texts
    "a shared text used often": lambda: _shared(_in("t", "x", 32_000), 1, 50_000),
    "a shared text of combining marks used often": lambda: _shared(
        f"<t>a{_MARKS * 10_000}</t>", 1, 500
    ),
    "400,000 empty shared texts": lambda: _shared("<t/>", 400_000),
    "300,000 empty shared texts and a date": lambda: _shared("<t/>", 300_000, dated="yes"),
    "100,000 shared texts of runs and a date": lambda: _shared(
        "<r><rPr><b/></rPr><t>x</t></r>", 100_000, dated="yes"
    ),
    "a shared text of 100,000 runs and a date": lambda: _shared(
        "<r><t>x</t></r>" * 100_000, 1, 20, dated="yes"
    ),
    "a shared text of x005F": lambda: _shared(_in("t", "_x005F_", 500_000), 1, 2, dated="yes"),
    "150 MB of shared texts": lambda: _large(
        _SHARED, f'<sst xmlns="{MAIN}">', "<si><t>x</t></si>", 150 * _MB, "</sst>"
    ),
    "150 MB of shared texts and a date": lambda: _large(
        _SHARED,
        f'<sst xmlns="{MAIN}">',
        "<si><t>x</t></si>",
        150 * _MB,
        "</sst>",
        deflated(_SHEET, Tab(rows=_HEAD + row(3, cell("A3", "<v>#N/A</v>", "e"))).xml),
    ),
    "inline texts of 1 MB": lambda: xlsx(
        _HEAD + "".join(row(at, text(f"A{at}", "x" * _MB)) for at in range(3, 7))
    ),
    "150 MB of long inline texts": lambda: _sheet(
        f'<row><c t="inlineStr"><is><t>{"x" * 32_000}</t></is></c></row>'
    ),
    "combining marks in a cell": lambda: xlsx(_HEAD + row(3, text("A3", "a" + _MARKS * 300_000))),
    "combining marks in a header": lambda: xlsx(
        row(1, text("A1", "name"), text("B1", "linkedin"), text("C1", "a" + _MARKS * 10_000))
    ),
    # formulas
    "formulas without values": lambda: _sheet("<row><c><f/></c></row>", 5 * _MB),
    "150 MB of formulas without values": lambda: _sheet("<row><c><f/></c></row>"),
    "1,000 columns of formulas without values": lambda: _sheet(
        _in("row", "<c><f/></c>", 1_000), 4 * _MB
    ),
    "errors in 1,000 columns": lambda: _sheet(
        _in("row", '<c t="e"><v>#N/A</v></c>', 1_000), 5 * _MB
    ),
    "formulas that are links": lambda: _sheet(
        '<row><c t="str"><f>HYPERLINK("x","y")</f><v>y</v></c></row>', 5 * _MB
    ),
    "a link formula of quotes": lambda: xlsx(
        _HEAD + row(3, cell("A3", f"<f>HYPERLINK({'&quot;' * 700_000}x</f><v>1</v>", "str"))
    ),
    "shared formulas that are links": lambda: _sheet(
        '<row><c t="str"><f t="shared" si="1">HYPERLINK("x","y")</f><v>y</v></c></row>', 5 * _MB
    ),
    # hidden
    "a million hidden rows": lambda: _sheet('<row hidden="1"/>', 18 * _MB),
    "hidden columns without end": lambda: _around(
        before=_in("cols", '<col min="1" max="16384" hidden="1"/>', 130_000)
    ),
    "150 MB of hidden columns": lambda: _large(
        _SHEET,
        f'<worksheet xmlns="{MAIN}"><cols>',
        '<col min="1" max="16384" hidden="1"/>',
        150 * _MB,
        f"</cols><sheetData>{_HEAD}</sheetData></worksheet>",
    ),
    # styles and names
    "5,000 number formats": lambda: _formats(5_000, "0" * 900),
    "60,000 number formats and numbers under one": lambda: _formats(60_000, "yyyy", 3),
    "12 MB of styles": lambda: _large(
        "xl/styles.xml",
        f'<styleSheet xmlns="{MAIN}"><cellXfs>',
        '<xf numFmtId="14"/>',
        11 * _MB,
        "</cellXfs></styleSheet>",
    ),
    "12 MB of styles and a date": lambda: _large(
        "xl/styles.xml",
        f'<styleSheet xmlns="{MAIN}"><cellXfs>',
        '<xf numFmtId="14"/>',
        11 * _MB,
        "</cellXfs></styleSheet>",
        deflated(_SHEET, Tab(rows=_HEAD + row(3, cell("A3", "<v>5</v>", style=1))).xml),
    ),
    "fonts without end and a date": lambda: _large(
        "xl/styles.xml",
        f'<styleSheet xmlns="{MAIN}"><fonts>',
        "<font/>",
        5 * _MB,
        '</fonts><cellXfs><xf/><xf numFmtId="14"/></cellXfs></styleSheet>',
        deflated(_SHEET, Tab(rows=_HEAD + row(3, cell("A3", "<v>5</v>", style=1))).xml),
    ),
    "50,000 defined names and a date": lambda: _named(50_000),
    "30,000 conditional formats and a date": lambda: _conditions(30_000, lambda _: "A1"),
    "a conditional format of 10,000 areas and a date": lambda: _conditions(
        1, lambda _: " ".join(f"A{at}" for at in range(1, 10_001))
    ),
    "80,000 columns described and a date": lambda: _around(
        before=_in("cols", '<col min="1" max="2" width="9"/>', 80_000), dated="yes"
    ),
    "50,000 validations and a date": lambda: _around(
        after=_in("dataValidations", '<dataValidation sqref="A1"/>', 50_000),
        dated="yes",
    ),
    "4,000 worksheets": lambda: xlsx(
        sheets=[Tab(rows=_HEAD), *(Tab(f"T{at}", "") for at in range(4_000))]
    ),
    "12 MB of worksheets listed": lambda: _large(
        "xl/workbook.xml",
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/>',
        '<sheet name="x" sheetId="2" r:id="rId1"/>',
        11 * _MB,
        "</sheets></workbook>",
    ),
    "12 MB of relations": lambda: _large(
        "xl/_rels/workbook.xml.rels",
        relations([("rId1", f"{RELATED}/worksheet", "worksheets/sheet1.xml")]).removesuffix(
            "</Relationships>"
        ),
        '<Relationship Id="x" Type="y" Target="../../../../../../x"/>',
        11 * _MB,
        "</Relationships>",
    ),
    "content types without end and a date": lambda: _around(
        dated="yes",
        parts={
            "[Content_Types].xml": str(book_parts([Tab()])["[Content_Types].xml"]).replace(
                "</Types>", '<Override PartName="/x" ContentType="y"/>' * 100_000 + "</Types>"
            )
        },
    ),
    "60,000 parts called five": lambda: _many_parts(60_000),
    "150 MB in a part that nobody reads": lambda: zipped(
        [*parts_with(), heavy("xl/x.xml", b"<x>", _filled("x", _MB), 150, b"</x>")]
    ),
}

_ODS: Final[dict[str, Callable[[], bytes]]] = {
    "a row a million times": lambda: _repeated(_ods_cells("Al", "al-lee"), 1_048_574),
    "cells 10 million times": lambda: _repeated(_ods_cells("a", said=_across(1_000)), 1_000, 10),
    "cells a billion times": lambda: _repeated(_ods_cells("a", said=_across(1_000)), 1_000, 1_000),
    "a long text 100,000 times": lambda: _repeated(_ods_cells("x" * 32_000), 100_000),
    "a long text 5,000 times": lambda: _repeated(_ods_cells("x" * 32_000), 5_000),
    "a text of marks 500 times": lambda: _repeated(_ods_cells("a" + _MARKS * 10_000), 500),
    "faults 20 million times": lambda: _repeated(
        f'<table:table-cell table:formula="of:=A1"{_across(1_000)}/>', 1_000, 20
    ),
    "faults 2 million times": lambda: _repeated(
        f'<table:table-cell table:formula="of:=A1"{_across(999)}/>', 1_000, 2
    ),
    "links 2 million times": lambda: _repeated(
        _ods_cells(f'<text:a xlink:href="{_SITE}">x</text:a>', said=_across(999)), 100, 20
    ),
    "links without end": lambda: _repeated(
        _ods_cells(f'<text:a xlink:href="{_SITE}">x</text:a>', said=_across(1_000)), 99, 100
    ),
    "spans without end": lambda: _ods(_line(_ods_cells("a", said=_SPAN)) * 20_000),
    "hidden rows a million times": lambda: _ods(
        '<table:table-row table:visibility="collapse" table:number-rows-repeated="1048570">'
        f"{_ods_cells('a')}</table:table-row>"
    ),
    "hidden columns without end": lambda: _ods(
        "",
        before='<table:table-column table:visibility="collapse"'
        ' table:number-columns-repeated="16384"/>' * 50_000,
    ),
    "hidden columns one by one": lambda: _ods(
        "", before='<table:table-column table:visibility="collapse"/>' * 90_000
    ),
    "spaces without end": lambda: _ods(_line(_ods_cells('<text:s text:c="2000000000"/>'))),
    "spaces of 100 MB": lambda: _ods(_line(_ods_cells('<text:s text:c="100000000"/>'))),
    "250,000 blank cells in a row": lambda: _ods(
        f"<table:table-row>{'<table:table-cell/>' * 250_000}</table:table-row>"
    ),
    "150 MB of blank cells in a row": lambda: _large_ods(
        "<table:table-row>", "<table:table-cell/>", "</table:table-row>"
    ),
    "150 MB of blank rows": lambda: _large_ods("", "<table:table-row/>", ""),
    "150 MB of unknown elements": lambda: _large_ods("", "<x/>", ""),
    "150 MB of text in a cell": lambda: _large_ods(
        '<table:table-row><table:table-cell office:value-type="string"><text:p>',
        "x" * 999,
        "</text:p></table:table-cell></table:table-row>",
    ),
    "a cell of a million paragraphs": lambda: _ods(
        '<table:table-row><table:table-cell office:value-type="string">'
        f"{'<text:p/>' * 500_000}</table:table-cell></table:table-row>"
    ),
    "texts within texts": lambda: _ods(_line(_ods_cells("<text:span><!--</-->" * 200_000))),
    "closed texts within texts": lambda: _ods(
        "<table:table-row>"
        + _ods_cells("<text:span><!--</-->" * 50_000 + "x" + "</text:span><!--<x-->" * 50_000)
        + "</table:table-row>"
    ),
    "a row called a million digits": lambda: _repeated(_ods_cells("a"), int("9" * 4_000)),
    "a blank row between, a million times": lambda: _ods(
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/>'
        "</table:table-row>" + _line(_ods_cells("x"))
    ),
    "a blank corner": lambda: _ods(
        '<table:table-row table:number-rows-repeated="20000"><table:table-cell/></table:table-row>'
        + _line(f"<table:table-cell{_across(999)}/>{_ods_cells('x')}")
    ),
    "150 MB of manifest": lambda: _ods_part("META-INF/manifest.xml", "<x/>"),
    "150 MB of settings": lambda: _ods_part("settings.xml", "<x/>"),
    "4 MB of settings": lambda: _ods("", parts={"settings.xml": f"<x>{'<x/>' * _MB}</x>"}),
    "4 MB of styles": lambda: _ods("", before="<x/>" * _MB),
    "100,000 worksheets": lambda: _ods("</table:table><table:table>" * 100_000),
}
_SPAN: Final = ' table:number-rows-spanned="1048576" table:number-columns-spanned="1000"'


def _ods_part(name: str, unit: str) -> bytes:
    made = {member.name: member for member in _members(_ods(""))}
    return zipped((made | {name: heavy(name, b"<x>", _filled(unit, _MB), 150, b"</x>")}).values())


def _large_ods(start: str, unit: str, end: str) -> bytes:
    """An ODS whose content has 150 MB of a unit."""
    head = (_OPENED + "".join(_line(_ods_cells(*line)) for line in _PEOPLE) + start).encode()
    content = heavy("content.xml", head, _filled(unit, _MB), 150, f"{end}{_CLOSED}".encode())
    listed = stored("META-INF/manifest.xml", _MANIFEST)
    return zipped([stored("mimetype", _ODS_KIND), listed, content])


def _members(whole: bytes) -> list[Member]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return [deflated(name, archive.read(name)) for name in archive.namelist()]


_LABEL: Final = builders._part(7, struct.pack("<3I", 1, 0, 0))
_XLSB: Final[dict[str, Callable[[], bytes]]] = {
    "a cell far to the right and down": lambda: _xlsb(
        _rows_b(1, builders._part(7, struct.pack("<3I", 999, 0, 0)), first=20_000)
    ),
    "a cell far down": lambda: _xlsb(_rows_b(1, _LABEL, first=1_048_575)),
    "2 million records of nothing": lambda: _xlsb(b"\x7f\x00" * 2_000_000),
    "75 million records of nothing": lambda: _xlsb_large(b"\x7f\x00"),
    "records of nothing in the styles": lambda: _xlsb(styles=b"\x7f\x00" * 2_000_000),
    "a long text used often": lambda: _xlsb(
        _rows_b(50_000, _LABEL), [("name", "linkedin"), ("x" * 32_000, "jo-doe")]
    ),
    "faults without end": lambda: _xlsb(
        _rows_b(300, builders._part(3, struct.pack("<2IB", 1, 0, 42)) * 1_000)
    ),
    "faults of 300,000 cells": lambda: _xlsb(
        _rows_b(300, *(builders._part(3, struct.pack("<2IB", at, 0, 42)) for at in range(1_000)))
    ),
    "hidden columns without end": lambda: _xlsb(
        builders._part(60, struct.pack("<4IH", 0, 16_383, 2_048, 0, 1)) * 200_000
    ),
    "20 links of 99,000 cells": lambda: _xlsb(
        _rows_b(2_000)
        + b"".join(
            builders._part(
                494,
                struct.pack("<4I", at * 99, at * 99 + 98, 0, 999)
                + builders._wide("rId1")
                + bytes(12),
            )
            for at in range(20)
        ),
        [("name", "linkedin"), ("Jo", builders.Cell("jo-doe", link=_SITE))],  # type: ignore[list-item]
    ),
    "20 merges of 99,000 cells": lambda: _xlsb(
        b"".join(
            builders._part(176, struct.pack("<4I", at * 99, at * 99 + 98, 0, 999))
            for at in range(2, 22)
        )
    ),
    "20,000 number formats": lambda: _xlsb(
        styles=b"".join(
            builders._part(44, struct.pack("<H", at) + builders._wide(f"{at}" + "0#" * 100))
            for at in range(20_000)
        )
    ),
    "shared texts called four billion": lambda: _xlsb(
        sharedStrings=builders._part(159, b"\xff" * 8) + builders._part(160)
    ),
    "a text called four billion long": lambda: _xlsb(
        _rows_b(1, builders._part(6, struct.pack("<3I", 0, 0, 0x7FFFFFFF)))
    ),
}


def _xlsb_large(unit: bytes) -> bytes:
    noise = random.Random(1).randbytes(4_000).replace(b"\0", b"\1")
    block = unit * (_MB // len(unit)) + b"".join(
        b"\x7f\x7f" + bytes(noise[at : at + 127]) for at in range(0, 3_810, 127)
    )
    usual = {member.name: member for member in _members(_xlsb())}
    name = "xl/worksheets/sheet1.bin"
    start, end = (
        builders._part(129) + builders._part(145),
        builders._part(146) + builders._part(130),
    )
    return zipped((usual | {name: heavy(name, start, block, 150, end)}).values())


_XLS: Final[dict[str, Callable[[], bytes]]] = {
    "a cell at the last corner": lambda: _xls((0x27E, _head(65_535, 255) + b"\2\0\0\0")),
    "a cell far down": lambda: _xls((0x27E, _head(65_535, 0) + b"\2\0\0\0")),
    "a cell in column 65,536": lambda: _xls((0x27E, _head(9_000, 65_535) + b"\2\0\0\0")),
    "200,000 records of nothing": lambda: _with_records(PEOPLE, b"\xff\x0f\0\0" * 200_000),
    "a long text used often": lambda: _xls(
        *((0xFD, _head(at, 1) + struct.pack("<I", 4)) for at in range(4, 40_000)),
        table=[*PEOPLE, ("x" * 4_000, "al-lee")],
    ),
    "formulas of signs": lambda: _xls(
        *(
            (
                6,
                _head(at, 0)
                + struct.pack("<dHIH", 1.0, 0, 0, 60_000)
                + b"\x1e\1\0"
                + b"\x12" * 59_997,
            )
            for at in range(4, 20)
        )
    ),
    "formulas of sums": lambda: _xls(
        *(
            (
                6,
                _head(at, 0)
                + struct.pack("<dHIH", 1.0, 0, 0, 60_000)
                + b"\x1e\1\0" * 15_000
                + b"\x03" * 15_000,
            )
            for at in range(4, 20)
        )
    ),
    "hidden columns without end": lambda: _xls(
        *[(0x7D, struct.pack("<6H", 0, 65_535, 2_048, 0, 1, 0))] * 60_000
    ),
    "20 merges of 99,000 cells": lambda: _xls(
        (
            0xE5,
            struct.pack("<H", 20)
            + b"".join(struct.pack("<4H", at * 99, at * 99 + 98, 0, 999) for at in range(2, 22)),
        )
    ),
    "20 links of 99,000 cells": lambda: _xls(
        *(
            (
                0x1B8,
                struct.pack("<4H", at * 99, at * 99 + 98, 0, 999)
                + bytes(24)
                + bytes.fromhex("E0C9EA79F9BACE118C8200AA004BA90B")
                + struct.pack("<I", 6)
                + "abc".encode("utf-16-le"),
            )
            for at in range(20)
        )
    ),
    "faults without end": lambda: _xls(
        *((0x205, _head(at >> 8, at & 255) + b"\x2a\1") for at in range(800, 80_000))
    ),
    "shared texts called four billion": lambda: _xls((0xFC, b"\xff" * 8)),
    "a stream that goes in a circle": lambda: _circle(),
}


def _circle() -> bytes:
    """An old workbook whose stream is said to have 1 GB, of which each sector leads to itself."""
    whole = bytearray(builders.xls(builders.Sheet("Sheet1", PEOPLE)))
    directory = 512 * 2
    start = struct.unpack_from("<I", whole, directory + 128 + 116)[0]
    struct.pack_into("<I", whole, directory + 128 + 120, 2**30)
    struct.pack_into("<I", whole, 512 + 4 * start, start)
    return bytes(whole)


def _csv(body: str, head: str = "name,linkedin\n") -> bytes:
    return (head + body).encode()


_CSV: Final[dict[str, Callable[[], bytes]]] = {
    "a million empty lines": lambda: _csv("\n" * 1_048_570),
    "a million blank lines": lambda: _csv("   ,\n" * 1_000_000),
    "a million carriage returns": lambda: _csv("\r" * 1_048_570, "name,linkedin\r"),
    "150,000 rows of one letter": lambda: _csv("a\n" * 150_000, "linkedin\n"),
    "100,000 rows with problems": lambda: _csv(
        "".join(f"#N/A,x{at}@mail.example\n" for at in range(100_000))
    ),
    "100,000 ragged rows": lambda: _csv("a,b,c,d\n" * 100_000),
    "3 MB of commas": lambda: _csv("," * 3_000_000 + "\n"),
    "3 MB of commas as a header": lambda: _csv("a,b\n", "," * 3_000_000 + "\n"),
    "1,000 rows of 1,900 cells": lambda: _csv(("," * 1_900 + "\n") * 1_000),
    "5 MB on a line": lambda: _csv("x" * 5 * _MB),
    "a text of 3 MB": lambda: _csv("x" * 3 * _MB + ",jo-doe\n"),
    "texts of 1 MB": lambda: _csv(("x" * 1_000_000 + ",jo-doe\n") * 4),
    "combining marks in a cell": lambda: _csv("a" + _MARKS * 160_000 + ",jo-doe\n"),
    "combining marks as a recipient": lambda: _csv("Jo,a" + _MARKS * 160_000 + "\n"),
    "combining marks in the header": lambda: _csv("Jo,al\n", f"a{_MARKS * 10_000},linkedin\n"),
    "1,000 headers of combining marks": lambda: _csv(
        "Jo,al\n", ",".join(["linkedin", *["a" + _MARKS * 150] * 998]) + "\n"
    ),
    "a cell of 250,000 lines": lambda: _csv('Jo,"' + "a, b\n" * 250_000 + '"\n'),
    "a cell of a million lines": lambda: _csv('Jo,"' + "\n" * 1_000_000 + '"\n'),
    "rows within a cell": lambda: _csv('"' + "Jo,b\n" * 200_000 + '",jo-doe\n'),
    "lines of slugs within a cell": lambda: _csv('Jo,"' + "a1, b1 c\n" * 110_000 + '"\n'),
    "lines of commas within a cell": lambda: _csv('Jo,"' + ", , , , , , , ,\n" * 60_000 + '"\n'),
    "10 rows of many lines": lambda: _csv(('Jo,"' + "a, b\n" * 60_000 + '"\n') * 10),
    "an open quote": lambda: _csv('Jo,"' + "a,b\n" * 1_000_000),
    "a million quotes": lambda: _csv("Jo," + '""' * 1_000_000 + "\n"),
    "at signs": lambda: _csv("".join(f"{'@' * 30_000} x,al-{at}\n" for at in range(50))),
    "underscores and braces": lambda: _csv(
        "".join(f"{'{ _%[' * 6_000},al-{at}\n" for at in range(50))
    ),
    "slashes as a recipient": lambda: _csv("".join(f"Jo,{'/in/' * 8_000}\n" for _ in range(50))),
    "commas as a recipient": lambda: _csv(
        "".join(f'Jo,"/in//in/{"," * 32_000}"\n' for _ in range(50))
    ),
    "escapes as a recipient": lambda: _csv(f"Jo,linkedin.com/in/{'%41' * 10_000}\n" * 50),
    "end marks": lambda: _csv("Jo,jo-doe\n" + "\x1a" * 1_000_000),
    "end marks on lines": lambda: _csv("Jo,jo-doe\n" + "\x1a\r\n" * 400_000),
    "UTF-16 of nothing": lambda: "name,linkedin\n".encode("utf-16") + b"\x20\x00" * 1_000_000,
    "another encoding late": lambda: _csv("Jo,jo-doe\n" * 150_000) + b"\xe9,x\n",
    "another encoding everywhere": lambda: _csv("Jo,jo-doe\n") + b"\xe9\n" * 1_000_000,
    "astral characters": lambda: _csv("\U0001f600" * 250_000 + ",jo-doe\n"),
    "invisible characters": lambda: _csv("\u200b" * 300_000 + ",jo\u200b-doe\n"),
    "20 rows above the header of 2,000 cells": lambda: _csv(
        (",".join(["\u00e9" * 50] * 1_999) + "\n") * 19 + "name,linkedin\nJo,jo-doe\n", ""
    ),
}

CASES: Final[dict[str, Callable[[], List]]] = {
    f"{kind}: {name}": partial(lambda kind, make: (f"list.{kind.lower()}", make()), kind, make)
    for kind, makers in (
        ("XLSX", _XLSX),
        ("ODS", _ODS),
        ("XLSB", _XLSB),
        ("XLS", _XLS),
        ("CSV", _CSV),
    )
    for name, make in makers.items()
}


# --- templates


def _times(unit: str, *, size: int = 19_900, end: str = "\n") -> str:
    return unit * ((size - len(end)) // len(unit)) + end


_LONG: Final = (
    "{% set a='a-'|replace('', 'a-a-a-a-')|replace('a', 'a-a-a-a-')|replace('a', 'a-a-a-a-')"
    "|replace('a', 'a-a-a-a-')|replace('a', 'a-a-a-a-')|truncate(7000) %}"
)
TEMPLATES: Final[dict[str, Callable[[], str]]] = {
    "conditions within conditions": lambda: "{% if name %}" * 700 + "{% endif %}" * 700,
    "90 conditions within each other": lambda: (
        ("{% if name %}" * 90 + "x" + "{% endif %}" * 90) * 9
    ),
    "19 conditions within each other, often": lambda: (
        ("{% if name %}" * 19 + "x" + "{% endif %}" * 19 + "\n") * 40
    ),
    "conditions that set, within each other": lambda: (
        ("".join(f"{{% if name %}}{{% set a{at}=1 %}}" for at in range(18)) + "{% endif %}" * 18)
        * 12
    ),
    "1,000 conditions": lambda: _times("{%if a%}{%endif%}"),
    "other conditions without end": lambda: "{%if a%}" + _times("{%elif a%}", end="{%endif%}\n"),
    "90 other conditions, often": lambda: _times("{%if a%}" + "{%elif a%}" * 90 + "{%endif%}"),
    "1,200 variables set": lambda: "".join(f"{{%set a{at}=1%}}" for at in range(1_200)) + "x\n",
    "variables set in conditions": lambda: "".join(
        f"{{%if a%}}{{%set b{at}=1%}}{{%endif%}}" for at in range(550)
    ),
    "2,200 names": lambda: "".join(f"{{{{a{at}}}}}" for at in range(2_200)),
    "19 filters, often": lambda: _times("{{ name" + "|title" * 19 + " }}"),
    "filters within filters": lambda: "{{ " + "name|d(" * 2_000 + "1" + ")" * 2_000 + " }}\n",
    "90 filters within filters, often": lambda: _times(
        "{{ " + "a|d(" * 90 + "1" + ")" * 90 + " }}"
    ),
    "long texts by 2,500 filters": lambda: (
        _LONG + _times("{%set b=a" + "|title" * 19 + "%}", size=19_500)
    ),
    "long texts by 2,000 counts": lambda: (
        _LONG + _times("{%if a|wordcount%}{%endif%}", size=19_500)
    ),
    "long texts replaced": lambda: _LONG + _times("{%set b=a|replace('a','b')%}", size=19_500),
    "long texts in upper case": lambda: (
        _LONG + _times("{%if a|upper|lower%}{%endif%}", size=19_500)
    ),
    "long texts split": lambda: _LONG + _times("{%if a.split('-')%}{%endif%}", size=19_500),
    "long texts joined": lambda: _LONG + _times("{%set b=a~a%}", size=19_500),
    "long texts added": lambda: _LONG + _times("{%if a+a%}{%endif%}", size=19_500),
    "long texts searched": lambda: _LONG + _times("{%if 'a-b' in a%}{%endif%}", size=19_500),
    "tests without end": lambda: "{{ 1 if name" + " is string" * 1_500 + " }}\n",
    "90 tests, often": lambda: _times("{{ 1 if name" + " is string" * 90 + " }}"),
    "negations without end": lambda: "{{ 1 if " + "not " * 4_500 + "name }}\n",
    "minus signs without end": lambda: "{{ " + "- " * 9_000 + "1 }}\n",
    "150 minus signs, often": lambda: _times("{{" + "-" * 150 + "1}}"),
    "comparisons without end": lambda: "{{ 1" + "<2" * 9_000 + " }}\n",
    "sums without end": lambda: "{{ 1" + "+1" * 9_000 + " }}\n",
    "150 sums, often": lambda: _times("{{1" + "+1" * 150 + "}}"),
    "150 products, often": lambda: _times("{{9" + "*9" * 150 + "}}"),
    "powers": lambda: _times("{{9**9**9**9}}"),
    "texts joined without end": lambda: "{{ 1" + "~1" * 9_000 + " }}\n",
    "alternatives without end": lambda: "{{ 1" + " or 1" * 3_500 + " }}\n",
    "150 alternatives, often": lambda: _times("{{a" + " or a" * 150 + "}}"),
    "choices without end": lambda: "{{ " + "1 if a else " * 1_500 + "1 }}\n",
    "90 choices, often": lambda: _times("{{ " + "1 if a else " * 90 + "1 }}"),
    "brackets without end": lambda: "{{ " + "(" * 9_000 + "1" + ")" * 9_000 + " }}\n",
    "90 brackets, often": lambda: _times("{{" + "(" * 90 + "1" + ")" * 90 + "}}"),
    "lists within lists": lambda: "{{ 1 if 1 in " + "[" * 9_000 + "]" * 9_000 + " }}\n",
    "90 lists within lists, often": lambda: _times("{{1 if 1 in " + "[" * 90 + "]" * 90 + "}}"),
    "a list of 9,000": lambda: "{{ 1 if 1 in [" + "1," * 9_000 + "] }}\n",
    "tables within tables": lambda: "{{ 1 if 1 in " + "{1:" * 5_000 + "1" + "}" * 5_000 + " }}\n",
    "places without end": lambda: "{{ name" + "[0]" * 6_000 + " }}\n",
    "150 places, often": lambda: _times("{{name" + "[0]" * 150 + "}}"),
    "calls without end": lambda: "{{ name" + ".strip()" * 2_000 + " }}\n",
    "90 calls, often": lambda: _times("{{name" + ".strip()" * 90 + "}}"),
    "a long number": lambda: "{{ " + "9" * 19_000 + " }}\n",
    "a number of 4,000 digits": lambda: "{{ " + "9" * 4_000 + " }}\n",
    "a number with a long exponent": lambda: "{{ 1e" + "9" * 4_000 + " }}\n",
    "a number of underscores": lambda: "{{ " + "1_" * 9_000 + " }}\n",
    "a long name": lambda: "{{ " + "a" * 19_000 + " }}\n",
    "a long text": lambda: "{{ '" + "a" * 19_000 + "' }}\n",
    "texts side by side": lambda: "{{ " + "'' " * 6_000 + " }}\n",
    "escapes": lambda: "{{ '" + "\\N{a}" * 3_500 + "' }}\n",
    "open braces": lambda: "{" * 19_000,
    "open prints": lambda: "{{ " * 6_000,
    "open comments": lambda: "{# " * 6_000,
    "open statements": lambda: "{% if " * 3_000,
    "comments": lambda: _times("{##}"),
    "raw texts": lambda: _times("{%raw%}{%endraw%}"),
    "prints of nothing": lambda: _times("{{''}}"),
    "combining marks": lambda: "a" + _MARKS * 6_000,
    "combining marks as a name": lambda: "{{ a" + _MARKS * 6_000 + " }}\n",
    "combining marks as a column": lambda: '{{ row["a' + _MARKS * 6_000 + '"] }}\n',
    "lines of dashes": lambda: "---\n" * 4_900,
    "a front matter without end": lambda: "---\n" + "#\n" * 9_000,
    "subjects without end": lambda: "---\n" + "subject: {{ name }}\n" * 900 + "---\nHello\n",
    "spaces": lambda: " " * 19_000 + "x",
    "too long": lambda: "x" * 21_000,
}

# Lists that are hard together with a template.
PAIRS: Final[dict[str, Callable[[], tuple[List, str]]]] = {
    "990 headers of 1,000 letters and 2,200 unknown names": lambda: (
        ("list.csv", _wide_csv(1_000)),
        TEMPLATES["2,200 names"](),
    ),
    "990 headers of 90 letters and 2,200 unknown names": lambda: (
        ("list.csv", _wide_csv(90)),
        TEMPLATES["2,200 names"](),
    ),
    "1,000 rows and long texts by 2,500 filters": lambda: (
        ("list.csv", _csv("".join(f"Jo,jo-{at}\n" for at in range(1_000)))),
        TEMPLATES["long texts by 2,500 filters"](),
    ),
}


def _wide_csv(length: int) -> bytes:
    return _csv(
        "jo-doe\n", ",".join(["linkedin", *(f"h{at:x<{length}}" for at in range(990))]) + "\n"
    )


# --- campaign files

_LEAST: Final = b'sheet = "l.csv"\ntemplate = "t.j2"\n'
CAMPAIGN_FILES: Final[dict[str, Callable[[], bytes]]] = {
    "lists within lists": lambda: _LEAST + b"days = " + b"[" * 3_900,
    "lists within lists, each on its line": lambda: _LEAST + b"days = " + b"[\n" * 30_000,
    "300 lists within lists": lambda: _LEAST + b"hidden = " + b"[\n" * 300 + b"]" * 300 + b"\n",
    "tables within tables": lambda: _LEAST + b"columns = " + b"{a=" * 1_300,
    "250 tables within tables": lambda: _LEAST + b"hidden = " + b"{a=" * 250 + b"1" + b"}" * 250,
    "a name of 1,900 parts": lambda: _LEAST + b"a." * 1_900 + b"a = 1\n",
    "15 names of 1,900 parts": lambda: (
        _LEAST + b"".join(b"b%d." % at + b"a." * 1_900 + b"a = 1\n" for at in range(15))
    ),
    "a table of 1,900 parts with many keys": lambda: (
        _LEAST + b"[" + b"a." * 1_900 + b"a]\n" + b"".join(b"b%d=1\n" % at for at in range(7_000))
    ),
    "a table of 1,900 parts with dotted keys": lambda: (
        _LEAST + b"[" + b"a." * 1_900 + b"a]\n" + b"".join(b"b%d.c=1\n" % at for at in range(5_500))
    ),
    "a table of 900 parts with dotted keys": lambda: (
        _LEAST + b"[" + b"a." * 900 + b"a]\n" + b"".join(b"b%d.c=1\n" % at for at in range(6_000))
    ),
    "lists of tables within tables": lambda: _LEAST + b"[[a.b]]\n[[a.b.c]]\n" * 3_400,
    "a key of many parts in short lines of tables": lambda: (
        _LEAST + b"[" + b"a." * 1_900 + b"a]\n" + b"[" + b"a." * 1_900 + b"b]\n" * 10
    ),
    "6,000 tables": lambda: _LEAST + b"".join(b"[a%d]\n" % at for at in range(6_500)),
    "6,000 keys": lambda: _LEAST + b"".join(b"a%d=1\n" % at for at in range(7_000)),
    "a text of 3,900 letters": lambda: _LEAST + b'notify = "' + b"a" * 3_900 + b'"\n',
    "a text of many lines": lambda: _LEAST + b'notify = """' + b"a\n" * 30_000 + b'"""\n',
    "a choice of many lines": lambda: _LEAST + b'hidden = """' + b"a\n" * 30_000 + b'"""\n',
    "a name of many lines": lambda: _LEAST + b'name = """' + b"a\n" * 30_000 + b'"""\n',
    "a text that never ends": lambda: _LEAST + b'name = """' + b'\\"' * 1_900,
    "a text of escapes": lambda: _LEAST + b'name = "' + b"\\u0315\\u0300" * 300 + b'"\n',
    "a text of combining marks": lambda: (
        _LEAST + f'name = """{(_MARKS * 400 + chr(10)) * 7}"""\n'.encode()
    ),
    "a whole number of 3,900 digits": lambda: _LEAST + b"header_row = " + b"9" * 3_900 + b"\n",
    "a number of 3,900 signs": lambda: _LEAST + b"min_days = 0x" + b"f" * 3_900 + b"\n",
    "a number of underscores": lambda: _LEAST + b"min_days = " + b"1_" * 1_900 + b"\n",
    "a pace of spaces": lambda: (
        _LEAST + b'pace = "1' + b" " * 1_900 + b"+1" + b" " * 1_900 + b'x"\n'
    ),
    "hours of spaces": lambda: _LEAST + b'hours = "9' + b" " * 3_900 + b'x"\n',
    "9,000 accounts": lambda: _LEAST + b"accounts = [\n" + b'"a",\n' * 9_000 + b"]\n",
    "4,000 columns": lambda: (
        _LEAST + b"[columns]\n" + b"".join(b'a%d="b"\n' % at for at in range(5_000))
    ),
    "9,000 holidays": lambda: _LEAST + b"holidays = [\n" + b'"2026-01-01",\n' * 4_000 + b"]\n",
    "a key of 3,900 letters": lambda: _LEAST + b"a" * 3_900 + b" = 1\n",
    "a key of combining marks": lambda: _LEAST + f'"a{_MARKS * 400}" = 1\n'.encode(),
    "a number of an endless exponent": lambda: _LEAST + b"share = 1e" + b"9" * 3_900 + b"\n",
    "comments without end": lambda: _LEAST + b"#\n" * 31_000,
    "one line": lambda: _LEAST + b"# " + b"x" * 60_000,
    "too long": lambda: _LEAST + b"#\n" * 40_000,
    "zeros": lambda: _LEAST + bytes(1_000),
    "another encoding": lambda: _LEAST + b"\xff" * 60_000,
    "sheets of a path without end": lambda: b'sheet = "' + b"a/" * 1_900 + b'l.csv"\n',
}

# --- copies


def _second(xml_after: str = "", body: str = "", before: str = "", **more: object) -> bytes:
    """A workbook whose second worksheet is large; the first is the list."""
    return xlsx(
        sheets=[Tab(rows=PEOPLE), Tab("Other", body, before=before, after=xml_after)],
        **more,  # type: ignore[arg-type]
    )


COPIES: Final[dict[str, Callable[[], bytes]]] = {
    "a merge over all": lambda: _second(
        '<mergeCells><mergeCell ref="B2:XFD1048576"/></mergeCells>'
    ),
    "a merge of 990,000 cells": lambda: _second(
        '<mergeCells><mergeCell ref="A1:ALB990"/></mergeCells>'
    ),
    "10,000 merges of two cells": lambda: _merges(10_000, lambda at: f"D{at + 3}:E{at + 3}"),
    "a merge of all without a place": lambda: _second(
        '<mergeCells><mergeCell ref="A:XFD"/></mergeCells>'
    ),
    "a link over all": lambda: _second(
        '<hyperlinks><hyperlink ref="B2:XFD1048576" location="a"/></hyperlinks>'
    ),
    "a link over 990,000 cells": lambda: _second(
        '<hyperlinks><hyperlink ref="A1:ALB990" location="a"/></hyperlinks>'
    ),
    "20,000 links": lambda: _links(20_000, lambda at: f"D{at + 3}"),
    "300,000 cells": lambda: _second(
        body="".join(row(at, *["<c/>"] * 100) for at in range(1, 3_001))
    ),
    "900,000 blank cells": lambda: _second(
        body="".join(row(at, *["<c/>"] * 100) for at in range(1, 9_001))
    ),
    "1,100,000 blank cells": lambda: _second(
        body="".join(row(at, *["<c/>"] * 100) for at in range(1, 11_001))
    ),
    "200,000 heights of rows": lambda: _second(
        body="".join(f'<row r="{at}" ht="9"/>' for at in range(1, 200_001))
    ),
    "80,000 columns described": lambda: _second(
        before=_in("cols", '<col min="1" max="2" width="9"/>', 80_000)
    ),
    "30,000 conditional formats": lambda: _conditions(30_000, lambda _: "A1", ""),
    "a conditional format of 5,000 areas": lambda: _conditions(
        1, lambda _: " ".join(f"A{at}" for at in range(1, 5_001)), ""
    ),
    "a conditional format over all": lambda: _conditions(1, lambda _: "A1:XFD1048576", ""),
    "50,000 validations": lambda: _second(
        _in("dataValidations", '<dataValidation sqref="A1"/>', 50_000)
    ),
    "a validation of 5,000 areas": lambda: _second(
        '<dataValidations><dataValidation sqref="'
        + " ".join(f"A{at}" for at in range(1, 5_001))
        + '"/></dataValidations>'
    ),
    "50,000 defined names": lambda: _named(50_000),
    "60,000 styles": lambda: xlsx(PEOPLE, styles=[14] * 60_000),
    "30,000 number formats": lambda: _formats(30_000, "yyyy"),
    "200,000 fonts": lambda: _large(
        "xl/styles.xml",
        f'<styleSheet xmlns="{MAIN}"><fonts>',
        "<font/>",
        2 * _MB,
        "</fonts><cellXfs><xf/></cellXfs></styleSheet>",
    ),
    "300,000 shared texts": lambda: _shared("<t/>", 300_000),
    "a shared text used often": lambda: _shared(_in("t", "x", 32_000), 1, 20_000),
    "a shared text of 100,000 runs": lambda: _shared("<r><t>x</t></r>" * 100_000, 1, 20),
    "100,000 shared texts of runs": lambda: _shared("<r><rPr><b/></rPr><t>x</t></r>", 100_000),
    "2,000 worksheets": lambda: xlsx(
        sheets=[Tab(rows=PEOPLE), *(Tab(f"T{at}", "") for at in range(2_000))]
    ),
    "a date at XFD1048576": lambda: _second(body=row(1_048_576, cell("XFD1048576", "<v>1</v>"))),
    "breaks of pages": lambda: _second(_in("rowBreaks", '<brk id="1"/>', 100_000)),
    "scenarios": lambda: _second(_in("scenarios", '<scenario name="a"/>', 50_000)),
    "content types": lambda: xlsx(
        PEOPLE,
        parts={
            "[Content_Types].xml": str(book_parts([Tab()])["[Content_Types].xml"]).replace(
                "</Types>", '<Override PartName="/x" ContentType="y"/>' * 50_000 + "</Types>"
            )
        },
    ),
    "20,000 comments": lambda: _commented(20_000),
    "5,000 pictures": lambda: _drawn(
        5_000, "<xdr:pic><xdr:blipFill><a:blip r:embed='i'/></xdr:blipFill></xdr:pic>"
    ),
    "20,000 shapes": lambda: _drawn(20_000, "<xdr:sp/>"),
    "elements within elements": lambda: _second("<x><!--</-->" * 300_000),
    "elements within elements, closed": lambda: _second(
        "<x><!--</-->" * 100_000 + "</x><!--<x-->" * 100_000
    ),
}


def _related_part(kind: str, part: str, content: str, body: str = "") -> bytes:
    return xlsx(
        PEOPLE,
        after=body,
        parts={
            "xl/worksheets/_rels/sheet1.xml.rels": relations(
                [("d", f"{RELATED}/{kind}", f"../{part}")]
            ),
            f"xl/{part}": content,
        },
    )


def _commented(count: int) -> bytes:
    said = "".join(
        f'<comment ref="A{at}" authorId="0"><text><t>x</t></text></comment>'
        for at in range(1, count + 1)
    )
    content = (
        f'<comments xmlns="{MAIN}"><authors><author>a</author></authors>'
        f"<commentList>{said}</commentList></comments>"
    )
    return _related_part("comments", "comments1.xml", content)


def _drawn(count: int, inner: str) -> bytes:
    corner = "<xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>1</xdr:row><xdr:rowOff>0"
    anchor = (
        f"<xdr:oneCellAnchor><xdr:from>{corner}</xdr:rowOff></xdr:from>"
        f"<xdr:ext cx='1' cy='1'/>{inner}<xdr:clientData/></xdr:oneCellAnchor>"
    )
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    content = (
        f'<xdr:wsDr xmlns:xdr="{drawing}/spreadsheetDrawing" xmlns:a="{drawing}/main" '
        f'xmlns:r="{RELATED}">{anchor * count}</xdr:wsDr>'
    )
    return _related_part("drawing", "drawings/drawing1.xml", content, '<drawing r:id="d"/>')
