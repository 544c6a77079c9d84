"""A run: one execution of a campaign, from the sheet to the results. The same steps serve a
rehearsal, on another clock.

Nothing is sent before the whole sheet is read, checked, rendered and in the ledger, the results are
known to be writable, and a person (or --yes) has seen the plan.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Connection

from runner import __version__, words
from runner.campaign.campaign import Campaign
from runner.campaign.recognise import name as name_campaign
from runner.errors import (
    AlreadyRunningError,
    ExitCode,
    InterruptedRunError,
    RefusedError,
    StorageError,
    UsageError,
)
from runner.intake import sheet as sheets
from runner.intake import template as templates
from runner.intake.check import Check, Findings, check, check_people, judge
from runner.intake.column import RESULT_COLUMNS
from runner.intake.entry import Problem
from runner.intake.recipient import Recipient
from runner.intake.sheet import Reading, Source
from runner.intake.table import read
from runner.intake.template import MessageTemplate
from runner.ledger.attempt import recover
from runner.ledger.contact import bar, contact_state, resting
from runner.ledger.decision import decide
from runner.ledger.delivery import WITHDRAWN, take_in
from runner.ledger.ledger import (
    Ledger,
    campaign_named,
    campaigns,
    mark_running,
    note_stamp,
    put_campaign,
)
from runner.ledger.lock import is_running, run_lock
from runner.ledger.record import DEFAULT_MIN_DAYS, CampaignRecord, Line, Status, Stop, TakenIn
from runner.ledger.standing import delivery_to, is_listed, lines, recipient, waiting
from runner.ledger.suppression import suppression_state
from runner.results.handback import (
    are_current,
    check_replaceable,
    copy_of,
    results_of_others,
    write_results,
)
from runner.results.place import Written, check_path, default_path
from runner.results.summary import Summary, summarise
from runner.sending.api import Endpoint
from runner.sending.dispatch import Dispatched, Interruption, dispatch, interruptible
from runner.sending.lane import Course, Event, Sent, read_quota
from runner.sending.lookup import Lookup
from runner.sending.settings import stored_pace


@dataclass(frozen=True, slots=True)
class Material:
    """What a campaign is made of, before it is looked at: the list's bytes and the text. `stamp`
    tells one state of them, and of the way the list is read, from any other."""

    source: Source
    template: MessageTemplate | None
    stamp: str
    template_hash: str


@dataclass(frozen=True, slots=True)
class Intake:
    """A sheet and a template, read and checked: what was found, and what stops the campaign as a
    whole."""

    checked: Check
    findings: Findings

    @property
    def blocking(self) -> tuple[Problem, ...]:
        return self.checked.blocking

    @property
    def notices(self) -> tuple[str, ...]:
        return (*self.checked.table.notices, *self.checked.layout.notices)

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers to hand back, blank ones for cells that rows have beyond the sheet's own."""
        return (*self.checked.headers, *[""] * self.findings.surplus)

    @property
    def columns(self) -> list[int]:
        """The indexes of the cells to hand back."""
        width = len(self.checked.table.columns)
        return [
            *(column.index for column in self.checked.layout.inputs),
            *range(width, width + self.findings.surplus),
        ]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is about to do, for a person to agree to. `intake` is None when list and text are
    as they were taken in before. `recovered` attempts were left open by a run that died: how many
    became uncertain, how many wait again."""

    intake: Intake | None
    summary: Summary
    taken_in: TakenIn
    recovered: tuple[int, int]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended; `results` is None when they could not be written."""

    summary: Summary
    sent: int
    exit_code: ExitCode
    stop: Stop | None
    pause: str = ""
    results: Written | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What a run is given besides its campaign: the endpoint with its clock, its bounds, and who
    watches. `lookup`, if there is one, reads the accounts' quotas before messages are planned."""

    endpoint: Endpoint
    agree: Callable[[Plan], bool]
    report: Callable[[Event], None]
    stay: bool = False
    most: int | None = None
    lookup: Lookup | None = None
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None

    def now(self) -> datetime:
        """The time, set right by the server's."""
        return self.endpoint.clock.now()


def gather(campaign: Campaign) -> Material:
    """Read the campaign's files, without a look at what is in the list. Raises RefusedError for
    what cannot be read at all."""
    template = templates.load(campaign.template) if campaign.template else None
    source = sheets.load(campaign.sheet)
    template_hash = hashlib.sha256((template.source if template else "").encode()).hexdigest()
    told = repr(
        (
            __version__,
            source.digest,
            template_hash,
            campaign.reading,
            campaign.results_in_copy,
            campaign.min_days,
        )
    )
    return Material(source, template, hashlib.sha256(told.encode()).hexdigest(), template_hash)


