"""The marks of an XLSX workbook: everything it holds beside its cells' values.

The marks are its worksheets, hidden rows, merged cells, links, formulas and formats. openpyxl's
streaming mode does not tell any of it, and its full mode costs twenty times as much. The values are
left to the libraries.
"""

from __future__ import annotations

import io
import re
import zipfile
from itertools import pairwise
from typing import Final
from xml.parsers import expat

from runner.intake.reader.archive import (
    elements,
    local,
    main_part,
    most_tags,
    parse,
    relations,
)
from runner.intake.reader.language import language
from runner.intake.reader.marks import (
    COMPUTED,
    UNCACHED,
    UNREAD,
    DamagedError,
    Marks,
    WideError,
    Worksheet,
    link_of,
)
from runner.intake.reader.reference import LAST_COLUMN, column_index, parse_area
from runner.intake.reader.style import awaits_calculation, coded_styles
from runner.intake.sheet import MAX_COLUMNS, MAX_ROWS

_CHUNK: Final = 1024**2
_ROW: Final = re.compile(rb'<row r="(\d+)"')
_STYLED: Final = re.compile(rb's="(\d{1,9})"')
_EXACT: Final = 15
# The signs of a worksheet that is not plain: a formula, an error or a date of its own kind, a cell
# whose place has to be counted, a negative number or one of too many digits, a cell far to the
# right, a text without its number, a text where no reader looks. They are searched for one by one,
# since a search is quick when its pattern has a fixed beginning.
_ODD: Final = [
    re.compile(pattern)
    for pattern in (
        rb"<f[ >/]",
        rb't="[ed]"',
        rb"<c(?:>| [ts])",
        rb"<v>(?:-|\d{16})",
        rb'r="[A-Z]{3}',
        rb't="s"[^>t]*+(?:t(?!="s")[^>t]*+)*+><v>(?!\d+</v>)',
        rb't="inlineStr"[^>t]*+(?:t(?!="inlineStr")[^>t]*+)*+><v',
        rb"</is><v",
    )
]
_CELL: Final = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def worksheets(data: bytes) -> tuple[list[Worksheet], int]:
    """Return a workbook's tabs in their order, and the index of the one it opens with.

    Raises DamagedError.
    """
    found, active = [], 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = main_part(archive)
        targets = relations(archive, book)
        for element, said in elements(archive, book):
            if element == "sheet":
                identifier = next((value for key, value in said.items() if local(key) == "id"), "")
                part, kind = targets.get(identifier, ("", ""))
                visible = said.get("state") not in ("hidden", "veryHidden")
                found.append(Worksheet(said.get("name", ""), visible, kind != "worksheet", part))
            elif element == "workbookView" and said.get("activeTab", "").isdecimal():
                active = int(said["activeTab"])
    return found, active


