"""What a ZIP file is, and what an XLSX workbook says beside its cells' values: its sheets, hidden rows, merged cells, links.

Looked at before any parser is let near it: what would unpack to an absurd size, holds a document type or names a part twice is
refused. openpyxl's streaming mode tells none of what `marks` finds, and its full mode costs twenty times as much.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as Xml

from runner.errors import RefusedError
from runner.intake.sheet import MAX_COLUMNS, Source

MAX_UNPACKED: Final = 2 * 1024**3
# Sheets of text unpack to 5 times their size, of formatted blanks to 12, of small numbers to 21; bombs to 400 and more.
MAX_RATIO: Final = 100
RATIO_MATTERS_FROM: Final = 8 * 1024**2
MAX_PARTS: Final = 10_000
_MOST_MERGED: Final = 100_000
_CHUNK: Final = 1024**2
_STRICT: Final = "http://purl.oclc.org/ooxml/"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINK: Final = re.compile(r"""\s*_?(?:xlfn\.)?HYPERLINK\(\s*"((?:[^"]|"")*)"\s*[,;)]""", re.IGNORECASE)
_FAR: Final = re.compile(rb'r="[A-Z]{3}')
_CELL: Final = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
UNCACHED: Final = "a formula without a stored value; open the workbook in Excel and save it"


class DamagedError(ValueError):
    """The file cannot be what it says it is. The text is for us: people are told the way out, not the parser's words."""


class WideError(ValueError):
    """A value stands further to the right than columns are read."""


class Worksheet(NamedTuple):
    """One tab: `part` is its place in the archive."""

    name: str
    part: str
    visible: bool
    is_chart: bool


@dataclass(slots=True)
class Marks:
    """What a worksheet says beside its values. Rows count from 1, columns from 0.

    `faults` are cells that cannot be read (as code and sentence), `links` the targets behind cells. `merged` areas are first
    row, first column, last row, last column. `special` tells whether any cell shows something else than what is stored: an
    error, a date, zeros before a number. `last_row` is the last that holds anything, None where nobody looked.
    """

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    filtered: bool = False
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    links: dict[tuple[int, int], str] = field(default_factory=dict)
    faults: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    special: bool = False
    last_row: int | None = None

    def merged_away(self) -> Iterator[tuple[int, int]]:
        """The cells that merging took the value of; of an absurdly large area only the first."""
        for first_row, first_column, last_row, last_column in self.merged:
            rows, columns = range(first_row, last_row + 1), range(first_column, min(last_column, MAX_COLUMNS) + 1)
            yield from islice(product(rows, columns), 1, _MOST_MERGED)


def kind(source: Source) -> str:
    """Which spreadsheet a ZIP file is: `xlsx`, `xlsb` or `ods`. Raises RefusedError for any other, and for what is not safe."""
    path = source.path
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            parts = archive.infolist()
            names = {part.filename.replace("\\", "/").lower(): part for part in parts}
            _refuse_bombs(path, parts, len(names))
            if "mimetype" in names and "content.xml" in names:
                if b"opendocument.spreadsheet" not in archive.read(names["mimetype"])[:100]:
                    raise RefusedError(
                        f"{path} is an OpenDocument file, but not a spreadsheet.", remedy="Save the list as XLSX."
                    )
                return "ods"
            if "xl/workbook.xml" in names and _STRICT.encode() in archive.read(names["xl/workbook.xml"])[:4096]:
                raise RefusedError(
                    f"{path} is saved as a Strict Open XML workbook, which is not read.",
                    remedy='In Excel choose Save As, type "Excel Workbook (*.xlsx)", not "Strict Open XML Spreadsheet".',
                )
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError):
        raise RefusedError(
            f"{path} is damaged: it cannot be unpacked.",
            remedy="Fetch or save it again; a download may have been cut short.",
        ) from None
    for marker, found in (("xl/workbook.xml", "xlsx"), ("xl/workbook.bin", "xlsb")):
        if marker in names:
            return found
    for marker, what in (
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a PowerPoint file"),
        ("index/document.iwa", "an Apple Numbers document"),
        ("index.zip", "an Apple Numbers document"),
    ):
        if marker in names:
            raise RefusedError(f"{path} is {what}.", remedy="Export or copy its table to an XLSX workbook or a CSV (UTF-8).")
    inside = [part.filename for part in parts if part.filename.lower().endswith((".csv", ".xlsx", ".xls", ".ods"))]
    raise RefusedError(
        f"{path} is a ZIP archive, not a spreadsheet.",
        remedy=f"Unpack it and give the list inside: {', '.join(inside[:5])}." if inside else "Save the list as XLSX or CSV.",
    )


