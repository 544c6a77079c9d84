"""A witness of a run: sees it from its start to its end, whatever the end is; logs it, and notifies
whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from runner.action.run import Plan, Report
from runner.campaign.campaign import Campaign
from runner.errors import ExitCode, explain
from runner.show.answer import answer_of, failure
from runner.unattended.log import RunLog
from runner.unattended.notify import check, notify

_ENDS: Final = {
    ExitCode.USAGE: "The command line, a setting or the key is missing or wrong",
    ExitCode.REFUSED: (
        "Refused before sending, because of the sheet, the template or the campaign file"
    ),
    ExitCode.ACCESS: "The key, the plan or an account was refused",
    ExitCode.ENDPOINT: "The endpoint cannot be reached, or does not behave",
    ExitCode.ALREADY_RUNNING: "Another run of this campaign is active",
    ExitCode.STORAGE: "The ledger or the results cannot be read, written or trusted",
    ExitCode.INTERRUPTED: "Interrupted",
}


class Witness:
    """What is known of a run so far. `log` writes nothing until it is replaced by one that has a
    file.

    Raises UsageError for a target that cannot be notified.
    """

    def __init__(self, target: str | None, source: Path) -> None:
        if target is not None:
            check(target)
        self.log = RunLog(None, source.stem)
        self._target = target
        self._folder = source.absolute().parent
        self._answer: Mapping[str, Any] = {}

    def loaded(self, campaign: Campaign) -> None:
        """The campaign is known: its file may say whom to notify."""
        self._target, self._folder = campaign.notify, campaign.folder

    def planned(self, plan: Plan) -> None:
        self.log.campaign = plan.summary.campaign.name
        counts = answer_of(plan.summary)
        self.log.write("begin", totals=counts["totals"], accounts=counts["accounts"])

    def ended(self, report: Report) -> None:
        answer = answer_of(report.summary, report)
        if stop := answer["stopped"]:
            # What the endpoint said, or whom a message was for, stands after a colon: it stays on
            # this computer.
            stop["reason"] = stop["reason"].partition(":")[0]
        self._answer = answer
        self.log.ended(answer)

    def failed(self, error: BaseException) -> None:
        explained = explain(error)
        # An error's words may quote a cell: whoever is notified is told what kind it is, and where
        # to read the words.
        stop = {
            "reason": _ENDS[explained.exit_code],
            "remedy": "Run the same command on that computer: it says what and where.",
        }
        self._answer = {**failure(explained), "campaign": self.log.campaign, "stopped": stop}
        self.log.failed(error, explained.exit_code)

    def close(self, tell: Callable[[str], None]) -> None:
        """Notify, and tell what went wrong with that or with the log."""
        if self._target is not None:
            trouble = notify(self._target, self._answer, self._folder)
            self.log.write("notify", done=trouble is None)
            if trouble:
                tell(f"Note: {trouble}")
        if self.log.trouble:
            tell(
                f"Note: the log could not be written ({self.log.trouble}); the ledger has "
                "everything."
            )


@contextmanager
def witnessed(witness: Witness, tell: Callable[[str], None]) -> Iterator[None]:
    """Let the witness see the end of this block, an error too, which goes on its way."""
    try:
        yield
    except BaseException as error:
        witness.failed(error)
        raise
    finally:
        witness.close(tell)