def marks(data: bytes, tab: Worksheet) -> Marks:
    """Read the marks of a worksheet: everything it holds beside its values.

    Raises DamagedError, WideError.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        coded = coded_styles(archive)
        spoken, awaits = language(archive), awaits_calculation(archive)
        if _is_plain(archive, tab.part, coded):
            return Marks(language=spoken)
        scan = _Scan(coded, awaits)
        scan.marks.language = spoken
        with archive.open(tab.part) as file:
            for _ in parse(scan.parser, file, most_tags(archive, tab.part)):
                pass
        if scan.references:
            targets = relations(archive, tab.part)
            for reference, cells in scan.references:
                scan.marks.link(cells, targets.get(reference, ("", ""))[0])
    return scan.marks


def _is_plain(archive: zipfile.ZipFile, part: str, coded: frozenset[str]) -> bool:
    """Tell, after a quick look, whether a worksheet is plain. Only a yes is sure.

    A plain worksheet has rows in their order, with nothing but text and plain numbers near the
    left.
    """
    telling = [
        b" hidden=",
        b"<mergeCell",
        b"<hyperlink",
        b"<!",
        b"='",
    ]
    last, begun, tables, rest = 0, False, 0, b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK) or rest:
            text = rest + chunk if chunk is not rest else rest
            begun = begun or b"<worksheet" in text
            if (
                not begun
                or any(mark in text for mark in telling)
                or any(odd.search(text) for odd in _ODD)
                or not coded.isdisjoint(map(bytes.decode, _STYLED.findall(text)))
                or len(text) > 2 * _CHUNK
            ):
                return False
            # Only whole rows count. The last row may go on, so it is looked at again with what
            # follows.
            cut = len(text) if chunk is rest else max(text.rfind(b"<row "), 0)
            numbers = [last, *map(int, _ROW.findall(text, 0, cut))]
            if len(numbers) - 1 != text.count(b"<row", 0, cut) or any(
                after <= before for before, after in pairwise(numbers)
            ):
                return False
            tables += text.count(b"<sheetData", 0, cut)
            last, rest = numbers[-1], text[cut:]
    return begun and last < MAX_ROWS and tables == 1


class _Scan:
    """One pass over a worksheet's XML.

    It looks only at rows, cells, formulas, merges, links and columns.
    """

    def __init__(self, coded: frozenset[str], awaits: bool) -> None:
        self.marks = Marks()
        self._awaits, self._number = awaits, ""
        self.references: list[tuple[str, tuple[int, int, int, int]]] = []
        self._coded = coded
        self._row = self._column = 0
        self._formula: list[str] | None = None
        self._shared = ""
        self._shared_links: set[str] = set()
        self._type, self._has_formula, self._has_value = "", False, False
        self._in_value = False
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._cell(attributes)
        elif name in ("v", "is"):
            self._value(name)
        elif name == "f":
            self._has_formula, self._formula = True, []
            self._shared = attributes.get("si", "")
        elif name == "sheetData" and self._row:
            raise DamagedError("a second table")
        elif name == "row":
            self._begin_row(attributes)
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            self.marks.hide_columns(int(attributes["min"]) - 1, int(attributes["max"]) - 1)
        elif name == "mergeCell":
            self.marks.merged.append(parse_area(attributes.get("ref", "")))
        elif name == "hyperlink":
            self._link(attributes)

    def _value(self, name: str) -> None:
        # Programs that do not calculate write <v></v> behind a formula. A text that came out
        # empty says that it is a text.
        self._has_value = not self._has_formula or self._type == "str"
        if name == "v" and self._type == "inlineStr":
            # This is a text where the readers of values do not look.
            self.marks.fault(self._row, self._column, UNREAD)
        elif name == "is":
            self.marks.faults.pop((self._row, self._column), None)
        self._in_value = True
        self.marks.last_row = max(self.marks.last_row or 0, self._row)
        if self._column >= MAX_COLUMNS:
            raise WideError

    def _begin_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r") or self._row + 1)
        if number <= self._row:
            # Of two rows with one number, one reader takes the first, another the last.
            raise DamagedError("rows out of their order")
        if number > MAX_ROWS:
            raise WideError
        self._row = number
        self._column = -1
        if attributes.get("hidden") in ("1", "true"):
            self.marks.hidden_rows.add(self._row)

    def _link(self, attributes: dict[str, str]) -> None:
        area = parse_area(attributes.get("ref", ""))
        for key, reference in attributes.items():
            if local(key) == "id":
                self.references.append((reference, area))
                return
        self.marks.link(area, attributes.get("location", ""))

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        elif match := _CELL.fullmatch(reference):
            self._column = column_index(match[1])
        else:
            raise DamagedError("a cell without a place")
        if self._column >= LAST_COLUMN:
            raise WideError
        self._type = attributes.get("t", "n")
        self._has_formula = self._has_value = False
        self._number = ""
        if self._type == "e":
            self.marks.fail(self._row, self._column, "")
        if self._type in ("d", "e") or (self._type == "n" and attributes.get("s") in self._coded):
            self.marks.special = True

    def _text(self, text: str) -> None:
        if self._formula is not None:
            self._formula.append(text)
        elif self._in_value:
            self._has_value = True
            self._number += text
            if self._type == "n" and len(text) > _EXACT and text.isdecimal():
                self.marks.special = True
            if self._type == "s" and text.strip() and not text.strip().isdecimal():
                raise DamagedError(
                    "a shared text without a number"
                )  # one reader of values would take the first shared text

    def _is_calculated(self) -> bool:
        """Tell whether a formula's value was computed by somebody."""
        is_dummy = self._awaits and self._type == "n" and self._number.strip() == "0"
        return self._has_value and not is_dummy

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        self._in_value = False
        if name == "f":
            here = (self._row, self._column, self._row, self._column)
            target = link_of("".join(self._formula or ()))
            if target and self._shared:
                self._shared_links.add(self._shared)
            elif self._shared in self._shared_links:
                target = COMPUTED
            self.marks.link(here, target)
            self._formula = None
        elif name == "c" and self._has_formula and not self._is_calculated():
            self.marks.fault(self._row, self._column, UNCACHED)
            self.marks.last_row = max(self.marks.last_row or 0, self._row)
