"""Which campaign a list belongs to.

A list keeps its campaign when its file is edited, renamed or moved: it is known by where it was
last read, by its people and by its text. Where that leaves a doubt a person decides, for a wrong
guess would message people twice or drop those who wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from runner.campaign.campaign import Campaign
from runner.errors import RefusedError
from runner.intake.recipient import Recipient
from runner.ledger.delivery import Overlap, overlaps
from runner.ledger.ledger import campaigns
from runner.ledger.record import CampaignRecord


@dataclass(frozen=True, slots=True)
class Named:
    """The campaign's name, and what to say about the choice."""

    name: str
    notices: tuple[str, ...] = ()


def name(
    connection: Connection, campaign: Campaign, people: Sequence[Recipient], template_hash: str
) -> Named:
    """The campaign that this list and text belong to. Raises RefusedError when a person has to
    say."""
    known = campaigns(connection)
    found = overlaps(connection, people) if known else []
    chosen = _chosen(campaign, people, template_hash, known, found)
    notices = list(chosen.notices)
    if any(
        record.name == chosen.name and record.template_hash != template_hash for record in known
    ):
        notices.append(
            "The text has changed. Those who have the earlier one do not get the new one; a new "
            "campaign would: --name NAME."
        )
    notices += [
        f"{overlap.messaged} of these people {'has' if overlap.messaged == 1 else 'have'}, or may "
        "have, "
        f"a message of the campaign {overlap.name!r} already."
        for overlap in found
        if overlap.messaged and overlap.name != chosen.name
    ]
    return Named(chosen.name, tuple(notices))


def _chosen(
    campaign: Campaign,
    people: Sequence[Recipient],
    template_hash: str,
    known: list[CampaignRecord],
    found: list[Overlap],
) -> Named:
    if campaign.name:
        return Named(campaign.name)
    here = [record for record in known if record.source == campaign.origin]
    of_this_text = {record.name for record in known if record.template_hash == template_hash}
    if len(here) == 1:
        twin = next(
            (overlap for overlap in found if overlap.messaged and overlap.name in of_this_text),
            None,
        )
        if here[0].name in of_this_text or twin is None:
            return Named(here[0].name)
        raise RefusedError(
            f"This list was last read for the campaign {here[0].name!r}, but the text is that of "
            f"{twin.name!r}, "
            f"which has written to {twin.messaged} of these people.",
            where=str(campaign.source),
            remedy=f"Say which is meant: --name {twin.name!r} or --name {here[0].name!r}.",
        )
    if here:
        alike = [record for record in here if record.name in of_this_text]
        if len(alike) == 1:
            return Named(alike[0].name)
        names = ", ".join(repr(record.name) for record in here)
        raise RefusedError(
            f"Several campaigns use this list: {names}.",
            where=str(campaign.source),
            remedy="Say which with --name.",
        )
    path = str(campaign.sheet.absolute())
    own = [record.name for record in known if record.settings.get("results") == path]
    likely = next(
        (overlap for overlap in found if overlap.name in own), found[0] if found else None
    )
    if likely is None:
        return Named(own[0] if own else _free_name(campaign, known))
    # Most of this list is in the campaign, and most of those who wait there are in this list.
    same_people = 2 * likely.shared > len(people) or likely.name in own
    if likely.name in of_this_text and same_people and 2 * likely.missing <= likely.waiting:
        return Named(
            likely.name,
            (
                (
                    f"This is the list of the campaign {likely.name!r} under another name; it goes on "
                    "where it stood."
                ),
            ),
        )
    lacks = (
        f" It lacks {likely.missing} people who wait there and would be withdrawn."
        if likely.missing
        else ""
    )
    new = _free_name(campaign, known)
    raise RefusedError(
        (
            f"{likely.shared} of these {len(people)} people are already in the campaign "
            f"{likely.name!r}.{lacks}"
        ),
        where=str(campaign.source),
        remedy=f"To go on with that campaign from this list: --name {likely.name!r}. To send them "
        "this message as well, "
        f"in a campaign of its own: --name {new!r}.",
    )


def _free_name(campaign: Campaign, known: list[CampaignRecord]) -> str:
    taken = {record.name for record in known}
    stem = campaign.source.stem.removesuffix(".results") or "campaign"
    free, number = stem, 1
    while free in taken:
        number += 1
        free = f"{stem}-{number}"
    return free
