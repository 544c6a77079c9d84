"""The elements of a workbook's XML parts, as they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple
from xml.parsers import expat

from openpyxl.utils import column_index_from_string

from runner.intake.reader.archive import parse


class Element(NamedTuple):
    """An element with its depth, its parent's name and its text; `alternate` inside a choice."""

    depth: int
    parent: str
    name: str
    attributes: Mapping[str, str]
    text: str
    alternate: bool

    def id(self) -> str:
        return next((value for name, value in self.attributes.items() if name.endswith(" id")), "")


class Cells:
    """The cells of a worksheet, met in their order: which are filled, and how many are formulas
    with a stored value."""

    def __init__(self) -> None:
        self.formulas = 0
        self.filled: dict[int, int] = {}  # a row's columns, as bits
        self._row, self._column = 1, 0
        self._formula = self._stored = False

    def see(self, element: Element) -> bool:
        """Note an element of a cell, a cell or a row, at its end; False for any other element."""
        name, parent = element.name, element.parent
        if name == "f" and parent == "c":
            self._formula = True
        elif name in ("v", "is") and parent == "c":
            self._stored = name == "is" or bool(element.text)
        elif name == "c" and parent == "row":
            place = element.attributes.get("r")
            self._row, self._column = _place(place, self._row, self._column)
            self.formulas += self._formula and self._stored
            bit = (self._formula or self._stored) << self._column
            self.filled[self._row] = self.filled.get(self._row, 0) | bit
            self._formula = self._stored = False
        elif name == "row" and parent == "sheetData":
            self._row, self._column = self._row + 1, 0
        else:
            return False
        return True


def elements(file: IO[bytes]) -> Iterator[Element]:
    """Give the elements of an XML part as they end, without regard to their prefixes.

    An element for a newer Excel and its substitute (Fallback) count only once.
    """
    found: list[Element] = []
    open_: list[tuple[str, Mapping[str, str]]] = []
    texts: list[str] = []
    alternate = fallback = 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal alternate, fallback
        name = name.rpartition(" ")[2]
        alternate += name == "AlternateContent"
        fallback += name == "Fallback"
        open_.append((name, attributes))
        texts.clear()

    def end(_: str) -> None:
        nonlocal alternate, fallback
        name, attributes = open_.pop()
        alternate -= name == "AlternateContent"
        fallback -= name == "Fallback"
        if not fallback:
            parent = open_[-1][0] if open_ else ""
            found.append(
                Element(len(open_), parent, name, attributes, "".join(texts), alternate > 0)
            )
        texts.clear()

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = texts.append
    for _ in parse(parser, file):
        yield from found
        found.clear()
    yield from found


def _place(coordinate: str | None, row: int, column: int) -> tuple[int, int]:
    """Return a cell's row and column. A cell without a coordinate follows the one before it."""
    if coordinate is None:
        return row, column + 1
    letters = coordinate.rstrip("0123456789")
    return int(coordinate[len(letters) :]), column_index_from_string(letters)
