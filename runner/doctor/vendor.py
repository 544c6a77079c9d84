"""The checks of the vendor: its address, its clock, the key, the accounts and their quota.

Nothing is sent. The endpoints that tell are optional: a missing endpoint is not a fault, it only
leaves a question open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import httpx

from runner.doctor.finding import Finding, bad, look, ok
from runner.errors import AccessError, CampaignError, ExitCode
from runner.sending.client import Client
from runner.sending.clock import ServerClock
from runner.sending.lookup import Account, AccountStatus, Lookup

REACH_SECONDS: Final = 15.0
_RECONNECT: Final = "Reconnect the LinkedIn account in the vendor's dashboard."
_OPEN: Final = "the vendor does not offer this; the first message will show it"


class UnreachableError(CampaignError):
    """The endpoint gave no answer."""

    exit_code = ExitCode.ENDPOINT


async def reach(base_url: str, clock: ServerClock) -> list[Finding]:
    """Judge whether the address answers at all, and how its clock compares with ours.

    Any answer will do. The answer's clock sets ours right. No key is sent.
    """
    host = urlsplit(base_url).hostname
    client = Client(None, base_url, httpx.Timeout(REACH_SECONDS))
    try:
        async with asyncio.timeout(REACH_SECONDS):
            for _ in range(2):  # one answer alone does not set the clock
                date = (await client.ask("GET", "/accounts")).date
                clock.hear(date)
    except TimeoutError:
        reason = f"no answer within {REACH_SECONDS:.0f} seconds"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why there was no answer
        reason = client.say(error)
    else:
        return [ok("endpoint", f"{host} answers"), _judge_skew(clock, told=date is not None)]
    remedy = "Check the network, the proxy and the vendor's status page."
    return [
        bad("endpoint", UnreachableError(f"{host} cannot be reached: {reason}.", remedy=remedy))
    ]


async def ask(lookup: Lookup, named: Sequence[str], now: Callable[[], datetime]) -> list[Finding]:
    """Judge whether the key is accepted, then each named account's health and quota."""
    findings: list[Finding] = []
    try:
        known = await lookup.accounts()
        findings.append(_judge_accounts(lookup, known))
        if not named and (known is None or len(known) != 1):
            remedy = "Name one: --account, or accounts in a campaign file."
            findings.append(
                look(
                    "account",
                    "none is named; the vendor takes the one most recently used, which can change",
                    remedy,
                )
            )
        for account in named or [entry.id for entry in known or () if len(known or ()) == 1]:
            findings.append(await _judge_account(lookup, account, known))
            if findings[-1].verdict != "bad":
                findings.append(await _judge_quota(lookup, account, now()))
    except AccessError as error:
        findings.append(bad("access", error))
    return findings


def _judge_skew(clock: ServerClock, *, told: bool) -> Finding:
    if not told:
        return ok("clock", "the endpoint does not say what time it is; this computer's is taken")
    if not clock.ahead:
        return ok("clock", "right, by the endpoint's")
    minutes = round(abs(clock.ahead).total_seconds() / 60)
    amount = f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
    says = (
        f"this computer's clock is {amount} "
        f"{'ahead of' if clock.ahead > timedelta() else 'behind'} the endpoint's"
    )
    remedy = "Set this computer's clock, and let it be set by itself."
    if not clock.is_believable:
        return bad(
            "clock", UnreachableError(f"{says}: too far apart to send by either.", remedy=remedy)
        )
    return look("clock", f"{says}, which is followed", remedy)


def _judge_accounts(lookup: Lookup, known: Sequence[Account] | None) -> Finding:
    if known is None:
        if not lookup.offers("accounts"):
            return ok("access", _OPEN)
        return look(
            "access",
            f"whether the key is accepted is not known{_status(lookup)}",
            "Try again in a while.",
        )
    shown = ", ".join(
        entry.id + ("" if entry.enabled is not False else " (disabled)") for entry in known
    )
    return ok("access", f"the key is accepted; its accounts: {shown or 'none yet'}")


async def _judge_account(lookup: Lookup, account: str, known: Sequence[Account] | None) -> Finding:
    name = f"account {account}"
    health = await lookup.account_status(account)
    listed = next((entry for entry in known or () if entry.id == account), None)
    if health is None and lookup.offers("status") and lookup.status == 404:
        return bad(
            name,
            AccessError(
                "The vendor does not know it.", remedy="Check its ID in the vendor's dashboard."
            ),
        )
    if known and listed is None:
        return bad(
            name,
            AccessError(
                "It is not among the key's accounts.",
                remedy="Check its ID in the vendor's dashboard.",
            ),
        )
    if health is None and listed is not None:
        health = AccountStatus(listed.status, listed.enabled, None)
    if health is None:
        return (
            ok(name, _OPEN)
            if not lookup.offers("status")
            else look(name, f"no answer{_status(lookup)}", "Try again.")
        )
    if health.enabled is False:
        return bad(
            name, AccessError("It is disabled.", remedy="Enable it in the vendor's dashboard.")
        )
    if health.has_tokens is False:
        return bad(name, AccessError("It is not connected to LinkedIn.", remedy=_RECONNECT))
    return ok(name, health.status or "enabled")


async def _judge_quota(lookup: Lookup, account: str, now: datetime) -> Finding:
    name = f"quota {account}"
    told = await lookup.quota(account)
    if told is None or told.remaining is None:
        return ok(name, _OPEN) if not lookup.offers("quota") else ok(name, "not told")
    until = (
        f" until {told.reset_at.astimezone():%a %H:%M %Z}"
        if told.reset_at and told.reset_at > now
        else ""
    )
    limit = f" of {told.limit}" if told.limit is not None else ""
    if told.remaining == 0:
        return look(
            name, f"spent{until}", "Nothing to do: a run pauses, and goes on after the reset."
        )
    return ok(name, f"{told.remaining}{limit} left{until}")


def _status(lookup: Lookup) -> str:
    return f" (HTTP {lookup.status})" if lookup.status else ""
