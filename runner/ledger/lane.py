"""The lanes that workers drive: when each account's is due, who drives it, what wakes it.

A lane that is due is handed to a worker and put off by a lease, in one transaction. Whoever drives
it renews the lease, and says at the end when it is due again. So the lane of a worker that died
comes back by itself, and a lane that two drive is no harm: what holds per account is decided where
a message is claimed. A lane without a date has nothing to send.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.errors import RefusedError
from runner.ledger import schema
from runner.ledger.record import Status
from runner.ledger.setting import DEFAULT_KEY

# A worker that was not heard of for so long has lost its lanes.
LEASE: Final = timedelta(seconds=45)
_ACCOUNT: Final = schema.account.c
_DELIVERY: Final = schema.delivery.c
_CAMPAIGN: Final = schema.campaign.c
_IS_SUBMITTED: Final = _CAMPAIGN.submitted_at.is_not(None)
_FREE: Final = {"worker_id": None, "driven_since": None}
# Due lanes of a key, the one that waits longest first: one range of an index, however many sleep.
_DUE: Final = (
    sa.select(_ACCOUNT.account)
    .where(_ACCOUNT.key == sa.bindparam("of_key"), _ACCOUNT.due_at <= sa.bindparam("now"))
    .order_by(_ACCOUNT.due_at)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
_PUT_OFF: Final = (
    sa.update(schema.account)
    .where(_ACCOUNT.account.in_(sa.bindparam("accounts", expanding=True)))
    .values(due_at=sa.bindparam("until"), **_FREE)
)
_BEGIN: Final = (
    sa.update(schema.account)
    .where(_ACCOUNT.account == sa.bindparam("mine"), _ACCOUNT.worker_id.is_(None))
    .values(
        worker_id=sa.bindparam("by"), driven_since=sa.bindparam("now"), due_at=sa.bindparam("until")
    )
)
_REST: Final = (
    sa.update(schema.account)
    .where(
        _ACCOUNT.account == sa.bindparam("mine"),
        _ACCOUNT.worker_id == sa.bindparam("by"),
        _ACCOUNT.driven_since == sa.bindparam("since"),
    )
    .values(due_at=sa.bindparam("until"), waits_for=sa.bindparam("why"), **_FREE)
)
# The campaigns that have a message for the account, whenever it may go.
_SENDABLE: Final = (
    sa.select(schema.campaign.c.id)
    .where(
        _IS_SUBMITTED,
        sa.exists().where(
            _DELIVERY.campaign_id == _CAMPAIGN.id,
            _DELIVERY.account == sa.bindparam("account"),
            _DELIVERY.status == Status.WAITING,
        ),
    )
    .order_by(_CAMPAIGN.id)
)


class Lane(NamedTuple):
    """An account's lane as a worker drives it, or as it waits."""

    account: str
    key: str
    worker: int | None
    since: datetime | None
    due_at: datetime | None
    waits_for: str | None

    @property
    def name(self) -> str:
        """The account's, or that of the key's own one."""
        return self.account or "default"


def submit(connection: Connection, campaign_id: int, at: datetime | None) -> None:
    """Let workers send a campaign from now on; with None, no more."""
    mine = schema.campaign.c.id == campaign_id
    connection.execute(sa.update(schema.campaign).where(mine).values(submitted_at=at))
    if at is not None:
        wake(connection, campaign_id, at)


def submitted_at(connection: Connection, campaign_id: int) -> datetime | None:
    """Since when workers send a campaign."""
    mine = _CAMPAIGN.id == campaign_id
    return connection.execute(sa.select(_CAMPAIGN.submitted_at).where(mine)).scalar()


def note_key(connection: Connection, campaign_id: int, key: str) -> None:
    """Let the accounts of a campaign's messages go by a key, which is named.

    Raises RefusedError where one is the key's own default account: two keys have two of those.
    """
    accounts = _accounts(connection, campaign_id)
    if "" in accounts and key != DEFAULT_KEY:
        raise RefusedError(
            f"Some rows have no account, and the default account of the key {key} has no name of "
            "its own.",
            remedy="Name the accounts: --account ID.",
        )
    _put(connection, accounts, key=key)


def wake(connection: Connection, campaign_id: int, now: datetime) -> None:
    """Let the lanes of a campaign that workers send be looked at at once."""
    if submitted_at(connection, campaign_id) is not None:
        _put(connection, _accounts(connection, campaign_id), due_at=now, **_FREE)


def wake_sender(connection: Connection, delivery_id: int, now: datetime) -> None:
    """Let the lane of a message's account be looked at at once, where there are workers' lanes."""
    sender = sa.select(_DELIVERY.account).where(_DELIVERY.id == delivery_id).scalar_subquery()
    any_submitted = sa.exists().where(_IS_SUBMITTED)
    woken = sa.update(schema.account).where(_ACCOUNT.account == sender, any_submitted)
    connection.execute(woken.values(due_at=now, **_FREE))


def keys_of(connection: Connection, campaign_id: int) -> list[str]:
    """The names of the keys that a campaign's waiting messages go by."""
    mine = _ACCOUNT.account.in_(_accounts(connection, campaign_id))
    found = connection.execute(sa.select(_ACCOUNT.key).where(mine).distinct()).scalars()
    return sorted(found) or [DEFAULT_KEY]


def _accounts(connection: Connection, campaign_id: int) -> list[str]:
    waits = sa.and_(_DELIVERY.campaign_id == campaign_id, _DELIVERY.status == Status.WAITING)
    return list(connection.execute(sa.select(_DELIVERY.account).where(waits).distinct()).scalars())


