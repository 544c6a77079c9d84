"""A CSV as rows of text: its encoding and delimiter known for certain, or refused with what a person needs to decide.

Strict UTF-8 (or UTF-16 with its mark) is certain: no other encoding of a list of names passes for it. Anything else is asked
for, since a wrong guess turns Núñez into Núńez in a message and nobody is told.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from runner.errors import RefusedError
from runner.intake.cell import MAX_CELL
from runner.intake.sheet import MAX_COLUMNS, MAX_ROWS, Grid, Row, Source

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
    "shift_jis": "Japanese",
    "gb18030": "Chinese",
    "big5": "Traditional Chinese",
    "cp949": "Korean",
}
_SHOWN: Final = 6
_RECIPIENT: Final = r"\"?(?:(?:https?://)?(?:\w+\.)?linkedin\.com/in/|urn:li:)\S*?"


def grid(source: Source, encoding: str | None = None) -> Grid:
    """A text file's rows. Raises RefusedError when its encoding or its delimiter is in doubt."""
    encoding = _encoding(source, encoding)
    _refuse_endless_lines(source)
    sample = _sample(source.data, encoding)
    declared = re.match(r'"?sep=(.)"?(?:\r\n?|\n)', sample.lstrip("\ufeff"))
    delimiter = declared[1] if declared else _delimiter(source, sample)
    return Grid(None, lambda: _rows(source, encoding, delimiter, skip=bool(declared)), delimiter=delimiter)


