"""The clock of a run: this computer's clock, set right by the server's answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

# The Date header counts whole seconds, and an answer takes its time. A smaller difference is not
# the clock's fault.
TOLERATED: Final = timedelta(minutes=2)
# When the clocks are further apart than this, neither can be believed.
BELIEVED: Final = timedelta(hours=24)


class ServerClock:
    """Shows this computer's time, or the server's when the two are more than TOLERATED apart.

    `ahead` is how far this computer's clock was ahead of the server's at the last comparison. It is
    zero within TOLERATED.
    """

    def __init__(self, own: Callable[[], datetime]) -> None:
        self._own = own
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the best known time. A difference too large to be believed corrects nothing."""
        return self._own() - (self.ahead if self.is_believable else timedelta())

    def hear(self, date: datetime | None) -> None:
        """Compare with the `date` on the server's clock just now; None when it did not say."""
        if date is not None:
            ahead = self._own() - date
            self.ahead = ahead if abs(ahead) > TOLERATED else timedelta()

    @property
    def is_believable(self) -> bool:
        return abs(self.ahead) <= BELIEVED
