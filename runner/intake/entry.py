"""A row after its check: its message, or every problem that keeps it from being sent, by cell.

Problems are data: a row with a problem is handed on as invalid. It is never dropped, and it never
stops the other rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from runner.intake.code import REMEDIES, Code
from runner.intake.column import Column
from runner.intake.firm import Firms
from runner.intake.recipient import Recipient
from runner.intake.sheet import Row

if TYPE_CHECKING:
    from runner.intake.template import MessageType

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem and its place.

    `code` is stable. An error keeps its row from being sent; an error without a row keeps the
    campaign from being sent.
    """

    code: Code
    text: str
    row: int | None = None
    column: Column | None = None
    severity: Severity = "error"
    remedy: str | None = None

    @property
    def cell(self) -> str:
        """`C7` or `row 7`; empty when the problem is the whole sheet's or the template's."""
        if self.row is None:
            return ""
        return f"{self.column.letter}{self.row}" if self.column else f"row {self.row}"

    @property
    def advice(self) -> str | None:
        """The remedy for the problem, when one is known."""
        return self.remedy or REMEDIES.get(self.code)

    def __str__(self) -> str:
        if self.column is not None and self.row is not None:
            return f"{self.cell} ({self.column.header.strip()}): {self.text}"
        return f"{self.cell}: {self.text}" if self.cell else self.text


def failing(problems: Iterable[Problem]) -> bool:
    """Tell whether any of these problems keeps its row from being sent."""
    return any(problem.severity == "error" for problem in problems)


class Message(NamedTuple):
    """The message of one delivery, and its recipient.

    `account` is the row's own choice, if it made one. The message does not go before `send_after`,
    which is on the clocks of the campaign's zone where it names no other. `variant` is the name of
    its wording, where there are several.
    """

    recipient: Recipient
    text: str
    message_type: MessageType = "normal"
    subject: str | None = None
    conversation_urn: str | None = None
    account: str | None = None
    send_after: datetime | None = None
    variant: str | None = None


class Entry(NamedTuple):
    """A row after its check: it has a message, is skipped on purpose, or is invalid.

    `skipped` is the reason for a skipped row. Error problems make a row invalid. `recipient` is
    known whenever the row names one, also when the row is invalid. `earlier` is the row's status in
    a results sheet that is used as input, and `earlier_at` when it was sent. `firms` tells the
    companies that it names. `later` are the messages that follow, each with the number of its step,
    from 2 on.
    """

    row: Row
    recipient: Recipient | None
    message: Message | None
    problems: Sequence[Problem] = ()
    skipped: str = ""
    earlier: str = ""
    firms: Firms | None = None
    earlier_at: datetime | None = None
    later: tuple[tuple[int, Message], ...] = ()

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def reason(self) -> str:
        return self.skipped or "; ".join(str(problem) for problem in self.errors)
