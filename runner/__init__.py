"""Campaign Runner: one message to each person of a spreadsheet, at most once, within each account's
quota.

For notebooks: `read` takes a file or a pandas DataFrame as a table of text, `load_template` the
message that goes with it; `judge(check(table, template))` says what is wrong with them. What cannot
be read at all raises `RefusedError`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.errors import RefusedError as RefusedError
    from runner.intake.check import check as check
    from runner.intake.check import judge as judge
    from runner.intake.table import read as read
    from runner.intake.template import load as load_template

__version__ = "0.1.0"
__all__ = ("RefusedError", "__version__", "check", "judge", "load_template", "read")

_LAZY = {
    "RefusedError": ("errors", "RefusedError"),
    "check": ("intake.check", "check"),
    "judge": ("intake.check", "judge"),
    "load_template": ("intake.template", "load"),
    "read": ("intake.table", "read"),
}


def __getattr__(name: str) -> Any:
    # The command line starts without them.
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, member = _LAZY[name]
    return getattr(import_module(f"runner.{module}"), member)
