"""How far a run has come: messages sent, quota left, next send, time to finish."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

    from runner.sending.lane import Event


class Progress:
    """Messages sent, quota left, next send, time to finish: a bar on a terminal, else a line now
    and then."""

    def __init__(self, waiting: int, tell: Callable[[str], None]) -> None:
        self._total = waiting
        self._tell = tell
        self._settled = 0
        self._sent = 0
        self._left: int | None = None
        self._next: datetime | None = None
        self._bar: tqdm[Any] | None = None
        if sys.stderr.isatty() and waiting:
            from tqdm import tqdm

            self._bar = tqdm(
                total=waiting, unit="msg", file=sys.stderr, dynamic_ncols=True, smoothing=0.1
            )

    def event(self, event: Event) -> None:
        from runner.sending.lane import ClockOff, ForeignUse, Sent, Waiting

        if isinstance(event, Sent):
            outcome = event.outcome
            if outcome.told and outcome.told.remaining is not None:
                self._left = outcome.told.remaining
            self._next = None
            done = outcome.status != "waiting"
            self._settled += done
            self._sent += outcome.status == "sent"
            if self._bar is not None:
                self._bar.update(done)
            if outcome.status not in ("sent", "waiting"):
                self._write(f"Row {event.claim.row}: {outcome.status}: {outcome.error}")
            elif outcome.status == "waiting":
                self._write(f"Row {event.claim.row} was not sent, it waits: {outcome.error}")
            if (
                self._bar is None
                and done
                and (self._settled == 1 or self._settled % max(10, self._total // 10) == 0)
            ):
                left = "" if self._left is None else f"; quota left {self._left}"
                self._tell(f"{self._sent} sent, {self._total - self._settled} to go{left}.")
        elif isinstance(event, Waiting):
            self._next = event.wait.until
        elif isinstance(event, ForeignUse):
            name = event.account or "default"
            self._write(
                f"Account {name}: another tool or person sent {event.count} today; the rest is "
                "planned around it."
            )
        elif isinstance(event, ClockOff):
            side = "ahead of" if event.ahead > timedelta() else "behind"
            off = (
                f"is {_duration(event.ahead)} {side} the server's, which is followed"
                if event.ahead
                else "is right again"
            )
            self._write(f"This computer's clock {off}.")
        else:
            self._write(
                "Stopping; a message in flight is finished first. Once more does not wait: it "
                "will be uncertain."
            )
        if self._bar is not None:
            shown: dict[str, object] = {"sent": self._sent}
            if self._left is not None:
                shown["quota left"] = str(self._left)  # as text: tqdm would write 1e+5
            if self._next is not None:
                shown["next"] = f"{self._next.astimezone():%H:%M:%S}"
            self._bar.set_postfix(shown)

    def _write(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            self._tell(text)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _duration(length: timedelta) -> str:
    """`3 h 12 min`, whichever way it points."""
    minutes = round(abs(length) / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
