"""What a results sheet says of its rows: who was messaged, when, from where, with which text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from runner.intake.cell import clean
from runner.intake.check import Check, check_people
from runner.intake.column import Column
from runner.intake.recipient import Recipient
from runner.intake.sheet import Reading, Source
from runner.intake.table import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A row of a results sheet. `cells` are those of the list, without the results.

    Texts are as the sheet has them; None for a blank cell. `at` is when it was sent, and None when
    the sheet does not say.
    """

    number: int
    cells: tuple[str, ...]
    recipient: Recipient | None
    status: str
    reason: str | None
    error: str | None
    at: datetime | None
    answered: str | None
    account: str | None
    text: str | None
    http_status: int | None
    typing: bool | None

    @property
    def is_messaged(self) -> bool:
        """Tell whether the person has, or may have, the message."""
        return self.recipient is not None and self.status in ("sent", "uncertain")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A results sheet that was read, hidden rows included."""

    source: Source
    checked: Check

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of the list's own columns."""
        return tuple(column.header for column in self.checked.layout.inputs)

    def results(self) -> Iterator[Result]:
        """Give the rows in their order."""
        layout = self.checked.layout
        columns = layout.earlier
        for entry in self.checked.entries():
            cells = entry.row.cells
            said = {name: _cell(cells, column) for name, column in columns.items()}
            http = said.get("httpStatus") or ""
            typing = (said.get("typingIndicatorSent") or "").lower()
            yield Result(
                number=entry.row.number,
                cells=tuple(_cell(cells, column) or "" for column in layout.inputs),
                recipient=entry.recipient,
                status=(said.get("status") or "").lower(),
                reason=said.get("reason"),
                error=said.get("error"),
                at=_instant(said.get("sentAt")),
                answered=said.get("sentToUrn"),
                account=said.get("sentFrom"),
                text=said.get("sentMessage"),
                http_status=int(http) if http.isdecimal() and len(http) == 3 else None,
                typing={"true": True, "false": False}.get(typing),
            )


def read_earlier(source: Source, reading: Reading) -> Earlier | None:
    """Read a results sheet; None when the sheet is none. Raises RefusedError."""
    reading = replace(reading, hidden="include")
    checked, _ = check_people(read(source, reading), reading)
    return Earlier(source, checked) if checked.layout.is_results else None


def _cell(cells: Sequence[str], column: Column | None) -> str | None:
    if column is None or column.index >= len(cells):
        return None
    return clean(cells[column.index]) or None


def _instant(text: str | None) -> datetime | None:
    with suppress(ValueError):
        instant = datetime.fromisoformat(text) if text else None
        if instant is not None:
            return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    return None
