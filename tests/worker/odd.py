"""The command line in a process that is odd: its clock is off, or it keeps the vendor's velocity
limits on this machine as well.

    python -m tests.worker.odd AHEAD_SECONDS VELOCITY worker …
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, tzinfo

from runner.cli import main
from runner.ledger.store import postgres
from runner.sending.pace import Pace
from runner.sending.vendor import Vendor
from runner.worker import worker

AHEAD = timedelta(seconds=float(sys.argv[1]))


class Ahead(datetime):
    """A clock that is ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Ahead:
        shifted = datetime.now(tz) + AHEAD
        return cls.fromtimestamp(shifted.timestamp(), tz)


def _paced(_vendor: Vendor, pace: Pace) -> Pace:
    return pace


postgres.datetime = Ahead  # type: ignore[misc]
worker.datetime = Ahead  # type: ignore[misc]
if sys.argv[2] == "velocity":
    Vendor.paced = _paced  # type: ignore[method-assign]
sys.argv[1:3] = []
main()
