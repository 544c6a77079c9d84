"""The worker's process: it finds lanes that are due, drives some of them, and shows that it is
alive.

Lanes are found and driven by every worker alike. While the server is away nothing is sent, and the
worker waits for it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.engine import Connection

from runner import words
from runner.errors import BusyError, ExitCode, StorageError, UnreachableError, explain
from runner.ledger import lane as lanes_of
from runner.ledger.attempt import recover
from runner.ledger.ledger import Ledger
from runner.ledger.location import Server
from runner.ledger.store.store import NOTHING
from runner.sending.dispatch import Interruption, interruptible
from runner.sending.event import Event, Sent
from runner.sending.fuse import refuse_first_process
from runner.sending.secret import Secret
from runner.worker.driver import KEY_REFUSED, Driver, Rest, Ways
from runner.worker.keys import Keys
from runner.worker.metrics import Metrics
from runner.worker.presence import Presence
from runner.worker.queue import Queue
from runner.worker.reach import Reach

_BEAT_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 2.0
# The database's library cannot use the loop that Windows has otherwise.
_LOOP: Final = asyncio.SelectorEventLoop if sys.platform == "win32" else None
_BUSY: Final = timedelta(seconds=5)
_WOKEN: Final = timedelta(seconds=1)
_AFTER_FAULT: Final = timedelta(minutes=15)
# The longest that a message in flight can take, and its outcome.
DRAIN_SECONDS: Final = 160.0


class Worker:
    """One worker. `tell` hears, in sentences without a person in them, what it does."""

    def __init__(
        self,
        ledger: Ledger,
        server: Server,
        keys: Mapping[str, Secret],
        lanes: int,
        ways: Ways,
        tell: Callable[[str], None],
        own: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ledger = ledger
        self._keys = Keys(keys)
        self._serving: tuple[str, ...] = ()
        self._lanes = lanes
        self._tell = tell
        self._driver = Driver(ledger, keys, ways, own, self._see)
        self._now = self._driver.clock.now
        self.metrics = Metrics(ledger, self._now, lambda: len(self._driver.accounts))
        self._queue = Queue(server.url, self._job)
        self._threads = ThreadPoolExecutor(lanes, thread_name_prefix="lane")
        self._busy = 0
        self._is_away = False
        self._is_cut = False
        self._reach = Reach()
        self._loop: asyncio.AbstractEventLoop
        self._latest = 0.0
        # Set when a lane may be taken: a seat is free, or the worker ends.
        self._free = asyncio.Event()
        self._ending = asyncio.Event()
        self._presence = Presence(self._keys, lanes, self._now, self._ending.is_set)

    def run(self) -> ExitCode:
        """Send until a signal comes, and end after the messages in flight; a second signal does not
        wait for them. Raises StorageError when the ledger cannot be used at the start."""
        refuse_first_process()
        self._queue.install(self._ledger)
        with self._ledger.write(NOTHING) as connection:
            self._presence.enter(connection)
            # What was refused before may be accepted now: somebody has started a worker.
            lanes_of.take_up(connection, self._keys.names, KEY_REFUSED, self._now())
        how = f"{words.count(self._lanes, 'lane')} for the keys {', '.join(self._keys.names)}"
        end = "Ctrl-C ends it after the messages in flight."
        self._tell(f"Worker {self._presence.number} sends with {how}; {end}")
        with interruptible() as interruption, asyncio.Runner(loop_factory=_LOOP) as loop:
            loop.run(self._work(interruption))
        return ExitCode.INTERRUPTED if self._is_cut else ExitCode.DONE

    async def _work(self, interruption: Interruption) -> None:
        loop = self._loop = asyncio.get_running_loop()
        interruption.tell = lambda: loop.call_soon_threadsafe(self._interrupt, interruption)
        if interruption.count:
            interruption.tell()
        beats = (self._again(self._beat), self._again(self._tidy))
        tasks = [asyncio.ensure_future(each) for each in (*beats, self._find())]
        try:
            await self._serve()
        finally:
            await self._drain(tasks)

    async def _again(self, what: Callable[[], None]) -> None:
        """Do something again and again, in a thread."""
        while True:
            await self._asked(what)
            await asyncio.sleep(_BEAT_SECONDS)

    async def _asked(self, what: Callable[[], None]) -> None:
        """Ask the ledger something in a thread; tell where it cannot be asked now."""
        try:
            await asyncio.to_thread(what)
        except (UnreachableError, BusyError) as error:
            self._note_away(error)
        except StorageError as error:
            self._tell(f"The ledger: {error.what}")
        else:
            if self._is_away:
                self._is_away = False
                self._tell("The ledger's server is back.")

    def _note_away(self, error: StorageError) -> None:
        if not self._is_away:
            self._is_away = True
            self._tell(f"{error.what} Nothing is sent until it is back.")

    # --- what is done in threads

    def _beat(self) -> None:
        with self._ledger.write(NOTHING) as connection:
            self._presence.beat(connection)
            number, accounts = self._presence.number, self._driver.accounts
            lanes_of.keep(connection, number, accounts, self._now())

    def _tidy(self) -> None:
        """Settle what workers that died have left open, once it cannot be under way any more."""
        with self._ledger.read() as connection:
            overdue = lanes_of.overdue(connection, self._now())
        for campaign in overdue:
            uncertain, _ = recover(self._ledger, campaign, self._now())
            if uncertain:
                self._tell(
                    f"{words.count(uncertain, 'message')} whose worker or run ended is uncertain: "
                    "campaign status says which."
                )
        with self._ledger.write(NOTHING) as connection:
            self._queue.tidy(connection)

    def _hand_over(self) -> None:
        """Put lanes that are due into the queue, as many as are free here."""
        if self._reach.left(self._now()):
            return
        now = self._now()
        with self._ledger.write(NOTHING) as connection:
            most = self._lanes - self._busy
            due = lanes_of.take_due(connection, self._keys.in_turn(now), now, most)
            if due:
                self._queue.give(connection, due)

    def _drive(self, account: str, key: str) -> None:
        """Drive a lane, if nobody else does; one that is still driven here is looked at soon, and
        one whose key is refused here by others."""
        since = self._now()
        with self._ledger.write(NOTHING) as connection:
            if account in self._driver.accounts or key not in self._keys.usable(since):
                lanes_of.defer(connection, account, since + _WOKEN)
                return
            number = self._presence.number
            if not lanes_of.begin(connection, account, number, since):
                return
        try:
            rest = self._driver.drive(account, key)
        except BusyError as error:
            rest = Rest(self._now() + _BUSY, error.what)
        except UnreachableError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault at one lane is told, and ends no other
            fault = explain(error)
            rest = Rest(self._now() + _AFTER_FAULT, fault.what)
            self._tell(f"{account or 'default'}: {fault.what} ({fault.where})")
        if rest.is_unanswered and self._reach.left(self._now()):
            rest = rest._replace(until=self._now())  # others may reach the vendor
        with self._ledger.write(NOTHING) as connection:
            if rest.is_refused and rest.until is not None:
                rest = self._leave(connection, key, rest.until, rest)
            lanes_of.rest(connection, account, number, since, rest.until, rest.why)

    def _leave(self, connection: Connection, key: str, until: datetime, rest: Rest) -> Rest:
        """Leave the lanes of a refused key to those who have another one, or let them wait."""
        self._keys.refuse(key, until)
        self._presence.beat(connection)
        if not self._presence.is_alone_with(connection, key):
            self._tell(f"The key {key} is refused: its lanes are left to other workers.")
            return rest._replace(until=self._now())
        lanes_of.put_off(connection, key, until, rest.why)
        way = "or until a worker starts that has another one"
        self._tell(f"The key {key} is refused: its lanes wait for a quarter of an hour, {way}.")
        return rest

    # --- the loop's own

    async def _find(self) -> None:
        """Look for due lanes once a second, and as soon as there is room for one more."""
        while not self._ending.is_set():
            self._free.clear()
            if set(self._serving) != set(self._keys.usable(self._now())):
                self._queue.pause()  # and is served again, for others
            if self._busy < self._lanes:
                await self._asked(self._hand_over)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._free.wait(), _LOOK_SECONDS)

    async def _job(self, account: str, key: str) -> None:
        """A lane that the queue has handed over."""
        self._busy += 1
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, self._drive, account, key)
        except (UnreachableError, BusyError) as error:
            self._note_away(error)  # the lane comes back when its lease is over
        except StorageError as error:
            self._tell(f"The ledger: {error.what}")
        finally:
            self._busy -= 1
            self._free.set()

    async def _serve(self) -> None:
        """Drive what the queue hands over, also after the server was away."""
        while not self._ending.is_set():
            self._serving = self._keys.usable(self._now())
            try:
                if self._serving:
                    await self._queue.serve(self._serving, self._lanes)
            except UnreachableError as error:
                self._note_away(error)
            pause = max(_AGAIN_SECONDS, self._reach.left(self._now()).total_seconds())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause)

    def _interrupt(self, interruption: Interruption) -> None:
        if interruption.count > 1:
            self._is_cut = True
            self._driver.halt(at_once=True)
            return
        self._tell(f"Ending after {words.count(len(self._driver.accounts), 'message')} in flight.")
        self._end()

    def _end(self) -> None:
        """Begin nothing any more."""
        self._latest = self._loop.time() + DRAIN_SECONDS
        self._ending.set()
        self._free.set()
        self._queue.close(DRAIN_SECONDS)
        self._driver.halt()

    async def _drain(self, tasks: Sequence[asyncio.Future[None]]) -> None:
        """Leave: wait for what is under way, and say that this worker has ended."""
        if not self._ending.is_set():
            self._end()
        ended = asyncio.ensure_future(
            asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        )
        await asyncio.wait([ended], timeout=max(0.0, self._latest - self._loop.time()))
        if not ended.done():  # an outcome waits for a server that is away
            self._driver.halt(at_once=True)
        await ended
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

        def leave() -> None:
            with self._ledger.write(NOTHING) as connection:
                self._presence.leave(connection)

        await self._asked(leave)

    def _see(self, campaign: str, event: Event) -> None:
        if isinstance(event, Sent):
            claim, outcome = event.claim, event.outcome
            self.metrics.count(outcome.status)
            why = f" ({outcome.http_status})" if outcome.http_status else ""
            account = claim.account or "default"
            self._tell(f"{campaign}, row {claim.row}, from {account}: {outcome.status}{why}")
            if (pause := self._reach.note(outcome, self._now())) is not None:
                minutes = words.count(round(pause.total_seconds() / 60), "minute")
                self._tell(
                    f"The vendor does not answer this worker; it takes no lanes for {minutes}."
                )
                self._driver.leave()
                self._loop.call_soon_threadsafe(self._queue.pause)
