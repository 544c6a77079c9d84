"""Messages that may have gone astray: the answer named another person than was asked for.

Nobody can know from here who has such a message. So its row is uncertain. Its account sends nothing
more, in any campaign, until a person has settled the row. The person that the answer named counts
as having the message, no matter what is said of the row.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner import words
from runner.errors import ExitCode
from runner.ledger import schema
from runner.ledger.record import Stop

_DELIVERY: Final = schema.delivery.c
# An index holds the uncertain deliveries alone; it serves what is written as it is.
_IS_ASTRAY: Final = sa.and_(
    _DELIVERY.status == sa.literal_column("'uncertain'"), _DELIVERY.sent_to_urn.is_not(None)
)
_FIRST: Final = (
    sa.select(
        _DELIVERY.id,
        schema.campaign.c.name,
        _DELIVERY.row,
        _DELIVERY.slug,
        _DELIVERY.urn,
        _DELIVERY.sent_to_urn,
        _DELIVERY.error,
    )
    .join(schema.campaign, schema.campaign.c.id == _DELIVERY.campaign_id)
    .where(
        _DELIVERY.account == sa.bindparam("account"),
        _IS_ASTRAY,
    )
    .order_by(_DELIVERY.id)
    .limit(1)
)


def is_alarmed(account: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition that a person has to look at an answer to one of the account's messages: each
    claim asks it."""
    return sa.exists(sa.select(_DELIVERY.id).where(_DELIVERY.account == account, _IS_ASTRAY))


def alarm(connection: Connection, account: str) -> Stop | None:
    """Return the reason why the account sends nothing now, if there is one.

    The reason is an answer to one of its messages that named another person. It stands until a
    person has looked at it.
    """
    first = connection.execute(_FIRST, {"account": account}).first()
    if first is None:
        return None
    doubt = first.error or f"the answer names another person: {first.sent_to_urn}"
    return stop(first.name, first.row, first.urn or first.slug, doubt)


def stop(campaign: str, row: int, asked: str, doubt: str) -> Stop:
    """The end of sending from the account, as people are told of it.

    `doubt` says whom the answer to the row's message names.
    """
    settle = words.command("settle", str(row), name=campaign)
    return Stop(
        scope="account",
        exit_code=ExitCode.ENDPOINT,
        reason=(
            f"A message may have gone to another person: row {row} of {campaign} asked for "
            f"{asked}, {doubt}."
        ),
        remedy=(
            f"Look in LinkedIn who has it. If one of the two: {settle} --sent. If neither: check "
            f"the row's profile, and {settle} --not-sent, which sends it again. Until then the "
            "account sends nothing."
        ),
        is_alarm=True,
    )


def source_of(campaign: str) -> str:
    """Return the source that is noted for a person that an answer named by mistake.

    The note stands among the messages from elsewhere.
    """
    return f"an answer to the campaign {campaign!r}"
