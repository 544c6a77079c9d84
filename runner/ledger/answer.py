"""The person that an answer named, compared with the person that was asked for.

Only an answer that names nobody else teaches anything: that the spelling that was asked for and the
URN that was answered are one person.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.intake.recipient import URN_PREFIX, Recipient
from runner.ledger import schema
from runner.ledger.contact import bar
from runner.ledger.forgotten import IS_SALT, is_forgotten
from runner.ledger.person import (
    FORMS,
    answered_as,
    answered_identity,
    learn,
    learn_first,
    spellings_of,
)
from runner.ledger.record import POSSIBLY_RECEIVED, Claim

_URN: Final = sa.bindparam("urn", type_=sa.String)
_FORMS: Final = [sa.bindparam(f"form{number}", type_=sa.String) for number in range(FORMS)]
_SLUG: Final = sa.bindparam("slug", type_=sa.String)
# Whether the ledger names a URN anywhere at all, has another spelling of a profile ID, and anybody
# forgotten: each message asks this.
_IS_KNOWN: Final = sa.select(
    sa.or_(
        sa.exists().where(schema.alias.c.identity == _URN),
        sa.exists().where(schema.alias.c.other == _URN),
        sa.exists().where(schema.do_not_contact.c.identity == _URN),
        sa.exists().where(schema.contact.c.identity == _URN),
        sa.exists().where(schema.delivery.c.urn == _URN),
        sa.exists().where(schema.delivery.c.sent_to_urn.in_(_FORMS)),
    ).label("urn"),
    sa.or_(
        sa.exists().where(schema.alias.c.identity == _SLUG),
        sa.exists().where(schema.alias.c.other == _SLUG),
    ).label("slug"),
    sa.exists().where(IS_SALT).label("salts"),
)


def take_in(connection: Connection, claim: Claim, urn: str, now: datetime) -> str | None:
    """Learn who the recipient of a claim is from the URN in the answer.

    When the answer may name somebody else, nothing is learned, and the reason is returned. Such an
    answer names another URN of somebody whose URN is known; or somebody who is known under another
    profile ID, is on the do-not-contact list, or was messaged already, in this campaign or lately
    in another.
    """
    answered = answered_identity(urn)
    if answered is None:
        return _named_before(connection, claim, urn)
    if answered == claim.recipient.urn:
        return None
    slug, own_urn = claim.recipient
    asked = {f"form{number}": form for number, form in enumerate(answered_as([answered]))}
    known = connection.execute(_IS_KNOWN, {"urn": answered, "slug": slug, **asked}).one()
    if own_urn is None and slug is not None and not any(known):  # as nearly all are
        learn_first(connection, (slug, answered), now)
        return None
    own = spellings_of(connection, claim.recipient.keys)
    if answered in own:
        return None
    if any(key.startswith(URN_PREFIX) for key in own):
        return f"the answer names another person: {answered}"
    is_named = known.urn or (known.salts and is_forgotten(connection, [answered]))
    if is_named and (doubt := _known_otherwise(connection, claim, answered, now)):
        return doubt
    learn(connection, [(key, answered) for key in claim.recipient.keys], now)
    return None


def _known_otherwise(
    connection: Connection, claim: Claim, answered: str, now: datetime
) -> str | None:
    """Return the reason when the ledger knows the person of a URN from somewhere else."""
    theirs = spellings_of(connection, [answered])
    others = [key for key in theirs if not key.startswith(URN_PREFIX)]
    if others:
        return f"the answer names the person of another profile ID ({others[0]}): {answered}"
    person = Recipient(urn=answered)
    if reason := bar(connection, claim.campaign, claim.delivery, person, now):
        return f"the answer names somebody else ({reason}): {answered}"
    return None


def _named_before(connection: Connection, claim: Claim, urn: str) -> str | None:
    """Return the reason when this answer was heard for another person.

    An answer in a form that is not known can still be compared with the others.
    """
    table = schema.delivery
    own = spellings_of(connection, claim.recipient.keys)
    heard = sa.select(table.c.row, table.c.slug, table.c.urn, table.c.sent_to_urn).where(
        table.c.id != claim.delivery,
        table.c.status.in_(POSSIBLY_RECEIVED),
        table.c.sent_to_urn.is_not(None),
        ~table.c.sent_to_urn.contains("ACo"),
    )
    for row, slug, known, said in connection.execute(heard):
        if _folded(said) == _folded(urn) and slug not in own and known not in own:
            return f"the answer names the person of row {row}: {urn}"
    return None


def _folded(urn: str) -> str:
    return urn.strip().casefold().rpartition(":")[2]
