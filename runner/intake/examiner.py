"""The check of one row after the other: its recipient, its message, and the problems of both.

Lists are long and most rows are plain. So the things that layout and template decide for all rows
are worked out once. For each rare thing (a link, a fault, an odd spelling), a quick look comes
first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from runner.errors import RefusedError
from runner.intake.cell import ERROR_TEXT, TELLING, bare, clean, unforced, unguard
from runner.intake.column import RECIPIENT_ROLES, ROLES, Column, Layout
from runner.intake.entry import Entry, Message, Problem, Severity, failing
from runner.intake.recipient import (
    CURE,
    EXPONENT,
    SHORTENED,
    Recipient,
    RecipientError,
    conversation_owner,
    merge,
    parse,
    parse_conversation,
    parse_plain,
)
from runner.intake.review import (
    Review,
    blemishes,
    gap,
    greeted,
    names_people,
    placeholder,
    suspicion,
)
from runner.intake.sheet import SHIFTED, Fault, Hidden, Row
from runner.intake.template import Blank, MessageTemplate, MessageType, RenderError, message_type_of

HIDDEN: Final = "hidden in the sheet"
# LinkedIn's own limits; the endpoint documents no limits.
MAX_SUBJECT: Final = 200
MAX_INMAIL: Final = 1_900
MAX_MESSAGE: Final = 8_000
LONG_MESSAGE: Final = 3_000

_new = (
    tuple.__new__
)  # a NamedTuple's own constructor costs twice as much, and this is done for every row


class Examiner:
    """The check of rows, one after the other; the rows seen so far decide which is a duplicate."""

    def __init__(
        self,
        layout: Layout,
        template: MessageTemplate | None,
        review: Review,
        *,
        delimited: bool,
        hidden: Hidden | None,
        accounts: Sequence[str],
        verdicts: Mapping[int, Sequence[Problem]],
        render: bool,
    ) -> None:
        self._template = template if render else None
        self._review, self._hidden, self._verdicts, self._render = review, hidden, verdicts, render
        self._said = review.said
        self._delimited = delimited
        self._of_results = layout.is_results
        self._account = accounts[0] if len(accounts) == 1 else ""
        self._several = len(accounts) > 1
        self._seen: dict[str | None, int] = {}
        self._earlier, self._reason = layout.earlier.get("status"), layout.earlier.get("reason")
        self._recipients = [
            column for role in RECIPIENT_ROLES for column in layout.roles.get(role, ())
        ]
        self._only = self._recipients[0].index if len(self._recipients) == 1 else None
        self._conversation, self._account_id, self._subject, self._message_type, self._message = (
            layout.column(role) for role in ROLES if role not in RECIPIENT_ROLES
        )
        self._names: list[tuple[str, int, Blank]] = []
        self._read: dict[int, Column] = {}  # the columns that the template reads
        if self._template:
            for name in self._template.names:
                column = layout.variables[name]
                self._names.append(
                    (name, column.index, Blank(name=column.header.strip() or column.letter))
                )
                self._read[column.index] = column
        self._of_people = {
            index for index, column in self._read.items() if names_people(column.header)
        }
        self._used = {
            column.index: column for columns in layout.roles.values() for column in columns
        } | self._read
        self._before: tuple[int, dict[int, str]] = (0, {})

    def examine(self, row: Row) -> Entry:
        """Return the row's entry; problems found between rows (the verdicts) count as well."""
        if self._of_results:
            row = self._as_it_was(row)
        number, cells, faults, links, hidden = row
        problems: list[Problem] = []
        recipient = parse_plain(cells[self._only]) if self._only is not None and not links else None
        if recipient is None:
            recipient = self._recipient(row, problems)
        earlier = clean(cells[self._earlier.index]) if self._earlier else ""
        if hidden and self._hidden != "include":
            return Entry(row, recipient, None, (), HIDDEN, earlier)
        message = None
        if faults:
            self._faults(row, problems)
        if recipient is not None:
            slug, urn = recipient
            if met := self._seen.get(urn or slug) or self._seen.get(slug):
                self._meet(slug, urn, met)
                return Entry(row, recipient, None, (), f"same person as row {met}", earlier)
            if self._render:
                message = self._compose(row, recipient, problems)
            if problems and failing(problems):
                message = None
            else:  # an invalid row keeps no other row from being sent
                self._meet(slug, urn, number)
        if self._verdicts:
            problems += self._verdicts.get(number, ())
            if failing(problems):
                message = None
        return _new(Entry, (row, recipient, message, problems, "", earlier))

    def _as_it_was(self, row: Row) -> Row:
        """Return a row of a results sheet without its guards, and with its earlier fault.

        The writing of the results mended that fault only by its looks.
        """
        if self._delimited:
            row = row._replace(cells=[*map(unguard, row.cells)])
        if self._reason and SHIFTED in row.cells[self._reason.index]:
            again = (
                f"an earlier reading found {SHIFTED}; put them right, and clear the cell "
                f"{self._reason.letter}{row.number}"
            )
            row = row._replace(faults=(*row.faults, Fault(None, "ragged-row", again)))
        return row

    def _meet(self, slug: str | None, urn: str | None, number: int) -> None:
        """Note the row that writes to a person, under every spelling of the person."""
        if slug:
            self._seen.setdefault(slug, number)
        if urn:
            self._seen.setdefault(urn, number)

    def _text(self, row: Row, column: Column, problems: list[Problem]) -> str:
        """Return a cell's text, and note a problem when it shows an error.

        An error that the workbook has already told of is not noted again.
        """
        text = clean(row.cells[column.index])
        if text.startswith(TELLING):
            if ERROR_TEXT.fullmatch(text):
                if all(fault.column != column.index for fault in row.faults):
                    problems.append(
                        Problem(
                            "cell-error", f"the cell shows the error {text}", row.number, column
                        )
                    )
            elif self._delimited:
                return unforced(text)
        return text

    def _recipient(self, row: Row, problems: list[Problem]) -> Recipient | None:
        found = []
        unread = {fault.column for fault in row.faults}
        for column in self._recipients:
            if column.index in unread:  # the cell's text is not known, and `_faults` tells that
                continue
            noted = len(problems)
            text = self._text(row, column, problems)
            if len(problems) > noted:
                continue
            try:
                if row.links and (linked := _linked(text, column.index, row.links)):
                    found.append(parse(linked))
                    shown = (
                        f"the cell shows {text[:40]!r}; the link behind it was taken: {linked[:80]}"
                    )
                    problems.append(Problem("recipient-link", shown, row.number, column, "warning"))
                elif text:
                    found.append(parse(text))
            except RecipientError as error:
                problems.append(Problem(error.code, str(error), row.number, column))
        if failing(problems):
            return None
        try:
            if found:
                return merge(found)
            if self._recipients and not unread.intersection(
                column.index for column in self._recipients
            ):
                problems.append(
                    Problem("recipient-missing", "no recipient", row.number, self._recipients[0])
                )
        except RecipientError as error:
            problems.append(Problem(error.code, str(error), row.number, self._recipients[0]))
        return None

    def _faults(self, row: Row, problems: list[Problem]) -> None:
        """Note the faults of the row that count.

        A cell that could not be read exactly counts where it is used. A fault of the whole row
        always counts.
        """
        identifiers = {
            column.index
            for column in (*self._recipients, self._conversation, self._account_id)
            if column
        }
        for index, code, text in row.faults:
            column = None if index is None else self._used.get(index)
            if column is None and index is not None:
                continue
            severity: Severity = "error"
            if code == "rounded-number":
                # An identifier without the digits that the program lost is another identifier. In a
                # text, a person has to judge the loss.
                text, severity = (
                    (f"{text}; {CURE}", "error") if index in identifiers else (text, "warning")
                )
            problems.append(Problem(code, text, row.number, column, severity))

    def _compose(self, row: Row, recipient: Recipient, problems: list[Problem]) -> Message | None:
        number, template = row.number, self._template
        message_type: MessageType = template.message_type if template else "normal"
        text = subject = account = ""
        conversation = None
        marked = True
        if self._message:
            found = bare(row.cells[self._message.index])
            marked = found is None
            text = self._text(row, self._message, problems) if found is None else found
        if self._subject:
            subject = self._text(row, self._subject, problems)
        if self._account_id:
            account = self._text(row, self._account_id, problems)
            if EXPONENT.fullmatch(account):
                problems.append(
                    Problem("rounded-number", f"{account} {SHORTENED}", number, self._account_id)
                )
        if self._message_type and (written := self._text(row, self._message_type, problems)):
            try:
                message_type = message_type_of(written, "")
            except RefusedError as error:
                problems.append(
                    Problem(
                        "message-type", f"{error.what} {error.remedy}", number, self._message_type
                    )
                )
        if self._conversation and (written := self._text(row, self._conversation, problems)):
            conversation = self._continued(number, written, account, recipient, problems)
        own = self._message if text else None
        if template and not (text and (subject or not template.subject)):
            text, subject = self._rendered(row, template, text, subject, problems)
        if not text:
            if not problems:
                problems.append(
                    Problem("message-empty", "the message is empty", number, self._message)
                )
            return None
        if own:
            name = greeted(text)
            if (
                name
                and name not in row.cells
                and not any(name in cell for cell in row.cells if cell != text)
            ):
                self._review.greeting(number, name)
            if marked or not name:
                problems += (
                    Problem(code, sentence, number, own) for code, sentence in blemishes(text, name)
                )
        if subject or len(text) >= LONG_MESSAGE or message_type == "inmail":
            problems += _limits(number, text, subject, message_type, self._subject)
        key = hash(text)
        if key in self._said:
            self._review.repeat(number, key)
        else:
            self._said.add(key)
        return _new(
            Message, (recipient, text, message_type, subject or None, conversation, account or None)
        )

    def _rendered(
        self, row: Row, template: MessageTemplate, text: str, subject: str, problems: list[Problem]
    ) -> tuple[str, str]:
        """Return text and subject, each the row's own or the template's.

        Both are empty when the template fails on the row.
        """
        said = {index: self._text(row, column, problems) for index, column in self._read.items()}
        values: dict[str, object] = {
            name: said[index] or blank for name, index, blank in self._names
        }
        values["row"] = values
        own = text
        try:
            text = own or template.body.render(values).strip()
            if not subject and template.subject:
                subject = " ".join(template.subject.render(values).split())
        except RenderError as error:
            failure = self._failure(row.number, error)
            if not (
                failure.column and any(fault.column == failure.column.index for fault in row.faults)
            ):
                problems.append(failure)
            return "", ""
        failed = any(
            problem.severity == "error" and problem.column in self._read.values()
            for problem in problems
        )
        if not own and not failed:
            found = blemishes(text, greeted(text))
            for code, sentence in found:
                holds = (
                    index
                    for index, value in said.items()
                    if code == "leftover-placeholder" and placeholder(value)
                )
                problems.append(
                    Problem(code, sentence, row.number, self._read.get(next(holds, -1)))
                )
            if not (found or all(said.values())) and (
                shown := self._gap(template, text, said, values)
            ):
                problems.append(
                    Problem(
                        "gap", f"a blank value leaves a gap in the message: {shown!r}", row.number
                    )
                )
        for index, value in said.items():
            if value and (
                why := suspicion(
                    value, self._read[index].header, of_person=index in self._of_people
                )
            ):
                problems.append(
                    Problem("value-suspicious", why, row.number, self._read[index], "warning")
                )
        before, others = self._before
        for index, value in others.items():
            if (
                value != said[index]
                and not own
                and value in text
                and _is_foreign(value, said, template)
            ):
                problems.append(
                    Problem(
                        "foreign-value",
                        f"the message holds {value!r}, which is row {before}'s",
                        row.number,
                    )
                )
        self._before = (row.number, said)
        return text, subject

    def _gap(
        self,
        template: MessageTemplate,
        text: str,
        said: Mapping[int, str],
        values: Mapping[str, object],
    ) -> str | None:
        """Find the place where a blank value left a gap in the text.

        Such a gap is not in the template. It is not in the values either: it is gone when the
        blanks are filled.
        """
        if not gap(text, template.body.literal):
            return None
        filled = {**values, **{name: "x" for name, index, _ in self._names if not said[index]}}
        filled["row"] = filled
        try:
            return gap(text, template.body.render(filled))
        except RenderError:
            return gap(text, template.body.literal)

    def _failure(self, number: int, error: RenderError) -> Problem:
        named = (
            column
            for column in self._read.values()
            if error.column and column.header.strip() == error.column
        )
        if blank := next(named, None):
            return Problem(
                "blank-value", "blank, but the template uses it without a default", number, blank
            )
        return Problem("template-row", str(error), number)

    def _continued(
        self, number: int, written: str, account: str, recipient: Recipient, problems: list[Problem]
    ) -> str | None:
        """Return the conversation to continue.

        It belongs to one account, and that account must be the one that sends.
        """
        try:
            conversation = parse_conversation(written)
        except RecipientError as error:
            problems.append(Problem(error.code, str(error), number, self._conversation))
            return None
        if recipient.urn and recipient.urn.endswith(f":{conversation_owner(conversation)}"):
            text = (
                "the conversation is one of the recipient's own account, and so not one with them"
            )
            problems.append(Problem("conversation-account", text, number, self._conversation))
        elif self._several and not account:
            text = (
                "several accounts share this list, and a conversation belongs to one: name it in "
                "the column accountId"
            )
            problems.append(Problem("conversation-account", text, number, self._conversation))
        else:
            self._review.conversation(number, conversation, account or self._account)
        return conversation


