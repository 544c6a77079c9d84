"""Who looks before each message, as the words say that the ledger keeps.

It stands apart from the words: what is only read or checked asks no ledger, and starts without it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from runner.campaign.looks import Looks, looks_of
from runner.ledger.ledger import Ledger
from runner.sending.look import Looker
from runner.sending.lookup import Lookup
from runner.sending.reach import Reaching


def looker(words: str, ledger: Ledger, lookup: Lookup, now: Callable[[], datetime]) -> Looker:
    """Make the one that looks before each message of a run or a worker."""
    looks = looks_of(words)
    quiet_days, sends_to_strangers, uses_inmail = looks or Looks(0, True, False)
    reaching = Reaching(
        ledger, lookup, now, sends_to_strangers=sends_to_strangers, uses_inmail=uses_inmail
    )
    return Looker(ledger, lookup, now, quiet_days, reaching, wanted=looks is not None)
