"""A workbook read in a process of its own.

The child answers with frames of JSON: rows in pieces, then one frame on the whole. The parent keeps
the pieces as they came, and makes rows of them on every walk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from runner.errors import RefusedError
from runner.intake.sheet import (
    MAX_COLUMNS,
    MAX_ROWS,
    Display,
    Fault,
    Figure,
    Grid,
    Row,
    Source,
    capped,
    protected,
)
from runner.system.child import ChildError, LimitError, Limits, call
from runner.system.file import shown

_PIECE: Final = 500
_MEGABYTE: Final = 1024**2
# What the reading of any workbook may take, how much more for each megabyte of its file (a packed
# megabyte of ODS holds more than one of the others), and the most. An honest list takes a quarter.
_SECONDS: Final = 2.2
_SECONDS_MORE: Final = {"ods": 20.0}
_SECONDS_MORE_USUALLY: Final = 10.0
_MEMORY: Final = 130 * _MEGABYTE
_MEMORY_MORE: Final = {"ods": 150}
_MEMORY_MORE_USUALLY: Final = 60
_MEMORY_MOST: Final = 640 * _MEGABYTE
_ANSWER: Final = 16 * _MEGABYTE
_ANSWER_MORE: Final = 100
_ANSWER_MOST: Final = 192 * _MEGABYTE
# No honest file has more rows than this, and one for each two of its bytes.
_ROWS: Final = 50_000


def grid(source: Source, kind: str, sheet: str | None) -> Grid:
    """Return a workbook's rows.

    Raises RefusedError when there is no such worksheet, or when the file is protected or damaged,
    or takes more than its size allows.
    """
    request = {"kind": kind, "sheet": sheet, "name": source.path.name}
    try:
        pieces = call(f"{__name__}:work", request, [source.data], limits_of(source, kind))
        answer: dict[str, Any] = json.loads(pieces.pop()) if pieces else {"damaged": True}
    except LimitError as error:
        raise too_much(source, str(error)) from None
    except ChildError:
        answer = {"damaged": True}
    if "refused" in answer:
        raise RefusedError(answer["refused"], where=answer["where"], remedy=answer["remedy"])
    if answer.get("protected"):
        raise protected(source.path)
    if answer.get("damaged"):
        raise RefusedError(
            f"{source.path} is damaged or is not a workbook that a spreadsheet program wrote.",
            remedy=(
                "Open it in a spreadsheet program, look whether all is there, and save it again "
                "as XLSX."
            ),
        )
    return Grid(
        answer["sheet"],
        lambda: _walk(pieces),
        answer["width"],
        notices=tuple(answer["notices"]),
        others=tuple(answer["others"]),
    )


def limits_of(source: Source, kind: str) -> Limits:
    """Return what the reading of a workbook of this size and kind may take."""
    size = len(source.data)
    seconds = _SECONDS + _SECONDS_MORE.get(kind, _SECONDS_MORE_USUALLY) * size / _MEGABYTE
    memory = _MEMORY + _MEMORY_MORE.get(kind, _MEMORY_MORE_USUALLY) * size
    return Limits(
        seconds=seconds,
        patience=10 * seconds,
        memory=min(memory, _MEMORY_MOST),
        answer=min(_ANSWER + _ANSWER_MORE * size, _ANSWER_MOST),
    )


def too_much(source: Source, limit: str) -> RefusedError:
    """Return the refusal of a workbook that takes more than this limit."""
    return RefusedError(
        f"{source.path} ({shown(len(source.data))}) cannot be read within {limit}.",
        remedy=(
            "It holds far more than a list of people does. Copy the list alone to a new workbook, "
            "or save it as CSV (UTF-8)."
        ),
    )


def _walk(pieces: list[bytes]) -> Iterator[Row]:
    for piece in pieces:
        for number, cells, *rest in json.loads(piece):
            if rest:
                faults, links, hidden, displays, figures = rest
                yield Row(
                    number,
                    cells,
                    [Fault(*fault) for fault in faults],
                    [(at, to) for at, to in links],
                    hidden,
                    [Display(*one) for one in displays],
                    [Figure(*one) for one in figures],
                )
            else:
                yield Row(number, cells)


# --- the child


def work(request: Mapping[str, Any], parts: Sequence[bytes]) -> Iterator[bytes]:
    """Read a workbook, and give the frames of the answer."""
    for piece in _answer(request, parts[0]):
        yield json.dumps(piece).encode()


def _answer(request: Mapping[str, Any], data: bytes) -> Iterator[Any]:
    from runner.intake.reader.marks import ProtectedError, UnreadableError, WideError
    from runner.intake.reader.workbook import open_workbook

    try:
        opened = open_workbook(data, request["kind"], request["sheet"], request["name"])
        width, filled, piece = 0, 0, []
        for row in opened.rows:
            number, cells, *rest = capped(row)
            faults, links, *_ = rest
            end = len(cells)
            while end > width and not cells[end - 1]:
                end -= 1
            width, cells = max(width, end), cells[:end]
            if number > MAX_ROWS or width > MAX_COLUMNS:
                raise WideError  # noqa: TRY301
            if not (end or faults or links):
                continue
            filled += 1
            if filled > _ROWS + len(data) // 2:
                raise UnreadableError(f"it has more than {filled - 1:,} rows")  # noqa: TRY301
            piece.append([number, cells, *rest] if any(rest) else [number, cells])
            if len(piece) >= _PIECE:
                yield piece
                piece = []
        yield piece
    except RefusedError as error:
        yield {"refused": error.what, "where": error.where, "remedy": error.remedy}
    except WideError:
        what = f"The sheet has more than {MAX_COLUMNS:,} columns or {MAX_ROWS:,} rows."
        remedy = (
            "Delete the columns and rows that hold nothing for the campaign: something may stand "
            "far to the right or below."
        )
        yield {"refused": what, "where": request["name"], "remedy": remedy}
    except ProtectedError:
        yield {"protected": True}
    except UnreadableError as error:
        what = f"{request['name']} ({shown(len(data))}) cannot be read exactly: {error}."
        remedy = "Copy the list alone to a new workbook, and save it as XLSX."
        yield {"refused": what, "where": request["name"], "remedy": remedy}
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - parsers answer a damaged file with almost any exception
        yield {"damaged": True}
    else:
        yield {
            "sheet": opened.sheet,
            "notices": opened.notices,
            "width": width,
            "others": opened.others,
        }