def take(campaign: Campaign, material: Material | None = None) -> Intake:
    """Read and check the campaign's sheet against its template. Raises RefusedError for what cannot
    be read at all."""
    material = material or gather(campaign)
    table = read(material.source, campaign.reading)
    return Intake(*judge(check(table, material.template, campaign.reading, campaign.accounts)))


def recognised(
    campaign: Campaign, ledger: Ledger, now: datetime, material: Material | None = None
) -> CampaignRecord | None:
    """The campaign that has this list and this text already, just as they are, if there is one and
    the list need not be read again for those whom it may be time to write to."""
    with ledger.read() as connection:
        return _unchanged(connection, campaign, material or gather(campaign), now)


def run(campaign: Campaign, ledger: Ledger, session: Session) -> Report:
    """Send what may go, then write the results.

    A list and a text that are as they were when the campaign was last read are not read again.
    Raises RefusedError before anything is sent when the campaign cannot be trusted,
    AlreadyRunningError when another run has it, InterruptedRunError when nobody agreed to the plan,
    StorageError when the ledger fails.
    """
    material = gather(campaign)
    known = recognised(campaign, ledger, session.now(), material)
    intake = None
    notices: list[str] = []
    if known is None:
        intake = take(campaign, material)
        refuse_unusable(intake)
        notices += intake.notices
    with ledger.write() as connection:
        if known is not None:
            name = known.name
            notices.append(
                f"List and text are as they were on {known.read_at:%a %Y-%m-%d %H:%M} UTC; they "
                "were not read again."
            )
        else:
            assert intake is not None  # noqa: S101 - the list is either known or read
            named = name_campaign(
                connection, campaign, intake.findings.people, material.template_hash
            )
            name = named.name
            notices += named.notices
            known = campaign_named(connection, name)
            _same_worksheet(campaign, intake, known)
        campaign, senders = _same_accounts(campaign, known)
        notices += senders
        if senders and intake:
            intake = Intake(
                *judge(replace(intake.checked, accounts=campaign.accounts))
            )  # a conversation has one sender
            refuse_unusable(intake)
        ending = ""
        if campaign.results_in_copy:
            ending, loss = copy_of(material.source)
            notices += loss
        results = _results_path(connection, campaign, intake, name, known, ending)
        record = known or _put(connection, name, campaign, material, intake, results, session.now())
    with run_lock(ledger, record.name, record.id):
        recovered = recover(ledger, record.id, session.now())
        with ledger.write() as connection:
            mark_running(
                connection, record.id, None
            )  # a run that was killed could not say that it ended
            taken_in = TakenIn(again=True)
            if intake is None and _unchanged(connection, campaign, material, session.now()) is None:
                raise RefusedError(
                    "The campaign was read from another list meanwhile.",
                    remedy="Run the same command again.",
                )
            record = _put(
                connection, record.name, campaign, material, intake, results, session.now()
            )
            if intake is not None:
                entries, people = intake.checked.entries(), intake.findings.people
                taken_in = take_in(
                    connection,
                    record.id,
                    entries,
                    people,
                    intake.columns,
                    campaign.accounts,
                    session.now(),
                )
                note_stamp(connection, record.id, _stamp(connection, material))
            notices += _other_senders(connection, campaign, record)
            notices += _frequency(campaign, resting(connection, record.id)[0])
        course = _course(campaign, ledger, record, session)
        _read_quotas(course, session)
        summary = summarise(ledger, record, campaign.pace, session.now(), campaign.accounts)
        _refuse_endless(summary)
        plan = Plan(intake, summary, taken_in, recovered, tuple(notices))
        if not session.agree(plan):
            raise InterruptedRunError(
                "Nothing was sent.",
                remedy="The list is in the ledger; run again when you are ready.",
            )
        with interruptible() as interruption:
            with _running(ledger, record, session.now):
                report = _send(campaign, course, summary, session, interruption)
            if intake is None and recovered == (0, 0) and not summary.totals.waiting:
                with ledger.read() as connection:
                    if are_current(connection, record, results):
                        return replace(report, results=Written(results))
            if report.summary.totals.skipped > summary.totals.skipped:
                with ledger.write() as connection:
                    note_stamp(
                        connection, record.id, None
                    )  # what was skipped at the last moment may be free the next time
            try:
                return replace(report, results=write_results(ledger, report.summary, results))
            except StorageError as error:
                stop = Stop("run", ExitCode.STORAGE, error.what, error.remedy or "")
                return replace(report, exit_code=ExitCode.STORAGE, stop=stop)


