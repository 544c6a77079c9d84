"""The workers of a shared ledger, and the lanes that they drive or that wait for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runner.errors import ExitCode, UsageError
from runner.ledger.lane import Backlog, Lane, backlog, driven, keys_of
from runner.ledger.ledger import Ledger
from runner.ledger.worker import Worker, alive, served, workers


@dataclass(frozen=True, slots=True)
class Team:
    """The workers that are known, the lanes driven by each, and the lanes of each key, `at` one
    instant."""

    workers: tuple[Worker, ...]
    driven: tuple[Lane, ...]
    backlog: tuple[Backlog, ...]
    ledger: str
    at: datetime
    exit_code: ExitCode = ExitCode.DONE

    def lanes_of(self, worker: Worker) -> list[Lane]:
        """The lanes that a worker drives now."""
        return [lane for lane in self.driven if lane.worker == worker.id]

    @property
    def alive(self) -> list[Worker]:
        """The workers that were heard of lately."""
        return [one for one in self.workers if one.is_alive(self.at)]

    @property
    def served(self) -> frozenset[str]:
        """The names of the keys that these have."""
        return served(self.alive)

    @property
    def unserved(self) -> list[Backlog]:
        """The keys with something to send that none of them has."""
        return [one for one in self.backlog if one.key not in self.served]


def team(ledger: Ledger, own: datetime) -> Team:
    """Say who sends for the ledger; `own` is this computer's time.

    Raises UsageError for a ledger that is a file.
    """
    refuse_unshared(ledger)
    now = ledger.now(own)
    with ledger.read() as connection:
        return Team(
            tuple(workers(connection)),
            tuple(driven(connection)),
            tuple(backlog(connection, now)),
            ledger.place,
            now,
        )


def unserved(ledger: Ledger, campaign_id: int, own: datetime) -> Iterator[str]:
    """Say which keys of a campaign's waiting messages no worker has that is alive."""
    now = ledger.now(own)
    with ledger.read() as connection:
        missing = set(keys_of(connection, campaign_id)) - served(alive(connection, now))
    for key in sorted(missing):
        yield f"no worker that is alive has the key {key}: campaign worker begins one."


def refuse_unshared(ledger: Ledger) -> None:
    """Raise UsageError for a ledger that is a file."""
    if not ledger.is_shared:
        raise unshared(ledger.place)


def unshared(place: str) -> UsageError:
    """The refusal of a ledger that is a file."""
    return UsageError(
        "Workers send for a ledger on a PostgreSQL server, and this one is a file.",
        where=place,
        remedy="Name one with --ledger postgresql://… (docs/team.md), or send it yourself: "
        "campaign run",
    )
