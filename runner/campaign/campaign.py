"""A campaign: its list, its text, its accounts, its pace.

A campaign is read from a campaign file and from settings said elsewhere, which win.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner.campaign.file import read_campaign_file
from runner.campaign.kind import calendar_keys, said_in
from runner.campaign.looks import Looks, words_of_looks
from runner.campaign.online import address_of, file_for
from runner.campaign.online import notices as online_notices
from runner.campaign.pacing import read_pace, words_of
from runner.campaign.setting import CampaignSettings
from runner.campaign.target import Target, parse_target
from runner.errors import RefusedError, UsageError
from runner.intake.sheet import Reading
from runner.ledger.setting import DEFAULT_MIN_DAYS, PaceWords
from runner.sending.api import CONVERSATIONS, TYPING
from runner.sending.calendar import Calendar
from runner.sending.key import key_name
from runner.sending.pace import Pace, calendar_of

if TYPE_CHECKING:
    import pandas

_LONGEST_NAME: Final = 200
DEFAULT_QUIET_DAYS: Final = 7
DEFAULT_KEEP_REPLIES: Final = 90


@dataclass(frozen=True, slots=True)
class Follower:
    """A step that follows another one: its texts, the sending days in between, its rows."""

    templates: tuple[Path, ...]
    after_days: int
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign, checked as far as it can be without reading its sheet.

    `source` is the file that was named; `frame` stands in the place of the file `sheet` when
    the list is a data frame. Where the list has an `address` on the web, `sheet` is the file
    that it is fetched into, and that is also `source` where no campaign file was named. Each
    person gets at most one message in `min_days` days, over all campaigns (0: no such rule).
    `after` names the campaign that this one follows, `after_days` sending days of `calendar`
    later, also where the pace keeps to no calendar. `words` are those that `pace` was read
    from. Before each message the conversation is looked at, unless `no_look`; one that somebody
    typed into by hand rests for `quiet_days`. Texts of replies are kept for `keep_replies`
    days. `steps` are the messages that follow the first one; those that are due go before new
    people, unless `new_people_first`. `notices` say what a campaign file reaches beyond its
    folder. `doubt` is the reason why a person has to agree before its command is run.
    """

    source: Path
    sheet: Path
    frame: pandas.DataFrame | None
    address: str | None
    reading: Reading
    templates: tuple[Path, ...]
    steps: tuple[Follower, ...]
    new_people_first: bool
    name: str | None
    accounts: tuple[str, ...]
    after: str | None
    after_days: int
    pace: Pace
    calendar: Calendar
    words: PaceWords
    results: Path | None
    report: Path | None
    results_in_copy: bool
    min_days: int
    quiet_days: int
    no_look: bool
    keep_replies: int
    sends_to_strangers: bool
    uses_inmail: bool
    senders_by_connection: bool
    key_file: Path | None
    key_name: str | None
    endpoint: str
    notify: Target | None
    notices: tuple[str, ...] = ()
    doubt: str | None = None

    @property
    def folder(self) -> Path:
        """The folder of the campaign file, or of the list."""
        return self.source.absolute().parent

    @property
    def is_file(self) -> bool:
        """True when a campaign file says it all, and a scheduler could run it."""
        return is_campaign_file(self.source)

    @property
    def looks(self) -> str:
        """What is looked at before each message, in words; blank for no look."""
        if self.no_look:
            return ""
        return words_of_looks(Looks(self.quiet_days, self.sends_to_strangers, self.uses_inmail))

    @property
    def origin(self) -> str:
        """The place of the list, as the ledger remembers it. The same list under another path is
        found by its people."""
        path = str(self.source.absolute())
        return f"{path}#{self.reading.sheet}" if self.reading.sheet else path


def is_campaign_file(source: Path) -> bool:
    """Tell a campaign file from a list, by its name."""
    return source.suffix.lower() == ".toml"


