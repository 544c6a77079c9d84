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
from runner.ledger.record import Status, Stop

_DELIVERY: Final = schema.delivery.c
# Each claim asks this. The index by campaign, account and status finds a handful of rows, and the
# first of them is picked afterwards. To sort them, SQLite would go through the whole table.
_UNCERTAIN: Final = (
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
        _DELIVERY.campaign_id.in_(sa.select(schema.campaign.c.id)),
        _DELIVERY.account == sa.bindparam("account"),
        _DELIVERY.status == Status.UNCERTAIN,
    )
)


def alarm(connection: Connection, account: str) -> Stop | None:
    """Return the reason why the account sends nothing now, if there is one.

    The reason is an answer to one of its messages that named another person. It stands until a
    person has looked at it.
    """
    found = connection.execute(_UNCERTAIN, {"account": account})
    first = min(
        (one for one in found if one.sent_to_urn is not None), key=lambda one: one.id, default=None
    )
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
