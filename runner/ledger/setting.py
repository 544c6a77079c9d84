"""A campaign's settings as the ledger keeps them: the words that it was last run with, as JSON.

The words of the pace are those of a campaign file, so that they can be read again on another day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

# The days between two messages to one person, over all campaigns, where a campaign says nothing
# else; and the most it can say.
DEFAULT_MIN_DAYS: Final = 30
MOST_MIN_DAYS: Final = 36_500
# The name of the vendor's key where no other one is said.
DEFAULT_KEY: Final = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceWords:
    """The settings of a pace, in words; None where the default holds."""

    daily_limit: int | None = None
    reserve: int | None = None
    ramp: str | None = None
    priority: int | None = None
    hours: str | None = None
    days: str | None = None
    holidays: str | None = None
    time_zone: str | None = None
    start_date: str | None = None
    min_gap: float | None = None
    now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOrigin:
    """The workbook that results are copied into: its bytes' digest, the row of its header, and the
    indexes of the result columns that are replaced."""

    digest: str
    header_row: int
    replace: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(PaceWords):
    """All settings that the ledger keeps.

    `sheet` and `results` are absolute paths. `worksheet` is None for a CSV. `header_row`
    is the number of the list's header. `copy` is None where the results go into a file of their
    own. `after` is the campaign that this one follows, after so
    many sending days. `steps` are the sending days before each step that follows the first message;
    those that are due go before new people, unless `new_people_first`. `has_variants` says that a
    message has several wordings. `looks` are the words of what is looked at: under others, no row
    rests for what was found. `key_name` is the key that its accounts go by, `endpoint` the vendor's
    where it is not the usual one.
    """

    sheet: str
    results: str
    worksheet: str | None = None
    header_row: int = 1
    accounts: tuple[str, ...] = ()
    min_days: int = DEFAULT_MIN_DAYS
    after: str | None = None
    after_days: int = 0
    steps: tuple[int, ...] = ()
    new_people_first: bool = False
    has_variants: bool = False
    looks: str = ""
    senders_by_connection: bool = False
    key_name: str = DEFAULT_KEY
    endpoint: str = ""
    copy: CopyOrigin | None = None


def to_json(stored: Stored) -> str:
    """Write settings for the ledger."""
    return json.dumps(asdict(stored))


def from_json(text: str) -> Stored:
    """Read the settings of a ledger; a word that this version does not know is passed over."""
    said = json.loads(text)
    for name in ("accounts", "steps"):
        said[name] = tuple(said.get(name) or ())
    if copy := said.get("copy"):
        said["copy"] = CopyOrigin(**{**copy, "replace": tuple(copy["replace"])})
    return Stored(**_known(Stored, said))


def pace_words(said: Mapping[str, Any]) -> PaceWords:
    """Keep the settings of the pace among others."""
    return PaceWords(**_known(PaceWords, said))


def _known(kind: type[PaceWords], said: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in said.items() if name in names}


def file_of(source: str, sheet: str) -> Path:
    """Return the list or campaign file of a campaign's source, which may name a worksheet as well.

    `sheet` is the list's place. Folders can hold the mark before a worksheet, too.
    """
    if source.startswith(f"{sheet}#"):
        return Path(sheet)
    named = re.match(r".*\.toml(?=#|\Z)", source, re.IGNORECASE | re.DOTALL)
    return Path(named[0] if named else source)
