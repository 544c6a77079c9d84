"""The kinds of settings: how a setting is said, the values it can have, and what is wrong with one.

The table itself is in `setting`; nothing here knows a single setting.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from runner.errors import RefusedError, UsageError
from runner.intake.column import ROLES, nearest
from runner.words import argument

Hidden = Literal["include", "skip"]
ResultsIn = Literal["new", "copy"]


@dataclass(frozen=True, slots=True)
class Bound:
    """The smallest and the largest sensible number, and the sentences for any other one."""

    least: int
    most: int | None
    refusal: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The way one setting is said.

    `option` holds its flags on the command line where they are not its name; `least` and `most`
    bound it there, `value` is its default. `kind` names the kind of its value where the type does
    not; `of` is the group of settings in each table of a list of tables. The docs show `words`, or
    else the help; the starter file shows `example`, as TOML.
    """

    option: tuple[str, ...] = ()
    metavar: str | None = None
    help: str = ""
    value: object = None
    least: int | None = None
    most: int | None = None
    bound: Bound | None = None
    kind: str = ""
    of: type | None = None
    is_calendar: bool = False
    words: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A setting's row of the table, with the type of its value."""

    key: str
    type: Any
    setting: Setting

    @property
    def flags(self) -> tuple[str, ...]:
        """The option's names on the command line, the long one first."""
        return self.setting.option or (f"--{self.key.replace('_', '-')}",)

    @property
    def variable(self) -> str:
        """The environment twin of the option."""
        return "CAMPAIGN_" + self.flags[0].removeprefix("--").replace("-", "_").upper()

    @property
    def is_table(self) -> bool:
        """True for a mapping, which is a table of its own in TOML."""
        return get_origin(self.type) is Mapping

    @property
    def is_list(self) -> bool:
        """True for a list, which is an option that can be given several times."""
        return get_origin(self.type) is Sequence

    @property
    def holds_paths(self) -> bool:
        """True for the path of a file, and for a list of such."""
        return self.type is Path or get_args(self.type) == (Path,)

    @property
    def choices(self) -> tuple[str, ...]:
        """The words the setting can have, where they are few."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def kind(self) -> str:
        """The kind of its value, in words."""
        names = {int: "a whole number", bool: "true or false"}
        return self.setting.kind or names.get(self.type, "a text in quotes")


_MOST: Final = 2**53
# The Python values of each kind of setting; all others are texts or paths.
_VALUES: Final[Mapping[Any, tuple[type, ...]]] = {
    bool: (bool,),
    int: (int,),
    float: (int, float),
    Sequence: (list, tuple),
    Mapping: (dict,),
}


@cache
def rows(group: type) -> Mapping[str, Row]:
    """The table's rows of one group of settings, by key, in the table's order."""
    found = {}
    for key, hint in get_type_hints(group, include_extras=True).items():
        type_, setting = get_args(hint)
        found[key] = Row(key, type_, setting)
    return MappingProxyType(found)


def calendar_keys(group: type) -> list[str]:
    """The keys that make a calendar; `now` says that there is not one."""
    return [key for key, row in rows(group).items() if row.setting.is_calendar]


def table(group: type) -> str:
    """The settings as a Markdown table, for the docs."""
    lines = ["| key | what it says | example | option |", "|---|---|---|---|"]
    for key, row in rows(group).items():
        setting = row.setting
        says = (setting.words or setting.help).replace(".  [default", " [default").rstrip(".")
        says = says[0].upper() + says[1:]
        shown = setting.example.replace("\n# ", ", ")
        example = f"`{shown}`" if shown else ""
        flag = f"`{row.flags[0]}`" if setting.help else ""
        lines.append(f"| `{key}` | {says.replace('|', chr(92) + '|')} | {example} | {flag} |")
    return "\n".join(lines)


def said_in(group: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the group's settings that say something: those not None, False or empty."""
    said = {}
    for key in rows(group):
        value = values.get(key)
        is_silent = value is None or value is False or value in ((), [], {})
        if not is_silent:
            said[key] = value
    return said


def options_of(group: type, said: Mapping[str, Any]) -> list[str]:
    """Word what was said of a group's settings as options of a command, quoted for a shell."""
    found = []
    for key, row in rows(group).items():
        value, flag = said.get(key), row.flags[-1]
        if value is None or value is False or row.setting.of:
            continue
        if value is True:
            found.append(flag)
            continue
        if isinstance(value, Mapping):
            value = [f"{name}={text}" for name, text in value.items()]
        for one in value if isinstance(value, list | tuple) else [value]:
            found += [flag, argument(str(one))]
    return found


