"""The settings of one run: the part of the table that no campaign file holds."""

from __future__ import annotations

from typing import Annotated, TypedDict

from runner.campaign.kind import Setting
from runner.campaign.setting import SaidSettings


class LedgerSettings(TypedDict, total=False):
    """The durable record."""

    ledger: Annotated[str, Setting(metavar="PATH|URL", help="The ledger.  [default: one per user]")]


class EndpointSettings(TypedDict, total=False):
    """The vendor's side."""

    base_url: Annotated[
        str, Setting(metavar="URL", help="The API's address.  [default: the vendor's]")
    ]
    timeout: Annotated[
        float,
        Setting(
            metavar="SECONDS", help="Seconds to wait for an answer.", value=90.0, least=1, most=3600
        ),
    ]


class SendingSettings(TypedDict, total=False):
    """The amount that one run does."""

    max: Annotated[
        int, Setting(metavar="N", help="At most this many messages in this run.", least=1)
    ]
    wait: Annotated[bool, Setting(help="Stay until the campaign is done, across resets.")]
    dry_run: Annotated[
        bool, Setting(help="Only show what the run would do, as `campaign plan` does.")
    ]


class TestSettings(TypedDict, total=False):
    """A look at one message as it arrives."""

    test_to: Annotated[
        str,
        Setting(
            metavar="PROFILE",
            help="Only send the first row's message to this person, such as yourself.",
        ),
    ]


class WatchSettings(TypedDict, total=False):
    """Who watches one run."""

    yes: Annotated[bool, Setting(option=("--yes", "-y"), help="Send without asking.")]
    unattended: Annotated[
        bool, Setting(help="--yes, a log beside the ledger, and no output when all is well.")
    ]


class AnswerSettings(TypedDict, total=False):
    """The form of the answer."""

    json: Annotated[bool, Setting(help="Answer with one JSON object on stdout.")]


class ExecutionSettings(
    SendingSettings,
    TestSettings,
    LedgerSettings,
    EndpointSettings,
    WatchSettings,
    AnswerSettings,
    total=False,
):
    """Everything that belongs to one run, and to no campaign file."""


class PlanSettings(SaidSettings, LedgerSettings, EndpointSettings, AnswerSettings, total=False):
    """Everything that can be said of a plan."""


class SubmitSettings(SaidSettings, LedgerSettings, total=False):
    """Everything that can be said of a campaign that workers send."""


class RunSettings(SaidSettings, ExecutionSettings, total=False):
    """Everything that can be said of a run: of its campaign, and of this execution."""
