"""The API key: the places where it is looked for, in their order.

No other user of this computer may be able to read it there. A place that holds something that is
not a key is an error. It is never passed over for the next place: the wrong key would be worse.
"""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from platformdirs import user_config_path

from runner import words
from runner.errors import StorageError, UsageError
from runner.ledger.setting import DEFAULT_KEY
from runner.sending.secret import Secret
from runner.system.file import FileError, MissingError, read_whole, replaced

VARIABLES: Final = ("CONNECTSAFELY_API_KEY", "CONNECTSAFELY_API_TOKEN")
# A name is part of a variable's, of a queue's and of what people read; a key is longer than that.
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,23}")
SERVICE: Final = "campaign-runner"
USERNAME: Final = "api-key"
# A keyring may ask a person to unlock it. It may also wait for a desktop, which a scheduled run
# does not have.
KEYRING_SECONDS: Final = 20.0
_LONGEST_FILE: Final = 65_536
# Keys stand like this in a shell's file and in .env. The reader of .env takes these marks away.
_LINE: Final = re.compile(r"(export\s|[A-Z_]+\s*=\s*[^\s=]|[\"'`])")
_COPY: Final = "Copy the key from the vendor's dashboard again."


@dataclass(frozen=True, slots=True)
class Key:
    """The key and its source: `origin` in words, `path` when the source is a file."""

    secret: Secret
    origin: str
    path: Path | None = None


def default_key_file() -> Path:
    """Return the key file that is read when no file is named and the environment has no key."""
    return user_config_path("campaign-runner", appauthor=False) / "key"


def key_name(text: str) -> str:
    """Check the name of a key. Raises UsageError, which repeats nothing: it may be the key."""
    if not _NAME.fullmatch(text):
        raise UsageError(
            "The name of a key has at most 24 small letters, digits and hyphens.",
            remedy="Choose a short one, such as agency. The key itself stands elsewhere: "
            "--key-file, or the environment.",
        )
    return text


def variables_of(name: str) -> tuple[str, ...]:
    """The variables that the key of a name is looked for in."""
    if name == DEFAULT_KEY:
        return VARIABLES
    return tuple(f"{one}_{name.upper().replace('-', '_')}" for one in VARIABLES)


class NoKeyError(UsageError):
    """No place has a key."""


def find_key(
    named: Path | None, folder: Path, *, name: str | None = None, environment: bool = True
) -> Key:
    """Find the key of a name in the first place that has one.

    A `named` key file is the only place. Otherwise the places are, in this order: the environment,
    unless a run without this environment is meant; `.env` in the list's folder; and for the key
    that has no name of its own the default key file, and the keyring.

    Raises UsageError when no place has a key, or when the content of a place cannot be read, is
    readable by others or is not a key.
    """
    if named is not None:
        found = _from_file(named)
        if found is None:
            raise UsageError(
                f"There is no key file {named}.", remedy="Check the spelling of --key-file."
            )
        return found
    name = name or DEFAULT_KEY
    found = _from_environment(variables_of(name)) if environment else None
    found = found or _from_dotenv(folder / ".env", variables_of(name))
    if name == DEFAULT_KEY:
        found = found or _from_file(default_key_file()) or _from_keyring()
    elif found is None:
        raise UsageError(
            f"There is no API key called {name}.",
            remedy=f"Put it into the environment variable {variables_of(name)[0]}, or into a file "
            "that --key-file names.",
        )
    if found is None:
        raise NoKeyError("There is no API key.", remedy=ways())
    return found


def ways() -> str:
    """Describe the places where a key can be put, for a person who has no key in any of them."""
    return (
        "Put the key of the vendor's dashboard into one of these:\n"
        f"         the environment variable {VARIABLES[0]},\n"
        f"         the file {default_key_file()} (the key alone, readable by you only),\n"
        "         a file of your choice, named by --key-file (or CAMPAIGN_KEY_FILE, or key_file "
        "in a campaign file),\n"
        f"         a file .env beside the list, with the line {VARIABLES[0]}=...,\n"
        "         the keyring: pip install keyring, then: keyring set "
        f"{SERVICE} {USERNAME}\n"
        "         To try without a key: campaign rehearse."
    )


