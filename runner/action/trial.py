"""A test message: one row's message as it arrives, sent to a person of one's own choice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from runner.action.compare import look_over
from runner.campaign.campaign import Campaign
from runner.campaign.material import refuse_unusable, take
from runner.errors import ExitCode, RefusedError
from runner.intake.entry import Message
from runner.intake.recipient import Recipient
from runner.ledger.holes import fill
from runner.ledger.ledger import Ledger
from runner.ledger.record import AccountState, Claim, OvertakenError, Status, Stop, Wait
from runner.ledger.told import note_told
from runner.ledger.trial import claim_test, let_go
from runner.sending.traffic import exchange
from runner.sending.turn import Turn
from runner.sending.vendor import Vendor

_EXITS: Final = {Status.SENT: ExitCode.DONE, Status.WAITING: ExitCode.PAUSED}


@dataclass(frozen=True, slots=True)
class Tested:
    """A test message: the row it was made of, whom it went to, and what became of it. `said` says
    why it did not go, or what the vendor answered."""

    row: int
    person: str
    account: str
    text: str
    status: Status
    said: str
    exit_code: ExitCode


def send_test(
    campaign: Campaign, ledger: Ledger, vendor: Vendor, person: Recipient, loop: asyncio.Runner
) -> Tested:
    """Send the message of the first row that has one to a person; nobody of the list gets any.

    It counts in the account's quota, and waits for no calendar. Raises RefusedError for a list that
    cannot be used, StorageError.
    """
    if ledger.is_shared:
        vendor.clock.follow(ledger.now)
    clock = vendor.clock.steady()
    if ledger.is_lasting:
        look_over(campaign, ledger)
        fill(ledger, vendor.clock.now())
    row, message = _first(campaign)
    # Not in the conversation of its own recipient.
    message = message._replace(recipient=person, conversation_urn=None, send_after=None)
    account = message.account or next(iter(campaign.accounts), "")
    if (told := loop.run(vendor.lookup.quota(account))) is not None:
        with ledger.write() as connection:
            note_told(connection, account, told)
    pace = replace(campaign.pace, calendar=None)

    def decide(state: AccountState) -> Wait | None:
        left = Turn(pace, state, vendor.clock.now()).allowance()
        return None if left.remaining else Wait(left.reset_at, "the quota is used up", stay=False)

    claim = claim_test(ledger, message, account, clock, vendor.endpoint.lease, decide)
    if not isinstance(claim, Claim):
        return _held(row, person, account, message.text, claim)
    try:
        outcome = loop.run(exchange(ledger, vendor, claim, clock))
    except OvertakenError:
        why = Wait(clock(), "another message went on this account first", stay=True)
        return _held(row, person, account, message.text, why)
    finally:
        let_go(ledger, claim)
    exit_code = _EXITS.get(outcome.status, ExitCode.NEEDS_A_PERSON)
    return Tested(
        row=row,
        person=person.identity,
        account=account,
        text=message.text,
        status=outcome.status,
        said=outcome.stop.reason if outcome.stop else outcome.error or "",
        exit_code=outcome.stop.exit_code if outcome.stop else exit_code,
    )


def _first(campaign: Campaign) -> tuple[int, Message]:
    """The first row that has a message. Raises RefusedError where none has."""
    intake = take(campaign)
    refuse_unusable(intake)
    for entry in intake.checked.entries():
        if entry.message is not None:
            return entry.row.number, entry.message
    raise RefusedError(
        "No row of the list has a message.", remedy="campaign check shows what keeps them back."
    )


def _held(row: int, person: Recipient, account: str, text: str, why: Wait | Stop | str) -> Tested:
    """What is said of a test message that may not go."""
    said, exit_code = (why, ExitCode.REFUSED) if isinstance(why, str) else (why.reason, None)
    if isinstance(why, Stop):
        exit_code = why.exit_code
    return Tested(
        row=row,
        person=person.identity,
        account=account,
        text=text,
        status=Status.WAITING,
        said=said,
        exit_code=exit_code or ExitCode.PAUSED,
    )
