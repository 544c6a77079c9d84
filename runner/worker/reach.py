"""Whether this worker reaches the vendor: one that does not is the trouble, and not its lanes.

After some messages in a row without an answer, over all lanes, it takes no more for a while, each
time for longer; others drive them meanwhile.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

from runner.ledger.record import Outcome, Status

UNANSWERED_IN_A_ROW: Final = 3
_PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15))


class Reach:
    """What the vendor's answers to one worker tell."""

    def __init__(self) -> None:
        self._unanswered = 0
        self._pauses = 0
        self._until: datetime | None = None
        self._noting = threading.Lock()  # each lane has a thread

    def note(self, outcome: Outcome, now: datetime) -> timedelta | None:
        """Note one more outcome; return the pause that it begins, if it does."""
        with self._noting:
            return self._note(outcome, now)

    def _note(self, outcome: Outcome, now: datetime) -> timedelta | None:
        is_answered = outcome.http_status is not None
        if is_answered:
            self._unanswered = self._pauses = 0
            return None
        if outcome.status is Status.UNCERTAIN or outcome.unreachable:
            self._unanswered += 1
        if self._unanswered < UNANSWERED_IN_A_ROW or self.left(now):
            return None
        pause = _PAUSES[min(self._pauses, len(_PAUSES) - 1)]
        self._pauses += 1
        self._until = now + pause
        self._unanswered = UNANSWERED_IN_A_ROW - 1  # then one more is enough
        return pause

    def left(self, now: datetime) -> timedelta:
        """How much of a pause is left."""
        return max(timedelta(), self._until - now) if self._until else timedelta()
