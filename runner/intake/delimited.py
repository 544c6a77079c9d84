"""A CSV as rows of text: its encoding and delimiter known for certain, or refused with what a person needs to decide.

Strict UTF-8 (or UTF-16 with its mark) is certain: no other encoding of a list of names passes for it. Anything else is asked
for, since a wrong guess turns Núñez into Núńez in a message and nobody is told.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from runner.errors import RefusedError
from runner.intake.cell import MAX_CELL
from runner.intake.column import names_recipients
from runner.intake.sheet import HEADER_AMONG, MAX_ROWS, Grid, Row, Source

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE: Final = 64 * 1024
_LONGEST_LINE: Final = 4 * 1024**2
# What lists are saved in where they are not UTF-8, with who does that.
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
_MULTIBYTE: Final = ("gb", "hz", "big5", "cp932", "cp949", "cp950", "shift", "euc", "iso2022", "johab")
# Codecs of text, but of no file's.
_NOT_OF_FILES: Final = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}
_MARKED: Final = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
_RECIPIENT: Final = r"\"?(?:(?:https?://)?(?:\w+\.)?linkedin\.com/in/|urn:li:)\S*?"


def grid(source: Source, encoding: str | None = None, mapped: Iterable[str] = ()) -> Grid:
    """A text file's rows; `mapped` are headers that are known to be its own.

    Raises RefusedError when its encoding or its delimiter is in doubt.
    """
    encoding = _encoding(source, encoding)
    _refuse_endless_lines(source)
    sample = _sample(source.data, encoding)
    declared = re.match(r'"?sep=([^\w\s"]|\t)"?(?:\r\n?|\n)', sample.lstrip("\ufeff"))
    delimiter = declared[1] if declared else _delimiter(source, sample, mapped)
    return Grid(None, lambda: _rows(source, encoding, delimiter, skip=bool(declared)), delimiter=delimiter)


def _encoding(source: Source, said: str | None) -> str:
    path, data = source.path, source.data
    if said:
        return _said(source, said)
    if data[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    head = data[:_SAMPLE]
    if b"\0" in head:
        halves = head[0::2], head[1::2]
        for zeros, guess in zip(halves, ("utf-16-be", "utf-16-le"), strict=True):
            if zeros.count(0) > len(zeros) * 0.6 and head.count(0) < len(head) * 0.6:
                raise RefusedError(
                    f"{path} looks like UTF-16 text without the mark that says so.",
                    remedy=f"If it is, add --encoding {guess}; else save it as CSV (UTF-8) or XLSX.",
                )
        if head.count(0) > len(head) // 100:
            raise RefusedError(
                f"{path} is not a text file that can be read as CSV.", remedy="Save the list as CSV (UTF-8) or as XLSX."
            )
    _refuse_zeros(source)
    return "utf-8-sig"


def _said(source: Source, said: str) -> str:
    """The encoding that a person named; a mark at the text's start wins over another byte order."""
    try:
        name = codecs.lookup(said).name
        io.TextIOWrapper(io.BytesIO(), encoding=name)  # some codecs are not of text
    except (LookupError, ValueError):
        name = ""
    if not name or name in _NOT_OF_FILES:
        raise RefusedError(
            f"There is no encoding {said!r}.", remedy=f"Give --encoding one of: utf-8, utf-16, {', '.join(_LIKELY)}."
        )
    for wide, marks in _MARKED.items():
        if name.startswith(wide) and source.data.startswith(marks):
            return wide
        if name == wide:
            raise RefusedError(
                f"{source.path} is not {name} text: the mark that says its byte order is missing.",
                remedy=f"If it is, add --encoding {name}-le or {name}-be; else leave --encoding out.",
            )
    if not name.startswith(tuple(_MARKED)):
        _refuse_zeros(source)
    if name in ("utf-8", "utf-8-sig"):
        return "utf-8-sig"
    if not name.startswith((*_MARKED, *_MULTIBYTE)) and _is_utf8(source.data):
        raise RefusedError(
            f"{source.path} is UTF-8 text, and read as {name} its names would be misread.", remedy="Leave --encoding out."
        )
    return name


