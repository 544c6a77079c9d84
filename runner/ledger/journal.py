"""SQLite's journal: the pages of the file as they were before a change that is under way.

The format is the one of https://www.sqlite.org/fileformat.html#the_rollback_journal.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runner.ledger.file import HOT_JOURNAL, journal_of

_HEADER: Final = struct.Struct(">8sIIIII")  # magic, records, nonce, pages, sector, page size
_NUMBER: Final = struct.Struct(">I")
_UNCOUNTED: Final = 0xFFFFFFFF


def would_undo(path: Path) -> bool:
    """Tell whether a ledger's journal holds another page than its file has in that place.

    SQLite puts the pages of a journal back when a process died with a change half done. Before the
    first page of the change is written, those pages are the file's own.
    """
    try:
        data, file = journal_of(path).read_bytes(), path.read_bytes()
    except OSError:
        return False
    for number, page in _pages(data):
        start = (number - 1) * len(page)
        if file[start : start + len(page)] != page:
            return True
    return False


def _pages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give each page of a journal with its number, the first being 1."""
    place = 0
    while place + _HEADER.size <= len(data):
        magic, records, _, _, sector, size = _HEADER.unpack_from(data, place)
        if magic != HOT_JOURNAL or not sector or not size:
            return
        place += sector
        record = _NUMBER.size + size + _NUMBER.size
        if records == _UNCOUNTED:
            records = (len(data) - place) // record
        for _ in range(records):
            if place + record > len(data):
                return
            (number,) = _NUMBER.unpack_from(data, place)
            if number:
                yield number, data[place + _NUMBER.size : place + _NUMBER.size + size]
            place += record
        place += -place % sector
