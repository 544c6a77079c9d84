"""Earlier messages as contacts: who was messaged, and when.

They come from an earlier results sheet, or from the export of another tool.

Nothing is guessed in the person's disfavour: a person counts as messaged now when the time cannot
be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from runner.errors import RefusedError
from runner.intake.cell import clean
from runner.intake.check import check_people
from runner.intake.code import Code
from runner.intake.column import Column, Layout, nearest, normalise
from runner.intake.entry import Entry, Problem
from runner.intake.moment import Order, order_of, readings
from runner.intake.recipient import RecipientError, parse
from runner.intake.sheet import HIDDEN, Reading, Source
from runner.intake.table import read

# Other tools export the time of a message under these names; the first name in the sheet counts.
_DATE_NAMES: Final = (
    "sentAt",
    "message sent at",
    "message sent",
    "message date",
    "date sent",
    "sent date",
    "sent on",
    "last contacted",
    "last contacted at",
    "last contact",
    "last contact date",
    "last message",
    "last messaged",
    "contacted at",
    "contacted on",
    "contacted",
    "date contacted",
    "sent",
    "date",
)
_FIRST_YEAR: Final = 2003  # LinkedIn's first
# A time without a zone does not say where it was written down. On some clock on earth it is this
# much earlier.
_AHEAD: Final = timedelta(hours=14)


class Contacted(NamedTuple):
    """A message that somebody got.

    `keys` are all spellings that the row gives of the person. `at` is the time, None when no time
    is known.
    """

    keys: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """The earlier messages that a sheet tells of.

    `dates` is the column of their times, if there is one. `nobody` are the cells that name nobody,
    `unread` are the cells that hold no time.
    """

    contacts: tuple[Contacted, ...]
    dates: Column | None
    nobody: tuple[Problem, ...]
    unread: tuple[Problem, ...]


def read_history(
    source: Source, reading: Reading, date_column: str | None, now: datetime
) -> History:
    """Return the messages that a sheet tells of.

    In a results sheet these are the rows that are sent or uncertain. In any other sheet they are
    all rows with a recipient.

    Raises RefusedError without a column of profiles, or without the column that `date_column`
    names.
    """
    checked, _ = check_people(read(source, reading), reading)
    layout = checked.layout
    dates, answered = _date_column(layout, date_column), layout.earlier.get("sentToUrn")
    order = (
        order_of(clean(entry.row.cells[dates.index]) for entry in checked.entries())
        if dates
        else None
    )
    contacts: list[Contacted] = []
    nobody: list[Problem] = []
    unread: list[Problem] = []
    for entry in checked.entries():
        if entry.skipped == HIDDEN or (
            layout.is_results and entry.earlier not in ("sent", "uncertain")
        ):
            continue
        if entry.recipient is None:
            nobody += entry.errors
            continue
        keys = dict.fromkeys((*entry.recipient.keys, *_answered(entry, answered)))
        at = None
        if dates is not None:
            at, trouble = _time(clean(entry.row.cells[dates.index]), order, now)
            if trouble and not (layout.is_results and trouble[0] == "date-blank"):
                unread.append(Problem(*trouble, entry.row.number, dates, "warning"))
        contacts.append(Contacted(tuple(keys), at))
    return History(tuple(contacts), dates, tuple(nobody), tuple(unread))


def _date_column(layout: Layout, wanted: str | None) -> Column | None:
    columns = {
        normalise(column.header): column
        for column in reversed((*layout.inputs, *layout.earlier.values()))
    }
    if wanted is not None:
        if (found := columns.get(normalise(wanted))) is not None:
            return found
        headers = [column.header.strip() for column in columns.values() if column.header.strip()]
        guess = nearest(wanted, headers)
        raise RefusedError(
            f"The sheet has no column {wanted!r}.",
            remedy=f"Did you mean {guess!r}?"
            if guess
            else f"Its columns are: {', '.join(reversed(headers))}.",
        )
    if layout.is_results:
        return layout.earlier.get("sentAt")
    return next((columns[name] for name in map(normalise, _DATE_NAMES) if name in columns), None)


def _answered(entry: Entry, column: Column | None) -> tuple[str, ...]:
    """Return the keys of the person who, by a results sheet, really got the message."""
    try:
        return parse(entry.row.cells[column.index]).keys if column else ()
    except RecipientError:
        return ()


def _time(
    text: str, order: Order | None, now: datetime
) -> tuple[datetime | None, tuple[Code, str] | None]:
    """Return the time of a message, or why it is not known: the problem's code and words."""
    if not text:
        return None, ("date-blank", "no time is given")
    meant = [at for at in readings(text, order) if at.year >= _FIRST_YEAR]
    if not meant:
        return None, (
            "date-unread",
            f"{text[:40]!r} is no date or time such as 2026-11-23 or 2026-11-23 09:30",
        )
    past = [at for at in meant if _earliest(at) <= now]
    if not past:
        return None, ("date-future", f"{text[:40]!r} lies in the future")
    return min(max(at.replace(tzinfo=at.tzinfo or UTC) for at in past).astimezone(UTC), now), None


def _earliest(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC) - _AHEAD
