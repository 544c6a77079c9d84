"""The kind of a ZIP file, told before any parser reads it, and a look into its parts.

A file that would unpack to an absurd size, or that names a part twice, is refused. So is XML that
declares a document type.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final
from xml.parsers import expat

from runner.errors import RefusedError
from runner.intake.reader.marks import DamagedError, UnreadableError
from runner.intake.sheet import Source

MAX_UNPACKED: Final = 2 * 1024**3
# Sheets of text unpack to 5 times their size, of formatted blanks to 12 times, of small numbers to
# 21 times, of one repeated text to 140 times. Bombs unpack to 400 times and more.
MAX_RATIO: Final = 200
RATIO_MATTERS_FROM: Final = 5 * 1024**2
MAX_PARTS: Final = 10_000
# The most bytes of a list that holds a workbook together: of its parts, styles or links. Excel
# allows 65,530 links on a sheet, which are 10 MB.
MAX_LISTING: Final = 12 * 1024**2
_ROOT: Final = 64 * 1024
_CHUNK: Final = 256 * 1024
_LONGEST_TAG: Final = 1024**2
# Rows of a few cells that are nearly alike have one tag for each packed byte.
_TAGS: Final = 1_000_000
_TAGS_PER_BYTE: Final = 4
_DEEPEST: Final = 10_000  # the depth as far as the signs alone tell it
# A text element, with what stands between it and the next tag; the latter alone may be missing.
_TEXT: Final = re.compile(rb"<(?:\w+:)?t(?: [^>]*+)?+(>[^<]+)?+")
_END: Final = b"PK\x05\x06"
_STRICT: Final = b"http://purl.oclc.org/ooxml/"
_MAIN_PARTS: Final = {
    "xml": "xlsx",
    "bin": "xlsb",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint file",
}


class LiteralArchive(zipfile.ZipFile):
    """The parts of a workbook for openpyxl, with shared texts that it reads as they are written.

    openpyxl takes each "x005F_" out of a shared text, which makes "_x0041_" an "A". This archive
    adds one for it to take.
    """

    escaped = re.compile("xl/sharedstrings", re.IGNORECASE)

    def open(self, name: str | zipfile.ZipInfo, *given: Any, **named: Any) -> IO[bytes]:
        file = super().open(name, *given, **named)
        if not self.escaped.match(name if isinstance(name, str) else name.filename):
            return file
        with file:
            part = file.read()
        if b"x005F_" in part:
            part = _TEXT.sub(_kept, part)
        return io.BytesIO(part)


def _kept(text: re.Match[bytes]) -> bytes:
    return text[0].replace(b"x005F_", b"xx005F_005F_") if text[1] else text[0]


def kind(source: Source) -> str:
    """Tell which spreadsheet a ZIP file is: `xlsx`, `xlsb` or `ods`.

    Raises RefusedError for any other file, and for a file that is not safe.
    """
    path = source.path
    end = source.data.rfind(_END)
    if end >= 0 and int.from_bytes(source.data[end + 10 : end + 12], "little") > MAX_PARTS:
        raise _not_a_workbook(path)  # reading a list of a million parts is the attack itself
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            parts = archive.infolist()
            names = {part.filename.replace("\\", "/").lower(): part for part in parts}
            _refuse_bombs(path, parts, len(names), len(source.data))
            if "mimetype" in names and "content.xml" in names:
                if b"opendocument.spreadsheet" not in _start(archive, names["mimetype"]):
                    raise RefusedError(
                        f"{path} is an OpenDocument file, but not a spreadsheet.",
                        remedy="Save the list as XLSX.",
                    )
                return "ods"
            book = main_part(archive)
            is_book = book.startswith("xl/") or "workbook" in book.lower()
            found = _MAIN_PARTS.get(book.rpartition(".")[2] if is_book else book)
            if found == "xlsx" and _STRICT in _start(archive, archive.getinfo(book)):
                raise RefusedError(
                    f"{path} is saved as a Strict Open XML workbook, which is not read.",
                    remedy=(
                        'In Excel choose Save As, type "Excel Workbook (*.xlsx)", not "Strict '
                        'Open XML Spreadsheet".'
                    ),
                )
    except KeyError:  # a part has another name than its reference says
        raise _not_a_workbook(path) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
    ):
        raise RefusedError(
            f"{path} is damaged: it cannot be unpacked.",
            remedy="Fetch or save it again; a download may have been cut short.",
        ) from None
    if found in ("xlsx", "xlsb"):
        return found
    if "xl/workbook.xml" in names:  # spreadsheet programs do not write the name so
        raise _not_a_workbook(path)
    numbers = (
        "an Apple Numbers document"
        if any(name.startswith("index") and ".iwa" in name for name in names)
        else None
    )
    if what := found or numbers or ("an Apple Numbers document" if "index.zip" in names else None):
        raise RefusedError(
            f"{path} is {what}.",
            remedy="Export or copy its table to an XLSX workbook or a CSV (UTF-8).",
        )
    inside = [
        part.filename
        for part in parts
        if part.filename.lower().endswith((".csv", ".xlsx", ".xls", ".ods"))
    ]
    raise RefusedError(
        f"{path} is a ZIP archive, not a spreadsheet.",
        remedy=f"Unpack it and give the list inside: {', '.join(inside[:5])}."
        if inside
        else "Save the list as XLSX or CSV.",
    )


def _start(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with archive.open(part) as file:
        return file.read(4096)


def main_part(archive: zipfile.ZipFile) -> str:
    """Return the part that an Office file's other parts hang on, or "" for any other file.

    Raises DamagedError.
    """
    said = (target for target, kind in relations(archive, "").values() if kind == "officeDocument")
    usual = {"xl/workbook.xml", *_MAIN_PARTS}.intersection(archive.namelist())
    return next(said, "") or next(iter(usual), "")


def _refuse_bombs(path: Path, parts: list[zipfile.ZipInfo], names: int, size: int) -> None:
    if any(part.flag_bits & 1 for part in parts):
        raise RefusedError(
            f"{path} is an archive under a password.", remedy="Unpack it and give the list inside."
        )
    bomb = any(
        part.file_size > RATIO_MATTERS_FROM
        and part.file_size > MAX_RATIO * max(part.compress_size, 1)
        for part in parts
    )
    huge = sum(part.file_size for part in parts) > MAX_UNPACKED or len(parts) > MAX_PARTS
    overlapping = sum(part.compress_size for part in parts) > size
    packed_oddly = any(
        part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts
    )
    if bomb or huge or overlapping or packed_oddly or names != len(parts):
        raise _not_a_workbook(path)


def _not_a_workbook(path: Path) -> RefusedError:
    return RefusedError(
        f"{path} is not a workbook that a spreadsheet program wrote.",
        remedy="Open it in a spreadsheet program and save it again as XLSX.",
    )


def elements(
    archive: zipfile.ZipFile, part: str, most: int = MAX_LISTING
) -> Iterator[tuple[str, dict[str, str]]]:
    """Give a part's elements in the order they begin.

    Each has its name (without a prefix) and its attributes. Raises DamagedError (also for a part of
    more than `most` bytes), and KeyError when there is no such part.
    """
    if archive.getinfo(part).file_size > most:
        raise UnreadableError(f"a part of it that lists parts or styles is larger than {most:,}")
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append((local(name), attributes))
    with archive.open(part) as file:
        for _ in parse(parser, file):
            yield from found
            found.clear()


def relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return the references of a part by id: the target, and the last word of its type.

    A target inside the file is the name of a part.
    """
    folder, name = posixpath.split(part)
    found = {}
    try:
        for element, said in elements(
            archive, posixpath.join(folder, "_rels", f"{name}.rels"), MAX_LISTING if part else _ROOT
        ):
            if element == "Relationship":
                target = said.get("Target", "")
                if said.get("TargetMode") != "External":
                    target = (
                        target.lstrip("/")
                        if target.startswith("/")
                        else posixpath.normpath(posixpath.join(folder, target))
                    )
                found[said.get("Id", "")] = (target, said.get("Type", "").rpartition("/")[2])
    except KeyError:
        return {}
    return found


