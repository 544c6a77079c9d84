"""The campaign's list and text: whether a run could use them."""

from __future__ import annotations

from runner import words
from runner.campaign import Campaign
from runner.doctor.finding import Finding, bad, look, ok
from runner.errors import CampaignError
from runner.run import refuse_unusable, take


def judge_list(campaign: Campaign) -> Finding:
    """Whether list and template can be read, and every row be written to."""
    try:
        intake = take(campaign)
        refuse_unusable(intake)
    except CampaignError as error:
        return bad("list", error)
    says = f"{campaign.sheet.name}, {words.count(intake.findings.rows, 'row')}"
    if intake.findings.invalid:
        remedy = f"campaign check {words.argument(campaign.source)} names every cell."
        return look("list", f"{says}, of which {intake.findings.invalid} cannot be sent as they are", remedy)
    return ok("list", says)
