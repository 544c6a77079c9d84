"""The recipient of a row: every cell that says who it is for, and the links behind those cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from runner.intake.blocking import OF_SENDER
from runner.intake.column import RECIPIENT_ROLES, Column, Layout
from runner.intake.entry import Problem, failing
from runner.intake.recipient import Recipient, RecipientError, merge, parse, parse_plain
from runner.intake.sheet import Row
from runner.intake.text import CellText

# These identifiers do not name a profile, and nobody else either.
_WEAK: Final = ("recipient-number", "sales-navigator")
_PUBLIC: Final = re.compile(r"linkedin\.[a-z.]{2,6}/(?:\w{1,20}/)?in/", re.IGNORECASE)
_FINE: Final = "Nothing, if the public profile is the right one."


class Whom:
    """Finds the recipient of one row after the other."""

    def __init__(self, layout: Layout, text: CellText) -> None:
        self.columns: list[Column] = []
        for role in RECIPIENT_ROLES:
            self.columns += layout.roles.get(role, ())
        self._indexes = {column.index for column in self.columns}
        self._others = [
            column
            for column in layout.inputs
            if column.index not in self._indexes and not OF_SENDER.search(column.header)
        ]
        self._only = self.columns[0].index if len(self.columns) == 1 else None
        self._text = text

    def find(self, row: Row, problems: list[Problem]) -> Recipient | None:
        """Return the recipient of a row, or None and what is wrong, among `problems`."""
        if self._only is not None and not row.links:
            plain = parse_plain(row.cells[self._only])
            if plain is not None:
                return plain
        unread = {fault.column for fault in row.faults}
        found: list[Recipient] = []
        for column in self.columns:
            # What an unread cell says is not known, which its fault tells.
            if column.index not in unread:
                self._look(row, column, found, problems)
        if not found and problems and all(problem.code in _WEAK for problem in problems):
            found = self._beside(row, problems)
        if failing(problem for problem in problems if not (found and problem.code in _WEAK)):
            return None
        try:
            if found:
                _pass_over(problems)
                return merge(found)
        except RecipientError as error:
            problems.append(Problem(error.code, str(error), row.number, self.columns[0]))
            return None
        if self.columns and not unread.intersection(self._indexes):
            problems.append(
                Problem("recipient-missing", "no recipient", row.number, self.columns[0])
            )
        return None

    def _beside(self, row: Row, problems: list[Problem]) -> list[Recipient]:
        """Find the public profile that a row with another kind of identifier links to, elsewhere in
        the row, and tell it; nothing where there are several."""
        found: dict[Recipient, Column] = {}
        for column in self._others:
            cell = row.cells[column.index]
            if _PUBLIC.search(cell):
                with suppress(RecipientError):
                    found.setdefault(parse(cell), column)
        if len(found) != 1:
            return []
        ((person, column),) = found.items()
        said = f"the public profile in column {column.letter} was taken: {person.identity}"
        problems.append(Problem("recipient-link", said, row.number, column, "warning"))
        return [person]

    def _look(
        self, row: Row, column: Column, found: list[Recipient], problems: list[Problem]
    ) -> None:
        """Add the recipient that one cell names, or what is wrong with the cell."""
        noted = len(problems)
        text = self._text.read(row, column, problems)
        if len(problems) > noted:
            return
        try:
            linked = _linked(text, column.index, row.links) if row.links else None
            if linked:
                found.append(parse(linked))
                shown = f"the cell shows {text[:40]!r}; the link behind it was taken: {linked[:80]}"
                problems.append(Problem("recipient-link", shown, row.number, column, "warning"))
            elif text:
                found.append(parse(text))
        except RecipientError as error:
            problems.append(Problem(error.code, str(error), row.number, column))


def _pass_over(problems: list[Problem]) -> None:
    """Drop what is wrong with identifiers that say less than another one of the row, or tell it."""
    for index, problem in reversed(list(enumerate(problems))):
        if problem.code == "recipient-number":
            del problems[index]
        elif problem.code == "sales-navigator":
            said = "a link of Sales Navigator or Recruiter; the public profile beside it was taken"
            problems[index] = replace(problem, text=said, severity="warning", remedy=_FINE)


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
