"""The losses of a copy of a workbook, told from the file alone, before anything is copied.

openpyxl reads a workbook and writes it again. Anything that it does not know is gone, without a
word. This module says the words. The parts and elements are those of ECMA-376 and Microsoft's
extensions of it ([MS-XLSX]).
"""

from __future__ import annotations

import io
import re
import zipfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from openpyxl.drawing import image
from openpyxl.worksheet.cell_range import CellRange

from runner.intake.reader.archive import relations
from runner.result.bound import Bound
from runner.result.element import Cells, Element, elements

MACROS: Final = "xl/vbaProject.bin"
_SHAPES: Final = "text boxes and shapes"
_PICTURES: Final = "pictures"
_CHARTS: Final = "charts"
_SPILLING: Final = "the spilling of dynamic array formulas (they become {=…} of fixed size)"
_BUTTONS: Final = "buttons and form controls"
_HEADERS: Final = "page headers and footers"
# Each key is a relationship (the last word of its type), or an element of a worksheet or of its
# extensions. Its value says what is lost with it.
_LOST: Final = {
    "activeXControl": "ActiveX controls",
    "attachedToolbars": "toolbars",
    "cellWatches": "watched cells",
    "classificationlabels": "the sensitivity label",
    "conditionalFormattings": "data bars and icon sets of the newer kind",
    "connections": "data connections",
    "control": "ActiveX controls",
    "customSheetViews": "custom views",
    "customXml": "custom XML data (such as SharePoint's)",
    "dataConsolidate": "the settings of a consolidation",
    "dataValidations": "drop-down lists and checks that refer to another sheet",
    "dialogsheet": "dialog sheets",
    "extensibility": "the custom ribbon",
    "fileSharing": "the advice to open it read-only",
    "ignoredErrors": "the switching off of green error marks",
    "legacyDrawingHF": "pictures in page headers",
    "namedSheetView": "sheet views",
    "oleObjects": "embedded files",
    "origin": "the digital signature",
    "picture": "background pictures",
    "powerPivotData": "the data model",
    "protectedRanges": "the ranges open for editing on a protected sheet",
    "queryTable": "data connections",
    "revisionHeaders": "the change history of a shared workbook",
    "slicer": "slicers",
    "sparklineGroups": "sparklines",
    "tableSingleCells": "XML maps",
    "threadedComment": "replies to comments",
    "timeline": "timelines",
    "vbaProjectSignature": "the digital signature of the macros",
    "webextensiontaskpanes": "add-ins",
    "xlMacrosheet": "old macro sheets",
    "xmlMaps": "XML maps",
}
# The names of things that openpyxl keeps, that mean nothing to a person, that come back by
# themselves, or that other entries tell of.
_TOLD_OR_KEPT: Final = re.compile(
    "officeDocument|core-properties|extended-properties|custom-properties|thumbnail|worksheet|chartsheet|theme|styles|sharedStrings|calcChain|externalLink|pivotCacheDefinition|vbaProject|sheetMetadata|rdRichValue|rdRichValueStructure|rdRichValueTypes|richValueRel|rdArray|richStyles|rdSupportingPropertyBag|rdSupportingPropertyBagStructure|FeaturePropertyBag|person|slicerCache|timelineCache|usernames|volatileDependencies|userCustomization|drawing|vmlDrawing|comments|table|pivotTable|printerSettings|ctrlProp|oleObject|package|image|hyperlink|customProperty|externalLinkPath|sheetPr|dimension|sheetViews|sheetFormatPr|cols|sheetData|sheetCalcPr|sheetProtection|scenarios|autoFilter|sortState|customSheetView|mergeCells|phoneticPr|conditionalFormatting|hyperlinks|printOptions|pageMargins|pageSetup|headerFooter|rowBreaks|colBreaks|customProperties|smartTags|legacyDrawing|controls|webPublishItems|tableParts|extLst|AlternateContent|PLV|slicerList|timelineRefs|workbookmetadata"
)


