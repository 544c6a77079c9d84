"""The answers about people, over all campaigns."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from runner.show.schema.base import Ended, Problem


class Met(TypedDict):
    """A message to a person, or a row for them, in one campaign."""

    campaign: str
    row: int
    step: int
    status: str
    reason: str | None
    account: str | None
    sentAt: str | None
    message: str | None


class Elsewhere(TypedDict):
    """A message of another tool."""

    source: str
    at: str


class Found(Ended):
    """What the ledger knows of a person."""

    person: str
    spellings: list[str]
    messages: list[Met]
    elsewhere: list[Elsewhere]
    barred: str | None


class Added(Ended):
    """How many people a list has more; of a sheet, also how many it names."""

    added: int
    people: NotRequired[int]
    notAdded: NotRequired[int]


class TakenOff(Ended):
    """How many people a list has less."""

    removed: int


class Barred(TypedDict):
    """A person on the do-not-contact list; `identity` is null for a forgotten one."""

    identity: str | None
    reason: str | None
    addedAt: str


class DoNotContact(Ended):
    """The do-not-contact list."""

    doNotContact: list[Barred]


# `from` is a word of Python, and no name of a class's field.
Between = TypedDict("Between", {"from": str | None, "to": str | None})


class Imported(Ended, Between):
    """What a file of earlier messages told."""

    added: int
    noted: bool
    people: int
    dateColumn: str | None
    notAdded: int
    undated: int
    problems: list[Problem]


class WouldUndo(Ended):
    """The import that would be taken back."""

    file: str
    importedAt: str
    messages: int


class Undone(Ended):
    """An import that was taken back."""

    file: str
    takenBack: int


class Connected(Ended):
    """People noted as connected; `account` is null for any."""

    file: str
    account: str | None
    people: int


class Files(TypedDict):
    """The files of a campaign that may still hold a forgotten person."""

    campaign: str
    list: str
    results: str


class Forgotten(Ended):
    """What was forgotten, and where it may still stand."""

    people: int
    deliveries: int
    campaigns: list[Files]
    aside: NotRequired[list[str]]
