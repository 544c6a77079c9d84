"""A workbook read in a process of its own.

A parser that crashes or runs out of memory takes nothing else down with it.

The child reads the file's bytes from its standard input and answers with lines of JSON: rows in
pieces, then one line on the whole. The parent keeps the pieces as they came, and makes rows of them
on every walk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, cast

from runner.errors import RefusedError
from runner.intake.reader.archive import MAX_RATIO
from runner.intake.sheet import MAX_COLUMNS, MAX_ROWS, Fault, Grid, Row, Source, protected

_PIECE: Final = 500
_SURELY_HONEST: Final = 64 * 1024**2
_MEMORY: Final = 4 * 1024**3
_ROOT: Final = Path(__file__).parents[3]


def grid(source: Source, kind: str, sheet: str | None) -> Grid:
    """Return a workbook's rows.

    Raises RefusedError when there is no such worksheet, or when the file is protected or damaged.
    """
    request = json.dumps({"kind": kind, "sheet": sheet, "name": source.path.name}).encode() + b"\n"
    # -P keeps the current folder out of the child's path: anybody's csv.py may lie there.
    command = [sys.executable, "-P", "-m", __name__]
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    ) as child:
        into, out = cast(IO[bytes], child.stdin), cast(IO[bytes], child.stdout)
        try:
            with into:
                into.write(request)
                into.write(source.data)
        except OSError:
            pass  # the child died before it had read all; its answer says the rest
        pieces = list(out)
    answer: dict[str, Any] = (
        json.loads(pieces.pop()) if pieces and child.returncode == 0 else {"damaged": True}
    )
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
        answer["sheet"], lambda: _walk(pieces), answer["width"], notices=tuple(answer["notices"])
    )


def _walk(pieces: list[bytes]) -> Iterator[Row]:
    for piece in pieces:
        for number, cells, *rest in json.loads(piece):
            if rest:
                faults, links, hidden = rest
                yield Row(
                    number,
                    cells,
                    [Fault(*fault) for fault in faults],
                    [(at, to) for at, to in links],
                    hidden,
                )
            else:
                yield Row(number, cells)


# --- the child


def _answer(request: dict[str, Any], data: bytes) -> Iterator[Any]:
    from runner.intake.reader.marks import ProtectedError, UnreadableError, WideError
    from runner.intake.reader.workbook import open_workbook

    try:
        opened = open_workbook(data, request["kind"], request["sheet"], request["name"])
        width, piece = 0, []
        for row in opened.rows:
            number, cells, faults, links, hidden = row
            end = len(cells)
            while end > width and not cells[end - 1]:
                end -= 1
            width, cells = max(width, end), cells[:end]
            if number > MAX_ROWS or width > MAX_COLUMNS:
                raise WideError  # noqa: TRY301
            piece.append(
                [number, cells, faults, links, hidden]
                if faults or links or hidden
                else [number, cells]
            )
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
        what = f"{request['name']} cannot be read exactly: {error}."
        yield {
            "refused": what,
            "where": request["name"],
            "remedy": "Open it in a spreadsheet program and save it as XLSX.",
        }
    except Exception:  # noqa: BLE001 - parsers answer a damaged file with almost any exception
        yield {"damaged": True}
    else:
        yield {"sheet": opened.sheet, "notices": opened.notices, "width": width}


def _main() -> None:
    if os.name == "posix":
        import resource

        for limit, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CORE, 0)):
            with suppress(
                ValueError, OSError
            ):  # macOS refuses some; a lower limit may be set already
                resource.setrlimit(limit, (most, most))
    request = json.loads(sys.stdin.buffer.readline())
    out, data = sys.stdout.buffer, sys.stdin.buffer.read()
    room = max(_SURELY_HONEST, MAX_RATIO * len(data))
    for line in _answer(request, data):
        piece = json.dumps(line).encode() + b"\n"
        room -= len(piece)
        if room < 0:  # very many cells name a few texts
            piece = b'{"damaged": true}\n'
        out.write(piece)
        if room < 0:
            break
    out.flush()


if __name__ == "__main__":
    _main()
