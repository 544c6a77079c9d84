"""What a campaign is: its list, its text, its accounts, its pace; read from a TOML file or from options, which win.

A campaign file's paths are relative to the file. Unknown keys are errors that name the nearest known one.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from tzlocal import get_localzone_name

from runner.errors import RefusedError, UsageError
from runner.intake.column import ROLES, nearest
from runner.intake.sheet import Reading
from runner.notify import check as check_notify
from runner.sending.calendar import Calendar, parse_days, parse_hours, parse_zone
from runner.sending.pace import DEFAULT_MIN_GAP, Pace

DEFAULT_HOURS: Final = "09:00-17:00"
DEFAULT_DAYS: Final = "mon-fri"
KEYS: Final = (
    "name",
    "sheet",
    "sheet_name",
    "header_row",
    "encoding",
    "hidden",
    "columns",
    "template",
    "accounts",
    "daily_limit",
    "hours",
    "days",
    "time_zone",
    "now",
    "min_gap",
    "results",
    "results_in",
    "key_file",
    "notify",
)
_CHOICES: Final = {"hidden": ("include", "skip"), "results_in": ("new", "copy")}


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line and the environment said; None where they said nothing."""

    template: Path | None = None
    sheet_name: str | None = None
    header_row: int | None = None
    encoding: str | None = None
    hidden: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    accounts: tuple[str, ...] = ()
    daily_limit: int | None = None
    hours: str | None = None
    days: str | None = None
    time_zone: str | None = None
    now: bool = False
    min_gap: float | None = None
    results: Path | None = None
    results_in: str | None = None
    key_file: Path | None = None
    notify: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign, checked as far as it can be without reading its sheet. `source` is what the person named."""

    source: Path
    sheet: Path
    reading: Reading
    template: Path | None
    name: str | None
    accounts: tuple[str, ...]
    pace: Pace
    results: Path | None
    results_in_copy: bool = False
    key_file: Path | None = None
    notify: str | None = None

    @property
    def folder(self) -> Path:
        """Where the campaign file is, or the list."""
        return self.source.absolute().parent

    @property
    def origin(self) -> str:
        """Where the list comes from, as the ledger remembers it: the same list under another path is found by its people."""
        path = str(self.source.absolute())
        return f"{path}#{self.reading.sheet}" if self.reading.sheet else path


def load(source: Path, options: Options) -> Campaign:
    """The campaign that a SHEET or a CAMPAIGN.toml and the options describe. Raises RefusedError, UsageError."""
    said: dict[str, Any] = _read_toml(source) if source.suffix.lower() == ".toml" else {"sheet": source}
    given: dict[str, Any] = {
        "template": options.template,
        "sheet_name": options.sheet_name,
        "header_row": options.header_row,
        "encoding": options.encoding,
        "hidden": options.hidden,
        "name": options.name,
        "accounts": options.accounts or None,
        "daily_limit": options.daily_limit,
        "hours": options.hours,
        "days": options.days,
        "time_zone": options.time_zone,
        "now": options.now or None,
        "min_gap": options.min_gap,
        "results": options.results,
        "results_in": options.results_in,
        "key_file": options.key_file,
        "notify": options.notify,
    }
    said |= {key: value for key, value in given.items() if value is not None}
    default_account = os.environ.get("CONNECTSAFELY_ACCOUNT_ID", "").strip()
    accounts = said.get("accounts") or ([default_account] if default_account else [])
    if "notify" in said:
        check_notify(said["notify"])
    name = said.get("name")
    if name is not None and not name.strip():
        raise UsageError("A campaign's name cannot be blank.", remedy="Leave --name out, or give one.")
    reading = Reading(
        said.get("sheet_name"),
        said.get("header_row"),
        said.get("encoding"),
        said.get("hidden"),
        {**said.get("columns", {}), **options.columns},
    )
    return Campaign(
        source,
        said["sheet"],
        reading,
        said.get("template"),
        name.strip() if name else None,
        tuple(dict.fromkeys(account for named in accounts for account in named.replace(",", " ").split())),
        pace(said),
        said.get("results"),
        said.get("results_in") == "copy",
        said.get("key_file"),
        said.get("notify"),
    )


def pace(said: Mapping[str, Any]) -> Pace:
    """The pace that settings describe, by the same keys as a campaign file's. Raises UsageError."""
    gap = said.get("min_gap")
    daily_limit = said.get("daily_limit")
    if gap is not None and not (math.isfinite(gap) and 0 <= gap <= 86_400):
        raise UsageError(f"A gap of {gap} seconds makes no sense.", remedy="Give 0 to 86400.")
    if daily_limit is not None and daily_limit < 1:
        raise UsageError(f"A daily limit of {daily_limit} lets nothing go.", remedy="Give a number from 1 on.")
    min_gap = DEFAULT_MIN_GAP if gap is None else timedelta(seconds=gap)
    # Read in any case: an hour that makes no sense is told now, not on the day --now is left out.
    start, end = parse_hours(said.get("hours") or DEFAULT_HOURS)
    days = parse_days(said.get("days") or DEFAULT_DAYS)
    zone = parse_zone(said.get("time_zone") or get_localzone_name() or "UTC")
    return Pace(None if said.get("now") else Calendar(start, end, days, zone), min_gap, daily_limit)