def _refuse_bombs(path: Path, parts: list[zipfile.ZipInfo], names: int) -> None:
    encrypted = any(part.flag_bits & 1 for part in parts)
    if encrypted:
        raise RefusedError(f"{path} is an archive under a password.", remedy="Unpack it and give the list inside.")
    bomb = any(
        part.file_size > RATIO_MATTERS_FROM and part.file_size > MAX_RATIO * max(part.compress_size, 1) for part in parts
    )
    huge = sum(part.file_size for part in parts) > MAX_UNPACKED or len(parts) > MAX_PARTS
    if bomb or huge or names != len(parts):
        raise RefusedError(f"{path} is not a workbook that a spreadsheet program wrote.", remedy="Save the list again as XLSX.")


def worksheets(archive: zipfile.ZipFile) -> tuple[list[Worksheet], int]:
    """A workbook's tabs in their order, and which of them it opens with. Raises DamagedError."""
    book = _xml(archive, "xl/workbook.xml")
    targets = {
        relation.get("Id"): (_target("xl", relation.get("Target") or ""), (relation.get("Type") or "").rpartition("/")[2])
        for relation in _xml(archive, "xl/_rels/workbook.xml.rels")
    }
    found, active = [], 0
    for element in book.iter():
        local = _local(element.tag)
        if local == "sheet":
            identifier = next((value for key, value in element.items() if _local(key) == "id"), None)
            part, type_ = targets.get(identifier, ("", ""))
            visible = (element.get("state") or "visible") == "visible"
            found.append(Worksheet(element.get("name") or "", part, visible, type_ != "worksheet"))
        elif local == "workbookView" and (element.get("activeTab") or "").isdigit():
            active = int(element.get("activeTab"))
    return found, active


def marks(archive: zipfile.ZipFile, part: str) -> Marks:
    """What the worksheet in `part` says beside its values. Raises DamagedError."""
    coded = _coded_styles(archive)
    if _is_plain(archive, part, coded):
        return Marks()
    scan = _Scan(coded)
    try:
        with archive.open(part) as file:
            scan.parser.ParseFile(file)
    except expat.ExpatError as error:
        raise DamagedError(str(error)) from None
    if scan.references:
        relations = f"{posixpath.dirname(part)}/_rels/{posixpath.basename(part)}.rels"
        targets = {relation.get("Id"): relation.get("Target") or "" for relation in _xml(archive, relations)}
        for reference, cells in scan.references:
            if target := targets.get(reference):
                scan.marks.links.update(dict.fromkeys(cells, target))
    return scan.marks


def _is_plain(archive: zipfile.ZipFile, part: str, coded: frozenset[str]) -> bool:
    """A quick look that is sure when it says yes: nothing in the worksheet but text and plain numbers near its top left."""
    telling = [
        b"<f>",
        b"<f ",
        b"<f/",
        b't="e"',
        b't="d"',
        b" hidden=",
        b"<mergeCell",
        b"<hyperlink",
        b"<filterColumn",
        b"<!",
        b"='",
    ]
    telling += [f's="{style}"'.encode() for style in coded]
    tail, begun = b"", False
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            text = tail + chunk
            begun = begun or b"<worksheet" in text
            if not begun or any(mark in text for mark in telling) or _FAR.search(text):
                return False
            tail = text[-20:]
    return begun


