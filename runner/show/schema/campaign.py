"""The answers about campaigns and their runs."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from runner.show.schema.base import Account, Ended, Stopped, Totals


class Campaign(Ended):
    """A campaign as it stands. Instants are in UTC: 2026-03-02T09:00:00Z."""

    campaign: str
    totals: Totals
    sentThisRun: int
    accounts: list[Account]
    nextSendAt: str | None
    results: str | None
    stopped: Stopped | None


class Run(Campaign):
    """The end of a run; `replied` counts the people who have answered so far. `text` says it in a
    sentence that names nobody."""

    replied: int
    text: str
    report: NotRequired[str]


class Tested(Ended):
    """A test message: the row it was made of, and what became of it."""

    testedTo: str
    row: int
    account: str | None
    message: str
    status: str
    error: str | None


class News(TypedDict):
    """What is new of one campaign. `people` are named only where that is asked for."""

    campaign: str
    answered: int
    uncertain: int
    failed: int
    invalid: int
    sent: int
    waiting: int
    nextSendAt: str | None
    people: list[str]


class Digest(Ended):
    """What happened since a while; `text` says it in a line for each campaign."""

    since: str
    campaigns: list[News]
    text: str


class Step(TypedDict):
    """The messages of one step of a sequence, in numbers."""

    step: int
    sent: int
    waiting: int
    following: int
    ended: int
    replied: int
    needy: int


class Variant(TypedDict):
    """How often a variant was answered, and the interval in which the true share lies."""

    variant: str
    sent: int
    replied: int
    low: float
    high: float


class Variants(TypedDict):
    """The variants of one message; `best` is null where there are too few answers to tell."""

    step: int
    variants: list[Variant]
    best: str | None
    verdict: str


class Listed(Campaign):
    """A campaign in the list of all."""

    pausedAt: str | None
    replied: int
    steps: NotRequired[list[Step]]
    variants: NotRequired[list[Variants]]


class Forecast(TypedDict):
    """How many messages go on a day, in the campaign's zone."""

    day: str
    messages: int


class Uncertain(TypedDict):
    """A row that may or may not have been delivered; `row` is null for one that left the list."""

    row: int | None
    person: str


class Waits(TypedDict):
    """What an account's rows wait for; with `stopped`, a person has to settle a row first."""

    account: str | None
    rows: int
    until: str | None
    reason: str | None
    stopped: str | None


class Status(Listed):
    """Where a campaign stands; workers send it since `submittedAt`."""

    running: bool
    submittedAt: NotRequired[str | None]
    forecast: list[Forecast]
    uncertain: list[Uncertain]
    goneFromList: int
    waits: list[Waits]
    ledger: str


class Campaigns(Ended):
    """All campaigns."""

    campaigns: list[Listed]
    ledger: str


class Results(Ended):
    """The place of the results."""

    campaign: str
    results: str


class Report(Ended):
    """The place of a report, and whether it names people."""

    campaign: str
    report: str
    names: bool


class Held(Ended):
    """Whether a campaign is paused, and whether a run of it is active."""

    campaign: str
    paused: bool
    running: bool


class Withdrawn(Ended):
    """How many messages of a campaign are not sent after all."""

    campaign: str
    withdrawn: int


class RunStopped(Ended):
    """Whether a run was active, and still is."""

    campaign: str
    wasRunning: bool
    running: bool