def styles_part(archive: zipfile.ZipFile) -> str | None:
    """The part with the workbook's styles, if it has one. Raises DamagedError."""
    related = relations(archive, main_part(archive)).values()
    part = next((target for target, kind in related if kind == "styles"), None)
    return part if part in archive.namelist() else None


def most_tags(archive: zipfile.ZipFile, part: str) -> int:
    """Return how many tags a part of this packed size can honestly have."""
    return _TAGS + _TAGS_PER_BYTE * archive.getinfo(part).compress_size


def parse(parser: expat.XMLParserType, file: IO[bytes], most: int | None = None) -> Iterator[None]:
    """Feed a part of at most so many tags to an expat parser, pausing after each piece.

    Raises DamagedError for a part that is not XML, declares a document type, holds a tag without
    end (which costs expat the square of its length), or holds elements within elements without end.
    """

    def refuse(*_: Any) -> None:
        raise DamagedError("a document type")

    parser.StartDoctypeDeclHandler = refuse
    fed = depth = tags = 0
    try:
        while chunk := file.read(_CHUNK):
            begun = chunk.count(b"<")
            tags += begun
            if most is not None and tags > most:
                raise UnreadableError(f"a part of it has more than {most:,} tags")
            depth += (
                begun
                - 2 * chunk.count(b"</")
                - chunk.count(b"/>")
                - chunk.count(b"<!")
                - chunk.count(b"<?")
            )
            if depth > _DEEPEST:
                raise UnreadableError("it has elements within elements without end")
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > _LONGEST_TAG:
                raise UnreadableError("it has a tag without end")
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise DamagedError(str(error)) from None
    yield


def local(name: Any) -> str:
    """An element's or attribute's name without its namespace or prefix."""
    return str(name).rpartition("}")[2].rpartition(":")[2]
