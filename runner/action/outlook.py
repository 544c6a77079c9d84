"""The outlook of a list that no ledger has yet: when its messages would go, as its accounts stand
now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from runner.campaign.campaign import Campaign
from runner.ledger.account import NO_CAMPAIGN, account_state
from runner.ledger.ledger import Ledger
from runner.ledger.record import AccountState, Ahead, Hold, Rival, Told
from runner.sending import forecast
from runner.sending.turn import Turn


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast for so many people: the messages of each day, and the quota of a day over all
    accounts. `whole` tells whether it reaches to the last of them."""

    people: int
    days: tuple[tuple[date, int], ...]
    limit: int
    whole: bool


class _Planned:
    """An account as it stands, with a part of a list before it."""

    def __init__(self, real: AccountState, people: int) -> None:
        self._real, self._people = real, people
        self.account: str = real.account
        self.campaign: int = real.campaign
        self.told: Told | None = real.told
        self.hold: Hold | None = real.hold
        self.last_claim: datetime | None = real.last_claim

    def charged_after(self, instant: datetime, campaign: int | None = None) -> int:
        return self._real.charged_after(instant, campaign)

    def charged_in(self, opened: datetime) -> int:
        return self._real.charged_in(opened)

    def charged_before(self, instant: datetime) -> datetime | None:
        return self._real.charged_before(instant)

    def nth_latest(self, number: int, *, by_key: bool) -> datetime | None:
        return self._real.nth_latest(number, by_key=by_key)

    def waiting(self) -> int:
        return self._people

    def later(self) -> tuple[tuple[datetime, int], ...]:
        return ()

    def ahead(self) -> tuple[Ahead, ...]:
        return ()

    def rivals(self) -> tuple[Rival, ...]:
        return self._real.rivals()


def outlook(ledger: Ledger, campaign: Campaign, people: int, now: datetime) -> Outlook:
    """Forecast when so many people would have the campaign's message, its accounts sharing them."""
    accounts = campaign.accounts or ("",)
    counts: Counter[date] = Counter()
    limit = 0
    zone = campaign.calendar.zone
    with ledger.read() as connection:
        for place, account in enumerate(accounts):
            part = people // len(accounts) + (place < people % len(accounts))
            state = account_state(connection, account, NO_CAMPAIGN, now)
            limit += Turn(campaign.pace, state, now).allowance().limit
            for start, count in forecast.windows(campaign.pace, _Planned(state, part), now):
                counts[start.astimezone(zone).date()] += count
    return Outlook(people, tuple(sorted(counts.items())), limit, counts.total() >= people)
