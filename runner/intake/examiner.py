"""The check of one row after the other: its recipient, its message, and what is wrong with either.

Lists are long and most rows are plain. What layout and template decide for all rows is worked out
once, and a quick look comes before every close look at a rare thing (a link, a fault, an odd
spelling).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from runner.intake.cell import clean, unguard
from runner.intake.column import Layout
from runner.intake.condition import Condition
from runner.intake.entry import Entry, Message, Problem, Severity, failing
from runner.intake.firm import Firms
from runner.intake.moment import Order
from runner.intake.nobody import FOOTER, Nobody
from runner.intake.recipient import CURE
from runner.intake.review import Review
from runner.intake.script import Script
from runner.intake.sheet import HIDDEN, SHIFTED, Fault, Hidden, Row
from runner.intake.step import Step
from runner.intake.text import CellText
from runner.intake.verdict import instant, status_of
from runner.intake.whom import Whom

# A NamedTuple's own constructor costs twice as much, and this is done for every row.
_new = tuple.__new__


class Examiner:
    """Checks rows one after the other; the rows it has seen decide which is a duplicate."""

    def __init__(
        self,
        layout: Layout,
        steps: Sequence[Step],
        review: Review,
        *,
        delimited: bool,
        hidden: Hidden | None,
        decodes_html: bool,
        conditions: Sequence[Condition],
        of_steps: Sequence[Sequence[Condition]],
        accounts: Sequence[str],
        verdicts: Mapping[int, Sequence[Problem]],
        render: bool,
        order: Order | None,
    ) -> None:
        text = CellText(delimited, decodes_html)
        self._whom = Whom(layout, text)
        if not render:
            steps = (Step(),)
        self._script = Script(layout, steps, of_steps, review, text, accounts, order)
        self._has_later = len(steps) > 1
        self._render = render
        self._hidden = hidden
        self._conditions = conditions
        self._verdicts = verdicts
        self._delimited = delimited
        self._of_results = layout.is_results
        self._earlier = layout.earlier
        self._reason = layout.earlier.get("reason")
        self._nobody = Nobody(layout)
        self._firms = Firms((column.index, column.header) for column in layout.inputs)
        self._seen: dict[str | None, int] = {}
        self._used = dict(self._script.read)
        for columns in layout.roles.values():
            self._used |= {column.index: column for column in columns}
        identifiers = (*self._whom.columns, *self._script.identifiers)
        self._identifiers = {column.index for column in identifiers}

    def examine(self, row: Row) -> Entry:
        """The row's entry. Problems found between rows (the verdicts) count as well."""
        if self._of_results:
            row = self._as_it_was(row)
        number, cells, faults, _, hidden, *_ = row
        problems: list[Problem] = []
        recipient = self._whom.find(row, problems)
        earlier = self._status(cells) if self._earlier else ""
        if hidden and self._hidden != "include":
            return Entry(row, recipient, None, (), HIDDEN, earlier)
        for condition in self._conditions:
            if unmet := condition.unmet(row):
                return Entry(row, recipient, None, (), unmet, earlier)
        if recipient is None and (reason := self._nobody.reason(row)):
            return Entry(row, None, None, (), reason, earlier)
        if recipient is not None and self._nobody.is_foot(row):
            return Entry(row, None, None, (), FOOTER, earlier)
        message = None
        later: tuple[tuple[int, Message], ...] = ()
        if faults:
            self._faults(row, problems)
        if recipient is not None:
            slug, urn = recipient
            if met := self._seen.get(urn or slug) or self._seen.get(slug):
                self._meet(slug, urn, met)
                return Entry(row, recipient, None, (), f"same person as row {met}", earlier)
            if self._render:
                message = self._script.first(row, recipient, problems)
                if message is not None and self._has_later:
                    later = self._script.later(row, message, problems)
            if problems and failing(problems):
                message = None
            else:  # an invalid row keeps nobody else from being written to
                self._meet(slug, urn, number)
        if self._verdicts:
            problems += self._verdicts.get(number, ())
            if failing(problems):
                message = None
        earlier_at = self._sent_at(cells) if earlier else None
        return _new(
            Entry,
            (row, recipient, message, problems, "", earlier, self._firms, earlier_at, later),
        )

    def _status(self, cells: Sequence[str]) -> str:
        """Return the row's status in the results sheet that is used as the list."""
        return status_of(
            {name: clean(cells[column.index]) for name, column in self._earlier.items()}
        )

    def _sent_at(self, cells: Sequence[str]) -> datetime | None:
        """Return when that results sheet says the row was sent."""
        column = self._earlier.get("sentAt")
        return instant(clean(cells[column.index])) if column else None

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

    def _faults(self, row: Row, problems: list[Problem]) -> None:
        """Note what could not be read exactly, where the cell is used; a fault of the whole row
        always counts."""
        for index, code, text in row.faults:
            column = None if index is None else self._used.get(index)
            if column is None and index is not None:
                continue
            severity: Severity = "error"
            if code == "rounded-number":
                # Lost digits make another identifier; in a text a person can judge them.
                if index in self._identifiers:
                    text = f"{text}; {CURE}"
                else:
                    severity = "warning"
            problems.append(Problem(code, text, row.number, column, severity))
