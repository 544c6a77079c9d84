"""What a campaign is: its list, its text, its accounts, its pace; read from a campaign file or from
options, which win."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.campaign.file import CALENDAR, KEYS, read_campaign_file
from runner.errors import UsageError
from runner.intake.sheet import Reading
from runner.ledger.record import DEFAULT_MIN_DAYS
from runner.sending.pace import Pace
from runner.sending.settings import min_days, pace
from runner.unattended.notify import check as check_notify


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
    reserve: int | None = None
    ramp: str | None = None
    priority: int | None = None
    hours: str | None = None
    days: str | None = None
    holidays: str | None = None
    time_zone: str | None = None
    now: bool = False
    min_gap: float | None = None
    min_days: int | None = None
    results: Path | None = None
    results_in: str | None = None
    key_file: Path | None = None
    notify: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign, checked as far as it can be without reading its sheet. `source` is what was named
    on the command line; each person is messaged at most once in `min_days` days, over all campaigns
    (0: no such rule)."""

    source: Path
    sheet: Path
    reading: Reading
    template: Path | None
    name: str | None
    accounts: tuple[str, ...]
    pace: Pace
    results: Path | None
    results_in_copy: bool = False
    min_days: int = DEFAULT_MIN_DAYS
    key_file: Path | None = None
    notify: str | None = None

    @property
    def folder(self) -> Path:
        """Where the campaign file is, or the list."""
        return self.source.absolute().parent

    @property
    def origin(self) -> str:
        """Where the list comes from, as the ledger remembers it: the same list under another path
        is found by its people."""
        path = str(self.source.absolute())
        return f"{path}#{self.reading.sheet}" if self.reading.sheet else path


def load(source: Path, options: Options) -> Campaign:
    """The campaign that a SHEET or a CAMPAIGN.toml and the options describe. Raises RefusedError,
    UsageError."""
    given: dict[str, Any] = {}
    for key in KEYS:
        value = getattr(options, key, None)
        if key != "columns" and value is not None and value is not False and value != ():
            given[key] = value
    if not given.get("now") and not given.keys().isdisjoint(CALENDAR):
        given["now"] = False  # who names hours wants a calendar, whatever the file says
    said: dict[str, Any] = {"sheet": source}
    if source.suffix.lower() == ".toml":
        said = read_campaign_file(source, given.keys())
    said |= given
    its_pace = pace(said)
    if given.get("now") and not given.keys().isdisjoint(CALENDAR):
        raise UsageError(
            (
                "--now says that there is no calendar, and sending hours, days or holidays are given "
                "as well."
            ),
            remedy="Leave one of them out; a setting may also come from a CAMPAIGN_... variable.",
        )
    default_account = os.environ.get("CONNECTSAFELY_ACCOUNT_ID", "").strip()
    accounts = said.get("accounts") or ([default_account] if default_account else [])
    if "notify" in said:
        check_notify(said["notify"])
    name = said.get("name")
    if name is not None and not name.strip():
        raise UsageError(
            "A campaign's name cannot be blank.", remedy="Leave --name out, or give one."
        )
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
        tuple(
            dict.fromkeys(
                account for named in accounts for account in named.replace(",", " ").split()
            )
        ),
        its_pace,
        said.get("results"),
        said.get("results_in") == "copy",
        min_days(said),
        said.get("key_file"),
        said.get("notify"),
    )
