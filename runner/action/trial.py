"""A try: the first message of a campaign, sent to oneself and to nobody on the list."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from runner.action.standing import person_of
from runner.campaign.campaign import Campaign
from runner.campaign.material import refuse_unusable, take
from runner.errors import RefusedError, UsageError
from runner.intake.sheet import Reading
from runner.sending.pace import pace_of


def trial_of(campaign: Campaign, profile: str, now: datetime) -> Campaign:
    """Return a campaign of one row: the first message that is ready, to this profile.

    It goes at once, within the quota, and is a campaign of its own each time. Raises UsageError for
    a profile that is none, or that is on the list, RefusedError for a campaign that cannot be used.
    """
    import pandas

    person = person_of(profile, "is no profile to try on")
    intake = take(campaign)
    refuse_unusable(intake)
    if any(set(person.keys) & set(one.keys) for one in intake.findings.people):
        raise UsageError(
            f"{person.identity} is on the list; a try goes to yourself.",
            remedy="Give --test-to the profile ID or the link of your own profile.",
        )
    entry = next((entry for entry in intake.checked.entries() if entry.message), None)
    if entry is None or entry.message is None:
        raise RefusedError(
            "No row of the list is ready to be sent.", remedy="campaign check says why."
        )
    message = entry.message
    row = {
        "recipientProfileId": person.slug or "",
        "recipientProfileUrn": person.urn or "",
        "subject": message.subject or "",
        "messageType": message.message_type,
        "message": message.text,
    }
    name = f"try {now:%Y-%m-%d %H-%M-%S}"
    folder = Path(tempfile.mkdtemp(prefix="campaign-"))
    words = replace(campaign.words, now=True, start_date=None)
    notice = f"a try: the message of row {entry.row.number} goes to {person.identity} alone."
    return replace(
        campaign,
        source=folder / f"{name}.csv",
        sheet=folder / f"{name}.csv",
        frame=pandas.DataFrame([row]),
        reading=Reading(),
        templates=(),
        steps=(),
        name=name,
        accounts=campaign.accounts[:1],
        after=None,
        after_days=0,
        words=words,
        pace=pace_of(words),
        results=folder / f"{name}.results.csv",
        results_in_copy=False,
        report=None,
        min_days=0,
        no_look=True,
        notices=(*campaign.notices, notice),
    )