def _is_utf8(data: bytes) -> bool:
    """Whether the text is UTF-8 for certain: no text in a single-byte encoding comes out as such by chance."""
    try:
        return not data.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


def _refuse_zeros(source: Source) -> None:
    if (position := source.data.find(b"\0")) >= 0:
        raise RefusedError(
            f"{source.path} holds characters of value zero: it was damaged on its way.",
            where=f"{source.path.name}, line {_line_at(source.data, position)}",
            remedy="Fetch or save it again.",
        )


def _refuse_endless_lines(source: Source) -> None:
    # The csv module would make millions of cells of one line before anybody could count them.
    data = source.data
    for start in range(0, len(data) - _LONGEST_LINE, _LONGEST_LINE):
        if data.find(b"\n", start, start + _LONGEST_LINE) < 0 and data.find(b"\r", start, start + _LONGEST_LINE) < 0:
            raise RefusedError(
                f"{source.path} has a line of more than {_LONGEST_LINE // 1024**2} MB, so it is no list of people.",
                where=f"{source.path.name}, line {_line_at(data, start)}",
                remedy="Look at it in a text editor, or save the list as XLSX.",
            )


def _line_at(data: bytes, position: int) -> int:
    return max(data.count(b"\n", 0, position), data.count(b"\r", 0, position)) + 1


def _sample(data: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)("replace").decode(data[:_SAMPLE])


def _undecodable(source: Source, encoding: str) -> RefusedError:
    """The refusal of a text that is not in the encoding it has to be in, with its names as other encodings would have them."""
    data, position = source.data, 0
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        position = error.start
    where = f"{source.path.name}, line {_line_at(data, position)}"
    if encoding != "utf-8-sig":
        return RefusedError(
            f"{source.path} is not {encoding} text.", where=where, remedy="Give another --encoding, or save the list as XLSX."
        )
    lines = [found for found in data.splitlines() if not found.isascii()][:3]
    shown: dict[str, str] = {}
    for name in _LIKELY:
        try:
            words = [_odd_words(found.decode(name)) for found in lines]
        except UnicodeDecodeError:
            continue
        text = ", ".join(word for some in words for word in some[:2])
        if text and text.isprintable() and text not in shown.values():
            shown[name] = text
    listed = "".join(f"\n    --encoding {name:<10} {text}  ({_LIKELY[name]})" for name, text in shown.items())
    return RefusedError(
        f"{source.path} is not UTF-8 text, so its names could be misread.",
        where=where,
        remedy='In Excel, save it again as "CSV UTF-8 (Comma delimited)" or as an XLSX workbook; or, if one of these lines '
        f"shows the names right, add its option:{listed}",
    )


def _odd_words(line: str) -> list[str]:
    return [word for word in re.findall(r"[^\s,;|\t\"]+", line) if not word.isascii()]


def _delimiter(source: Source, sample: str, mapped: Iterable[str]) -> str:
    """The delimiter under which the most records are as wide as the header; where no header is known, as most of them are.

    A single column if none has two. Raises RefusedError when two would do equally well.
    """
    fitting: dict[str, int] = {}
    likely: dict[str, int] = {}
    for delimiter in DELIMITERS:
        widths: list[int] = []
        header = 0
        with suppress(csv.Error):  # the sample ends in the middle, or has a quote too many: what came before counts
            for number, record in enumerate(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)):
                if header:
                    fitting[delimiter] += len(record) == header
                elif number < HEADER_AMONG and len(record) > 1 and names_recipients(record, mapped):
                    header, fitting[delimiter] = len(record), 1
                if any(record):
                    widths.append(len(record))
        if len(widths) > 2 and len(sample) >= _SAMPLE - 4:
            widths.pop()  # cut by the sample's end
        width = max(set(widths), key=widths.count, default=0)
        if width > 1:
            likely[delimiter] = widths.count(width)
    scores = fitting or likely
    best = max(scores.values(), default=0)
    found = [delimiter for delimiter, score in scores.items() if score == best]
    if len(found) > 1:
        # In the header the right one separates words; the other stands within them, if at all.
        header_line = next((line for line in sample.splitlines() if any(line.count(delimiter) for delimiter in found)), "")
        found = [delimiter for delimiter in found if header_line.count(delimiter) == max(map(header_line.count, found))]
    if len(found) > 1:
        names = " and ".join(DELIMITERS[delimiter] for delimiter in found)
        raise RefusedError(
            f"{source.path} can be read in two ways: {names} separate its cells equally well.",
            remedy=f"Write sep={found[0]} or sep={found[1]} into a line of its own at its top, or save the list as XLSX.",
        )
    return found[0] if found else ","


