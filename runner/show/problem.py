"""Problems in words: those of one kind together, with the first few places of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from runner.intake.entry import Problem

# What is quoted may hold quotes itself.
_VALUE: Final = re.compile(r"['\"].*['\"]|\d+", re.DOTALL)


def grouped(problems: Iterable[Problem]) -> list[list[Problem]]:
    """The problems of each kind and remedy together, errors first."""
    groups: dict[tuple[str, str, str, str], list[Problem]] = {}
    for problem in problems:
        kind = (problem.severity, problem.code, problem.advice or "", common(problem))
        groups.setdefault(kind, []).append(problem)
    return [groups[kind] for kind in sorted(groups, key=lambda kind: kind[0])]


def common(problem: Problem) -> str:
    """What is said of a problem, without the values that it is said of."""
    return _VALUE.sub("…", problem.text)


def alike(group: Sequence[Problem]) -> str:
    """The first problem of a kind, and how many there are like it."""
    more = f" (and {len(group) - 1} more like it)" if len(group) > 1 else ""
    return f"{group[0]}{more}"
