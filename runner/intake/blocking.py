"""Problems that stop a campaign as a whole: what makes every row doubtful."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Final

from runner import words
from runner.intake.blemish import oddities
from runner.intake.column import RECIPIENT_ROLES, Layout, nearest, variable_names
from runner.intake.entry import Problem
from runner.intake.field import column_for, meaning
from runner.intake.placeholder import Fields, Placeholder, placeholders
from runner.intake.recipient import RecipientError, parse, parse_plain
from runner.intake.table import Table
from runner.intake.template import MessageTemplate


def hidden_problem(table: Table, hidden: int, rows: int) -> Problem:
    are = "is" if hidden == 1 else "are"
    return Problem(
        "hidden-rows",
        (
            f"{table.place}: of {rows:,} rows {hidden:,} {are} hidden or filtered out, and may "
            "not be meant"
        ),
        remedy=(
            "Say what is meant: --hidden skip leaves them out, --hidden include writes to them as "
            "well."
        ),
    )


def sheet_problems(table: Table, layout: Layout) -> Iterator[Problem]:
    for role, columns in layout.doubled.items():
        letters = " and ".join(column.letter for column in columns)
        yield Problem(
            "duplicate-header",
            f"{table.place}, row {table.header_row}: the columns {letters} are "
            f"{'both' if len(columns) == 2 else 'all'} called "
            f"{columns[0].header.strip()!r}, so which is {role} cannot be told",
            remedy="Rename or delete one of them.",
        )
    if any(role in layout.roles for role in RECIPIENT_ROLES):
        return
    headers = [column.header.strip() for column in layout.inputs if column.header.strip()]
    if any(parse_plain(header) for header in headers):
        yield Problem(
            "no-recipient-column",
            (
                f"{table.place}, row {table.header_row}: where the columns' names should be is a "
                "person already"
            ),
            remedy="Put a row above it that names the columns: First Name, LinkedIn URL …",
        )
        return
    guess = holding_people(table, layout)
    if guess is None and len(headers) > 1:
        mine = [header for header in headers if not OF_SENDER.search(header)]
        guess = next((match for role in RECIPIENT_ROLES if (match := nearest(role, mine))), None)
        guess = guess or next((header for header in mine if "linkedin" in header.casefold()), None)
    remedy = "Say which holds the profile IDs, links or URNs: --column recipientProfileId=HEADER."
    if guess:
        remedy = (
            f'Did you mean {guess!r}? Rename it, or say so: --column recipientProfileId="{guess}".'
        )
    remedy += " If these are not the columns' names: --header-row N."
    if table.others:
        remedy += f" Another worksheet: --sheet {words.argument(table.others[0])}."
    shown = ", ".join(headers[:12]) + (" …" if len(headers) > 12 else "")
    yield Problem(
        "no-recipient-column",
        (
            f"{table.place}, row {table.header_row}: no column says whom to write to; the columns "
            f"are: {shown}"
        ),
        remedy=remedy,
    )


# A column of these is about the one who sends.
OF_SENDER: Final = re.compile(r"inviter|sender|owner|\bmy\b|\bmine\b|from\b|own\b", re.IGNORECASE)
# So many rows say what a column holds.
_SAMPLE: Final = 50


def holding_people(table: Table, layout: Layout) -> str | None:
    """Return the header of the column whose cells are mostly profiles; never the sender's own."""
    counts: Counter[int] = Counter()
    rows = list(islice(table.rows(), _SAMPLE))
    columns = [column for column in layout.inputs if not OF_SENDER.search(column.header)]
    for row, column in product(rows, columns):
        if column.header.strip() and _names_profile(row.cells[column.index]):
            counts[column.index] += 1
    for index, count in counts.most_common(1):
        if 2 * count >= len(rows):
            return table.columns[index].header.strip()
    return None


def _names_profile(cell: str) -> bool:
    """Tell whether a cell holds a link or a URN of a profile: a bare word could be anything."""
    if "/" not in cell and ":" not in cell:
        return False
    try:
        parse(cell)
    except RecipientError:
        return False
    return True


# A template that fits no column at all is not a misspelling.
_GUESSES: Final = 10
# What stands for the message in a template that the program has begun.
UNWRITTEN: Final = "… your message …"
_SHOWN: Final = 40


