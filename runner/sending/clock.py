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
# A person who pauses or ends a run sees that it hears.
WATCH: Final = timedelta(seconds=2)


class ServerClock:
    """Shows this computer's time, or the server's when the two are more than TOLERATED apart. One
    that follows a clock which others go by as well shows that one's, whatever the server's says.

    `ahead` is how far this computer's clock was ahead of the server's at the last comparison. It is
    zero within TOLERATED. `has_heard` tells whether the server's time was heard at all. One answer
    alone does not move the clock: the next answer has to agree. Until then the clock is `in_doubt`.
    """

    def __init__(self, own: Callable[[], datetime], watch: timedelta | None = None) -> None:
        """`watch` is how often a run that waits looks up for a person's word; without one, as on a
        simulated clock, only where it would go on."""
        self._own = own
        self.watch = watch
        self.ahead = timedelta()
        self.has_heard = False
        self._doubt: timedelta | None = None
        self._is_shared = False

    def follow(self, shared: Callable[[datetime], datetime]) -> None:
        """Go by a clock that others go by as well; `shared` tells its time by this computer's."""
        own = self._own
        self._own = lambda: shared(own())
        self._is_shared = True

    def now(self) -> datetime:
        """Return the best known time. A difference too large to be believed corrects nothing."""
        return self.steady()()

    def steady(self) -> Callable[[], datetime]:
        """Return this clock as it is set now; later answers do not move that one."""
        is_right = self._is_shared or not self.is_believable
        ahead = timedelta() if is_right else self.ahead
        return lambda: self._own() - ahead

    def hear(self, date: datetime | None) -> None:
        """Compare with the `date` on the server's clock just now; None when it did not say."""
        if date is None:
            return
        self.has_heard = True
        ahead = self._own() - date
        ahead = ahead if abs(ahead) > TOLERATED else timedelta()
        if abs(ahead - self.ahead) <= TOLERATED or (
            self._doubt is not None and abs(ahead - self._doubt) <= TOLERATED
        ):
            self.ahead, self._doubt = ahead, None
        else:
            self._doubt = ahead

    @property
    def in_doubt(self) -> bool:
        """Tell whether the last answer alone spoke of another time."""
        return self._doubt is not None

    @property
    def is_believable(self) -> bool:
        return abs(self.ahead) <= BELIEVED
