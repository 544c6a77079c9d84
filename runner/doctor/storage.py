"""The checks of the ledger as a file, and of what it knows of the campaign."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner import words
from runner.action.behind import refuse_behind
from runner.action.compare import refuse_lost_results, refuse_unknown_results
from runner.campaign.campaign import Campaign
from runner.doctor.finding import Finding, bad, look, ok
from runner.errors import CampaignError, StorageError
from runner.ledger.attempt import DEPRECATED
from runner.ledger.campaign import campaigns
from runner.ledger.door import is_begun, open_ledger, refuse_moved
from runner.ledger.health import check_health
from runner.ledger.ledger import Ledger
from runner.ledger.location import Place, Server
from runner.ledger.lock import is_running
from runner.ledger.lost import refuse_lost
from runner.ledger.note import noted
from runner.ledger.record import UncertainRow
from runner.ledger.standing import deliveries, uncertain_rows
from runner.result.told import settling

# A campaign of a few thousand people needs LITTLE_BYTES, with its results. No run can end well with
# NO_BYTES.
LITTLE_BYTES: Final = 200_000_000
NO_BYTES: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Known:
    """A ledger's knowledge of a campaign: its name, its rows' accounts and its uncertain rows.

    `is_running` is True when a run of it is active. `deprecated` is when the vendor last said that
    the endpoint will go.
    """

    name: str
    accounts: tuple[str, ...]
    uncertain: tuple[UncertainRow, ...]
    is_running: bool
    deprecated: str | None = None


def judge_endpoint(since: str) -> Finding:
    """Tell that the vendor means to take the endpoint away, as its answers say."""
    remedy = (
        "Try the replacement in a campaign of its own: --endpoint conversations/send. Nothing "
        "switches by itself."
    )
    said = f"the vendor's answers say, last on {since[:10]}, that it will go"
    return look("endpoint", said, remedy)


def judge_ledger(place: Place) -> Finding:
    """Judge whether the ledger is whole, is private, can be written, and has room to grow."""
    return _judge_server(place) if isinstance(place, Server) else _judge_file(place)


def _judge_server(place: Server) -> Finding:
    """Judge whether the ledger's server answers, and keeps what it has confirmed."""
    try:
        if (ledger := _opened(place)) is not None:
            with closing(ledger):
                ledger.refuse_moved()
    except CampaignError as error:
        return bad("ledger", error)
    if not place.is_guarded:
        said = f"{place}: others on the way could read along, or stand in for the server"
        return look("ledger", said, "Put ?sslmode=verify-full at the end of its address.")
    if ledger is None:
        return ok("ledger", f"none yet; the first run makes it on {place}")
    return ok("ledger", f"{place}: answers, and keeps what it has confirmed")


def _opened(place: Place) -> Ledger | None:
    """The ledger, where there is one. Raises StorageError."""
    return open_ledger(place, create=False) if is_begun(place) else None


def _judge_file(path: Path) -> Finding:
    folder = next(parent for parent in path.parents if parent.exists())
    try:
        free = shutil.disk_usage(folder).free
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        if not os.access(path if mode is not None else folder, os.W_OK) or not os.access(
            folder, os.W_OK
        ):
            remedy = "Check the permissions, or choose another place with --ledger PATH."
            return bad(
                "ledger",
                StorageError(
                    "The ledger or its folder cannot be written.", where=str(path), remedy=remedy
                ),
            )
        if mode is None:
            refuse_lost(path)
        else:
            check_health(path)
            refuse_moved(path)
    except CampaignError as error:
        return bad("ledger", error)
    except OSError as error:
        return bad(
            "ledger",
            StorageError(f"The ledger cannot be looked at ({error.strerror}).", where=str(path)),
        )
    room = f"{free / 1e9:.1f} GB free"
    if free < NO_BYTES:
        return bad(
            "ledger",
            StorageError(f"The disk is full ({room}).", where=str(path), remedy="Free disk space."),
        )
    if free < LITTLE_BYTES:
        return look("ledger", f"{path}: the disk is nearly full ({room})", "Free disk space.")
    if mode is None:
        return ok("ledger", f"none yet; the first run makes {path}; {room}")
    if os.name == "posix" and mode & 0o077:
        return look(
            "ledger",
            f"{path} can be read by others (mode {mode:04o})",
            f"chmod 600 {words.argument(path)}",
        )
    shown = f", mode {mode:04o}" if os.name == "posix" else ""
    return ok("ledger", f"{path}: whole, {path.stat().st_size / 1e6:.1f} MB{shown}; {room}")


def known(place: Place, campaign: Campaign) -> Known | None:
    """Return what a whole ledger knows of the campaign.

    The campaign is found by its name, or by the list that it was last read from. None for a
    campaign that is new to the ledger. Raises StorageError.
    """
    ledger = _opened(place)
    if ledger is None:
        return None
    try:
        with ledger.read() as connection:
            record = next(
                (
                    one
                    for one in campaigns(connection)
                    if (
                        one.name == campaign.name
                        if campaign.name
                        else one.source == campaign.origin
                    )
                ),
                None,
            )
            if record is None:
                return None
            live = is_running(ledger, record.id)
            counted = deliveries(connection, record.id)
            rows = uncertain_rows(connection, record.id, counted, live=live)
            accounts = tuple(account for account in counted.senders if account)
            return Known(record.name, accounts, rows, live, noted(connection, DEPRECATED))
    finally:
        ledger.close()


def compare(place: Place, campaign: Campaign | None) -> CampaignError | None:
    """Return what a run would refuse with when another record knows more than a whole ledger."""
    try:
        if campaign is not None:
            refuse_lost_results(campaign, place)
        ledger = _opened(place)
        if ledger is None:
            return None
        try:
            refuse_behind(ledger)
            if campaign is not None:
                refuse_unknown_results(campaign, ledger, ledger.path)
        finally:
            ledger.close()
    except CampaignError as error:
        return error
    return None


def judge_rows(known: Known) -> Finding:
    """Judge whether rows of the campaign wait for a person's word."""
    if known.uncertain:
        which = words.some([str(row) for row in known.uncertain])
        return look("rows", f"{len(known.uncertain)} uncertain: {which}", settling(known.name))
    return ok("rows", "none is uncertain")
