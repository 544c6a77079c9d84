"""The progress of a run: messages sent, quota left, next send, time to finish."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final, assert_never

from runner import words
from runner.intake.recipient import Recipient
from runner.ledger.pause import NO_END
from runner.ledger.record import Claim, Outcome, Status
from runner.sending.event import (
    AnswerWaits,
    ClockOff,
    Event,
    ForeignUse,
    Halting,
    LookFailed,
    OtherConversation,
    Sending,
    Sent,
    UnbelievedLimit,
    Waiting,
)

if TYPE_CHECKING:
    from tqdm import tqdm

# Without tqdm's own guess at the rate: the calendar says when a message goes.
_BAR: Final = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}"
_WIDEST: Final = 40


@dataclass(frozen=True, slots=True)
class Goal:
    """What a run is to reach: so many messages `today`; of the `whole` list, so many rows are
    `done`; about `until` when today, where that is known. It has so many `accounts`. A run that
    stays has a `last` day, in words. Times are shown in the `zone`, or this computer's."""

    today: int
    whole: int
    done: int = 0
    until: datetime | None = None
    zone: tzinfo | None = None
    accounts: int = 1
    last: str = ""

    def clock(self, instant: datetime) -> str:
        """A time of the day, on the goal's clocks."""
        return f"{instant.astimezone(self.zone):%H:%M}"

    @property
    def advice(self) -> str:
        """What a person at the terminal has to know while it goes on."""
        when = ""
        if self.last:
            when = f"Keep this window open until all is sent, {self.last}. "
        elif self.until:
            at = self.until.astimezone(self.zone)
            when = f"Keep this window open until about {at:%H:%M %Z}. "
        return f"{when}Ctrl-C is safe: the message in flight is finished first."


class Progress:
    """Shows messages sent, quota left, next send and time to finish.

    It is a bar of today's goal on a terminal, and one of the whole list where that is more; else a
    line now and then.
    """

    def __init__(self, goal: Goal, tell: Callable[[str], None]) -> None:
        self._goal = goal
        self._total = goal.whole - goal.done
        self._tell = tell
        self._settled = 0
        self._sent = 0
        self._going: Claim | None = None
        self._left: int | None = None
        self._next: datetime | None = None
        self._is_over = False
        self._bar: tqdm[Any] | None = None
        self._whole: tqdm[Any] | None = None
        if sys.stderr.isatty() and self._total:
            self._bar = self._begin("Today" if goal.today < goal.whole else "Sent", goal.today)
            if goal.today < goal.whole:
                self._whole = self._begin("In all", goal.whole, goal.done)
            self._write(goal.advice)

    def _begin(self, name: str, total: int, done: int = 0) -> tqdm[Any]:
        from tqdm import tqdm

        return tqdm(
            total=total,
            initial=done,
            desc=name,
            file=sys.stderr,
            dynamic_ncols=True,
            bar_format=_BAR,
            position=0 if self._bar is None else 1,
        )

    def event(self, event: Event) -> None:
        """Show an event of the run."""
        match event:
            case Sending(claim):
                self._going, self._next = claim, None
            case Sent(claim, outcome):
                self._attempt(claim, outcome)
            case Waiting(account, wait):
                self._next = None if wait.until == NO_END else wait.until
                self._is_over = self._is_over or not wait.stay
                if not wait.stay:
                    zone = self._goal.zone
                    until = f" until {self._next.astimezone(zone):%a %H:%M}" if self._next else ""
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
            case AnswerWaits(row):
                self._write(
                    f"The answer for row {row} has come, and the ledger's server is away: it is "
                    "kept, and recorded as soon as the server is back."
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
        # Of several accounts, one's own would be taken for that of all.
        if outcome.told and outcome.told.remaining is not None and self._goal.accounts == 1:
            self._left = outcome.told.remaining
        self._next = None
        if self._going == claim:
            self._going = None
        is_done = outcome.status is not Status.WAITING
        if self._is_over:
            self._begin_day()
        self._settled += is_done
        self._sent += outcome.status is Status.SENT
        for bar in (self._bar, self._whole):
            if bar is not None:
                bar.update(is_done)
        if not is_done:
            self._write(f"Row {claim.row} was not sent, it waits: {outcome.error}")
        elif outcome.status is not Status.SENT:
            self._write(f"Row {claim.row}: {outcome.status}: {outcome.error}")
        if self._bar is None and is_done:
            self._tell_now_and_then()

    def _begin_day(self) -> None:
        """Set another goal, for another day or window of the quota."""
        self._is_over = False
        if self._bar is not None:
            rest = self._total - self._settled
            self._bar.reset(total=min(rest, rest if self._left is None else self._left + 1))

    def _tell_now_and_then(self) -> None:
        """Without a bar, tell a line after the first message and after each tenth of them."""
        every = max(10, self._total // 10)
        if self._settled == 1 or self._settled % every == 0:
            left = "" if self._left is None else f"; quota left {self._left}"
            self._tell(f"{self._sent} sent, {self._total - self._settled} to go{left}.")

    def _draw(self) -> None:
        if self._bar is None:
            return
        shown = [f"{self._sent} sent"]
        if self._left is not None:
            shown.append(f"quota left {self._left}")
        if self._next is not None:
            shown.append(f"next {self._goal.clock(self._next)}")
        if self._going is not None:
            shown.append(f"now row {self._going.row}, {_person(self._going.recipient)}")
        self._bar.set_postfix_str("; ".join(shown))
        if self._whole is not None:
            self._whole.refresh()

    def _write(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(words.visible(text), file=sys.stderr)
        else:
            self._tell(text)

    def close(self) -> None:
        for bar in (self._bar, self._whole):
            if bar is not None:
                bar.close()


def _person(recipient: Recipient) -> str:
    name = words.visible(recipient.slug or recipient.identity)
    return name if len(name) <= _WIDEST else f"{name[: _WIDEST - 1]}…"


def _clock_text(ahead: timedelta) -> str:
    if not ahead:
        return "is right again"
    side = "ahead of" if ahead > timedelta() else "behind"
    return f"is {_duration(ahead)} {side} the server's, which is followed"


def _duration(length: timedelta) -> str:
    """Write a length of either sign as `3 h 12 min`."""
    minutes = round(abs(length) / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