def _put(connection: Connection, accounts: Sequence[str], **values: object) -> None:
    """Note something of each account, in a transaction that nobody changes anything beside."""
    known = set(
        connection.execute(
            sa.select(_ACCOUNT.account).where(_ACCOUNT.account.in_(accounts))
        ).scalars()
    )
    new = [{"account": account, **values} for account in accounts if account not in known]
    if known:
        here = sa.update(schema.account).where(_ACCOUNT.account.in_(accounts))
        connection.execute(here.values(**values))
    if new:
        connection.execute(sa.insert(schema.account), new)


# --- what workers do


def take_due(
    connection: Connection, keys: Collection[str], now: datetime, most: int
) -> dict[str, list[str]]:
    """Take the lanes that are due, at most so many, by their keys, and put them off by a lease.

    Lanes that somebody else takes just now are passed over.
    """
    found: dict[str, list[str]] = {}
    for key in keys:
        values = {"of_key": key, "now": now, "most": most}
        accounts = list(connection.execute(_DUE, values).scalars())
        most -= len(accounts)
        if accounts:
            found[key] = accounts
    if found:
        taken = [account for accounts in found.values() for account in accounts]
        connection.execute(_PUT_OFF, {"accounts": taken, "until": now + LEASE})
    return found


def begin(connection: Connection, account: str, worker: int, now: datetime) -> bool:
    """Let a worker drive a lane; False where another one does."""
    values = {"mine": account, "by": worker, "now": now, "until": now + LEASE}
    return connection.execute(_BEGIN, values).rowcount > 0


def rest(
    connection: Connection,
    account: str,
    worker: int,
    since: datetime,
    until: datetime | None,
    why: str,
) -> None:
    """Let go of a lane that was begun at `since`, and is due again then; not where it was woken or
    taken meanwhile, by the same worker as well."""
    values = {"mine": account, "by": worker, "since": since, "until": until, "why": why or None}
    connection.execute(_REST, values)


def defer(connection: Connection, account: str, until: datetime) -> None:
    """Let a lane that nobody has begun be looked at then."""
    free = (_ACCOUNT.account == account, _ACCOUNT.worker_id.is_(None))
    connection.execute(sa.update(schema.account).where(*free).values(due_at=until))


def keep(connection: Connection, worker: int, accounts: Collection[str], now: datetime) -> None:
    """Renew the lease of the lanes that a worker still drives: of what it says at their end, some
    may not have arrived."""
    mine = (_ACCOUNT.worker_id == worker, _ACCOUNT.account.in_(accounts))
    connection.execute(sa.update(schema.account).where(*mine).values(due_at=now + LEASE))


def put_off(connection: Connection, key: str, until: datetime, why: str) -> None:
    """Let all lanes of a key wait until then, but for those that have nothing to send."""
    waits = (_ACCOUNT.key == key, _ACCOUNT.due_at < until)
    connection.execute(
        sa.update(schema.account).where(*waits).values(due_at=until, waits_for=why, **_FREE)
    )


def take_up(connection: Connection, keys: Collection[str], why: str, now: datetime) -> None:
    """Let lanes of these keys be looked at at once that wait for this reason."""
    waits = (_ACCOUNT.key.in_(keys), _ACCOUNT.waits_for == why, _ACCOUNT.due_at.is_not(None))
    connection.execute(sa.update(schema.account).where(*waits).values(due_at=now, waits_for=None))


def sendable(connection: Connection, account: str) -> list[int]:
    """The campaigns that workers send and that have messages for an account."""
    return list(connection.execute(_SENDABLE, {"account": account}).scalars())


def overdue(connection: Connection, now: datetime) -> list[int]:
    """The campaigns with messages whose outcome nobody will record any more."""
    table = schema.attempt.c
    open_ = (table.settled_at.is_(None), table.deadline <= now)
    found = connection.execute(sa.select(table.campaign_id).where(*open_).distinct())
    return list(found.scalars())


def is_under_way(connection: Connection, campaign_id: int, now: datetime) -> bool:
    """Tell whether a message of the campaign may be under way."""
    table = schema.attempt.c
    open_ = (table.settled_at.is_(None), table.campaign_id == campaign_id, table.deadline > now)
    return connection.execute(sa.select(table.id).where(*open_).limit(1)).first() is not None


def driven(connection: Connection) -> list[Lane]:
    """The lanes that are driven now."""
    columns = (
        _ACCOUNT.account,
        _ACCOUNT.key,
        _ACCOUNT.worker_id,
        _ACCOUNT.driven_since,
        _ACCOUNT.due_at,
        _ACCOUNT.waits_for,
    )
    found = connection.execute(
        sa.select(*columns).where(_ACCOUNT.worker_id.is_not(None)).order_by(_ACCOUNT.account)
    )
    return [Lane(*one) for one in found]


class Backlog(NamedTuple):
    """The lanes of a key: how many sleep until a date, how many are due, and since when the one
    that waits longest is."""

    key: str
    lanes: int
    due: int
    since: datetime | None


def backlog(connection: Connection, now: datetime) -> list[Backlog]:
    """Count the lanes that have something to send, by key."""
    is_due = sa.and_(_ACCOUNT.due_at <= now, _ACCOUNT.worker_id.is_(None))
    first = sa.func.min(sa.case((is_due, _ACCOUNT.due_at)), type_=_ACCOUNT.due_at.type)
    found = connection.execute(
        sa.select(_ACCOUNT.key, sa.func.count(), sa.func.count(sa.case((is_due, 1))), first)
        .where(_ACCOUNT.due_at.is_not(None))
        .group_by(_ACCOUNT.key)
        .order_by(_ACCOUNT.key)
    )
    return [Backlog(*one) for one in found]
