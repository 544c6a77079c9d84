"""The progress of a run: messages sent, quota left, next send, time to finish."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, assert_never

from runner import words
from runner.ledger.pause import NO_END
from runner.ledger.record import Claim, Outcome, Status
from runner.sending.event import (
    ClockOff,
    Event,
    ForeignUse,
    Halting,
    LookFailed,
    OtherConversation,
    Sent,
    UnbelievedLimit,
    Waiting,
)

if TYPE_CHECKING:
    from tqdm import tqdm


class Progress:
    """Shows messages sent, quota left, next send and time to finish.

    It is a bar on a terminal, else a line now and then.
    """

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
        """Show an event of the run."""
        match event:
            case Sent(claim, outcome):
                self._attempt(claim, outcome)
            case Waiting(account, wait):
                self._next = None if wait.until == NO_END else wait.until
                if not wait.stay:
                    until = f" until {self._next.astimezone():%a %H:%M}" if self._next else ""
                    self._write(f"Account {account or 'default'} waits{until}: {wait.reason}.")
            case ForeignUse(account, count):
                self._write(
                    f"Account {account or 'default'}: {count} more were sent through "
                    "ConnectSafely today, not by this ledger; the rest is planned around it."
                )
            case UnbelievedLimit(account, told, limit):
                self._write(
                    f"Account {account or 'default'}: the server speaks of {told:,} messages a "
                    f"day, which no account has; {limit} are taken as its limit."
                )
            case ClockOff(ahead):
                self._write(f"This computer's clock {_clock_text(ahead)}.")
            case LookFailed(row, why):
                self._write(f"Row {row} waits: {why}.")
            case OtherConversation(row):
                self._write(
                    f"Row {row}: its conversationUrn is not the conversation that the vendor shows "
                    "with this person; the row's own is used."
                )
            case Halting():
                self._write(
                    "Stopping; a message in flight is finished first. Once more does not wait: it "
                    "will be uncertain."
                )
            case _:
                assert_never(event)
        self._draw()

    def _attempt(self, claim: Claim, outcome: Outcome) -> None:
        if outcome.told and outcome.told.remaining is not None:
            self._left = outcome.told.remaining
        self._next = None
        is_done = outcome.status is not Status.WAITING
        self._settled += is_done
        self._sent += outcome.status is Status.SENT
        if self._bar is not None:
            self._bar.update(is_done)
        if not is_done:
            self._write(f"Row {claim.row} was not sent, it waits: {outcome.error}")
        elif outcome.status is not Status.SENT:
            self._write(f"Row {claim.row}: {outcome.status}: {outcome.error}")
        if self._bar is None and is_done:
            self._tell_now_and_then()

    def _tell_now_and_then(self) -> None:
        """Without a bar, tell a line after the first message and after each tenth of them."""
        every = max(10, self._total // 10)
        if self._settled == 1 or self._settled % every == 0:
            left = "" if self._left is None else f"; quota left {self._left}"
            self._tell(f"{self._sent} sent, {self._total - self._settled} to go{left}.")

    def _draw(self) -> None:
        if self._bar is None:
            return
        shown: dict[str, object] = {"sent": self._sent}
        if self._left is not None:
            shown["quota left"] = str(self._left)  # as text: tqdm would write 1e+5
        if self._next is not None:
            shown["next"] = f"{self._next.astimezone():%H:%M:%S}"
        self._bar.set_postfix(shown)

    def _write(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(words.visible(text), file=sys.stderr)
        else:
            self._tell(text)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _clock_text(ahead: timedelta) -> str:
    if not ahead:
        return "is right again"
    side = "ahead of" if ahead > timedelta() else "behind"
    return f"is {_duration(ahead)} {side} the server's, which is followed"


def _duration(length: timedelta) -> str:
    """Write a length of either sign as `3 h 12 min`."""
    minutes = round(abs(length) / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
