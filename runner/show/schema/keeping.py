"""The answers about this computer: the doctor, campaign files, schedules, the ledger."""

from __future__ import annotations

from typing_extensions import TypedDict

from runner.show.schema.base import Ended


class Finding(TypedDict):
    """A look of the doctor."""

    name: str
    verdict: str
    says: str
    remedy: str | None


class Doctor(Ended):
    """All looks of the doctor."""

    checks: list[Finding]


class Written(Ended):
    """A campaign file that was written."""

    campaignFile: str


class Planned(Ended):
    """A daily run, installed or to be."""

    campaignFile: str
    scheduler: str
    at: str
    command: list[str]
    installed: bool
    steps: list[str]
    notes: list[str]


class Entry(TypedDict):
    """A daily run as a scheduler has it."""

    scheduler: str
    place: str
    nextRun: str | None
    text: str


class Entries(Ended):
    """The daily runs of a campaign file."""

    campaignFile: str
    installed: list[Entry]


class Removed(Ended):
    """The schedulers that no longer have the daily run."""

    campaignFile: str
    removed: list[str]


class LedgerLook(TypedDict):
    """A look at the ledger."""

    name: str
    ok: bool
    says: str
    remedy: str | None


class Verified(Ended):
    """All looks at the ledger."""

    ledger: str
    checks: list[LedgerLook]


class Copied(Ended):
    """A copy of the ledger."""

    ledger: str
    copy: str


class Mended(Ended):
    """What a ledger is now, and where the former one is."""

    ledger: str
    done: list[str]
    aside: str | None


class Moved(Ended):
    """Where a ledger is now, where it was, and of how many lines."""

    ledger: str
    source: str
    lines: int


class Accepted(Ended):
    """What counts from now on."""

    ledger: str
    done: list[str]
