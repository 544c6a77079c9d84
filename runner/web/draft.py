"""A campaign that is being made: its list, its text and what was said so far, in a folder beside
the ledger until it is saved as a campaign file."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from runner.campaign.campaign import Campaign, load
from runner.campaign.kind import calendar_keys
from runner.campaign.material import Intake, Material, gather, take
from runner.campaign.setting import CampaignSettings
from runner.campaign.starter import template_for
from runner.errors import CampaignError, RefusedError, StorageError, UsageError
from runner.intake import sheet as sheets
from runner.intake.blocking import UNWRITTEN
from runner.intake.check import Check, check
from runner.intake.entry import Entry
from runner.intake.sheet import Reading
from runner.intake.table import Table, read
from runner.intake.template import MAX_BYTES
from runner.system.file import FileError, make_folders, read_whole, replace_whole
from runner.web.fault import MissingPageError

if TYPE_CHECKING:
    from starlette.datastructures import FormData

_T = TypeVar("_T")
# As `secrets.token_hex` makes them.
_NAME: Final = re.compile(r"[0-9a-f]{12}")
_NOTE: Final = "draft.json"
_TEXT: Final = "message.j2"
_LIST: Final = "list"
_LONGEST_NOTE: Final = 64_000
_MOST_KEPT: Final = 4

# The settings of the calendar that the page asks for; and those whose words are numbers.
_PACE: Final = ("hours", "days", "holidays", "time_zone", "start_date", "daily_limit", "min_gap")
_KINDS: Final[dict[str, Callable[[Any], Any]]] = {
    "daily_limit": int,
    "min_gap": float,
    "header_row": int,
}


@dataclass(slots=True)
class Draft:
    """`sheet` is the list; `said` are the settings so far, as a campaign file would have them."""

    folder: Path
    sheet: Path
    said: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of its folder, by which a page asks for it."""
        return self.folder.name

    @property
    def changed_at(self) -> datetime:
        """When it was changed last."""
        files = (self.text_file, self.folder / _NOTE)
        return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC)

    @property
    def text_file(self) -> Path:
        """The file of its text."""
        return self.folder / _TEXT

    def text(self) -> str:
        """Its text so far."""
        return read_whole(self.text_file, MAX_BYTES)[0].decode("utf-8")

    def write_text(self, text: str) -> None:
        """Keep a text. Raises RefusedError, StorageError."""
        data = text.replace("\r\n", "\n").encode("utf-8", "replace")
        if len(data) > MAX_BYTES:
            raise RefusedError("The text is too long for a message.", remedy="Shorten it.")
        put(self.text_file, data)

    def save(self) -> None:
        """Keep what was said."""
        said = {"sheet": str(self.sheet), "said": self.said}
        put(self.folder / _NOTE, json.dumps(said).encode())

    def campaign(self) -> Campaign:
        """The campaign as it is so far. Raises RefusedError, UsageError."""
        return load(self.sheet, {**self.said, "template": [self.text_file]})

    def discard(self) -> None:
        """Remove all of it that is not the list of somebody's folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Drafts:
    """The drafts of a ledger, and what was read for those that were shown last."""

    def __init__(self, place: Path) -> None:
        self._folder = place.with_name(f"{place.name}.drafts")
        self._read: OrderedDict[str, Intake] = OrderedDict()
        self._tables: OrderedDict[str, tuple[Table, int]] = OrderedDict()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def changing(self, name: str) -> threading.Lock:
        """The lock under which a draft is changed: each change begins with what the one before has
        left."""
        return self._locks[name]

    def begin(self, sheet: Path | None, name: str = "", data: bytes = b"") -> Draft:
        """Begin with a list that lies in a folder, or with one that was handed over.

        Raises RefusedError for a file that cannot be read as a list, StorageError.
        """
        folder = self._folder / secrets.token_hex(6)
        try:
            make_folders(self._folder)
            make_folders(folder / _LIST)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made ({error.strerror}).") from None
        if sheet is None:
            sheet = folder / _LIST / name
            put(sheet, data)
        draft = Draft(folder, sheet, {})
        try:
            draft.write_text(_first_text(self, sheet))
            draft.save()
        except BaseException:
            draft.discard()
            raise
        return draft

    def of(self, name: str) -> Draft:
        """The draft of that name. Raises MissingPageError."""
        folder = self._folder / name
        if not _NAME.fullmatch(name) or not (folder / _NOTE).is_file():
            raise MissingPageError
        try:
            found = json.loads(read_whole(folder / _NOTE, _LONGEST_NOTE)[0])
            return Draft(folder, Path(found["sheet"]), dict(found["said"]))
        except (FileError, ValueError, KeyError, TypeError):
            raise MissingPageError from None

    def every(self) -> list[Draft]:
        """All drafts, the latest first."""
        notes = sorted(
            self._folder.glob(f"*/{_NOTE}"), key=lambda note: note.stat().st_mtime, reverse=True
        )
        found = []
        for note in notes:
            with suppress(MissingPageError):
                found.append(self.of(note.parent.name))
        return found

    def intake(self, campaign: Campaign, material: Material) -> Intake:
        """The whole list, checked; it is kept, for a large list takes seconds. Raises
        RefusedError."""
        key = _key(campaign, material)
        if key not in self._read:
            self._read[key] = take(campaign, material)
        return _kept(self._read, key)

    def begin_text(self, draft: Draft) -> None:
        """Write the text to begin with anew, now that the list can be read. Raises RefusedError."""
        table, _ = self.table(draft.sheet, draft.campaign().reading)
        draft.write_text(template_for(table))

    def table(self, sheet: Path, reading: Reading) -> tuple[Table, int]:
        """The table of a list, and its number of rows; kept as well. Raises RefusedError."""
        source = sheets.load(sheet)
        key = f"{source.digest} {sheet} {reading}"
        if key not in self._tables:
            table = read(source, reading)
            self._tables[key] = table, sum(1 for _ in table.rows())
        return _kept(self._tables, key)

    def known(self, campaign: Campaign, material: Material) -> Intake | None:
        """The same, where it is known already."""
        return self._read.get(_key(campaign, material))


def _key(campaign: Campaign, material: Material) -> str:
    return f"{material.stamp} {campaign.accounts}"


@dataclass(frozen=True, slots=True)
class Glance:
    """Some rows of a draft's list, of `rows`, as they are read and checked; `trouble` says why
    there are none. `intake` is the whole list, where it was checked before."""

    table: Table | None = None
    rows: int = 0
    checked: Check | None = None
    entries: Sequence[Entry] = ()
    intake: Intake | None = None
    trouble: CampaignError | None = None


def keep(draft: Draft, said: dict[str, Any]) -> None:
    """Keep what was said of a draft, once it makes sense. Raises RefusedError, UsageError."""
    meant = {key: _meant(key, told) for key, told in said.items()}
    load(draft.sheet, meant)
    draft.said = meant
    draft.save()


def take_form(draft: Draft, form: FormData) -> None:
    """Take in all that stands in the page's form: the text, the accounts and the calendar. Raises
    RefusedError, UsageError."""
    if "text" in form:
        draft.write_text(str(form["text"]))
    if "hours" not in form:
        return
    said = {key: told for key, told in draft.said.items() if key not in (*_PACE, "accounts", "now")}
    said |= {key: told for key in _PACE if (told := str(form.get(key, "")).strip())}
    if form.get("now"):  # what is typed of a calendar stands on the page, and means nothing
        calendar = calendar_keys(CampaignSettings)
        said = {"now": True} | {key: told for key, told in said.items() if key not in calendar}
    named = " ".join(map(str, form.getlist("accounts"))).replace(",", " ").split()
    if named:
        said["accounts"] = list(dict.fromkeys(named))
    keep(draft, said)


def _meant(key: str, told: Any) -> Any:
    """A setting as a form has it, as what it means. Raises UsageError."""
    try:
        return _KINDS[key](told) if key in _KINDS else told
    except ValueError:
        raise UsageError(f"{told!r} is no number.", remedy="Write a number.") from None


def glance(drafts: Drafts, draft: Draft, skip: int, most: int) -> Glance:
    """Look at some rows, without a walk over all of them. What is wrong with the text, or with what
    was said of the list, hides no row."""
    seen = Glance()
    try:
        campaign = draft.campaign()
        table, rows = drafts.table(draft.sheet, campaign.reading)
        some = table.part(skip, most)
        bare = [Entry(row, None, None) for row in some.rows()]
        seen = Glance(table, rows, entries=bare)
        material = gather(campaign)
        intake = drafts.known(campaign, material)
        whole = intake.checked if intake else None
        if whole is None:
            whole = check(table, material.steps, campaign.reading, campaign.accounts)
        return replace(_checked(seen, whole, some), intake=intake)
    except CampaignError as error:
        with suppress(CampaignError):  # without the text, the list may be judged all the same
            if seen.table is not None:
                whole = check(seen.table, None, campaign.reading)
                seen = _checked(seen, whole, seen.table.part(skip, most))
        return replace(seen, trouble=error)


def _checked(seen: Glance, whole: Check, some: Table) -> Glance:
    """The same rows, as they are checked."""
    entries = list(replace(whole, table=some).entries())
    return replace(seen, checked=whole, entries=entries)


def _first_text(drafts: Drafts, sheet: Path) -> str:
    """A text to begin with. Raises RefusedError, but not where only the encoding has to be said."""
    try:
        return template_for(drafts.table(sheet, Reading())[0])
    except RefusedError as error:
        if "--encoding" not in (error.remedy or ""):
            raise
        return f"Hello,\n\n{UNWRITTEN}\n"


def _kept(kept: OrderedDict[str, _T], key: str) -> _T:
    """What is kept under a key; of others only the latest stay."""
    kept.move_to_end(key)
    while len(kept) > _MOST_KEPT:
        kept.popitem(last=False)
    return kept[key]


def put(path: Path, data: bytes) -> None:
    """Write a file, for its owner only. Raises StorageError."""
    try:
        replace_whole(path, data)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror}).") from None
