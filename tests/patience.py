"""Waiting for other processes: the clock goes on, and this test's process lets them have it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def until(is_so: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait until something is so; False when it is not, after so long."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        pause(0.1)
    return True


def pause(seconds: float) -> None:
    """Let other processes go on for a while."""
    threading.Event().wait(seconds)
