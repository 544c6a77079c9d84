"""The script of a row: the messages of all its steps, the first one and those that follow it.

Every message is composed and checked before the first one goes. A row with a mistake in any of them
gets none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runner.intake.column import Column, Layout
from runner.intake.compose import Composer
from runner.intake.condition import Condition
from runner.intake.entry import Message, Problem
from runner.intake.moment import Order
from runner.intake.recipient import Recipient
from runner.intake.review import Review
from runner.intake.sheet import Row
from runner.intake.step import Step
from runner.intake.text import CellText


class Script:
    """Composes the messages of one row after the other. `conditions` are those of each step that
    say which rows it is for."""

    def __init__(
        self,
        layout: Layout,
        steps: Sequence[Step],
        conditions: Sequence[Sequence[Condition]],
        review: Review,
        text: CellText,
        accounts: Sequence[str],
        order: Order | None,
    ) -> None:
        self._steps = steps
        self._conditions = conditions
        self._composers = [
            [
                Composer(layout, template, review, text, accounts, order)
                for template in step.templates or (None,)
            ]
            for step in steps
        ]
        self._first = self._composers[0][0] if len(self._composers[0]) == 1 else None
        self._has_variants = [step.has_variants for step in steps]

    @property
    def read(self) -> dict[int, Column]:
        """The columns that the templates read, by index."""
        every = [composer for step in self._composers for composer in step]
        return {index: column for one in every for index, column in one.read.items()}

    @property
    def identifiers(self) -> list[Column]:
        """The columns that name conversations and accounts."""
        return self._composers[0][0].identifiers

    def first(self, row: Row, person: Recipient, problems: list[Problem]) -> Message | None:
        """Return the first message of a row, or None and what is wrong, among `problems`."""
        composer = self._first or self._composers[0][self._steps[0].wording(person)]
        message = composer.compose(row, person, problems)
        if message is not None and self._has_variants[0]:
            message = message._replace(variant=composer.variant)
        return message

    def later(
        self, row: Row, first: Message, problems: list[Problem]
    ) -> tuple[tuple[int, Message], ...]:
        """Return the messages that follow the first one, each with the number of its step; what is
        wrong with them is added to `problems`."""
        if first.message_type == "inmail":
            return ()  # LinkedIn lets nobody write again before an answer
        found = []
        for index in range(1, len(self._steps)):
            if any(condition.unmet(row) for condition in self._conditions[index]):
                continue
            composer = self._composers[index][self._steps[index].wording(first.recipient)]
            wrong: list[Problem] = []
            message = composer.follow(row, first, wrong)
            for problem in wrong:
                if problem.column is None:
                    problem = replace(problem, text=f"step {index + 1}: {problem.text}")
                if problem not in problems:
                    problems.append(problem)
            if message is not None:
                variant = composer.variant if self._has_variants[index] else None
                found.append((index + 1, message._replace(variant=variant)))
        return tuple(found)
