"""An outcome that came late: others had waited for it until its deadline, and called it uncertain.

What the vendor answered is the truth all the same, unless a person has decided since.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from runner.ledger import schema
from runner.ledger.attempt import keys_of
from runner.ledger.decision import decide
from runner.ledger.held import held
from runner.ledger.ledger import Ledger
from runner.ledger.record import EVIDENCE, Claim, Outcome, Status
from runner.ledger.told import note_outcome

_BY = f"{EVIDENCE}: its answer came late"


def settle_late(ledger: Ledger, claim: Claim, outcome: Outcome, now: datetime) -> Outcome:
    """Record an outcome whose attempt others have settled; return what the ledger says now.

    Raises StorageError.
    """
    table, decision = schema.delivery.c, schema.decision
    mine = sa.select(table.status).where(table.id == claim.delivery)
    words = sa.select(decision.c.id).where(decision.c.delivery_id == claim.delivery)
    with held(ledger, claim.account, keys_of(claim, outcome)) as connection:
        note_outcome(connection, claim.account, outcome)
        is_open = (
            connection.scalar(mine) == Status.UNCERTAIN
            and not connection.execute(words.limit(1)).first()
        )
        if is_open and outcome.status is not Status.UNCERTAIN:
            is_sent = outcome.status is Status.SENT
            decide(connection, claim.delivery, sent=is_sent, by=_BY, now=now)
        if is_open and outcome.status is Status.SENT:
            told = {
                "http_status": outcome.http_status,
                "typing_indicator_sent": outcome.typing_indicator_sent,
                "sent_to_urn": outcome.recipient_urn,
                "message_urn": outcome.message_urn,
            }
            here = sa.update(schema.delivery).where(table.id == claim.delivery)
            connection.execute(here.values(told))
    return outcome
