"""The messages of a list that follow the first ones, on their way into the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.engine import Connection

from runner.intake.entry import Entry, Message
from runner.ledger.change import Changes
from runner.ledger.delivery import ACCOUNT, TEXT, WRITTEN, known_steps, written_to
from runner.ledger.look import Rest
from runner.ledger.pause import NO_END
from runner.ledger.record import ATTEMPTED, FOLLOWS, Status
from runner.ledger.share import Shares


class Place(NamedTuple):
    """A row's place in the list and its number, and the time before which it does not go."""

    position: int
    number: int
    due_at: datetime | None


class Steps:
    """Takes in the later messages of one row after the other.

    `known` are those that the campaign has already, by the identity of the delivery and the step;
    `pending` are the ids of those that wait or may come to.
    """

    def __init__(
        self,
        connection: Connection,
        campaign_id: int,
        changes: Changes,
        shares: Shares,
        rests: Mapping[int, Rest],
    ) -> None:
        self._campaign = campaign_id
        self._changes = changes
        self._shares = shares
        self._rests = rests
        self.known, self.pending = known_steps(connection, campaign_id)
        self._numbers = sorted({step for _, step in self.known})

    def take(self, position: int, entry: Entry, identity: str, held: str | None) -> list[datetime]:
        """Take in a row's later messages, which are `held` back for a reason or none; return the
        times from which those go that rest for what a look found."""
        place = Place(position, entry.row.number, None)
        for step, message in entry.later if entry.message else ():
            self._follow(place, step, message, identity, held)
        if entry.message is None:
            for step in self._numbers:
                self._spoil(entry, identity, step)
        rests = [self._rest(identity, step) for step, _ in entry.later]
        return [rest.until for rest in rests if rest is not None and rest.until < NO_END]

    def _rest(self, identity: str, step: int) -> Rest | None:
        """Why a later message rests for what a look found, and until when, if it does."""
        known = self.known.get((identity, step))
        return self._rests.get(known.id) if known else None

    def _follow(
        self, place: Place, step: int, message: Message, identity: str, held: str | None
    ) -> None:
        """Take in a later message, which waits once the one before is sent."""
        known = self.known.get((identity, step))
        number = place.number
        if known is None:
            account = self._shares.account(message.account, None)
            self._changes.new.append(
                {
                    "campaign_id": self._campaign,
                    "identity": identity,
                    "step": step,
                    "status": Status.SKIPPED,
                    "reason": held or FOLLOWS,
                    **written_to(*place, message, account),
                }
            )
            return
        self._changes.wanted.add(known.id)
        if known.status in ATTEMPTED:
            if known.values[:2] != place[:2]:
                moved = {"_id": known.id, "position": place.position, "row": number}
                self._changes.moved.append(moved)
            if known.values[TEXT] not in ("", message.text):
                self._changes.outdated.append(number)
            return
        # Its account and its date are those that the message before gave it.
        kept = {"account": known.values[ACCOUNT], "due_at": known.values[ACCOUNT - 1]}
        written = written_to(*place, message, "") | kept
        values = tuple(written.values())
        rest = self._rest(identity, step)
        reason: str | None
        status, reason = Status.SKIPPED, held or (rest.reason if rest else FOLLOWS)
        if reason == FOLLOWS and known.status is Status.WAITING:
            status, reason = Status.WAITING, None
        self._changes.changed.append(
            {"_id": known.id, "status": status, "reason": reason, **written}
        )
        if known.values[TEXT:] != values[TEXT:] and known.status is not Status.SKIPPED:
            self._changes.rewritten.append(number)

    def _spoil(self, entry: Entry, identity: str, step: int) -> None:
        """Let a later message be invalid, as its row is by now."""
        known = self.known.get((identity, step))
        if known is None or known.id not in self.pending:
            return
        self._changes.wanted.add(known.id)
        written = dict(zip(WRITTEN, known.values, strict=True))
        spoilt = {"_id": known.id, "status": Status.INVALID, "reason": entry.reason}
        self._changes.changed.append({**spoilt, **written})
        self._changes.rewritten.append(entry.row.number)
