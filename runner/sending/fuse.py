"""The fuse: a process that was stopped on its way to sending must not send when it wakes.

Between the intent and the request's last byte a process may be stopped for longer than its lease:
by SIGSTOP, a debugger, a paused machine. By then others count its message as uncertain, and send
the account's next one. A lit fuse is a timer of the kernel whose default action ends the process
before it executes another instruction. Windows has no such timer; there, and while a computer
sleeps, the time that has passed is compared once more just before the first byte.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Final

from runner.errors import UsageError

# Counts on while the computer sleeps; Windows's own monotonic clock does.
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", None)


def _now() -> float:
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


def refuse_first_process() -> None:
    """Raise UsageError in the first process of a container: a signal's default action does not end
    that one, so no fuse would."""
    if os.getpid() == 1 and sys.platform == "linux":
        raise UsageError(
            "This is the first process of its container (PID 1), which no timer can end: a message "
            "could leave late, and somebody get it twice. Nothing was sent.",
            remedy="Let an init be the first one, which starts this program: tini is one.",
        )


class Fuse:
    """A fuse of so many seconds from now on; it is lit later."""

    _lit: Final[set[Fuse]] = set()
    _setting: Final = threading.Lock()  # there is one timer for all threads

    def __init__(self, seconds: float) -> None:
        self._end = _now() + seconds

    @property
    def is_burnt(self) -> bool:
        """Tell whether its time is over."""
        return _now() >= self._end

    def light(self) -> None:
        """Let the process end when the time is over."""
        with self._setting:
            if self._lit or _is_free():
                self._lit.add(self)
                self._set()

    def put_out(self) -> None:
        """Let the process live. One that was not lit, or is out, may be put out."""
        with self._setting:
            if self in self._lit:
                self._lit.remove(self)
                self._set()

    @classmethod
    def _set(cls) -> None:
        if sys.platform != "win32":
            # A timer of nought seconds would be none at all.
            left = max(0.001, min(one._end for one in cls._lit) - _now()) if cls._lit else 0.0
            signal.setitimer(signal.ITIMER_REAL, left)


def _is_free() -> bool:
    """Tell whether the timer is nobody else's: a program may call this one from within."""
    if sys.platform == "win32":
        return False
    is_default = signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    return is_default and signal.getitimer(signal.ITIMER_REAL)[0] == 0