def stored_pace(pace: Pace) -> dict[str, object]:
    """The pace as the ledger keeps it, in the words that `pace` reads."""
    stored: dict[str, object] = {"min_gap": pace.min_gap.total_seconds(), "daily_limit": pace.daily_limit}
    if pace.calendar is None:
        return {**stored, "now": True}
    hours, days, zone = str(pace.calendar).split(", ")
    return {**stored, "hours": hours, "days": days, "time_zone": zone}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        said = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise RefusedError(f"There is no campaign file {path}.", remedy="Check the spelling.") from None
    except OSError as error:
        raise RefusedError(f"The campaign file {path} cannot be read ({error.strerror}).", remedy="Name a TOML file.") from None
    except UnicodeDecodeError:
        raise RefusedError(f"The campaign file {path} is not UTF-8 text.", remedy="Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise RefusedError(f"The campaign file has a mistake: {error}.", where=str(path), remedy="Correct it.") from None
    for key, value in said.items():
        _check_key(path, key, value)
    if "sheet" not in said:
        raise RefusedError("The campaign file names no sheet.", where=str(path), remedy='Add a line: sheet = "people.xlsx".')
    try:
        pace(said)
        if "notify" in said:
            check_notify(said["notify"])
    except UsageError as error:
        raise RefusedError(error.what, where=path.name, remedy=error.remedy) from None
    if Path(said.get("results", "results.csv")).suffix.lower() not in (".csv", ".xlsx"):
        raise RefusedError("The results need a name that ends in .csv or .xlsx.", where=f"{path.name}, key 'results'")
    if not said.get("name", "x").strip():
        raise RefusedError("The campaign's name is blank.", where=path.name, remedy="Leave it out, or give one.")
    for key in ("sheet", "template", "results", "key_file"):
        if key in said:
            said[key] = path.parent / Path(said[key]).expanduser()
    return said


def _check_key(path: Path, key: str, value: object) -> None:
    where = f"{path.name}, key {key!r}"
    if key not in KEYS:
        guess = nearest(key, KEYS)
        raise RefusedError(
            f"The campaign file does not know the key {key!r}.",
            where=path.name,
            remedy=f"Did you mean {guess!r}?" if guess else f"It knows: {', '.join(KEYS)}.",
        )
    kinds: dict[str, tuple[type | tuple[type, ...], str]] = {
        "accounts": (list, 'a list of texts, ["acc_1", "acc_2"]'),
        "columns": (dict, 'a table, recipientProfileId = "LinkedIn"'),
        "daily_limit": (int, "a whole number"),
        "header_row": (int, "a row's number, from 1 on"),
        "min_gap": ((int, float), "a number of seconds"),
        "now": (bool, "true or false"),
    }
    kind, words = kinds.get(key, (str, "a text in quotes"))
    texts = list(value) + list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    choices = _CHOICES.get(key)
    if choices and value not in choices:
        raise RefusedError(f"{value!r} is no choice here.", where=where, remedy=f"Give one of: {', '.join(choices)}.")
    wrong = (
        not isinstance(value, kind)
        or (isinstance(value, bool) and key != "now")
        or (key == "header_row" and isinstance(value, int) and value < 1)
    )
    if wrong or not all(isinstance(text, str) for text in texts):
        raise RefusedError("The value has the wrong kind.", where=where, remedy=f"Give {words}.")
    if key == "columns" and isinstance(value, dict):
        for role in value:
            check_role(role, where)


def check_role(role: str, where: str) -> None:
    """Raise RefusedError for a role that no column can have."""
    if role not in ROLES:
        guess = nearest(role, ROLES)
        raise RefusedError(
            f"There is nothing called {role!r} to map a column to.",
            where=where,
            remedy=f"Did you mean {guess!r}?" if guess else f"It knows: {', '.join(ROLES)}.",
        )
