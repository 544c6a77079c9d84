"""Campaign Runner: one message to each person of a spreadsheet, at most once, within each account's
quota.

From Python: `check`, `preview`, `rehearse`, `run`, `status`, `why`, `results` and `settle` are the
acts of the command line. `read` takes a file or a data frame as a table of text. Everything that a
person can mend is a `CampaignError`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.errors import CampaignError as CampaignError
    from runner.errors import RefusedError as RefusedError
    from runner.intake.table import read as read
    from runner.intake.template import load as load_template
    from runner.python.act import check as check
    from runner.python.act import preview as preview
    from runner.python.act import rehearse as rehearse
    from runner.python.act import results as results
    from runner.python.act import run as run
    from runner.python.act import settle as settle
    from runner.python.act import status as status
    from runner.python.act import why as why

__version__ = "0.1.0"
__all__ = (
    "CampaignError",
    "RefusedError",
    "__version__",
    "check",
    "load_template",
    "preview",
    "read",
    "rehearse",
    "results",
    "run",
    "settle",
    "status",
    "why",
)

_ELSEWHERE = {
    "CampaignError": ("errors", "CampaignError"),
    "RefusedError": ("errors", "RefusedError"),
    "load_template": ("intake.template", "load"),
    "read": ("intake.table", "read"),
}


def __getattr__(name: str) -> Any:
    # The command line starts without them.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, member = _ELSEWHERE.get(name, ("python.act", name))
    return getattr(import_module(f"runner.{module}"), member)
