"""A campaign file: TOML, each key known and of the right kind, paths relative to the file.

Unknown keys are errors that name the nearest known one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from runner.campaign.execution import ExecutionSettings
from runner.campaign.kind import Row, calendar_keys, check_kind, rows, with_paths
from runner.campaign.online import address_of
from runner.campaign.pacing import read_pace, words_of
from runner.campaign.setting import CampaignSettings
from runner.campaign.target import Command, parse_target
from runner.campaign.trust import reaches, stranger
from runner.errors import RefusedError, UsageError
from runner.intake.column import nearest
from runner.result.place import ENDINGS
from runner.system.file import FileError, MissingError, read_whole

# A file with every setting and its explanation has a tenth of this. The reader of TOML takes long
# for names of very many parts.
_LONGEST_FILE: Final = 64_000
_LONGEST_LINE: Final = 1_000


class Read(NamedTuple):
    """What a campaign file says, what that reaches beyond its folder, and why its command is not
    run before a person has agreed, if that is so."""

    said: CampaignSettings
    notices: tuple[str, ...]
    doubt: str | None


def read_campaign_file(path: Path, overridden: Collection[str] = ()) -> Read:
    """Read what a campaign file says; its paths become absolute, or relative to here.

    The values of `overridden` keys do not matter, as long as they are of the right kind. Raises
    RefusedError.
    """
    said = _read_toml(path)
    for key, value in said.items():
        _check_key(path, key, value)
    if "sheet" not in said:
        raise RefusedError(
            "The campaign file names no sheet.",
            where=str(path),
            remedy='Add a line: sheet = "people.xlsx".',
        )
    counting = {key: value for key, value in said.items() if key not in overridden}
    try:
        read_pace(words_of(counting))
        target = parse_target(counting["notify"]) if "notify" in counting else None
    except UsageError as error:
        raise RefusedError(error.what, where=path.name, remedy=error.remedy) from None
    if counting.get("now") and not counting.keys().isdisjoint(calendar_keys(CampaignSettings)):
        raise RefusedError(
            "now = true says that there is no calendar, and the file has one.",
            where=path.name,
            remedy="Leave out `now`, or `hours`, `days`, `holidays` and `start_date`.",
        )
    if Path(said.get("results", "results.csv")).suffix.lower() not in ENDINGS:
        raise RefusedError(
            "The results need a name that ends in .csv or .xlsx.",
            where=f"{path.name}, key 'results'",
        )
    notices = tuple(reaches(counting, target))

    def placed(key: str, named: str) -> Path:
        at = Path(named).expanduser()
        return at if key == "sheet" and address_of(at) else path.parent / at

    said = with_paths(CampaignSettings, said, placed)
    doubt = stranger(path) if isinstance(target, Command) else None
    return Read(cast(CampaignSettings, said), notices, doubt)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        text = read_whole(path, _LONGEST_FILE)[0].decode("utf-8-sig")
        if max(map(len, text.splitlines()), default=0) <= _LONGEST_LINE:
            return tomllib.loads(text)
        what = f"A line of the campaign file {path} has more than {_LONGEST_LINE:,} characters."
        remedy = "Write each setting on a line of its own, as `campaign new` does."
    except MissingError:
        what, remedy = f"There is no campaign file {path}.", "Check the spelling."
    except FileError as error:
        what, remedy = f"The campaign file {path} cannot be read: {error}.", "Name a TOML file."
    except UnicodeDecodeError:
        what, remedy = f"The campaign file {path} is not UTF-8 text.", "Save it as UTF-8."
    except RecursionError:
        what = f"The campaign file {path} has lists within lists without end."
        remedy = "Write each setting on a line of its own, as `campaign new` does."
    except tomllib.TOMLDecodeError as error:
        raise RefusedError(
            f"The campaign file has a mistake: {error}.", where=str(path), remedy="Correct it."
        ) from None
    raise RefusedError(what, remedy=remedy)


def _check_place(path: Path, row: Row, value: object) -> None:
    """Raise RefusedError for a key of the campaign that stands below the head of a table."""
    of = row.setting.of
    tables = value if of and isinstance(value, list) else []
    for one in (key for table in tables if isinstance(table, dict) for key in table):
        if of and one not in rows(of) and one in rows(CampaignSettings):
            raise RefusedError(
                f"The key {one!r} stands in a table [[{row.key}]], and is the whole campaign's.",
                where=path.name,
                remedy=f"Move it above the first [[{row.key}]].",
            )


def _check_key(path: Path, key: str, value: object) -> None:
    known = rows(CampaignSettings)
    if key in known:
        _check_place(path, known[key], value)
        check_kind(known[key], value, f"{path.name}, key {key!r}")
        return
    of_a_run = rows(ExecutionSettings)
    guess = nearest(key, known)
    if key in of_a_run:
        remedy = (
            f"It is no matter of the campaign but of a run: {of_a_run[key].flags[0]} on the "
            "command line."
        )
    elif guess:
        remedy = f"Did you mean {guess!r}?"
    else:
        remedy = f"It knows: {', '.join(known)}."
    raise RefusedError(
        f"The campaign file does not know the key {key!r}.", where=path.name, remedy=remedy
    )
