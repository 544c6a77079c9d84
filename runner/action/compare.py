"""The ledger, compared with what else knows of its messages, before anything is sent.

Its second record, the results sheets beside the list, and the server's count each know something
that the ledger must know too. A ledger that knows less was emptied, lost, or replaced by an older
copy; with it, people would be messaged again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from runner import words
from runner.action.adopt import adopt_lost, people_of
from runner.action.behind import day, refuse_behind
from runner.action.trace import name_in, read_trace, traces_beside, traces_of
from runner.campaign.campaign import Campaign
from runner.errors import StorageError
from runner.intake.earlier import Earlier, Result
from runner.intake.sheet import Reading
from runner.ledger import accepted
from runner.ledger.campaign import campaigns, results_noted
from runner.ledger.file import is_there
from runner.ledger.health import look_through
from runner.ledger.knowledge import Knowledge
from runner.ledger.ledger import Ledger
from runner.ledger.location import Place, Server
from runner.ledger.lost import known_of, refuse_lost
from runner.result.left import left
from runner.system.file import digest_of


def refuse_unknown_results(campaign: Campaign, ledger: Ledger | None, path: Path) -> None:
    """Raise StorageError when a results sheet tells of messages that the ledger does not know;
    without a ledger, when it tells of any. `path` is the ledger's.

    The results of the list count, and of any other sheet beside it what it tells of the list's
    people: it may have been renamed, or be the results of another campaign.
    """
    own = traces_of(campaign, _noted(campaign, ledger))
    is_known = ledger is not None and any(_is_known(ledger, sheet) for sheet in own)
    for sheet in own:
        try:
            unknown = _unknown_in(sheet, campaign.reading, ledger)
        except StorageError:
            if is_known:  # the list's results are there as they were left; this is another copy
                continue
            raise
        if unknown:
            raise _untold(sheet, path, campaign, unknown, is_new=ledger is None)
    listed: set[str] | None = None
    for sheet in traces_beside(campaign):
        if sheet in own:
            continue
        unknown = _unknown_in(sheet, campaign.reading, ledger)
        if unknown and listed is None:
            listed = people_of(campaign)
        met = [
            one
            for one in unknown
            if one.recipient and listed and not listed.isdisjoint(one.recipient.keys)
        ]
        if met:
            raise _untold(sheet, path, campaign, met, is_new=ledger is None)


def refuse_unknown_sheets(ledger: Ledger, sheets: Iterable[Path]) -> None:
    """Raise StorageError when one of these results sheets tells of more than the ledger knows."""
    for sheet in sheets:
        if sheet.is_file() and (unknown := _unknown_in(sheet, Reading(), ledger)):
            raise _untold(sheet, ledger.path, None, unknown, is_new=False)


def _noted(campaign: Campaign, ledger: Ledger | None) -> list[Path]:
    """The places where the ledger knows the results of the list."""
    if ledger is None:
        return []
    sheet = str(campaign.sheet.absolute())
    with ledger.read() as connection:
        records = campaigns(connection)
    return [
        Path(record.settings.results)
        for record in records
        if record.settings.results and sheet in (record.settings.sheet, record.source)
    ]


def _unknown_in(sheet: Path, reading: Reading, ledger: Ledger | None) -> list[Result]:
    """The messages that a sheet tells of and the ledger does not know.

    Raises StorageError when the sheet may be one of results and cannot be read.
    """
    if ledger is not None and (_is_known(ledger, sheet) or _is_accepted(ledger, sheet)):
        return []
    earlier = read_trace(sheet, reading)
    if earlier is None:
        return []
    if ledger is None:
        return list(_unknown(earlier, None))
    with ledger.read() as connection:
        knowledge = Knowledge(connection)
        places = {record.settings.results for record in campaigns(connection)}
    # Elsewhere it may be the results of another campaign, whose text is another.
    return list(_unknown(earlier, knowledge, texts_count=str(sheet) not in places))


def refuse_lost_results(campaign: Campaign, path: Place) -> None:
    """Raise StorageError when a ledger is missing at a path of which anything tells of messages.

    One on a server is asked once it is open.
    """
    if isinstance(path, Server):
        return
    try:
        if is_there(path):
            return
        adopt_lost(campaign, path, None)
        refuse_lost(path)
    except StorageError as error:
        raise in_full(error, campaign, path) from None
    refuse_unknown_results(campaign, None, path)


def in_full(error: StorageError, campaign: Campaign, path: Path) -> StorageError:
    """Add to an error what second records know, and the results sheets beside the list to the
    command that mends a ledger."""
    known = known_of(path)
    if known and known not in error.what:
        error = StorageError(f"{error.what} {known}", where=error.where, remedy=error.remedy)
    found = []
    for sheet in traces_of(campaign):
        with suppress(StorageError):  # it is told when it is its turn
            if read_trace(sheet, campaign.reading):
                found.append(sheet)
    if not found or error.remedy is None:
        return error
    plain = words.command("ledger restore", ledger=path)
    full = words.command("ledger restore", *map(words.argument, found), ledger=path)
    return StorageError(error.what, where=error.where, remedy=error.remedy.replace(plain, full))


def _is_known(ledger: Ledger, sheet: Path) -> bool:
    """Tell whether the file is as this ledger left it: then it says nothing new."""
    with ledger.read() as connection:
        return any(
            left(results_noted(connection, record.id)).is_ours(sheet)
            for record in campaigns(connection)
        )


def _is_accepted(ledger: Ledger, sheet: Path) -> bool:
    try:
        digest = digest_of(sheet)
    except OSError:  # it is told when it is read
        return False
    with ledger.read() as connection:
        return accepted.has_sheet(connection, digest)


def _unknown(
    earlier: Earlier, knowledge: Knowledge | None, *, texts_count: bool = False
) -> Iterator[Result]:
    for result in earlier.results():
        if not result.is_messaged:
            continue
        keys = result.recipient.keys if result.recipient else ()
        text = result.text or "" if texts_count else ""
        if knowledge is None or not keys or not knowledge.has(keys, result.at, text):
            yield result


def _untold(
    sheet: Path, path: Path, campaign: Campaign | None, unknown: Sequence[Result], *, is_new: bool
) -> StorageError:
    times = [one.at for one in unknown if one.at is not None]
    since = f", since {day(min(times))}" if times else ""
    count = words.count(len(unknown), "message")
    whose = "there is no ledger that knows them" if is_new else "the ledger does not know them"
    named = {"name": campaign.name or ""} if campaign and _is_of(campaign, sheet) else {}
    restore = words.command("ledger restore", words.argument(sheet), **named, ledger=path)
    accept = words.command("ledger accept", words.argument(sheet), ledger=path)
    return StorageError(
        f"The results sheet {sheet.name} tells of {count}{since}, but {whose}. Nothing was sent.",
        where=str(sheet),
        remedy=(
            f"If the right ledger is elsewhere, name it with --ledger. Else: {restore} (it says "
            f"first what it will do). If these messages do not count: {accept}."
        ),
    )


def _is_of(campaign: Campaign, sheet: Path) -> bool:
    """Tell whether a results sheet must be that of the campaign's name: by its place, or by its
    own name where it has one."""
    if not campaign.name:
        return False
    if campaign.results is not None:
        return campaign.results.absolute() == sheet
    others = [one for one in traces_of(campaign) if name_in(one) == campaign.name]
    return sheet in others or not others


def look_over(campaign: Campaign, ledger: Ledger) -> None:
    """Compare the ledger with its second record and the results beside the list.

    Raises StorageError when it does not know all that was sent.
    """
    ledger.refuse_moved()
    try:
        look_through(ledger)
    except StorageError as error:
        raise in_full(error, campaign, ledger.path) from None
    if not ledger.is_shared:
        adopt_lost(campaign, ledger.path, ledger)
    refuse_behind(ledger)
    refuse_unknown_results(campaign, ledger, ledger.path)
