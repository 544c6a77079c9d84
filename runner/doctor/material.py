"""The checks of what a campaign is made of.

They tell whether a run could use the list and the text, and write its results.
"""

from __future__ import annotations

from runner import words
from runner.campaign.campaign import Campaign
from runner.campaign.material import refuse_unusable, take
from runner.doctor.finding import Finding, bad, look, ok
from runner.errors import CampaignError
from runner.result.place import check_path, default_path


def judge_list(campaign: Campaign) -> Finding:
    """Judge whether the list and the template can be read, and every row can be written to."""
    try:
        intake = take(campaign)
        refuse_unusable(intake)
    except CampaignError as error:
        return bad("list", error)
    says = f"{campaign.sheet.name}, {words.count(intake.findings.rows, 'row')}"
    if intake.findings.invalid:
        remedy = f"{words.command('check', words.argument(campaign.source))} names every cell."
        return look(
            "list", f"{says}, of which {intake.findings.invalid} cannot be sent as they are", remedy
        )
    return ok("list", says)


def judge_results(campaign: Campaign) -> Finding:
    """Judge whether the results can be written where they go."""
    path = (campaign.results or default_path(campaign.sheet, workbook=True)).absolute()
    try:
        check_path(
            path,
            campaign.sheet,
            ending=campaign.sheet.suffix.lower() if campaign.results_in_copy else "",
        )
    except CampaignError as error:
        return bad("results", error)
    return ok("results", f"{path.parent} can be written")
