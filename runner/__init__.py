"""Campaign Runner: one message to each person of a spreadsheet, at most once, within each account's quota.

For notebooks: `read` takes a file or a pandas DataFrame as a table of text, `load_template` the message that goes with it;
`judge(check(table, template))` says what is wrong with them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.intake.check import check as check
    from runner.intake.check import judge as judge
    from runner.intake.table import read as read
    from runner.intake.template import load as load_template

__version__ = "0.1.0"
__all__ = ("__version__", "check", "judge", "load_template", "read")

_LAZY = {
    "check": ("check", "check"),
    "judge": ("check", "judge"),
    "load_template": ("template", "load"),
    "read": ("table", "read"),
}


def __getattr__(name: str) -> Any:
    # The command line starts without them.
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, member = _LAZY[name]
    return getattr(import_module(f"runner.intake.{module}"), member)
