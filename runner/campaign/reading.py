"""The part of the table of settings that says how a list is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypedDict

from runner.campaign.kind import Hidden, Setting


class ReadingSettings(TypedDict, total=False):
    """The way the list is read."""

    sheet_name: Annotated[
        str,
        Setting(
            option=("--sheet",), metavar="NAME", help="The worksheet to read.", example='"Leads"'
        ),
    ]
    header_row: Annotated[
        int,
        Setting(
            metavar="ROW",
            help="The row with the columns' names.  [default: found]",
            least=1,
            kind="a row's number, from 1 on",
            example="4",
        ),
    ]
    columns: Annotated[
        Mapping[str, str],
        Setting(
            option=("--column",),
            metavar="ROLE=HEADER",
            help="What a column is for. Repeatable.",
            kind='a table, recipientProfileId = "LinkedIn"',
            words='a table that maps a role to a header: `recipientProfileId = "Kontakt"`',
            example='recipientProfileId = "Kontakt"',
        ),
    ]
    hidden: Annotated[
        Hidden,
        Setting(
            help="Write to people in hidden and filtered-out rows, or skip them.", example='"skip"'
        ),
    ]
    where: Annotated[
        Sequence[str],
        Setting(
            metavar="COLUMN=VALUE",
            help="Only rows of which this holds; COLUMN alone: filled; COLUMN!=VALUE. Repeatable.",
            kind='a list of texts, ["Country=DE", "Do not write!=yes"]',
            words='only rows of which all of these hold: `["Country=DE", "E-mail", "Stage!=Won"]`',
            example='["Country=DE"]',
        ),
    ]
    html: Annotated[
        Literal["keep", "decode"],
        Setting(help="Read HTML in cells (&amp;) as plain text, or keep it.", example='"decode"'),
    ]
    encoding: Annotated[
        str,
        Setting(
            metavar="NAME",
            help="A CSV's encoding.  [default: UTF-8 or refused]",
            example='"cp1252"',
        ),
    ]