def load(
    source: Path, said: Mapping[str, object], frame: pandas.DataFrame | None = None
) -> Campaign:
    """Read the campaign of a SHEET or a CAMPAIGN.toml, with settings that win over the file's.

    With `frame`, that is the list, and `source` its name. Raises RefusedError, UsageError.
    """
    given = said_in(CampaignSettings, said)
    columns: Mapping[str, str] = given.pop("columns", {})
    calendar = calendar_keys(CampaignSettings)
    has_calendar = not given.keys().isdisjoint(calendar)
    if has_calendar and not given.get("now"):
        given["now"] = False  # hours that are named want a calendar, whatever the file says
    whole: dict[str, Any] = {"sheet": source}
    notices: tuple[str, ...] = ()
    doubt = None
    if is_campaign_file(source):
        read = read_campaign_file(source, given.keys())
        whole, notices, doubt = dict(read.said), read.notices, read.doubt
    whole |= given
    if (address := address_of(whole["sheet"])) is not None:
        whole["sheet"] = (source.parent if is_campaign_file(source) else Path()) / file_for(address)
        source = source if is_campaign_file(source) else whole["sheet"]
        notices = (*notices, *online_notices(address, whole["sheet"]))
    words = words_of(whole)
    pace = read_pace(words)
    if has_calendar and given.get("now"):
        raise UsageError(
            "--now says that there is no calendar, and sending hours, days, holidays or a start "
            "date are given as well.",
            remedy="Leave one of them out; a setting may also come from a CAMPAIGN_... variable.",
        )
    if "after_days" in whole and "after" not in whole:
        raise UsageError(
            "--after-days counts from the message of another campaign, and none is named.",
            remedy="Name it with --after CAMPAIGN.",
        )
    if whole.get("endpoint") == CONVERSATIONS and whole.get("inmail") == "fallback":
        raise UsageError(
            "The endpoint conversations/send sends no InMail.", remedy="Leave --inmail out."
        )
    name = whole.get("name")
    if name is not None and not name.strip():
        raise UsageError(
            "A campaign's name cannot be blank.", remedy="Leave --name out, or give one."
        )
    if name is not None and (len(name) > _LONGEST_NAME or not name.isprintable()):
        raise UsageError(
            f"A campaign's name has at most {_LONGEST_NAME} characters, all of which can be seen.",
            remedy="Give it another one with --name.",
        )
    return Campaign(
        source=source,
        sheet=whole["sheet"],
        frame=frame,
        address=address,
        reading=_reading(whole, columns),
        templates=_paths(whole.get("template")),
        steps=_steps(source, whole),
        new_people_first=whole.get("due_steps") == "last",
        name=name.strip() if name else None,
        accounts=_accounts(whole.get("accounts", ())),
        after=whole.get("after"),
        after_days=whole.get("after_days", 0),
        pace=pace,
        calendar=calendar_of(words),
        words=words,
        results=whole.get("results"),
        report=whole.get("report"),
        results_in_copy=whole.get("results_in") == "copy",
        min_days=whole.get("min_days", DEFAULT_MIN_DAYS),
        quiet_days=whole.get("quiet_days", DEFAULT_QUIET_DAYS),
        no_look=bool(whole.get("no_look")),
        sends_to_strangers=whole.get("strangers") == "send",
        uses_inmail=whole.get("inmail") == "fallback",
        senders_by_connection=whole.get("senders") == "connected",
        keep_replies=whole.get("keep_replies", DEFAULT_KEEP_REPLIES),
        key_file=whole.get("key_file"),
        key_name=key_name(whole["key_name"]) if "key_name" in whole else None,
        endpoint=whole.get("endpoint", TYPING),
        notify=parse_target(whole["notify"]) if "notify" in whole else None,
        notices=notices,
        doubt=doubt,
    )


def _reading(whole: Mapping[str, Any], columns: Mapping[str, str]) -> Reading:
    return Reading(
        sheet=whole.get("sheet_name"),
        header_row=whole.get("header_row"),
        encoding=whole.get("encoding"),
        hidden=whole.get("hidden"),
        decodes_html=whole.get("html") == "decode",
        where=tuple(whole.get("where", ())),
        columns={**whole.get("columns", {}), **columns},
    )


def _paths(said: Path | Sequence[Path] | None) -> tuple[Path, ...]:
    """The paths of one or several files."""
    if said is None:
        return ()
    return (said,) if isinstance(said, Path) else tuple(said)


def _steps(source: Path, whole: Mapping[str, Any]) -> tuple[Follower, ...]:
    """The steps that follow, as a campaign file says them. Raises RefusedError, UsageError."""
    found = []
    for number, said in enumerate(whole.get("steps", ()), start=2):
        lacking = [key for key in ("template", "after_days") if key not in said]
        if lacking:
            raise RefusedError(
                f"Step {number} lacks {' and '.join(lacking)}.",
                where=source.name,
                remedy='Write: [[steps]] with template = "bump.j2" and after_days = 4.',
            )
        templates = _paths(said["template"])
        found.append(Follower(templates, said["after_days"], tuple(said.get("where", ()))))
    if found and whole.get("no_look"):
        raise UsageError(
            "Steps that follow need the look into the conversation: an answer ends them.",
            remedy="Leave no_look out.",
        )
    return tuple(found)


def _accounts(named: Iterable[str]) -> tuple[str, ...]:
    """Every account once; a text may hold several. Without any, the environment may name one."""
    texts = list(named) or [os.environ.get("CONNECTSAFELY_ACCOUNT_ID", "")]
    found = [account for text in texts for account in text.replace(",", " ").split()]
    return tuple(dict.fromkeys(found))
