"""Answers of one kind in a row, on one account: is the trouble one person's, or everybody's?

A refusal (402, 403, a 404 that names nothing) at one row, when another row passes, is about that
person. For the first row of a run, or for three people in a row, it is about the key, the plan or
the path. The same failure (400, 409, 422) for five people in a row is about the campaign, the plan
or the vendor. The rules are those of the endpoint's documentation.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from runner.errors import ExitCode
from runner.ledger.record import Claim, Outcome, Status, Stop
from runner.sending.outcome import BRIEF

# A request that never left is tried again after these pauses, then the account stops.
RETRY_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60))
# After this many such answers in a row the trouble is the endpoint, not the row.
UNCERTAIN_IN_A_ROW: Final = 3
SLOWED_IN_A_ROW: Final = 5
REFUSED_IN_A_ROW: Final = 3
FAILED_IN_A_ROW: Final = 5
# So often a row that the server slows down is tried before another row's turn comes.
SLOWED_FOR_ONE: Final = 2
_PLAN: Final = (
    "Look at what it says, and at the plan and the account in the vendor's dashboard; then run the "
    "same command again. These rows wait."
)


@dataclass(frozen=True, slots=True)
class LaneEnd:
    """The end of a lane: nothing waits, a pause until `until`, a stop, or the halt signal. What is
    left then may be `for_next_run`."""

    kind: Literal["done", "paused", "stopped", "halted"]
    until: datetime | None = None
    reason: str = ""
    stop: Stop | None = None
    for_next_run: bool = False


@dataclass(frozen=True, slots=True)
class After:
    """What follows an answer: a pause or the lane's end; and the deliveries that have `failed`
    after all, or `wait` after all."""

    then: LaneEnd | timedelta
    failed: tuple[int, ...] = ()
    wait: tuple[int, ...] = ()


@dataclass(slots=True)
class Streaks:
    """The outcomes of a lane so far. The deliveries `aside` are not its turn any more."""

    aside: set[int] = field(default_factory=set)
    _has_passed: bool = False
    _unreachable: int = 0
    _uncertain: int = 0
    _slowed: int = 0
    _slowed_ones: Counter[int] = field(default_factory=Counter)
    _postponed: set[int] = field(default_factory=set)
    _refused: list[int] = field(default_factory=list)
    _failed: list[int] = field(default_factory=list)
    _kind: str = ""

    def note(self, claim: Claim, outcome: Outcome, *, stay: bool) -> After:
        """Note one more outcome, and say what follows."""
        is_slowed = outcome.hold is not None and outcome.hold.brief
        self._unreachable = self._unreachable + 1 if outcome.unreachable else 0
        self._uncertain = self._uncertain + 1 if outcome.status is Status.UNCERTAIN else 0
        self._slowed = self._slowed + 1 if is_slowed else 0
        if outcome.status is Status.UNCERTAIN:
            self._failed = []
        if outcome.status is Status.SENT:
            failed = self.settled()
            self._has_passed = True
            return After(timedelta(), failed=failed)
        if outcome.status is Status.FAILED and outcome.refusal:
            return self._note_failed(claim, outcome)
        if outcome.stop and outcome.refusal and self._has_passed:
            return self._note_refused(claim, outcome)
        return After(self._then(claim, outcome, stay=stay))

    def settled(self) -> tuple[int, ...]:
        """Return the deliveries whose refusals were about one person, now that the lane ends or
        another row has passed."""
        failed, self._refused, self._failed = tuple(self._refused), [], []
        return failed

    def at_the_end(self) -> tuple[int, ...]:
        """Return the same when no other row is left: one refusal after a row that passed is that
        person's; of several in a row nobody knows."""
        return self.settled() if len(self._refused) == 1 else ()

    def _note_refused(self, claim: Claim, outcome: Outcome) -> After:
        self.aside.add(claim.delivery)
        if outcome.refusal != self._kind:
            self._refused = []
        self._kind = outcome.refusal
        self._refused.append(claim.delivery)
        if len(self._refused) < REFUSED_IN_A_ROW or outcome.stop is None:
            return After(timedelta())
        self._refused = []
        return After(LaneEnd("stopped", reason=outcome.stop.reason, stop=outcome.stop))

    def _note_failed(self, claim: Claim, outcome: Outcome) -> After:
        kind = _without_person(outcome.refusal, claim)
        if kind != self._kind:
            self._failed = []
        self._kind = kind
        self._failed.append(claim.delivery)
        if len(self._failed) < FAILED_IN_A_ROW:
            return After(timedelta())
        waiting, self._failed = tuple(self._failed), []
        reason = f"{FAILED_IN_A_ROW} people in a row were refused alike: {outcome.error}"
        stop = Stop("account", ExitCode.ACCESS, reason, _PLAN)
        return After(LaneEnd("stopped", reason=reason, stop=stop), wait=waiting)

    def _then(self, claim: Claim, outcome: Outcome, *, stay: bool) -> LaneEnd | timedelta:
        hold = outcome.hold
        if outcome.stop:
            return LaneEnd("stopped", reason=outcome.stop.reason, stop=outcome.stop)
        if outcome.unreachable:
            if self._unreachable > len(RETRY_PAUSES):
                return _given_up(f"The endpoint cannot be reached: {outcome.error}")
            return RETRY_PAUSES[self._unreachable - 1]
        if self._uncertain >= UNCERTAIN_IN_A_ROW:
            return _given_up(
                f"{self._uncertain} messages in a row ended without a clear answer; the last: "
                f"{outcome.error}"
            )
        if hold is None or not hold.brief:
            return timedelta()
        if self._slowed >= SLOWED_IN_A_ROW:
            return BRIEF if stay else LaneEnd("paused", hold.until, hold.reason)
        self._slowed_ones[claim.delivery] += 1
        if self._slowed_ones[claim.delivery] >= SLOWED_FOR_ONE:
            self._postponed.add(claim.delivery)
            self.aside.add(claim.delivery)
        return timedelta()

    def take_back(self) -> bool:
        """Let the rows that were only slowed down have their turn again, when no other is left."""
        self.aside -= self._postponed
        self._slowed_ones.clear()
        has_some = bool(self._postponed)
        self._postponed = set()
        return has_some


def _without_person(refusal: str, claim: Claim) -> str:
    """The kind of a refusal, without the person that its text may name."""
    names = [name for key in claim.recipient.keys for name in (key, key.rpartition(":")[2])]
    for name in sorted(names, key=len, reverse=True):
        written = re.sub(r"\d+", "0", name)  # as the kind writes numbers
        refusal = re.sub(re.escape(written), "…", refusal, flags=re.IGNORECASE)
    return refusal


def _given_up(reason: str) -> LaneEnd:
    remedy = (
        "Check the network and the vendor's status page, then run the same command again; nothing "
        "is lost."
    )
    stop = Stop("account", ExitCode.ENDPOINT, reason, remedy)
    return LaneEnd("stopped", reason=reason, stop=stop)
