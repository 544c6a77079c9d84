"""A sequence: the messages of one campaign that follow one another, to those who do not answer.

There is one delivery for each person and step. A step is skipped until the one before is certainly
sent; then it waits for its date. A step that is not for a row, by its own conditions, has no
delivery: what comes after it follows the step before it. An answer ends the sequence of a person,
and so does a person's own decision on one of its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.ledger import schema
from runner.ledger.change import update
from runner.ledger.follow import answered_on
from runner.ledger.instant import Instant
from runner.ledger.received import AT
from runner.ledger.record import (
    ATTEMPTED,
    EVIDENCE,
    FOLLOWS,
    POSSIBLY_RECEIVED,
    WITHDRAWN,
    Status,
)
from runner.ledger.setting import Stored

# The reasons of steps that were put in, moved or changed when others had gone already.
PASSED: Final = "a later message of the sequence went before it"
REPEATED: Final = "the person has this very text already"
_DELIVERY: Final = schema.delivery.c


class StepRow(NamedTuple):
    """A person's delivery of one step, and what ends the sequence."""

    id: int
    identity: str
    step: int
    status: str
    reason: str | None
    account: str
    due_at: datetime | None
    at: datetime | None
    replied_at: datetime | None
    decided_at: datetime | None
    free_at: datetime | None
    repeats: bool


