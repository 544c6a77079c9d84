"""What became of a row, by the columns of an earlier results sheet.

A status can be edited, sorted away from its row, or ticked off with another word. When the message
was sent, to whom and from where tell it all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from runner.intake.moment import readings

_OURS: Final = ("waiting", "failed", "skipped", "invalid")
_URN: Final = re.compile(r"urn:li:\w+:\S+").match


def status_of(said: Mapping[str, str | None]) -> str:
    """Return a row's status: `sent` or `uncertain` where any column says so, else the status that
    stands there, in lower case. `said` holds the cells by the names of the result columns."""
    status = (said.get("status") or "").strip().lower()
    if status in ("sent", "uncertain"):
        return status
    if instant(said.get("sentAt")) or _URN(said.get("sentToUrn") or ""):
        return "sent"
    if status in _OURS:
        return status
    left = said.get("sentFrom") or said.get("sentMessage") or ""
    return "uncertain" if left and not left.isdigit() else status


def instant(text: str | None) -> datetime | None:
    """Read when a message was sent; None for a cell that says no time that can be understood."""
    if not text:
        return None
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at
    found = readings(text)
    return found[0].replace(tzinfo=found[0].tzinfo or UTC) if len(found) == 1 else None
