"""The extras: what some commands need beyond the program itself."""

from __future__ import annotations

from importlib.util import find_spec

from runner import words
from runner.errors import UsageError


def require(what: str, extra: str, *modules: str) -> None:
    """Raise UsageError where a module of an extra is missing, which says what needs it."""
    if lacking := [name for name in modules if not find_spec(name)]:
        raise UsageError(
            f"{what} needs {words.some(lacking)}, which is not installed.",
            remedy=f"Install it: python -m pip install 'campaign-runner[{extra}]'",
        )
