"""The language of an XLSX workbook: that of the program that wrote it, as far as it says so.

Excel writes the words for its worksheets into the file in its own language.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import Final

_LIBRARY: Final = "<AppVersion>12.0000<"
_MOST: Final = 64 * 1024
_WORDS: Final = {
    "Worksheets": "en", "Arbeitsblätter": "de", "Feuilles de calcul": "fr",
    "Hojas de cálculo": "es", "Fogli di lavoro": "it", "Werkbladen": "nl",
    "Planilhas": "pt", "Folhas de cálculo": "pt", "Arkusze": "pl", "Kalkylblad": "sv",
    "Regneark": "da", "Laskentataulukot": "fi", "Listy": "cs", "Munkalapok": "hu",
}  # fmt: skip


def language(archive: zipfile.ZipFile) -> str | None:
    """Return the workbook's language: en, de and so on; None where the file does not say it."""
    app = _part(archive, "docProps/app.xml")
    # Libraries in many languages write files as the English Excel 2007 would.
    words = "" if _LIBRARY in app else app
    for word in re.findall(r"<vt:lpstr>([^<]{1,40})</vt:lpstr>", words):
        if word in _WORDS:
            return _WORDS[word]
    told = re.search(r"<dc:language>([a-zA-Z]{2})\b", _part(archive, "docProps/core.xml"))
    return told[1].lower() if told else None


def _part(archive: zipfile.ZipFile, name: str) -> str:
    try:
        with archive.open(name) as file:
            return file.read(_MOST).decode("utf-8", "ignore")
    except (KeyError, zipfile.BadZipFile, zlib.error, OSError, RuntimeError):
        return ""
