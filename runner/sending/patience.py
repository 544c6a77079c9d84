"""The patience with looks that fail, or find that a row has to wait: for a row, for a lane."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from runner.errors import ExitCode
from runner.ledger.look import Unseen
from runner.ledger.record import Stop
from runner.sending.streak import RETRY_PAUSES, LaneEnd


@dataclass(slots=True)
class Patience:
    """The looks of one lane that fail: a row is set aside, and asked about once more at the end;
    after some in a row, for several people, the lane ends. A row that has to wait is set aside for
    the run; `reason` says why the first one was."""

    aside: set[int] = field(default_factory=set)
    reason: str = ""
    _waits: set[int] = field(default_factory=set)
    _in_a_row: int = 0
    _again: bool = True

    def passed(self) -> None:
        """Note a look that did not fail."""
        self._in_a_row = 0

    def wait(self, unseen: Unseen, why: str) -> timedelta:
        """Note one that found that the row has to wait."""
        self.aside.add(unseen.delivery)
        self._waits.add(unseen.delivery)
        self.reason = self.reason or why
        return timedelta()

    def failed(self, unseen: Unseen, why: str) -> LaneEnd | timedelta:
        """Note one that failed, and say what follows."""
        self.aside.add(unseen.delivery)
        self._in_a_row += 1
        if self._in_a_row <= len(RETRY_PAUSES):
            return RETRY_PAUSES[self._in_a_row - 1]
        reason = f"Looks into conversations fail: {why}"
        remedy = (
            "Run the same command again later; nothing is lost. --no-look sends without looks, "
            "also to people who have answered."
        )
        stop = Stop("account", ExitCode.ENDPOINT, reason, remedy)
        return LaneEnd("stopped", reason=reason, stop=stop)

    def take_back(self) -> bool:
        """Let the rows be asked about once more, when no other is left."""
        has_some, self._again = self.aside > self._waits and self._again, False
        if has_some:
            self.aside &= self._waits
        return has_some