def losses(data: bytes) -> list[str]:
    """Return what a copy of this workbook would lose, as parts of a sentence.

    An example is `sparklines on 'People'`. Raises any error that a damaged file makes zipfile or
    expat raise.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _Look(archive, len(data)).told()


class _Look:
    """One look through a workbook's parts.

    It collects what a copy would lose, and on which worksheets.
    """

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        self._names = frozenset(archive.namelist())
        self._macros = MACROS in self._names
        self._found: dict[str, list[str]] = {}
        self._formulas = 0
        self._bound = Bound(size)

    def told(self) -> list[str]:
        root = self._related("")
        self._relationships(root.values())
        workbook = next(
            (part for kind, part in root.values() if kind == "officeDocument"), "xl/workbook.xml"
        )
        parts = self._related(workbook)
        self._relationships(parts.values())
        if self._macros:
            self._relationships(self._related(MACROS).values())
        titles = {}
        for element in self._elements(workbook):
            if element.name == "sheet":
                titles[parts.get(element.id(), ("", ""))[1]] = element.attributes.get("name", "")
            elif element.name in ("fileSharing", "customWorkbookViews"):
                self._add(
                    _LOST["fileSharing" if element.name == "fileSharing" else "customSheetViews"]
                )
            elif element.attributes.get("name") == "_xlnm.Print_Area" and not re.search(
                r"[A-Z]\$?\d", element.text
            ):
                self._add("print areas of whole rows or columns")
        for kind, part in parts.values():
            if part not in self._names:
                continue
            if kind in ("worksheet", "chartsheet"):
                self._worksheet(part, titles.get(part, ""))
            elif kind == "styles" and any(e.name == "xfComplement" for e in self._elements(part)):
                self._add("checkboxes in cells (TRUE and FALSE stay)")
            elif kind == "sharedStrings" and any(e.name == "rPh" for e in self._elements(part)):
                self._add("phonetic guides over text")
        told = [
            f"{what} on {', '.join(map(repr, where))}" if where else what
            for what, where in self._found.items()
        ]
        if self._formulas:
            told.append(
                f"the stored values of {self._formulas:,} formulas (Excel computes them again "
                "when it opens the copy)"
            )
        return told

    def _add(self, what: str, title: str = "") -> None:
        where = self._found.setdefault(what, [])
        if title and title not in where:
            where.append(title)

    def _known(self, name: str, title: str = "") -> None:
        if self._macros and name == "extensibility":
            return
        if name in _LOST:
            self._add(_LOST[name], title)
        elif not _TOLD_OR_KEPT.fullmatch(name):
            self._add(f"something this program does not know ({name})", title)

    def _relationships(self, related: Iterable[tuple[str, str]], title: str = "") -> None:
        for kind, _ in related:
            self._known(kind, title)

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """Return the relationships of a part by id: the kind, and the part it leads to."""
        return {
            identifier: (kind, target)
            for identifier, (target, kind) in relations(self._archive, part).items()
        }

    def _elements(self, part: str) -> Iterator[Element]:
        with self._archive.open(part) as file:
            for element in elements(file):
                self._bound.element()
                yield element

    def _worksheet(self, part: str, title: str) -> None:
        related = self._related(part)
        self._relationships(related.values(), title)
        cells, rows, hidden = Cells(), list[int](), False
        for element in self._elements(part):
            name, parent = element.name, element.parent
            if cells.see(element):
                self._cell(element, title)
                self._bound.cells(element.name == "c")
            elif name in ("mergeCell", "hyperlink"):
                area = CellRange(element.attributes["ref"])
                self._bound.cells(area.size["rows"] * area.size["columns"])
                if name == "mergeCell" and not hidden:
                    rows = rows or sorted(cells.filled)
                    hidden = _hides(area, cells.filled, rows)
            elif name == "cfvo" and element.attributes.get("type") != "formula":
                if not _is_plain(element.attributes):
                    self._add("conditional formats whose limits are formulas", title)
            elif parent == "headerFooter" and element.text:
                if not re.match("&[LCR]", element.text):
                    self._add(_HEADERS, title)
            elif _is_feature(element):
                self._known(name, title)
        if hidden:
            self._add("values hidden under merged cells", title)
        self._formulas += cells.formulas
        for kind, target in related.values():
            if target in self._names:
                self._target(kind, target, title)

    def _cell(self, element: Element, title: str) -> None:
        if element.name == "c" and element.parent == "row":
            if "cm" in element.attributes:
                self._add(_SPILLING, title)
            if "vm" in element.attributes:
                self._add("pictures placed in cells and linked data types", title)

    def _target(self, kind: str, target: str, title: str) -> None:
        """Look at a part that belongs to a worksheet."""
        if kind == "drawing":
            self._drawing(target, title)
        elif kind == "vmlDrawing":
            if not self._macros and _holds_control(self._archive.read(target)):
                self._add(_BUTTONS, title)
        elif kind == "comments":
            self._add("the size and text formats of comments", title)
        elif kind == "table":
            self._relationships(self._related(target).values(), title)

    def _drawing(self, part: str, title: str) -> None:
        related = self._related(part)
        control = False
        uri = link = ""
        for depth, parent, name, attributes, _, alternate in self._elements(part):
            if name == "compatExt":  # the newer twin of a form control; the old drawing tells of it
                control = True
            elif name == "graphicData":
                uri = attributes.get("uri", "")
            elif name == "blip":
                link = next(
                    (value for key, value in attributes.items() if key.endswith(" embed")), ""
                )
            elif depth < 2 or not (parent.endswith("Anchor") or parent == "Choice"):
                continue
            elif name == "graphicFrame":
                self._frame(uri, title, alternate=alternate)
            elif name == "pic" and (alternate or not _readable(related.get(link, ("", ""))[1])):
                self._add(_PICTURES, title)
            elif name in ("sp", "cxnSp", "grpSp", "contentPart"):
                if not control:
                    self._add(_SHAPES, title)
                control = False

    def _frame(self, uri: str, title: str, *, alternate: bool) -> None:
        if uri.endswith("/diagram"):
            self._add("SmartArt", title)
        elif uri.endswith("/chart"):
            self._add(_CHARTS if alternate else f"parts of the look of {_CHARTS}", title)
        elif uri.endswith("/chartex"):
            self._add(f"{_CHARTS} of newer kinds", title)


def _is_feature(element: Element) -> bool:
    """Tell whether an element of a worksheet stands for a feature of its own."""
    if element.parent == "ext" and element.depth == 3:
        return True
    if element.name == "dataValidations":
        return False
    return element.depth == 1 or (element.alternate and element.name in _LOST)


def _hides(area: CellRange, filled: Mapping[int, int], rows: Sequence[int]) -> bool:
    """Tell whether a merged range holds more than its first cell.

    `filled` has a bit for each filled column of a row; `rows` are its rows in their order.
    """
    covered = (1 << area.max_col + 1) - (1 << area.min_col)
    first = 1 << area.min_col
    return any(
        filled[row] & (covered - first if row == area.min_row else covered)
        for row in rows[bisect_left(rows, area.min_row) : bisect_right(rows, area.max_row)]
    )


def _is_plain(attributes: Mapping[str, str]) -> bool:
    """Tell whether openpyxl can hold this limit of a conditional format: a number or a cell."""
    return (
        re.fullmatch(
            r"\$?[A-Za-z]{1,3}\$?\d+|[-+]?[\d.]+(?:[Ee][-+]?\d+)?|", attributes.get("val", "")
        )
        is not None
    )


def _holds_control(vml: bytes) -> bool:
    return re.search(rb"ObjectType\s*=\s*[\"'](?!Note|Pict)", vml) is not None


def _readable(picture: str) -> bool:
    return bool(image.PILImage) and not picture.lower().endswith((".emf", ".wmf"))
