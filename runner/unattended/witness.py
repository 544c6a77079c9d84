"""The witness: it sees a run from start to end, logs it, and notifies the campaign's target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from runner.action.plan import Plan
from runner.action.run import Report, Watcher
from runner.campaign.campaign import Campaign
from runner.campaign.target import Target, parse_target
from runner.errors import ExitCode, explain
from runner.sending.event import Event
from runner.show.answer import campaign_answer, failure, run_answer, sentence
from runner.unattended.log import RunLog
from runner.unattended.notify import notify

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
    """Watches a run beside its screen.

    `log` writes nothing until it is replaced by one that has a file. `target` is the word of the
    command line. `refused` is the reason why nobody is notified.

    Raises UsageError for a target that cannot be notified.
    """

    def __init__(self, screen: Watcher, target: str | None, source: Path) -> None:
        self.log = RunLog(None, source.stem)
        self._screen = screen
        self._target: Target | None = parse_target(target) if target is not None else None
        self._folder = source.absolute().parent
        self.refused: str | None = None
        self._answer: Mapping[str, Any] = {}

    def loaded(self, campaign: Campaign) -> None:
        """Take note of the campaign: its file may name the target to notify."""
        self._target, self._folder = campaign.notify, campaign.folder
        if campaign.doubt is not None:
            self.refused = f"The command was not run, since {campaign.doubt}."

    def agree(self, plan: Plan) -> bool:
        self.log.campaign = plan.summary.campaign.name
        counts = campaign_answer(plan.summary)
        self.log.write("begin", totals=counts["totals"], accounts=counts["accounts"])
        return self._screen.agree(plan)

    def see(self, event: Event) -> None:
        self._screen.see(event)
        self.log.event(event)

    def ended(self, report: Report) -> None:
        """Take note of the run's report, after any kind of end."""
        answer = run_answer(report)
        if stop := answer["stopped"]:
            # The endpoint's words or a person's name stand behind a colon. They stay on this
            # computer.
            stop["reason"] = stop["reason"].partition(":")[0]
        self._answer = {**answer, "text": sentence(answer)}
        self.log.ended(answer)

    def failed(self, error: BaseException) -> None:
        """Take note of the error that ended the run."""
        explained = explain(error)
        # The words of an error may quote a cell. The target is told the kind of error, and where
        # its words can be read.
        stop = {
            "reason": _ENDS[explained.exit_code],
            "remedy": "Run the same command on that computer: it says what and where.",
        }
        self._answer = {**failure(explained), "campaign": self.log.campaign, "stopped": stop}
        self.log.failed(error, explained.exit_code)

    def close(self, tell: Callable[[str], None]) -> None:
        """Notify, and tell what went wrong with that or with the log."""
        if self._target is not None:
            trouble = self.refused or notify(self._target, self._answer, self._folder)
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
    """Let the witness see the end of this block. An error that ends the block goes on its way."""
    try:
        yield
    except BaseException as error:
        witness.failed(error)
        raise
    finally:
        witness.close(tell)
