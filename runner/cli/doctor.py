"""The command that looks at all that a run needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from runner.campaign.setting import KeySettings, ListSettings
from runner.cli import late
from runner.cli.ledger import ledger_place, utc_now
from runner.cli.options import AsJson, BaseUrl, Ledger, command
from runner.errors import CampaignError
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.campaign.campaign import Campaign
    from runner.doctor.finding import Finding
    from runner.ledger.location import Place


class DoctorSettings(ListSettings, KeySettings, total=False):
    """Everything that an examination of a campaign needs."""


@command
def doctor(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="SHEET|CAMPAIGN.toml",
            readable=False,
            help="The campaign; without one, what any run needs.",
        ),
    ] = None,
    ledger: Ledger = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
    **said: Unpack[DoctorSettings],
) -> int:
    """Look at all that a run needs: list, key, endpoint, accounts, quota, ledger, clock, schedule;
    nothing is sent."""
    found = _examine(source, ledger_place(ledger), base_url, said)
    return late.show_doctor.show_findings(Console(as_json=as_json), found)


def _examine(
    source: Path | None, ledger: Place, base_url: str | None, said: DoctorSettings
) -> Iterator[Finding]:
    campaign: Campaign | None = None
    key_file, accounts = said.get("key_file"), said.get("accounts", ())
    if source is not None:
        try:
            campaign = late.campaign.load(source, said)
            key_file, accounts = campaign.key_file, campaign.accounts
        except CampaignError as error:
            yield late.finding.bad("campaign", error)
    yield from late.examine.examine(
        campaign,
        key_file=key_file,
        accounts=accounts,
        ledger=ledger,
        log=late.log.log_files(late.location.beside(ledger)),
        base_url=base_url or late.address.BASE_URL,
        now=utc_now,
        computer=late.machine.this_machine(),
    )
