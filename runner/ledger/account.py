"""An account as all campaigns of the ledger left it: the numbers that the server told, who sent how
much, and which other campaigns have rows for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.instant import Instant
from runner.ledger.record import BELIEVABLE, FOLLOWS, Ahead, Rival, Status, Wait
from runner.ledger.setting import DEFAULT_KEY, PaceWords, pace_words
from runner.ledger.told import STEP, told_of

# While another campaign's message is under way on the account, look again this soon.
_POLL: Final = timedelta(seconds=1)
_LONGEST_LEASE: Final = timedelta(hours=2)
# A campaign that was run, or has sent, this recently is expected to go on: a daily schedule, a
# little late.
_EXPECTED: Final = timedelta(hours=26)
NO_CAMPAIGN: Final = 0  # an account as it stands without one
_ALL: Final = 2**31 - 1
# What the shares of a quota are reckoned from goes in the window, and what has gone in it.
_WINDOWS: Final = 4


def is_due(now: sa.ColumnElement[Any] | datetime) -> sa.ColumnElement[bool]:
    """The condition that a delivery's date has come, or that it has none."""
    return sa.or_(schema.delivery.c.due_at.is_(None), schema.delivery.c.due_at <= now)


# The queries are built once: a claim asks several of them, and building one costs as much as asking
# it.
_ATTEMPT: Final = schema.attempt.c
_MINE: Final = _ATTEMPT.account == sa.bindparam("account")
# Not `in_`, which is written out anew each time it is asked.
_WENT: Final = sa.or_(_ATTEMPT.status == Status.SENT, _ATTEMPT.status == Status.UNCERTAIN)
_CHARGED: Final = sa.or_(_ATTEMPT.settled_at.is_(None), _WENT)
_LATEST: Final = sa.func.max(_ATTEMPT.claimed_at, type_=Instant())
_COUNT: Final = sa.select(sa.func.count()).where(
    _MINE, _ATTEMPT.claimed_at > sa.bindparam("after"), _CHARGED
)
_COUNT_OF_CAMPAIGN: Final = _COUNT.where(_ATTEMPT.campaign_id == sa.bindparam("campaign"))
_IN_WINDOW: Final = sa.select(sa.func.count()).where(
    _MINE,
    _ATTEMPT.claimed_at > sa.bindparam("before"),
    _CHARGED,
    sa.or_(
        _ATTEMPT.claimed_at >= sa.bindparam("opened"),
        sa.and_(
            _ATTEMPT.deadline > sa.bindparam("opened"),
            sa.or_(_ATTEMPT.settled_at.is_(None), _ATTEMPT.status == Status.UNCERTAIN),
        ),
    ),
)
_LAST_CHARGED: Final = sa.select(_LATEST).where(
    _MINE, _ATTEMPT.claimed_at < sa.bindparam("before"), _CHARGED
)
_NTH: Final = (
    sa.select(_ATTEMPT.claimed_at)
    .where(_ATTEMPT.claimed_at <= sa.bindparam("now"))
    .order_by(_ATTEMPT.claimed_at.desc())
    .limit(1)
    .offset(sa.bindparam("skipped", type_=sa.Integer))
)
_MY_NTH: Final = _NTH.where(_MINE)
_NTH_BY_KEY: Final = _NTH.where(_ATTEMPT.key == sa.bindparam("key"))
_DELIVERY: Final = schema.delivery.c
_WAITS: Final = sa.and_(
    _DELIVERY.campaign_id == sa.bindparam("campaign"),
    _DELIVERY.account == sa.bindparam("account"),
    _DELIVERY.status == Status.WAITING,
)


