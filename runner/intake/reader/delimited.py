"""A CSV as rows of text.

The encoding and the delimiter are known for certain, or the file is refused with what a person
needs to decide.

Strict UTF-8 (or UTF-16 with its mark) is certain: no other encoding of a list of names passes for
it. A person is asked for any other encoding, since a wrong guess turns Núñez into Núńez in a
message and nobody is told.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from runner.errors import RefusedError
from runner.intake.cell import MAX_CELL
from runner.intake.column import names_recipients
from runner.intake.reader.encoding import (
    _SAMPLE,
    find_encoding,
    line_at,
    sample_of,
    undecodable,
    without_end_mark,
)
from runner.intake.reader.swallowed import swallowed
from runner.intake.sheet import (
    HEADER_AMONG,
    MAX_COLUMNS,
    MAX_ROWS,
    Fault,
    Grid,
    Row,
    Source,
    capped,
)

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')
_LONGEST_LINE: Final = 4 * 1024**2
# Beyond this a quote is missing.
_MOST_CELLS: Final = 2 * MAX_COLUMNS
_LONGEST_FIELD: Final = 1024**2
_CURE: Final = (
    'Look there in a text editor, and save it again; a quote in a value is written "". If '
    "the cell is right as it is, save the "
    "list as XLSX."
)


def grid(source: Source, encoding: str | None = None, mapped: Iterable[str] = ()) -> Grid:
    """Return a text file's rows. The headers `mapped` are known to be its own.

    Raises RefusedError when its encoding or its delimiter is in doubt.
    """
    encoding = find_encoding(source, encoding)
    _refuse_endless_lines(source)
    sample = sample_of(source.data, encoding)
    if _is_quoted_whole(sample):
        plain = grid(_unquoted(source, encoding), "utf-8", mapped)
        notice = (
            f"Each line of {source.path.name} stands in quotes as a whole; they were taken off."
        )
        return plain._replace(notices=(notice, *plain.notices))
    declared = re.match(r'"?sep=([^\w\s"]|\t)"?(?:\r\n?|\n)', sample.lstrip("\ufeff"))
    delimiter = declared[1] if declared else _delimiter(source, sample, mapped)
    return Grid(
        None, lambda: _rows(source, encoding, delimiter, skip=bool(declared)), delimiter=delimiter
    )


def _is_quoted_whole(sample: str) -> bool:
    """Tell whether each line is one quoted cell that holds a row of several cells."""
    lines = [line.strip() for line in sample.lstrip("\ufeff").splitlines() if line.strip()]
    whole = lines[:-1] or lines  # the sample may end within a line
    if not whole or not all(_QUOTED.fullmatch(line) for line in whole):
        return False
    inner = whole[0][1:-1].replace('""', '"')
    return any(len(next(csv.reader([inner], delimiter=one), [])) > 1 for one in DELIMITERS)


def _unquoted(source: Source, encoding: str) -> Source:
    """Return the file as it would be without the quotes around its lines."""
    try:
        text = source.data.decode(encoding).lstrip("\ufeff")
    except UnicodeError:
        raise undecodable(source, encoding) from None
    lines = (line.strip() for line in text.splitlines())
    rows = (line[1:-1].replace('""', '"') if _QUOTED.fullmatch(line) else line for line in lines)
    return Source(source.path, "\n".join(rows).encode())


def _refuse_endless_lines(source: Source) -> None:
    # The csv module would make millions of cells of one line before anybody could count them.
    data = source.data
    for start in range(0, len(data) - _LONGEST_LINE, _LONGEST_LINE):
        if (
            data.find(b"\n", start, start + _LONGEST_LINE) < 0
            and data.find(b"\r", start, start + _LONGEST_LINE) < 0
        ):
            raise RefusedError(
                (
                    f"{source.path} has a line of more than {_LONGEST_LINE // 1024**2} MB, so "
                    "it is no list of people."
                ),
                where=f"{source.path.name}, line {line_at(data, start)}",
                remedy="Look at it in a text editor, or save the list as XLSX.",
            )


def _delimiter(source: Source, sample: str, mapped: Iterable[str]) -> str:
    """Find the delimiter that makes the most records as wide as the header.

    When no header is known, it is the delimiter that makes the most records equally wide. When no
    delimiter makes two columns, the sheet has a single column. Raises RefusedError when two
    delimiters would do equally well.
    """
    fitting: dict[str, int] = {}
    likely: dict[str, int] = {}
    for delimiter in DELIMITERS:
        widths: list[int] = []
        header = 0
        with suppress(
            csv.Error
        ):  # the sample may end within a record or have a quote too many: the earlier records count
            for number, record in enumerate(
                csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            ):
                if header:
                    fitting[delimiter] += len(record) == header
                elif number < HEADER_AMONG and len(record) > 1 and names_recipients(record, mapped):
                    header, fitting[delimiter] = len(record), 1
                if any(record):
                    widths.append(len(record))
        width = max(set(widths), key=widths.count, default=0)
        if width > 1:
            likely[delimiter] = widths.count(width)
    scores = fitting or likely
    best = max(scores.values(), default=0)
    found = [delimiter for delimiter, score in scores.items() if score == best]
    if len(found) > 1:
        # In the header the right delimiter separates words. The other stands within words, if at
        # all.
        header_line = next(
            (
                line
                for line in sample.splitlines()
                if any(line.count(delimiter) for delimiter in found)
            ),
            "",
        )
        found = [
            delimiter
            for delimiter in found
            if header_line.count(delimiter) == max(map(header_line.count, found))
        ]
    if len(found) > 1:
        names = " and ".join(DELIMITERS[delimiter] for delimiter in found)
        raise RefusedError(
            f"{source.path} can be read in two ways: {names} separate its cells equally well.",
            remedy=(
                f"Write sep={found[0]} or sep={found[1]} into a line of its own at its top, or "
                "save the list as XLSX."
            ),
        )
    return found[0] if found else ","


class _Lines:
    """The lines of a file. The csv module would make one record of any number of them."""

    def __init__(self, file: Iterable[str]) -> None:
        self._file = iter(file)
        self.length = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._file)
        self.length += len(line)
        if self.length > _LONGEST_LINE:
            raise csv.Error(f"a row of more than {_LONGEST_LINE // 1024**2} MB")
        return line


def _too_wide(source: Source, number: int, cells: int) -> RefusedError:
    return RefusedError(
        f"Row {number} has {cells:,} cells; at most {_MOST_CELLS:,} are read.",
        where=f"{source.path.name}, row {number}",
        remedy="Look at it in a text editor: a quote or a line's end is probably missing.",
    )


def _rows(source: Source, encoding: str, delimiter: str, *, skip: bool) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    data = without_end_mark(source.data, encoding)
    file = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    file._CHUNK_SIZE = _SAMPLE  # type: ignore[attr-defined]
    new = (
        tuple.__new__
    )  # a NamedTuple's own constructor costs twice as much, and this is done for every row
    number = line = 0  # spreadsheet programs do not show the line that names the delimiter
    try:
        if skip:
            file.readline()
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for number, record in enumerate(reader, 1):
            at, lines.length = reader.line_num, 0
            if not record:
                line = at
                continue
            if len(record) > _MOST_CELLS:
                raise _too_wide(source, number, len(record))
            faults: Sequence[Fault] = ()
            if record and len(max(record, key=len)) > MAX_CELL:
                _, cells, faults, *_ = capped(Row(number, record))
                record = list(cells)
            if at - line != 1 and (found := swallowed(record, at - line - 1, delimiter)):
                row, certain = found
                what = f"a cell of row {number} holds what looks like another row ({row[:60]!r})"
                near = f"a quote is probably missing near line {line + 1 + skip}"
                if certain:
                    raise RefusedError(
                        f"{what[0].upper()}{what[1:]}: {near}.",
                        where=f"{source.path.name}, row {number}",
                        remedy=_CURE,
                    )
                line = at
                yield Row(
                    number,
                    record,
                    [*faults, Fault(None, "swallowed-row", f"{what}: {near}. {_CURE}")],
                )
                continue
            line = at
            yield new(Row, (number, record, faults, (), False, (), ()))
            if number > MAX_ROWS:
                break
        else:
            return
    except csv.Error as error:
        raise RefusedError(
            (
                f"The text around line {reader.line_num + skip} is not valid CSV ({error}); a "
                "quote is probably missing."
            ),
            where=f"{source.path.name}, after row {number}",
            remedy=(
                "Open it in a spreadsheet program, look there, save it again. A quote in a value "
                'is written "".'
            ),
        ) from None
    except UnicodeError:
        raise undecodable(source, encoding) from None
    raise RefusedError(
        f"The sheet has more than {MAX_ROWS:,} rows.",
        where=source.path.name,
        remedy="Split it into several.",
    )
