"""Rows that a stray quote has swallowed into a cell of a CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

_MEANS: Final = re.compile(
    r"(?:https?://)?(?:\w+\.)?linkedin\.com/in/\S+|urn:li:\S+|ACo[\w-]{8,}", re.IGNORECASE
).fullmatch
_LIKE_A_SLUG: Final = re.compile(r"(?=.*[a-z])(?=.*[-\d])[a-z\d-]{3,100}").fullmatch
_SPACED: Final = re.compile(r"[^\S\t]").match


def swallowed(record: Sequence[str], breaks: int, delimiter: str) -> tuple[str, bool] | None:
    """Find a line in a cell that looks like a row of its own, and tell whether it surely is one.

    Two stray quotes that pair up make one cell of everything between them. A text usually has its
    delimiters before spaces or between digits. A row has a delimiter between each two columns, and
    it names its recipient somewhere. A row within quotes cannot have quotes of its own.
    """
    # A quick look comes first: messages of several lines are common, and they hardly ever hold that
    # many delimiters, or a recipient.
    width, last = len(record), record[-1]
    if (
        last.count("\n") == breaks
        and last.count(delimiter) < width - 1
        and "/in/" not in last
        and "urn:li:" not in last
    ):
        return None
    parting = _parting(delimiter)

    def is_row(fields: Sequence[str]) -> bool:
        if len(fields) != width or not _several(
            fields
        ):  # one filled field of two: a greeting ends in a comma
            return False
        return not any(map(_SPACED, fields[1:])) and bool(parting(delimiter.join(fields)))

    cells = [
        [line.split(delimiter) for line in lines]
        for lines in map(str.splitlines, record)
        if len(lines) > 1
    ]
    within = [fields for lines in cells for fields in lines if len(fields) > 1]
    if not within:
        return None
    for fields in within:
        names = any(
            _MEANS(field) and not _SPACED(after)
            for field, after in zip(fields, [*fields[1:], ""], strict=True)
        )
        if names and _several(fields):
            return delimiter.join(fields), True
    whole = [line.split(delimiter) for line in delimiter.join(record).splitlines()]
    inner = [fields for lines in cells for fields in lines[1:-1]] if width > 2 else []
    if rows := [fields for fields in inner if is_row(fields)] or (
        whole if all(map(is_row, whole)) else []
    ):
        return delimiter.join(rows[0]), width > 2
    for fields in within:
        # A row that swallowed others may be wider or narrower by one cell than they are.
        tight = abs(len(fields) - width) <= 1 and not any(map(_SPACED, fields[1:]))
        if tight and (any(map(_LIKE_A_SLUG, fields)) or any(map(_MEANS, fields))):
            return delimiter.join(fields), False
    return None


def _several(fields: Sequence[str]) -> bool:
    """Tell whether more than one field is filled."""
    return len([*filter(str.strip, fields)]) > 1


@cache
def _parting(delimiter: str) -> Callable[[str], re.Match[str] | None]:
    """Return a search for a delimiter that is not between digits."""
    at = re.escape(delimiter)
    return re.compile(rf"(?<!\d){at}|{at}(?!\d)").search
