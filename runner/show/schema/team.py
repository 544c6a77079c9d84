"""The answers about workers, and about what is handed to them."""

from __future__ import annotations

from typing_extensions import TypedDict

from runner.show.schema.base import Ended
from runner.show.schema.campaign import Campaign


class Submitted(Campaign):
    """A campaign that workers send from `submittedAt` on."""

    submittedAt: str


class Driven(TypedDict):
    """A lane that a worker drives since a while; null is the key's default account."""

    account: str | None
    since: str | None


class Worker(TypedDict):
    """A process that sends; one that is not `alive` was not heard of lately."""

    worker: str
    version: str
    keys: list[str]
    since: str
    lastHeardAt: str
    alive: bool
    ending: bool
    mostLanes: int
    lanes: list[Driven]


class Key(TypedDict):
    """The lanes that go by a key and have something to send; `due` ones wait for a worker. The key
    is `served` where a worker has it that is alive."""

    key: str
    lanes: int
    due: int
    dueSince: str | None
    served: bool


class Team(Ended):
    """Who sends for a shared ledger."""

    workers: list[Worker]
    keys: list[Key]
    ledger: str
