"""The accounts that a ledger knows: what each may still send, and what it has sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy.engine import Connection

from runner.ledger.account import NO_CAMPAIGN, account_state
from runner.ledger.astray import alarm
from runner.ledger.ledger import Ledger
from runner.ledger.record import Hold, Stop
from runner.ledger.tally import known_accounts, used, waiting_by_account
from runner.sending.pace import Pace
from runner.sending.turn import Turn

DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class AccountNow:
    """An account over all campaigns.

    Its quota is the server's, without the bounds of any campaign; `foreign` is how many of the used
    messages others sent. `waiting` rows are for it. `days` has its requests on each of the last
    days. With an `alarm` it sends nothing until a person has settled a row.
    """

    account: str
    limit: int
    used: int
    foreign: int
    remaining: int
    reset_at: datetime
    waiting: int
    days: tuple[tuple[date, int], ...]
    hold: Hold | None
    alarm: Stop | None

    @property
    def name(self) -> str:
        return self.account or "default"


def accounts(ledger: Ledger, now: datetime, zone: tzinfo) -> tuple[AccountNow, ...]:
    """Say how each account stands, those with rows that wait first; days are those of the zone."""
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    counts: Counter[tuple[str, date]] = Counter()
    with ledger.read() as connection:
        for one in used(connection, now - timedelta(days=DAYS)):
            counts[one.account, one.at.astimezone(zone).date()] += one.requests
        waits = waiting_by_account(connection)
        known = [
            _now(
                connection,
                account,
                now,
                waits.get(account, 0),
                tuple((day, counts[account, day]) for day in days),
            )
            for account in known_accounts(connection)
        ]
    return tuple(sorted(known, key=lambda one: (not one.waiting, one.name)))


def _now(
    connection: Connection,
    account: str,
    now: datetime,
    waiting: int,
    days: tuple[tuple[date, int], ...],
) -> AccountNow:
    state = account_state(connection, account, NO_CAMPAIGN, now)
    left = Turn(Pace(calendar=None), state, now).allowance()
    return AccountNow(
        account=account,
        limit=left.limit,
        used=left.used,
        foreign=left.foreign,
        remaining=left.remaining,
        reset_at=left.reset_at,
        waiting=waiting,
        days=days,
        hold=state.hold,
        alarm=alarm(connection, account),
    )
