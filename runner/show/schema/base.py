"""What all answers have in common."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class Ended(TypedDict):
    """What every answer has: the exit code of README.md."""

    exitCode: int


class Account(TypedDict):
    """An account's quota; `account` is null for the key's default one."""

    account: str | None
    limit: int
    used: int
    remaining: int
    resetAt: str | None


class Totals(TypedDict):
    """The numbers of the list's rows by status; `rows` is their sum."""

    sent: int
    uncertain: int
    failed: int
    skipped: int
    invalid: int
    waiting: int
    rows: int


class Stopped(TypedDict):
    """Why it ended before its time, and what to do."""

    reason: str
    remedy: str | None


class Failure(Ended):
    """The answer of any command that an error ended: what is not known is null."""

    campaign: None
    totals: None
    sentThisRun: int
    accounts: list[Account]
    nextSendAt: None
    results: None
    stopped: Stopped


class Problem(TypedDict):
    """A problem of the list or the text; `code` is stable."""

    code: str
    severity: Literal["error", "warning"]
    row: int | None
    cell: str | None
    column: str | None
    text: str
    remedy: str | None
