"""A process that sends for one account of one campaign, as fast as the ledger lets it; the vendor
is left out. It prints whom it would have written to.

    python -m tests.ledger.rival URL CAMPAIGN ACCOUNT [MODE]

MODE is `account` for a sender that holds its account alone, which is broken on purpose.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Connection

from runner.ledger import attempt
from runner.ledger.attempt import commit_intent, settle
from runner.ledger.campaign import campaign_named
from runner.ledger.claim import claim
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.record import Claim, Outcome, OvertakenError, Status
from runner.ledger.store.store import Hold

LEASE = timedelta(seconds=160)


def account_alone(
    ledger: Ledger, account: str, keys: Collection[str], key: str | None = None
) -> AbstractContextManager[Connection]:
    del keys, key
    return ledger.write(Hold(account))


def main(url: str, name: str, account: str, mode: str = "") -> None:
    if mode == "account":
        attempt.held = account_alone  # type: ignore[assignment]
    ledger = open_ledger(url)

    def now() -> datetime:
        return datetime.now(UTC)

    with ledger.read() as connection:
        record = campaign_named(connection, name)
    assert record
    _say("ready")
    sys.stdin.readline()
    while isinstance(
        chosen := claim(ledger, record.id, account, now, LEASE, lambda _: None), Claim
    ):
        try:
            taken = commit_intent(ledger, chosen, now)
        except OvertakenError:
            continue
        _say(chosen.recipient.slug)
        settle(ledger, taken, Outcome(Status.SENT), now())
    ledger.close()


def _say(word: str | None) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
