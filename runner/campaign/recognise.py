"""The campaign that a list belongs to.

A list keeps its campaign when its file is edited, renamed or moved: it is known by the place it was
last read from, by its people and by its text. A person decides a doubt, for a wrong guess would
message people twice or drop those who wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from runner.campaign.online import address_of, file_for
from runner.errors import RefusedError, UsageError
from runner.intake.column import nearest
from runner.intake.recipient import Recipient
from runner.ledger.campaign import TESTS, campaign_named, campaigns, free_name
from runner.ledger.contact import contact_state, resting
from runner.ledger.follow import before
from runner.ledger.ledger import Ledger
from runner.ledger.lock import is_running
from runner.ledger.overlap import Overlap, overlaps
from runner.ledger.record import CampaignRecord
from runner.ledger.standing import progress
from runner.ledger.suppression import suppression_state

if TYPE_CHECKING:
    from runner.campaign.campaign import Campaign
    from runner.campaign.material import Material


@dataclass(frozen=True, slots=True)
class Named:
    """The name of the campaign that was chosen, and what to say about the choice."""

    name: str
    notices: tuple[str, ...] = ()


def find_campaign(ledger: Ledger, name: str | None) -> CampaignRecord:
    """Find the named campaign, the one of a list or a campaign file, or the one last read.

    Raises UsageError when there is not one.
    """
    with ledger.read() as connection:
        known = campaigns(connection)
    if not known:
        raise UsageError(
            "There is no campaign yet.",
            where=ledger.place,
            remedy="Begin one: campaign run SHEET -t TEMPLATE",
        )
    names = [record.name for record in known]
    if name == TESTS:
        with ledger.read() as connection:
            if (tests := campaign_named(connection, TESTS)) is not None:
                return tests
    if name is None:
        return known[0]
    if name in names:
        return known[names.index(name)]
    return _of_path(name, known, ledger)


def _of_path(name: str, known: Sequence[CampaignRecord], ledger: Ledger) -> CampaignRecord:
    """Find the campaign that was made of a list or a campaign file; of several, the one that is
    running. Raises UsageError when it is not clear which is meant."""
    address = address_of(Path(name))
    path = str(Path(file_for(address) if address else name).absolute())
    here = [record for record in known if path in (record.settings.sheet, str(record.file))]
    live = [record for record in here if is_running(ledger, record.id)] if len(here) > 1 else here
    if len(live) == 1:
        return live[0]
    if here:
        names = ", ".join(repr(record.name) for record in here)
        raise UsageError(
            f"Several campaigns use this list: {names}.", where=name, remedy="Name one of them."
        )
    raise _unknown(name, [record.name for record in known], ledger)


def first_of(campaign: Campaign, ledger: Ledger) -> str | None:
    """Return the name of the campaign that one follows, which may be given as its list or its
    campaign file. Raises UsageError when the ledger does not have it, or it is not clear which."""
    if campaign.after is None:
        return None
    with ledger.read() as connection:
        known = campaigns(connection)
    if campaign.after in [record.name for record in known]:
        return campaign.after
    # A list's own follow-ups are not what they follow.
    return _of_path(campaign.after, [one for one in known if not one.settings.after], ledger).name


def _unknown(name: str, names: Sequence[str], ledger: Ledger) -> UsageError:
    guess = nearest(name, names)
    remedy = f"There are: {', '.join(names)}." if names else "Run that campaign first."
    if guess:
        remedy = f"Did you mean {guess!r}?"
    return UsageError(f"There is no campaign {name!r}.", where=ledger.place, remedy=remedy)


def concerned(ledger: Ledger, campaign: Campaign) -> list[CampaignRecord]:
    """Return the campaigns whose replies matter to a list before it is taken: those that it may be,
    and those that they follow."""
    with ledger.read() as connection:
        known = campaigns(connection)
        mine = {
            record.id
            for record in known
            if record.source == campaign.origin or record.name in (campaign.name, campaign.after)
        }
        for record in known:
            if record.id in mine:
                mine.update(before(connection, record.settings))
    return [record for record in known if record.id in mine]


def unchanged(
    connection: Connection, campaign: Campaign, material: Material, now: datetime
) -> CampaignRecord | None:
    """Find the one campaign that has this very list and this very text already.

    None when there is not exactly one, when anything else has changed since, or when it may be time
    to write to people who were messaged too lately.
    """
    found = [
        one
        for one in campaigns(connection)
        if _is_same(one, campaign)
        and one.stamp == stamp_of(connection, material, one.settings.after)
    ]
    if len(found) != 1:
        return None
    _, free_at = resting(connection, found[0].id)
    return found[0] if free_at is None or now < free_at else None


def _is_same(record: CampaignRecord, campaign: Campaign) -> bool:
    stored = record.settings
    same_list = record.source == campaign.origin
    same_name = campaign.name in (None, record.name)
    same_senders = campaign.accounts in ((), stored.accounts)
    follows = (campaign.after, campaign.after_days)
    same_follow = campaign.after is None or follows == (stored.after, stored.after_days)
    same_looks = campaign.looks == stored.looks
    return same_list and same_name and same_senders and same_follow and same_looks


def stamp_of(connection: Connection, material: Material, after: str | None) -> str:
    """Return a text that tells one state of list, text and ledger from any other.

    It covers them as far as a reading depends on them. People who come off the do-not-contact list
    wait again, and so do those who got the message of the campaign `after` which this one comes:
    only a new reading brings that about.
    """
    first = campaign_named(connection, after) if after else None
    went = progress(connection, first.id) if first else ""
    return f"{material.stamp} {suppression_state(connection)} {contact_state(connection)} {went}"


def choose(
    connection: Connection, campaign: Campaign, people: Sequence[Recipient], template_hash: str
) -> Named:
    """Choose the campaign that a list and a text belong to.

    Raises RefusedError when a person has to say.
    """
    known = campaigns(connection)
    found = overlaps(connection, people) if known else []
    # A follow-up has the list of the campaign before it, and is no part of that one.
    mine = [one for one in known if campaign.after in (None, one.settings.after)]
    shared = [overlap for overlap in found if overlap.name in {record.name for record in mine}]
    chosen = _chosen(campaign, people, template_hash, known, mine, shared)
    notices = list(chosen.notices)
    own = [record for record in known if record.name == chosen.name]
    if any(record.template_hash != template_hash for record in own):
        notices.append(
            "The text has changed. Those who have the earlier one do not get the new one; a new "
            "campaign would: --name NAME."
        )
    for overlap in found:
        if overlap.messaged and overlap.name not in (chosen.name, campaign.after):
            have = "has" if overlap.messaged == 1 else "have"
            notices.append(
                f"{overlap.messaged} of these people {have}, or may have, a message of the "
                f"campaign {overlap.name!r} already."
            )
    return Named(chosen.name, tuple(notices))


def _chosen(
    campaign: Campaign,
    people: Sequence[Recipient],
    template_hash: str,
    known: list[CampaignRecord],
    mine: list[CampaignRecord],
    found: list[Overlap],
) -> Named:
    """Choose among the campaigns that may be `mine`; a new name is one that none of `known` has."""
    if campaign.name:
        return Named(campaign.name)
    here = [record for record in mine if record.source == campaign.origin]
    # A campaign that was brought back from a results sheet has no text.
    brought_back = {record.name for record in mine if not record.template_hash}
    of_this_text = {record.name for record in mine if record.template_hash == template_hash}
    of_this_text |= brought_back
    if len(here) == 1:
        twin = next(
            (overlap for overlap in found if overlap.messaged and overlap.name in of_this_text),
            None,
        )
        if here[0].name in of_this_text or twin is None:
            return Named(here[0].name)
        raise RefusedError(
            f"This list was last read for the campaign {here[0].name!r}, but the text is that of "
            f"{twin.name!r}, which has written to {twin.messaged} of these people.",
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
    own = [record.name for record in mine if record.settings.results == path]
    likely = next(
        (overlap for overlap in found if overlap.name in own), found[0] if found else None
    )
    if likely is None:
        return Named(own[0] if own else _free_name(campaign, known))
    # Most of this list is in the campaign, and most of those who wait there are in this list.
    same_people = (
        2 * likely.shared > len(people) or likely.name in own or likely.name in brought_back
    )
    if likely.name in of_this_text and same_people and 2 * likely.missing <= likely.waiting:
        return Named(
            likely.name,
            (
                (
                    f"This is the list of the campaign {likely.name!r} under another name; it "
                    "goes on where it stood."
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
        f"this message as well, in a campaign of its own: --name {new!r}.",
    )


def _free_name(campaign: Campaign, known: list[CampaignRecord]) -> str:
    taken = {record.name for record in known}
    stem = campaign.source.stem.removesuffix(".results") or "campaign"
    if campaign.after:
        stem = f"{campaign.after}-follow-up"
    return free_name(stem, taken)
