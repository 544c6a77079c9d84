"""Every problem of sheet and template, located, in one pass; and the message of each row that has none.

Problems are data: a row with one is handed on as invalid, never dropped and never a reason to stop the others. Only what makes
every row doubtful (no recipient column, a variable that no column provides) stops a campaign before its first message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from runner.errors import RefusedError
from runner.intake.column import RECIPIENT_ROLES, ROLES, Layout, lay_out, nearest
from runner.intake.recipient import Recipient, RecipientError, merge, parse, parse_conversation
from runner.intake.sheet import ERROR_TEXT, Column, Row, Table, clean, unguard
from runner.intake.template import Blank, MessageTemplate, MessageType, RenderError, message_type_of

# LinkedIn's own limits; the endpoint documents none.
MAX_SUBJECT: Final = 200
MAX_INMAIL: Final = 1_900
MAX_MESSAGE: Final = 8_000
LONG_MESSAGE: Final = 3_000


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and where. `code` is stable; an error keeps its row (or, without a row, the campaign) from being sent."""

    code: str
    text: str
    row: int | None = None
    column: Column | None = None
    severity: Literal["error", "warning"] = "error"
    remedy: str | None = None

    @property
    def cell(self) -> str:
        """`C7`, `row 7`, or nothing when the problem is the whole sheet's or the template's."""
        if self.row is None:
            return ""
        return f"{self.column.letter}{self.row}" if self.column else f"row {self.row}"

    def __str__(self) -> str:
        if self.column is not None and self.row is not None:
            return f"{self.cell} ({self.column.header.strip()}): {self.text}"
        return f"{self.cell}: {self.text}" if self.cell else self.text


@dataclass(frozen=True, slots=True)
class Message:
    """What one delivery sends, and to whom. `account` is the row's own choice, if it made one."""

    recipient: Recipient
    text: str
    message_type: MessageType = "normal"
    subject: str | None = None
    conversation_urn: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row after its check: a message, or a duplicate of an earlier row, or invalid for its error problems.

    `recipient` is known whenever the row names one, also when the row is invalid. `earlier` is the status that a results sheet
    used as input gives the row.
    """

    row: Row
    recipient: Recipient | None
    message: Message | None
    problems: tuple[Problem, ...] = ()
    duplicate_of: int | None = None
    earlier: str = ""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def reason(self) -> str:
        if self.duplicate_of is not None:
            return f"same person as row {self.duplicate_of}"
        return "; ".join(str(problem) for problem in self.errors)


@dataclass(frozen=True, slots=True)
class Check:
    """A sheet's layout, what stops the campaign as a whole, and the entries, which can be walked once."""

    table: Table
    layout: Layout
    blocking: tuple[Problem, ...]
    entries: Iterator[Entry]

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers to hand back: the input's, without those of an earlier results sheet."""
        return tuple(unguard(column.header) if self.layout.is_results else column.header for column in self.layout.inputs)


def check(table: Table, template: MessageTemplate | None, mapping: Mapping[str, str] | None = None) -> Check:
    """Check a table against a template; without one, the sheet needs a `message` column.

    Raises RefusedError only for a `mapping` (role → header) that does not fit; all else is in the answer.
    """
    try:
        layout = lay_out(table.columns, mapping)
    except KeyError as error:
        header = str(error.args[0])
        guess = nearest(header, [column.header for column in table.columns])
        raise RefusedError(
            f"The sheet has no column {header!r}.",
            where=f"{table.place}, row {table.header_row}",
            remedy=f"Did you mean {guess!r}?" if guess else "Correct the [columns] of the campaign file.",
        ) from None
    blocking = (*_sheet_problems(table, layout), *_template_problems(layout, template))
    usable = not any(problem.code in ("template-variable", "no-template") for problem in blocking)
    return Check(table, layout, blocking, _entries(table, layout, template, render=usable))


