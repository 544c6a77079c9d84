"""The reading of messages before they go: what would embarrass in a text or in a value of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from runner.intake.blank import RenderError
from runner.intake.blemish import blemishes, gap, is_foreign, oddities
from runner.intake.column import Column, Layout
from runner.intake.entry import Problem, Severity
from runner.intake.greeting import addressed, by_last_name, fits, greeted, is_named
from runner.intake.placeholder import Fields, placeholders
from runner.intake.review import Review
from runner.intake.sheet import Row
from runner.intake.suspicion import kind_of, suspicion
from runner.intake.template import MessageTemplate

_NO_STOP: Final = 'trim(".")'


class Proofreader:
    """Reads one message after the other. `names` are the template's variables and columns."""

    def __init__(
        self,
        layout: Layout,
        template: MessageTemplate | None,
        review: Review,
        names: Sequence[tuple[str, Column]],
    ) -> None:
        self._template = template
        self._names = names
        read = {column.index: column for _, column in names}
        self._review = review
        self._read = read
        self._kinds = {index: kind_of(column.header) for index, column in read.items()}
        self._of_people = [column for column in layout.inputs if kind_of(column.header)]
        self._fields = Fields(column.header for column in layout.inputs)
        # What the template itself holds is told once, of the template.
        texts = [text for _, text in template.texts] if template else []
        self._told = {one.shown for text in texts for one in placeholders(text, self._fields)}
        self._odd = {code for text in texts for code, *_ in oddities(text)}
        # The row read last, and its values.
        self._before: tuple[int, Mapping[int, str]] = (0, {})

    def own(self, row: Row, text: str, column: Column, *, is_marked: bool) -> Iterable[Problem]:
        """Read a row's own text; `is_marked` tells whether it may hold anything uncommon."""
        name = greeted(text)
        whom = addressed(text) if name is None else name
        if whom and not is_named(whom, row.cells, text):
            self._greets_a_stranger(row, text, whom)
        if name and not is_marked and "\n\n\n" not in text and " \n" not in text:
            return ()  # nearly all
        return self._marked(row, text, name, column)

    def _marked(self, row: Row, text: str, name: str | None, column: Column) -> Iterator[Problem]:
        yield from self._left(row, text, column)
        yield from self._blemished(row, text, name, column)
        for code, sentence, severity in oddities(text):
            yield Problem(code, sentence, row.number, column, severity)

    def rendered(
        self, row: Row, text: str, said: Mapping[int, str], values: Mapping[str, object]
    ) -> Iterator[Problem]:
        """Read the text that the template made of a row with the values `said`, by column."""
        found = [*self._left(row, text, None, said), *self._blemished(row, text, greeted(text))]
        yield from found
        for code, sentence, severity in oddities(text) if "\n" in text else ():
            if code == "blank-lines" and code not in self._odd:
                yield Problem(code, sentence, row.number, severity=severity)
        if found or all(said.values()):
            return
        shown = self._gap(text, said, values)
        if shown:
            sentence = f"a blank value leaves a gap in the message: {shown!r}"
            yield Problem("gap", sentence, row.number)

    def subject(self, row: Row, subject: str, column: Column | None) -> Iterator[Problem]:
        """Read a message's subject."""
        for problem in (
            *self._left(row, subject, column),
            *self._blemished(row, subject, None, column),
        ):
            said = problem.text.replace("the message", "the subject")
            yield Problem(problem.code, said, row.number, column, problem.severity)

    def values(self, row: Row, text: str, said: Mapping[int, str]) -> Iterator[Problem]:
        """Read the values that the template puts into a message's `text`."""
        unread = {fault.column for fault in row.faults}
        for index, value in said.items():
            if not value or index in unread:
                continue
            column = self._read[index]
            if found := suspicion(value, column.header, self._kinds[index]):
                remedy = None
                if found.filter:
                    mended = self._filtered(column, found.filter)
                    remedy = f"Correct it, or write {mended} in the template."
                number = row.number
                yield Problem("value-suspicious", found.text, number, column, "warning", remedy)
            elif value.endswith(".") and f"{value}." in text and f"{value}.." not in text:
                doubled = f"{value!r} ends with a full stop, and the message puts another behind it"
                remedy = f"Write {self._filtered(column, _NO_STOP)} in the template."
                number = row.number
                yield Problem("value-suspicious", doubled, number, column, "warning", remedy)

    def foreign(self, row: Row, text: str, said: Mapping[int, str]) -> Iterator[Problem]:
        """Look for a value of the row before in this row's message."""
        before, others = self._before
        source = self._template.source if self._template else ""
        for index, value in others.items():
            if (
                value != said[index]
                and value in text
                and is_foreign(value, (*said.values(), source))
            ):
                sentence = f"the message holds {value!r}, which is row {before}'s"
                yield Problem("foreign-value", sentence, row.number)
        self._before = (row.number, said)

    def _left(
        self,
        row: Row,
        text: str,
        column: Column | None,
        said: Mapping[int, str] | None = None,
    ) -> Iterator[Problem]:
        """Look for what another tool would have filled in; of the certain ones, one is told."""
        found = [one for one in placeholders(text, self._fields) if one.shown not in self._told]
        certain = [one for one in found if one.is_certain]
        for one in (certain or found)[:1]:
            place = column or self._holder(one.shown, said or {})
            if not one.is_certain:
                sentence = f"the message holds {one.shown!r}, which looks like a placeholder"
            elif one.field:
                sentence = f"the message still holds {one.shown!r}, which nobody filled in"
            else:
                sentence = (
                    f"the message still holds {one.shown!r}, wordings of which none was chosen"
                )
            severity: Severity = "error" if one.is_certain else "warning"
            yield Problem("leftover-placeholder", sentence, row.number, place, severity)

    def _filtered(self, column: Column, filter_: str) -> str:
        """The column as the template should write it, behind this filter."""
        written = next(name for name, named in self._names if named is column)
        written = written if written.isidentifier() else f'row["{written}"]'
        return f"{{{{ {written}|{filter_} }}}}"

    def _holder(self, shown: str, said: Mapping[int, str]) -> Column | None:
        """The column whose value holds a placeholder."""
        index = next((index for index, value in said.items() if shown in value), None)
        return None if index is None else self._read.get(index)

    def _blemished(
        self, row: Row, text: str, name: str | None, column: Column | None = None
    ) -> Iterator[Problem]:
        for code, sentence, severity in blemishes(text, name):
            yield Problem(code, sentence, row.number, column, severity)

    def _greets_a_stranger(self, row: Row, text: str, name: str) -> None:
        """Note a greeting with a name that the row does not have.

        Where the row says who the person is, that is told as well.
        """
        people = self._of_people
        if by_last_name(text):  # a first name tells nothing of it
            people = [one for one in people if kind_of(one.header) != "first name"]
        called = [row.cells[column.index].strip() for column in people]
        called = [value for value in called if value]
        other = addressed(text)
        is_other = other is not None and bool(called) and not fits(other, called)
        if is_other and not is_named(str(other), row.cells, text):
            self._review.greeting(row.number, str(other), called[0])
        else:
            self._review.greeting(row.number, name)

    def _gap(self, text: str, said: Mapping[int, str], values: Mapping[str, object]) -> str | None:
        """The gap that a blank value left: neither the template nor the other values have it."""
        template = self._template
        if template is None or not gap(text, template.body.literal):
            return None
        blank = {index for index, value in said.items() if not value}
        blanks = {name: "x" for name, column in self._names if column.index in blank}
        filled: dict[str, object] = {**values, **blanks}
        filled["row"] = filled
        try:
            return gap(text, template.body.render(filled))
        except RenderError:
            return gap(text, template.body.literal)
