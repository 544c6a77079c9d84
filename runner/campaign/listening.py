"""The part of the table of settings that says what a campaign knows of people's talk before it
writes: the message that it follows, and the look into the conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypedDict

from runner.campaign.kind import Bound, Setting

MOST_AFTER_DAYS: Final = 365


class FollowSettings(TypedDict, total=False):
    """The campaign that this one follows."""

    after: Annotated[
        str,
        Setting(
            metavar="CAMPAIGN",
            help="Write only to those who have the message of this campaign: a follow-up.",
            words=(
                "a follow-up: only those who certainly have the message of this campaign are "
                "written to, from the account that sent it ([follow-ups](follow-ups.md))"
            ),
            example='"spring-fair"',
        ),
    ]
    after_days: Annotated[
        int,
        Setting(
            metavar="N",
            help="Sending days between that message and this one.  [default: 0]",
            bound=Bound(
                0,
                MOST_AFTER_DAYS,
                "A follow-up after {} days makes no sense.",
                f"Give 0 to {MOST_AFTER_DAYS} sending days.",
            ),
            kind="a whole number of days",
            example="5",
        ),
    ]


class StepSettings(TypedDict, total=False):
    """A message that follows the one before it."""

    template: Annotated[
        Sequence[Path],
        Setting(
            kind='a path in quotes, or a list of them: ["a.j2", "b.j2"]',
            words="its text; of several, each person gets one",
        ),
    ]
    after_days: Annotated[
        int,
        Setting(
            bound=Bound(
                1,
                MOST_AFTER_DAYS,
                "A step after {} days makes no sense.",
                f"Give 1 to {MOST_AFTER_DAYS} sending days.",
            ),
            kind="a whole number of days",
            words="sending days after the message before",
        ),
    ]
    where: Annotated[
        Sequence[str],
        Setting(
            kind='a list of texts, ["Country=DE"]',
            words="only rows of which all of these hold; the others have no such step",
        ),
    ]


class SequenceSettings(TypedDict, total=False):
    """The messages that follow, and their place among the others."""

    steps: Annotated[
        Sequence[Mapping[str, Any]],
        Setting(
            of=StepSettings,
            kind='tables: [[steps]] with template = "bump.j2" and after_days = 4',
            words=(
                "the messages that follow, each a table `[[steps]]` with `template`, `after_days` "
                "and, if it is not for every row, `where` "
                "([sequences](follow-ups.md#sequences))"
            ),
            example='template = "bump.j2"\n# after_days = 4',
        ),
    ]
    due_steps: Annotated[
        Literal["first", "last"],
        Setting(
            words=(
                "steps that are due go before people who have no message yet, or after them "
                "[default: first]"
            ),
            example='"first"',
        ),
    ]


class LookSettings(TypedDict, total=False):
    """The look into a conversation before each message, and the replies."""

    quiet_days: Annotated[
        int,
        Setting(
            metavar="N",
            help="Days after a message typed by hand; 0: also where they wrote last.  [default: 7]",
            bound=Bound(
                0, 365, "{} quiet days make no sense.", "Give 0 to 365; 0 looks past talk."
            ),
            kind="a whole number of days",
            words=(
                "people who wrote last, or to whom you wrote by hand less than this many days ago, "
                "are skipped; default 7, `0`: they are not ([replies](replies.md))"
            ),
            example="7",
        ),
    ]
    strangers: Annotated[
        Literal["skip", "send"],
        Setting(
            help="Skip people who are no connections of the account, or send.  [default: skip]",
            words=(
                "people who are no connections of the sending account, whom a normal message does "
                "not reach, are skipped or sent to ([connections](replies.md#connected-or-not))"
            ),
            example='"skip"',
        ),
    ]
    inmail: Annotated[
        Literal["never", "fallback"],
        Setting(
            help="InMail to people who are no connections, where credits allow.  [default: never]",
            words=(
                '`"fallback"`: people who are no connections get it as InMail, where there is a '
                "subject and a credit, or they may be written to for free"
            ),
            example='"fallback"',
        ),
    ]
    senders: Annotated[
        Literal["even", "connected"],
        Setting(
            help="Of several accounts, the one that is connected with the person, or even shares.",
            words=(
                '`"connected"`: of several accounts, the one that is connected with the person, by '
                "`campaign connections import`, else an even share"
            ),
            example='"connected"',
        ),
    ]
    keep_replies: Annotated[
        int,
        Setting(
            metavar="DAYS",
            help="Days that the texts of replies stay in the ledger.  [default: 90]",
            bound=Bound(
                0, 3650, "Replies cannot be kept for {} days.", "Give 0 to 3650 days; 0 keeps none."
            ),
            kind="a whole number of days",
            example="90",
        ),
    ]
    no_look: Annotated[
        bool,
        Setting(
            help="Do not look into the conversation before each message.",
            words="no look into the conversation before each message ([replies](replies.md))",
            example="true",
        ),
    ]
