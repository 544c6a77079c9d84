"""The target of a notification: a command or a webhook, parsed once."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from runner.errors import UsageError
from runner.sending.address import keeps_secrets

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, started without a shell."""

    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """The program alone: its arguments can hold a secret."""
        return Path(self.words[0]).name


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes a POST in confidence."""

    url: str

    @property
    def name(self) -> str:
        """The host alone: the address can hold a secret."""
        return urlsplit(self.url).hostname or ""


Target = Command | Webhook


def parse_target(text: str) -> Target:
    """Read a command or an `https://` address. Raises UsageError for anything else."""
    if _URL.match(text):
        scheme = urlsplit(text).scheme
        if scheme not in ("http", "https"):
            raise UsageError(
                f"An address that begins with {scheme}:// is no webhook.",
                remedy="Give the https:// address of the webhook (Slack and Teams show it where "
                "they make one), or a command.",
            )
        if not keeps_secrets(text):
            raise UsageError(
                "The notification would go out unencrypted.",
                remedy="Give an https:// address, or a command.",
            )
        return Webhook(text)
    words = _words(text)
    if not words:
        raise UsageError(
            "The notification names no command.", remedy="Give a command or an https:// address."
        )
    return Command(tuple(words))


def _words(command: str) -> list[str]:
    """Split a command into its words; on Windows a backslash is part of a path."""
    if os.name != "posix":
        return [word.strip('"') for word in shlex.split(command, posix=False)]
    try:
        return shlex.split(command)
    except ValueError as error:
        raise UsageError(
            f"The notification's command cannot be read ({error}).", remedy="Close every quote."
        ) from None
