"""The files that may tell of messages: results sheets beside a list, in whatever form they are.

People rename them, save them in another form, or put them on a worksheet of their own. So a file
is known as one by its place, by its name, or by the columns that only results have.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from runner.campaign.campaign import Campaign
from runner.errors import RefusedError, StorageError
from runner.intake.column import normalise
from runner.intake.earlier import Earlier, read_earlier
from runner.intake.sheet import ENDINGS, Reading, load
from runner.result.place import default_path
from runner.words import argument, command

# Columns that only results have. Their names stand at the beginning of a text file.
_MARKS: Final = (
    "typingindicatorsent",
    "senttourn",
    "waitsuntil",
    "sentmessage",
    "sentfrom",
    "httpstatus",
)
_ENOUGH: Final = 3
_CODES: Final = ("utf-8", "utf-16-le", "utf-16-be")
_FORMS: Final = [[mark.encode(code) for mark in _MARKS] for code in _CODES]
_CELL: Final = re.compile(r"[,;\t|]")
_HEAD: Final = 64 * 1024
# As much of one part of a workbook is looked through; its header stands at the beginning.
_PART: Final = 8 * 1024**2
_PARTS: Final = ("sharedstrings", "worksheets/sheet", "content.xml")
_LARGEST: Final = 128 * 1024**2
_MOST_FILES: Final = 2_000
_REHEARSED: Final = ".rehearsal"


def traces_of(campaign: Campaign, noted: Iterable[Path] = ()) -> list[Path]:
    """Return the files that are, by place or name, results of the campaign's list.

    `noted` are the places that the ledger knows of.
    """
    if campaign.frame is None and not campaign.sheet.is_file():
        return []
    place = (campaign.results or default_path(campaign.sheet, workbook=False)).absolute()
    sheet = campaign.sheet.absolute()
    stem = sheet.stem if sheet.suffix else sheet.name
    found = {place, *(path.absolute() for path in noted)}
    for path in _files(place.parent, place.stem):
        if path.name.startswith(place.stem):
            found.add(path)
    for path in _files(sheet.parent, stem):
        if path.name.startswith(f"{stem}.") and ".results" in path.name:
            found.add(path)
    found.discard(sheet)
    return sorted(path for path in found if path.is_file() and _is_sheet(path))


def traces_beside(campaign: Campaign) -> list[Path]:
    """Return the files in the folders of list and results that hold the columns of results."""
    sheet = campaign.sheet.absolute()
    if campaign.frame is None and not sheet.is_file():
        return []
    folders = {sheet.parent, (campaign.results or sheet).absolute().parent}
    found = {
        path
        for folder in folders
        for path in _files(folder, sheet.stem)
        if path != sheet and _is_sheet(path) and mentions_results(path)
    }
    return sorted(found)


def is_rehearsed(path: Path) -> bool:
    """Tell whether a file is, by its name, the results of a rehearsal, and of no list of that name.

    The results of `q4.rehearsal.csv` have such a name too.
    """
    stem, results, _ = path.name.partition(".results")
    if not results or not stem.endswith(_REHEARSED):
        return False
    return not any(path.with_name(f"{stem}{ending}").is_file() for ending in ENDINGS)


def mentions_results(path: Path) -> bool:
    """Tell, after a quick look, whether a file may hold the columns of results."""
    with suppress(OSError, zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, EOFError):
        if path.stat().st_size > _LARGEST:
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if head.startswith(b"\xd0\xcf\x11\xe0"):  # an old workbook, of which no part is packed
                head += file.read()
        if head.startswith(b"\xd0\xcf\x11\xe0"):
            return _has_marks(head)
        if not head.startswith(b"PK"):
            return _has_header(head)
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            parts = [
                _start(archive, part)
                for part in archive.infolist()
                if any(name in part.filename.lower() for name in _PARTS)
            ]
        return _has_marks(b"".join(parts))
    return False


def _has_marks(data: bytes) -> bool:
    """Tell whether several of the columns are named in some encoding."""
    lower = data.lower()
    return any(sum(form in lower for form in forms) >= _ENOUGH for forms in _FORMS)


def _has_header(data: bytes) -> bool:
    """Tell whether a line of a text is a header with several of the columns."""
    if not _has_marks(data):
        return False
    for code in ("utf-16-le", "utf-16-be") if b"\0" in data[:200] else ("latin-1",):
        for line in data.decode(code, "ignore").splitlines():
            cells = {normalise(cell.strip(' "\ufeff')) for cell in _CELL.split(line)}
            if len(cells.intersection(_MARKS)) >= _ENOUGH:
                return True
    return False


def read_trace(path: Path, reading: Reading) -> Earlier | None:
    """Read a results sheet; None when it is none.

    Raises StorageError for a file that may be one and cannot be read.
    """
    try:
        return read_earlier(load(path), reading)
    except RefusedError as error:
        if _is_plain(path):
            return None
        accept = command("ledger accept", argument(path))
        raise StorageError(
            f"{path.name} may tell of messages, and cannot be read: {error.what} Nothing was sent.",
            where=str(path),
            remedy=(
                "Mend the file: open it, and save it as CSV or XLSX under its name. If it is no "
                f"results sheet, or its messages do not count: {accept}."
            ),
        ) from None


def name_in(sheet: Path) -> str:
    """Return the campaign's name that the name of a results sheet holds.

    It is `two`, of people.two.results.csv, where the list is people.csv.
    """
    return named_in(sheet) or sheet.stem.partition(".results")[0] or "campaign"


def named_in(sheet: Path) -> str | None:
    """Return the same, where the name of a results sheet holds a campaign's beside the list's."""
    stem, _, _ = sheet.stem.partition(".results")
    beginning = f"{list_of(sheet).stem}."
    return stem.removeprefix(beginning) or None if stem.startswith(beginning) else None


def list_of(sheet: Path) -> Path:
    """Return the list that a results sheet was made from, by its name: it stands beside it."""
    stem, _, _ = sheet.stem.partition(".results")
    endings = (sheet.suffix, *ENDINGS)
    shorter = stem
    while shorter:
        for suffix in endings:
            if (path := sheet.with_name(f"{shorter}{suffix}")).is_file() and path != sheet:
                return path
        shorter = shorter.rpartition(".")[0]
    return sheet.with_name(f"{stem}{sheet.suffix}")


def _is_plain(path: Path) -> bool:
    """Tell whether a file that cannot be read as a sheet is a text without the columns of results,
    or empty."""
    with suppress(OSError):
        with path.open("rb") as file:
            head = file.read(_HEAD)
        return not head.startswith((b"PK", b"\xd0\xcf\x11\xe0")) and not mentions_results(path)
    return False


def _start(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with archive.open(part) as file:
        return file.read(_PART)


def _is_sheet(path: Path) -> bool:
    """Tell whether a file under a results name can be a results sheet."""
    return path.suffix.lower() in (*ENDINGS, ".bak", ".old") and not is_rehearsed(path)


def _files(folder: Path, stem: str) -> Iterator[Path]:
    """Give the files of a folder; of absurdly many, those that are named like the list or like
    results. None when it cannot be read."""
    with suppress(OSError):
        found = [path for path in folder.iterdir() if not path.name.startswith((".", "~$"))]
        if len(found) > _MOST_FILES:
            found = [path for path in found if stem in path.name or "result" in path.name.lower()]
        yield from (path for path in found if path.is_file())
