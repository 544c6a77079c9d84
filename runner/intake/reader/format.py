"""The kind of a list's file, told by its content and never by its name, and the file's rows.

A file that no list can be read from is refused. The error says what the file is, and the way out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from runner.errors import RefusedError
from runner.intake.reader import archive, delimited, isolated, xlsx
from runner.intake.reader.marks import DamagedError
from runner.intake.sheet import Grid, Reading, Source, protected

_KINDS: Final = {
    "csv": "a text file (CSV)",
    "xlsx": "an XLSX workbook",
    "xls": "an old XLS workbook",
    "xlsb": "an XLSB workbook",
    "ods": "an ODS spreadsheet",
}
_SUFFIXES: Final = {
    ".csv": ("csv",),
    ".tsv": ("csv",),
    ".txt": ("csv",),
    ".xlsx": ("xlsx",),
    ".xlsm": ("xlsx",),
} | {
    ".xls": ("xls",),
    ".xlsb": ("xlsb",),
    ".ods": ("ods",),
}


def open_grid(source: Source, reading: Reading) -> Grid:
    """Return the rows of a file of any kind that is read. Raises RefusedError for all others."""
    path, start = source.path, source.data[:4096]
    kind, suffix = None, path.suffix.lower()
    if start.startswith(b"PK"):
        kind = archive.kind(source)
    elif start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        kind = _old_kind(source)
    if kind:
        if reading.encoding:
            raise RefusedError(
                (
                    f"{path.name} is a workbook, which knows its own encoding; --encoding cannot "
                    "be meant."
                ),
                remedy="Leave it out.",
            )
        grid = isolated.grid(source, kind, reading.sheet)
    else:
        _refuse_other_kinds(path, start)
        if reading.sheet is not None:
            raise RefusedError(
                (
                    f"{path} is a text file and has no worksheets, so the worksheet "
                    f"{reading.sheet!r} cannot be meant."
                ),
                remedy="Leave --sheet (sheet_name in a campaign file) out.",
            )
        grid = delimited.grid(source, reading.encoding, reading.columns.values())
        kind = "csv"
    if suffix in _SUFFIXES and kind not in _SUFFIXES[suffix]:
        said = f"{path.name} is really {_KINDS[kind]}, whatever its name says; it was read as that."
        grid = grid._replace(notices=(said, *grid.notices))
    return grid


def worksheets(source: Source) -> list[str]:
    """Return the names of an XLSX workbook's worksheets; nothing for any other file."""
    try:
        if archive.kind(source) != "xlsx":
            return []
        return [tab.name for tab in xlsx.worksheets(source.data)[0] if not tab.is_chart]
    except (RefusedError, DamagedError, KeyError, ValueError):
        return []


def _old_kind(source: Source) -> str:
    # The names of an OLE file's streams are UTF-16; a workbook under a password is one such stream.
    if (
        "EncryptedPackage".encode("utf-16-le") in source.data
        or "EncryptionInfo".encode("utf-16-le") in source.data
    ):
        raise protected(source.path)
    names = ("Workbook", "Book")
    if "WordDocument".encode("utf-16-le") in source.data and not any(
        name.encode("utf-16-le") in source.data for name in names
    ):
        raise RefusedError(
            f"{source.path} is a Word document, not a spreadsheet.",
            remedy="Copy its table to a sheet, save as XLSX.",
        )
    return "xls"


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    text = start.decode(
        "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "ignore"
    ).lstrip("\ufeff\0 \t\r\n")
    what = None
    if start.startswith(b"%PDF"):
        what = "a PDF"
    elif start.startswith(b"{\\rtf"):
        what = "a formatted text (RTF)"
    elif (
        re.match(r"<\?xml|<\w*:?workbook", text, re.IGNORECASE)
        and "urn:schemas-microsoft-com:office:spreadsheet" in text
    ):
        what = "an XML spreadsheet of 2003"
    elif re.match(r"<(?:!doctype|html|head|body|meta|style|table|div|!--)", text, re.IGNORECASE):
        what = "a web page (HTML)"
    elif re.match(r"<\?xml|<\w+(?:\s[^<>]*)?>\s*<", text):
        what = "an XML file"
    elif re.match(r"\{\s*\"[^\"\n]*\"\s*:|\[\s*[{\[]", text):
        what = "a JSON file"
    elif start.startswith(
        (
            b"\x89PNG",
            b"\xff\xd8\xff",
            b"GIF8",
            b"Rar!",
            b"7z\xbc\xaf",
            b"\x1f\x8b",
            b"SQLite format 3",
        )
    ):
        what = "a picture, an archive or a database"
    if what:
        raise RefusedError(
            f"{path} is {what}, not a spreadsheet, whatever its name says.",
            remedy=(
                "Open it in a spreadsheet program and save it as an XLSX workbook or as CSV "
                "(UTF-8)."
            ),
        )
