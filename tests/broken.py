"""A sender that is broken on purpose: the proofs of at most once have to catch it."""

from __future__ import annotations

from datetime import datetime

from runner.ledger.attempt import commit_intent, settle
from runner.ledger.ledger import Ledger
from runner.ledger.record import Claim, Outcome
from runner.sending import traffic


def without_intent() -> dict[str, object]:
    """What `traffic` has instead, by name, in a sender that notes messages once they are sent."""

    def nothing(_ledger: Ledger, claim: Claim, _clock: object) -> Claim:
        return claim

    def late(ledger: Ledger, claim: Claim, outcome: Outcome, now: datetime) -> Outcome:
        return settle(ledger, commit_intent(ledger, claim, lambda: now), outcome, now)

    assert {"commit_intent", "settle"} <= vars(traffic).keys()
    return {"commit_intent": nothing, "settle": late}
