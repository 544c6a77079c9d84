"""The command that looks at all that a run needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from runner.cli.ledger import ledger_file, utc_now
from runner.cli.options import (
    AccountsOption,
    AsJson,
    BaseUrl,
    KeyOption,
    LedgerPlace,
    ReadingOptions,
    TemplateOption,
    load_campaign,
    takes,
)
from runner.errors import CampaignError
from runner.show.console import Console


@takes(TemplateOption, ReadingOptions, AccountsOption, KeyOption)
def doctor(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="SHEET|CAMPAIGN.toml",
            readable=False,
            help="The campaign; without one, what any run needs.",
        ),
    ] = None,
    ledger: LedgerPlace = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Look at all that a run needs: list, key, endpoint, accounts, quota, ledger, clock, schedule;
    nothing is sent."""
    from runner.doctor.examine import examine
    from runner.doctor.finding import bad, exit_code
    from runner.schedule.machine import this_machine
    from runner.sending.client import BASE_URL

    console = Console(as_json=as_json)
    findings = []
    campaign, key_file, accounts = None, options["key_file"], options["accounts"] or ()
    if source is not None:
        try:
            campaign = load_campaign(source, **options)
            key_file, accounts = campaign.key_file, campaign.accounts
        except CampaignError as error:
            findings.append(bad("campaign", error))
            console.finding(findings[-1])
    path, address = ledger_file(ledger), base_url or BASE_URL
    looked = {"key_file": key_file, "accounts": accounts, "ledger": path, "base_url": address}
    for finding in examine(campaign, **looked, now=utc_now, computer=this_machine()):
        findings.append(finding)
        console.finding(finding)
    code = exit_code(findings)
    told = [
        {"name": f.name, "verdict": f.verdict, "says": f.says, "remedy": f.remedy} for f in findings
    ]
    console.answer({"checks": told, "exitCode": int(code)})
    return code