def refuse_unusable(intake: Intake) -> None:
    """Raise RefusedError, naming every problem, when the sheet or the template as a whole cannot be
    used."""
    if intake.blocking:
        first, *others = intake.blocking
        also = "".join(
            f"\nAlso: {problem.text}. {problem.remedy or ''}".rstrip() for problem in others
        )
        raise RefusedError(f"{first.text}.{also}", remedy=first.remedy)
    if not intake.findings.rows:
        table = intake.checked.table
        raise RefusedError(
            "The sheet has a header row but no people.",
            where=table.place,
            remedy="Add one row per person.",
        )


def find_line(ledger: Ledger, record: CampaignRecord, row: int) -> Line:
    """A row of the campaign by the number the spreadsheet program shows. Raises UsageError."""
    live = is_running(ledger, record.id)
    line = next(iter(lines(ledger, record.id, number=row, live=live)), None)
    if line is None:
        raise UsageError(
            f"The campaign {record.name!r} has no row {row}.",
            remedy="Rows are numbered as the spreadsheet program shows them.",
        )
    return line


def recover_dead_run(ledger: Ledger, record: CampaignRecord, now: datetime) -> None:
    """Make uncertain what a run that died left open, so that it can be settled; nothing while a run
    is active."""
    with suppress(AlreadyRunningError), run_lock(ledger, record.name, record.id):
        recover(ledger, record.id, now)


def settle_rows(
    ledger: Ledger,
    record: CampaignRecord,
    rows: Sequence[int | Recipient],
    *,
    sent: bool,
    by: str,
    now: datetime,
) -> list[str]:
    """Record a person's word on uncertain or failed rows, given by number or by whom they are for,
    all or none; a sentence on each that is settled as not sent and will not be sent all the same.
    Raises UsageError naming the row that is neither."""
    recover_dead_run(ledger, record, now)
    found: list[tuple[str, str, int | None]] = []  # how it is called, how it stands, its delivery
    for row in rows:
        if isinstance(row, int):
            line = find_line(ledger, record, row)
            found.append((f"Row {row}", f"is {line.status}", line.delivery))
        else:
            with ledger.read() as connection:
                found.append(
                    (row.identity, "has no such message", delivery_to(connection, record.id, row))
                )
    barred = []
    with ledger.write() as connection:
        for label, stands, delivery in found:
            if delivery is None or not decide(connection, delivery, sent=sent, by=by, now=now):
                raise UsageError(
                    (
                        f"{label} {stands}; only uncertain and failed rows can be settled. No row was "
                        "changed."
                    ),
                    remedy=(
                        f"campaign why ROW --name {words.argument(record.name)} says how a row "
                        "stands."
                    ),
                )
            if sent:
                continue
            reason = bar(connection, record.id, delivery, recipient(connection, delivery), now)
            if reason or not is_listed(connection, delivery):
                barred.append(f"{label} will not be sent: {reason or WITHDRAWN}.")
    return barred


def people_in(path: Path, reading: Reading) -> tuple[Sequence[Recipient], list[Problem]]:
    """Everyone a sheet names, and the cells that name nobody. Raises RefusedError without a column
    of profiles."""
    checked, findings = check_people(read(path, reading), reading)
    nobody = [
        problem
        for entry in checked.entries()
        if entry.recipient is None
        for problem in entry.errors
    ]
    return findings.people, nobody


def _course(campaign: Campaign, ledger: Ledger, record: CampaignRecord, session: Session) -> Course:
    pace = replace(campaign.pace, velocity=False) if session.endpoint.is_local else campaign.pace
    return Course(
        ledger,
        record.id,
        session.endpoint,
        pace,
        session.report,
        session.lookup,
        session.stay,
        session.most,
    )


def _refuse_endless(summary: Summary) -> None:
    """Raise RefusedError when rows wait and no account can ever send one of them."""
    waiting = [view for view in summary.accounts if view.waiting]
    endless = [view for view in waiting if not view.windows and view.alarm is None and view.wait]
    if endless and len(endless) == len(waiting):
        reason = endless[0].wait.reason if endless[0].wait else ""
        raise RefusedError(
            f"Nothing can ever go from {endless[0].name}: {reason}.",
            remedy="Lower --reserve, or give another pace.",
        )


