"""The commands of a team: a campaign handed to workers, and a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Unpack

import typer

from runner.campaign.execution import SubmitSettings
from runner.cli import late
from runner.cli.extra import require
from runner.cli.ledger import ledger_place, opened_ledger, tell_new, utc_now
from runner.cli.options import AsJson, BaseUrl, Ledger, Source, command, option
from runner.show.console import Console


@command
def submit(
    source: Source,
    yes: Annotated[bool, option("yes", help="Submit without asking.")] = False,
    as_json: AsJson = False,
    **said: Unpack[SubmitSettings],
) -> int:
    """Take a campaign into a shared ledger, for workers to send; returns at once."""
    console = Console(as_json=as_json)
    screen = late.show_team.SubmitScreen(console, yes=yes)
    campaign = late.campaign.load(source, said)
    late.compare.refuse_lost_results(campaign, ledger_place(said.get("ledger")))
    with opened_ledger(said.get("ledger")) as ledger:
        tell_new(ledger, console)
        submitted = late.submit.submit(campaign, ledger, screen.agree, utc_now)
    return late.show_team.show_submitted(console, submitted)


def worker(
    ledger: Ledger = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys",
            metavar="FILE",
            envvar="CAMPAIGN_KEYS",
            readable=False,
            help="A file with a line NAME = KEY for each key; default: the environment's.",
        ),
    ] = None,
    lanes: Annotated[
        int,
        typer.Option(
            "--lanes",
            metavar="N",
            envvar="CAMPAIGN_LANES",
            min=1,
            max=200,
            help="How many accounts it sends for at once.",
        ),
    ] = 16,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="[HOST:]PORT",
            envvar="CAMPAIGN_METRICS",
            help="Tell numbers as OpenMetrics text at this port.",
        ),
    ] = None,
    base_url: BaseUrl = None,
    timeout: Annotated[float, option("timeout")] = 90.0,
) -> int:
    """Send for all accounts of a shared ledger whose keys it has, beside other workers."""
    console = Console()
    place = ledger_place(ledger)
    if isinstance(place, Path):
        raise late.team.unshared(str(place))
    require("A worker", "workers", "procrastinate", "prometheus_client")
    found = late.keys.find_keys(keys, Path.cwd())
    with opened_ledger(place, lanes=lanes) as opened:
        tell_new(opened, console)
        ways = late.driver.Ways(base_url or late.address.BASE_URL, timeout)
        begun = late.worker.Worker(opened, place, found, lanes, ways, console.tell)
        if metrics is None:
            return begun.run()
        with late.metrics.served(begun.metrics, metrics):
            return begun.run()
