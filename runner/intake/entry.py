"""A row after its check: the message it sends, or every problem that keeps it from being sent, by
cell.

Problems are data: a row with one is handed on as invalid, never dropped and never a reason to stop
the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from runner.intake.code import REMEDIES, Code
from runner.intake.column import Column
from runner.intake.recipient import Recipient
from runner.intake.sheet import Row
from runner.intake.template import MessageType

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and where. `code` is stable; an error keeps its row (or, without a row, the
    campaign) from being sent."""

    code: Code
    text: str
    row: int | None = None
    column: Column | None = None
    severity: Severity = "error"
    remedy: str | None = None

    @property
    def cell(self) -> str:
        """`C7`, `row 7`, or nothing when the problem is the whole sheet's or the template's."""
        if self.row is None:
            return ""
        return f"{self.column.letter}{self.row}" if self.column else f"row {self.row}"

    @property
    def advice(self) -> str | None:
        """What to do about it, where that is known."""
        return self.remedy or REMEDIES.get(self.code)

    def __str__(self) -> str:
        if self.column is not None and self.row is not None:
            return f"{self.cell} ({self.column.header.strip()}): {self.text}"
        return f"{self.cell}: {self.text}" if self.cell else self.text


def failing(problems: Iterable[Problem]) -> bool:
    """Whether any of these problems keeps its row from being sent."""
    return any(problem.severity == "error" for problem in problems)


class Message(NamedTuple):
    """What one delivery sends, and to whom. `account` is the row's own choice, if it made one."""

    recipient: Recipient
    text: str
    message_type: MessageType = "normal"
    subject: str | None = None
    conversation_urn: str | None = None
    account: str | None = None


class Entry(NamedTuple):
    """A row after its check: a message, or skipped on purpose for the reason `skipped`, or invalid
    for its error problems.

    `recipient` is known whenever the row names one, also when the row is invalid. `earlier` is the
    status that a results sheet used as input gives the row.
    """

    row: Row
    recipient: Recipient | None
    message: Message | None
    problems: Sequence[Problem] = ()
    skipped: str = ""
    earlier: str = ""

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def reason(self) -> str:
        return self.skipped or "; ".join(str(problem) for problem in self.errors)
