"""An account as all campaigns of the ledger left it.

It covers the numbers that the server told, who sent how much, and which other campaigns have rows
for the account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.record import (
    BELIEVABLE,
    LONGEST_WINDOW,
    AccountState,
    Hold,
    Outcome,
    Rival,
    Status,
    Told,
    Wait,
)
from runner.ledger.setting import PaceWords, pace_words

# While another campaign's message is under way on the account, look again this soon.
_POLL: Final = timedelta(seconds=1)
# The extra day allows for a time that was noted under a clock that was ahead.
_FARTHEST: Final = LONGEST_WINDOW + timedelta(days=1)
_LONGEST_LEASE: Final = timedelta(hours=2)
# A campaign that was run, or has sent, this recently is expected to go on: a daily schedule, a
# little late.
_EXPECTED: Final = timedelta(hours=26)
# An entry dated this little ahead was written before this computer's clock was set back: it has
# just happened.
_STEP: Final = timedelta(hours=1)
# A reset is told anew by each answer, to the second, and read by two clocks.
_JITTER: Final = timedelta(seconds=5)
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)

# The queries are built once: a claim asks several of them, and building one costs as much as asking
# it.
_ATTEMPT: Final = schema.attempt.c
_MINE: Final = _ATTEMPT.account == sa.bindparam("account")
_CHARGED: Final = sa.or_(
    _ATTEMPT.settled_at.is_(None), _ATTEMPT.status.in_((Status.SENT, Status.UNCERTAIN))
)
_LATEST: Final = sa.func.max(_ATTEMPT.claimed_at, type_=schema.Instant())
_COUNT: Final = sa.select(sa.func.count()).where(
    _MINE, _ATTEMPT.claimed_at > sa.bindparam("after"), _CHARGED
)
_COUNT_OF_CAMPAIGN: Final = _COUNT.where(_ATTEMPT.campaign_id == sa.bindparam("campaign"))
_LAST_CHARGED: Final = sa.select(_LATEST).where(
    _MINE, _ATTEMPT.claimed_at < sa.bindparam("before"), _CHARGED
)
_LAST_CLAIM: Final = sa.select(_LATEST).where(_MINE, _ATTEMPT.claimed_at <= sa.bindparam("now"))
_NTH: Final = (
    sa.select(_ATTEMPT.claimed_at)
    .where(_ATTEMPT.claimed_at <= sa.bindparam("now"))
    .order_by(_ATTEMPT.claimed_at.desc())
    .limit(1)
    .offset(sa.bindparam("skipped", type_=sa.Integer))
)
_MY_NTH: Final = _NTH.where(_MINE)
_WAITING: Final = sa.select(sa.func.count()).where(
    schema.delivery.c.campaign_id == sa.bindparam("campaign"),
    schema.delivery.c.account == sa.bindparam("account"),
    schema.delivery.c.status == Status.WAITING,
)
_OTHERS: Final = sa.select(
    schema.campaign.c.id, schema.campaign.c.settings, schema.campaign.c.running_since
).where(
    schema.campaign.c.id != sa.bindparam("campaign"),
    sa.or_(
        schema.campaign.c.read_at > sa.bindparam("since"),
        schema.campaign.c.id.in_(
            sa.select(_ATTEMPT.campaign_id).where(
                _MINE, _ATTEMPT.claimed_at > sa.bindparam("since")
            )
        ),
    ),
)
_UNDER_WAY: Final = sa.select(_ATTEMPT.deadline).where(
    _ATTEMPT.settled_at.is_(None),
    _MINE,
    _ATTEMPT.deadline > sa.bindparam("now"),
    # A deadline beyond any lease was set by a clock that was ahead.
    _ATTEMPT.deadline < sa.bindparam("latest"),
)
_OLDEST_UNDER_WAY: Final = sa.select(
    sa.func.min(_ATTEMPT.claimed_at, type_=schema.Instant())
).where(_ATTEMPT.settled_at.is_(None), _MINE, _ATTEMPT.deadline > sa.bindparam("now"))
_KNOWN: Final = sa.select(schema.account).where(schema.account.c.account == sa.bindparam("account"))


def under_way(connection: Connection, account: str, now: datetime) -> Wait | None:
    """Return the wait for another message that is being sent on the account, if there is one."""
    deadline = connection.execute(
        _UNDER_WAY, {"account": account, "now": now, "latest": now + _LONGEST_LEASE}
    ).scalar()
    if deadline is None:
        return None
    return Wait(
        min(deadline, now + _POLL), "another campaign is sending on this account", stay=True
    )


def account_state(
    connection: Connection, account: str, campaign_id: int, now: datetime
) -> AccountState:
    """Return the account as a claim of this campaign sees it now.

    The ledger is asked within the connection's transaction.
    """
    return _Account(connection, account, campaign_id, now)


class _Account:
    """The state of an account; it asks the ledger each question once, and only when needed."""

    def __init__(
        self, connection: Connection, account: str, campaign_id: int, now: datetime
    ) -> None:
        self._connection = connection
        self._now = now
        self._after: dict[tuple[datetime, int | None], int] = {}
        self._before: dict[datetime, datetime | None] = {}
        self._waiting: dict[int, int] = {}
        self._rivals: tuple[Rival, ...] | None = None
        self.account = account
        self.campaign = campaign_id
        self.told, self.hold = _told(connection, account, now)
        self.last_claim = self._earliest(self._ask(_LAST_CLAIM, now=now + _STEP))

    def charged_after(self, instant: datetime, campaign: int | None = None) -> int:
        key = (instant, campaign)
        if key not in self._after:
            if campaign is None:
                found = self._ask(_COUNT, after=instant)
            else:
                found = self._ask(_COUNT_OF_CAMPAIGN, after=instant, campaign=campaign)
            self._after[key] = int(found)
        return self._after[key]

    def charged_before(self, instant: datetime) -> datetime | None:
        if instant not in self._before:
            self._before[instant] = self._ask(_LAST_CHARGED, before=instant)
        return self._before[instant]

    def nth_latest(self, number: int, *, everywhere: bool) -> datetime | None:
        values = {"now": self._now + _STEP, "skipped": number - 1}
        if everywhere:
            return self._earliest(self._connection.execute(_NTH, values).scalar())
        return self._earliest(self._ask(_MY_NTH, **values))

    def waiting(self) -> int:
        return self._waiting_of(self.campaign)

    def rivals(self) -> tuple[Rival, ...]:
        if self._rivals is None:
            self._rivals = tuple(self._find_rivals())
        return self._rivals

    def _find_rivals(self) -> Iterator[Rival]:
        expected = {"campaign": self.campaign, "since": self._now - _EXPECTED}
        found = self._connection.execute(_OTHERS, {"account": self.account, **expected}).all()
        for campaign, settings, running_since in found:
            if count := self._waiting_of(campaign):
                yield Rival(campaign, count, running_since is not None, _pace(settings))

    def _waiting_of(self, campaign: int) -> int:
        if campaign not in self._waiting:
            self._waiting[campaign] = int(self._ask(_WAITING, campaign=campaign))
        return self._waiting[campaign]

    def _ask(self, statement: sa.Select[Any], **values: object) -> Any:
        return self._connection.execute(statement, {"account": self.account, **values}).scalar()

    def _earliest(self, instant: datetime | None) -> datetime | None:
        return None if instant is None else min(instant, self._now)


@lru_cache(maxsize=64)
def _pace(settings: str) -> PaceWords:
    return pace_words(json.loads(settings))


def _told(connection: Connection, account: str, now: datetime) -> tuple[Told | None, Hold | None]:
    found = connection.execute(_KNOWN, {"account": account}).first()
    told = hold = None
    if found is not None:
        at = found.told_at or _LONG_AGO
        known_numbers = (
            found.quota_limit,
            found.quota_used,
            found.quota_remaining,
            found.quota_reset_at,
        )
        # A clock that was far ahead may have noted this. Such a note must not silence the account
        # until then. The limit does not depend on time.
        if at > now + _STEP:
            told = Told(_LONG_AGO, found.quota_limit) if found.quota_limit is not None else None
        elif any(number is not None for number in known_numbers):
            reset_at = found.quota_reset_at
            told = Told(
                min(at, now),
                *known_numbers[:3],
                reset_at if reset_at and reset_at <= now + _FARTHEST else None,
                found.window_opened_at,
            )
        if found.held_until is not None and found.held_until <= now + _FARTHEST:
            hold = Hold(found.held_until, found.hold_reason, found.hold_brief)
    return told, hold


def note_told(connection: Connection, account: str, told: Told) -> None:
    """Note the numbers that the server was asked for.

    They may leave out a message that is under way just now. They do leave out the message that is
    claimed next, and a coarse clock can show the same instant for that claim.
    """
    begun = connection.execute(_OLDEST_UNDER_WAY, {"account": account, "now": told.at}).scalar()
    values = _numbers(connection, account, told)
    if "told_at" in values:
        before = min(told.at, begun or told.at) - timedelta(microseconds=1)
        values["told_at"] = min(values["told_at"], before)
    _put(connection, account, values)


def note_outcome(connection: Connection, account: str, outcome: Outcome) -> None:
    """Note what an attempt taught us of its account: the server's numbers, and whether it has to
    pause."""
    values = _numbers(connection, account, outcome.told) if outcome.told else {}
    if hold := outcome.hold:
        values |= {"held_until": hold.until, "hold_reason": hold.reason, "hold_brief": hold.brief}
    elif outcome.status is Status.SENT:
        values |= {"held_until": None, "hold_reason": None, "hold_brief": None}
    _put(connection, account, values)


def _numbers(connection: Connection, account: str, told: Told) -> dict[str, Any]:
    # Any number can be missing from an answer. A missing number does not unsay the number that an
    # earlier answer told, unless the window is another one. Only an answer with a count tells that.
    table = schema.account
    before = connection.execute(sa.select(table).where(table.c.account == account)).first()
    reset_at = before.quota_reset_at if before else None
    counted = told.remaining is not None or told.used is not None
    is_same = is_over = another = False
    if counted and told.reset_at is not None and reset_at is not None:
        is_same = abs(told.reset_at - reset_at) <= _JITTER
        is_over = reset_at <= told.at and not is_same
        another = is_over or abs(told.reset_at - reset_at) > timedelta(minutes=10)
    # Without a known limit, the number of used messages does not tell how many are left. The number
    # left that was told earlier on the same day then stands.
    boundless = told.limit is None and (before is None or before.quota_limit is None)
    stands = (
        before is not None
        and before.quota_remaining is not None
        and before.told_at.date() == told.at.date()
    )
    if told.remaining is None and boundless and stands and not another:
        told = replace(told, used=None)
    values: dict[str, Any] = {}
    if told.remaining is not None or told.used is not None:
        values = {"told_at": told.at, "quota_used": told.used, "quota_remaining": told.remaining}
    if (told.limit or 0) > BELIEVABLE and before is not None and before.quota_limit is not None:
        told = replace(told, limit=None)  # no number at all unsays the one that was believed
    if is_over:
        values["window_opened_at"] = reset_at
    elif is_same and reset_at is not None:
        # An answer that took its time over the reset tells the numbers of the window before it.
        told = replace(told, reset_at=reset_at)
        values["told_at"] = min(told.at, reset_at - timedelta(microseconds=1))
    given = {"quota_limit": told.limit, "quota_reset_at": told.reset_at if counted else None}
    return values | {name: value for name, value in given.items() if value is not None}


def _put(connection: Connection, account: str, values: dict[str, Any]) -> None:
    table = schema.account
    if (
        values
        and connection.execute(
            sa.update(table).where(table.c.account == account).values(values)
        ).rowcount
        == 0
    ):
        connection.execute(sa.insert(table).values(account=account, **values))