def template_problems(layout: Layout, template: MessageTemplate | None) -> Iterator[Problem]:
    if template is None:
        if "message" not in layout.roles:
            yield Problem(
                "no-template",
                (
                    "there is no template and the sheet has no message column, so there is "
                    "nothing to say"
                ),
                remedy=(
                    "Give the text with -t TEMPLATE, or each row its own in a column named message."
                ),
            )
        return
    yield from _unfilled(layout, template)
    missing = 0
    headers = sorted({column.header.strip() for column in layout.inputs if column.header.strip()})
    listed = ", ".join(header[:_SHOWN] for header in headers[:_GUESSES])
    listed += f" and {len(headers) - _GUESSES} more" if len(headers) > _GUESSES else ""
    for name, line in template.names.items():
        if missing > _GUESSES:
            return
        where = f"{template.path.name}, line {line}: "
        if name in layout.ambiguous:
            yield Problem(
                "template-variable",
                (
                    f"{where}two columns of the sheet are called {name!r}, so the template cannot "
                    "tell which it means"
                ),
                remedy="Rename one of them in the sheet.",
            )
        elif name not in layout.variables:
            missing += 1
            # A column has several names; the one in the same style is meant: {{ first_name }}, or
            # row["First Name"].
            known = sorted(
                layout.variables, key=lambda each: each.isidentifier() == name.isidentifier()
            )
            guess = _guess(name, known, headers, layout)
            column = layout.variables[guess].header.strip() if guess else None
            written = guess if guess and guess.isidentifier() else f'row["{guess}"]'
            yield Problem(
                "template-variable",
                f"{where}no column provides {name!r}",
                remedy=f"Did you mean {{{{ {written} }}}} (column {column!r})?"
                if guess
                else f"The columns are: {listed}.",
            )


def _guess(name: str, known: Sequence[str], headers: Sequence[str], layout: Layout) -> str | None:
    """The variable that is most likely meant: of a column that means the same, or one that is
    written alike and does not mean another thing."""
    if header := column_for(name, headers):
        names = [each for each in known if layout.variables[each].header.strip() == header]
        return next((each for each in reversed(names) if each.isidentifier()), names[-1])
    guess = nearest(name, known)
    if guess is None or meaning(name) is None:
        return guess
    other = meaning(layout.variables[guess].header.strip())
    return guess if other in (None, meaning(name)) else None


def template_warnings(layout: Layout, template: MessageTemplate) -> Iterator[Problem]:
    """Find what looks odd in the template's own text, and may be meant."""
    fields = _fields(layout)
    for line, text in template.texts:
        where = f"{template.path.name}, line {line}"
        for one in placeholders(text, fields):
            if not one.is_certain:
                said = f"{where}: {one.shown!r} looks like a placeholder of another tool"
                yield Problem("leftover-placeholder", said, severity="warning")
    for code, said, severity in oddities("".join(text for _, text in template.body.texts)):
        yield Problem(code, f"{template.path.name}: {said}", severity=severity)


def _unfilled(layout: Layout, template: MessageTemplate) -> Iterator[Problem]:
    """Find the placeholders of other tools in the template, and what to write instead."""
    fields = _fields(layout)
    headers = [column.header.strip() for column in layout.inputs if column.header.strip()]
    for line, text in template.texts:
        if UNWRITTEN in text:
            at = line + text.count("\n", 0, text.index(UNWRITTEN))
            said = (
                f"{template.path.name}, line {at}: it still has the line that stands for your "
                "message"
            )
            yield Problem("leftover-placeholder", said, remedy="Write your message in its place.")
        for one in placeholders(text, fields):
            if one.is_certain:
                at = line + text.count("\n", 0, one.start)
                said = (
                    f"{template.path.name}, line {at}: {one.shown!r} is a placeholder of another "
                    "tool; it would be sent as it stands"
                )
                remedy = _written(one, headers)
                yield Problem("leftover-placeholder", said, remedy=remedy)


def _fields(layout: Layout) -> Fields:
    return Fields(column.header for column in layout.inputs)


def _written(one: Placeholder, headers: Sequence[str]) -> str:
    """What to write instead of a placeholder."""
    if not one.field:
        return "Write one of the wordings, or put each person's own into a column of the sheet."
    header = column_for(one.field, headers)
    if header is None:
        listed = ", ".join(repr(header[:_SHOWN]) for header in headers[:_GUESSES])
        return f"Write {{{{ … }}}} with the name of a column instead; the columns are: {listed}."
    name = next(
        (name for name in variable_names(header)[1:] if name.isidentifier()),
        header if header.isidentifier() else f'row["{header}"]',
    )
    fallback = f'|default("{one.fallback}")' if one.fallback else ""
    return f"Write {{{{ {name}{fallback} }}}} instead: {header!r} is a column of the sheet."
