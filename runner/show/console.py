"""The console: the only module that prints and asks. What it prints is worded by its neighbours.

Results go to stdout, as text or as one JSON object; all else goes to stderr. Whatever was said
outside (names of sheets, accounts, errors) cannot steer the terminal.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TextIO

from runner import words
from runner.errors import CampaignError, InterruptedRunError, UsageError
from runner.show.answer import failure

_WIDEST: Final = 48


class Console:
    """Speaks for one command; with `as_json`, stdout carries just one JSON object, at the end."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def say(self, text: str = "") -> None:
        """A line of the answer, on stdout; nothing with `as_json`."""
        if not self.as_json:
            _print(text, sys.stdout)

    def tell(self, text: str) -> None:
        """A line beside the answer, on stderr."""
        _print(text, sys.stderr)

    def answer(self, answer: Mapping[str, Any]) -> None:
        """The JSON object; nothing without `as_json`."""
        if self.as_json:
            print(json.dumps(answer))  # noqa: T201

    @property
    def can_ask(self) -> bool:
        """Tell whether a person is at the terminal."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def ask(self, question: str, otherwise: str) -> bool:
        """Ask a person at the terminal; only a clear yes counts.

        Raises UsageError, which says what happens `otherwise`, where there is no terminal.
        """
        if not self.can_ask:
            raise UsageError(
                "There is no terminal to ask for a yes.", remedy=f"Add --yes; {otherwise}."
            )
        asked = f"{words.visible(question)} [y/N] "
        print(asked, end="", file=sys.stderr, flush=True)  # noqa: T201
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def read(self, question: str) -> str:
        """A person's answer at the terminal. Raises InterruptedRunError at its end."""
        print(words.visible(question), end="", file=sys.stderr, flush=True)  # noqa: T201
        answer = sys.stdin.readline()
        if not answer:
            raise InterruptedRunError("Nothing was sent.", remedy="Begin again when you like.")
        return answer.rstrip("\n")

    def read_hidden(self, question: str) -> str:
        """A person's answer that the terminal does not show."""
        return getpass.getpass(words.visible(question), stream=sys.stderr).strip()

    def agreement(self, question: str, *, yes: bool) -> Callable[[Sequence[str]], bool]:
        """Return a function that says what is about to be done, then asks, unless the answer was
        given already."""

        def agree(steps: Sequence[str]) -> bool:
            for step in steps:
                self.tell(step)
            return yes or self.ask(question, otherwise="nothing is changed")

        return agree

    def error(self, error: CampaignError) -> None:
        """An error as what, where and what to do next."""
        self.tell(error.what if isinstance(error, InterruptedRunError) else f"Error: {error.what}")
        if error.where:
            self.tell(f"  Where: {error.where}")
        if error.remedy:
            self.tell(f"  Next:  {error.remedy}")
        self.answer(failure(error))

    def table(self, headers: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
        """A small table of text, columns aligned."""
        if not self.as_json and is_coloured(sys.stdout):
            from runner.show.colour import say_table

            seen = [[words.visible(cell) for cell in line] for line in lines]
            say_table(headers, seen, sys.stdout)
            return
        rows = [headers, *lines]
        widths = [
            min(_WIDEST, max(len(row[index]) for row in rows)) for index in range(len(headers))
        ]
        for row in rows:
            cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
            self.say("  ".join(cells).rstrip())


def is_coloured(stream: TextIO) -> bool:
    """Tell whether a person looks at a stream who has not said that there be no colour."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _print(text: str, stream: TextIO) -> None:
    """Print a line, with colour where a person looks."""
    shown = words.visible(text)
    if is_coloured(stream):
        from runner.show.colour import say  # it takes time that nobody else has to wait for

        say(shown, stream)
    else:
        print(shown, file=stream)
