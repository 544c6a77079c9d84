"""The marks of an old XLS workbook: everything it holds beside its cells' values.

The records are those of [MS-XLS].
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import olefile

from runner.intake.code import Code
from runner.intake.reader.marks import (
    ERRORS,
    UNCACHED,
    UNREAD,
    DamagedError,
    Marks,
    ProtectedError,
    UnreadableError,
    Worksheet,
    link_in,
    shows_zeros,
)

_ENCODINGS: Final = {
    10000: "mac_roman",
    10006: "mac_greek",
    10007: "mac_cyrillic",
    10029: "mac_latin2",
    10081: "mac_turkish",
} | {
    32768: "mac_roman",
    32769: "cp1252",
}
# PROPER, UPPER and the like, by their numbers in formulas; and IF, CHOOSE, which choose a value.
_OF_TEXTS: Final = frozenset(
    [13, 14, 30, 31, 48, 111, 112, 113, 114, 115, 116, 118, 119, 120, 130, 162, 336, 359]
)
_CHOICES: Final = frozenset([1, 100])
_URL_MONIKER: Final = bytes.fromhex("E0C9EA79F9BACE118C8200AA004BA90B")


class _Book(NamedTuple):
    """The worksheets' places by name, the index of the active one, and the padding styles.

    The padding styles (`padded`) show numbers with zeros before them.
    """

    sheets: dict[str, int]
    active: int
    padded: set[int]


def active(data: bytes) -> str | None:
    """The worksheet that the workbook opens with."""
    book = _book(_stream(data))
    return list(book.sheets)[book.active] if book.active < len(book.sheets) else None


def marks(data: bytes, tab: Worksheet) -> Marks:
    """Read the marks of a worksheet: everything it holds beside its values.

    Raises DamagedError, ProtectedError, UnreadableError.
    """
    stream, found = _stream(data), Marks()
    book = _book(stream)
    awaited, blank, calculated = (0, 0), [], False
    place = book.sheets.get(tab.name)
    if place is None:
        raise UnreadableError("the name of its worksheet is in a form that is not read exactly")
    for kind, body in _records(stream, place):
        row, column = int.from_bytes(body[:2], "little") + 1, int.from_bytes(body[2:4], "little")
        if book.padded and kind in (0x06, 0x203, 0x27E, 0xBD):
            found.faults.update(
                ((row, where), UNREAD) for where in _padded(kind, body, book.padded)
            )
        if kind == 0x06:  # FORMULA
            here = (row, column, row, column)
            found.link(
                here, link_in(body[22 : 22 + int.from_bytes(body[20:22], "little")], _literal)
            )
            form = body[6] if body[12:14] == b"\xff\xff" else None
            if form == 3 or (
                not any(body[6:14]) and body[14] & 2
            ):  # programs that do not calculate write this
                blank.append((row, column))
                continue
            calculated = True
            if fault := _unread(form, body):
                awaited = row, column
                found.fault(*awaited, fault)
            elif form == 2:
                found.fail(row, column, ERRORS.get(body[8], ""))
        elif kind in (
            0x206,
            0x406,
        ):  # FORMULA as older programs wrote it; the reader of values leaves it out
            found.fault(row, column, UNREAD)
        elif kind == 0x207:  # STRING, the text that the last formula stored
            found.faults.pop(awaited, None)
        elif kind == 0x205 and body[7]:  # BOOLERR
            found.fail(row, column, ERRORS.get(body[6], ""))
        elif kind == 0x208 and body[12] & 0x20:  # ROW
            found.hidden_rows.add(row)
        elif kind == 0x7D and body[8] & 1:  # COLINFO
            found.hide_columns(row - 1, column)
        elif kind == 0xE5:  # MERGEDCELLS
            areas = struct.iter_unpack("<4H", body[2 : 2 + 8 * (row - 1)])
            found.merged.extend(
                (first + 1, left, last + 1, right) for first, last, left, right in areas
            )
        elif kind == 0x1B8 and (place := body.find(_URL_MONIKER) + 16) > 15:  # HLINK
            first, last, left, right = struct.unpack_from("<4H", body)
            size = int.from_bytes(body[place : place + 4], "little")
            target = (
                body[place + 4 : place + 4 + size].decode("utf-16-le", "ignore").partition("\0")[0]
            )
            found.link((first + 1, left, last + 1, right), target)
    if not calculated:  # else the formula itself gave the blank
        found.faults.update(dict.fromkeys(blank, UNCACHED))
    return found


def _stream(data: bytes) -> bytes:
    if int.from_bytes(data[44:48], "little") * 512 > len(
        data
    ):  # olefile would read that many sectors of the same bytes
        raise DamagedError("the file is cut short")
    with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_FATAL) as file:
        if file.exists("EncryptedPackage"):
            raise ProtectedError
        return bytes(file.openstream("Workbook" if file.exists("Workbook") else "Book").read())


def _records(stream: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    """Give the records up to the EOF that matches the first BOF.

    The records of charts between them are left out.
    """
    depth = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<2H", stream, place)
        depth += (kind == 0x809) - (kind == 0x0A)
        if depth == 0:
            return
        if depth == 1:
            yield kind, stream[place + 4 : place + 4 + size]
        place += 4 + size
    raise DamagedError("the sheet has no end")


def _book(stream: bytes) -> _Book:
    sheets, first, encoding, wide = {}, 0, "latin-1", True
    formats: set[int] = set()
    styles: list[int] = []
    for kind, body in _records(stream, 0):
        number = int.from_bytes(body[:2], "little")
        if kind == 0x2F:  # FILEPASS
            raise ProtectedError
        if kind == 0x809:  # BOF
            wide = number == 0x600
        elif kind == 0x42:  # CODEPAGE
            if wide and number != 1200:  # the reader of values would take UTF-16 for that encoding
                raise UnreadableError("its texts are in a form that is not read exactly")
            encoding = _ENCODINGS.get(number, f"cp{number}")
        elif kind == 0x3D:  # WINDOW1
            first = int.from_bytes(body[10:12], "little")
        elif kind == 0x41E and shows_zeros(
            body[5 if wide else 3 :].replace(b"\0", b"").decode("latin-1")
        ):  # FORMAT
            formats.add(number)
        elif kind == 0xE0:  # XF
            styles.append(int.from_bytes(body[2:4], "little"))
        elif kind == 0x85:  # BOUNDSHEET
            name = (
                body[8:].decode("utf-16-le" if body[7] & 1 else "latin-1")
                if wide
                else body[7:].decode(encoding)
            )
            sheets[name.replace("\0", "")] = int.from_bytes(body[:4], "little")
    return _Book(
        sheets, first, {index for index, format_ in enumerate(styles) if format_ in formats}
    )


def _padded(kind: int, body: bytes, styles: set[int]) -> Iterator[int]:
    """Give the columns of those numbers in a record that are shown with zeros before them."""
    places = range(4, len(body) - 2, 6) if kind == 0xBD else (4,)  # MULRK; FORMULA, NUMBER, RK
    column = int.from_bytes(body[2:4], "little")
    for index, place in enumerate(places):
        if int.from_bytes(body[place : place + 2], "little") in styles:
            yield column + index


def _unread(form: int | None, body: bytes) -> tuple[Code, str] | None:
    """Tell why a formula's value is not read: its text is yet to come, or was never stored."""
    if form == 0:
        return UNCACHED
    tokens = body[22 : 22 + int.from_bytes(body[20:22], "little")]
    # LibreOffice writes 0 for a text.
    return UNREAD if not any(body[6:14]) and _gives_text(tokens) else None


def _gives_text(tokens: bytes) -> bool:
    """Tell whether a formula ends in what makes a text: a join, or a function of texts; or chooses
    among texts."""
    if tokens[-1:] == b"\x08":
        return True
    for place, kinds in ((-3, b"\x21\x41\x61"), (-4, b"\x22\x42\x62")):
        if len(tokens) >= -place and tokens[place] in kinds:
            function = int.from_bytes(tokens[-2:], "little") & 0x7FFF
            return function in _OF_TEXTS or (function in _CHOICES and b"\x17" in tokens)
    return False


def _literal(token: bytes) -> str:
    """Read the text of a token: its length, a mark for wide characters, and the characters."""
    size = token[0] << (token[1] & 1)
    return token[2 : 2 + size].decode("utf-16-le" if token[1] & 1 else "latin-1", "ignore")
