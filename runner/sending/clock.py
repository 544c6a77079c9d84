"""The clock of a run: this computer's, set right by what the server's answers show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

# The Date header counts whole seconds and an answer takes its time; less than this is no fault of
# the clock.
TOLERATED: Final = timedelta(minutes=2)
# Further apart, neither clock can be believed.
BELIEVED: Final = timedelta(hours=24)


class ServerClock:
    """Shows this computer's time, or, where the two are more than TOLERATED apart, the server's.

    `ahead` is how far this computer's clock was ahead of the server's when it was last compared;
    zero within TOLERATED.
    """

    def __init__(self, own: Callable[[], datetime]) -> None:
        self._own = own
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The time as far as it is known. A difference too large to be believed corrects
        nothing."""
        return self._own() - (self.ahead if self.is_believable else timedelta())

    def hear(self, date: datetime | None) -> None:
        """Compare with what the server's clock showed just now; None when it did not say."""
        if date is not None:
            ahead = self._own() - date
            self.ahead = ahead if abs(ahead) > TOLERATED else timedelta()

    @property
    def is_believable(self) -> bool:
        return abs(self.ahead) <= BELIEVED
