"""The numbers that the server told of an account, and the pauses that it asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.instant import Instant
from runner.ledger.record import BELIEVABLE, LONGEST_WINDOW, Hold, Outcome, Status, Told

# The extra day allows for a time that was noted under a clock that was ahead.
_FARTHEST: Final = LONGEST_WINDOW + timedelta(days=1)
# An entry dated this little ahead was written before this computer's clock was set back: it has
# just happened.
STEP: Final = timedelta(hours=1)
# A reset is told anew by each answer, to the second, and read by two clocks.
_JITTER: Final = timedelta(seconds=5)
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)

_MINE: Final = schema.attempt.c.account == sa.bindparam("account")
_OLDEST_UNDER_WAY: Final = sa.select(
    sa.func.min(schema.attempt.c.claimed_at, type_=Instant())
).where(
    schema.attempt.c.settled_at.is_(None), _MINE, schema.attempt.c.deadline > sa.bindparam("now")
)
_KNOWN: Final = sa.select(schema.account).where(schema.account.c.account == sa.bindparam("account"))


def told_of(found: sa.Row[Any] | None, now: datetime) -> tuple[Told | None, Hold | None]:
    """Return what the server told of an account, by its row in the ledger, and the pause that it
    has to make."""
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
        if at > now + STEP:
            told = Told(_LONG_AGO, found.quota_limit) if found.quota_limit is not None else None
        elif any(number is not None for number in known_numbers):
            reset_at = found.quota_reset_at
            # An answer can set the clock back by less than a second. Its own message, from before
            # that, is in its numbers all the same.
            told = Told(
                at if at <= now + _JITTER else now,
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
    before = connection.execute(_KNOWN, {"account": account}).first()
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
    if not values:
        return
    said = {"mine": account, **values}
    if connection.execute(_update(tuple(values)), said).rowcount == 0:
        connection.execute(sa.insert(schema.account).values(account=account, **values))


@cache
def _update(names: tuple[str, ...]) -> sa.Update:
    """The statement that notes these columns of an account."""
    mine = schema.account.c.account == sa.bindparam("mine")
    return sa.update(schema.account).where(mine).values({n: sa.bindparam(n) for n in names})