class _Scan:
    """One pass over a worksheet's XML. Only rows, cells, formulas, merges, links and columns are looked at."""

    def __init__(self, coded: frozenset[str]) -> None:
        self.marks = Marks()
        self.references: list[tuple[str, list[tuple[int, int]]]] = []
        self._coded = coded
        self._row = self._column = 0
        self._formula: list[str] | None = None
        self._type, self._has_formula, self._has_value = "", False, False
        self._in_value = False
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_args: Any) -> None:
        raise DamagedError("a document type in a worksheet")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._cell(attributes)
        elif name in ("v", "is"):
            # Programs that do not calculate write <v></v> behind a formula; a text that came out empty says that it is a text.
            self._has_value = not self._has_formula or self._type == "str"
            self._in_value = True
            self.marks.last_row = max(self.marks.last_row or 0, self._row)
            if self._column >= MAX_COLUMNS:
                raise WideError
        elif name == "f":
            self._has_formula, self._formula = True, []
        elif name == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._column = -1
            if attributes.get("hidden") in ("1", "true"):
                self.marks.hidden_rows.add(self._row)
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = int(attributes["min"]), int(attributes["max"])
            self.marks.hidden_columns.update(range(first - 1, min(last, MAX_COLUMNS)))
        elif name == "filterColumn":
            self.marks.filtered = True
        elif name == "mergeCell":
            self.marks.merged.append(area(attributes.get("ref", "")))
        elif name == "hyperlink":
            self._link(attributes)

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        elif match := _CELL.fullmatch(reference):
            self._column = column_index(match[1])
        else:
            raise DamagedError("a cell without a place")
        self._type = attributes.get("t", "n")
        self._has_formula = self._has_value = False
        if self._type == "e":
            self.marks.faults[self._row, self._column] = ("cell-error", "the cell shows an error")
            self.marks.special = True
        elif self._type == "d" or (self._type == "n" and attributes.get("s") in self._coded):
            self.marks.special = True

    def _text(self, text: str) -> None:
        if self._formula is not None:
            self._formula.append(text)
        elif self._in_value:
            self._has_value = True

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        self._in_value = False
        if name == "f":
            match = _LINK.match("".join(self._formula or ()))
            self._formula = None
            if match:
                self.marks.links[self._row, self._column] = match[1].replace('""', '"')
        elif name == "c" and self._has_formula and not self._has_value:
            self.marks.faults[self._row, self._column] = ("formula-uncached", UNCACHED)

    def _link(self, attributes: dict[str, str]) -> None:
        first_row, first_column, last_row, last_column = area(attributes.get("ref", ""))
        if (last_row - first_row + 1) * (last_column - first_column + 1) > 100_000:
            return  # a link over whole columns is no person's
        cells = [(row, col) for row in range(first_row, last_row + 1) for col in range(first_column, last_column + 1)]
        reference = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), None)
        if reference is not None:
            self.references.append((reference, cells))


def _coded_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """The styles (by their index, as cells name them) under which a number is shown as a date, a time or padded with zeros."""
    try:
        styles = _xml(archive, "xl/styles.xml")
    except KeyError:
        return frozenset()
    formats: dict[str, str] = {}
    coded: set[str] = set()
    for element in styles.iter():
        local = _local(element.tag)
        if local == "numFmt":
            formats[element.get("numFmtId") or ""] = element.get("formatCode") or ""
        elif local == "cellXfs":
            for index, style in enumerate(element):
                number = style.get("numFmtId") or "0"
                code = formats.get(number)
                plain = re.sub(r'"[^"]*"|\\.|\[[^\]hms]*\]', "", code or "")
                shown_otherwise = (
                    bool(re.search(r"[dmyhsDMYHS]|^0{2,}", plain)) if code is not None else 14 <= int(number) <= 47
                )
                if shown_otherwise or (code is None and int(number) > 49):
                    coded.add(str(index))
    return frozenset(coded)


def area(reference: str) -> tuple[int, int, int, int]:
    """`B2:C4` as first row, first column, last row, last column. Raises DamagedError."""
    first, _, last = reference.partition(":")
    corners = [_CELL.fullmatch(corner) for corner in (first, last or first)]
    if corners[0] is None or corners[1] is None:
        raise DamagedError("an area without a place")
    return (int(corners[0][2]), column_index(corners[0][1]), int(corners[1][2]), column_index(corners[1][1]))


def column_index(letters: str) -> int:
    """A is 0, Z is 25, AA is 26."""
    index = 0
    for letter in letters:
        index = 26 * index + ord(letter) - 64
    return index - 1


def _xml(archive: zipfile.ZipFile, part: str) -> Any:
    try:
        return Xml.fromstring(archive.read(part), forbid_dtd=True)
    except (Xml.ParseError, DefusedXmlException) as error:
        raise DamagedError(str(error)) from None


def _target(folder: str, target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))


def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]
