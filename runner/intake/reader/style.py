"""What an XLSX workbook says of all its worksheets: the formats of its styles, and whether its
formulas were calculated."""

from __future__ import annotations

import zipfile
from typing import Final

from runner.intake.reader.archive import elements, main_part, styles_part
from runner.intake.reader.marks import code_of

# The formats under which a number is its digits, by code and by the number of the built-in ones.
_PLAIN: Final = ("", "General", "@", "0")
_PLAIN_NUMBERS: Final = ("0", "1", "49")


def awaits_calculation(archive: zipfile.ZipFile) -> bool:
    """Tell whether a workbook asks to be calculated when it is opened: nobody has done so yet.

    Programs that do not calculate write 0 for the value of every formula.
    """
    for element, said in elements(archive, main_part(archive)):
        if element == "calcPr":
            return said.get("fullCalcOnLoad") in ("1", "true")
    return False


def coded_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """Return the styles that show a number otherwise than by its digits: as a date, with decimals
    or a currency, as a percentage.

    A style is given by its index, as cells name it.
    """
    part = styles_part(archive)
    if part is None:
        return frozenset()
    formats: dict[str, str] = {}
    coded: set[str] = set()
    section, index = "", 0
    for element, said in elements(archive, part):
        if element == "numFmt":
            formats.setdefault(
                said.get("numFmtId", ""), said.get("formatCode", "")
            )  # the formats of `dxfs` come later
        elif element in ("cellStyleXfs", "cellXfs"):
            section = element
        elif element == "xf" and section == "cellXfs":
            number = said.get("numFmtId", "0")
            code = formats.get(number)
            is_plain = code_of(code) in _PLAIN if code is not None else number in _PLAIN_NUMBERS
            if not is_plain:
                coded.add(str(index))
            index += 1
    return frozenset(coded)
