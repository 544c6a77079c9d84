"""The acts as functions of Python, for notebooks and orchestrators: no terminal, no question.

A list is a path or a pandas DataFrame. Settings are keywords, named as in campaign files. Results
are typed and frozen, and everything that a person can mend is a `CampaignError`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, Unpack

from runner.action import check as checking
from runner.action import replies as hearing
from runner.action import run as running
from runner.action import submit as submitting
from runner.action.check import Checked, Previewed
from runner.action.compare import refuse_lost_results
from runner.action.plan import Plan
from runner.action.replies import Replies
from runner.action.run import Report
from runner.action.submit import Submitted
from runner.campaign.campaign import Campaign, load
from runner.campaign.execution import EndpointSettings, LedgerSettings, SendingSettings
from runner.campaign.kind import check_kind, rows, with_paths
from runner.campaign.listening import SequenceSettings
from runner.campaign.recognise import find_campaign
from runner.campaign.setting import ListSettings, NameSettings, RehearsalSettings, SaidSettings
from runner.errors import RefusedError, UsageError
from runner.intake.column import nearest
from runner.ledger.door import is_begun
from runner.ledger.location import default_path, place_of
from runner.python.ledger import opened_ledger, utc_now
from runner.rehearsal import rehearse as rehearsing
from runner.rehearsal.people import People
from runner.rehearsal.rehearse import Rehearsed
from runner.sending import address
from runner.sending.api import READ_SECONDS
from runner.sending.clock import WATCH, ServerClock
from runner.sending.event import Event
from runner.sending.key import find_key
from runner.sending.vendor import Vendor

if TYPE_CHECKING:
    import pandas

    Sheet: TypeAlias = str | os.PathLike[str] | pandas.DataFrame
T = TypeVar("T")


class ListKeywords(ListSettings, SequenceSettings, total=False):
    """The keywords of `check` and `preview`."""


class RunKeywords(
    SaidSettings, SequenceSettings, SendingSettings, LedgerSettings, EndpointSettings, total=False
):
    """The keywords of `run`: all settings but those that belong to a terminal."""


class SubmitKeywords(SaidSettings, SequenceSettings, LedgerSettings, total=False):
    """The keywords of `submit`: all that belongs to the campaign."""


class RehearsalKeywords(NameSettings, RehearsalSettings, SequenceSettings, total=False):
    """The keywords of `rehearse`; a data frame has no name but the one that is said."""


@dataclass(frozen=True, slots=True)
class _Watcher:
    agree: Callable[[Plan], bool]
    see: Callable[[Event], None]


def check(sheet: Sheet, **said: Unpack[ListKeywords]) -> Checked:
    """Find every problem of list and text; nothing is sent. Raises RefusedError, UsageError."""
    return checking.check(_campaign(sheet, ListKeywords, said))


def preview(
    sheet: Sheet, *, number: int = 5, row: int | None = None, **said: Unpack[ListKeywords]
) -> Previewed:
    """Render the first `number` messages, or that of one row. Raises RefusedError, UsageError."""
    return checking.preview(_campaign(sheet, ListKeywords, said), number, row)


def run(
    sheet: Sheet,
    *,
    agree: Callable[[Plan], bool] = lambda _plan: True,
    see: Callable[[Event], None] = lambda _event: None,
    **said: Unpack[RunKeywords],
) -> Report:
    """Send what may go today; the same call resumes, tomorrow or after a crash.

    Without `agree` nobody is asked: the call itself is the yes. `see` hears of every event. The key
    comes from the usual places. Raises CampaignError.
    """
    campaign = _campaign(sheet, RunKeywords, said)
    vendor, watcher = _vendor(campaign, said), _Watcher(agree, see)
    stay, most = said.get("wait", False), said.get("max")
    refuse_lost_results(campaign, place_of(said.get("ledger") or default_path()))
    with opened_ledger(said.get("ledger")) as ledger:
        return _in_a_loop(
            lambda loop: running.run(campaign, ledger, vendor, watcher, loop, stay=stay, most=most)
        )


def plan(sheet: Sheet, **said: Unpack[RunKeywords]) -> Plan:
    """Say what `run` would do now: with ledger, do-not-contact list, quota and calendar.

    Nothing is sent. Raises CampaignError.
    """
    campaign = _campaign(sheet, RunKeywords, said)
    vendor = _vendor(campaign, said)
    path = place_of(said.get("ledger") or default_path())
    refuse_lost_results(campaign, path)
    if not is_begun(path):
        return _in_a_loop(lambda loop: running.plan(campaign, path, None, vendor, loop))
    with opened_ledger(said.get("ledger"), create=False) as ledger:
        return _in_a_loop(lambda loop: running.plan(campaign, path, ledger, vendor, loop))


def submit(
    sheet: Sheet,
    *,
    agree: Callable[[Plan], bool] = lambda _plan: True,
    **said: Unpack[SubmitKeywords],
) -> Submitted:
    """Take a campaign into a shared ledger, for workers to send; no key is needed.

    Without `agree` nobody is asked: the call itself is the yes. Raises CampaignError.
    """
    campaign = _campaign(sheet, SubmitKeywords, said)
    refuse_lost_results(campaign, place_of(said.get("ledger") or default_path()))
    with opened_ledger(said.get("ledger")) as ledger:
        return submitting.submit(campaign, ledger, agree, utc_now)


def replies(
    name: str | None = None,
    *,
    key_file: str | os.PathLike[str] | None = None,
    base_url: str = address.BASE_URL,
    ledger: str | None = None,
) -> Replies:
    """Read the inbox now, and list who has answered a campaign, the newest first.

    Raises UsageError, StorageError.
    """
    with opened_ledger(ledger, create=False) as opened:
        record = find_campaign(opened, name)
        key = find_key(Path(key_file) if key_file else None, Path(record.source).parent)
        clock = ServerClock(utc_now, WATCH)
        vendor = Vendor(key.secret, clock, base_url=base_url)
        return _in_a_loop(
            lambda loop: hearing.hear(opened, record.name, vendor.lookup, loop, utc_now)
        )


def rehearse(
    sheet: Sheet,
    *,
    start: datetime | None = None,
    quota: int = 150,
    faults: float = 0.0,
    replies: float = 0.0,
    seed: int = 0,
    **said: Unpack[RehearsalKeywords],
) -> Rehearsed:
    """Run the whole campaign against a simulated endpoint, days in seconds; nothing is sent.

    `quota` is each simulated account's, `faults` the share of requests that meet one, `replies` the
    share of people who answer. Raises RefusedError, UsageError.
    """
    campaign = _campaign(sheet, RehearsalKeywords, said)
    if "results" not in said:
        campaign = rehearsing.beside(campaign)
    return _in_a_thread(
        lambda: rehearsing.rehearse(
            campaign,
            start or utc_now(),
            limit=quota,
            faults=faults,
            seed=seed,
            people=People(replies, seed=seed),
        )
    )


def _vendor(campaign: Campaign, said: RunKeywords) -> Vendor:
    return Vendor(
        find_key(campaign.key_file, campaign.folder, name=campaign.key_name).secret,
        ServerClock(utc_now, WATCH),
        base_url=said.get("base_url", address.BASE_URL),
        read_seconds=said.get("timeout", READ_SECONDS),
        path=campaign.endpoint,
    )


def _campaign(sheet: Sheet, group: type, said: Mapping[str, Any]) -> Campaign:
    """The campaign of a list and its keywords, each checked by the table of settings."""
    checked = {key: _checked(group, key, value) for key, value in said.items()}
    if isinstance(sheet, str | os.PathLike):
        return load(Path(sheet), checked)
    name = checked.get("name", "data-frame")
    return load(Path(f"{name}.csv"), checked, sheet)


def _checked(group: type, key: str, value: Any) -> Any:
    known = rows(group)
    if key not in known:
        guess = nearest(key, known)
        remedy = f"Did you mean {guess}?" if guess else f"It takes: {', '.join(known)}."
        raise UsageError(f"There is no setting {key!r} here.", remedy=remedy)
    if value is None:
        return None
    try:
        check_kind(known[key], value, key)
    except RefusedError as error:
        raise UsageError(error.what, where=error.where, remedy=error.remedy) from None
    return with_paths(group, {key: value}, lambda _, path: Path(path))[key]


def _in_a_loop(act: Callable[[asyncio.Runner], T]) -> T:
    """Give an act an event loop of its own."""

    def call() -> T:
        with asyncio.Runner() as loop:
            return act(loop)

    return _in_a_thread(call)


def _in_a_thread(call: Callable[[], T]) -> T:
    """Call here, or in a thread where this one has an event loop running, as notebooks do."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call()
    answers: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return answers[0]