def _read_quotas(course: Course, session: Session) -> None:
    """Ask how the accounts stand whose rows wait, so that the plan begins with the truth."""
    with course.ledger.read() as connection:
        accounts = waiting(connection, course.campaign_id)

    async def ask() -> None:
        for account in accounts:
            await read_quota(course, account)
            if course.lookup is not None and account and course.lookup.status is None:
                return  # no answer at all: the first message will say why

    if accounts and course.lookup is not None:
        with asyncio.Runner(loop_factory=session.loop_factory) as runner:
            runner.action.run(ask())


def _send(
    campaign: Campaign,
    course: Course,
    before: Summary,
    session: Session,
    interruption: Interruption,
) -> Report:
    record, ledger = before.campaign, course.ledger
    sent = 0

    def report(event: Event) -> None:
        nonlocal sent
        sent += isinstance(event, Sent) and event.outcome.status is Status.SENT
        session.report(event)

    lanes = [view.account for view in before.accounts if view.waiting]
    if not lanes:
        return Report(before, 0, _exit_code(before, Dispatched(False, None, "")), None)

    course.report = report
    with asyncio.Runner(loop_factory=session.loop_factory) as runner:
        ended = runner.action.run(dispatch(course, lanes, interruption))
    summary = summarise(ledger, record, campaign.pace, session.now(), campaign.accounts)
    exit_code = _exit_code(summary, ended)
    stop = ended.stop
    if exit_code is ExitCode.INTERRUPTED:
        stop = Stop(
            "run",
            exit_code,
            "Interrupted.",
            "Run the same command again; it goes on where it stopped.",
        )
    return Report(summary, sent, exit_code, stop if exit_code not in (0, 1) else None, ended.reason)


def _exit_code(summary: Summary, ended: Dispatched) -> ExitCode:
    counts = summary.totals
    if ended.interrupted:
        return ExitCode.INTERRUPTED
    if ended.stop and (counts.waiting or ended.stop.is_alarm):
        return ended.stop.exit_code
    if counts.waiting:
        return ExitCode.PAUSED
    return (
        ExitCode.NEEDS_A_PERSON
        if summary.uncertain or counts.failed or counts.invalid
        else ExitCode.DONE
    )


@contextmanager
def _running(ledger: Ledger, record: CampaignRecord, now: Callable[[], datetime]) -> Iterator[None]:
    with ledger.write() as connection:
        mark_running(connection, record.id, now())
    try:
        yield
    finally:
        with ledger.write() as connection:
            mark_running(connection, record.id, None)


def _other_senders(
    connection: Connection, campaign: Campaign, record: CampaignRecord
) -> Iterator[str]:
    """That rows name accounts of their own beside the campaign's: they go from there."""
    others = [
        f"{account} ({count})"
        for account, count in waiting(connection, record.id).items()
        if account
    ]
    named = [text for text in others if text.partition(" ")[0] not in campaign.accounts]
    if campaign.accounts and named:
        yield (
            "Rows of the list name accounts that the campaign does not, and go from those: "
            f"{', '.join(named)}."
        )


def _same_accounts(
    campaign: Campaign, known: CampaignRecord | None
) -> tuple[Campaign, tuple[str, ...]]:
    """The campaign with the accounts it had, when this time none is named: people keep the sender
    they were planned for."""
    before = known.settings.get("accounts") if known else None
    if campaign.accounts or not isinstance(before, list) or not before:
        return campaign, ()
    accounts = tuple(str(account) for account in before)
    named = "account" if len(accounts) == 1 else "accounts"
    return replace(campaign, accounts=accounts), (
        f"Sending from the {named} of the last run: {', '.join(accounts)}.",
    )


def _unchanged(
    connection: Connection, campaign: Campaign, material: Material, now: datetime
) -> CampaignRecord | None:
    """The campaign that was last read from this very list with this very text, if there is just one
    and all else is as then."""
    stamp = _stamp(connection, material)
    found = [
        record
        for record in campaigns(connection)
        if record.stamp == stamp
        and record.source == campaign.origin
        and campaign.name in (None, record.name)
        and (not campaign.accounts or list(campaign.accounts) == record.settings.get("accounts"))
    ]
    if len(found) != 1:
        return None
    _, free_at = resting(connection, found[0].id)
    return found[0] if free_at is None or now < free_at else None


