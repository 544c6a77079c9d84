"""What all pages of one console share: ledger, folder, vendor, and what it has begun."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from runner.campaign.campaign import is_campaign_file
from runner.campaign.file import read_campaign_file
from runner.errors import CampaignError, RefusedError
from runner.intake.sheet import MAX_BYTES
from runner.ledger.campaign import campaigns
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.location import Place, Server, beside
from runner.ledger.lock import told_as_running
from runner.ledger.record import CampaignRecord
from runner.result.place import plain_name
from runner.sending.address import BASE_URL
from runner.sending.api import TYPING
from runner.sending.clock import WATCH, ServerClock
from runner.sending.key import find_key
from runner.sending.vendor import Vendor
from runner.system.file import BINARY
from runner.web.board import Board
from runner.web.draft import Drafts
from runner.web.fault import MissingPageError
from runner.web.guard import Badge
from runner.web.process import Runs

if TYPE_CHECKING:
    from runner.web.film import Film

_MOST_SAID: Final = 50
# As `secrets.token_hex` makes them.
_NAME: Final = re.compile(r"[0-9a-f]{16}")
_PART: Final = 1024**2


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about what was just done, and the change that takes it back, if there is one."""

    text: str
    undo: str = ""


@dataclass(slots=True)
class Desk:
    """`place` is the ledger's, `folder` where the console was started: lists and campaign
    files are looked for, and put, there."""

    place: Place
    folder: Path
    badge: Badge
    base_url: str | None = None
    board: Board = field(default_factory=Board)
    runs: Runs = field(default_factory=Runs)
    films: dict[str, Film] = field(default_factory=dict)
    is_closing: bool = False
    drafts: Drafts = field(init=False)
    _uploads: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="campaign-")))
    _said: OrderedDict[str, Said] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.drafts = Drafts(beside(self.place))

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, open for one page: others may put another one in its place meanwhile."""
        with told_as_running(self.place):
            opened = open_ledger(self.place)
        try:
            with told_as_running(self.place):
                yield opened
        finally:
            opened.close()

    @property
    def is_shared(self) -> bool:
        """Tell whether the ledger is one that workers may send for."""
        return isinstance(self.place, Server)

    def vendor(
        self, key_file: Path | None, folder: Path, path: str = TYPING, name: str | None = None
    ) -> Vendor:
        """The vendor with the key of a name that is found there; `path` is the endpoint's. Raises
        UsageError."""
        key, address = find_key(key_file, folder, name=name).secret, self.base_url or BASE_URL
        return Vendor(key, ServerClock(now, WATCH), base_url=address, path=path)

    def vendor_of(self, record: CampaignRecord) -> Vendor:
        """The vendor with the key that a run of the campaign would find. Raises UsageError."""
        source = file_of(record)
        key_file = read_campaign_file(source).said.get("key_file") if source else None
        return self.vendor(key_file, record.file.parent, name=record.settings.key_name)

    def keep(self, name: str, data: BinaryIO) -> Path:
        """Keep a file that a page was given, for its owner only, until the console ends."""
        folder = self._uploads / secrets.token_hex(8)
        folder.mkdir(mode=0o700, parents=True)
        place = folder / plain_name(name)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o600)
        with os.fdopen(handle, "wb") as file:
            left = MAX_BYTES
            while part := data.read(min(_PART, left + 1)):
                left -= len(part)
                if left < 0:
                    raise too_large(name)
                file.write(part)
        return place

    def kept(self, name: str) -> Path:
        """A file that was kept, by the name of its folder. Raises MissingPageError."""
        folder = self._uploads / name
        if not _NAME.fullmatch(name) or not folder.is_dir():
            raise MissingPageError
        return next(folder.iterdir())

    def warm(self) -> None:
        """Look at all campaigns once, so that the first page need not wait for that."""
        with suppress(CampaignError), self.ledger() as ledger:
            for summary in self.board.every(ledger, now()):
                self.board.days(ledger, summary)

    def close(self) -> None:
        """Remove what was kept for as long as the console is open."""
        shutil.rmtree(self._uploads, ignore_errors=True)
        self.runs.close()

    def say(self, text: str, undo: str = "") -> str:
        """Keep a sentence for the page that is shown next; return the name that it is asked by."""
        name = secrets.token_urlsafe(6)
        self._said[name] = Said(text, undo)
        while len(self._said) > _MOST_SAID:
            self._said.popitem(last=False)
        return name

    def said(self, name: str | None) -> Said | None:
        """The sentence of that name."""
        return self._said.get(name or "")


def now() -> datetime:
    """This computer's clock."""
    return datetime.now(UTC)


def too_large(name: str) -> RefusedError:
    """The refusal of a file that a page was given."""
    return RefusedError(
        f"{name} is too large for a list.",
        remedy="Split it, or leave out the columns that are not needed.",
    )


def file_of(record: CampaignRecord) -> Path | None:
    """The campaign file that a run can be started from, where there is one."""
    return record.file if is_campaign_file(record.file) and record.file.is_file() else None


def record_of(ledger: Ledger, number: int) -> CampaignRecord:
    """The campaign of that number. Raises MissingPageError."""
    with ledger.read() as connection:
        for record in campaigns(connection):
            if record.id == number:
                return record
    raise MissingPageError
