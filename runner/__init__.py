"""Campaign Runner: one message to each person of a spreadsheet, at most once, within each account's
quota.

From Python: `check`, `preview`, `rehearse`, `plan`, `run`, `status`, `campaigns`, `find`, `why`,
`replies`, `results`, `report`, `settle`, `retry`, `pause`, `resume`, `stop`, `withdraw`, `submit`
and `workers` are the acts of the command line. `read` takes a file or a data frame as a table of
text. Everything that a person can mend is a `CampaignError`.
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
    from runner.python.act import plan as plan
    from runner.python.act import preview as preview
    from runner.python.act import rehearse as rehearse
    from runner.python.act import replies as replies
    from runner.python.act import run as run
    from runner.python.act import submit as submit
    from runner.python.standing import campaigns as campaigns
    from runner.python.standing import find as find
    from runner.python.standing import pause as pause
    from runner.python.standing import report as report
    from runner.python.standing import results as results
    from runner.python.standing import resume as resume
    from runner.python.standing import retry as retry
    from runner.python.standing import settle as settle
    from runner.python.standing import status as status
    from runner.python.standing import stop as stop
    from runner.python.standing import why as why
    from runner.python.standing import withdraw as withdraw
    from runner.python.standing import workers as workers

__version__ = "0.1.0"
__all__ = (
    "CampaignError",
    "RefusedError",
    "__version__",
    "campaigns",
    "check",
    "find",
    "load_template",
    "pause",
    "plan",
    "preview",
    "read",
    "rehearse",
    "replies",
    "report",
    "results",
    "resume",
    "retry",
    "run",
    "settle",
    "status",
    "stop",
    "submit",
    "why",
    "withdraw",
    "workers",
)

_ELSEWHERE = {
    "CampaignError": ("errors", "CampaignError"),
    "RefusedError": ("errors", "RefusedError"),
    "load_template": ("intake.template", "load"),
    "read": ("intake.table", "read"),
    **{
        act: ("python.standing", act)
        for act in (
            "campaigns",
            "find",
            "pause",
            "report",
            "results",
            "resume",
            "retry",
            "settle",
            "status",
            "stop",
            "why",
            "withdraw",
            "workers",
        )
    },
}


def __getattr__(name: str) -> Any:
    # The command line starts without them.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, member = _ELSEWHERE.get(name, ("python.act", name))
    return getattr(import_module(f"runner.{module}"), member)
