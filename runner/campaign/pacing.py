"""The pace that settings describe: their numbers checked, their words read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tzlocal import get_localzone_name

from runner.campaign.kind import check_bounds
from runner.campaign.setting import CampaignSettings
from runner.ledger.setting import PaceWords, pace_words
from runner.sending.pace import Pace, pace_of


def words_of(said: Mapping[str, Any]) -> PaceWords:
    """Keep the words of the pace, as the ledger will: with the zone that this computer has today.

    Raises UsageError for numbers that make no sense.
    """
    check_bounds(CampaignSettings, said)
    return pace_words({"time_zone": get_localzone_name() or "UTC", **said})


def read_pace(words: PaceWords) -> Pace:
    """Read the pace. Raises UsageError for words that make no sense, and for hours that never
    come."""
    pace = pace_of(words)
    if pace.calendar is not None:
        pace.calendar.next_open(datetime.now(UTC))
    return pace
