"""A rehearsal as it is played: each of its days as soon as it is over."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from runner.campaign.campaign import Campaign
from runner.errors import CampaignError, InterruptedRunError, explain
from runner.rehearsal.people import People
from runner.rehearsal.rehearse import Day, Rehearsed, beside, rehearse
from runner.sending.pace import DEFAULT_DAYS, DEFAULT_HOURS


@dataclass(slots=True)
class Film:
    """A rehearsal in a thread of its own, with a quota and a share of answers; `rehearsed` or
    `error` is there once it is over. One that is replaced ends at its next day."""

    quota: int
    replies: float
    hours: str
    is_replaced: bool = False
    days: list[Day] = field(default_factory=list)
    rehearsed: Rehearsed | None = None
    error: CampaignError | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether it has ended, well or not."""
        return self.rehearsed is not None or self.error is not None

    @property
    def most(self) -> int:
        """The most messages of a day so far."""
        return max((day.sent for day in self.days), default=1)


def play(campaign: Campaign, folder: Path, *, limit: int, replies: float) -> Film:
    """Begin a rehearsal of a campaign, whose results go into a folder."""
    words = campaign.words
    hours = (
        "at any time"
        if words.now
        else f"{words.days or DEFAULT_DAYS}, {words.hours or DEFAULT_HOURS}"
    )
    film = Film(limit, replies, hours)

    def over(day: Day) -> None:
        if film.is_replaced:
            raise InterruptedRunError("Another rehearsal plays.")
        film.days.append(day)

    def played() -> None:
        try:
            apart = beside(campaign)
            results = apart.results or Path("rehearsal.results.csv")
            film.rehearsed = rehearse(
                replace(apart, results=folder / results.name),
                datetime.now(UTC),
                limit=limit,
                people=People(replies, 0.0, 50, 0),
                day=over,
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the page says it
            film.error = explain(error)

    threading.Thread(target=played, daemon=True).start()
    return film
