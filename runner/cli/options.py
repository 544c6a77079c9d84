"""The options that commands share, each as a type or in a group, and the campaign that they
make."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from runner.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from runner.campaign.campaign import Campaign

Hidden = Literal["include", "skip"]
ResultsIn = Literal["new", "copy"]
Which = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        envvar="CAMPAIGN_NAME",
        help="The campaign; default: the one last read.",
    ),
]
Results = Annotated[
    Path | None,
    typer.Option(
        "--results",
        "-o",
        metavar="FILE",
        envvar="CAMPAIGN_RESULTS",
        help="Where results go (.csv or .xlsx).  [default: beside the sheet]",
    ),
]
LedgerPlace = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="CAMPAIGN_LEDGER",
        metavar="PATH|URL",
        help="The ledger.  [default: one per user]",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        envvar="CAMPAIGN_BASE_URL",
        help="The API's address.  [default: the vendor's]",
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        envvar="CAMPAIGN_TIMEOUT",
        min=1,
        max=3600,
        help="Seconds to wait for an answer.",
    ),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", envvar="CAMPAIGN_JSON", help="Answer with one JSON object on stdout."),
]


@dataclass(frozen=True)
class ReadingOptions:
    """How the sheet is to be read."""

    sheet_name: Annotated[
        str | None,
        typer.Option(
            "--sheet", metavar="NAME", envvar="CAMPAIGN_SHEET", help="The worksheet to read."
        ),
    ] = None
    header_row: Annotated[
        int | None,
        typer.Option(
            "--header-row",
            metavar="ROW",
            envvar="CAMPAIGN_HEADER_ROW",
            min=1,
            help="The row with the columns' names.  [default: found]",
        ),
    ] = None
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            envvar="CAMPAIGN_COLUMN",
            metavar="ROLE=HEADER",
            help="What a column is for. Repeatable.",
        ),
    ] = None
    hidden: Annotated[
        Hidden | None,
        typer.Option(
            "--hidden",
            envvar="CAMPAIGN_HIDDEN",
            help="Write to people in hidden and filtered-out rows, or skip them.",
        ),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding",
            metavar="NAME",
            envvar="CAMPAIGN_ENCODING",
            help="A CSV's encoding.  [default: UTF-8 or refused]",
        ),
    ] = None


@dataclass(frozen=True)
class TemplateOption:
    """The text."""

    template: Annotated[
        Path | None,
        typer.Option(
            "--template",
            "-t",
            metavar="FILE",
            envvar="CAMPAIGN_TEMPLATE",
            readable=False,
            help="The message template (Jinja2).",
        ),
    ] = None


@dataclass(frozen=True)
class AccountsOption:
    """From whom."""

    accounts: Annotated[
        list[str] | None,
        typer.Option(
            "--account",
            metavar="ID",
            envvar="CAMPAIGN_ACCOUNT",
            help="A LinkedIn account ID to send from; several share the rows. Repeatable.",
        ),
    ] = None


@dataclass(frozen=True)
class SendingOptions:
    """When, how many, and where the results go."""

    daily_limit: Annotated[
        int | None,
        typer.Option(
            "--daily-limit",
            metavar="N",
            envvar="CAMPAIGN_DAILY_LIMIT",
            help="At most this many per account and day.",
        ),
    ] = None
    reserve: Annotated[
        int | None,
        typer.Option(
            "--reserve",
            metavar="N",
            envvar="CAMPAIGN_RESERVE",
            help="Leave this many of the quota to people and other tools.",
        ),
    ] = None
    ramp: Annotated[
        str | None,
        typer.Option(
            "--ramp",
            envvar="CAMPAIGN_RAMP",
            metavar="'20 +10 to 100'",
            help="A daily limit that grows by the day.",
        ),
    ] = None
    priority: Annotated[
        int | None,
        typer.Option(
            "--priority",
            metavar="N",
            envvar="CAMPAIGN_PRIORITY",
            help="Its share where campaigns have an account in common.  [default: 1]",
        ),
    ] = None
    hours: Annotated[
        str | None,
        typer.Option(
            "--hours",
            metavar="HH:MM-HH:MM",
            envvar="CAMPAIGN_HOURS",
            help="Sending hours.  [default: 09:00-17:00]",
        ),
    ] = None
    days: Annotated[
        str | None,
        typer.Option(
            "--days",
            metavar="mon-fri",
            envvar="CAMPAIGN_DAYS",
            help="Sending days.  [default: mon-fri]",
        ),
    ] = None
    holidays: Annotated[
        str | None,
        typer.Option(
            "--holidays",
            envvar="CAMPAIGN_HOLIDAYS",
            metavar="DE-BY,US",
            help="Countries whose holidays are kept.",
        ),
    ] = None
    time_zone: Annotated[
        str | None,
        typer.Option(
            "--time-zone",
            metavar="Area/City",
            envvar="CAMPAIGN_TIME_ZONE",
            help="Whose hours.  [default: this computer's]",
        ),
    ] = None
    now: Annotated[
        bool,
        typer.Option(
            "--now", envvar="CAMPAIGN_NOW", help="No calendar: send as fast as quota and gap allow."
        ),
    ] = False
    min_gap: Annotated[
        float | None,
        typer.Option(
            "--min-gap",
            metavar="SECONDS",
            envvar="CAMPAIGN_MIN_GAP",
            help="Seconds between an account's messages.  [default: 30]",
        ),
    ] = None
    min_days: Annotated[
        int | None,
        typer.Option(
            "--min-days",
            metavar="N",
            envvar="CAMPAIGN_MIN_DAYS",
            min=0,
            max=36_500,
            help="Days between a person's messages.  [default: 30]",
        ),
    ] = None
    results: Results = None
    results_in: Annotated[
        ResultsIn | None,
        typer.Option(
            "--results-in",
            envvar="CAMPAIGN_RESULTS_IN",
            help="A new file, or a copy of your workbook.  [default: new]",
        ),
    ] = None


@dataclass(frozen=True)
class KeyOption:
    """The way in."""

    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file",
            metavar="FILE",
            envvar="CAMPAIGN_KEY_FILE",
            readable=False,
            help="The file that holds the API key.",
        ),
    ] = None


def takes(*groups: type) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Let a command take the options of these groups besides its own; they reach it as one mapping,
    its `options`."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        own = [
            found
            for found in inspect.signature(command, eval_str=True).parameters.values()
            if found.kind is not found.VAR_KEYWORD
        ]
        hints = {
            name: hint
            for group in groups
            for name, hint in get_type_hints(group, include_extras=True).items()
        }
        shared = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=getattr(group, name),
                annotation=hints[name],
            )
            for group in groups
            for name in group.__annotations__
        ]
        first = [parameter for parameter in own if parameter.name == "source"]
        parameters = [*first, *shared, *(parameter for parameter in own if parameter not in first)]
        command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        )
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return command

    return decorate


def load_campaign(
    source: Path,
    *,
    columns: list[str] | None = None,
    accounts: list[str] | None = None,
    **options: Any,
) -> Campaign:
    """The campaign of a sheet or campaign file, where these options win. Raises UsageError,
    RefusedError."""
    from runner.campaign.campaign import Options, load
    from runner.campaign.file import check_role

    mapping: dict[str, str] = {}
    for said in columns or ():
        role, separator, header = said.partition("=")
        if (
            not separator and mapping
        ):  # CAMPAIGN_COLUMN comes split at its spaces, also at those within a header
            mapping[next(reversed(mapping))] += f" {said}"
            continue
        if not separator or not header.strip():
            remedy = 'Write ROLE=HEADER: --column recipientProfileId="LinkedIn".'
            raise UsageError(f"--column {said!r} names no header.", remedy=remedy)
        try:
            check_role(role.strip(), "--column")
        except RefusedError as error:
            raise UsageError(error.what, where=error.where, remedy=error.remedy) from None
        mapping[role.strip()] = header
    return load(source, Options(columns=mapping, accounts=tuple(accounts or ()), **options))
