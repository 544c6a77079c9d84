"""A spreadsheet as rows of text that know their place as the spreadsheet program shows it.

Cells are text until we say otherwise: nothing is guessed to be a number, a date or a missing value. A file that cannot be read
exactly is refused with a sentence; a row that cannot be is handed on with its fault, never dropped.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import repeat
from pathlib import Path
from typing import Any, Final

from runner.errors import RefusedError

DELIMITERS: Final = ",;\t|"
# What a spreadsheet program shows, in its user's language, in a cell whose formula failed; a CSV holds it as text.
ERROR_TEXT: Final = re.compile(r"#[^\W\d_][\w/]*[!?]|#N/[A-Z]{1,2}|#GETTING_DATA|Err:\d{3}")
MAX_COLUMNS: Final = 1_000
MAX_ROWS: Final = 1_048_576
# One cell of Excel holds 32,767 characters; a CSV cell far beyond that is a missing quote or an attack.
MAX_CELL: Final = 1_048_576
_CHUNK: Final = 1024**2
_SAMPLE: Final = 64 * 1024
MAX_UNPACKED: Final = 2 * 1024**3
MAX_RATIO: Final = 100
RATIO_MATTERS_FROM: Final = 100 * 1024**2
# Excel stores a character that XML forbids, and a carriage return, as _xHHHH_; openpyxl hands the escape on as text.
_ESCAPED_CHARACTER: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
# What a spreadsheet program may take for the start of a formula (OWASP's list, and its full-width forms).
_FORMULA_START: Final = re.compile(r"[=+\-@\t\r\n＝＋－＠|%]")
_PLAIN_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `index` from 0, `header` as the sheet has it."""

    index: int
    header: str

    @property
    def letter(self) -> str:
        return column_letter(self.index)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a cell (or with `column` None a whole row) cannot be read exactly."""

    column: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `number` as the spreadsheet program shows it; one text per column of the table, exactly as the sheet has it."""

    number: int
    cells: tuple[str, ...]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The header and the rows below it; `rows` can be walked once, and reads the file while it is walked.

    `sheet` is None for CSV. `notices` say what was chosen on the reader's behalf.
    """

    path: Path
    sheet: str | None
    header_row: int
    columns: tuple[Column, ...]
    rows: Iterator[Row]
    delimiter: str = ","
    notices: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.path.name} [{self.sheet}]" if self.sheet else self.path.name


def clean(text: str) -> str:
    """What a cell says: outer white space and control characters removed, newlines as one character; nothing else changes."""
    text = text.strip()
    if not text.isprintable():  # quick way past the many cells that need nothing
        text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return text


def whole(text: str) -> str:
    """The text without halves of characters, which no file or request can carry."""
    if text.isprintable():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def guard(text: str) -> str:
    """The text as a CSV may hold it without a spreadsheet program taking it for a formula: with an apostrophe before it."""
    risky = _FORMULA_START.match(text.lstrip("'"))
    return f"'{text}" if risky and not _PLAIN_NUMBER.fullmatch(text) else text


def unguard(text: str) -> str:
    """The text that `guard` made this of."""
    return text[1:] if text[:1] == "'" and guard(text[1:]) == text else text


def column_letter(index: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read(path: Path, sheet: str | None = None) -> Table:
    """Open a CSV or XLSX file, told apart by content. `sheet` names a worksheet.

    Raises RefusedError when the file is missing, of another kind, damaged, or holds no table.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError:
        raise RefusedError(
            f"There is no file {path}.", remedy="Check the spelling, or give the whole path of the spreadsheet."
        ) from None
    except OSError as error:
        if os.path.isdir(path):  # noqa: PTH112 - Path's would raise again; Windows denies permission for a folder
            raise RefusedError(f"{path} is a folder, not a spreadsheet.", remedy="Name the CSV or XLSX file in it.") from None
        raise RefusedError(
            f"{path} cannot be read: {error.strerror}.",
            remedy="Check who may read it, and whether it is open elsewhere.",
        ) from None
    if not start:
        raise RefusedError(f"{path} is empty.", remedy="Save the spreadsheet again and look at it before you run.")
    if start.startswith(b"PK\x03\x04"):
        return _read_workbook(path, sheet)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise RefusedError(
            f"{path} is an old .xls workbook or is protected by a password.",
            remedy="Open it, remove the password if it has one, and save it as an XLSX workbook.",
        )
    if start.startswith(b"%PDF"):
        raise RefusedError(f"{path} is a PDF, not a spreadsheet.", remedy="Export the list as CSV or XLSX.")
    if sheet is not None:
        raise RefusedError(
            f"{path} is a text file and has no worksheets, so --sheet {sheet!r} cannot be meant.",
            remedy="Leave --sheet out.",
        )
    return _read_csv(path)


