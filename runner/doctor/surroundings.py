"""A run's surroundings on this computer: the key, the proxy and the clock on the wall."""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from tzlocal import get_localzone_name

from runner.campaign.campaign import Campaign
from runner.doctor.finding import Finding, bad, ok
from runner.errors import UsageError
from runner.sending.address import is_loopback
from runner.sending.key import Key, find_key
from runner.words import address

DAILY_KEY: Final = "daily key"


def judge_key(
    named: Path | None, folder: Path, name: str | None = None
) -> tuple[Key | None, Finding]:
    """Return the key, if there is one, and a finding that says where it comes from."""
    try:
        key = find_key(named, folder, name=name)
    except UsageError as error:
        return None, bad("key", error)
    return key, ok("key", _origin(key))


def judge_daily_key(named: Path | None, folder: Path, name: str | None = None) -> Finding:
    """Judge where a scheduled run has its key from.

    A run that a scheduler starts does not see this shell's variables.
    """
    try:
        found = find_key(named, folder, name=name, environment=os.name != "posix")
        return ok(DAILY_KEY, _origin(found))
    except UsageError as error:
        what = f"The daily run finds no key: it does not see what this shell has set. {error.what}"
        return bad(DAILY_KEY, UsageError(what, remedy=error.remedy))


def _origin(key: Key) -> str:
    mode = (
        f", mode {stat.S_IMODE(key.path.stat().st_mode):04o}"
        if key.path and os.name == "posix"
        else ""
    )
    return f"from {key.origin}{mode}"


def judge_clock(campaign: Campaign | None, now: datetime) -> Finding:
    """Say in which zone the sending hours are, and what the clock on the wall shows there."""
    calendar = campaign.pace.calendar if campaign else None
    here = get_localzone_name() or "UTC"
    if calendar is None:
        return ok(
            "time",
            f"{here}, {now.astimezone():%a %Y-%m-%d %H:%M}" + ("; no calendar" if campaign else ""),
        )
    wall = now.astimezone(calendar.zone)
    state = (
        "open now"
        if calendar.is_open(now)
        else f"open {calendar.next_open(now).astimezone(calendar.zone):%a %H:%M}"
    )
    elsewhere = "" if str(calendar.zone) == here else f" (this computer's is {here})"
    return ok("time", f"{calendar}{elsewhere}: it is {wall:%a %Y-%m-%d %H:%M}; {state}")


def judge_proxy(base_url: str) -> Finding:
    """Name the proxy on the way to the endpoint, if there is one, without its name and password."""
    parts = urlsplit(base_url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or is_loopback(base_url) or proxy_bypass(parts.hostname or ""):
        return ok("proxy", "none")
    return ok("proxy", address(proxy if "://" in proxy else f"http://{proxy}"))