def _sheet_problems(table: Table, layout: Layout) -> Iterator[Problem]:
    if any(role in layout.roles for role in RECIPIENT_ROLES):
        return
    headers = [column.header.strip() for column in layout.inputs if column.header.strip()]
    guess = next((match for role in RECIPIENT_ROLES if (match := nearest(role, headers))), None)
    remedy = "Name the column that holds the profile IDs, links or URNs recipientProfileId."
    if guess:
        remedy = f"Did you mean {guess!r}? Rename it recipientProfileId (or recipientProfileUrn)."
    shown = ", ".join(headers[:12]) + (" …" if len(headers) > 12 else "")
    yield Problem(
        "no-recipient-column",
        f"{table.place}, row {table.header_row}: no column says whom to write to; the columns are: {shown}",
        remedy=remedy,
    )


def _template_problems(layout: Layout, template: MessageTemplate | None) -> Iterator[Problem]:
    if template is None:
        if "message" not in layout.roles:
            yield Problem(
                "no-template",
                "there is no template and the sheet has no message column, so there is nothing to say",
                remedy="Give the text with -t TEMPLATE, or each row its own in a column named message.",
            )
        return
    for name, line in template.names.items():
        where = f"{template.path.name}, line {line}: "
        if name in layout.ambiguous:
            yield Problem(
                "template-variable",
                f"{where}two columns of the sheet are called {name!r}, so the template cannot tell which it means",
                remedy="Rename one of them in the sheet.",
            )
        elif name not in layout.variables:
            headers = sorted({column.header.strip() for column in layout.inputs if column.header.strip()})
            # Of a column's names the one of the same style is meant: {{ first_name }}, or row["First Name"].
            guess = nearest(name, sorted(layout.variables, key=lambda known: known.isidentifier() == name.isidentifier()))
            column = layout.variables[guess].header.strip() if guess else None
            written = guess if guess and guess.isidentifier() else f'row["{guess}"]'
            yield Problem(
                "template-variable",
                f"{where}no column provides {name!r}",
                remedy=f"Did you mean {{{{ {written} }}}} (column {column!r})?"
                if guess
                else f"The columns are: {', '.join(headers)}.",
            )


def _entries(table: Table, layout: Layout, template: MessageTemplate | None, *, render: bool) -> Iterator[Entry]:
    names = [(name, layout.variables[name]) for name in template.names] if template and render else []
    used = {column.index: column for columns in layout.roles.values() for column in columns}
    used |= {column.index: column for _, column in names}
    seen: dict[str, int] = {}
    guarded = layout.is_results and table.sheet is None
    for row in table.rows:
        if guarded:
            row = Row(row.number, tuple(map(unguard, row.cells)), row.faults)
        problems: list[Problem] = []
        recipient = _recipient(row, layout, problems)
        if recipient is not None:
            first = next((seen[key] for key in recipient.keys if key in seen), None)
            if first is not None:
                for key in recipient.keys:
                    seen.setdefault(key, first)
                yield Entry(row, recipient, None, duplicate_of=first)
                continue
            seen.update(dict.fromkeys(recipient.keys, row.number))
        _faults(row, used, problems)
        message = None
        if recipient is not None and render:
            message = _message(row, layout, template, recipient, names, problems)
        if any(problem.severity == "error" for problem in problems):
            message = None
        earlier = _value(row, layout.earlier_status)
        yield Entry(row, recipient, message, tuple(problems), earlier=earlier)


def _value(row: Row, column: Column | None) -> str:
    return clean(row.cells[column.index]) if column else ""


def _recipient(row: Row, layout: Layout, problems: list[Problem]) -> Recipient | None:
    columns = [column for role in RECIPIENT_ROLES for column in layout.roles.get(role, ())]
    found: list[Recipient] = []
    for column in columns:
        if text := _value(row, column):
            try:
                found.append(parse(text))
            except RecipientError as error:
                problems.append(Problem(error.code, str(error), row.number, column))
    if problems:
        return None
    if not found:
        if columns:
            problems.append(Problem("recipient-missing", "no recipient", row.number, columns[0]))
        return None
    try:
        return merge(found)
    except RecipientError as error:
        problems.append(Problem(error.code, str(error), row.number, columns[0]))
        return None


