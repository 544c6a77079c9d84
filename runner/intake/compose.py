"""The message of a row: composed from template and cells, and checked for embarrassments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from runner.errors import RefusedError
from runner.intake.blank import Blank, RenderError
from runner.intake.cell import bare
from runner.intake.code import Code
from runner.intake.column import RECIPIENT_ROLES, ROLES, Column, Layout
from runner.intake.conversation import conversation_owner, parse_conversation
from runner.intake.display import Shown
from runner.intake.entry import Message, Problem
from runner.intake.limit import LONG_MESSAGE, over_limits
from runner.intake.moment import Order, readings
from runner.intake.proofread import Proofreader
from runner.intake.recipient import (
    EXPONENT,
    SHORTENED,
    Recipient,
    RecipientError,
    short,
)
from runner.intake.review import Review
from runner.intake.sandbox import doubted
from runner.intake.sheet import Row
from runner.intake.template import MessageTemplate, MessageType, message_type_of
from runner.intake.text import CellText

_LONGEST_ACCOUNT: Final = 200
# A NamedTuple's own constructor costs twice as much, and this is done for every row.
_new = tuple.__new__


class Composer:
    """Composes one message after the other; what they have in common is known beforehand."""

    def __init__(
        self,
        layout: Layout,
        template: MessageTemplate | None,
        review: Review,
        text: CellText,
        accounts: Sequence[str],
        order: Order | None,
    ) -> None:
        self._template = template
        self._review = review
        self._text = text
        self._account = accounts[0] if len(accounts) == 1 else ""
        self._several = len(accounts) > 1
        self._order = order
        self._conversation, self._account_id, self._subject, self._message_type, *last = (
            layout.column(role) for role in ROLES if role not in RECIPIENT_ROLES
        )
        self._message, self._send_after = last
        # The variables of the template, each with its column; and these columns by index.
        self._names: list[tuple[str, int, Blank]] = []
        self.read: dict[int, Column] = {}
        for name in template.names if template else ():
            column = layout.variables[name]
            blank = Blank(name=column.header.strip() or column.letter)
            self._names.append((name, column.index, blank))
            self.read[column.index] = column
        names = [(name, self.read[index]) for name, index, _ in self._names]
        self._proof = Proofreader(layout, template, review, names)

    @property
    def identifiers(self) -> list[Column]:
        """The columns that name conversations and accounts."""
        return [column for column in (self._conversation, self._account_id) if column]

    @property
    def variant(self) -> str | None:
        """The name of the template's variant."""
        return self._template.name if self._template else None

    def compose(self, row: Row, recipient: Recipient, problems: list[Problem]) -> Message | None:
        """Return the message of a row, or None and what is wrong, among `problems`."""
        number, template = row.number, self._template
        text, is_marked = self._own_text(row, problems)
        own = self._message if text else None
        subject = self._text.read(row, self._subject, problems) if self._subject else ""
        account = conversation = send_after = None
        message_type: MessageType = template.message_type if template else "normal"
        # Most lists have no such columns, and this is done for every row.
        if self._account_id:
            account = self._sender(row, self._account_id, problems)
        if self._message_type:
            message_type = self._kind(row, self._message_type, message_type, problems)
        if self._conversation:
            conversation = self._continued(row, self._conversation, account, recipient, problems)
        if self._send_after:
            send_after = self._earliest(row, self._send_after, problems)
        if template and not (text and (subject or not template.subject)):
            text, subject = self._rendered(row, template, text, subject, problems)
        if not text:
            if not problems:
                empty = Problem("message-empty", "the message is empty", number, self._message)
                problems.append(empty)
            return None
        if own:
            problems += self._proof.own(row, text, own, is_marked=is_marked)
        self._measure(row, text, subject, message_type, self._subject, problems)
        said = (recipient, text, message_type, subject or None, conversation, account, send_after)
        return _new(Message, (*said, None))

    def follow(self, row: Row, first: Message, problems: list[Problem]) -> Message | None:
        """Return the template's message that follows the row's first one, in its conversation and
        from its sender. The row's own text, subject and date are those of the first one."""
        template = self._template
        assert template is not None  # noqa: S101 - a step that follows has a template
        text, subject = self._rendered(row, template, "", "", problems)
        if not text:
            if not problems:
                problems.append(Problem("message-empty", "the message is empty", row.number))
            return None
        message_type = first.message_type if self._message_type else template.message_type
        self._measure(row, text, subject, message_type, None, problems)
        return first._replace(
            text=text, subject=subject or None, message_type=message_type, send_after=None
        )

    def _measure(
        self,
        row: Row,
        text: str,
        subject: str,
        message_type: MessageType,
        column: Column | None,
        problems: list[Problem],
    ) -> None:
        """Read the subject, measure text and subject, and note the text."""
        if subject:
            problems += self._proof.subject(row, subject, column)
        if subject or len(text) >= LONG_MESSAGE or message_type == "inmail":
            problems += over_limits(row.number, text, subject, message_type, column)
        self._review.text(row.number, text)

    def _own_text(self, row: Row, problems: list[Problem]) -> tuple[str, bool]:
        """The row's own text, and whether it may hold anything to look closer at."""
        if self._message is None:
            return "", True
        found = bare(row.cells[self._message.index])
        if found is not None:
            return found, False
        return self._text.read(row, self._message, problems), True

    def _sender(self, row: Row, column: Column, problems: list[Problem]) -> str | None:
        account = self._text.read(row, column, problems)
        if EXPONENT.fullmatch(account):
            said = f"{account} {SHORTENED}"
            problems.append(Problem("rounded-number", said, row.number, column))
        elif len(account) > _LONGEST_ACCOUNT:
            said = f"{short(account)} has {len(account):,} characters, so it is no account ID"
            problems.append(Problem("account-id", said, row.number, column))
        return account or None

    def _earliest(self, row: Row, column: Column, problems: list[Problem]) -> datetime | None:
        """The time before which the message does not go."""
        written = self._text.read(row, column, problems)
        if not written:
            return None
        meant = sorted(set(readings(written, self._order)), key=str)
        if len(meant) == 1:
            return meant[0]
        code: Code = "date-ambiguous" if meant else "date-unread"
        said = f"{written[:40]!r} is no date or time such as 2026-11-23 or 2026-11-23 09:30"
        if meant:
            said = f"{written[:40]!r} may be {' or '.join(f'{at:%Y-%m-%d}' for at in meant)}"
        problems.append(Problem(code, said, row.number, column))
        return None

    def _kind(
        self, row: Row, column: Column, usual: MessageType, problems: list[Problem]
    ) -> MessageType:
        written = self._text.read(row, column, problems)
        if not written:
            return usual
        try:
            return message_type_of(written, "")
        except RefusedError as error:
            said = f"{error.what} {error.remedy}"
            problems.append(Problem("message-type", said, row.number, column))
            return usual

    def _continued(
        self,
        row: Row,
        column: Column,
        account: str | None,
        recipient: Recipient,
        problems: list[Problem],
    ) -> str | None:
        """The conversation to continue, which belongs to one account: the one that sends."""
        written = self._text.read(row, column, problems)
        if not written:
            return None
        number = row.number
        try:
            conversation = parse_conversation(written)
        except RecipientError as error:
            problems.append(Problem(error.code, str(error), number, column))
            return None
        said = ""
        if recipient.urn and recipient.urn.endswith(f":{conversation_owner(conversation)}"):
            said = (
                "the conversation is one of the recipient's own account, and so not one with them"
            )
        elif self._several and not account:
            said = (
                "several accounts share this list, and a conversation belongs to one: name it in "
                "the column accountId"
            )
        else:
            self._review.conversation(number, conversation, account or self._account)
        if said:
            problems.append(Problem("conversation-account", said, number, column))
        return conversation

    # --- the template

    def _rendered(
        self, row: Row, template: MessageTemplate, own: str, subject: str, problems: list[Problem]
    ) -> tuple[str, str]:
        """The row's own text and subject, or the template's; both empty when that fails."""
        said = {}
        for index, column in self.read.items():
            said[index] = self._text.read(row, column, problems)
        for shown in row.shown:
            if shown.column in said:
                raw = said[shown.column]
                text = raw if shown.text is None else shown.text
                said[shown.column] = Shown(text, raw, is_sure=shown.is_sure)
        values: dict[str, object] = {
            name: said[index] or blank for name, index, blank in self._names
        }
        values["row"] = values
        try:
            text = own or template.body.render(values).strip()
            if not subject and template.subject:
                subject = " ".join(template.subject.render(values).split())
        except RenderError as error:
            self._fail(row, error, problems)
            return "", ""
        problems += self._doubts(row, said)
        proof = self._proof
        if not own and not self._has_failed(problems):
            problems += proof.rendered(row, text, said, values)
        problems += proof.values(row, text, said)
        problems += proof.foreign(row, "" if own else text, said)
        return text, subject

    def _doubts(self, row: Row, said: Mapping[int, str]) -> Iterator[Problem]:
        """Tell of printed values that the sheet may show otherwise than the message."""
        printed = doubted()
        for shown in row.shown if printed else ():
            value = said.get(shown.column)
            if value is None or shown.is_sure or str(value) not in printed:
                continue
            text = f"the message says {str(value)!r}; how the sheet shows it is not known for sure"
            column = self.read[shown.column]
            yield Problem("value-shown", text, row.number, column, "warning")

    def _has_failed(self, problems: Sequence[Problem]) -> bool:
        """Tell whether a value of the template is wrong already."""
        read = self.read.values()
        return any(problem.severity == "error" and problem.column in read for problem in problems)

    def _fail(self, row: Row, error: RenderError, problems: list[Problem]) -> None:
        """Note that the template fails on a row, unless a fault has told of that cell already."""
        failure = Problem("template-row", str(error), row.number)
        for column in self.read.values():
            if error.column and column.header.strip() == error.column:
                sentence = "blank, but the template uses it without a default"
                failure = Problem("blank-value", sentence, row.number, column)
                break
        told = {fault.column for fault in row.faults}
        if failure.column is None or failure.column.index not in told:
            problems.append(failure)