def _table(
    path: Path, sheet: str | None, records: Iterator[Row], *, delimiter: str = ",", notices: tuple[str, ...] = ()
) -> Table:
    header = next((record for record in records if not _blank(record)), None)
    where = f"{path.name} [{sheet}]" if sheet else path.name
    if header is None:
        raise RefusedError("The sheet is empty.", where=where, remedy="It needs a header row and one row per person.")
    names = list(header.cells)
    while not names[-1].strip():
        names.pop()
    if len(names) > MAX_COLUMNS:
        raise RefusedError(
            f"The header row has {len(names)} columns; at most {MAX_COLUMNS} are read.",
            where=f"{where}, row {header.number}",
            remedy="Delete the columns that hold nothing.",
        )
    columns = tuple(Column(index, name) for index, name in enumerate(names))
    ragged = sheet is None  # a workbook leaves blank cells at a row's end out; a CSV that does has probably lost a delimiter
    rows = (_fitted(record, len(columns), where, ragged=ragged) for record in records if not _blank(record))
    return Table(path, sheet, header.number, columns, rows, delimiter, notices)


def _blank(record: Row) -> bool:
    # A row that shows nothing because its formulas have no stored values is not blank: it would be lost.
    return not record.faults and not any(map(str.strip, record.cells))


def _fitted(record: Row, width: int, where: str, *, ragged: bool) -> Row:
    """The record with exactly one cell per column; what does not fit becomes a fault, so that no value shifts silently."""
    if record.number > MAX_ROWS:
        raise RefusedError(f"The sheet has more than {MAX_ROWS:,} rows.", where=where, remedy="Split it into several.")
    surplus = [cell for cell in record.cells[width:] if cell.strip()]
    cells, faults = record.cells[:width], record.faults
    if surplus:
        shown = ", ".join(repr(cell[:40]) for cell in surplus[:3])
        text = f"{len(surplus)} more filled cells than the header row has columns ({shown})"
        faults = (*faults, Fault(None, text))
    if len(cells) < width:
        if ragged:
            text = f"{len(cells)} cells under {width} headers, so values may stand in the wrong column"
            faults = (*faults, Fault(None, text))
        cells = cells + ("",) * (width - len(cells))
    return Row(record.number, cells, faults)


# --- CSV


def _read_csv(path: Path) -> Table:
    encoding, sample = _decoded(path)
    if re.match(r"\s*<(?:!doctype|html|\?xml|table)", sample[:200], re.IGNORECASE):
        raise RefusedError(f"{path} is a web page or XML, not a CSV.", remedy="Open it and save it as an XLSX workbook.")
    declared = re.match(r"sep=(.)\r?\n", sample)
    delimiter = declared[1] if declared else _delimiter(sample)
    return _table(path, None, _csv_records(path, encoding, delimiter, skip=bool(declared)), delimiter=delimiter)


def _decoded(path: Path) -> tuple[str, str]:
    """A text file's encoding, sure because all of it was decoded, and its first characters. Raises RefusedError."""
    with path.open("rb") as file:
        chunk = file.read(_CHUNK)
        if chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
            encoding = "utf-16"
        elif b"\x00" in chunk[:4096]:
            raise RefusedError(
                f"{path} is not a text file that can be read as CSV.", remedy="Save the list as CSV (UTF-8) or as XLSX."
            )
        else:
            encoding = "utf-8-sig"
        decoder, sample, lines = codecs.getincrementaldecoder(encoding)(), "", 1
        try:
            while chunk:
                text = decoder.decode(chunk)
                sample = sample or text[:_SAMPLE]
                lines += chunk.count(b"\n")
                chunk = file.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            lines += chunk.count(b"\n", 0, error.start)
            raise RefusedError(
                f"{path} is not UTF-8 text, so its names could be misread.",
                where=f"{path.name}, line {lines}",
                remedy='In Excel, save it again as "CSV UTF-8 (Comma delimited)", or as an XLSX workbook.',
            ) from None
    return encoding, sample


def _delimiter(sample: str) -> str:
    """The delimiter under which most of the first records have as many fields as the header; a single column if none has."""
    best, best_score = ",", (0, 0)
    for delimiter in DELIMITERS:
        try:
            records = [record for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if record]
        except csv.Error:
            continue
        if not records or (width := len(records[0])) < 2:
            continue
        score = (sum(len(record) == width for record in records), width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _csv_records(path: Path, encoding: str, delimiter: str, *, skip: bool) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL)
    with path.open(encoding=encoding, newline="") as file:
        if skip:
            file.readline()
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        number = 0  # spreadsheet programs do not show the line that names the delimiter
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise RefusedError(
                    f"The text around line {reader.line_num + skip} is not valid CSV ({error}); a quote is probably missing.",
                    where=f"{path.name}, after row {number}",
                    remedy='Open it in a spreadsheet program, look there, save it again. A quote in a value is written "".',
                ) from None
            number += 1
            if record != ["\x1a"]:  # the end-of-file mark of old programs
                yield Row(number, tuple(record))


# --- XLSX


