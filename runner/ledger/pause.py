"""A person's word to a campaign: it is paused until it may go on, or its run has to end.

Both stand in the ledger, where a run in another process finds them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner import words
from runner.errors import ExitCode
from runner.ledger import schema
from runner.ledger.record import Stop, Wait

# A pause ends by a person's word alone.
NO_END: Final = datetime(9999, 1, 1, tzinfo=UTC)


class Said(NamedTuple):
    """Since when a campaign is paused, when its run was asked to end, and since when workers send
    it."""

    paused_at: datetime | None = None
    stop_asked_at: datetime | None = None
    submitted_at: datetime | None = None


def said(connection: Connection, campaign_id: int) -> Said:
    """Return what a person has said of the campaign."""
    table = schema.campaign
    found = connection.execute(
        sa.select(table.c.paused_at, table.c.stop_asked_at, table.c.submitted_at).where(
            table.c.id == campaign_id
        )
    ).first()
    return Said(*found) if found else Said()


def pause(connection: Connection, campaign_id: int, at: datetime | None) -> bool:
    """Pause the campaign, or let it go on with None; tell whether that changed anything."""
    table = schema.campaign
    other = table.c.paused_at.is_(None) if at else table.c.paused_at.is_not(None)
    changed = sa.update(table).where(table.c.id == campaign_id, other).values(paused_at=at)
    return connection.execute(changed).rowcount > 0


def ask_to_stop(connection: Connection, campaign_id: int, at: datetime) -> None:
    """Ask the campaign's run to end after its message in flight."""
    table = schema.campaign
    asked = sa.update(table).where(table.c.id == campaign_id).values(stop_asked_at=at)
    connection.execute(asked)


NOT_SUBMITTED: Final = Stop(
    scope="run",
    exit_code=ExitCode.INTERRUPTED,
    reason="Workers do not send this campaign now: its list was read anew, or it was taken back.",
    remedy="Submit it (campaign submit), once what it would send is right.",
)


def held(name: str, word: Said) -> Stop | Wait | None:
    """Return why no message of a campaign may go now by a person's word, if that is so."""
    if word.stop_asked_at is not None:
        return Stop(
            scope="run",
            exit_code=ExitCode.INTERRUPTED,
            reason="A person has asked the run to end (campaign stop).",
            remedy="Run the same command again; it goes on where it stopped.",
        )
    return paused(name, word.paused_at)


def paused(name: str, since: datetime | None) -> Wait | None:
    """Return the wait of a campaign that is paused since then; None for one that is not."""
    if since is None:
        return None
    resume = words.command("resume", words.argument(name))
    return Wait(
        NO_END, f"the campaign is paused since {since:%Y-%m-%d %H:%M} UTC; {resume}", stay=False
    )
