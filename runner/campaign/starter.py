"""A campaign file to begin with: every key with its meaning, and most of them commented out."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner import words
from runner.campaign.kind import Row, rows, with_paths
from runner.campaign.online import address_of
from runner.campaign.setting import CampaignSettings
from runner.errors import StorageError, UsageError
from runner.intake.blocking import UNWRITTEN
from runner.intake.column import lay_out
from runner.intake.field import meaning

if TYPE_CHECKING:
    from runner.intake.table import Table

_HEAD: Final = """\
# A campaign: one message to everyone on one list.
#   campaign check {file}      every problem, nothing sent
#   campaign rehearse {file}   the whole campaign against a simulated endpoint
#   campaign run {file}        send what may go today; the same command goes on tomorrow
# Paths are relative to this file. A line that begins with # is not read: take its # away to set
# what it says. Options on the command line win over this file. The API key is never in it.

# The list and the text.
sheet = {sheet}
template = {template}
"""
# The sentence above a key, or above several that belong together.
_COMMENTS: Final[Mapping[str, str]] = {
    "name": ("The campaign's name; without it, this file's."),
    "sheet_name": (
        "How the list is read: its worksheet, the row of the columns' names, a text file's "
        "encoding, and whether people in hidden and filtered-out rows are written to "
        '("include") or left out ("skip").'
    ),
    "columns": (
        "What the columns are for, where their names do not say so. This table comes last."
    ),
    "steps": (
        "The messages that follow for those who do not answer, each after so many sending days; "
        "a further one is another such table."
    ),
    "accounts": (
        "Who sends: several accounts share the rows. At most so many messages a day from "
        "each; the server's own limit always holds."
    ),
    "reserve": (
        "How much of an account's quota is left to others, a limit that grows"
        " with each day of sending, and this campaign's share where several have an account "
        "in common (2 gets twice what 1 gets)."
    ),
    "hours": (
        "When: sending hours and days, the countries whose holidays are kept, on whose clock,"
        " and at least so many seconds between two messages of an account."
    ),
    "now": (
        "Or, instead of hours, days and holidays, at any time, as fast as quota and gap allow:"
    ),
    "min_days": (
        "At most one message per person in so many days, over all campaigns and whatever was "
        "imported; 0 is no such rule."
    ),
    "results": (
        'Where the results go; and into a workbook of their own ("new") or a copy of yours '
        '("copy").'
    ),
    "key_file": (
        "The file that holds the API key, readable by you only, where the key is not in the "
        "environment or in its usual places."
    ),
    "notify": (
        "Whom to tell how each run ended: a command, which gets the JSON answer on its stdin,"
        " or a webhook, which gets it as a POST."
    ),
}
_COLUMNS: Final = 100
_MOST_NAMED: Final = 40


def write(
    path: Path,
    sheet: Path | None = None,
    templates: Sequence[Path] = (),
    said: Mapping[str, Any] | None = None,
) -> Path:
    """Write a campaign file for a list and templates, or with names to replace; what is `said` of
    other keys stands there, and examples of all others.

    A name without an ending gets `.toml`. Raises UsageError when there is such a file,
    StorageError when it cannot be written.
    """
    if not path.name:
        raise UsageError(
            f"{str(path)!r} is no name for a campaign file.", remedy="Give a name, such as spring."
        )
    if path.suffix.lower() != ".toml":
        path = path.with_name(f"{path.name}.toml")
    head = _HEAD.format(
        file=words.argument(path.name),
        sheet=_quoted(_relative(sheet, path) if sheet else "people.xlsx"),
        template=_several([_relative(one, path) for one in templates] or ["hello.j2"]),
    )
    placed = with_paths(CampaignSettings, said or {}, lambda _, one: _relative(Path(one), path))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(head + "".join(_keys(placed)))
    except FileExistsError:
        raise UsageError(
            f"{path} exists; it was left as it is.", remedy="Give another name."
        ) from None
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written ({error.strerror}).",
            remedy="Give a name in a folder that exists.",
        ) from None
    return path


def _keys(said: Mapping[str, Any]) -> Iterator[str]:
    """Word every key with what is said, or with an example, commented out; a table comes last, as
    TOML wants it."""
    known = [row for row in rows(CampaignSettings).values() if row.setting.example]
    for row in sorted(known, key=lambda row: row.is_table or row.setting.of is not None):
        if comment := _COMMENTS.get(row.key):
            yield "\n" + "\n".join(textwrap.wrap(f"# {comment}", _COLUMNS, subsequent_indent="# "))
            yield "\n"
        yield _said(row, said[row.key]) if row.key in said else _example(row)


def _said(row: Row, value: Any) -> str:
    """Word a key with its value."""
    if row.is_table:
        lines = [f"{name} = {_quoted(text)}" for name, text in value.items()]
        return "\n".join([f"[{row.key}]", *lines]) + "\n"
    return f"{row.key} = {json.dumps(value, ensure_ascii=False)}\n"


def _example(row: Row) -> str:
    if row.is_table or row.setting.of:
        name = f"[[{row.key}]]" if row.setting.of else f"[{row.key}]"
        return f"# {name}\n# {row.setting.example}\n"
    return f"# {row.key} = {row.setting.example}\n"


def _quoted(text: str) -> str:
    """Write a text as TOML has it."""
    return json.dumps(text, ensure_ascii=False)


def template_for(table: Table, columns: Mapping[str, str] | None = None) -> str:
    """A template to begin with, which names the variables that a list's columns give."""
    layout = lay_out(table.columns, columns)
    first, others = "", dict[int, str]()
    for name, column in layout.variables.items():
        if not name.isidentifier() or column not in layout.inputs:
            continue
        if meaning(column.header.strip()) == "first name" and not first:
            first = name
        elif name.islower() and column not in layout.roles.get("recipientProfileId", ()):
            # Of a column's several names the one with its words apart is the longest.
            others[column.index] = max(others.get(column.index, ""), f"{{{{ {name} }}}}", key=len)
    greeting = f"Hi {{{{ {first} }}}}," if first else "Hello,"
    named = words.some([*others.values()], _MOST_NAMED)
    known = f"{{# The columns of your list: {named} #}}\n" if others else ""
    return f"{known}{greeting}\n\n{UNWRITTEN}\n\nBest regards\n"


def _several(texts: Sequence[str]) -> str:
    """Write one text, or a list of several, as TOML has it."""
    quoted = [_quoted(text) for text in texts]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _relative(target: Path, campaign_file: Path) -> str:
    """Word a path as the file is to have it: relative to it, where that is possible. An address on
    the web is one from everywhere."""
    if (address := address_of(target)) is not None:
        return address
    try:
        return Path(os.path.relpath(target.expanduser(), campaign_file.parent)).as_posix()
    except ValueError:  # on another drive of Windows
        return target.absolute().as_posix()