def _from_environment(variables: Iterable[str]) -> Key | None:
    for variable in variables:
        if value := os.environ.get(variable, "").strip():
            return Key(_secret(value, variable), f"the environment variable {variable}")
    return None


def _from_dotenv(path: Path, variables: Iterable[str]) -> Key | None:
    read = None if path.is_dir() else _read(path)  # some keep a virtual environment there
    if read is None:
        return None
    text, mode = read
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    for variable in variables:
        if value := (values.get(variable) or "").strip():
            _refuse_readable(path, mode)  # a .env without the key is not our business
            return Key(_secret(value, f"{variable} in {path}"), f"the file {path}", path)
    return None


def _from_file(path: Path) -> Key | None:
    path = path.expanduser()
    text = read_private(path)
    if text is None:
        return None
    return Key(_secret(text.strip(), f"The key file {path}"), f"the key file {path}", path)


def read_private(path: Path) -> str | None:
    """Read a small text file that nobody else may read; None when there is none. Raises
    UsageError."""
    path = path.expanduser()
    read = _read(path)
    if read is None:
        return None
    text, mode = read
    _refuse_readable(path, mode)
    return text


def _read(path: Path) -> tuple[str, int] | None:
    """Read a small text file and its mode, both from the same opening.

    None when there is no file. Raises UsageError.
    """
    try:
        content, mode = read_whole(path, _LONGEST_FILE)
    except MissingError:
        return None
    except FileError as error:
        raise UsageError(
            f"{path} is no file with a key: {error}.",
            remedy="Name a text file with the key on its only line; check who may read it.",
        ) from None
    try:
        return content.decode("utf-8-sig"), mode
    except UnicodeDecodeError:
        raise UsageError(
            f"{path} is not UTF-8 text.", remedy="Save it as plain text, in UTF-8."
        ) from None


def _refuse_readable(path: Path, mode: int) -> None:
    if os.name == "posix" and mode & 0o077:
        raise UsageError(
            (
                f"{path} holds the API key, and other users of this computer may read or change it "
                f"(mode {mode:04o})."
            ),
            remedy=f"chmod 600 {words.argument(path)}",
        )


def _from_keyring() -> Key | None:
    """Return the key that the system's keyring has under our name.

    None when the optional library is not there, or when it has no such key. It waits at most
    KEYRING_SECONDS. Raises UsageError.
    """
    value: list[str | None] = []
    trouble: list[str] = []

    def ask() -> None:
        try:
            import keyring
            from keyring.errors import NoKeyringError
        except ImportError:
            value.append(None)
            return
        try:
            value.append(keyring.get_password(SERVICE, USERNAME))
        except NoKeyringError:
            value.append(None)
        except Exception as error:  # noqa: BLE001 - each system's backend fails in its own way
            trouble.append(type(error).__name__)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(KEYRING_SECONDS)
    if not value:
        reason = trouble[0] if trouble else f"no answer within {KEYRING_SECONDS:.0f} seconds"
        raise UsageError(
            f"The system's keyring could not be read ({reason}).",
            remedy=(
                "Unlock it; or, for runs without a desktop, put the key alone into "
                f"{default_key_file()} (mode 0600)."
            ),
        )
    return (
        Key(_secret(value[0].strip(), "The keyring"), "the system's keyring") if value[0] else None
    )


def given_key(value: str) -> Secret:
    """The key that a person has typed. Raises UsageError for what is none."""
    return _secret(value.strip(), "What was given")


def store_key(value: str) -> Path:
    """Put a key into the default key file, readable by this user only; return the file.

    Raises UsageError for what is no key, StorageError.
    """
    given_key(value)
    path = default_key_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replaced(path) as file:
            file.write(value.strip().encode() + b"\n")
    except OSError as error:
        raise StorageError(
            f"The key cannot be written ({error.strerror}).", where=str(path), remedy=ways()
        ) from None
    return path


def _secret(value: str, place: str) -> Secret:
    if _LINE.match(value):
        raise UsageError(
            f"{place} holds more than the key: a name before it, or quotes.",
            remedy="Put the key there alone.",
        )
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise UsageError(f"{place} holds no API key.", remedy=_COPY)
    return Secret(value)
