"""Questions to a person at the terminal, each with a usual answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from runner import words
from runner.errors import CampaignError, InterruptedRunError
from runner.show.console import Console

T = TypeVar("T")
# A person who is asked so often without an answer that fits wants something else.
MOST_TRIES: Final = 5


@dataclass(slots=True)
class Asking:
    """Questions to a person at the terminal."""

    console: Console

    def line(self, question: str, usual: str = "") -> str:
        """Ask for a text; without one, it is the usual one."""
        shown = f" [{words.visible(usual)}]" if usual else ""
        return self.console.read(f"{question}{shown}: ").strip() or usual

    def fitting(self, question: str, read: Callable[[str], T]) -> T | None:
        """Ask for a text until it can be read; None for no text. Raises InterruptedRunError."""
        for _ in range(MOST_TRIES):
            if not (told := self.line(question)):
                return None
            try:
                return read(told)
            except CampaignError as error:
                self.console.error(error)
        raise no_answer()

    def yes(self, question: str, *, usual: bool = True) -> bool:
        """Ask for a yes or a no."""
        told = self.console.read(f"{question} [{'Y/n' if usual else 'y/N'}]: ").strip().lower()
        return told.startswith("y") if told else usual

    def choose(self, question: str, choices: Sequence[str], usual: int = 1) -> int:
        """Ask for one of several, by its number or as it is written, with the usual one's; return
        its index."""
        for number, choice in enumerate(choices, start=1):
            self.console.say(f"  {number}  {choice}")
        for _ in range(MOST_TRIES):
            told = self.line(question, str(usual))
            if told in choices:
                return choices.index(told)
            if told.isdecimal() and 1 <= int(told) <= len(choices):
                return int(told) - 1
            self.console.say(f"Give a number from 1 to {len(choices)}.")
        raise no_answer()

    def command(self, said: str) -> None:
        """Say which command does the same."""
        self.console.say(f"  = {said}")


def no_answer() -> InterruptedRunError:
    """What ends the questions when no answer fits."""
    return InterruptedRunError(
        "No answer fitted.", remedy="Nothing was sent. Begin again: campaign start"
    )
