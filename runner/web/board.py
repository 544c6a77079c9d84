"""Where the campaigns stand, kept until something changes: a page is drawn more often than that."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from runner.action.standing import summary_of
from runner.ledger.campaign import campaigns, settings_of
from runner.ledger.ledger import Ledger
from runner.ledger.lock import is_running
from runner.ledger.pause import said
from runner.ledger.record import CampaignRecord
from runner.ledger.standing import progress, pulse
from runner.result.facts import Day, daily
from runner.result.summary import Summary

Days = tuple[tuple[Day, ...], bool]
# Quotas and times go on also while nothing happens.
_STALE: Final = timedelta(minutes=1)


class _Kept(NamedTuple):
    """A summary, with what the ledger and the campaign looked like when it was made."""

    pulse: str
    mark: str
    summary: Summary


@dataclass(slots=True)
class Board:
    """The last summary of each campaign, by its number, and its days."""

    _days: dict[int, tuple[Summary, Days]] = field(default_factory=dict)
    _kept: dict[int, _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def summary(self, ledger: Ledger, record: CampaignRecord, now: datetime) -> Summary:
        """Where a campaign stands."""
        beat = beat_of(ledger, record.id)
        with self._lock:
            kept = self._kept.get(record.id)
        if kept is not None and kept.summary.at <= now < kept.summary.at + _STALE:
            if kept.pulse == beat:
                return kept.summary
            if kept.mark == (state := mark(ledger, record.id)):
                self._keep(record.id, kept._replace(pulse=beat))
                return kept.summary
        else:
            state = mark(ledger, record.id)
        summary = summary_of(ledger, record, now)
        self._keep(record.id, _Kept(beat, state, summary))
        return summary

    def days(self, ledger: Ledger, summary: Summary) -> Days:
        """The days, or weeks, of a campaign with what went and what is forecast."""
        number = summary.campaign.id
        with self._lock:
            kept = self._days.get(number)
        if kept is not None and kept[0] is summary:
            return kept[1]
        found = daily(ledger, summary)
        with self._lock:
            self._days[number] = summary, found
        return found

    def shown(self, number: int) -> str:
        """A name for the state in which a campaign was last shown."""
        with self._lock:
            kept = self._kept.get(number)
        return name_of(kept.mark) if kept else ""

    def every(self, ledger: Ledger, now: datetime) -> Sequence[Summary]:
        """Where all campaigns stand, the one last read first."""
        with ledger.read() as connection:
            known = campaigns(connection)
        return [self.summary(ledger, record, now) for record in known]

    def _keep(self, number: int, kept: _Kept) -> None:
        with self._lock:
            self._kept[number] = kept


def name_of(state: str) -> str:
    """A short name for the state of a campaign, for an address."""
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def beat_of(ledger: Ledger, campaign_id: int | None) -> str:
    """A text that changes whenever anything happens in the ledger, or a run of the campaign, or of
    any, begins or ends."""
    with ledger.read() as connection:
        beat = pulse(connection)
        known = [one.id for one in campaigns(connection)] if campaign_id is None else [campaign_id]
    return f"{beat} {[number for number in known if is_running(ledger, number)]}"


def mark(ledger: Ledger, campaign_id: int) -> str:
    """A text that changes whenever anything about a campaign does that a page shows."""
    with ledger.read() as connection:
        state = progress(connection, campaign_id)
        word = said(connection, campaign_id)
        settings = settings_of(connection, campaign_id)
    live = is_running(ledger, campaign_id)
    return f"{state} {settings} {word.paused_at} {word.stop_asked_at} {live}"
