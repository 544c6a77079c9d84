"""The keys of a worker, by their names: it sends for all accounts that go by one of them."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Final

from runner.errors import UsageError
from runner.ledger.setting import DEFAULT_KEY
from runner.sending.key import VARIABLES, NoKeyError, find_key, given_key, key_name, read_private
from runner.sending.secret import Secret

_REMEDY: Final = "Write a line for each key: agency = THE-KEY"
_WAYS: Final = (
    f"Put it into the environment variable {VARIABLES[0]}, further ones into {VARIABLES[0]}_NAME; "
    "or write a line NAME = KEY for each into a file that nobody else may read: --keys FILE."
)


def find_keys(file: Path | None, folder: Path) -> dict[str, Secret]:
    """Return the keys of a file with a line `name = key` for each; without a file, those of the
    environment, or else the one that a run in the folder would find.

    Raises UsageError where there is none, and for a file that others may read or that holds
    anything else.
    """
    if file is not None:
        return _from_file(file)
    try:
        return _from_environment(os.environ) or {DEFAULT_KEY: find_key(None, folder).secret}
    except NoKeyError as error:
        raise UsageError(error.what, remedy=_WAYS) from None


def _from_file(file: Path) -> dict[str, Secret]:
    text = read_private(file)
    if text is None:
        raise UsageError(f"There is no file {file}.", remedy="Check the spelling of --keys.")
    found: dict[str, Secret] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            found |= _entry(line, found)
        except UsageError as error:
            where = f"{file}, line {number}"
            raise UsageError(error.what, where=where, remedy=_REMEDY) from None
    if not found:
        raise UsageError(f"{file} holds no key.", remedy=_REMEDY)
    return found


def _entry(line: str, others: Container[str]) -> dict[str, Secret]:
    """Read a line. Raises UsageError."""
    name, separator, value = line.partition("=")
    if not separator:
        raise UsageError("A line has no = between a name and a key.")
    name = key_name(name.strip())
    if name in others:
        raise UsageError(f"There are two keys called {name}.")
    return {name: given_key(value)}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Secret]:
    found = {}
    for variable, value in environment.items():
        for prefix in VARIABLES:
            if not value.strip() or not variable.startswith(prefix):
                continue
            rest = variable.removeprefix(prefix)
            if rest == "":
                found[DEFAULT_KEY] = given_key(value)
            elif rest.startswith("_"):
                name = key_name(rest[1:].lower().replace("_", "-"))
                found[name] = given_key(value)
    return found