def _steps(*which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Select deliveries as steps, each person's together and in their order."""
    decision, attempt, other = schema.decision, schema.attempt, schema.delivery.alias()
    # A failed message that is to be tried again was certainly not delivered: that ends nothing.
    was_uncertain = sa.exists().where(
        attempt.c.delivery_id == decision.c.delivery_id, attempt.c.status == Status.UNCERTAIN
    )
    decided = (
        sa.select(sa.func.max(decision.c.decided_at, type_=Instant()))
        .where(
            decision.c.delivery_id == _DELIVERY.id,
            ~decision.c.decided_by.startswith(EVIDENCE),
            was_uncertain,
        )
        .correlate(schema.delivery)
        .scalar_subquery()
    )
    repeats = sa.exists().where(
        other.c.campaign_id == _DELIVERY.campaign_id,
        other.c.identity == _DELIVERY.identity,
        other.c.id != _DELIVERY.id,
        other.c.message == _DELIVERY.message,
        other.c.status.in_(POSSIBLY_RECEIVED),
    )
    # Until then another campaign's message keeps the person from being written to.
    free = (
        sa.select(sa.func.max(schema.row.c.free_at, type_=Instant()))
        .where(
            schema.row.c.campaign_id == _DELIVERY.campaign_id,
            schema.row.c.identity == _DELIVERY.identity,
        )
        .correlate(schema.delivery)
        .scalar_subquery()
    )
    return (
        sa.select(
            _DELIVERY.id,
            _DELIVERY.identity,
            _DELIVERY.step,
            _DELIVERY.status,
            _DELIVERY.reason,
            _DELIVERY.account,
            _DELIVERY.due_at,
            AT.label("at"),
            schema.reply.c.replied_at,
            decided.label("decided_at"),
            free.label("free_at"),
            repeats.label("repeats"),
        )
        .outerjoin(schema.reply, schema.reply.c.delivery_id == _DELIVERY.id)
        .where(*which)
        .order_by(_DELIVERY.identity, _DELIVERY.step)
    )


def advance(
    connection: Connection,
    campaign_id: int,
    settings: Stored,
    days_after: Callable[[datetime, int], datetime],
    delivery: int | None = None,
) -> None:
    """Let the steps wait whose message before is sent, each for its date, and end the sequences of
    those who have answered; of the person of one `delivery` alone, where that is given.

    `days_after` gives the beginning of the sending day so many days after that of an instant.
    """
    if not settings.steps:
        return
    which = [_DELIVERY.campaign_id == campaign_id]
    if delivery is not None:
        mine = schema.delivery.alias().c
        person = sa.select(mine.identity).where(mine.id == delivery).scalar_subquery()
        which.append(_DELIVERY.identity == person)
    changed: list[dict[str, Any]] = []
    found = (StepRow(*one) for one in connection.execute(_steps(*which)))
    for _, steps in groupby(found, key=lambda one: one.identity):
        before: list[StepRow] = []
        whole = list(steps)
        latest = max((one.step for one in whole if one.status in ATTEMPTED), default=0)
        for one in whole:
            if _is_passed_over(one):
                continue
            if before and (one.status == Status.WAITING or one.reason == FOLLOWS):
                became = _became(one, before, latest, settings, days_after)
                if became != (one.status, one.reason, one.account, one.due_at):
                    names = ("status", "reason", "account", "due_at")
                    changed.append({"_id": one.id, **dict(zip(names, became, strict=True))})
            before.append(one)
    if changed:
        update(connection, changed)


def _became(
    one: StepRow,
    before: Sequence[StepRow],
    latest: int,
    settings: Stored,
    days_after: Callable[[datetime, int], datetime],
) -> tuple[str, str | None, str, datetime | None]:
    """The status, reason, account and date of a step by those before it, and by the `latest` step
    that went."""
    prior = _out_of_turn(one, latest) or _prior(before)
    if isinstance(prior, str) or prior.at is None or one.step - 2 >= len(settings.steps):
        reason = prior if isinstance(prior, str) else FOLLOWS
        return Status.SKIPPED, reason, one.account, one.due_at
    due_at = days_after(prior.at, settings.steps[one.step - 2])
    if one.free_at is not None:
        due_at = max(due_at, one.free_at)
    return Status.WAITING, None, prior.account, due_at


def _is_passed_over(one: StepRow) -> bool:
    """Tell whether a step is none for its person: what comes after it follows the one before."""
    return one.status == Status.SKIPPED and one.reason in (WITHDRAWN, REPEATED, PASSED)


def _out_of_turn(one: StepRow, latest: int) -> str | None:
    """Return why a step is none for its person by now, if so: the steps were changed since."""
    if one.step < latest:
        return PASSED
    return REPEATED if one.repeats else None


def _prior(before: Sequence[StepRow]) -> StepRow | str:
    """The message that the next step follows, or the reason why nothing may follow."""
    for one in before:
        if one.replied_at is not None:
            return answered_on(one.replied_at)
        if one.decided_at is not None:
            return f"settled by hand on {one.decided_at:%Y-%m-%d}, which ends the sequence"
    prior = before[-1]
    if prior.status == Status.SKIPPED and prior.reason:
        return prior.reason  # what holds a message holds those that follow it
    return prior if prior.status == Status.SENT else FOLLOWS


def prior_to(connection: Connection, delivery_id: int) -> tuple[datetime | None, str | None]:
    """Return when the message was sent that a delivery follows, or why it may follow none; neither
    for a delivery of the first step."""
    mine = sa.select(_DELIVERY.campaign_id, _DELIVERY.identity, _DELIVERY.step)
    found = connection.execute(mine.where(_DELIVERY.id == delivery_id)).one()
    if found.step == 1:
        return None, None
    steps = steps_of(connection, found.campaign_id, found.identity)
    me = next(one for one in steps if one.id == delivery_id)
    latest = max(
        (one.step for one in steps if one.status in ATTEMPTED and one is not me), default=0
    )
    if reason := _out_of_turn(me, latest):
        return None, reason
    before = [one for one in steps if one.step < found.step and not _is_passed_over(one)]
    prior = _prior(before) if before else FOLLOWS
    return (None, prior) if isinstance(prior, str) else (prior.at, None)


def steps_of(connection: Connection, campaign_id: int, identity: str) -> list[StepRow]:
    """Return the messages of one person's sequence, in their order."""
    mine = _steps(_DELIVERY.campaign_id == campaign_id, _DELIVERY.identity == identity)
    return [StepRow(*one) for one in connection.execute(mine)]