def _read_workbook(path: Path, sheet: str | None) -> Table:
    has_formulas = _guard_archive(path)
    # openpyxl costs a tenth of a second: only workbooks pay it.
    from openpyxl import load_workbook

    damaged = RefusedError(
        f"{path} is damaged or is not an XLSX workbook.",
        remedy="Open it in a spreadsheet program and save it again as XLSX.",
    )
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        source = load_workbook(path, read_only=True) if has_formulas else None
        names = [worksheet.title for worksheet in book.worksheets]
        visible = [worksheet.title for worksheet in book.worksheets if worksheet.sheet_state == "visible"]
        active = book.active.title if book.active is not None else None
    except Exception:  # noqa: BLE001 - openpyxl answers a damaged file with almost any exception
        raise damaged from None
    if not names:
        raise damaged
    notices: tuple[str, ...] = ()
    if sheet is None:
        sheet = active if active in visible else (visible or names)[0]
        if len(visible) > 1:
            others = ", ".join(name for name in visible if name != sheet)
            notices = (f"Reading the worksheet {sheet!r}; {path.name} also has: {others}. --sheet NAME takes another.",)
    elif sheet not in names:
        for opened in (book, source):
            if opened is not None:
                opened.close()
        raise RefusedError(f"{path.name} has no worksheet {sheet!r}.", where=path.name, remedy=f"It has: {', '.join(names)}.")
    worksheet = book[sheet]
    worksheet.reset_dimensions()  # the file's own claim of its size can be wrong

    def records() -> Iterator[Row]:
        cells = worksheet.iter_rows()
        if source is not None:
            source[sheet].reset_dimensions()
        formulas = source[sheet].iter_rows() if source is not None else None
        try:
            yield from _sheet_records(cells, formulas)
        except RefusedError:
            raise
        except Exception:  # noqa: BLE001
            raise damaged from None
        finally:
            for reading, closing in ((cells, book), (formulas, source)):
                if reading is not None and closing is not None:
                    reading.close()  # first what reads from the archive, or the file stays open
                    closing.close()

    return _table(path, sheet, records(), notices=notices)


def _guard_archive(path: Path) -> bool:
    """Refuse what is no workbook, and what would unpack to an absurd size, before a parser sees it.

    Answers whether any worksheet holds a formula.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        raise RefusedError(
            f"{path} is damaged: it cannot be unpacked.",
            remedy="Fetch or save it again; a download may have been cut short.",
        ) from None
    names = {part.filename.replace("\\", "/").lower() for part in parts}
    if "word/document.xml" in names:
        raise RefusedError(f"{path} is a Word document, not a spreadsheet.", remedy="Copy its table to a sheet, save as XLSX.")
    if "xl/workbook.xml" not in names:
        raise RefusedError(
            f"{path} is not an XLSX workbook.",
            remedy="Open it in a spreadsheet program and save it as XLSX or CSV (UTF-8).",
        )
    bomb = any(
        part.file_size > RATIO_MATTERS_FROM and part.file_size > MAX_RATIO * max(part.compress_size, 1) for part in parts
    )
    if bomb or sum(part.file_size for part in parts) > MAX_UNPACKED or len(names) != len(parts):
        raise RefusedError(f"{path} is not a workbook that a spreadsheet program wrote.", remedy="Save the list again as XLSX.")
    worksheets = (part.filename for part in parts if part.filename.replace("\\", "/").lower().startswith("xl/worksheets/"))
    return _holds_formula(path, worksheets)


def _holds_formula(path: Path, parts: Iterable[str]) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            for part in parts:
                with archive.open(part) as file:
                    tail = b""
                    while chunk := file.read(_CHUNK):
                        if b"<f>" in tail + chunk or b"<f " in tail + chunk:
                            return True
                        tail = chunk[-3:]
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError):
        return True  # damaged; the parser will say so
    return False


def _sheet_records(rows: Iterable[tuple[Any, ...]], formulas: Iterable[tuple[Any, ...]] | None) -> Iterator[Row]:
    """`formulas` are the same rows with formulas in place of their stored values, where the workbook has any."""
    empty = 0
    for number, (cells, sources) in enumerate(zip(rows, formulas or repeat(()), strict=False), start=1):
        texts: list[str] = []
        faults: list[Fault] = []
        for index, cell in enumerate(cells[: MAX_COLUMNS + 1]):
            value = cell.value
            if value is None:
                texts.append("")
                if index < len(sources) and sources[index].data_type == "f":
                    faults.append(Fault(index, "a formula without a stored value; open the workbook in Excel and save it"))
            elif cell.data_type == "e":
                texts.append(str(value))
                faults.append(Fault(index, f"the cell shows the error {value}"))
            else:
                texts.append(_text(value))
        empty = 0 if any(texts) else empty + 1
        if empty > 100_000:  # formatted but blank down to the last row: there is nothing more
            return
        yield Row(number, tuple(texts), tuple(faults))


def _text(value: object) -> str:
    if isinstance(value, str):
        if "_x" in value:
            value = whole(_ESCAPED_CHARACTER.sub(lambda match: chr(int(match[1], 16)), value))
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d") if value.time() == time() else value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return str(value)
