"""Workbooks of raw parts, and hostile files that are built without their weight.

With raw parts a test can hold anything that any program may have written. Only the standard library
builds them, so that these files never hold what another library of ours takes for a workbook.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARED: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


# --- cells and rows, as raw XML


def number(place: str, value: str, style: int = 0) -> str:
    """A cell of type n; `value` is the raw text of its <v>."""
    return cell(place, f"<v>{value}</v>", style=style)


def text(place: str, value: str) -> str:
    """An inline text."""
    return cell(place, f'<is><t xml:space="preserve">{escape(value)}</t></is>', "inlineStr")


def cell(place: str, inner: str, kind: str = "", *, style: int = 0) -> str:
    """Any cell: `inner` is the raw XML within <c>, `kind` is its t="…"."""
    styled, typed = (f' s="{style}"' if style else ""), (f' t="{kind}"' if kind else "")
    return f'<c r="{place}"{styled}{typed}>{inner}</c>'


def row(at: int, *cells: str, more: str = "") -> str:
    """A row of raw cells; `more` are further attributes, such as hidden="1"."""
    return f'<row r="{at}"{" " * bool(more)}{more}>{"".join(cells)}</row>'


def rows(table: Iterable[Sequence[str]], first: int = 1) -> str:
    """Rows of inline texts, one below the other from row `first`; an empty text makes no cell."""
    found = []
    for at, values in enumerate(table, first):
        found.append(
            row(
                at,
                *(
                    text(f"{chr(65 + column)}{at}", value)
                    for column, value in enumerate(values)
                    if value
                ),
            )
        )
    return "".join(found)


# --- a workbook


@dataclass(frozen=True)
class Tab:
    """A worksheet; its `rows` are texts or raw XML.

    `before` and `after` stand around its <sheetData>; `links` are its relations to other places, by
    id. `kind` is worksheet or chartsheet; `state` is hidden, veryHidden or nothing.
    """

    name: str = "Sheet1"
    rows: str | Sequence[Sequence[str]] = ""
    state: str = ""
    before: str = ""
    after: str = ""
    links: Mapping[str, str] | None = None
    kind: str = "worksheet"

    @property
    def xml(self) -> str:
        if self.kind == "chartsheet":
            return (
                f'{_DECLARED}<chartsheet xmlns="{MAIN}" '
                f'xmlns:r="{RELATED}"><sheetViews/></chartsheet>'
            )
        body = self.rows if isinstance(self.rows, str) else rows(self.rows)
        return (
            f'{_DECLARED}<worksheet xmlns="{MAIN}" xmlns:r="{RELATED}">{self.before}'
            f"<sheetData>{body}</sheetData>{self.after}</worksheet>"
        )


def xlsx(
    table: str | Sequence[Sequence[str]] = "",
    *,
    shared: Sequence[str] = (),
    styles: Sequence[str | int] = (),
    sheets: Sequence[Tab] = (),
    active: int | None = None,
    before: str = "",
    after: str = "",
    links: Mapping[str, str] | None = None,
    properties: str = "",
    absolute: bool = False,
    parts: Mapping[str, str | bytes | None] | None = None,
    renamed: Callable[[str], str] | None = None,
) -> bytes:
    """A workbook of one worksheet with `table` (texts, or the raw rows), or of `sheets`.

    `shared` are the shared strings, each as the raw inside of <si>. Style N shows numbers as
    `styles[N - 1]` says: a format code, or the number of a built-in format. `parts` replace the
    parts that would be written; None leaves a part out. `renamed` turns the usual name of a part
    into its name in the archive. `absolute` writes the relations' targets from the archive's root.
    """
    made = book_parts(
        sheets or [Tab(rows=table, before=before, after=after, links=links)],
        shared,
        styles,
        active=active,
        properties=properties,
        absolute=absolute,
    )
    made.update(parts or {})
    return packed(
        {(renamed or str)(name): content for name, content in made.items() if content is not None}
    )


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP file of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def book_parts(
    sheets: Sequence[Tab],
    shared: Sequence[str] = (),
    styles: Sequence[str | int] = (),
    *,
    active: int | None = None,
    properties: str = "",
    absolute: bool = False,
) -> dict[str, str | bytes | None]:
    """A workbook's parts by name, so that a test can leave one out or put another in its place."""
    base = "/xl/" if absolute else ""
    view = "" if active is None else f'<bookViews><workbookView activeTab="{active}"/></bookViews>'
    listed, related, typed = [], [], []
    made: dict[str, str | bytes | None] = {"[Content_Types].xml": None}
    for at, tab in enumerate(sheets, 1):
        state = f' state="{tab.state}"' if tab.state else ""
        listed.append(f'<sheet name={quoteattr(tab.name)} sheetId="{at}"{state} r:id="rId{at}"/>')
        part = f"{tab.kind}s/sheet{at}.xml"
        related.append((f"rId{at}", f"{RELATED}/{tab.kind}", base + part))
        typed.append((f"/xl/{part}", f"{_TYPES}.{tab.kind}+xml"))
        made[f"xl/{part}"] = tab.xml
        if tab.links is not None:
            outside = [(name, f"{RELATED}/hyperlink", target) for name, target in tab.links.items()]
            made[f"xl/{tab.kind}s/_rels/sheet{at}.xml.rels"] = relations(outside, outside=True)
    for name, kind in (("styles", "styles"), ("sharedStrings", "sharedStrings")):
        related.append((f"{name}Id", f"{RELATED}/{kind}", f"{base}{name}.xml"))
        typed.append((f"/xl/{name}.xml", f"{_TYPES}.{kind}+xml"))
    made["xl/workbook.xml"] = (
        f'{_DECLARED}<workbook xmlns="{MAIN}" xmlns:r="{RELATED}">{properties}{view}'
        f"<sheets>{''.join(listed)}</sheets></workbook>"
    )
    made["xl/_rels/workbook.xml.rels"] = relations(related)
    made["_rels/.rels"] = relations(
        [("rId1", f"{RELATED}/officeDocument", f"{'/' * absolute}xl/workbook.xml")]
    )
    made["xl/styles.xml"] = _styles(styles)
    texts = "".join(f"<si>{inner}</si>" for inner in shared)
    made["xl/sharedStrings.xml"] = (
        f'{_DECLARED}<sst xmlns="{MAIN}" count="{len(shared)}">{texts}</sst>'
    )
    made["[Content_Types].xml"] = content_types(
        [("/xl/workbook.xml", f"{_TYPES}.sheet.main+xml"), *typed]
    )
    return made