def _is_foreign(value: str, said: Mapping[int, str], template: MessageTemplate) -> bool:
    """Tell whether a value can only have come from another row.

    A number may be computed and a short text stands in many words, so neither counts.
    """
    if len(value) < 3 or not any(map(str.isalpha, value)):
        return False
    folded = value.casefold()
    return all(folded not in own.casefold() for own in (*said.values(), template.source))


def _linked(text: str, column: int, links: Sequence[tuple[int, str]]) -> str | None:
    """Return the profile link behind a cell that shows something else.

    Raises RecipientError when the cell and the link name two profiles.
    """
    target = next((target for at, target in links if at == column), None)
    if target is None or target == text:
        return None
    try:
        behind = parse(target)
    except RecipientError:  # a mail address, a tracking link
        if not _is_identifier(text):
            said = (
                f"the cell shows {text!r}, which may be a name, and the link behind it is no "
                f"profile ({target[:80]})"
            )
            raise RecipientError("recipient-unreadable", said) from None
        return None
    if _is_identifier(text):
        shown = parse(text)
        if shown != behind:
            raise RecipientError(
                "two-recipients",
                f"the cell shows {shown.identity!r} but links to {behind.identity!r}",
            )
        return None
    return target


def _is_identifier(text: str) -> bool:
    """Tell whether a text with a link behind it is an identifier: it can hardly be a name."""
    return (
        "/in/" in text
        or text.startswith("urn:")
        or re.fullmatch(r"(?=.*[-\d])[^A-Z\s]+", text) is not None
    )


def _limits(
    number: int, text: str, subject: str, message_type: MessageType, column: Column | None
) -> Iterator[Problem]:
    if message_type == "inmail":
        if not subject:
            yield Problem("inmail-subject", "an InMail needs a subject", number, column)
        if len(text) > MAX_INMAIL:
            over = f"the InMail has {len(text):,} characters; LinkedIn takes {MAX_INMAIL:,}"
            yield Problem("message-long", over, number)
    elif len(text) > MAX_MESSAGE:
        yield Problem(
            "message-long",
            f"the message has {len(text):,} characters; LinkedIn takes {MAX_MESSAGE:,}",
            number,
        )
    elif len(text) >= LONG_MESSAGE:
        over = f"the message has {len(text):,} characters; few people read that"
        yield Problem("message-lengthy", over, number, severity="warning")
    if len(subject) > MAX_SUBJECT:
        over = f"the subject has {len(subject):,} characters; LinkedIn takes {MAX_SUBJECT}"
        yield Problem("subject-long", over, number, column)
    for code, sentence in blemishes(subject, None):
        yield Problem(code, sentence.replace("the message", "the subject"), number, column)
