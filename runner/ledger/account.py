"""An account as all campaigns of the ledger left it: what the server told, who sent how much, and who else has rows for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.record import AccountState, Hold, Outcome, Rival, Status, Told, Wait

# While another campaign's message is under way on the account, look again this soon.
_POLL: Final = timedelta(seconds=1)
# No window of the vendor's is longer than a week.
FARTHEST_HOLD: Final = timedelta(days=9)
_LONGEST_LEASE: Final = timedelta(hours=2)
# A campaign that was run, or has sent, this lately is expected to go on: a daily schedule, a little late.
_EXPECTED: Final = timedelta(hours=26)
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_CHARGED: Final = (Status.SENT, Status.UNCERTAIN)


def under_way(connection: Connection, account: str, now: datetime) -> Wait | None:
    """Whether another message is being sent on the account, for which ours has to wait."""
    table = schema.attempt
    # A deadline beyond any lease was set by a clock that was ahead.
    statement = sa.select(table.c.deadline).where(
        table.c.settled_at.is_(None),
        table.c.account == account,
        table.c.deadline > now,
        table.c.deadline < now + _LONGEST_LEASE,
    )
    deadline = connection.execute(statement).scalar()
    if deadline is None:
        return None
    return Wait(min(deadline, now + _POLL), "another campaign is sending on this account", stay=True)


def account_state(connection: Connection, account: str, campaign_id: int, now: datetime) -> AccountState:
    """The account as a claim of this campaign sees it now. Each count is asked once, and only when it is needed."""
    attempt, delivery = schema.attempt, schema.delivery
    told, hold = _told(connection, account, now)
    mine = attempt.c.account == account
    counts = sa.or_(attempt.c.settled_at.is_(None), attempt.c.status.in_(_CHARGED))
    latest = sa.func.max(attempt.c.claimed_at, type_=schema.Instant())

    @cache
    def charged_after(instant: datetime, campaign: int | None = None) -> int:
        statement = sa.select(sa.func.count()).where(mine, attempt.c.claimed_at > instant, counts)
        if campaign is not None:
            statement = statement.where(attempt.c.campaign_id == campaign)
        return connection.execute(statement).scalar_one()

    def charged_before(instant: datetime) -> datetime | None:
        return connection.execute(sa.select(latest).where(mine, attempt.c.claimed_at < instant, counts)).scalar()

    def nth_latest(number: int, *, everywhere: bool) -> datetime | None:
        statement = sa.select(attempt.c.claimed_at).where(attempt.c.claimed_at <= now)
        statement = statement if everywhere else statement.where(mine)
        statement = statement.order_by(attempt.c.claimed_at.desc()).limit(1).offset(number - 1)
        return connection.execute(statement).scalar()

    @cache
    def waiting(campaign: int) -> int:
        statement = sa.select(sa.func.count()).where(
            delivery.c.campaign_id == campaign, delivery.c.account == account, delivery.c.status == Status.WAITING
        )
        return connection.execute(statement).scalar_one()

    @cache
    def rivals() -> tuple[Rival, ...]:
        table = schema.campaign
        sent_lately = sa.select(attempt.c.campaign_id).where(mine, attempt.c.claimed_at > now - _EXPECTED)
        statement = sa.select(table.c.id, table.c.settings, table.c.running_since).where(
            table.c.id != campaign_id,
            sa.or_(table.c.read_at > now - _EXPECTED, table.c.id.in_(sent_lately)),
        )
        found = []
        for other, settings, running_since in connection.execute(statement).all():
            if count := waiting(other):
                said = json.loads(settings)
                found.append(Rival(other, said.get("priority") or 1, count, running_since is not None, said.get("daily_limit")))
        return tuple(found)

    return AccountState(
        account,
        campaign_id,
        told,
        hold,
        connection.execute(sa.select(latest).where(mine, attempt.c.claimed_at <= now)).scalar(),
        charged_after,
        charged_before,
        nth_latest,
        lambda: waiting(campaign_id),
        rivals,
    )


def _told(connection: Connection, account: str, now: datetime) -> tuple[Told | None, Hold | None]:
    found = connection.execute(sa.select(schema.account).where(schema.account.c.account == account)).first()
    told = hold = None
    if found is not None:
        at = found.told_at or _LONG_AGO
        known_numbers = (found.quota_limit, found.quota_used, found.quota_remaining, found.quota_reset_at)
        # What a clock that was ahead wrote down must not silence the account until then.
        if at <= now and any(number is not None for number in known_numbers):
            reset_at = found.quota_reset_at
            told = Told(at, *known_numbers[:3], reset_at if reset_at and reset_at <= now + FARTHEST_HOLD else None)
        if found.held_until is not None and found.held_until <= now + FARTHEST_HOLD:
            hold = Hold(found.held_until, found.hold_reason, found.hold_brief)
    return told, hold


def note_told(connection: Connection, account: str, told: Told) -> None:
    """Note the server's numbers, whichever way they came."""
    _put(connection, account, _numbers(connection, account, told))


def note_outcome(connection: Connection, account: str, outcome: Outcome) -> None:
    """Note what an attempt taught us of its account: the server's numbers, and whether it has to pause."""
    values = _numbers(connection, account, outcome.told) if outcome.told else {}
    if hold := outcome.hold:
        values |= {"held_until": hold.until, "hold_reason": hold.reason, "hold_brief": hold.brief}
    elif outcome.status is Status.SENT:
        values |= {"held_until": None, "hold_reason": None, "hold_brief": None}
    _put(connection, account, values)


def _numbers(connection: Connection, account: str, told: Told) -> dict[str, Any]:
    # Any number can be missing from an answer; what is missing does not unsay what an earlier one told, unless the window is
    # another one.
    table = schema.account
    before = connection.execute(sa.select(table).where(table.c.account == account)).first()
    reset_at = before.quota_reset_at if before else None
    another = told.reset_at is not None and reset_at is not None and abs(told.reset_at - reset_at) > timedelta(minutes=10)
    # How many are used does not say how many are left where no limit is known: what was left earlier on the day stands.
    boundless = told.limit is None and (before is None or before.quota_limit is None)
    stands = before is not None and before.quota_remaining is not None and before.told_at.date() == told.at.date()
    if told.remaining is None and boundless and stands and not another:
        told = replace(told, used=None)
    values: dict[str, Any] = {}
    if told.remaining is not None or told.used is not None or another:
        values = {"told_at": told.at, "quota_used": told.used, "quota_remaining": told.remaining}
    given = {"quota_limit": told.limit, "quota_reset_at": told.reset_at}
    return values | {name: value for name, value in given.items() if value is not None}


def _put(connection: Connection, account: str, values: dict[str, Any]) -> None:
    table = schema.account
    if values and connection.execute(sa.update(table).where(table.c.account == account).values(values)).rowcount == 0:
        connection.execute(sa.insert(table).values(account=account, **values))
