"""The marks of an XLSB workbook: everything it holds beside its cells' values.

The records are those of [MS-XLSB].
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

from runner.intake.reader.archive import main_part, relations, styles_part
from runner.intake.reader.marks import (
    ERRORS,
    UNREAD,
    DamagedError,
    Marks,
    UnreadableError,
    WideError,
    Worksheet,
    link_in,
    shows_zeros,
)
from runner.intake.sheet import MAX_COLUMNS


def active(data: bytes) -> str | None:
    """The worksheet that the workbook opens with."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets, index = _sheets(archive)
    return list(sheets)[index] if index < len(sheets) else None


def marks(data: bytes, tab: Worksheet) -> Marks:
    """Read the marks of a worksheet: everything it holds beside its values.

    Raises DamagedError, UnreadableError, WideError.
    """
    found, row = Marks(), 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        padded = _padded_styles(archive)
        part = _sheets(archive)[0][tab.name]
        targets = relations(archive, part)
        for kind, body in _records(archive, part):
            if 2 <= kind <= 11 and _long(body, 0) >= MAX_COLUMNS:  # the cells that hold something
                raise WideError
            if (
                kind in (2, 5, 9) and int.from_bytes(body[4:7], "little") in padded
            ):  # BrtCellRk, BrtCellReal, BrtFmlaNum
                found.fault(row, _long(body, 0), UNREAD)
            elif kind == 8:  # BrtFmlaString
                end = _wide(body, 8)[1]
                column = _long(body, 0)
                found.link(
                    (row, column, row, column),
                    link_in(body[end + 6 : end + 6 + _long(body, end + 2)], _literal),
                )
            if kind == 0:  # BrtRowHdr
                row = _long(body, 0) + 1
                if body[11] & 0x10:
                    found.hidden_rows.add(row)
            elif kind in (3, 11):  # BrtCellError, BrtFmlaError
                found.fail(row, _long(body, 0), ERRORS.get(body[8], ""))
            elif (
                12 <= kind <= 18 or kind == 62
            ):  # BrtShort…, BrtCellRString: the reader of values leaves them out
                raise UnreadableError("it holds cells of a form that is not read")
            elif kind == 60 and body[16] & 1:  # BrtColInfo
                found.hide_columns(_long(body, 0), _long(body, 4))
            elif kind in (176, 494):  # BrtMergeCell, BrtHLink
                first, last, left, right = struct.unpack_from("<4I", body)
                if kind == 176:
                    found.merged.append((first + 1, left, last + 1, right))
                else:
                    found.link(
                        (first + 1, left, min(last + 1, row), right),
                        targets.get(_wide(body, 16)[0], ("", ""))[0],
                    )
    return found


def _sheets(archive: zipfile.ZipFile) -> tuple[dict[str, str], int]:
    """Return the worksheets' parts by name, and the index of the active one."""
    book = main_part(archive)
    targets, sheets, first = relations(archive, book), {}, 0
    for kind, body in _records(archive, book):
        if kind == 158:  # BrtBookView
            first = _long(body, 24)
        elif kind == 156:  # BrtBundleSh
            relation, end = _wide(body, 8)
            sheets[_wide(body, end)[0]] = targets[relation][0]
    return sheets, first


def _padded_styles(archive: zipfile.ZipFile) -> set[int]:
    """The styles that pad numbers with zeros."""
    part = styles_part(archive)
    formats: set[int] = set()
    styles: list[int] = []
    inside = False
    for kind, body in _records(archive, part) if part else ():
        if kind == 44 and shows_zeros(_wide(body, 2)[0]):  # BrtFmt
            formats.add(int.from_bytes(body[:2], "little"))
        elif kind in (617, 618):  # BrtBeginCellXFs, BrtEndCellXFs
            inside = kind == 617
        elif kind == 47 and inside:  # BrtXF
            styles.append(int.from_bytes(body[2:4], "little"))
    return {index for index, format_ in enumerate(styles) if format_ in formats}


def _literal(token: bytes) -> str:
    """Read the text of a token: its length, and its characters."""
    return token[2 : 2 + 2 * int.from_bytes(token[:2], "little")].decode("utf-16-le", "ignore")


def _records(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[int, bytes]]:
    data, place = archive.read(part), 0
    while place < len(data):
        numbers = [0, 0]
        for number, most in enumerate(
            (2, 4)
        ):  # kind and size hold seven bits a byte, and go on while the eighth is set
            for index in range(most):
                place += 1
                numbers[number] |= (data[place - 1] & 0x7F) << 7 * index
                if data[place - 1] < 0x80:
                    break
        place += numbers[1]
        if place > len(data):
            raise DamagedError("the part ends within a record")
        yield numbers[0], data[place - numbers[1] : place]


def _long(body: bytes, place: int) -> int:
    return int.from_bytes(body[place : place + 4], "little")


def _wide(body: bytes, place: int) -> tuple[str, int]:
    """Return the text that follows its length, and the place where it ends."""
    end = place + 4 + 2 * _long(body, place)
    return body[place + 4 : end].decode("utf-16-le"), end
