"""The encoding of a text file: known for certain, or refused with what a person needs to decide."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from runner.errors import RefusedError
from runner.intake.sheet import Source

_SAMPLE: Final = 64 * 1024
_PIECE: Final = 1024**2
_SHOWN: Final = 2_000
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")


# The likely encodings of a list that is not UTF-8, each with its usual source.
_LIKELY: Final = {
    "cp1252": "Western Europe, Excel's plain CSV",
    "mac_roman": "Excel for Mac",
    "cp1250": "Central Europe",
    "cp1251": "Cyrillic",
    "cp1253": "Greek",
    "cp1254": "Turkish",
    "cp932": "Japanese",
    "gb18030": "Chinese",
    "cp950": "Traditional Chinese",
    "cp949": "Korean",
}


_MULTIBYTE: Final = (
    "gb",
    "hz",
    "big5",
    "cp932",
    "cp949",
    "cp950",
    "shift",
    "euc",
    "iso2022",
    "johab",
)


# Text codecs that no file is written in.
_NOT_OF_FILES: Final = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}


_MARKED: Final = {  # in this order: one of UTF-32's marks begins like one of UTF-16's
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}


def find_encoding(source: Source, said: str | None) -> str:
    path, data = source.path, source.data
    if said:
        return _said(source, said)
    for wide, marks in _MARKED.items():
        if data.startswith(marks):
            return wide
    head = data[:_SAMPLE]
    if b"\0" in head:
        halves = head[0::2], head[1::2]
        for zeros, guess in zip(halves, ("utf-16-be", "utf-16-le"), strict=True):
            if zeros.count(0) > len(zeros) * 0.6 and head.count(0) < len(head) * 0.6:
                raise RefusedError(
                    f"{path} looks like UTF-16 text without the mark that says so.",
                    remedy=(
                        f"If it is, add --encoding {guess}; else save it as CSV (UTF-8) or XLSX."
                    ),
                )
        if head.count(0) > len(head) // 100:
            raise RefusedError(
                f"{path} is not a text file that can be read as CSV.",
                remedy="Save the list as CSV (UTF-8) or as XLSX.",
            )
    _refuse_zeros(source)
    return "utf-8-sig"


def _said(source: Source, said: str) -> str:
    """Return the encoding that a person named.

    A mark at the text's start wins over another byte order.
    """
    try:
        name = codecs.lookup(said).name
        io.TextIOWrapper(io.BytesIO(), encoding=name)  # some codecs are not of text
    except (LookupError, ValueError):
        name = ""
    if not name or name in _NOT_OF_FILES:
        raise RefusedError(
            f"There is no encoding {said!r}.",
            remedy=f"Give --encoding one of: utf-8, utf-16, {', '.join(_LIKELY)}.",
        )
    for wide, marks in _MARKED.items():
        if name.startswith(wide) and source.data.startswith(marks):
            return wide
        if name == wide:
            raise RefusedError(
                f"{source.path} is not {name} text: the mark that says its byte order is missing.",
                remedy=(
                    f"If it is, add --encoding {name}-le or {name}-be; else leave --encoding out."
                ),
            )
    if not name.startswith(tuple(_MARKED)):
        _refuse_zeros(source)
    if name in ("utf-8", "utf-8-sig"):
        return "utf-8-sig"
    if not name.startswith((*_MARKED, *_MULTIBYTE)) and _is_utf8(source.data):
        raise RefusedError(
            f"{source.path} is UTF-8 text, and read as {name} its names would be misread.",
            remedy="Leave --encoding out.",
        )
    return name


def _is_utf8(data: bytes) -> bool:
    """Tell whether the text is UTF-8 for certain.

    No text in a single-byte encoding passes for UTF-8 by chance.
    """
    return not data.isascii() and first_undecodable(data, "utf-8") is None


def _refuse_zeros(source: Source) -> None:
    if (position := source.data.find(b"\0")) >= 0:
        raise RefusedError(
            f"{source.path} holds characters of value zero: it was damaged on its way.",
            where=f"{source.path.name}, line {line_at(source.data, position)}",
            remedy="Fetch or save it again.",
        )


def line_at(data: bytes, position: int) -> int:
    return max(data.count(b"\n", 0, position), data.count(b"\r", 0, position)) + 1


def sample_of(data: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)("replace").decode(data[:_SAMPLE])


def undecodable(source: Source, encoding: str) -> RefusedError:
    """Return the refusal of a text that is not in the encoding it has to be in.

    The refusal shows the names as other encodings would have them.
    """
    data = source.data
    position = first_undecodable(data, encoding) or 0
    where = f"{source.path.name}, line {line_at(data, position)}"
    if encoding != "utf-8-sig":
        return RefusedError(
            f"{source.path} is not {encoding} text.",
            where=where,
            remedy="Give another --encoding, or save the list as XLSX.",
        )
    lines = list(islice(_lines_beyond_ascii(data), 3))
    shown: dict[str, str] = {}
    for name in _LIKELY:
        try:
            words = [_odd_words(found.decode(name)) for found in lines]
        except UnicodeDecodeError:
            continue
        text = ", ".join(word for some in words for word in some[:2])
        if text and text.isprintable() and text not in shown.values():
            shown[name] = text
    listed = "".join(
        f"\n    --encoding {name:<10} {text}  ({_LIKELY[name]})" for name, text in shown.items()
    )
    return RefusedError(
        f"{source.path} is not UTF-8 text, so its names could be misread.",
        where=where,
        remedy='In Excel, save it again as "CSV UTF-8 (Comma delimited)" or as an XLSX '
        f"workbook; or, if one of these lines shows the names right, add its option:{listed}",
    )


def first_undecodable(data: bytes, encoding: str) -> int | None:
    """Return the place of the first byte that is no text in this encoding; None when all are.

    The text is looked at in pieces, so that it takes no memory of its own.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), _PIECE):
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(data[start : start + _PIECE], start + _PIECE >= len(data))
        except UnicodeDecodeError as error:
            return max(0, start - held + error.start)
    return None


def _lines_beyond_ascii(data: bytes) -> Iterator[bytes]:
    """Give each line that has more than ASCII, around its first such byte."""
    place = 0
    while found := _BEYOND_ASCII.search(data, place):
        at = found.start()
        ends = [end for end in (data.find(b"\n", at), data.find(b"\r", at)) if end >= 0]
        place = min(ends, default=len(data))
        start = max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1
        yield data[max(start, at - _SHOWN) : min(place, at + _SHOWN)]


def _odd_words(line: str) -> list[str]:
    return [word for word in re.findall(r"[^\s,;|\t\"]+", line) if not word.isascii()]


def without_end_mark(data: bytes, encoding: str) -> bytes:
    """Return the text without the mark that old programs write at the end of a file."""
    if encoding in _MARKED:
        encoding += "-le" if data.startswith(_MARKED[encoding][0]) else "-be"
    end = len(data)
    for ending, kept in (("\n\x1a\r\n", "\n"), ("\n\x1a\n", "\n"), ("\x1a", "")):
        mark, rest = (text.encode(encoding.removesuffix("-sig")) for text in (ending, kept))
        while (
            data.endswith(mark, 0, end) and end % (len(mark) // len(ending)) == 0
        ):  # else its bytes belong to two characters
            end -= len(mark) - len(rest)  # the mark begins with what is kept of it
    return data[:end]
