"""A ledger moves: from a file to a server that a team shares, or back. The old one stays as it is,
and sends nothing any more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import Connection

from runner import words
from runner.action.behind import refuse_behind
from runner.action.mend import Agree
from runner.errors import AlreadyRunningError, ExitCode, InterruptedRunError, UsageError
from runner.ledger import move as content
from runner.ledger.campaign import campaigns
from runner.ledger.door import open_ledger
from runner.ledger.file import is_there
from runner.ledger.health import check_tables
from runner.ledger.ledger import Ledger
from runner.ledger.location import Place, Server
from runner.ledger.lock import is_running
from runner.ledger.lost import refuse_lost
from runner.ledger.worker import alive


@dataclass(frozen=True, slots=True)
class Moved:
    """A ledger that stands at another place now, and how many lines of its tables that were."""

    ledger: str
    source: str
    lines: int
    exit_code: ExitCode = ExitCode.DONE


def move(source: Place, target: Place, agree: Agree, see: Callable[[int], object]) -> Moved:
    """Take all that one ledger holds into a new one, and leave the old one as the past.

    `see` is told of so many lines more. Raises AlreadyRunningError while a run is active,
    UsageError where the target holds something, InterruptedRunError, StorageError.
    """
    with closing(open_ledger(source, create=False)) as old:
        with old.read() as connection:
            _refuse_running(old, connection)
        check_tables(old)
        refuse_behind(old)
        old.refuse_moved()
        steps = [
            f"Everything in {old.place} is copied to {target}, and compared.",
            "From then on the old ledger changes and sends nothing; it stays for looking up.",
        ]
        if not agree(steps):
            raise InterruptedRunError("Nothing was moved.", remedy="Run it again when it suits.")
        if not isinstance(target, Server) and not is_there(target):
            refuse_lost(target)
        with closing(open_ledger(target, noted=False)) as new:
            if new.moved_to is not None:
                raise UsageError(
                    f"There is an older ledger, which was moved to {new.moved_to}.",
                    where=new.place,
                    remedy="Name a new file, or a new database, as the target.",
                )
            with old.write() as there:
                _refuse_running(old, there)  # one may have begun meanwhile; none can from here on
                with new.write() as here:
                    if not content.is_empty(here):
                        raise UsageError(
                            "There is a ledger with content already; nothing was moved.",
                            where=new.place,
                            remedy="Name a new file, or a new database, as the target.",
                        )
                    lines = content.copy(there, here, see)
                content.note_moved(there, new.place)
            return Moved(new.place, old.place, lines)


def _refuse_running(ledger: Ledger, connection: Connection) -> None:
    records = campaigns(connection)
    sending = alive(connection, ledger.now(datetime.now(UTC)))
    running = [record.name for record in records if is_running(ledger, record.id)]
    if running:
        raise AlreadyRunningError(
            f"A run is active: {words.some(running)}.",
            where=ledger.place,
            remedy="Let it finish, or end it (campaign stop); then run this again.",
        )
    if sending:
        raise AlreadyRunningError(
            f"Workers send for this ledger: {words.some([one.name for one in sending])}.",
            where=ledger.place,
            remedy="End them, wherever they run (Ctrl-C, or SIGTERM); then run this again.",
        )
