"""Problems that stop a campaign as a whole: what makes every row doubtful."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runner.intake.column import RECIPIENT_ROLES, Layout, nearest
from runner.intake.entry import Problem
from runner.intake.recipient import parse_plain
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
    guess = next((match for role in RECIPIENT_ROLES if (match := nearest(role, headers))), None)
    guess = guess or next((header for header in headers if "linkedin" in header.casefold()), None)
    remedy = "Say which holds the profile IDs, links or URNs: --column recipientProfileId=HEADER."
    if guess:
        remedy = (
            f'Did you mean {guess!r}? Rename it, or say so: --column recipientProfileId="{guess}".'
        )
    remedy += " If these are not the columns' names: --header-row N."
    shown = ", ".join(headers[:12]) + (" …" if len(headers) > 12 else "")
    yield Problem(
        "no-recipient-column",
        (
            f"{table.place}, row {table.header_row}: no column says whom to write to; the columns "
            f"are: {shown}"
        ),
        remedy=remedy,
    )


# A template that fits no column at all is not a misspelling.
_GUESSES: Final = 10
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
            guess = nearest(name, known)
            column = layout.variables[guess].header.strip() if guess else None
            written = guess if guess and guess.isidentifier() else f'row["{guess}"]'
            yield Problem(
                "template-variable",
                f"{where}no column provides {name!r}",
                remedy=f"Did you mean {{{{ {written} }}}} (column {column!r})?"
                if guess
                else f"The columns are: {listed}.",
            )