def with_paths(
    group: type, said: Mapping[str, Any], change: Callable[[str, Any], Any]
) -> dict[str, Any]:
    """Return what was said, with every path changed by a function of its key and itself."""

    def changed(row: Row, value: Any) -> Any:
        if row.setting.of:
            return [with_paths(row.setting.of, table, change) for table in value]
        if row.holds_paths and isinstance(value, list | tuple):
            return [change(row.key, path) for path in value]
        return change(row.key, value) if row.holds_paths else value

    known = rows(group)
    return {
        key: changed(known[key], value) if key in known else value for key, value in said.items()
    }


def check_bounds(group: type, said: Mapping[str, Any]) -> None:
    """Raise UsageError for a number that makes no sense."""
    for key, row in rows(group).items():
        bound, value = row.setting.bound, said.get(key)
        for number, table in enumerate(value or () if row.setting.of else (), start=1):
            try:
                check_bounds(row.setting.of or group, table)
            except UsageError as error:
                place = f"[[{key}]], the table number {number}"
                raise UsageError(error.what, where=place, remedy=error.remedy) from None
        if bound is None or value is None:
            continue
        most = math.inf if bound.most is None else bound.most
        if not (math.isfinite(value) and bound.least <= value <= most):
            raise UsageError(bound.refusal.format(value), remedy=bound.remedy)


def check_kind(row: Row, value: object, where: str) -> None:
    """Raise RefusedError for a value that the setting cannot have, by its kind alone."""
    if row.choices and value not in row.choices:
        choices = ", ".join(row.choices)
        raise RefusedError(
            f"{value!r} is no choice here.", where=where, remedy=f"Give one of: {choices}."
        )
    if row.setting.of:
        _check_tables(row, row.setting.of, value, where)
        return
    if not _is_of_kind(row, value):
        raise RefusedError("The value has the wrong kind.", where=where, remedy=f"Give {row.kind}.")
    blank = value if isinstance(value, list | tuple) and row.holds_paths else [value]
    if any(isinstance(text, str) and not text.strip() for text in blank):
        raise RefusedError(
            "The value is blank.", where=where, remedy="Leave the key out, or give one."
        )
    if isinstance(value, Mapping):
        for role in value:
            check_role(role, where)


def _check_tables(row: Row, group: type, value: object, where: str) -> None:
    """Raise RefusedError for what is no list of tables of the group's settings."""
    known = rows(group)
    if not isinstance(value, list | tuple) or not all(isinstance(one, Mapping) for one in value):
        raise RefusedError("The value has the wrong kind.", where=where, remedy=f"Give {row.kind}.")
    for number, table in enumerate(value, start=1):
        for key, said in table.items():
            place = f"{where}, the table number {number}"
            if key not in known:
                guess = nearest(key, known)
                remedy = f"Did you mean {guess!r}?" if guess else f"It knows: {', '.join(known)}."
                raise RefusedError(f"It does not know the key {key!r}.", where=place, remedy=remedy)
            check_kind(known[key], said, f"{place}, key {key!r}")


def _is_of_kind(row: Row, value: object) -> bool:
    if row.is_list and row.holds_paths:  # one may stand alone
        paths = value if isinstance(value, list | tuple) else [value]
        return bool(paths) and all(isinstance(path, str | Path) for path in paths)
    values = _VALUES.get(get_origin(row.type) or row.type, (str, Path))
    if not isinstance(value, values) or (isinstance(value, bool) and row.type is not bool):
        return False
    if isinstance(value, dict | list | tuple):
        texts = value.values() if isinstance(value, dict) else value
        return all(isinstance(text, str) for text in texts)
    if isinstance(value, int) and abs(value) > _MOST:
        return False
    least = None if row.setting.bound else row.setting.least
    return least is None or not isinstance(value, int) or value >= least


def check_role(role: str, where: str) -> None:
    """Raise RefusedError for a role that no column can have."""
    if role in ROLES:
        return
    guess = nearest(role, ROLES)
    raise RefusedError(
        f"There is nothing called {role!r} to map a column to.",
        where=where,
        remedy=f"Did you mean {guess!r}?" if guess else f"It knows: {', '.join(ROLES)}.",
    )
