"""The marks of an ODS spreadsheet: everything it holds beside its cells' values.

The elements and attributes are those of OpenDocument 1.3, part 3.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from runner.intake.cell import ERROR_TEXT
from runner.intake.code import Code
from runner.intake.reader.archive import MAX_LISTING, most_tags, parse
from runner.intake.reader.marks import (
    UNCACHED,
    UNREAD,
    Marks,
    ProtectedError,
    UnreadableError,
    WideError,
    Worksheet,
    cells_of,
    link_of,
)
from runner.intake.sheet import MAX_COLUMNS, MAX_ROWS

# The reader of values hands these on as they are written.
_LONG_TIME: Final = re.compile(r"-|PT(?:2[4-9]|[3-9]\d|\d{3,})H")
_PADDED: Final = re.compile(r"0\d+")
# The reader of values runs the words around these together, or adds their words to the cell's.
_MISREAD: Final = {
    "text:tab",
    "text:line-break",
    "text:ruby-text",
    "draw:text-box",
    "draw:custom-shape",
    "svg:title",
    "svg:desc",
}


def active(data: bytes) -> str | None:
    """The worksheet that the spreadsheet opens with, if it says so."""
    settings: dict[str | None, str | None] = {}
    _walk(data, "settings.xml", lambda item: settings.update({item.get("config:name"): item.text}))
    return settings.get("ActiveTable")


def marks(data: bytes, tab: Worksheet) -> Marks:
    """Read the marks of a worksheet: everything it holds beside its values.

    Raises DamagedError, ProtectedError, UnreadableError, WideError.
    """
    sheets: dict[str | None, Marks] = {}
    found, row, column = Marks(), 1, 0

    def end(element: Element) -> None:
        nonlocal found, row, column
        if element.tag == "table:table-column":
            first, column = column, column + _times(element, "number-columns-repeated")
            if element.get("table:visibility", "visible") != "visible":
                found.hide_columns(first, column - 1)
        elif element.tag == "table:table-row":
            row = _row(found, element, row)
            element.clear()
        elif element.tag == "table:table":
            sheets[element.get("table:name")] = found
            found, row, column = Marks(), 1, 0

    _walk(data, "content.xml", end)
    # The reader of values opens all sheets. A file that it cannot open may have that width on any
    # of them.
    if any(sheet.wide for sheet in ([sheets[tab.name]] if tab.name in sheets else sheets.values())):
        raise WideError
    if tab.name not in sheets:
        raise UnreadableError("it is written in a form that is not read")
    return sheets[tab.name]


def _walk(data: bytes, part: str, end: Callable[[Element], object]) -> None:
    """Hand on each element of a part as it ends, if there is such a part."""
    builder, parser = TreeBuilder(), expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler = builder.start, builder.data
    parser.EndElementHandler = lambda tag: end(builder.end(tag))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        for listing in ("META-INF/manifest.xml", "settings.xml"):
            if listing in names and archive.getinfo(listing).file_size > MAX_LISTING:
                raise UnreadableError(f"its part {listing} is larger than {MAX_LISTING:,} bytes")
        if "META-INF/manifest.xml" in names and b"manifest:encryption-data" in archive.read(
            "META-INF/manifest.xml"
        ):
            raise ProtectedError
        if part in names:
            with archive.open(part) as file:
                for _ in parse(parser, file, most_tags(archive, part)):
                    pass


def _times(element: Element, name: str) -> int:
    return max(1, int(element.get(f"table:{name}", 1)))


def _row(found: Marks, element: Element, row: int) -> int:
    """Note a row's marks and return the number of the next row."""
    after, column, used = row + _times(element, "number-rows-repeated"), 0, False
    for cell in element:
        first, column = column, column + _times(cell, "number-columns-repeated")
        down, across = _times(cell, "number-rows-spanned"), _times(cell, "number-columns-spanned")
        if down > 1 or across > 1:
            found.merged.append((row, first, row + down - 1, first + across - 1))
        if not (cell.get("office:value-type") or cell.get("table:formula") or len(cell)):
            continue
        if column > MAX_COLUMNS:
            found.wide = True
            continue
        used, area = True, (row, first, after - 1, column - 1)
        if fault := _fault(cell):
            cells = dict.fromkeys(cells_of(area), fault)
            found.spend(len(cells))
            found.faults.update(cells)
        shown = _shown(cell)
        if shown and first == column - 1 and after == row + 1:
            found.spend(1)
            found.shown[row, first] = shown
        for link in [
            link for paragraph in cell.findall("text:p") for link in paragraph.iter("text:a")
        ][:1]:
            found.link(area, link.get("xlink:href", ""))
        found.link(area, link_of(cell.get("table:formula", "").partition(":=")[2]))
    if used and element.get("table:visibility", "visible") != "visible":
        found.hidden_rows.update(range(row, min(after, MAX_ROWS + 1)))
    return after


def _shown(cell: Element) -> str:
    """Return what a cell shows for a value that is no text: its paragraph."""
    if cell.get("office:value-type") not in ("float", "percentage", "currency", "date", "time"):
        return ""
    return "".join(text for part in cell.findall("text:p")[:1] for text in part.itertext())


def _fault(cell: Element) -> tuple[Code, str] | None:
    kind, formula = cell.get("office:value-type"), cell.get("table:formula")
    value = cell.get(
        f"office:{kind}-value" if kind in ("string", "date", "time", "boolean") else "office:value"
    )
    paragraphs = cell.findall("text:p")
    shown = "".join(text for paragraph in paragraphs for text in paragraph.itertext())
    broken = formula and ERROR_TEXT.fullmatch(shown) and not (kind == "string" and value)
    if broken or cell.get("calcext:value-type") == "error":
        return ("cell-error", f"the cell shows the error {shown}")
    if (
        value is None and kind != "string" and (kind or shown or not paragraphs)
    ):  # a formula that gives an empty text has a paragraph
        return UNCACHED if formula else UNREAD if kind or shown else None
    if (kind == "time" and _LONG_TIME.match(value or "")) or (
        kind == "float" and (_PADDED.fullmatch(shown) or shown.isalpha())
    ):
        return UNREAD
    if value is None and any(part.tag in _MISREAD for part in cell.iter()):
        return UNREAD
    return None
