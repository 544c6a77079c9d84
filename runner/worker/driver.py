"""Driving one account's lane for a while: the campaigns that workers send and that have messages
for it, one after the other.

Each lane is driven in a thread of its own, with its own event loop: what one waits for in the
ledger, no other waits for.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from runner.action.uncounted import refuse_uncounted
from runner.campaign.looker import looker
from runner.errors import BusyError, CampaignError, ExitCode, UnreachableError
from runner.ledger.campaign import campaign_numbered
from runner.ledger.lane import sendable
from runner.ledger.ledger import Ledger
from runner.ledger.record import CampaignRecord
from runner.sending.address import BASE_URL
from runner.sending.api import READ_SECONDS, TYPING
from runner.sending.clock import ServerClock
from runner.sending.event import Event
from runner.sending.lane import Lane, drive
from runner.sending.pace import pace_of
from runner.sending.secret import Secret
from runner.sending.streak import LaneEnd
from runner.sending.traffic import Traffic, Visit
from runner.sending.vendor import Vendor

KEY_REFUSED: Final = "the key is refused"
_HALTED: Final = "the worker ends"
# A lane that is driven keeps others waiting no longer than this.
_VISIT: Final = timedelta(seconds=10)
# Its next message may be this close.
_CLOSE: Final = timedelta(seconds=0.5)
# So soon a lane is looked at again after trouble that may pass, and after trouble that a person has
# to see to; each lane at least so often.
_SOON: Final = timedelta(minutes=15)
_LATE: Final = timedelta(hours=1)
_MOST_LANES: Final = 5_000


class Rest(NamedTuple):
    """What becomes of a lane after a visit: when it is due again, None for never, and why."""

    until: datetime | None
    why: str = ""
    is_refused: bool = False
    is_unanswered: bool = False


class Ways(NamedTuple):
    """The vendor's address, and the seconds to wait for its answer to a message."""

    base_url: str = BASE_URL
    read_seconds: float = READ_SECONDS


@dataclass(slots=True)
class _Seat:
    """A thread that drives a lane: its loop, and what it drives just now."""

    loop: asyncio.AbstractEventLoop
    traffic: Traffic | None = None
    task: asyncio.Task[LaneEnd] | None = None


