"""Options, made from the table of settings: each with its environment twin, and typed.

A command says what it takes as `**said: Unpack[...]`; `command` lets it take those options, and
gives it only what was said.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from runner.campaign.execution import ExecutionSettings, RunSettings
from runner.campaign.kind import Row, check_role, rows, said_in
from runner.cli.completion import names, places
from runner.errors import RefusedError, UsageError

# The settings that name a campaign of the ledger.
_COMPLETED: Final[dict[str, Callable[[str], list[str]]]] = {"name": names, "after": places}

Source = Annotated[
    Path,
    typer.Argument(
        metavar="SHEET|CAMPAIGN.toml",
        readable=False,
        help="The spreadsheet (CSV, XLSX …), or a campaign file.",
    ),
]


def option(
    key: str,
    *,
    help: str | None = None,  # noqa: A002 - typer's word
) -> Any:
    """The option of one setting, for a command that takes it by itself or words its help anew."""
    row = rows(RunSettings)[key]
    setting = row.setting
    return typer.Option(
        *row.flags,
        metavar=setting.metavar,
        envvar=row.variable,
        min=setting.least,
        max=setting.most,
        help=help or setting.help,
        readable=False,
        autocompletion=_COMPLETED.get(key),
    )


def output(help: str) -> Any:  # noqa: A002 - typer's word
    """The option that names the file to write."""
    return typer.Option("--output", "-o", metavar="FILE", readable=False, help=help)


Campaign = Annotated[
    str | None,
    typer.Argument(
        metavar="CAMPAIGN",
        help="Its name, its list or its campaign file; default: the one last read.",
        autocompletion=places,
    ),
]
Which = Annotated[
    str | None,
    option("name", help="The campaign; default: the one last read."),
]
Results = Annotated[Path | None, option("results")]
Ledger = Annotated[str | None, option("ledger")]
BaseUrl = Annotated[str | None, option("base_url")]
AsJson = Annotated[bool, option("json")]


def command(function: Callable[..., int]) -> Callable[..., int]:
    """Let a command take the options of the settings that its `**said` may hold."""
    signature = inspect.signature(function, eval_str=True)
    own, shared = [], []
    group: type = RunSettings
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            group = get_args(parameter.annotation)[0]
            shared = [_parameter(row) for row in rows(group).values()]
        else:
            own.append(parameter.replace(kind=parameter.KEYWORD_ONLY))
    # In the help the argument comes first, then what belongs to the campaign, then the rest.
    first = [parameter for parameter in own if parameter.name == "source"]
    rest = [parameter for parameter in own if parameter.name != "source"]
    campaign = [parameter for parameter in shared if parameter.name not in _OF_A_RUN]
    run = [parameter for parameter in shared if parameter.name in _OF_A_RUN]
    parameters = [*first, *campaign, *rest, *run]
    names = {parameter.name for parameter in own}

    def called(**values: Any) -> int:
        said = said_in(group, values) if shared else {}
        if "columns" in said:
            said["columns"] = read_columns(said["columns"])
        return function(**{name: values[name] for name in names}, **said)

    called.__name__ = function.__name__
    called.__doc__ = function.__doc__
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called


_OF_A_RUN: Final = frozenset(rows(ExecutionSettings))


def _parameter(row: Row) -> inspect.Parameter:
    """A setting as a parameter of a command; None, or False of a flag, when it is not said."""
    type_: Any = row.type
    if row.is_list or row.is_table:
        type_ = list[Path] if row.holds_paths else list[str]
    default = row.setting.value
    if type_ is bool:
        default = False
    elif default is None:
        type_ = type_ | None
    annotation = Annotated[type_, option(row.key)]
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(row.key, kind, default=default, annotation=annotation)


def read_columns(said: Iterable[str]) -> dict[str, str]:
    """Read `ROLE=HEADER` of each --column. Raises UsageError."""
    mapping: dict[str, str] = {}
    for text in said:
        role, separator, header = text.partition("=")
        role = role.strip()
        if not separator and mapping:
            # CAMPAIGN_COLUMN comes split at its spaces, also at those within a header.
            mapping[next(reversed(mapping))] += f" {text}"
            continue
        if not separator or not header.strip():
            raise UsageError(
                f"--column {text!r} names no header.",
                remedy='Write ROLE=HEADER: --column recipientProfileId="LinkedIn".',
            )
        try:
            check_role(role, "--column")
        except RefusedError as error:
            raise UsageError(error.what, where=error.where, remedy=error.remedy) from None
        mapping[role] = header
    return mapping
