"""The answers about rows: their messages, reasons, replies and outcomes."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from runner.show.schema.base import Ended, Problem


class Look(TypedDict):
    """The last look into the conversation."""

    at: str
    hasConversation: bool
    lastAt: str | None
    lastIsOurs: bool | None


class Attempt(TypedDict):
    """A request made, or possibly made."""

    at: str
    account: str | None
    requestLeft: bool
    status: str | None
    httpStatus: int | None
    error: str | None


class Decision(TypedDict):
    """A word on an uncertain or failed row."""

    at: str
    by: str
    verdict: str


class Message(TypedDict):
    """Another message of the row's sequence."""

    step: int
    status: str
    reason: str | None
    sentAt: str | None
    notBefore: str | None


class Why(Ended):
    """The reasons of a row: the facts, and in `why` the same in sentences."""

    campaign: str
    row: int
    status: str
    step: int
    variant: str | None
    account: str | None
    reason: str | None
    error: str | None
    sentAt: str | None
    repliedAt: str | None
    notBefore: str | None
    skippedUntil: str | None
    ahead: int | None
    forecastFrom: str | None
    willBeSkipped: str | None
    look: Look | None
    attempts: list[Attempt]
    decisions: list[Decision]
    otherMessages: list[Message]
    why: list[str]


class Reply(TypedDict):
    """A row that was answered; `reply` is null where its text is no longer kept."""

    row: int
    person: str
    account: str | None
    repliedAt: str
    reply: str | None
    conversation: str | None


class Replies(Ended):
    """Who has answered, the newest first."""

    campaign: str
    replies: list[Reply]
    new: int
    settled: int
    trouble: str | None


class Settled(Ended):
    """A word that was recorded."""

    campaign: str
    rows: list[int | str]
    verdict: Literal["sent", "not-sent", "undone"]


class Evidence(TypedDict):
    """What a look for an uncertain message found."""

    row: int | None
    verdict: str
    said: str
    sentAt: str | None
    hint: str | None


class Looked(Ended):
    """The looks for uncertain messages, and how many are left."""

    campaign: str
    checked: list[Evidence]
    uncertain: int


class Retried(Ended):
    """Rows that wait again."""

    campaign: str
    rows: list[int]
    barred: list[str]
    results: str


class Checked(Ended):
    """A list and a text, looked through."""

    sheet: str
    rows: int
    ready: int
    skipped: int
    invalid: int
    notices: list[str]
    problems: list[Problem]
    problemsUnlisted: int
    problemsSheet: str | None


class Later(TypedDict):
    """A message that follows."""

    step: int
    message: str
    variant: str | None


class Rendered(TypedDict):
    """A row's message; null with the reason where there is none."""

    row: int
    message: str | None
    reason: NotRequired[str]
    recipient: NotRequired[str]
    messageType: NotRequired[str]
    subject: NotRequired[str | None]
    variant: NotRequired[str | None]
    later: NotRequired[list[Later]]


class Previewed(Ended):
    """The first messages."""

    messages: list[Rendered]
    rows: int