def _encoding(source: Source, said: str | None) -> str:
    path, data = source.path, source.data
    if said:
        try:
            name = codecs.lookup(said).name
            b"".decode(name)  # some codecs are not of text
        except LookupError:
            raise RefusedError(
                f"There is no encoding {said!r}.", remedy=f"Give --encoding one of: utf-8, utf-16, {', '.join(_LIKELY)}."
            ) from None
        return "utf-8-sig" if name == "utf-8" else name
    if data[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    head = data[:_SAMPLE]
    if b"\0" in head:
        halves = head[0::2], head[1::2]
        for zeros, guess in zip(halves, ("utf-16-be", "utf-16-le"), strict=True):
            if zeros.count(0) > len(zeros) * 0.6:
                raise RefusedError(
                    f"{path} looks like UTF-16 text without the mark that says so.",
                    remedy=f"If it is, add --encoding {guess}; else save it as CSV (UTF-8) or XLSX.",
                )
        if head.count(0) > len(head) // 100:
            raise RefusedError(
                f"{path} is not a text file that can be read as CSV.", remedy="Save the list as CSV (UTF-8) or as XLSX."
            )
    if (position := data.find(b"\0")) >= 0:
        raise RefusedError(
            f"{path} holds characters of value zero: it was damaged on its way.",
            where=f"{path.name}, line {_line_at(data, position)}",
            remedy="Fetch or save it again.",
        )
    return "utf-8-sig"


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
    return data.count(b"\n", 0, position) + 1


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
    listed = "".join(f"\n    --encoding {name:<10} {text}  ({_LIKELY[name]})" for name, text in list(shown.items())[:_SHOWN])
    return RefusedError(
        f"{source.path} is not UTF-8 text, so its names could be misread.",
        where=where,
        remedy='In Excel, save it again as "CSV UTF-8 (Comma delimited)" or as an XLSX workbook; or, if one of these lines '
        f"shows the names right, add its option:{listed}",
    )


def _odd_words(line: str) -> list[str]:
    return [word for word in re.findall(r"[^\s,;|\t\"]+", line) if not word.isascii()]


def _delimiter(source: Source, sample: str) -> str:
    """The delimiter under which most of the first records are as wide as most of them are; a single column if none has two.

    Raises RefusedError when two would do equally well.
    """
    scores = {}
    for delimiter in DELIMITERS:
        widths: list[int] = []
        with suppress(csv.Error):  # the sample ends in the middle, or has a quote too many: what came before counts
            widths += (
                len(record) for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if any(record)
            )
        if len(widths) > 2 and len(sample) >= _SAMPLE - 4:
            widths.pop()  # cut by the sample's end
        width = max(set(widths), key=widths.count, default=0)
        if width > 1:
            scores[delimiter] = widths.count(width)
    best = max(scores.values(), default=0)
    found = [delimiter for delimiter, score in scores.items() if score == best]
    if len(found) > 1:
        # In the header the right one separates words; the other stands within them, if at all.
        header = next((line for line in sample.splitlines() if any(line.count(delimiter) for delimiter in found)), "")
        found = [delimiter for delimiter in found if header.count(delimiter) == max(map(header.count, found))]
    if len(found) > 1:
        names = " and ".join(DELIMITERS[delimiter] for delimiter in found)
        raise RefusedError(
            f"{source.path} can be read in two ways: {names} separate its cells equally well.",
            remedy=f"Write sep={found[0]} or sep={found[1]} into a line of its own at its top, or save the list as XLSX.",
        )
    return found[0] if found else ","


def _swallowed(record: Sequence[str], delimiter: str) -> bool:
    """Whether a record of several lines is really several rows: two stray quotes that pair up make one cell of what is between.

    A line of text has its delimiters before a space or between digits; a row has not, and has one for each of its columns.
    """
    between, joined = len(record) - 1, delimiter.join(record)
    inside = joined.count(delimiter) - between
    # A quick look first: messages of several lines are no rarity, and hardly ever hold that many delimiters, or a recipient.
    if between < 1 or inside < 1:
        return False
    if inside < between and joined.find("/in/", first := max(joined.find("\n"), 0)) < 0 and joined.find("urn:li:", first) < 0:
        return False
    lines = joined.splitlines()
    tight = re.compile(rf"{re.escape(delimiter)}(?=[^\s\d]|\d+{re.escape(delimiter)})")
    counts = [len(tight.findall(line)) for line in lines]
    inner = between > 1 and max(counts[1:-1], default=0) >= between
    starts = re.compile(rf"{_RECIPIENT}{re.escape(delimiter)}", re.IGNORECASE)
    return inner or min(counts) >= between or any(starts.match(line) for line in lines[1:-1])


def _rows(source: Source, encoding: str, delimiter: str, *, skip: bool) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL)
    data = source.data.rstrip(b"\x1a") if source.data.endswith(b"\x1a") else source.data  # old programs' end-of-file mark
    file = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    file._CHUNK_SIZE = _SAMPLE  # type: ignore[attr-defined]
    new = tuple.__new__  # a NamedTuple's own constructor costs twice as much, and this is done for every row
    number = line = 0  # spreadsheet programs do not show the line that names the delimiter
    try:
        if skip:
            file.readline()
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        for record in reader:
            number += 1
            at = reader.line_num
            if at - line != 1 and _swallowed(record, delimiter):
                near = line + 1 + skip
                raise RefusedError(
                    f"Row {number} holds other rows inside one of its cells: a quote is probably missing near line {near}.",
                    where=f"{source.path.name}, row {number}",
                    remedy='Open it in a text editor, look there, and save it again. A quote in a value is written "".',
                )
            line = at
            yield new(Row, (number, record, (), (), False))
            if number > MAX_ROWS or len(record) > 20 * MAX_COLUMNS:
                break
        else:
            return
    except csv.Error as error:
        raise RefusedError(
            f"The text around line {reader.line_num + skip} is not valid CSV ({error}); a quote is probably missing.",
            where=f"{source.path.name}, after row {number}",
            remedy='Open it in a spreadsheet program, look there, save it again. A quote in a value is written "".',
        ) from None
    except UnicodeDecodeError:
        raise _undecodable(source, encoding) from None
    raise RefusedError(
        f"The sheet has more than {MAX_ROWS:,} rows or {20 * MAX_COLUMNS:,} columns.",
        where=source.path.name,
        remedy="Split it into several.",
    )
