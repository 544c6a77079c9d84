"""The one table of settings: everything that a person can say of a campaign, or of one run of it.

Each setting is one entry of a `TypedDict` below: its type is what mypy sees, and the `Setting`
beside it says all else. Options, environment twins, the keys of campaign files, the starter file
and the table in the docs follow from it. A mapping of one of these types holds only what was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, TypedDict

from runner.campaign.kind import Bound, Setting
from runner.campaign.leaving import NotifySettings, ReportSettings, ResultsSettings
from runner.campaign.listening import FollowSettings, LookSettings, SequenceSettings
from runner.campaign.reading import ReadingSettings

MOST_PRIORITY: Final = 100
MOST_GAP: Final = 86_400


class NameSettings(TypedDict, total=False):
    """The campaign's name."""

    name: Annotated[
        str,
        Setting(
            metavar="NAME",
            help="The campaign's name; default: the sheet's file name.",
            example='"spring-fair"',
        ),
    ]


class SheetSettings(TypedDict, total=False):
    """The list. The command line names it as an argument."""

    sheet: Annotated[
        Path,
        Setting(
            words="the spreadsheet, or the [address](sheets.md#a-list-on-the-web) of one; the only "
            "key that must be there"
        ),
    ]


class TemplateSettings(TypedDict, total=False):
    """The text."""

    template: Annotated[
        Sequence[Path],
        Setting(
            option=("--template", "-t"),
            metavar="FILE",
            help="The message template (Jinja2); several are variants. Repeatable.",
            kind='a path in quotes, or a list of them: ["a.j2", "b.j2"]',
            words=(
                'the message template (Jinja2); of several, `["a.j2", "b.j2"]`, each person gets '
                "one ([variants](templates.md#variants))"
            ),
        ),
    ]


class AccountSettings(TypedDict, total=False):
    """The senders."""

    accounts: Annotated[
        Sequence[str],
        Setting(
            option=("--account",),
            metavar="ID",
            help="A LinkedIn account ID to send from; several share the rows. Repeatable.",
            kind='a list of texts, ["acc_1", "acc_2"]',
            words='the accounts that share the rows evenly: `["acc_1", "acc_2"]`',
            example='["acc_12345"]',
        ),
    ]


class PaceSettings(TypedDict, total=False):
    """The times and the speed of sending."""

    daily_limit: Annotated[
        int,
        Setting(
            metavar="N",
            help="At most this many per account and day.",
            bound=Bound(
                1, None, "A daily limit of {} lets nothing go.", "Give a number from 1 on."
            ),
            example="40",
        ),
    ]
    reserve: Annotated[
        int,
        Setting(
            metavar="N",
            help="Leave this many of the quota to others who use the account.",
            bound=Bound(
                0,
                None,
                "A reserve of {} makes no sense.",
                "Give how many messages a day to leave to others.",
            ),
            example="10",
        ),
    ]
    ramp: Annotated[
        str,
        Setting(
            metavar="'20 +10 to 100'",
            help="A daily limit that grows by the day.",
            words=(
                '`"20 +10 to 100"`: a daily limit of 20, and 10 more on each day after one the '
                "account sent on"
            ),
            example='"20 +10 to 100"',
        ),
    ]
    priority: Annotated[
        int,
        Setting(
            metavar="N",
            help="Its share where campaigns have an account in common.  [default: 1]",
            bound=Bound(
                1,
                MOST_PRIORITY,
                "A priority of {} makes no sense.",
                f"Give 1 to {MOST_PRIORITY}; 2 has twice the share.",
            ),
            example="1",
        ),
    ]
    hours: Annotated[
        str,
        Setting(
            metavar="HH:MM-HH:MM",
            help="Sending hours.  [default: 09:00-17:00]",
            is_calendar=True,
            example='"09:00-17:00"',
        ),
    ]
    days: Annotated[
        str,
        Setting(
            metavar="mon-fri",
            help="Sending days.  [default: mon-fri]",
            is_calendar=True,
            example='"mon-fri"',
        ),
    ]
    holidays: Annotated[
        str,
        Setting(
            metavar="DE-BY,US",
            help="Countries whose holidays are kept.",
            is_calendar=True,
            example='"DE-BY"',
        ),
    ]
    time_zone: Annotated[
        str,
        Setting(
            metavar="Area/City",
            help="Whose hours.  [default: this computer's]",
            example='"Europe/Berlin"',
        ),
    ]
    start_date: Annotated[
        str,
        Setting(
            metavar="YYYY-MM-DD",
            help="Send nothing before this day.",
            is_calendar=True,
            example='"2026-12-01"',
        ),
    ]
    min_gap: Annotated[
        float,
        Setting(
            metavar="SECONDS",
            help="Seconds between an account's messages.  [default: 30]",
            bound=Bound(
                0, MOST_GAP, "A gap of {} seconds makes no sense.", f"Give 0 to {MOST_GAP}."
            ),
            kind="a number of seconds",
            example="30",
        ),
    ]
    now: Annotated[
        bool, Setting(help="No calendar: send as fast as quota and gap allow.", example="true")
    ]


class KeySettings(TypedDict, total=False):
    """The way in."""

    key_file: Annotated[
        Path,
        Setting(metavar="FILE", help="The file that holds the API key.", example='"campaign.key"'),
    ]


class KeyNameSettings(TypedDict, total=False):
    """Which of several keys."""

    key_name: Annotated[
        str,
        Setting(
            metavar="NAME",
            help="The name of the API key, where a team has several.  [default: default]",
            words=(
                "the name of the API key that the accounts go by, where a team has several: its "
                "calls are counted by it, and [workers](team.md#workers) find the key by it"
            ),
            example='"agency"',
        ),
    ]


class WaySettings(TypedDict, total=False):
    """The vendor's endpoint."""

    endpoint: Annotated[
        Literal["messaging/send-with-typing", "conversations/send"],
        Setting(
            help="The vendor's endpoint for messages.  [default: messaging/send-with-typing]",
            words=(
                "the vendor's endpoint for messages: `messaging/send-with-typing`, or its "
                "replacement `conversations/send`, which knows no typing and no InMail; nothing "
                "switches by itself"
            ),
            example='"messaging/send-with-typing"',
        ),
    ]


class ListSettings(TemplateSettings, ReadingSettings, AccountSettings, total=False):
    """Everything a look at the messages needs."""


class RehearsalSettings(ListSettings, PaceSettings, LookSettings, ResultsSettings, total=False):
    """Everything a rehearsal needs: no key, no name, nobody to tell."""


class NewSettings(
    FollowSettings,
    RehearsalSettings,
    ReportSettings,
    KeySettings,
    KeyNameSettings,
    WaySettings,
    NotifySettings,
    total=False,
):
    """Everything that a new campaign file can be told beside its name and its sheet."""


class SaidSettings(NameSettings, NewSettings, total=False):
    """Everything that can be said of a campaign beside its sheet."""


class CampaignSettings(SheetSettings, SaidSettings, SequenceSettings, total=False):
    """Everything that belongs to a campaign: what a campaign file can say."""
