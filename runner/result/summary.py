"""The summary: where a campaign stands, read from the ledger.

It has the totals, each account's quota, the days ahead, and why a row waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from runner.ledger.account import account_state
from runner.ledger.astray import alarm
from runner.ledger.ledger import Ledger
from runner.ledger.line import Line
from runner.ledger.pause import paused, said
from runner.ledger.record import (
    AccountState,
    CampaignRecord,
    Stop,
    Totals,
    UncertainRow,
    Wait,
)
from runner.ledger.reply import count_replies
from runner.ledger.standing import deliveries, totals, uncertain_rows
from runner.ledger.tally import Tally, tallies
from runner.result.variant import Compared, compare
from runner.sending import forecast
from runner.sending.pace import Pace, calendar_of
from runner.sending.turn import Turn


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account's quota now, and the forecast of this campaign's rows on it.

    `foreign` is how many of the used messages others sent through ConnectSafely. `waiting` counts
    rows of this campaign. `windows` is the forecast of when they go; it is empty when nothing can
    go. With an `alarm` the account sends nothing until a person has settled a row.
    """

    account: str
    limit: int
    used: int
    foreign: int
    remaining: int
    reset_at: datetime
    waiting: int
    wait: Wait | None
    windows: tuple[tuple[datetime, int], ...]
    alarm: Stop | None = None

    @property
    def name(self) -> str:
        return self.account or "default"


@dataclass(slots=True)
class _Window:
    """A stretch of sending, and how many places of its forecast are left."""

    start: datetime
    left: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A campaign at one instant.

    `live` is True while a run of it is active. `uncertain` are the rows that need a look in
    LinkedIn. A campaign that is paused, since `paused_at`, sends nothing until a person lets it go
    on. `replied` counts the people who have answered. `tallies` are those of its steps and
    variants, where it has any.
    """

    campaign: CampaignRecord
    totals: Totals
    accounts: tuple[AccountView, ...]
    gone: int
    at: datetime
    zone: tzinfo
    live: bool = False
    uncertain: tuple[UncertainRow, ...] = ()
    paused_at: datetime | None = None
    replied: int = 0
    tallies: tuple[Tally, ...] = ()

    @property
    def steps(self) -> dict[int, Tally]:
        """The tallies by step, over all variants; none where there is one message to each."""
        found: dict[int, Tally] = {}
        for one in self.tallies if self.campaign.settings.steps else ():
            so_far = found.get(one.step, Tally(one.step, None, 0, 0, 0, 0, 0, 0))
            counts = (first + more for first, more in zip(so_far[2:], one[2:], strict=True))
            found[one.step] = Tally(one.step, None, *counts)
        return found

    @property
    def delivered(self) -> int:
        """How many messages were sent, of all steps."""
        return sum(one.sent for one in self.tallies) if self.tallies else self.totals.sent

    @property
    def compared(self) -> tuple[Compared, ...]:
        """The variants of each message that has several."""
        return tuple(compare(self.tallies))

    @property
    def next_send_at(self) -> datetime | None:
        """The instant when the first waiting row may go; None when no row waits or can go."""
        starts = [
            view.wait.until if view.wait else self.at for view in self.accounts if view.windows
        ]
        return min(starts, default=None)

    @property
    def days(self) -> tuple[tuple[date, int], ...]:
        """The forecast: how many messages go on each local day."""
        counts: dict[date, int] = {}
        for view in self.accounts:
            for start, count in view.windows:
                day = start.astimezone(self.zone).date()
                counts[day] = counts.get(day, 0) + count
        return tuple(sorted(counts.items()))

    @property
    def limit(self) -> int:
        """The quota of all accounts."""
        return sum(view.limit for view in self.accounts)

    @property
    def finish(self) -> str:
        """The day on which the last waiting row goes, in words.

        A forecast looks some years ahead, and says so when that is not enough.
        """
        days = self.days
        if not days:
            return "no end in sight"
        whole = sum(count for _, count in days) >= self.totals.waiting
        return f"{'the last on' if whole else 'not done before'} {days[-1][0]:%a %Y-%m-%d}"

    def starts(self) -> Callable[[Line], datetime | None]:
        """Return a function that gives a waiting line the start of its forecast sending hours.

        The function takes the lines in the sheet's order.
        """
        left = {
            view.account: [_Window(*window) for window in view.windows] for view in self.accounts
        }
        seen: dict[int, datetime | None] = {}

        def start(line: Line) -> datetime | None:
            key = line.delivery or 0
            if key not in seen:
                seen[key] = _take(left.get(line.account or "", []), line.due_at)
            return seen[key]

        return start


def _take(windows: list[_Window], due_at: datetime | None) -> datetime | None:
    """Take a place in the first window that has one left and is not before a line's date."""
    while windows and not windows[0].left:
        windows.pop(0)
    for window in windows:
        if window.left and (due_at is None or due_at <= window.start):
            window.left -= 1
            return window.start
    return None


def summarise(
    ledger: Ledger,
    campaign: CampaignRecord,
    pace: Pace,
    now: datetime,
    accounts: Sequence[str] = (),
    *,
    live: bool = False,
) -> Summary:
    """Return the campaign as it stands now.

    `accounts` are shown beside those of its rows. `live` says that a run of it is active elsewhere.
    """
    with ledger.read() as connection:
        counted = deliveries(connection, campaign.id)
        waits = counted.waiting
        named = dict.fromkeys((*waits, *counted.senders, *accounts))
        replied = count_replies(connection, campaign.id)
        paused_at = said(connection, campaign.id).paused_at
        pause = paused(campaign.name, paused_at)
        sequence = _sequence(campaign)
        views = []
        for account in named:
            state = account_state(connection, account, campaign.id, now)
            stopped = alarm(connection, account) if account in waits else None
            view = _view(pace, state, now, waits.get(account, 0), stopped, sequence)
            if pause is not None:
                view = replace(view, wait=pause if view.waiting else None, windows=())
            views.append(view)
        by_status, gone = totals(connection, campaign.id, counted, live=live)
        uncertain = uncertain_rows(connection, campaign.id, counted, live=live)
        has_tallies = campaign.settings.steps or campaign.settings.has_variants
        counts = tallies(connection, campaign.id) if has_tallies else ()
    return Summary(
        campaign=campaign,
        totals=by_status,
        accounts=tuple(views),
        gone=gone,
        at=now,
        zone=calendar_of(campaign.settings).zone,
        live=live,
        uncertain=uncertain,
        paused_at=paused_at,
        replied=replied,
        tallies=counts,
    )


def _sequence(campaign: CampaignRecord) -> forecast.Sequence | None:
    """The steps of a campaign, where it has some."""
    steps = campaign.settings.steps
    days_after = calendar_of(campaign.settings).days_after
    return forecast.Sequence(steps, days_after) if steps else None


def _view(
    pace: Pace,
    state: AccountState,
    now: datetime,
    count: int,
    stopped: Stop | None,
    sequence: forecast.Sequence | None,
) -> AccountView:
    turn = Turn(pace, state, now)
    left = turn.allowance()
    return AccountView(
        account=state.account,
        limit=left.limit,
        used=left.used,
        foreign=left.foreign,
        remaining=left.remaining,
        reset_at=left.reset_at,
        waiting=count,
        wait=turn.wait() if count else None,
        windows=() if stopped else tuple(forecast.windows(pace, state, now, sequence)),
        alarm=stopped,
    )