def _stamp(connection: Connection, material: Material) -> str:
    # Who comes off the do-not-contact list waits again, which only a new reading brings about.
    return f"{material.stamp} {suppression_state(connection)} {contact_state(connection)}"


def _frequency(campaign: Campaign, skipped: int) -> Iterator[str]:
    """What to say about the rule of one message per person in so many days."""
    days = campaign.min_days
    if days != DEFAULT_MIN_DAYS:
        after = f"after {days} {'day' if days == 1 else 'days'} (min_days), not {DEFAULT_MIN_DAYS}"
        at_once = f"at once (min_days = 0), not after {DEFAULT_MIN_DAYS} days"
        yield f"people may be messaged again {after if days else at_once}."
    if skipped:
        rows_are = "1 row is" if skipped == 1 else f"{skipped} rows are"
        yield (
            f"{rows_are} skipped for now: another campaign, or another tool, messaged these "
            f"people less than {days} days ago."
        )


def _same_worksheet(campaign: Campaign, intake: Intake, known: CampaignRecord | None) -> None:
    """Raise RefusedError when the workbook now opens with another worksheet than the campaign was
    read from."""
    if (
        known is None
        or campaign.reading.sheet
        or known.settings.get("sheet") != str(campaign.sheet.absolute())
    ):
        return
    before, found = known.settings.get("worksheet"), intake.checked.table.sheet
    if before and found and before != found:
        raise RefusedError(
            (
                f"The campaign {known.name!r} was read from the worksheet {before!r}, but the "
                f"workbook now opens with {found!r}."
            ),
            where=str(campaign.sheet),
            remedy=f"Say which is meant: --sheet {before!r} or --sheet {found!r}.",
        )


def _results_path(
    connection: Connection,
    campaign: Campaign,
    intake: Intake | None,
    name: str,
    known: CampaignRecord | None,
    ending: str,
) -> Path:
    """Where the results go; checked. Another campaign's results and files that are none are never
    replaced."""
    path = campaign.results
    if path is None:
        workbook = (
            intake.checked.table.delimiter is None
            if intake
            else bool(known and known.settings.get("worksheet"))
        )
        path = default_path(campaign.sheet, workbook=workbook, ending=ending)
        if str(path.absolute()) in results_of_others(connection, name):
            path = path.with_name(
                f"{path.name.removesuffix(f'.results{path.suffix}')}.{name}.results{path.suffix}"
            )
    path = path.absolute()
    check_path(path, campaign.sheet, ending=ending)
    if known is None or known.settings.get("results") != str(path):
        check_replaceable(connection, path, name)
    return path


def _put(
    connection: Connection,
    name: str,
    campaign: Campaign,
    material: Material,
    intake: Intake | None,
    results: Path,
    now: datetime,
) -> CampaignRecord:
    """Note what the campaign is now; without an intake, what concerns the list stays as it was
    noted before."""
    table = intake.checked.table if intake else None
    known = None if intake else campaign_named(connection, name)
    settings: dict[str, object] = {
        **stored_pace(campaign.pace),
        "sheet": str(campaign.sheet.absolute()),
        "worksheet": table.sheet if table else known and known.settings.get("worksheet"),
        "results": str(results),
        "accounts": list(campaign.accounts),
        "min_days": campaign.min_days,
        "copy": _copy_settings(material, intake, known) if campaign.results_in_copy else None,
    }
    return put_campaign(
        connection,
        name,
        source=campaign.origin,
        template_hash=material.template_hash,
        headers=intake.headers if intake else known.headers if known else (),
        delimiter=(table.delimiter or ",") if table else known.delimiter if known else ",",
        settings=settings,
        now=now,
    )


def _copy_settings(
    material: Material, intake: Intake | None, known: CampaignRecord | None
) -> object:
    """What is needed to write results into a copy of the list later on: which bytes, and where on
    the worksheet."""
    if intake is None:
        return known and known.settings.get("copy")
    earlier = intake.checked.layout.earlier
    replaced = (
        [earlier[name].index for name in RESULT_COLUMNS]
        if len(earlier) == len(RESULT_COLUMNS)
        else []
    )
    return {
        "digest": material.source.digest,
        "header_row": intake.checked.table.header_row,
        "replace": replaced,
    }