def relations(found: Iterable[tuple[str, str, str]], *, outside: bool = False) -> str:
    """A part's relations, each with its id, type and target."""
    mode = ' TargetMode="External"' if outside else ""
    listed = "".join(
        f'<Relationship Id="{a}" Type="{b}" Target={quoteattr(c)}{mode}/>' for a, b, c in found
    )
    return f'{_DECLARED}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def content_types(found: Iterable[tuple[str, str]]) -> str:
    listed = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in found)
    usual = (
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    return f'{_DECLARED}<Types xmlns="{_PACKAGE}/content-types">{usual}{listed}</Types>'


def _styles(formats: Sequence[str | int]) -> str:
    codes = {164 + at: code for at, code in enumerate(formats) if isinstance(code, str)}
    defined = "".join(
        f'<numFmt numFmtId="{at}" formatCode={quoteattr(code)}/>' for at, code in codes.items()
    )
    numbers = [0, *(164 + at if isinstance(code, str) else code for at, code in enumerate(formats))]
    used = "".join(
        f'<xf numFmtId="{at}" fontId="0" fillId="0" borderId="0" xfId="0"/>' for at in numbers
    )
    return (
        f"{_DECLARED}<styleSheet "
        f'xmlns="{MAIN}">{f"<numFmts>{defined}</numFmts>" if defined else ""}'
        "<fonts><font/></fonts><fills><fill><patternFill "
        'patternType="none"/></fill></fills><borders><border/></borders>'
        f'<cellStyleXfs><xf/></cellStyleXfs><cellXfs count="{len(numbers)}">{used}</cellXfs>'
        '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


# --- ZIP files that lie, or weigh more than they show


@dataclass(frozen=True)
class Member:
    """An entry of a ZIP file as it is to be written, right or wrong."""

    name: str
    packed: bytes
    size: int
    crc: int
    method: int = zipfile.ZIP_DEFLATED
    flags: int = 0


def stored(name: str, content: str | bytes, **changes: int) -> Member:
    content = content.encode() if isinstance(content, str) else content
    return Member(
        name,
        content,
        **{"size": len(content), "crc": zlib.crc32(content), "method": zipfile.ZIP_STORED}
        | changes,
    )


def deflated(name: str, content: str | bytes, **changes: int) -> Member:
    content = content.encode() if isinstance(content, str) else content
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(content) + deflate.flush()
    return Member(name, body, **{"size": len(content), "crc": zlib.crc32(content)} | changes)


def heavy(name: str, start: bytes, block: bytes, times: int, end: bytes) -> Member:
    """A member of `start`, `times` the `block`, and `end`, deflated without ever being held.

    The bytes of a flushed block can be repeated as they are. The effect of the block on a checksum
    is a linear map, and squaring finds the power of that map.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH)
    piece = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    tail = deflate.compress(end) + deflate.flush()
    crc = zlib.crc32(end, _checksum(zlib.crc32(start), block, times))
    return Member(
        name, head + piece * times + tail, len(start) + len(block) * times + len(end), crc
    )


def _checksum(crc: int, block: bytes, times: int) -> int:
    """The CRC-32 after `times` more of the block."""
    moved = zlib.crc32(block, 0)
    columns = [zlib.crc32(block, 1 << bit) ^ moved for bit in range(32)]

    def mapped(value: int) -> int:
        result = 0
        for bit, column in enumerate(columns):
            result ^= column * (value >> bit & 1)
        return result

    while times:
        if times & 1:
            crc = mapped(crc) ^ moved
        columns, moved = [mapped(column) for column in columns], mapped(moved) ^ moved
        times >>= 1
    return crc


def zipped(members: Iterable[Member], *, overlapping: bool = False) -> bytes:
    """A ZIP file of the members as they are.

    `overlapping` lists all of them at the place of the first one.
    """
    body, central = bytearray(), bytearray()
    count = 0
    for member in members:
        name = member.name.encode()
        place = 0 if overlapping else len(body)
        fields = (
            member.flags,
            member.method,
            0,
            33,
            member.crc,
            len(member.packed),
            member.size,
            len(name),
        )
        if not (overlapping and body):
            body += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, *fields, 0) + name + member.packed
        central += (
            struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, *fields, 0, 0, 0, 0, 0, place) + name
        )
        count += 1
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(central), len(body), 0)
    return bytes(body + central + end)


# --- hostile files


PEOPLE: Final = (("Name", "LinkedIn"), ("Jo", "https://www.linkedin.com/in/jo-doe"))
_SHEET: Final = "xl/worksheets/sheet1.xml"
_MB: Final = 1024**2


def parts_with(*changed: Member) -> list[Member]:
    """The entries of an ordinary workbook of PEOPLE, with some in another form."""
    usual = book_parts([Tab(rows=PEOPLE)])
    made = {name: deflated(name, content) for name, content in usual.items() if content is not None}
    return list((made | {member.name: member for member in changed}).values())


def _bombed(name: str, start: str, block: bytes, times: int, end: str) -> bytes:
    return zipped(parts_with(heavy(name, start.encode(), block, times, end.encode())))


def _of_cells() -> bytes:
    block = b'<row><c t="n"><v>1</v></c><c t="n"><v>1</v></c></row>' * 20_000
    return _bombed(
        _SHEET, f'<worksheet xmlns="{MAIN}"><sheetData>', block, 1_000, "</sheetData></worksheet>"
    )


def _of_one_string() -> bytes:
    return _bombed(
        "xl/sharedStrings.xml", f'<sst xmlns="{MAIN}"><si><t>', b"x" * _MB, 2_000, "</t></si></sst>"
    )


def _of_spaces() -> bytes:
    return _bombed(
        _SHEET,
        f'<worksheet xmlns="{MAIN}"><sheetData>',
        b" " * _MB,
        4_000,
        "</sheetData></worksheet>",
    )


def _of_small_bombs() -> bytes:
    # Each part is below the size that is looked at singly; together they are 40 GB.
    piece = heavy("x", b"<x>", b" " * _MB, 4, b"</x>")
    more = [
        Member(f"xl/media/{at}.xml", piece.packed, piece.size, piece.crc) for at in range(9_000)
    ]
    return zipped([*parts_with(), *more])


def _laughs() -> str:
    entities = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>'


def _outside() -> str:
    return '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


def _with_dtd(dtd: str, entity: str, part: str = _SHEET) -> bytes:
    tab = Tab(
        rows=row(1, text("A1", "Name"), text("B1", "LinkedIn"))
        + row(2, text("A2", "Jo"), text("B2", "jo-doe"))
    )
    content = book_parts([tab])[part]
    assert isinstance(content, str)
    changed = content.replace(_DECLARED, _DECLARED + dtd).replace(">Jo<", f">{entity}<")
    return xlsx(sheets=[tab], parts={part: changed})


def _with_shared_dtd(dtd: str, entity: str) -> bytes:
    table = row(1, cell("A1", "<v>0</v>", "s")) + row(2, cell("A2", "<v>1</v>", "s"))
    texts = (
        f'{_DECLARED}{dtd}<sst xmlns="{MAIN}"><si><t>Name</t></si><si><t>{entity}</t></si></sst>'
    )
    return xlsx(table, parts={"xl/sharedStrings.xml": texts})


def _duplicate() -> bytes:
    return zipped([*parts_with(), deflated(_SHEET, Tab(rows=[("Name",), ("Other",)]).xml)])


def _duplicate_but_for_case() -> bytes:
    return zipped(
        [
            *parts_with(),
            deflated("XL\\Worksheets\\Sheet1.xml", Tab(rows=[("Name",), ("Other",)]).xml),
        ]
    )


def _overlapping() -> bytes:
    # 400 names for one entry of 4 MB, as in "A better zip bomb".
    kernel = deflated("xl/0.xml", b"<x>" + b" " * (4 * _MB) + b"</x>")
    more = [Member(f"xl/{at}.xml", kernel.packed, kernel.size, kernel.crc) for at in range(400)]
    return zipped(more, overlapping=True)


def _endless_tag() -> bytes:
    return _bombed(_SHEET, f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"', b" " * _MB, 4, "")


def _endless_attribute() -> bytes:
    return _bombed(
        _SHEET,
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1" x="',
        b"y" * _MB,
        4,
        '"/></sheetData></worksheet>',
    )


def _wrong_checksum() -> bytes:
    tab = Tab(rows=PEOPLE)
    return zipped(
        parts_with(
            stored(_SHEET, tab.xml.replace("jo-doe", "al-doe"), crc=zlib.crc32(tab.xml.encode()))
        )
    )


def _bit_flip() -> bytes:
    good = deflated(_SHEET, Tab(rows=[*PEOPLE, *(("Al", f"al-{at}") for at in range(200))]).xml)
    flipped = bytearray(good.packed)
    flipped[len(flipped) // 2] ^= 0x10
    return zipped(parts_with(Member(good.name, bytes(flipped), good.size, good.crc)))


def _without(part: str) -> bytes:
    table = row(1, cell("A1", "<v>0</v>", "s")) + row(2, cell("A2", "<v>1</v>", "s"))
    return xlsx(table, shared=["<t>Name</t>", "<t>Jo</t>"], parts={part: None})


def _truncated() -> bytes:
    whole = xlsx([*PEOPLE, *((f"Al {at}", f"al-{at}") for at in range(2_000))])
    return whole[: len(whole) // 2]


def _cut() -> bytes:
    return xlsx(parts={_SHEET: Tab(rows=PEOPLE).xml.partition("Jo")[0]})


def _far() -> bytes:
    return xlsx(rows(PEOPLE) + row(1_048_576, text("XFD1048576", "far")))


def _ole(*streams: str) -> bytes:
    """The part of an OLE file that a reader looks at: its mark and its streams' names in UTF-16."""
    names = b"".join(
        stream.encode("utf-16-le").ljust(64, b"\0").ljust(128, b"\0") for stream in streams
    )
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + names.ljust(4096, b"\0")


def _strict() -> bytes:
    strict = {
        MAIN: "http://purl.oclc.org/ooxml/spreadsheetml/main",
        RELATED: "http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
    made = {}
    for name, content in book_parts([Tab(rows=PEOPLE)]).items():
        assert isinstance(content, str)
        for usual, other in strict.items():
            content = content.replace(usual, other)
        made[name] = content
    return packed(made)


def office(part: str) -> bytes:
    """An Office file of another program: its relations name `part` as the document."""
    return packed(
        {"_rels/.rels": relations([("rId1", f"{RELATED}/officeDocument", part)]), part: "<x/>"}
    )


HOSTILE: Final[Mapping[str, Callable[[], bytes]]] = {
    "1 GB of cells": _of_cells,
    "a string of 2 GB": _of_one_string,
    "4 GB of spaces": _of_spaces,
    "thousands of small bombs": _of_small_bombs,
    "a part called larger than it is": lambda: zipped(
        parts_with(deflated(_SHEET, Tab(rows=PEOPLE).xml, size=3 * 1024**3))
    ),
    "a part called smaller than it is": lambda: zipped(
        parts_with(deflated(_SHEET, Tab(rows=PEOPLE).xml, size=100))
    ),
    "billion laughs": lambda: _with_dtd(_laughs(), "&l9;"),
    "billion laughs in the workbook's part": lambda: _with_dtd(_laughs(), "", "xl/workbook.xml"),
    "billion laughs in the relations": lambda: _with_dtd(_laughs(), "", "_rels/.rels"),
    "billion laughs in the styles": lambda: _with_dtd(_laughs(), "", "xl/styles.xml"),
    "billion laughs in the shared strings": lambda: _with_shared_dtd(_laughs(), "&l9;"),
    "an external entity": lambda: _with_dtd(_outside(), "&e;"),
    "an external entity in the shared strings": lambda: _with_shared_dtd(_outside(), "&e;"),
    "a part twice": _duplicate,
    "a part twice but for case": _duplicate_but_for_case,
    "overlapping parts": _overlapping,
    "10,001 parts": lambda: zipped(
        [*parts_with(), *(stored(f"xl/media/{at}.png", b"") for at in range(10_001))]
    ),
    "a cell at XFD1048576": _far,
    "a cell in row 1,048,577": lambda: xlsx(rows(PEOPLE) + row(1_048_577, text("A1048577", "far"))),
    "a row number of 20 digits": lambda: xlsx(rows(PEOPLE) + row(10**19, text("A3", "far"))),
    "a column beyond XFD": lambda: xlsx(rows(PEOPLE) + row(3, text("ZZZ3", "far"))),
    "a row called minus one": lambda: xlsx(rows(PEOPLE) + row(-1, text("A3", "far"))),
    "rows out of their order": lambda: xlsx(rows(PEOPLE) + row(1, text("A1", "Other"))),
    "an endless tag": _endless_tag,
    "an endless attribute": _endless_attribute,
    "elements a million deep": lambda: _bombed(
        _SHEET, f'<worksheet xmlns="{MAIN}"><sheetData>', b"<x>" * 100_000, 10, ""
    ),
    "a wrong checksum in a stored part": _wrong_checksum,
    "a flipped bit in a deflated part": _bit_flip,
    "no shared strings": lambda: _without("xl/sharedStrings.xml"),
    "a shared string beyond the last": lambda: xlsx(
        row(1, cell("A1", "<v>9</v>", "s")), shared=["<t>Name</t>"]
    ),
    "a shared string before the first": lambda: xlsx(
        row(1, cell("A1", "<v>-1</v>", "s")), shared=["<t>Name</t>"]
    ),
    "a shared string that is no number": lambda: xlsx(
        row(1, cell("A1", "<v>x</v>", "s")), shared=["<t>Name</t>"]
    ),
    "a number that is none": lambda: xlsx(rows(PEOPLE) + row(3, number("A3", "12abc"))),
    "no content types": lambda: xlsx(PEOPLE, parts={"[Content_Types].xml": None}),
    "no workbook": lambda: xlsx(PEOPLE, parts={"xl/workbook.xml": None}),
    "no worksheet": lambda: xlsx(PEOPLE, parts={_SHEET: None}),
    "no worksheets listed": lambda: xlsx(
        PEOPLE, parts={"xl/workbook.xml": f'<workbook xmlns="{MAIN}"><sheets/></workbook>'}
    ),
    "no relations": lambda: xlsx(PEOPLE, parts={"xl/_rels/workbook.xml.rels": None}),
    "a workbook that is no XML": lambda: xlsx(PEOPLE, parts={"xl/workbook.xml": b"\0\1\2"}),
    "cut in the middle of a row": _cut,
    "a truncated file": _truncated,
    "a file of its first bytes": lambda: b"PK\x03\x04",
    "an empty archive": lambda: zipped([]),
    "text": lambda: b"Just a note, and no sheet.\n\nYours, Jo\n" * 3,
    "a web page": lambda: b"<html><table><tr><td>Name</td></tr></table></html>",
    "a web page after blank lines": lambda: b"\xef\xbb\xbf\r\n\r\n<!DOCTYPE html>\n<html></html>",
    "nothing": lambda: b"",
    "zeros": lambda: bytes(4096),
    "a PDF": lambda: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "XML of 2003": lambda: (
        b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
    ),
    "a workbook under a password": lambda: _ole("Root Entry", "EncryptionInfo", "EncryptedPackage"),
    "a Word document of 2003": lambda: _ole("Root Entry", "WordDocument", "1Table"),
    "an OLE file of nothing": lambda: _ole("Root Entry"),
    "an archive under a password": lambda: zipped(parts_with(stored(_SHEET, b"?" * 100, flags=1))),
    "another packing": lambda: zipped(
        parts_with(stored(_SHEET, b"?" * 100, method=zipfile.ZIP_LZMA))
    ),
    "Strict Open XML": _strict,
    "a Word document": lambda: office("word/document.xml"),
    "a PowerPoint file": lambda: office("ppt/presentation.xml"),
    "a Numbers document": lambda: packed(
        {"Index/Document.iwa": b"\0", "Index/Tables/Tile.iwa": b"\0", "preview.jpg": b"\0"}
    ),
    "an older Numbers document": lambda: packed(
        {"Index.zip": b"\0", "Metadata/Properties.plist": b"\0"}
    ),
    "an OpenDocument text": lambda: packed(
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}
    ),
    "a CSV in a ZIP file": lambda: packed({"people.csv": "Name,LinkedIn\nJo,jo-doe\n"}),
    "any ZIP file": lambda: packed({"readme.txt": "Hello"}),
    "part names with backslashes": lambda: xlsx(
        PEOPLE, renamed=lambda name: name.replace("/", "\\")
    ),
    "part names in capitals": lambda: xlsx(PEOPLE, renamed=str.upper),
}


def hostile() -> Mapping[str, Callable[[], bytes]]:
    """Return files that are damaged, dangerous or not a workbook, by what is wrong with them.

    Each file is made when it is asked for.
    """
    return HOSTILE
