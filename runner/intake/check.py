"""The check of a sheet and its template, in one pass.

It finds every problem and its place, and makes the message of each row without a problem.

Problems are data: a row with a problem is handed on as invalid. It is never dropped, and it never
stops the other rows. Only a problem that makes every row doubtful stops a campaign before its first
message: no recipient column, a variable that no column provides, hidden rows nobody spoke of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from runner.errors import RefusedError
from runner.intake.blocking import (
    hidden_problem,
    sheet_problems,
    template_problems,
    template_warnings,
)
from runner.intake.cell import clean, unguard
from runner.intake.column import Layout, lay_out, nearest
from runner.intake.condition import Condition, read_conditions
from runner.intake.entry import Entry, Problem, failing
from runner.intake.examiner import Examiner
from runner.intake.moment import Order, order_of
from runner.intake.recipient import Recipient
from runner.intake.review import Review
from runner.intake.sheet import Reading
from runner.intake.step import Step, as_steps
from runner.intake.table import Table
from runner.intake.template import MessageTemplate

# A list with more problems is mended by its kinds, not by its cells.
MOST_PROBLEMS: Final = 100_000
# What is found of so many rows fits into a few hundred megabytes.
MOST_KEPT: Final = 200_000


@dataclass(frozen=True, slots=True)
class Check:
    """A sheet's layout, the problems that stop the whole campaign, and the entries.

    Every call of `entries` walks the rows anew; what was found of each is `kept` where they are to
    be walked again soon. `verdicts` are the problems that only show between rows; they are known
    once `judge` has walked over all rows. `order` is the one that dates in figures have in the
    column that says when a row may be sent. A row that does not fulfil the `conditions` is skipped;
    one that does not fulfil those `of_steps` has no message of that step.
    """

    table: Table
    layout: Layout
    steps: tuple[Step, ...]
    reading: Reading
    accounts: Sequence[str]
    blocking: tuple[Problem, ...]
    conditions: tuple[Condition, ...] = ()
    of_steps: tuple[tuple[Condition, ...], ...] = ()
    order: Order | None = None
    verdicts: Mapping[int, Sequence[Problem]] = field(default_factory=dict)
    kept: Sequence[tuple[Any, ...]] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers to hand back: the input's, without those of an earlier results sheet."""
        return tuple(
            unguard(column.header) if self.layout.is_results else column.header
            for column in self.layout.inputs
        )

    def entries(self, review: Review | None = None) -> Iterator[Entry]:
        """Give every row after its check; `review` is told what to compare between rows."""
        if self.kept and review is None:
            again = zip(self.table.rows(), self.kept, strict=True)
            return (Entry(row, *found) for row, found in again)
        render = not any(
            problem.code in ("template-variable", "no-template") for problem in self.blocking
        )
        examiner = Examiner(
            self.layout,
            self.steps,
            review or Review(),
            delimited=self.table.delimiter is not None,
            hidden=self.reading.hidden,
            decodes_html=self.reading.decodes_html,
            conditions=self.conditions,
            of_steps=self.of_steps,
            accounts=self.accounts,
            verdicts=self.verdicts,
            render=render,
            order=self.order,
        )
        return map(examiner.examine, self.table.rows())


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings of a walk over all rows: their number, how they stand, the problems, the people.

    `surplus` is the number of cells that the longest row has beyond the header. `unlisted` counts
    the problems beyond the first MOST_PROBLEMS, which are not kept.
    """

    rows: int
    ready: int
    invalid: int
    skipped: tuple[tuple[int, str], ...]
    problems: tuple[Problem, ...]
    people: tuple[Recipient, ...]
    surplus: int
    unlisted: int = 0


def check(
    table: Table,
    text: MessageTemplate | Sequence[Step] | None,
    reading: Reading | None = None,
    accounts: Sequence[str] = (),
) -> Check:
    """Check a table against a template, or the steps of a sequence; without a template, the sheet
    needs a `message` column.

    `accounts` are the accounts that will send.

    Raises RefusedError only for a column mapping that does not fit; all else is in the answer.
    """
    reading = reading or Reading()
    try:
        layout = lay_out(table.columns, reading.columns)
    except KeyError as error:
        header = str(error.args[0])
        guess = nearest(header, [column.header for column in table.columns])
        raise RefusedError(
            f"The sheet has no column {header!r}.",
            where=f"{table.place}, row {table.header_row}",
            remedy=f"Did you mean {guess!r}?"
            if guess
            else "Correct --column, or the [columns] of the campaign file.",
        ) from None
    steps = as_steps(text)
    templates = [template for step in steps for template in step.templates or (None,)]
    blocking = [*sheet_problems(table, layout)]
    for template in templates:
        blocking += template_problems(layout, template)
    dates = layout.column("sendAfter")
    return Check(
        table=table,
        layout=layout,
        steps=steps,
        reading=reading,
        accounts=accounts,
        blocking=tuple(blocking),
        conditions=read_conditions(reading.where, table.columns),
        of_steps=tuple(
            read_conditions(step.where, table.columns, f"step {number}, where")
            for number, step in enumerate(steps, start=1)
        ),
        order=order_of(clean(row.cells[dates.index]) for row in table.rows()) if dates else None,
    )


def judge(checked: Check, *, keep: bool = False) -> tuple[Check, Findings]:
    """Walk over all rows once.

    The returned check knows the problems that only show between rows. Its entries can be walked
    again to get them. With `keep`, up to MOST_KEPT rows need not be examined again for that.

    Raises RefusedError when the file turns out to be damaged.
    """
    review, width = Review(), len(checked.table.columns)
    rows = ready = surplus = hidden = unlisted = 0
    invalid: set[int] = set()
    skipped: list[tuple[int, str]] = []
    problems: list[Problem] = []
    people: list[Recipient] = []
    # Rows of a results sheet are mended while they are examined.
    keeps, kept = keep and not checked.layout.is_results, list[tuple[Any, ...]]()
    for entry in checked.entries(review):
        row, recipient, message, found, reason, *_ = entry
        rows += 1
        if keeps and rows <= MOST_KEPT:
            kept.append(entry[1:])
        ready += message is not None
        if recipient is not None:
            people.append(recipient)
        if reason:
            skipped.append((row.number, reason))
        elif found:
            if len(problems) < MOST_PROBLEMS:
                problems += found
            else:
                unlisted += len(found)
            if failing(found):
                invalid.add(row.number)
        hidden += row.hidden
        if len(row.cells) > width + surplus:
            surplus = len(row.cells) - width
    verdicts = _verdicts(checked, review)
    for number, (verdict, *_) in verdicts.items():
        if verdict.severity == "error" and number not in invalid:
            invalid.add(number)
            ready -= 1
    problems += [problem for found in verdicts.values() for problem in found]
    for template in (one for step in checked.steps for one in step.templates):
        problems += template_warnings(checked.layout, template)
    blocking = checked.blocking
    if hidden and checked.reading.hidden is None:
        blocking = (*blocking, hidden_problem(checked.table, hidden, rows))
    if repeated := review.repeated():
        count, number = repeated
        text = (
            f"{count:,} people get exactly the same text, row {number} among them; LinkedIn may "
            "take that for spam"
        )
        problems.append(Problem("same-text", text, severity="warning"))
    findings = Findings(
        rows=rows,
        ready=ready,
        invalid=len(invalid),
        skipped=tuple(skipped),
        problems=tuple(problems),
        people=tuple(people),
        surplus=surplus,
        unlisted=unlisted,
    )
    if verdicts or len(kept) < rows:
        kept = []
    return replace(checked, blocking=blocking, verdicts=verdicts, kept=kept), findings


def check_people(table: Table, reading: Reading) -> tuple[Check, Findings]:
    """Check a table that only says who people are, with no message for them.

    Raises RefusedError when it does not say who they are.
    """
    checked, findings = judge(check(table, None, reading))
    for problem in checked.blocking:
        if problem.code != "no-template":
            raise RefusedError(f"{problem.text}.", remedy=problem.remedy)
    return checked, findings


def _verdicts(checked: Check, review: Review) -> dict[int, list[Problem]]:
    verdicts: dict[int, list[Problem]] = {}
    column = checked.layout.column("conversationUrn")
    for number, owner, account in review.foreign_conversations():
        sender = f"account {account}" if account else "the default account"
        text = (
            f"the conversation belongs to the member {owner}, which does not fit the others of "
            f"{sender} or of that member"
        )
        verdicts.setdefault(number, []).append(
            Problem("conversation-account", text, number, column)
        )
    for number, name, other in _misaddressed(checked, review):
        text = f"the message greets {name!r}, {other}"
        found = Problem("greeting-other", text, number, checked.layout.column("message"), "warning")
        verdicts.setdefault(number, []).append(found)
    return verdicts


def _misaddressed(checked: Check, review: Review) -> Iterator[tuple[int, str, str]]:
    """Find rows whose own message greets somebody else than the row's person.

    Each is given as the row, the name that it greets, and how that is known.
    """
    message = checked.layout.column("message")
    if not review.greeted or message is None:
        return
    for row in checked.table.rows():
        for index, cell in enumerate(row.cells):
            if index != message.index and (name := clean(cell)) in review.greeted:
                for number, _ in review.greeted.pop(name):
                    yield number, name, f"who is not in this row but in row {row.number}"
    for name, rows in review.greeted.items():
        for number, called in rows:
            if called:
                yield number, name, f"but the row's person is {called!r}"
