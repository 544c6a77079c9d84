"""A list on the web: its address, and the file that it is fetched into.

What is read, named and kept is always that file, so that everything else knows of files alone. It
is fetched anew each time the list is read, and never sent from when that fails.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urljoin, urlsplit

from runner.errors import RefusedError
from runner.intake.sheet import ENDINGS, MAX_BYTES
from runner.sending.address import is_loopback, keeps_secrets
from runner.system.file import replace_whole, shown
from runner.words import address as without_password

if TYPE_CHECKING:
    import httpx

# A path has taken one of its slashes away. A scheme is longer than the letter of a drive.
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]{1,20}:/", re.IGNORECASE)
# As the address bar shows a sheet, as its Share button copies it, or as it was published.
_GOOGLE: Final = re.compile(
    r"https://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/(?P<key>(?:e/)?[\w-]+)(?:[/?#]|\Z)"
)
_PLAIN: Final = re.compile(r"[^\w-]+")
_LONGEST_STEM: Final = 40
_DIGITS: Final = 6
# The seconds that one piece, and the whole, may take.
_PIECE: Final = 30.0
_WHOLE: Final = 300.0
_MOST_HOPS: Final = 5
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_DOWNLOAD: Final = "Download it, and name the file."
_IN_GOOGLE: Final = (
    "In Google Sheets: Share, General access, Anyone with the link; or File, Download, Microsoft "
    "Excel (.xlsx), and name that file."
)


def address_of(sheet: Path) -> str | None:
    """Return the address that was given in the place of a file; None for a file."""
    text = sheet.as_posix()
    return re.sub(r":/+", "://", text, count=1) if _ADDRESS.match(text) else None


def file_for(address: str) -> str:
    """Return the name of the file that a list is fetched into, which is the same each time.

    Raises RefusedError for an address that nothing is fetched from.
    """
    if not keeps_secrets(address):
        raise RefusedError(
            f"{_shown(address)} is an address that no list is read from: it is not encrypted.",
            remedy=f"Give an https:// address. Or: {_DOWNLOAD}",
        )
    export = export_of(address)
    named = Path(urlsplit(export).path)
    ending = named.suffix.lower()
    stem = _PLAIN.sub("-", named.stem)[:_LONGEST_STEM].strip("-")
    if _GOOGLE.match(export):
        ending = f".{parse_qs(urlsplit(export).query).popitem()[1][0]}"
        stem = "google-sheet"
    elif ending not in ENDINGS:
        ending = ".csv"
    digits = hashlib.sha256(export.encode()).hexdigest()[:_DIGITS]
    return f"{stem or 'list'}-{digits}{ending}"


def export_of(address: str) -> str:
    """Return the address that answers with the list itself.

    Of a Google Sheet it is the one worksheet that the address names, which only a CSV can hold, or
    else the whole workbook.
    """
    if (found := _GOOGLE.match(address)) is None:
        return address.partition("#")[0]
    parts = urlsplit(address)
    gid = (parse_qs(parts.fragment) | parse_qs(parts.query)).get("gid", [""])[0]
    one = f"gid={gid}&" if gid.isdecimal() else ""
    ending = "csv" if one else "xlsx"
    base = f"https://docs.google.com/spreadsheets/d/{found['key']}"
    if found["key"].startswith("e/"):
        return f"{base}/pub?{one and f'{one}single=true&'}output={ending}"
    return f"{base}/export?{one}format={ending}"


def notices(address: str, file: Path) -> Iterator[str]:
    """Say where the list comes from, and what its kind of file cannot tell."""
    yield (
        f"The list is fetched from {urlsplit(address).hostname} into {file.name}, anew each time "
        "it is read."
    )
    if _GOOGLE.match(address) and file.suffix == ".csv":
        yield (
            "Of one worksheet of a Google Sheet it is not told which rows are hidden or filtered "
            "out: they are read like all others. To have them seen, leave gid=… out of the "
            "address and name the worksheet with --sheet."
        )


def fetch(address: str, file: Path) -> None:
    """Fetch the list into its file (mode 0600), which stays as it is where nothing has changed.

    Raises RefusedError when it cannot be fetched, with the file left as it was.
    """
    data = _downloaded(address)
    try:
        if not (file.is_file() and _is_same(file.read_bytes(), data)):
            replace_whole(file, data)
    except OSError as error:
        raise RefusedError(
            f"The list cannot be written to {file} ({error.strerror}).",
            remedy="Go to a folder that you may write to.",
        ) from None


def _downloaded(address: str) -> bytes:
    """Return what the address answers. Raises RefusedError."""
    import httpx

    from runner.sending.certificate import trusted

    url, end = export_of(address), time.monotonic() + _WHOLE
    try:
        with httpx.Client(
            verify=trusted(),
            timeout=_PIECE,
            trust_env=not is_loopback(address),
            headers={"User-Agent": "campaign-runner"},
        ) as client:
            for _ in range(_MOST_HOPS):
                with client.stream("GET", url) as response:
                    if response.status_code not in _REDIRECTS:
                        return _body(address, response, end)
                    url = urljoin(url, response.headers.get("location", ""))
                if not (url.startswith("https:") or (is_loopback(address) and keeps_secrets(url))):
                    raise _refused(address, "it leads to an address that is read unencrypted")
    except httpx.TimeoutException:
        raise _refused(address, "it does not answer in time") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise _refused(address, "it cannot be reached") from None
    raise _refused(address, "it leads from one address to the next without end")


def _body(address: str, response: httpx.Response, end: float) -> bytes:
    """Return the bytes of an answer that is a list, at most MAX_BYTES. Raises RefusedError."""
    if not response.is_success:
        raise _refused(address, f"it answers with HTTP {response.status_code}")
    if response.headers.get("content-type", "").lower().startswith("text/html"):
        raise _refused(address, "it answers with a web page, not with a list")
    data = bytearray()
    for piece in response.iter_bytes():
        data += piece
        if len(data) > MAX_BYTES:
            raise _refused(address, f"it has more than {shown(MAX_BYTES)}")
        if time.monotonic() > end:
            raise _refused(address, "it does not end in time")
    return bytes(data)


def _refused(address: str, why: str) -> RefusedError:
    remedy = f"Try again. Or: {_IN_GOOGLE}" if _GOOGLE.match(address) else _DOWNLOAD
    return RefusedError(f"The list at {_shown(address)} cannot be fetched: {why}.", remedy=remedy)


def _shown(address: str) -> str:
    """An address without what can be a secret: the password, the query."""
    return re.split(r"[?#]", without_password(address))[0][:80]


def _is_same(old: bytes, new: bytes) -> bool:
    """Tell whether two files say the same; of workbooks, when they were written does not matter."""
    return old == new or (_parts(new) is not None and _parts(old) == _parts(new))


def _parts(data: bytes) -> list[tuple[str, int, int]] | None:
    """The parts of a workbook but its properties: name, size and checksum; None for other files."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [
                (one.filename, one.file_size, one.CRC)
                for one in archive.infolist()
                if not one.filename.startswith("docProps/")
            ]
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
