"""A campaign file to begin with: every key with what it is for; what need not be said is commented
out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from runner.errors import StorageError, UsageError

_TEXT: Final = """\
# A campaign: one message to everyone on one list.
#   campaign check {file}      every problem, nothing sent
#   campaign rehearse {file}   the whole campaign against a simulated endpoint
#   campaign run {file}        send what may go today; the same command goes on tomorrow
# Paths are relative to this file. A line that begins with # is not read: take its # away to set what it says.
# Options on the command line win over this file. The API key is never in it.

# The list and the text.
sheet = {sheet}
template = {template}

# The campaign's name; without it, this file's.
# name = "spring-fair"

# How the list is read: its worksheet, the row of the columns' names, a text file's encoding, and whether people in hidden and
# filtered-out rows are written to ("include") or left out ("skip").
# sheet_name = "Leads"
# header_row = 4
# encoding = "cp1252"
# hidden = "skip"

# Who sends: several accounts share the rows. At most so many messages a day from each; the server's own limit always holds.
# accounts = ["acc_12345"]
# daily_limit = 40
# How much of an account's quota is left to people and other tools, a limit that grows with each day of sending, and this
# campaign's share where several have an account in common (2 gets twice what 1 gets).
# reserve = 10
# ramp = "20 +10 to 100"
# priority = 1

# When: sending hours and days, the countries whose holidays are kept, on whose clock, and at least so many seconds between two
# messages of an account.
# hours = "09:00-17:00"
# days = "mon-fri"
# holidays = "DE-BY"
# time_zone = "Europe/Berlin"
# min_gap = 30
# Or, instead of hours, days and holidays, at any time, as fast as quota and gap allow:
# now = true

# At most one message per person in so many days, over all campaigns and whatever was imported; 0 is no such rule.
# min_days = 30

# Where the results go; and into a workbook of their own ("new") or a copy of yours ("copy").
# results = "results.xlsx"
# results_in = "new"

# The file that holds the API key, readable by you only, where the key is not in the environment or in its usual places.
# key_file = "campaign.key"

# Whom to tell how each run ended: a command, which gets the JSON answer on its stdin, or a webhook, which gets it as a POST.
# notify = "python tell.py"

# What the columns are for, where their names do not say so. This table comes last.
# [columns]
# recipientProfileId = "Kontakt"
"""


def write(path: Path, sheet: Path | None = None, template: Path | None = None) -> Path:
    """Write a campaign file, `.toml` added where the name has none, for a list and a template or
    with names to replace.

    Raises UsageError when there is such a file, StorageError when it cannot be written.
    """
    if not path.name:
        raise UsageError(
            f"{str(path)!r} is no name for a campaign file.", remedy="Give a name, such as spring."
        )
    path = path if path.suffix.lower() == ".toml" else path.with_name(f"{path.name}.toml")
    places = {
        "sheet": json.dumps(_relative(sheet, path) if sheet else "people.xlsx", ensure_ascii=False),
        "template": json.dumps(
            _relative(template, path) if template else "hello.j2", ensure_ascii=False
        ),
    }
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEXT.format(file=path.name, **places))
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


def _relative(target: Path, campaign_file: Path) -> str:
    """A path as the file is to have it: relative to it, where that is possible."""
    try:
        return Path(os.path.relpath(target.expanduser(), campaign_file.parent)).as_posix()
    except ValueError:  # on another drive of Windows
        return target.absolute().as_posix()
