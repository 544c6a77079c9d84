"""A copy of the user's own workbook with the results, made in a process of its own.

openpyxl takes very much memory for some small files. What a copy would lose, and whether it can be
made at all, is known before the first message.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final

from runner.errors import RefusedError
from runner.intake.reader import archive
from runner.intake.sheet import Source
from runner.ledger.setting import CopyOrigin
from runner.system.child import ChildError, LimitError, Limits, call

# What a copy may take, and how much more for each megabyte of the file. An honest one takes a
# third.
_SECONDS: Final = 2.2
_SECONDS_PER_MEGABYTE: Final = 30.0
_MEMORY: Final = 160 * 1024**2
_MEMORY_PER_BYTE: Final = 250
_MEMORY_MOST: Final = 700 * 1024**2
_MOST: Final = 128 * 1024**2
_PIECE: Final = 1024**2
_WITHOUT: Final = (
    "Leave --results-in (results_in in a campaign file) out: the results then go into a workbook "
    "of their own."
)


class CopyError(Exception):
    """The workbook cannot be copied; the message is the sentence that says why."""


def copy_of(source: Source) -> tuple[str, list[str]]:
    """Return the ending of the copy of a workbook, and what to say about it beforehand.

    Raises RefusedError for any other file.
    """
    if not source.data.startswith(b"PK") or archive.kind(source) != "xlsx":
        raise RefusedError(
            (
                f"{source.path.name} is no XLSX or XLSM workbook, so the results cannot go into a "
                "copy of it."
            ),
            remedy=(
                "Leave --results-in (results_in in a campaign file) out, or save the list as XLSX."
            ),
        )
    try:
        told, *_ = _call(source, "look", {}, [])
    except CopyError as error:
        raise RefusedError(str(error), remedy=_WITHOUT) from None
    answer = json.loads(told)
    if "refused" in answer:
        raise RefusedError(answer["refused"], remedy=_WITHOUT)
    lost = answer["lost"]
    notice = (
        f"The copy with the results will be without: {'; '.join(lost)}. The list itself is not "
        "touched."
    )
    return answer["ending"], [notice] if lost else []


def try_copy(
    source: Source,
    origin: CopyOrigin,
    worksheet: str,
    columns: Sequence[str],
    numbers: Iterable[int],
) -> None:
    """Make a copy with results in the rows of these numbers, and throw it away.

    Raises RefusedError when it cannot be made.
    """
    blank = ["waiting", *[""] * (len(columns) - 1)]
    rows = ((number, blank) for number in numbers)
    try:
        for _ in copied(source, origin, worksheet, columns, rows):
            pass
    except CopyError as error:
        raise RefusedError(
            f"The results cannot go into a copy of {source.path.name}: {error}", remedy=_WITHOUT
        ) from None


def write_copied(
    file: IO[bytes],
    source: Source,
    origin: CopyOrigin,
    worksheet: str,
    columns: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str | int]]],
) -> None:
    """Write the copy, with each row's results, under `columns`, in the row of its number.

    Raises CopyError, and OSError when the file cannot be written.
    """
    for piece in copied(source, origin, worksheet, columns, rows):
        file.write(piece)


def copied(
    source: Source,
    origin: CopyOrigin,
    worksheet: str,
    columns: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str | int]]],
) -> Iterator[bytes]:
    """Give the bytes of the copy, once it is whole. Raises CopyError."""
    request = {
        "sheet": worksheet,
        "header_row": origin.header_row,
        "headers": list(columns),
        "replace": list(origin.replace),
    }
    lines = bytearray()
    for row in rows:
        lines += json.dumps(row).encode() + b"\n"
        if len(lines) > _MOST:
            raise CopyError(f"Its results have more than {_MOST // 1024**2} MB.")
    told, *pieces = _call(source, "write", request, [bytes(lines)])
    if told:
        raise CopyError(told.decode())
    yield from pieces


def _call(
    source: Source, work: str, request: Mapping[str, Any], parts: Sequence[bytes]
) -> list[bytes]:
    seconds = _SECONDS + _SECONDS_PER_MEGABYTE * len(source.data) / 1024**2
    memory = min(_MEMORY + _MEMORY_PER_BYTE * len(source.data), _MEMORY_MOST)
    limits = Limits(seconds=seconds, patience=10 * seconds, memory=memory, answer=_MOST)
    try:
        frames = call(f"{__name__}:{work}", request, [source.data, *parts], limits)
    except LimitError as error:
        raise CopyError(f"{source.path.name} cannot be copied within {error}.") from None
    except ChildError:
        raise CopyError(f"{source.path.name} has parts that cannot be copied.") from None
    if not frames:
        raise CopyError(f"{source.path.name} has parts that cannot be copied.")
    return frames


# --- the child


def look(_request: Mapping[str, Any], parts: Sequence[bytes]) -> Iterator[bytes]:
    """Tell what a copy of the workbook would lose, and its ending."""
    from runner.result.copy import ending
    from runner.result.loss import losses

    try:
        answer = {"lost": losses(parts[0]), "ending": ending(parts[0])}
    except CopyError as error:
        answer = {"refused": str(error)}
    yield json.dumps(answer).encode()


def write(request: Mapping[str, Any], parts: Sequence[bytes]) -> Iterator[bytes]:
    """Write the copy: the reason why it cannot be written, or nothing, then its bytes."""
    import io

    from runner.result.copy import write_copy

    data, lines = parts
    file = io.BytesIO()
    try:
        write_copy(data, file, rows=map(json.loads, lines.splitlines()), **request)
    except CopyError as error:
        yield str(error).encode()
        return
    yield b""
    view = file.getbuffer()
    for start in range(0, len(view), _PIECE):
        yield bytes(view[start : start + _PIECE])
