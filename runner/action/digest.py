"""The digest: what happened in all campaigns since a while, what needs a person first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runner.action.standing import every
from runner.errors import ExitCode
from runner.ledger.ledger import Ledger
from runner.ledger.reply import answered_since
from runner.ledger.tally import sent_since
from runner.result.summary import Summary


@dataclass(frozen=True, slots=True)
class News:
    """What is new of one campaign: who answered, and how many messages went. `people` names those
    who answered and those who are uncertain, where names are asked for."""

    summary: Summary
    answered: int
    sent: int
    people: tuple[str, ...] = ()

    @property
    def needy(self) -> int:
        """The rows that need a person."""
        counts = self.summary.totals
        return counts.uncertain + counts.failed + counts.invalid

    @property
    def is_quiet(self) -> bool:
        """True when there is nothing to tell."""
        waits = self.summary.totals.waiting
        return not (self.answered or self.sent or self.summary.totals.uncertain or waits)


@dataclass(frozen=True, slots=True)
class Digest:
    """The news of all campaigns since then: those with answers first, then those that need a
    person."""

    since: datetime
    news: tuple[News, ...]
    exit_code: ExitCode = ExitCode.DONE


def digest(ledger: Ledger, since: datetime, now: datetime, *, names: bool = False) -> Digest:
    """Tell what happened since then; with `names`, who answered and who is uncertain."""
    found = []
    for summary in every(ledger, now).summaries:
        with ledger.read() as connection:
            people = answered_since(connection, summary.campaign.id, since)
            sent = sent_since(connection, summary.campaign.id, since)
        named = (*people, *(str(row) for row in summary.uncertain)) if names else ()
        found.append(News(summary, len(people), sent, named))
    told = [one for one in found if not one.is_quiet]
    told.sort(key=lambda one: (not one.answered, not one.summary.totals.uncertain, not one.needy))
    return Digest(since, tuple(told))
