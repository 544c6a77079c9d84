"""A campaign that follows another one: it writes only to those who have that one's message.

The messages of the campaigns that it follows are no reason to leave a person alone: so many sending
days of its calendar have to pass since the last of them, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy.engine import Connection

from runner.intake.entry import Entry
from runner.ledger import schema
from runner.ledger.campaign import campaign_named
from runner.ledger.person import Spellings, answered_identity, means
from runner.ledger.received import received
from runner.ledger.record import Status
from runner.ledger.reply import answers
from runner.ledger.setting import Stored

NOT_YET: Final = "has no message of the campaign"
ANSWERED: Final = "they answered on"
IN_DOUBT: Final = "may have the message of the campaign"
# A results sheet tells times to the second.
_ROUNDING: Final = timedelta(seconds=1)


class Had(NamedTuple):
    """The message that a person has of the campaign before; without `surely`, may have."""

    at: datetime | None
    account: str
    surely: bool


def before(connection: Connection, settings: Stored) -> tuple[int, ...]:
    """Return the campaigns that come before one of these settings, the one it follows first."""
    found: list[int] = []
    name = settings.after
    while name is not None:
        record = campaign_named(connection, name)
        if record is None or record.id in found:
            break
        found.append(record.id)
        name = record.settings.after
    return tuple(found)


class Before:
    """The messages of the campaign that is followed, by person under every spelling. Loaded once,
    for work on a whole sheet."""

    def __init__(self, connection: Connection, settings: Stored, spellings: Spellings) -> None:
        self._name = settings.after
        self._had: dict[str, Had] = {}
        first = before(connection, settings)[:1]
        for one in connection.execute(received(schema.delivery.c.campaign_id.in_(first))):
            had = Had(one.at, one.account, surely=one.status == Status.SENT)
            keys = (one.slug, one.urn, answered_identity(one.sent_to_urn))
            for key in spellings.of(key for key in keys if key):
                other = self._had.get(key)
                if other is None or _counts_more(had, other):
                    self._had[key] = had
        self._answered = {
            key: at
            for keys, at in answers(connection, before(connection, settings))
            for key in spellings.of(keys)
        }

    def had(self, keys: Sequence[str]) -> Had | str:
        """Return the message that the person has, or the reason why nothing may follow it."""
        if answered := [self._answered[key] for key in keys if key in self._answered]:
            return answered_on(min(answered))
        found = [self._had[key] for key in keys if key in self._had]
        sure = next((had for had in found if had.surely), None)
        return sure or _missing(self._name or "", in_doubt=bool(found))


def _counts_more(had: Had, other: Had) -> bool:
    """Tell which of two messages is the one to follow: a certain one, and then the later one."""
    if had.surely != other.surely:
        return had.surely
    return had.at is not None and (other.at is None or had.at > other.at)


def is_elsewhere(entry: Entry, had: Had | str | None) -> bool:
    """Tell whether a results sheet that is used as the list tells of a message of this campaign.

    Then another ledger knows it, and the sheet is the only source here. A list of those who have
    the message of the campaign before tells of that one.
    """
    if entry.earlier not in (Status.SENT, Status.UNCERTAIN):
        return False
    if had is None:
        return True
    if isinstance(had, str) or had.at is None or entry.earlier_at is None:
        return False
    return entry.earlier_at - had.at > _ROUNDING


def answered_on(at: datetime) -> str:
    """The reason to skip somebody who has answered a message of the sequence."""
    return f"{ANSWERED} {at:%Y-%m-%d}; answer by hand"


def _missing(name: str, *, in_doubt: bool) -> str:
    """Return the reason to skip somebody who does not have the message of the campaign before."""
    if in_doubt:
        return f"{IN_DOUBT} {name!r}, which is uncertain there"
    return f"{NOT_YET} {name!r} yet"


def unmet(connection: Connection, settings: Stored, keys: Sequence[str]) -> str | None:
    """Return the reason why nothing may follow for this person, if there is one: the last look,
    inside the claim."""
    if settings.after is None:
        return None
    earlier = before(connection, settings)
    if answered := [at for _, at in answers(connection, earlier, means(keys))]:
        return answered_on(min(answered))
    mine = received(schema.delivery.c.campaign_id.in_(earlier[:1]), means(keys))
    found = [one.status for one in connection.execute(mine)]
    return None if Status.SENT in found else _missing(settings.after, in_doubt=bool(found))