def _swallowed(record: Sequence[str], breaks: int, delimiter: str) -> bool:
    """Whether a record with line breaks is really several rows: two stray quotes that pair up make one cell of what is between.

    A line of text has its delimiters before a space or between digits. A row has not, and between its columns one each: within
    quotes it can have no quotes of its own.
    """
    # Quick looks first: messages of several lines are no rarity, and hardly ever hold that many delimiters, or a recipient.
    between, last = len(record) - 1, record[-1]
    if last.count("\n") == breaks and last.count(delimiter) < between and "/in/" not in last and "urn:li:" not in last:
        return False
    joined = delimiter.join(record)
    inside = joined.count(delimiter) - between
    if between < 1 or inside < 1:
        return False
    if inside < between and "/in/" not in (rest := joined[joined.find("\n") :]) and "urn:li:" not in rest:
        return False
    lines = joined.splitlines()
    at = re.escape(delimiter)
    # Of two columns none is blank at a line's end: that is how a greeting ends.
    loose = re.compile(rf"{at}[^\S\t]" if between > 1 else rf"{at}(?:[^\S\t]|$)")
    parting = re.compile(rf"(?<!\d){at}|{at}(?!\d)")

    def is_row(line: str) -> bool:
        return line.count(delimiter) == between and not loose.search(line) and bool(parting.search(line))

    starts = re.compile(rf"{_RECIPIENT}{at}(?!\s)", re.IGNORECASE)
    inner = between > 1 and any(map(is_row, lines[1:-1]))
    return inner or all(map(is_row, lines)) or any(starts.match(line) for line in lines[1:-1])


def _without_end_mark(data: bytes, encoding: str) -> bytes:
    """The text without the mark by which old programs end a file."""
    if encoding in _MARKED:
        encoding += "-le" if data.startswith(_MARKED[encoding][0]) else "-be"
    for ending in ("\x1a\r\n", "\x1a\n", "\x1a"):
        mark = ending.encode(encoding.removesuffix("-sig"))
        while data.endswith(mark) and len(data) % (len(mark) // len(ending)) == 0:  # else its bytes are of two characters
            data = data[: -len(mark)]
    return data


def _rows(source: Source, encoding: str, delimiter: str, *, skip: bool) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL)
    data = _without_end_mark(source.data, encoding)
    file = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    file._CHUNK_SIZE = _SAMPLE  # type: ignore[attr-defined]
    new = tuple.__new__  # a NamedTuple's own constructor costs twice as much, and this is done for every row
    number = line = 0  # spreadsheet programs do not show the line that names the delimiter
    try:
        if skip:
            file.readline()
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        for number, record in enumerate(reader, 1):
            at = reader.line_num
            if at - line != 1 and _swallowed(record, at - line - 1, delimiter):
                near = line + 1 + skip
                raise RefusedError(
                    f"Row {number} holds other rows inside one of its cells: a quote is probably missing near line {near}.",
                    where=f"{source.path.name}, row {number}",
                    remedy='Open it in a text editor, look there, and save it again. A quote in a value is written "".',
                )
            line = at
            yield new(Row, (number, record, (), (), False))
            if number > MAX_ROWS:
                break
        else:
            return
    except csv.Error as error:
        raise RefusedError(
            f"The text around line {reader.line_num + skip} is not valid CSV ({error}); a quote is probably missing.",
            where=f"{source.path.name}, after row {number}",
            remedy='Open it in a spreadsheet program, look there, save it again. A quote in a value is written "".',
        ) from None
    except UnicodeError:
        raise _undecodable(source, encoding) from None
    raise RefusedError(
        f"The sheet has more than {MAX_ROWS:,} rows.",
        where=source.path.name,
        remedy="Split it into several.",
    )
