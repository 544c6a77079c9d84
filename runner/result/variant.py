"""Variants compared: how often each is answered, and whether that tells one from another.

A share of answers is given with its interval after Wilson (E. B. Wilson, 1927), which also holds
for few messages and for shares near 0 and 1. A variant is said to be answered more often only where
its interval lies above that of every other one; else there are too few answers to tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from typing import Final

from runner.ledger.tally import Tally

# The true share is in the interval in 95 of a hundred cases.
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Answered:
    """How often a variant was answered: of the `sent` messages, and the interval of the share."""

    variant: str
    sent: int
    replied: int
    low: float
    high: float

    def __str__(self) -> str:
        if not self.sent:
            return f"{self.variant}: none sent yet"
        share = f"{self.replied / self.sent:.0%}"
        return (
            f"{self.variant}: {self.replied} of {self.sent} answered, {share} "
            f"({self.low:.0%} to {self.high:.0%})"
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """The variants of one step; `best` is the one that is answered more often than all others, for
    certain, and None where there are too few answers to tell."""

    step: int
    variants: tuple[Answered, ...]
    best: str | None

    @property
    def verdict(self) -> str:
        """What the numbers say, in words."""
        if self.best is None:
            return "too few to tell"
        return f"{self.best} is answered more often"


def wilson(replied: int, sent: int) -> tuple[float, float]:
    """The interval of a share after Wilson; all that is possible where nothing was sent."""
    if not sent:
        return 0.0, 1.0
    share, square = replied / sent, _Z * _Z
    centre = (share + square / (2 * sent)) / (1 + square / sent)
    half = _Z / (1 + square / sent) * sqrt(share * (1 - share) / sent + square / (4 * sent**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def compare(tallies: Sequence[Tally]) -> Iterator[Compared]:
    """Compare the variants of each step that has more than one."""
    for step, group in groupby(tallies, key=lambda one: one.step):
        answered = [
            Answered(one.variant, one.sent, one.replied, *wilson(one.replied, one.sent))
            for one in group
            if one.variant is not None
        ]
        if len(answered) > 1:
            first, *others = sorted(answered, key=lambda one: -one.low)
            is_best = all(first.low > other.high for other in others)
            yield Compared(step, tuple(answered), first.variant if is_best else None)