def _faults(row: Row, used: Mapping[int, Column], problems: list[Problem]) -> None:
    """What could not be read exactly counts where the cell is used; a fault of the whole row always counts."""
    told = {fault.column for fault in row.faults}
    for index, column in used.items():
        if row.cells[index][:1] in ("#", "E") and index not in told and ERROR_TEXT.fullmatch(clean(row.cells[index])):
            problems.append(Problem("cell-error", f"the cell shows the error {clean(row.cells[index])}", row.number, column))
    for fault in row.faults:
        if fault.column is None:
            problems.append(Problem("ragged-row", fault.text, row.number))
        elif fault.column in used:
            problems.append(Problem("cell-error", fault.text, row.number, used[fault.column]))


def _message(
    row: Row,
    layout: Layout,
    template: MessageTemplate | None,
    recipient: Recipient,
    names: list[tuple[str, Column]],
    problems: list[Problem],
) -> Message | None:
    columns = {role: layout.column(role) for role in ROLES}
    own_text, own_subject = _value(row, columns["message"]), _value(row, columns["subject"])
    message_type: MessageType = template.message_type if template else "normal"
    if own_type := _value(row, columns["messageType"]):
        try:
            message_type = message_type_of(own_type, "")
        except RefusedError as error:
            problems.append(Problem("message-type", f"{error.what} {error.remedy}", row.number, columns["messageType"]))
    conversation = _value(row, columns["conversationUrn"]) or None
    if conversation:
        try:
            conversation = parse_conversation(conversation)
        except RecipientError as error:
            problems.append(Problem(error.code, str(error), row.number, columns["conversationUrn"]))
    values: dict[str, object] = {
        name: _value(row, column) or Blank(name=column.header.strip() or column.letter) for name, column in names
    }
    values["row"] = dict(values)
    text, subject = own_text, own_subject
    try:
        if not text and template:
            text = template.body.render(values).replace("\r\n", "\n").strip()
        if not subject and template and template.subject:
            subject = " ".join(template.subject.render(values).split())
    except RenderError as error:
        blank = next((column for _, column in names if column.header.strip() == error.column), None) if error.column else None
        if blank:
            text_ = "blank, but the template uses it without a default"
            problems.append(Problem("blank-value", text_, row.number, blank))
        else:
            problems.append(Problem("template-row", str(error), row.number))
        return None
    if not text:
        problems.append(Problem("message-empty", "the message is empty", row.number, columns["message"]))
        return None
    problems.extend(_limits(row, text, subject, message_type, columns))
    return Message(recipient, text, message_type, subject or None, conversation, _value(row, columns["accountId"]) or None)


def _limits(
    row: Row, text: str, subject: str, message_type: MessageType, columns: Mapping[str, Column | None]
) -> Iterator[Problem]:
    if message_type == "inmail":
        if not subject:
            yield Problem("inmail-subject", "an InMail needs a subject", row.number, columns["subject"])
        if len(text) > MAX_INMAIL:
            over = f"the InMail has {len(text):,} characters; LinkedIn takes {MAX_INMAIL:,}"
            yield Problem("message-long", over, row.number)
    elif len(text) > MAX_MESSAGE:
        yield Problem("message-long", f"the message has {len(text):,} characters; LinkedIn takes {MAX_MESSAGE:,}", row.number)
    elif len(text) >= LONG_MESSAGE:
        yield Problem(
            "message-lengthy",
            f"the message has {len(text):,} characters; few people read that",
            row.number,
            severity="warning",
        )
    if len(subject) > MAX_SUBJECT:
        yield Problem(
            "subject-long",
            f"the subject has {len(subject):,} characters; LinkedIn takes {MAX_SUBJECT}",
            row.number,
            columns["subject"],
        )
