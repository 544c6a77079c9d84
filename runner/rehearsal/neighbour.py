"""The vendor's neighbour endpoints, simulated.

They are reads, answered from the accepted messages and the quota that those used.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from runner.rehearsal.inbox import Inbox
from runner.rehearsal.receipt import Receipt

_ROUTE: Final = re.compile(
    r"/(?:accounts|conversations|account/(?P<account>[^/]+)/(?P<about>status|quota)"
    r"|relationship/(?P<related>[^/]+)/(?P<person>[^/]+)|inmail/credits"
    r"|conversations/exists/(?P<slug>[^/]+)|conversations/(?P<conversation>[^/]+)/messages)$"
)
_HEALTHY: Final = {"status": "active", "enabled": True, "hasTokens": True}


@dataclass(frozen=True, slots=True)
class Numbers:
    """An account's quota, with `reset_at` as the vendor writes it."""

    limit: int
    used: int
    reset_at: str

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


def trouble(target: str, chance: random.Random, faults: float) -> int | None:
    """Return the status with which a look into talk or connections fails; None for one that does
    not. `faults` is the share of messages that meet a fault."""
    if not faults or not ("/conversations" in target or "/relationship" in target):
        return None
    return chance.choice((500, 502, 429)) if chance.random() < faults / 3 else None


def look_up(
    target: str, receipts: Sequence[Receipt], inbox: Inbox, quota: Callable[[str], Numbers]
) -> object:
    """Return the JSON of a GET by its target; None when the vendor has no such endpoint.

    The target is a path below any prefix, and a query.
    """
    parts = urlsplit(target)
    found = _ROUTE.search(parts.path)
    if found is None:
        return None
    asked = {name: unquote(value) for name, value in found.groupdict().items() if value}
    if "about" in asked:
        return _quotas(quota(asked["account"])) if asked["about"] == "quota" else _HEALTHY
    if "related" in asked:
        return inbox.relationship(asked["related"], asked["person"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    account = query.get("accountId", "")
    if "slug" in asked:
        return inbox.exists(account, asked["slug"])
    if "conversation" in asked:
        return inbox.messages(account, asked["conversation"], sync="sync" in query)
    if parts.path.endswith("/credits"):
        return {"inMailCredits": inbox.credits.get(account, inbox.usual), "totalCredits": 50}
    if parts.path.endswith("/conversations"):
        accounts = query.get("linkedinAccountIds", "").split(",")
        return inbox.page(accounts, int(query.get("count", "20")), query.get("nextCursor", ""))
    return [_account(name) for name in sorted({receipt.account for receipt in receipts} - {""})]


def _account(name: str) -> dict[str, object]:
    return {
        "id": name,
        "firstName": "Sender",
        "lastName": name,
        "publicId": name.lower(),
        "status": "active",
        "enabled": True,
    }


def _quotas(numbers: Numbers) -> dict[str, object]:
    """Return the quota of messages, among quotas of other features that are not for messages."""
    message = {
        "feature": "MESSAGE",
        "window": "daily",
        "used": numbers.used,
        "limit": numbers.limit,
        "remaining": numbers.remaining,
        "limitReached": not numbers.remaining,
        "resetAt": numbers.reset_at,
    }
    others = [
        {**message, "feature": "INMAIL_MESSAGE", "remaining": 0},
        {**message, "window": "weekly", "remaining": 0},
    ]
    return {
        "quotas": [*others, message, {**message, "feature": "CONNECTION_REQUEST", "remaining": 0}]
    }
