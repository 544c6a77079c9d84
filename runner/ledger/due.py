"""The date of a message: it does not go before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from runner.intake.entry import Message
from runner.ledger.follow import Had

# A date that is farther away is a mistake.
_FARTHEST: Final = timedelta(days=730)


class Days(Protocol):
    """The campaign's calendar, as far as dates of messages depend on it."""

    def instant(self, wall: datetime) -> datetime:
        """The instant that the clocks of its zone show as `wall`, which names no zone."""

    def days_after(self, instant: datetime, count: int) -> datetime:
        """The beginning of the sending day that is the `count`-th after that of `instant`."""


@dataclass(frozen=True, slots=True)
class Dates:
    """Finds the date of one message after the other, by the campaign's calendar.

    A message that follows another one goes `after_days` sending days after it.
    """

    days: Days
    after_days: int
    now: datetime

    def due(self, message: Message, had: Had | None) -> datetime | str | None:
        """Return the row's own date, or that after the message it follows, whichever is later.

        None stands for a date that has come; a date that is too far away gives what is wrong.
        """
        dates = []
        if (wall := message.send_after) is not None:
            dates.append(wall if wall.tzinfo else self.days.instant(wall))
        if had is not None and had.at is not None:
            dates.append(self.days.days_after(had.at, self.after_days))
        due_at = max(dates, default=self.now)
        if due_at - self.now > _FARTHEST:
            return f"its date, {due_at:%Y-%m-%d}, is more than two years away"
        return due_at if due_at > self.now else None
