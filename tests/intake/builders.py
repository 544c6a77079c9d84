"""Spreadsheets as other programs than ours write them: XLS, XLSB and ODS, made by hand.

They are made from lists of Python values. They hold everything that a reader looks at and nothing
more, by [MS-XLS], [MS-XLSB] and OpenDocument 1.3. One vocabulary serves all three, so that a test
can hold one law for every kind.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Final, Literal, NamedTuple
from xml.sax.saxutils import escape, quoteattr

Plain = str | int | float | bool | date | time | timedelta | None
Area = tuple[int, int, int, int]
State = Literal["visible", "hidden", "veryHidden"]

# XLS and XLSB write each error as this number; ODS writes it as its text.
ERRORS: Final = {
    "#NULL!": 0,
    "#DIV/0!": 7,
    "#VALUE!": 15,
    "#REF!": 23,
    "#NAME?": 29,
    "#NUM!": 36,
    "#N/A": 42,
}
_STATES: Final = ("visible", "hidden", "veryHidden")
# Every workbook knows these number formats: General, a date, a date with time, a time, hours beyond
# a day. The number 164 is this workbook's own format.
_FORMATS: Final = (0, 14, 22, 20, 46, 164)
# The code of this workbook's own format.
_PADDED: Final = "00000"
# The formula =1 in Excel's tokens; its result is not looked at. The second is a call of HYPERLINK
# with two arguments.
_FORMULA: Final = bytes.fromhex("1E0100")
_HYPERLINK: Final = bytes.fromhex("42026701")


class Cell(NamedTuple):
    """A cell that is more than a value.

    `error` is shown instead of a value. A formula whose value is not `cached` has no value. An
    `inline` text stands in the cell itself, not among the shared texts. A `padded` number is shown
    with five digits. `target` is a link that a formula makes.
    """

    value: Plain = None
    formula: bool = False
    cached: bool = True
    error: str = ""
    link: str = ""
    inline: bool = False
    padded: bool = False
    target: str = ""


class Sheet(NamedTuple):
    """A worksheet; its rows count from 1, its columns from 0.

    A merged area is its first row, first column, last row, last column.
    """

    name: str
    rows: Sequence[Sequence[Plain | Cell]]
    state: State = "visible"
    hidden_rows: Collection[int] = ()
    hidden_columns: Collection[int] = ()
    merged: Sequence[Area] = ()

    def lines(self) -> Iterator[tuple[int, list[tuple[int, Cell]]]]:
        """Give each row that has something to write, with its cells by their column."""
        for row, values in enumerate(self.rows, 1):
            cells = [
                (column, cell) for column, cell in enumerate(map(_cell, values)) if cell != Cell()
            ]
            if cells or row in self.hidden_rows:
                yield row, cells

    def links(self) -> list[tuple[int, int, str]]:
        """Return row, column and target of each link."""
        return [
            (row, column, cell.link)
            for row, cells in self.lines()
            for column, cell in cells
            if cell.link
        ]


def _cell(value: Plain | Cell) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)


def _shared(sheets: Sequence[Sheet]) -> dict[str, int]:
    """Return the texts that cells share, with their places."""
    cells = (
        cell
        for sheet in sheets
        for _, line in sheet.lines()
        for _, cell in line
        if not cell.formula and not cell.inline
    )
    texts = dict.fromkeys(cell.value for cell in cells if isinstance(cell.value, str))
    return {text: index for index, text in enumerate(texts)}


def _serial(value: Plain) -> tuple[float, int]:
    """Return the number that Excel stores for a value, and the place of its format."""
    if isinstance(value, datetime):
        return (value - datetime(1899, 12, 30)) / timedelta(days=1), 2  # noqa: DTZ001
    if isinstance(value, date):
        return (value - date(1899, 12, 30)).days, 1
    if isinstance(value, time):
        return (value.hour * 3600 + value.minute * 60 + value.second) / 86400, 3
    if isinstance(value, timedelta):
        return value / timedelta(days=1), 4
    assert isinstance(value, int | float)
    return value, 0


def _rk(value: float) -> bytes | None:
    """Return a number in the short form, or None if it does not fit.

    The short form is the number's first 30 bits, a whole number, or either of these in hundredths.
    They are tried in Excel's order, so that most whole numbers and all dates take the first.
    """
    for factor, flag in ((1, 0), (100, 1)):
        number = value * factor
        bits = struct.pack("<d", number)
        if not any(bits[:4]) and not bits[4] & 3:
            return bytes([bits[4] | flag]) + bits[5:]
        if number == int(number) and abs(number) < 2**29:
            return struct.pack("<i", int(number) << 2 | 2 | flag)
    return None


# --- XLS


def xls(*sheets: Sheet, active: int = 0, protected: bool = False) -> bytes:
    """An Excel 97 workbook. A protected one says so, but its texts are not really scrambled."""
    shared = _shared(sheets)
    bodies = [_xls_sheet(sheet, shared) for sheet in sheets]
    before = _record(0x809, struct.pack("<4H2I", 0x600, 5, 0, 0, 0, 0))
    if protected:
        before += _record(0x2F, struct.pack("<3H", 1, 1, 1) + bytes(48))
    before += _record(0x42, struct.pack("<H", 1200)) + _record(
        0x3D, struct.pack("<9H", 0, 0, 0, 0, 0, active, 0, 1, 600)
    )
    before += _record(0x41E, struct.pack("<H", _FORMATS[-1]) + _xls_text(_PADDED))
    for number_format in _FORMATS:
        before += _record(0xE0, struct.pack("<2H", 0, number_format) + bytes(16))
    after = _xls_shared(shared) + _record(0x0A)
    names = [_xls_text(sheet.name, "<B") for sheet in sheets]
    place, bounds = len(before) + sum(10 + len(name) for name in names) + len(after), b""
    for sheet, name, body in zip(sheets, names, bodies, strict=True):
        bounds += _record(0x85, struct.pack("<IBB", place, _STATES.index(sheet.state), 0) + name)
        place += len(body)
    return compound({"Workbook": b"".join([before, bounds, after, *bodies])})


def compound(streams: Mapping[str, bytes]) -> bytes:
    """An OLE2 file with these streams, each padded to 4096 bytes.

    From that size on, streams lie in sectors of their own.
    """
    contents = [content.ljust(4096, b"\0") for content in streams.values()]
    directory = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0)
    chains, place = [1 + len(streams) // 4], 0
    chains += [-(-len(content) // 512) for content in contents]
    tables = next(count for count in range(1, 110) if count * 128 >= count + sum(chains))
    fat = [0xFFFFFFFD] * tables
    for index, length in enumerate(chains):
        place = len(fat)
        fat += [*range(place + 1, place + length), 0xFFFFFFFE]
        if index:
            last = index == len(streams)
            name, content = list(streams)[index - 1], contents[index - 1]
            directory += _entry(
                name, 2, 0xFFFFFFFF, place, len(content), 0xFFFFFFFF if last else index + 1
            )
    fat += [0xFFFFFFFF] * (tables * 128 - len(fat))
    header = (
        bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    )
    header += struct.pack("<9I", 0, tables, tables, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *range(tables), *[0xFFFFFFFF] * (109 - tables))
    sectors = [struct.pack(f"<{len(fat)}I", *fat), directory, *contents]
    return header + b"".join(part.ljust(-(-len(part) // 512) * 512, b"\0") for part in sectors)


def _entry(
    name: str, kind: int, child: int, place: int, size: int, following: int = 0xFFFFFFFF
) -> bytes:
    """An entry of the directory: a stream, or the root, whose `child` is the first stream."""
    encoded = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<HBB3I", len(encoded), kind, 1, 0xFFFFFFFF, following, child)
    return encoded.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", place, size)


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<2H", kind, len(body)) + body


def _xls_text(text: str, length: str = "<H") -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack(length, len(encoded) // 2) + b"\1" + encoded


def _xls_shared(texts: Collection[str]) -> bytes:
    """The table of shared texts; a further record carries on where one is full."""
    records, kinds = [struct.pack("<2I", len(texts), len(texts))], [0xFC]
    for text in map(_xls_text, texts):
        if len(records[-1]) + len(text) > 8224:
            records.append(b"")
            kinds.append(0x3C)
        records[-1] += text
    return b"".join(map(_record, kinds, records))


def _xls_sheet(sheet: Sheet, shared: Mapping[str, int]) -> bytes:
    width = max(map(len, sheet.rows), default=0)
    found = [_record(0x809, struct.pack("<4H2I", 0x600, 0x10, 0, 0, 0, 0))]
    found += [
        _record(0x7D, struct.pack("<6H", column, column, 2048, 0, 1, 0))
        for column in sorted(sheet.hidden_columns)
    ]
    found.append(_record(0x200, struct.pack("<2I3H", 0, len(sheet.rows), 0, width, 0)))
    for row, cells in sheet.lines():
        hidden = 0x20 if row in sheet.hidden_rows else 0
        found.append(
            _record(0x208, struct.pack("<6H2BH", row - 1, 0, width, 255, 0, 0, hidden, 1, 0))
        )
        found += [_xls_cell(row - 1, column, cell, shared) for column, cell in cells]
    if sheet.merged:
        areas = [
            struct.pack("<4H", top - 1, bottom - 1, left, right)
            for top, left, bottom, right in sheet.merged
        ]
        found.append(_record(0xE5, struct.pack("<H", len(areas)) + b"".join(areas)))
    for row, column, link in sheet.links():
        target = f"{link}\0".encode("utf-16-le")
        body = struct.pack("<4H", row - 1, row - 1, column, column) + bytes.fromhex(
            "D0C9EA79F9BACE118C8200AA004BA90B"
        )
        body += struct.pack("<2I", 2, 3) + bytes.fromhex("E0C9EA79F9BACE118C8200AA004BA90B")
        found.append(_record(0x1B8, body + struct.pack("<I", len(target)) + target))
    return b"".join([*found, _record(0x0A)])


def _xls_cell(row: int, column: int, cell: Cell, shared: Mapping[str, int]) -> bytes:
    value, number, number_format = cell.value, 0.0, 0
    if not cell.error and not isinstance(value, str | bool | None):
        number, number_format = _serial(value)
    if cell.padded:
        number_format = len(_FORMATS) - 1
    head = struct.pack("<3H", row, column, number_format)
    if cell.formula:
        return _xls_formula(head, number, cell)
    if cell.error:
        return _record(0x205, head + bytes([ERRORS[cell.error], 1]))
    if isinstance(value, bool):
        return _record(0x205, head + bytes([value, 0]))
    if isinstance(value, str):
        if cell.inline:
            return _record(0x204, head + _xls_text(value))
        return _record(0xFD, head + struct.pack("<I", shared[value]))
    if short := _rk(number):
        return _record(0x27E, head + short)
    return _record(0x203, head + struct.pack("<d", number))


def _xls_formula(head: bytes, number: float, cell: Cell) -> bytes:
    value, flags, after = cell.value, 0, b""
    if not cell.cached and value is None:  # xlwt leaves it as an empty text
        result = struct.pack("<B5xH", 3, 0xFFFF)
    elif not cell.cached:  # PHPExcel leaves a 0, to be calculated when it is opened
        result, flags = bytes(8), 3
    elif cell.error:
        result = struct.pack("<BxB3xH", 2, ERRORS[cell.error], 0xFFFF)
    elif isinstance(value, bool):
        result = struct.pack("<BxB3xH", 1, value, 0xFFFF)
    elif value == "":
        result = struct.pack("<B5xH", 3, 0xFFFF)
    elif isinstance(value, str):
        result, after = struct.pack("<B5xH", 0, 0xFFFF), _record(0x207, _xls_text(value))
    else:
        result = struct.pack("<d", number)
    formula = _FORMULA
    if cell.target:
        formula = (
            b"".join(b"\x17" + _xls_text(text, "<B") for text in (cell.target, str(value)))
            + _HYPERLINK
        )
    return (
        _record(0x06, head + result + struct.pack("<HIH", flags, 0, len(formula)) + formula) + after
    )


# --- XLSB


def xlsb(*sheets: Sheet, active: int = 0, protected: bool = False) -> bytes:
    """An Excel binary workbook.

    A protected one is an OLE2 file around scrambled content, as Excel makes it.
    """
    if protected:
        return compound(
            {"EncryptedPackage": b"\x5a" * 5000, "EncryptionInfo": b"\4\0\4\0\x40\0\0\0"}
        )
    shared = _shared(sheets)
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    book = _part(131) + _part(153, bytes(12)) + _part(135)
    book += (
        _part(158, struct.pack("<7IB", 0, 0, 0, 0, 600, 0, active, 0x78)) + _part(136) + _part(143)
    )
    for index, sheet in enumerate(sheets, 1):
        state = struct.pack("<2I", _STATES.index(sheet.state), index)
        book += _part(156, state + _wide(f"rId{index}") + _wide(sheet.name))
    book += _part(144) + _part(132)
    own = _part(44, struct.pack("<H", _FORMATS[-1]) + _wide(_PADDED))
    styles = _part(278) + _part(615, struct.pack("<I", 1)) + own + _part(616)
    styles += (
        _part(626, struct.pack("<I", 1))
        + _part(47, struct.pack("<2H", 0xFFFF, _FORMATS[-1]) + bytes(12))
        + _part(627)
    )
    styles += _part(617, struct.pack("<I", len(_FORMATS)))
    styles += b"".join(
        _part(47, struct.pack("<2H", 0, number_format) + bytes(12)) for number_format in _FORMATS
    )
    texts = _part(159, struct.pack("<2I", len(shared), len(shared)))
    texts += b"".join(_part(19, b"\0" + _wide(text)) for text in shared) + _part(160)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="bin" '
        'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
        "_rels/.rels": _relations([("rId1", f"{office}/officeDocument", "xl/workbook.bin", "")]),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": _relations(
            [
                (f"rId{index}", f"{office}/worksheet", f"worksheets/sheet{index}.bin", "")
                for index in range(1, len(sheets) + 1)
            ]
            + [
                ("rIdS", f"{office}/styles", "styles.bin", ""),
                ("rIdT", f"{office}/sharedStrings", "sharedStrings.bin", ""),
            ]
        ),
        "xl/styles.bin": styles + _part(618) + _part(279),
        "xl/sharedStrings.bin": texts,
    }
    for index, sheet in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{index}.bin"] = _xlsb_sheet(sheet, shared)
        if links := [link for _, _, link in sheet.links()]:
            parts[f"xl/worksheets/_rels/sheet{index}.bin.rels"] = _relations(
                [
                    (f"rId{at}", f"{office}/hyperlink", link, ' TargetMode="External"')
                    for at, link in enumerate(links, 1)
                ]
            )
    return _zipped(parts)


def _part(kind: int, body: bytes = b"") -> bytes:
    """A record; its kind and its size are written with seven bits in a byte."""
    head, size = bytes([kind] if kind < 128 else [kind & 0x7F | 0x80, kind >> 7]), len(body)
    while size > 127:
        head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
    return head + bytes([size]) + body


def _wide(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def _relations(relations: Sequence[tuple[str, str, str, str]]) -> str:
    inside = "".join(
        f'<Relationship Id="{name}" Type="{kind}" Target={quoteattr(target)}{mode}/>'
        for name, kind, target, mode in relations
    )
    return (
        "<Relationships "
        f'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>'
    )


def _zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP file whose parts were all written at the same time; a `mimetype` is not packed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            way = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), content, way)
    return file.getvalue()


def _xlsb_sheet(sheet: Sheet, shared: Mapping[str, int]) -> bytes:
    last_row, last_column = (
        max(len(sheet.rows) - 1, 0),
        max(max(map(len, sheet.rows), default=0) - 1, 0),
    )
    found = [_part(129), _part(148, struct.pack("<4I", 0, last_row, 0, last_column))]
    if sheet.hidden_columns:
        columns = [
            _part(60, struct.pack("<4IH", at, at, 2048, 0, 1))
            for at in sorted(sheet.hidden_columns)
        ]
        found += [_part(390), *columns, _part(391)]
    found.append(_part(145))
    for row, cells in sheet.lines():
        hidden = 0x10 if row in sheet.hidden_rows else 0
        found.append(_part(0, struct.pack("<2IH3BI", row - 1, 0, 300, 0, hidden, 0, 0)))
        found += [_xlsb_cell(column, cell, shared) for column, cell in cells]
    found.append(_part(146))
    if sheet.merged:
        areas = [
            _part(176, struct.pack("<4I", top - 1, bottom - 1, left, right))
            for top, left, bottom, right in sheet.merged
        ]
        found += [_part(177, struct.pack("<I", len(areas))), *areas, _part(178)]
    for index, (row, column, _) in enumerate(sheet.links(), 1):
        area = struct.pack("<4I", row - 1, row - 1, column, column)
        found.append(_part(494, area + _wide(f"rId{index}") + _wide("") * 3))
    return b"".join([*found, _part(130)])


def _xlsb_cell(column: int, cell: Cell, shared: Mapping[str, int]) -> bytes:
    """The record of a cell; a formula has the record of its value, and always has a value."""
    value, number_format, short = cell.value, 0, None
    if cell.error:
        kind, body = 3, bytes([ERRORS[cell.error]])
    elif isinstance(value, bool):
        kind, body = 4, bytes([value])
    elif isinstance(value, str) and (cell.formula or cell.inline):
        kind, body = 6, _wide(value)
    elif isinstance(value, str):
        kind, body = 7, struct.pack("<I", shared[value])
    else:
        number, number_format = _serial(value)
        short = None if cell.formula else _rk(number)
        kind, body = (2, short) if short else (5, struct.pack("<d", number))
    if cell.padded:
        number_format = len(_FORMATS) - 1
    if cell.formula:
        assert cell.cached, "an XLSB formula always has a value"
        kind = {3: 11, 4: 10, 5: 9, 6: 8}[kind]
        formula = _FORMULA
        if cell.target:
            texts = (text.encode("utf-16-le") for text in (cell.target, str(value)))
            formula = (
                b"".join(b"\x17" + struct.pack("<H", len(text) // 2) + text for text in texts)
                + _HYPERLINK
            )
        body += struct.pack("<HI", 0, len(formula)) + formula + bytes(4)
    return _part(kind, struct.pack("<2I", column, number_format) + body)


# --- ODS


_OASIS: Final = "urn:oasis:names:tc:opendocument:xmlns"
_SPACES: Final = " ".join(
    [
        f'xmlns:{name}="{_OASIS}:{name}:1.0"'
        for name in ("office", "style", "table", "text", "config", "manifest")
    ]
    + ['xmlns:xlink="http://www.w3.org/1999/xlink"']
    + ['xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"']
)


def ods(*sheets: Sheet, active: int = 0, protected: bool = False) -> bytes:
    """A spreadsheet as LibreOffice writes it.

    A run of the same cell or row is written once, and blanks reach to the end of the sheet. The
    content of a protected one is scrambled.
    """
    styles = "".join(
        (
            f'<style:style style:name="{name}" style:family="table"><style:table-properties '
            f'table:display="{shown}"/></style:style>'
        )
        for name, shown in (("visible", "true"), ("hidden", "false"))
    )
    content = (
        "<office:document-content "
        f"{_SPACES}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{''.join(map(_ods_sheet, sheets))}</office:spreadsheet>"
        "</office:body></office:document-content>"
    )
    settings = (
        f"<office:document-settings {_SPACES}><office:settings><config:config-item "
        'config:name="ActiveTable">'
        f"{escape(sheets[active].name)}</config:config-item></office:settings></office:document-settings>"
    )
    key = '<manifest:encryption-data manifest:checksum="x"/>' if protected else ""
    entry = (
        '<manifest:file-entry manifest:full-path="content.xml" '
        f'manifest:media-type="text/xml">{key}</manifest:file-entry>'
    )
    return _zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": b"\x5a" * 500 if protected else content,
            "settings.xml": b"\x5a" * 500 if protected else settings,
            "META-INF/manifest.xml": f"<manifest:manifest {_SPACES}>{entry}</manifest:manifest>",
        }
    )


def _ods_sheet(sheet: Sheet) -> str:
    spans = {
        (top, left): (bottom - top + 1, right - left + 1)
        for top, left, bottom, right in sheet.merged
    }
    covered = {
        (row, column)
        for top, left, bottom, right in sheet.merged
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    } - set(spans)
    width = max(map(len, sheet.rows), default=0)
    columns = [
        ("table-column", _visibility(column in sheet.hidden_columns), "") for column in range(width)
    ]
    rows = []
    for row, values in enumerate(sheet.rows, 1):
        cells = [
            _ods_cell(_cell(value), spans.get((row, column)), covered=(row, column) in covered)
            for column, value in enumerate(values)
        ]
        rows.append(
            ("table-row", _visibility(row in sheet.hidden_rows), _repeated("columns", cells))
        )
    rows += [("table-row", "", '<table:table-cell table:number-columns-repeated="16384"/>')] * (
        2**20 - len(rows)
    )
    style = "visible" if sheet.state == "visible" else "hidden"
    inside = _repeated("columns", columns) + _repeated("rows", rows)
    return (
        f"<table:table table:name={quoteattr(sheet.name)} "
        f'table:style-name="{style}">{inside}</table:table>'
    )


def _repeated(what: str, parts: Iterable[tuple[str, str, str]]) -> str:
    """Write elements, given as kind, attributes and content; a run of the same is written once."""
    found = []
    for (kind, said, inside), run in groupby(parts):
        count = len(list(run))
        repeat = f' table:number-{what}-repeated="{count}"' if count > 1 else ""
        found.append(f"<table:{kind}{said}{repeat}>{inside}</table:{kind}>")
    return "".join(found)


def _visibility(hidden: bool) -> str:
    return ' table:visibility="collapse"' if hidden else ""


def _ods_cell(cell: Cell, span: tuple[int, int] | None, *, covered: bool) -> tuple[str, str, str]:
    value, said, shown = cell.value, "", ""
    if cell.error:
        said, shown = (
            ' office:value-type="string" office:string-value="" calcext:value-type="error"',
            cell.error,
        )
    elif isinstance(value, bool):
        said, shown = (
            f' office:value-type="boolean" office:boolean-value="{str(value).lower()}"',
            str(value).upper(),
        )
    elif isinstance(value, int | float):
        said, shown = (
            f' office:value-type="float" office:value="{value!r}"',
            f"{value:05}" if cell.padded else repr(value),
        )
    elif isinstance(value, date):
        said, shown = (
            f' office:value-type="date" office:date-value="{value.isoformat()}"',
            value.strftime("%d.%m.%y"),
        )
    elif isinstance(value, time | timedelta):
        seconds = round(_serial(value)[0] * 86400)
        clock = f"PT{seconds // 3600:02}H{seconds // 60 % 60:02}M{seconds % 60:02}S"
        said, shown = f' office:value-type="time" office:time-value="{clock}"', str(value)
    elif isinstance(value, str):
        stored = f" office:string-value={quoteattr(value)}" if cell.formula else ""
        said = f' office:value-type="string"{stored}'
        shown = value
    if cell.formula and not cell.cached:
        said, shown = "", ""
    if cell.formula:
        formula = f'of:=HYPERLINK("{cell.target}";"{value}")' if cell.target else "of:=1"
        said = f" table:formula={quoteattr(formula)}{said}"
    if span:
        said += f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"'
    if (cell.formula and not cell.cached) or cell == Cell():
        paragraphs = ""
    else:
        paragraphs = "".join(
            f"<text:p>{_ods_text(line, cell.link)}</text:p>" for line in shown.split("\n")
        )
    return "covered-table-cell" if covered else "table-cell", said, paragraphs


def _ods_text(line: str, link: str) -> str:
    """The words of a paragraph; spaces that XML would lose are elements."""
    rest = line.lstrip(" ")
    words = escape(rest.rstrip(" ")).replace("  ", " <text:s/>")
    before, after = len(line) - len(rest), len(rest) - len(rest.rstrip(" "))
    gap = '<text:s text:c="{}"/>'.format
    text = f"{gap(before) if before else ''}{words}{gap(after) if after else ''}"
    return (
        f'<text:a xlink:href={quoteattr(link)} xlink:type="simple">{text}</text:a>'
        if link
        else text
    )