def _count_up_to(which: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    some = sa.select(_DELIVERY.id).where(_WAITS, which)
    most = some.limit(sa.bindparam("enough", type_=sa.Integer)).subquery()
    return sa.select(sa.func.count()).select_from(most).scalar_subquery()


# Each half is one range of an index, which rows with a later date are no part of.
_WAITING: Final = sa.select(
    _count_up_to(_DELIVERY.due_at.is_(None)) + _count_up_to(_DELIVERY.due_at <= sa.bindparam("now"))
)
_LATER: Final = (
    sa.select(_DELIVERY.due_at, sa.func.count())
    .where(_WAITS, _DELIVERY.due_at > sa.bindparam("now"))
    .group_by(_DELIVERY.due_at)
    .order_by(_DELIVERY.due_at)
)
# The condition that a delivery is of a step that may still come to wait.
PENDING: Final = sa.and_(_DELIVERY.status == Status.SKIPPED, _DELIVERY.reason == FOLLOWS)
_IS_WAITING: Final = _DELIVERY.status == Status.WAITING
# Of each person, the step that waits, its date, and the steps that follow it as bits of a number.
_CHAIN: Final = (
    sa.select(
        sa.func.max(sa.case((_IS_WAITING, _DELIVERY.step))).label("step"),
        sa.func.max(sa.case((_IS_WAITING, _DELIVERY.due_at))).label("due_at"),
        sa.func.sum(
            sa.case((PENDING, sa.literal(1).op("<<", return_type=sa.Integer)(_DELIVERY.step)))
        ).label("after"),
        sa.func.min(_DELIVERY.position).label("position"),
    )
    .where(
        _DELIVERY.campaign_id == sa.bindparam("campaign"),
        _DELIVERY.account == sa.bindparam("account"),
        sa.or_(_IS_WAITING, PENDING),
    )
    .group_by(_DELIVERY.identity)
    .subquery()
    .c
)
_AHEAD: Final = (
    sa.select(_CHAIN.step, _CHAIN.due_at, _CHAIN.after)
    .where(_CHAIN.step.is_not(None))
    .order_by(_CHAIN.step, _CHAIN.position)
)
_OTHERS: Final = sa.select(
    schema.campaign.c.id, schema.campaign.c.settings, schema.campaign.c.running_since
).where(
    schema.campaign.c.id != sa.bindparam("campaign"),
    schema.campaign.c.paused_at.is_(None),
    sa.or_(
        schema.campaign.c.read_at > sa.bindparam("since"),
        schema.campaign.c.id.in_(
            sa.select(_ATTEMPT.campaign_id).where(
                _MINE, _ATTEMPT.claimed_at > sa.bindparam("since")
            )
        ),
    ),
)
_UNDER_WAY: Final = (
    sa.select(sa.func.min(_ATTEMPT.deadline, type_=Instant()))
    .where(
        _ATTEMPT.settled_at.is_(None),
        _MINE,
        _ATTEMPT.deadline > sa.bindparam("now"),
        # A deadline beyond any lease was set by a clock that was ahead.
        _ATTEMPT.deadline < sa.bindparam("latest"),
    )
    .scalar_subquery()
)
_LAST_CLAIM: Final = (
    sa.select(_LATEST).where(_MINE, _ATTEMPT.claimed_at <= sa.bindparam("soon")).scalar_subquery()
)
_ONE: Final = sa.select(sa.literal(1).label("one")).subquery()
_STANDING: Final = sa.select(
    schema.account, _LAST_CLAIM.label("last_claim"), _UNDER_WAY.label("deadline")
).select_from(_ONE.outerjoin(schema.account, schema.account.c.account == sa.bindparam("account")))


def account_state(
    connection: Connection,
    account: str,
    campaign_id: int,
    now: datetime,
    *,
    bounded: bool = False,
) -> Account:
    """Return the account as a claim of this campaign sees it now.

    The ledger is asked within the connection's transaction. With `bounded`, waiting rows are not
    counted beyond what the quota can let go: more of them make no difference to who may go now.
    """
    return Account(connection, account, campaign_id, now, bounded=bounded)


class Account:
    """An account's state; it asks the ledger each question once, and most only when needed."""

    def __init__(
        self,
        connection: Connection,
        account: str,
        campaign_id: int,
        now: datetime,
        *,
        bounded: bool,
    ) -> None:
        self._connection = connection
        self._now = now
        self._after: dict[tuple[datetime, int | None], int] = {}
        self._in: dict[datetime, int] = {}
        self._before: dict[datetime, datetime | None] = {}
        self._waiting: dict[int, int] = {}
        self._later: tuple[tuple[datetime, int], ...] | None = None
        self._rivals: tuple[Rival, ...] | None = None
        self.account = account
        self.campaign = campaign_id
        times = {"now": now, "soon": now + STEP, "latest": now + _LONGEST_LEASE}
        found = connection.execute(_STANDING, {"account": account, **times}).one()
        self.told, self.hold = told_of(found if found.account is not None else None, now)
        self.key: str = found.key or DEFAULT_KEY
        self.last_claim = self._earliest(found.last_claim)
        limit = self.told.limit if self.told and self.told.limit else BELIEVABLE
        self._enough = _WINDOWS * min(limit, BELIEVABLE) if bounded else _ALL
        self._deadline: datetime | None = found.deadline

    @property
    def under_way(self) -> Wait | None:
        """The wait for another message that is being sent on the account, if there is one."""
        if self._deadline is None:
            return None
        until = min(self._deadline, self._now + _POLL)
        return Wait(until, "another campaign is sending on this account", stay=True)

    def charged_after(self, instant: datetime, campaign: int | None = None) -> int:
        key = (instant, campaign)
        if key not in self._after:
            if self._is_none_after(instant, campaign):
                return 0
            if campaign is None:
                found = self._ask(_COUNT, after=instant)
            else:
                found = self._ask(_COUNT_OF_CAMPAIGN, after=instant, campaign=campaign)
            self._after[key] = int(found)
        return self._after[key]

    def _is_none_after(self, instant: datetime, campaign: int | None) -> bool:
        """Tell whether it is known already that nothing was charged after an earlier instant, and
        so after this one: a forecast asks for many days that are to come."""
        return any(
            not count and before <= instant and of in (None, campaign)
            for (before, of), count in self._after.items()
        )

    def charged_in(self, opened: datetime) -> int:
        if opened not in self._in:
            before = opened - _LONGEST_LEASE
            self._in[opened] = int(self._ask(_IN_WINDOW, opened=opened, before=before))
        return self._in[opened]

    def charged_before(self, instant: datetime) -> datetime | None:
        if instant not in self._before:
            self._before[instant] = self._ask(_LAST_CHARGED, before=instant)
        return self._before[instant]

    def nth_latest(self, number: int, *, by_key: bool) -> datetime | None:
        values = {"now": self._now + STEP, "skipped": number - 1, "key": self.key}
        return self._earliest(self._ask(_NTH_BY_KEY if by_key else _MY_NTH, **values))

    def waiting(self) -> int:
        return self._waiting_of(self.campaign)

    def later(self) -> tuple[tuple[datetime, int], ...]:
        if self._later is None:
            mine = {"account": self.account, "campaign": self.campaign, "now": self._now}
            found = self._connection.execute(_LATER, mine)
            self._later = tuple((due_at, count) for due_at, count in found)
        return self._later

    def ahead(self) -> tuple[Ahead, ...]:
        mine = {"account": self.account, "campaign": self.campaign}
        found = self._connection.execute(_AHEAD, mine)
        return tuple(
            Ahead((step, *_bits(after or 0)), due_at, sum(1 for _ in alike))
            for (step, due_at, after), alike in groupby(map(tuple, found))
        )

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
            most = {"campaign": campaign, "now": self._now, "enough": self._enough}
            self._waiting[campaign] = int(self._ask(_WAITING, **most))
        return self._waiting[campaign]

    def _ask(self, statement: sa.Select[Any], **values: object) -> Any:
        return self._connection.execute(statement, {"account": self.account, **values}).scalar()

    def _earliest(self, instant: datetime | None) -> datetime | None:
        return None if instant is None else min(instant, self._now)


def _bits(number: int) -> Iterator[int]:
    """The places of a number's bits, the lowest one first."""
    return (place for place in range(number.bit_length()) if number >> place & 1)


@lru_cache(maxsize=64)
def _pace(settings: str) -> PaceWords:
    return pace_words(json.loads(settings))