class Driver:
    """Drives lanes for one worker, each in its own thread.

    `see` hears of every event, with the campaign's name.
    """

    def __init__(
        self,
        ledger: Ledger,
        keys: Mapping[str, Secret],
        ways: Ways,
        own: Callable[[], datetime],
        see: Callable[[str, Event], None],
    ) -> None:
        self._ledger = ledger
        self._keys = keys
        self._ways = ways
        self._see = see
        self.clock = ServerClock(own)
        self.clock.follow(ledger.now)
        # What campaigns on accounts have learned here, the one driven last at the end.
        self._lanes: OrderedDict[tuple[int, str, str], Lane] = OrderedDict()
        self._seats: dict[str, _Seat] = {}
        self._changing = threading.Lock()
        self._is_halted = False

    @property
    def accounts(self) -> list[str]:
        """The accounts whose lanes are driven now."""
        return list(self._seats)

    def drive(self, account: str, key: str) -> Rest:
        """Drive an account's lane for a while; say what becomes of it.

        Raises UnreachableError or BusyError when the ledger's server cannot be asked.
        """
        with asyncio.Runner() as loop, self._seated(account, loop.get_loop()) as seat:
            if seat is None or self._is_halted:
                return Rest(self.clock.now(), _HALTED)
            with self._ledger.read() as connection:
                waiting = sendable(connection, account)
            ends = []
            visit = Visit(self.clock.now() + _VISIT, _CLOSE)
            for campaign in self._in_turn(waiting, account):
                ends.append(self._visit(seat, loop, campaign, account, key, visit))
                if ends[-1].is_refused or self._is_halted:
                    break
            return _first(ends, self.clock.now())

    @contextmanager
    def _seated(self, account: str, loop: asyncio.AbstractEventLoop) -> Iterator[_Seat | None]:
        """Take the account's seat; None where it is driven here already."""
        seat = _Seat(loop)
        with self._changing:
            is_free = self._seats.setdefault(account, seat) is seat
        try:
            yield seat if is_free else None
        finally:
            if is_free:
                with self._changing:
                    del self._seats[account]

    def _in_turn(self, campaigns: list[int], account: str) -> list[int]:
        """The campaigns, the one that was visited last at the end."""
        with self._changing:
            visited = [number for number, of, _ in self._lanes if of == account]
        return sorted(campaigns, key=lambda one: visited.index(one) if one in visited else -1)

    def _visit(
        self,
        seat: _Seat,
        loop: asyncio.Runner,
        campaign: int,
        account: str,
        key: str,
        visit: Visit,
    ) -> Rest:
        """Send what may go of one campaign, and say when to come back for it."""
        now = self.clock.now
        try:
            lane = self._lane(campaign, account, key)
            traffic = lane.traffic
            traffic.visit, traffic.halt = visit, asyncio.Event()
            seat.traffic = traffic
            if self._is_halted:
                return Rest(now(), _HALTED)
            self._refuse_uncounted(lane, loop)
            end = loop.run(self._driven(seat, lane))
        except (UnreachableError, BusyError):
            raise
        except CampaignError as error:
            self._forget(campaign, account, key)
            return Rest(now() + _LATE, error.what)
        finally:
            seat.traffic = None
        rest = rest_of(end, now())
        if rest.until is None or rest.until - now() >= _LATE or end.stop is not None:
            # The next visit begins anew, as the next run would.
            self._forget(campaign, account, key)
        return rest

    async def _driven(self, seat: _Seat, lane: Lane) -> LaneEnd:
        seat.task = asyncio.ensure_future(drive(lane))
        try:
            return await seat.task
        except asyncio.CancelledError:
            return LaneEnd("halted")
        finally:
            seat.task = None

    def _refuse_uncounted(self, lane: Lane, loop: asyncio.Runner) -> None:
        """Raise StorageError when the server counts messages that only this ledger can have
        sent."""
        traffic, account = lane.traffic, lane.account
        if traffic.has_heard(account, until=None) or traffic.pace.reserve:
            return
        loop.run(traffic.read_quota(account))
        if count := traffic.surplus.get(account, 0):
            lookup = traffic.vendor.lookup
            refuse_uncounted(self._ledger, traffic.campaign_id, account, count, lookup, loop)

    def _lane(self, campaign: int, account: str, key: str) -> Lane:
        """What is known here of a campaign on an account; anew where its settings are others."""
        with self._ledger.read() as connection:
            record = campaign_numbered(connection, campaign)
        with self._changing:
            lane = self._lanes.pop((campaign, account, key), None)
        if lane is None or lane.traffic.settings != record.settings:
            lane = Lane(self._traffic(record, key), account)
        with self._changing:
            self._lanes[campaign, account, key] = lane
            if len(self._lanes) > _MOST_LANES:
                self._lanes.popitem(last=False)
        return lane

    def _forget(self, campaign: int, account: str, key: str) -> None:
        with self._changing:
            self._lanes.pop((campaign, account, key), None)

    def _traffic(self, record: CampaignRecord, key: str) -> Traffic:
        settings, ledger, now = record.settings, self._ledger, self.clock.now
        vendor = Vendor(
            self._keys[key],
            self.clock,
            self._ways.base_url,
            read_seconds=self._ways.read_seconds,
            path=settings.endpoint or TYPING,
        )
        return Traffic(
            ledger=ledger,
            campaign_id=record.id,
            pace=vendor.paced(pace_of(settings)),
            vendor=vendor,
            report=lambda event: self._see(record.name, event),
            looker=looker(settings.looks, ledger, vendor.lookup, now),
            settings=settings,
            stay=True,
        )

    def halt(self, *, at_once: bool = False) -> None:
        """Begin nothing any more, and leave the lanes that are driven."""
        self._is_halted = True
        self.leave(at_once=at_once)

    def leave(self, *, at_once: bool = False) -> None:
        """Let every lane that is driven now end after its message in flight; `at_once` does not
        wait for that one, which is uncertain then."""
        with self._changing:
            seats = list(self._seats.values())
        for seat in seats:
            if not seat.loop.is_closed():
                seat.loop.call_soon_threadsafe(_end, seat, at_once)


def _end(seat: _Seat, at_once: bool) -> None:
    if seat.traffic is not None:
        seat.traffic.halt.set()
    if at_once and seat.task is not None:
        seat.task.cancel()


def rest_of(end: LaneEnd, now: datetime) -> Rest:
    """What becomes of a lane, by how a campaign's part of it ended."""
    if end.kind == "done":
        return Rest(None)
    if end.kind == "halted":
        return Rest(now, _HALTED)
    if end.stop is None:
        late = now + _LATE
        return Rest(late if end.for_next_run else min(end.until or now, late), end.reason)
    if end.stop.exit_code is ExitCode.ACCESS and end.stop.scope == "run":
        return Rest(now + _SOON, KEY_REFUSED, is_refused=True)
    if end.stop.exit_code is ExitCode.ENDPOINT:
        return Rest(now + _SOON, end.reason, is_unanswered=True)
    return Rest(now + _LATE, end.reason)


def _first(ends: list[Rest], now: datetime) -> Rest:
    """The lane's own rest: that of the campaign which may go on first."""
    for end in ends:
        if end.is_refused:
            return end
    waits = [end for end in ends if end.until is not None]
    if not waits:
        return Rest(None)
    return min(waits, key=lambda end: end.until or now)
