"""What this computer has: the key, the ledger, the log, the clock's zone, the proxy, the schedule."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import stat
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from tzlocal import get_localzone_name

from runner.campaign import Campaign
from runner.doctor.finding import Finding, bad, look, ok
from runner.errors import CampaignError, ExitCode, StorageError
from runner.key import Key
from runner.ledger.health import check_health
from runner.log import log_path
from runner.schedule.install import find
from runner.schedule.machine import Machine

# What a campaign of a few thousand people needs, with its results; and what no run can end well with.
LITTLE_BYTES: Final = 200_000_000
NO_BYTES: Final = 10_000_000
_TAIL: Final = 8_192


def judge_key(key: Key) -> Finding:
    """Where the key comes from."""
    mode = f", mode {stat.S_IMODE(key.path.stat().st_mode):04o}" if key.path and os.name == "posix" else ""
    return ok("key", f"from {key.origin}{mode}")


def judge_ledger(path: Path) -> Finding:
    """Whether the ledger is whole, private, can be written, and has room to grow."""
    folder = next(parent for parent in path.parents if parent.exists())
    try:
        free = shutil.disk_usage(folder).free
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        if not os.access(path if mode is not None else folder, os.W_OK) or not os.access(folder, os.W_OK):
            remedy = "Check the permissions, or choose another place with --ledger PATH."
            return bad("ledger", StorageError("The ledger or its folder cannot be written.", where=str(path), remedy=remedy))
        if mode is not None:
            check_health(path)
    except CampaignError as error:
        return bad("ledger", error)
    except OSError as error:
        return bad("ledger", StorageError(f"The ledger cannot be looked at ({error.strerror}).", where=str(path)))
    room = f"{free / 1e9:.1f} GB free"
    if free < NO_BYTES:
        return bad("ledger", StorageError(f"The disk is full ({room}).", where=str(path), remedy="Free disk space."))
    if free < LITTLE_BYTES:
        return look("ledger", f"{path}: the disk is nearly full ({room})", "Free disk space.")
    if mode is None:
        return ok("ledger", f"none yet; the first run makes {path}; {room}")
    if os.name == "posix" and mode & 0o077:
        return look("ledger", f"{path} can be read by others (mode {mode:04o})", f"chmod 600 {shlex.quote(str(path))}")
    shown = f", mode {mode:04o}" if os.name == "posix" else ""
    return ok("ledger", f"{path}: whole, {path.stat().st_size / 1e6:.1f} MB{shown}; {room}")


def judge_schedule(campaign: Campaign, machine: Machine) -> Finding:
    """Whether the campaign is run every day without anybody: only a campaign file can be."""
    source = shlex.quote(str(campaign.source))
    if campaign.source.suffix.lower() != ".toml":
        return ok("schedule", "none: only a campaign file can be run by the computer's own scheduler")
    try:
        entries = find(campaign.source, machine)
    except CampaignError as error:
        return look("schedule", error.what, error.remedy or f"campaign schedule show {source}")
    if not entries:
        return ok("schedule", f"none; to have it run every day: campaign schedule install {source} --at 09:00")
    said = "; ".join(f"{entry.scheduler}, {f'next {entry.next_run}' if entry.next_run else entry.place}" for entry in entries)
    if len(entries) > 1:
        return look("schedule", said, f"One daily run is enough: campaign schedule remove {source}, then install it again.")
    return ok("schedule", said)


def judge_log(ledger: Path) -> Finding:
    """What the last line of the unattended runs' log says."""
    path = log_path(ledger)
    record = _last_record(path)
    if record is None:
        return ok("log", f"no unattended run yet; its log will be {path}")
    code = record.get("exitCode")
    says = f"{path}: {record.get('time')}, {record.get('event')}" + (f", exit code {code}" if code is not None else "")
    if isinstance(code, int) and code not in (ExitCode.DONE, ExitCode.PAUSED):
        return look("log", says, "Run the same command without --unattended to see what it says.")
    return ok("log", says)


def judge_clock(campaign: Campaign | None, now: datetime) -> Finding:
    """By whose clock the sending hours are judged, and what it shows."""
    calendar = campaign.pace.calendar if campaign else None
    here = get_localzone_name() or "UTC"
    if calendar is None:
        return ok("time", f"{here}, {now.astimezone():%a %Y-%m-%d %H:%M}" + ("; no calendar" if campaign else ""))
    wall = now.astimezone(calendar.zone)
    state = "open now" if calendar.is_open(now) else f"open {calendar.next_open(now).astimezone(calendar.zone):%a %H:%M}"
    elsewhere = "" if str(calendar.zone) == here else f" (this computer's is {here})"
    return ok("time", f"{calendar}{elsewhere}: it is {wall:%a %Y-%m-%d %H:%M}; {state}")


def judge_proxy(base_url: str) -> Finding:
    """Through which proxy the endpoint is reached, if any; without the proxy's password."""
    parts = urlsplit(base_url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.hostname or ""):
        return ok("proxy", "none")
    address = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    user = f"{address.username}:***@" if address.username else ""
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    return ok("proxy", f"{address.scheme}://{user}{host}" + (f":{address.port}" if address.port else ""))


def _last_record(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            record = json.loads(file.read().splitlines()[-1])
    except (OSError, ValueError, IndexError):
        return None
    return record if isinstance(record, dict) else None
