"""A campaign file: TOML, each key known and of the right kind, paths relative to the file.

Unknown keys are errors that name the nearest known one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from runner.errors import RefusedError, UsageError
from runner.intake.column import ROLES, nearest
from runner.sending.settings import min_days, pace
from runner.unattended.notify import check as check_notify

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
    "reserve",
    "ramp",
    "priority",
    "hours",
    "days",
    "holidays",
    "time_zone",
    "now",
    "min_gap",
    "min_days",
    "results",
    "results_in",
    "key_file",
    "notify",
)
# The keys that make a calendar, which `now` says there is none of.
CALENDAR: Final = ("hours", "days", "holidays")
# What `run` takes besides: it belongs to one run of the campaign, on one computer.
_OF_A_RUN: Final = ("max", "wait", "ledger", "base_url", "timeout", "yes", "unattended", "json")
_CHOICES: Final = {"hidden": ("include", "skip"), "results_in": ("new", "copy")}


def read_campaign_file(path: Path, overridden: Collection[str] = ()) -> dict[str, Any]:
    """What a campaign file says, checked, by key; its paths made absolute or relative to here.
    Raises RefusedError.

    The values of `overridden` keys do not matter, as long as they are of the right kind.
    """
    try:
        said = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise RefusedError(
            f"There is no campaign file {path}.", remedy="Check the spelling."
        ) from None
    except OSError as error:
        raise RefusedError(
            f"The campaign file {path} cannot be read ({error.strerror}).",
            remedy="Name a TOML file.",
        ) from None
    except UnicodeDecodeError:
        raise RefusedError(
            f"The campaign file {path} is not UTF-8 text.", remedy="Save it as UTF-8."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise RefusedError(
            f"The campaign file has a mistake: {error}.", where=str(path), remedy="Correct it."
        ) from None
    for key, value in said.items():
        _check_key(path, key, value)
    if "sheet" not in said:
        raise RefusedError(
            "The campaign file names no sheet.",
            where=str(path),
            remedy='Add a line: sheet = "people.xlsx".',
        )
    counts = {key: value for key, value in said.items() if key not in overridden}
    try:
        pace(counts)
        min_days(counts)
        if "notify" in counts:
            check_notify(counts["notify"])
    except UsageError as error:
        raise RefusedError(error.what, where=path.name, remedy=error.remedy) from None
    if counts.get("now") and not counts.keys().isdisjoint(CALENDAR):
        remedy = "Leave out `now`, or `hours`, `days` and `holidays`."
        raise RefusedError(
            "now = true says that there is no calendar, and the file has one.",
            where=path.name,
            remedy=remedy,
        )
    if Path(said.get("results", "results.csv")).suffix.lower() not in (".csv", ".xlsx"):
        raise RefusedError(
            "The results need a name that ends in .csv or .xlsx.",
            where=f"{path.name}, key 'results'",
        )
    for key in ("sheet", "template", "results", "key_file"):
        if key in said:
            said[key] = path.parent / Path(said[key]).expanduser()
    return said


def _check_key(path: Path, key: str, value: object) -> None:
    where = f"{path.name}, key {key!r}"
    if key not in KEYS:
        guess = nearest(key, KEYS)
        remedy = f"Did you mean {guess!r}?" if guess else f"It knows: {', '.join(KEYS)}."
        if key in _OF_A_RUN:
            remedy = (
                f"It is no matter of the campaign but of a run: --{key.replace('_', '-')} on the "
                "command line."
            )
        raise RefusedError(
            f"The campaign file does not know the key {key!r}.", where=path.name, remedy=remedy
        )
    kinds: dict[str, tuple[type | tuple[type, ...], str]] = {
        "accounts": (list, 'a list of texts, ["acc_1", "acc_2"]'),
        "columns": (dict, 'a table, recipientProfileId = "LinkedIn"'),
        "daily_limit": (int, "a whole number"),
        "header_row": (int, "a row's number, from 1 on"),
        "min_days": (int, "a whole number of days"),
        "min_gap": ((int, float), "a number of seconds"),
        "priority": (int, "a whole number"),
        "reserve": (int, "a whole number"),
        "now": (bool, "true or false"),
    }
    kind, words = kinds.get(key, (str, "a text in quotes"))
    texts = (
        list(value) + list(value.values())
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else []
    )
    choices = _CHOICES.get(key)
    if choices and value not in choices:
        raise RefusedError(
            f"{value!r} is no choice here.",
            where=where,
            remedy=f"Give one of: {', '.join(choices)}.",
        )
    wrong = (
        not isinstance(value, kind)
        or (isinstance(value, bool) and key != "now")
        or (key == "header_row" and isinstance(value, int) and value < 1)
    )
    if wrong or not all(isinstance(text, str) for text in texts):
        raise RefusedError("The value has the wrong kind.", where=where, remedy=f"Give {words}.")
    if isinstance(value, str) and not value.strip():
        raise RefusedError(
            "The value is blank.", where=where, remedy="Leave the key out, or give one."
        )
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
