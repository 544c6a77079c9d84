"""Whole runs against the simulated endpoint.

They keep the five promises, over days, edits, answers and other runs.
"""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runner.action.plan import prepare
from runner.action.settle import settle_rows
from runner.action.standing import find_line
from runner.action.take import take_list
from runner.errors import (
    AlreadyRunningError,
    ExitCode,
    InterruptedRunError,
    RefusedError,
    StorageError,
    UsageError,
)
from runner.intake.sheet import Reading
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.lock import run_lock
from runner.ledger.record import Claim, Outcome, Status
from runner.ledger.suppression import suppress
from runner.rehearsal.endpoint import Answer
from runner.rehearsal.receipt import urn_of
from runner.sending import lane
from runner.sending.dispatch import Interruption, dispatch
from runner.sending.event import ForeignUse, Sent
from runner.sending.look import Looker
from runner.sending.reach import Reaching
from runner.sending.traffic import Traffic
from tests.world import MONDAY, World, crowd, read_results, slugs

HASTE: Final = {"now": True, "min_gap": 0}


def test_a_small_list_goes_out_once_and_comes_back_whole(tmp_path: Path) -> None:
    """Rows are sent in the sheet's order, and come back with what the answer told. The second run
    sends nothing and exits 0."""
    world = World(tmp_path, crowd(5))
    report = world.run()
    assert (report.exit_code, report.sent, report.stop) == (ExitCode.DONE, 5, None)
    assert world.received() == slugs(world.people)
    rows = read_results(report.results.path)
    assert list(rows[0])[:2] == list(world.header)
    assert [
        (row["status"], row["typingIndicatorSent"], row["attempts"], row["httpStatus"])
        for row in rows
    ] == [("sent", "false", "1", "200")] * 5
    assert rows[0]["sentMessage"] == "Hi Name0"
    assert rows[0]["sentToUrn"] == urn_of("person-0")
    again = world.run()
    assert (again.exit_code, again.sent, len(world.server.receipts)) == (ExitCode.DONE, 0, 5)


def test_the_quota_is_used_fully_and_never_exceeded_over_days(tmp_path: Path) -> None:
    """Of 40 rows at 15 a day, daily runs send 15, 15 and 10. Each day all that may go goes and no
    more, and no 429 is provoked."""
    world = World(tmp_path, crowd(40), limit=15)
    codes = [world.run_days(1).exit_code for _ in range(3)]
    per_day = [world.server.used_on(MONDAY + timedelta(days=day), "") for day in range(4)]
    assert per_day == [15, 15, 10, 0]
    assert codes == [ExitCode.PAUSED, ExitCode.PAUSED, ExitCode.DONE]
    assert world.server.requests == 40


@pytest.mark.slow
def test_without_headers_our_own_count_keeps_the_quota(tmp_path: Path) -> None:
    """Without any rate header, 150 go in a UTC day by our own count, and more from midnight on."""

    def silent(fields: dict[str, Any]) -> Answer:
        return Answer(200, b'{"success": true, "typingIndicatorSent": true}')

    world = World(tmp_path, crowd(200), script=silent)
    first = world.run(now=True, min_gap=1)
    assert (first.sent, first.exit_code) == (150, ExitCode.PAUSED)
    assert first.summary.next_send_at == datetime(2026, 11, 24, tzinfo=UTC)
    world.clock.advance_to(datetime(2026, 11, 24, tzinfo=UTC))
    assert world.run(now=True, min_gap=1).sent == 50


@pytest.mark.slow
def test_messages_keep_to_the_hours_and_are_spread(tmp_path: Path) -> None:
    """Messages go within 09:00-17:00 on weekdays only, spread evenly, at least min_gap apart. With
    --wait the run stays over nights and the weekend."""
    world = World(tmp_path, crowd(120), limit=25, start=datetime(2026, 11, 26, 12, tzinfo=UTC))
    report = world.run(stay=True, hours="09:00-17:00", days="mon-fri")
    times = [receipt.at for receipt in world.server.receipts]
    assert report.exit_code is ExitCode.DONE
    assert all(9 <= at.hour < 17 and at.weekday() < 5 for at in times)
    gaps = [after - before for before, after in pairwise(times) if after.date() == before.date()]
    assert min(gaps) >= timedelta(seconds=30)
    whole_day = [at for at in times if at.date() == datetime(2026, 11, 27, tzinfo=UTC).date()]
    assert len(whole_day) == 25
    assert whole_day[-1] - whole_day[0] > timedelta(hours=7)


@pytest.mark.slow
def test_a_quota_that_resets_within_the_hours_makes_no_burst(tmp_path: Path) -> None:
    """In Los Angeles the quota's day ends at 16:00. The messages that the last hour could send are
    spread into the next day's hours."""
    world = World(tmp_path, crowd(150), limit=40, start=datetime(2026, 11, 23, 12, tzinfo=UTC))
    world.run(stay=True, time_zone="America/Los_Angeles")
    times = [receipt.at for receipt in world.server.receipts]
    gaps = [after - before for before, after in pairwise(times)]
    assert len(times) == 150
    assert min(gaps) > timedelta(minutes=8)


def test_outside_the_hours_a_run_says_when_to_come_back(tmp_path: Path) -> None:
    """On a Saturday a run sends nothing, exits 75, and says that the next message goes on Monday at
    nine."""
    world = World(tmp_path, crowd(3), start=datetime(2026, 11, 28, 12, tzinfo=UTC))
    report = world.run()
    assert (report.exit_code, report.sent) == (ExitCode.PAUSED, 0)
    assert report.summary.next_send_at == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert read_results(report.results.path)[0]["waitsUntil"] == "2026-11-30T09:00:00Z"


@pytest.mark.slow
def test_accounts_share_the_rows_evenly_and_keep_their_own_quota(tmp_path: Path) -> None:
    """Each recipient keeps an account when the list is sorted anew, and a row's own accountId wins.
    Quotas are per account."""
    people = [
        (f"N{number}", f"person-{number}", "acc_own" if number % 10 == 0 else "")
        for number in range(60)
    ]
    world = World(
        tmp_path, people, header=("First Name", "recipientProfileId", "accountId"), limit=20
    )
    report = world.run(accounts=("acc_a", "acc_b"))
    used = {
        account: world.server.used_on(MONDAY, account) for account in ("acc_own", "acc_a", "acc_b")
    }
    assert used["acc_own"] == 6
    assert report.exit_code is ExitCode.PAUSED
    assert used["acc_a"] == used["acc_b"] == 20
    planned = {
        line.cells[1]: line.account for line in world.lines() if line.status is Status.WAITING
    }
    assert sorted(planned.values()).count("acc_a") == 7
    random.Random(1).shuffle(world.people)
    first = {receipt.recipient: receipt.account for receipt in world.server.receipts}
    world.run_days(2, accounts=("acc_b", "acc_a"))
    waited = {
        receipt.recipient: receipt.account
        for receipt in world.server.receipts
        if receipt.recipient not in first
    }
    assert len(first) + len(waited) == 60
    assert waited == planned


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (Answer(400, b'{"error": "message is required"}'), "failed", ExitCode.NEEDS_A_PERSON),
        (Answer(404, b'{"error": "Profile not found"}'), "failed", ExitCode.NEEDS_A_PERSON),
        (Answer(401, b'{"error": "Unauthorized"}'), "waiting", ExitCode.ACCESS),
        (Answer(402, b"{}"), "waiting", ExitCode.ACCESS),
        (Answer(403, b"{}"), "waiting", ExitCode.ACCESS),
        (Answer(404, b'{"error": "Account not found"}'), "waiting", ExitCode.ACCESS),
        (
            Answer(500, b'{"error": "Failed to get LinkedIn authentication credentials"}'),
            "waiting",
            ExitCode.ACCESS,
        ),
        (Answer(404, b"<html>"), "waiting", ExitCode.ENDPOINT),
        (Answer(410, b""), "waiting", ExitCode.ENDPOINT),
        (
            Answer(429, b'{"error": "Rate limit exceeded for MESSAGE: 150/150 used"}'),
            "waiting",
            ExitCode.PAUSED,
        ),
        (Answer(500, b""), "uncertain", ExitCode.NEEDS_A_PERSON),
        (Answer(200, b"<html>"), "uncertain", ExitCode.NEEDS_A_PERSON),
        (Answer(302, b""), "uncertain", ExitCode.NEEDS_A_PERSON),
        (Answer(0, b"", cut="answer-lost"), "uncertain", ExitCode.NEEDS_A_PERSON),
    ],
)
def test_each_answer_ends_one_row_as_the_table_says(
    tmp_path: Path, answer: Answer, status: str, code: ExitCode
) -> None:
    """One row gets one request and one answer, and ends with the contract's status and exit code. A
    re-run repeats only what surely did not go."""
    requests = []

    def script(fields: dict[str, Any]) -> Answer:
        requests.append(fields)
        return answer

    world = World(tmp_path, crowd(1), script=script)
    report = world.run()
    assert (world.statuses(), report.exit_code, len(requests)) == ([status], code, 1)
    assert (report.stop is not None) == (code in (ExitCode.ACCESS, ExitCode.ENDPOINT))
    world.run()
    assert len(requests) == (2 if status == "waiting" and code is not ExitCode.PAUSED else 1)


def test_an_uncertain_row_is_never_tried_again_by_itself(tmp_path: Path) -> None:
    """An uncertain row is not tried again by the next run, nor after an edit of its text. Only a
    person's word makes it wait, and then it goes once more."""
    answers = [Answer(502, b"")]
    world = World(tmp_path, crowd(1), script=lambda _: answers.pop() if answers else None)
    world.run()
    world.template = "Edited, {{ first_name }}"
    world.run_days(3)
    assert (world.statuses(), world.server.requests) == (["uncertain"], 1)
    ledger = world.ledger()
    record = world.plans[-1].summary.campaign
    settle_rows(ledger, record, [2], sent=False, by="Ann", now=world.clock.now())
    assert find_line(ledger, record, 2).status is Status.WAITING
    ledger.close()
    assert world.run().sent == 1
    assert world.server.receipts[0].message == "Edited, Name0"


def test_settling_as_sent_ends_a_row(tmp_path: Path) -> None:
    """--sent records the person's word. A row that is neither uncertain nor failed cannot be
    settled, and then no row at all is settled."""
    world = World(
        tmp_path,
        crowd(2),
        script=lambda fields: Answer(502, b"") if "Name0" in fields["message"] else None,
    )
    world.run()
    record = world.plans[-1].summary.campaign
    ledger = world.ledger()
    with pytest.raises(UsageError, match="Row 3 is sent"):
        settle_rows(ledger, record, [2, 3], sent=True, by="Ann", now=world.clock.now())
    assert find_line(ledger, record, 2).status is Status.UNCERTAIN
    settle_rows(ledger, record, [2], sent=True, by="Ann", now=world.clock.now())
    line = find_line(ledger, record, 2)
    assert (line.status, line.reason) == (Status.SENT, "settled as sent by Ann")
    assert line.sent_at is not None
    ledger.close()
    world.people.reverse()
    assert world.run().exit_code is ExitCode.DONE
    assert [line.reason for line in world.lines()] == [None, "settled as sent by Ann"]


def test_three_unclear_answers_in_a_row_stop_the_account(tmp_path: Path) -> None:
    """Three unclear answers in a row stop the account. An endpoint that does not behave does not
    get to burn the whole list."""
    world = World(tmp_path, crowd(10), script=lambda _: Answer(502, b""))
    report = world.run()
    assert world.statuses() == ["uncertain"] * 3 + ["waiting"] * 7
    assert report.exit_code is ExitCode.ENDPOINT


def test_an_unreachable_endpoint_is_tried_a_few_times_and_costs_no_row(tmp_path: Path) -> None:
    """After refused connections, the same row is retried a bounded number of times, and then the
    run exits 5. Everything still waits."""
    world = World(tmp_path, crowd(3))
    world.server.refuses = lambda: True  # type: ignore[method-assign]
    report = world.run()
    assert (world.statuses(), report.exit_code, world.server.requests) == (
        ["waiting"] * 3,
        ExitCode.ENDPOINT,
        0,
    )
    assert len([event for event in world.events if isinstance(event, Sent)]) == 4
    assert world.lines()[0].attempts == 0


def test_a_velocity_limit_is_waited_out_within_the_run(tmp_path: Path) -> None:
    """On a 429 with Retry-After, the same row goes again after the wait, and the run goes on."""
    slow = [
        Answer(429, b'{"error": "slow down"}', {"Retry-After": "30", "X-RateLimit-Remaining": "99"})
    ] * 2
    world = World(tmp_path, crowd(3), script=lambda _: slow.pop() if slow else None)
    report = world.run(now=True, min_gap=0)
    assert (report.exit_code, report.sent) == (ExitCode.DONE, 3)
    assert world.clock.now() - MONDAY >= timedelta(seconds=60)


def test_endless_slowing_down_ends_the_run_and_no_row(tmp_path: Path) -> None:
    """A 429 without end is bounded: the run pauses with exit 75."""
    world = World(tmp_path, crowd(2), script=lambda _: Answer(429, b"{}", {"Retry-After": "30"}))
    report = world.run(now=True, min_gap=0)
    assert (report.exit_code, world.statuses(), world.server.requests) == (
        ExitCode.PAUSED,
        ["waiting"] * 2,
        5,
    )


def test_staying_runs_do_not_hammer_an_endpoint_that_slows_them(tmp_path: Path) -> None:
    """With --wait, a run asks ever more rarely when a 429 has no end. The row goes when it may."""
    slow = [Answer(429, b"{}", {"Retry-After": "1"})] * 50
    world = World(tmp_path, crowd(1), script=lambda _: slow.pop() if slow else None)
    assert world.run(stay=True, now=True, min_gap=0).exit_code is ExitCode.DONE
    assert world.clock.now() - MONDAY > timedelta(hours=11)


def test_other_peoples_use_of_the_quota_is_seen(tmp_path: Path) -> None:
    """A run stops before the 429 when the headers tell that others used the account."""
    spent = {
        "X-RateLimit-Limit": "150",
        "X-RateLimit-Remaining": "2",
        "X-RateLimit-Reset": "2026-11-24T00:00:00Z",
    }
    answers = [Answer(200, b'{"success": true}', spent)]
    world = World(
        tmp_path,
        crowd(10),
        script=lambda _: answers.pop() if answers else Answer(200, b'{"success": true}'),
    )
    assert world.run().sent == 3


def test_an_account_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    """Missing credentials of one account stop its lane, and the other lane goes on. The exit code
    says so."""

    def script(fields: dict[str, Any]) -> Answer | None:
        refused = b'{"error": "Failed to get LinkedIn authentication credentials"}'
        return Answer(500, refused) if fields["accountId"] == "acc_a" else None

    world = World(tmp_path, crowd(20), script=script)
    report = world.run(accounts=("acc_a", "acc_b"))
    assert report.exit_code is ExitCode.ACCESS
    assert report.sent == world.server.used_on(MONDAY, "acc_b") > 0


def test_max_bounds_a_run(tmp_path: Path) -> None:
    """With --max 2, two messages go over all accounts, and the rest waits."""
    world = World(tmp_path, crowd(9))
    report = world.run(most=2, accounts=("acc_a", "acc_b"))
    assert (report.sent, report.exit_code, report.summary.totals.waiting) == (2, ExitCode.PAUSED, 7)


def test_the_daily_limit_lowers_the_quota(tmp_path: Path) -> None:
    """With --daily-limit 4, four messages go a day."""
    world = World(tmp_path, crowd(10))
    world.run_days(3, daily_limit=4)
    assert [world.server.used_on(MONDAY + timedelta(days=day), "") for day in range(3)] == [4, 4, 2]


# --- sheets that change


def test_sorting_inserting_deleting_and_renaming_change_nothing_for_those_sent(
    tmp_path: Path,
) -> None:
    """When rows move and the file gets another name and place, no person is messaged again. New
    people are messaged once, and vanished people are withdrawn."""
    world = World(tmp_path, crowd(12), limit=5)
    world.run()
    world.people.reverse()
    world.people.insert(3, ("New", "person-new"))
    gone = world.people.pop(0)
    world.sheet = "renamed list.csv"
    report = world.run_days(4)
    assert report.summary.campaign.name == "people"
    assert any("under another name" in notice for plan in world.plans for notice in plan.notices)
    expected = {*slugs(crowd(12)), "person-new"} - {gone[1]}
    assert sorted(world.received()) == sorted(expected)


def test_a_withdrawn_person_who_returns_waits_again(tmp_path: Path) -> None:
    """A person who is deleted from the sheet and put back before the message went is sent once."""
    world = World(tmp_path, crowd(4), limit=2)
    world.run_days(1)
    last = world.people.pop()
    world.run(most=1)
    world.people.append(last)
    world.run_days(2)
    assert sorted(world.received()) == slugs(crowd(4))


def test_an_edited_message_reaches_only_those_who_still_wait(tmp_path: Path) -> None:
    """A sent message stays as it was sent, in the results too."""
    world = World(tmp_path, crowd(4), limit=2)
    world.run_days(1)
    world.template = "New text for {{ first_name }}"
    report = world.run_days(1)
    assert [row["sentMessage"] for row in read_results(report.results.path)] == [
        "Hi Name0",
        "Hi Name1",
        "New text for Name2",
        "New text for Name3",
    ]


def test_a_row_that_becomes_invalid_is_not_sent(tmp_path: Path) -> None:
    """A row whose name is blanked while it waits is invalid. Once the name is filled in again, the
    row is sent."""
    world = World(tmp_path, crowd(2), limit=1)
    world.run_days(1)
    world.people[1] = ("", "person-1")
    assert world.run_days(1).exit_code is ExitCode.NEEDS_A_PERSON
    assert world.statuses() == ["sent", "invalid"]
    world.people[1] = ("Name1", "person-1")
    assert world.run_days(1).exit_code is ExitCode.DONE
    assert world.received() == ["person-0", "person-1"]


def test_the_answers_urn_makes_two_spellings_one_person(tmp_path: Path) -> None:
    """When a slug was sent and the answer named its URN, that URN is the same person, in the same
    sheet or a later one."""
    world = World(tmp_path, [("A", "person-a"), ("B", urn_of("person-a"))])
    report = world.run()
    assert world.statuses() == ["sent", "skipped"]
    assert (report.exit_code, world.lines()[1].reason) == (ExitCode.DONE, "same person as row 2")
    world.people = [("A", urn_of("person-a"))]
    assert world.run().sent == 0
    assert world.statuses() == ["sent"]


U = urn_of("person-a")


URN_ONLY, BOTH, SLUG_ONLY = ("A", "", U), ("A", "person-a", U), ("A", "person-a", "")


@pytest.mark.parametrize(
    "sheets",
    [
        [[URN_ONLY, BOTH, SLUG_ONLY]],
        [[URN_ONLY], [BOTH], [SLUG_ONLY]],
        [[SLUG_ONLY], [BOTH], [URN_ONLY]],
        [[URN_ONLY], [SLUG_ONLY, BOTH]],
    ],
)
@pytest.mark.parametrize("answer", ["sent", "uncertain", "bare"])
def test_the_sheets_own_links_hold(tmp_path: Path, sheets: list[Any], answer: str) -> None:
    """A row that gives slug and URN makes them one person, at once and for later readings. There is
    one request in all."""
    answers = {
        "sent": Answer(200, b'{"success": true}'),
        "uncertain": Answer(502, b""),
        "bare": Answer(
            200, f'{{"success": true, "recipientProfileUrn": "{U.rpartition(":")[2]}"}}'.encode()
        ),
    }
    header = ("First Name", "recipientProfileId", "recipientProfileUrn")
    world = World(tmp_path, [], header=header, script=lambda _: answers[answer])
    for people in sheets:
        world.people = people
        world.run_days(1)
    assert world.server.requests == 1


def test_an_answer_that_names_another_person_stops_the_account(tmp_path: Path) -> None:
    """An answer for another person than was asked for exits 5, whether the run asked for a URN or
    for a profile ID whose URN is known. The row says so, no other row is sent, and the two are not
    taken for one person."""
    other = urn_of("somebody else")
    wrong = Answer(200, f'{{"success": true, "recipientProfileUrn": "{other}"}}'.encode())
    for number, asked in enumerate([U, "person-known"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = World(folder, [("A", "person-known")], sheet="first.csv")
        world.run()
        world.people, world.sheet = [("A", asked), ("B", "person-b")], "second.csv"
        world.server.script = lambda _fields: wrong
        report = world.run(name="second", accounts=("acc_1",), min_days=0)
        assert (report.exit_code, report.sent) == (ExitCode.ENDPOINT, 0)
        assert report.stop is not None
        assert other in report.stop.reason
        line, waiting = world.lines("second")
        assert (line.status, line.sent_to_urn, waiting.status) == (
            Status.UNCERTAIN,
            other,
            Status.WAITING,
        )
        assert "another person" in (line.error or "")
        world.people = [("A", asked)]
        world.server.script = None
        later = world.run(name="second", accounts=("acc_1",), min_days=0)
        # The row stays uncertain until a person has settled it.
        assert (later.exit_code, later.summary.uncertain) == (
            ExitCode.NEEDS_A_PERSON,
            ((2, asked),),
        )


def test_an_alarm_is_told_when_nothing_waits_any_more(tmp_path: Path) -> None:
    """When the last row of a list went to another person, the run exits 5. Each later run exits 1,
    until a person settles it."""
    wrong = Answer(
        200, f'{{"success": true, "recipientProfileUrn": "{urn_of("somebody else")}"}}'.encode()
    )
    world = World(tmp_path, [("A", U)], script=lambda _: wrong)
    assert world.run().exit_code is ExitCode.ENDPOINT
    assert world.run().exit_code is ExitCode.NEEDS_A_PERSON


def test_two_waiting_spellings_that_turn_out_one_are_one(tmp_path: Path) -> None:
    """When another campaign links two spellings that both wait, one is sent and the other is
    skipped. No delivery is left behind."""
    world = World(tmp_path, [("X", "person-x"), ("A", "person-a"), ("A", U)])
    world.run(most=1, min_days=0)
    people = world.people
    world.people, world.sheet = [("A", "person-a")], "second.csv"
    world.check_receipts = lambda: None  # type: ignore[method-assign]  # the second campaign may write to the same person
    world.run(name="second", min_days=0)
    world.people, world.sheet = people, "people.csv"
    world.run(min_days=0)
    assert world.statuses() == ["sent", "sent", "skipped"]
    assert world.received() == ["person-x", "person-a", "person-a"]


def test_a_clock_that_was_ahead_silences_nobody(tmp_path: Path) -> None:
    """After a run under a clock a year ahead, the account goes on under the right clock."""
    world = World(tmp_path, crowd(6))
    world.clock.step(366 * 86_400)
    assert world.run(most=2).sent == 2
    world.clock.step(-366 * 86_400)
    report = world.run()
    assert (report.exit_code, report.sent) == (ExitCode.DONE, 4)


def test_rate_headers_that_come_in_part_never_starve_an_account(tmp_path: Path) -> None:
    """The next day's quota is used after a spent quota was told once, even when later answers have
    nothing but a reset."""

    def script(fields: dict[str, Any]) -> Answer:
        midnight = (world.clock.now() + timedelta(days=1)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        headers = {"X-RateLimit-Reset": midnight.isoformat()}
        if world.server.requests == 3:
            headers["X-RateLimit-Remaining"] = "0"
        return Answer(200, b'{"success": true}', headers)

    world = World(tmp_path, crowd(20), script=script)
    assert world.run(now=True, min_gap=0).sent == 3
    world.clock.advance(86_400)
    assert world.run(now=True, min_gap=0).sent == 17


def test_a_limit_alone_is_believed(tmp_path: Path) -> None:
    """When an answer tells only the limit, our own count keeps to it without provoking a 429."""
    world = World(
        tmp_path,
        crowd(20),
        script=lambda _: Answer(200, b'{"success": true}', {"X-RateLimit-Limit": "5"}),
    )
    assert world.run(now=True, min_gap=0).sent == 5


def test_a_workbook_that_opens_with_another_worksheet_is_asked_about(tmp_path: Path) -> None:
    """A workbook that was saved with another tab in front is refused. The campaign's people would
    be withdrawn for the other tab's."""
    from dataclasses import replace

    from openpyxl import Workbook

    world = World(tmp_path, crowd(2))
    book = Workbook()
    for title, start in (("Leads", 0), ("Archive", 50)):
        worksheet = book.create_sheet(title)
        for row in (world.header, *crowd(2, start)):
            worksheet.append(row)
    del book["Sheet"]
    book.save(tmp_path / "list.xlsx")
    campaign = replace(
        world.campaign(), source=tmp_path / "list.xlsx", sheet=tmp_path / "list.xlsx"
    )
    ledger = world.ledger()
    world.send(campaign, ledger, most=1)
    book.active = 1
    book.save(tmp_path / "list.xlsx")
    with pytest.raises(RefusedError, match="opens with 'Archive'"):
        world.send(campaign, ledger)
    world.send(replace(campaign, reading=Reading("Leads"), source=campaign.source), ledger)
    ledger.close()
    assert world.received() == ["person-0", "person-1"]


def test_a_results_sheet_continues_its_campaign(tmp_path: Path) -> None:
    """The results used as input continue the same campaign, with its result columns replaced. No
    person is messaged twice."""
    world = World(tmp_path, crowd(4), limit=2)
    first = world.run_days(1)
    results = first.results.path
    rows = read_results(results)
    world.sheet = "people.results.csv"
    world.header = tuple(rows[0])
    world.people = [tuple(row.values()) for row in rows]
    ledger = world.ledger()

    report = world.send(world.campaign(results=tmp_path / "again.csv"), ledger)
    ledger.close()
    assert (report.summary.campaign.name, report.summary.campaign.headers) == (
        "people",
        ("First Name", "recipientProfileId"),
    )
    assert sorted(world.received()) == slugs(crowd(4))


def test_a_doubt_about_the_campaign_is_a_persons_to_settle(tmp_path: Path) -> None:
    """Some of the same people under another file name and another text are refused, with both
    commands. The option --name decides."""
    world = World(tmp_path, crowd(4))
    world.run()
    world.sheet, world.template, world.people = (
        "second.csv",
        "Another text, {{ first_name }}",
        crowd(4, start=2),
    )
    with pytest.raises(RefusedError) as caught:
        world.run()
    assert "--name 'people'" in str(caught.value.remedy)
    assert "--name 'second'" in str(caught.value.remedy)
    assert len(world.server.receipts) == 4


edits = st.lists(
    st.sampled_from(
        [
            "shuffle",
            "insert",
            "delete",
            "duplicate",
            "respell",
            "blank",
            "unblank",
            "run",
            "run",
            "rename",
        ]
    ),
    min_size=1,
    max_size=14,
)


@pytest.mark.slow
@hypothesis_settings(max_examples=15)
@given(edits, st.integers(0, 1_000), st.sampled_from([0.0, 0.3]))
def test_whatever_is_done_to_the_sheet_between_runs_nobody_is_messaged_twice(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], seed: int, faults: float
) -> None:
    """After any order of edits and daily runs, with and without faults, no person is messaged
    twice. Every row is accounted for, and the quota is kept."""
    chance = random.Random(seed)
    world = World(tmp_path_factory.mktemp("w"), crowd(6), limit=3, faults=faults, seed=seed)
    world.server.neighbours = False  # the ledger alone keeps the law
    for step in [*steps, "run", "run"]:
        people = world.people
        chosen = chance.randrange(len(people))
        name, person, *_ = people[chosen]
        if step == "shuffle":
            chance.shuffle(people)
        elif step == "insert":
            people.insert(chosen, ("Inserted", f"inserted-{chance.randrange(10)}"))
        elif step == "delete" and len(people) > 1:
            people.pop(chosen)
        elif step == "duplicate":
            people.append((name, person))
        elif step == "respell":
            people[chosen] = (
                name,
                f"https://www.linkedin.com/in/{person.upper()}/" if "/" not in person else person,
            )
        elif step == "blank":
            people[chosen] = ("", person)
        elif step == "unblank":
            people[chosen] = ("Named", person)
        elif step == "rename":
            world.sheet = f"list-{chance.randrange(3)}.csv"
        else:
            try:
                world.run_days(1)
            except RefusedError:
                # The list has become another one. A person would be asked.
                world.check_receipts()
    world.check_receipts()


# --- other runs, other campaigns


def test_two_runs_of_a_campaign_at_once(tmp_path: Path) -> None:
    """While one run holds the campaign, another refuses and says since when. The lock is free
    afterwards."""
    world = World(tmp_path, crowd(3))
    world.run(most=1)
    record = world.plans[-1].summary.campaign
    other = open_ledger(tmp_path / "ledger.db")
    with run_lock(other, record.name, record.id):
        with pytest.raises(AlreadyRunningError) as caught:
            world.run()
        assert caught.value.exit_code is ExitCode.ALREADY_RUNNING
    other.close()
    assert world.run().exit_code is ExitCode.DONE


def test_two_campaigns_share_an_accounts_quota_and_spacing(tmp_path: Path) -> None:
    """Two campaigns side by side on one account, in one loop, send one message at a time, spaced.
    They stay within one quota and use all of it."""
    world = World(tmp_path, crowd(20), limit=25)
    ledgers = [world.ledger(), world.ledger()]
    lanes = []
    for number, ledger in enumerate(ledgers):
        world.people, world.sheet = crowd(20, start=100 * number), f"list-{number}.csv"
        campaign = world.campaign(now=True, min_gap=40, name=f"c{number}", accounts=["acc"])
        taken = take_list(campaign, ledger, world.clock.now())
        prepared = prepare(taken, ledger, world.clock.now())
        traffic = Traffic(
            ledger=ledger,
            campaign_id=prepared.record.id,
            pace=campaign.pace,
            vendor=(vendor := world.vendor()),
            report=world.events.append,
            looker=Looker(
                ledger,
                vendor.lookup,
                world.clock.now,
                7,
                Reaching(
                    ledger,
                    vendor.lookup,
                    world.clock.now,
                    sends_to_strangers=False,
                    uses_inmail=False,
                ),
            ),
        )
        lanes.append(dispatch(traffic, ["acc"], Interruption()))

    async def both() -> None:
        await asyncio.gather(*lanes)

    with asyncio.Runner(loop_factory=world.clock.loop) as runner:
        runner.run(both())
    times = [receipt.at for receipt in world.server.receipts]
    assert len(times) == world.server.requests == 25
    gaps = [after - before for before, after in pairwise(times)]
    # Claims are 40 s apart. The answer, and so the receipt, comes up to 3 s later.
    assert min(gaps) >= timedelta(seconds=36)
    for ledger in ledgers:
        ledger.close()


def test_a_claim_that_waited_for_the_ledger_counts_no_message_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a claim waits for the ledger, another campaign sends its share. What the server told of
    those messages holds them, so the first campaign still sends its own share."""
    world, other = World(tmp_path, crowd(8), limit=10), World(tmp_path, crowd(8, start=100))
    other.clock, other.server, other.sheet = world.clock, world.server, "others.csv"
    claim, write, late = lane.claim, Ledger.write, list[threading.Thread]()

    def third(*arguments: Any, **more: Any) -> Any:
        if len(world.server.receipts) == 2 and not late:
            late.append(threading.Thread(target=other.run, kwargs=HASTE))
        return claim(*arguments, **more)

    def write_after_the_other(self: Ledger, *hold: Any) -> Any:
        if late and late[0].ident is None:
            late[0].start()
            late[0].join()
        return write(self, *hold)

    monkeypatch.setattr(lane, "claim", third)
    monkeypatch.setattr(Ledger, "write", write_after_the_other)
    report = world.run(**HASTE)
    assert (report.sent, report.exit_code) == (5, ExitCode.PAUSED)
    assert len(world.server.receipts) == world.server.requests == 10
    assert not any(isinstance(event, ForeignUse) for event in world.events)


def test_the_do_not_contact_list_holds_at_intake_and_inside_the_claim(tmp_path: Path) -> None:
    """A person listed before the run is skipped at once, and one listed while the run waits is
    skipped at the next claim. The list holds under any spelling."""
    world = World(tmp_path, crowd(4))
    ledger = world.ledger()
    with ledger.write() as connection:
        suppress(connection, [("person-1",)], "asked", world.clock.now())

    def script(fields: dict[str, Any]) -> None:
        if fields["recipientProfileId"] == "person-0":
            with ledger.write() as connection:
                suppress(connection, [("person-2",)], "asked just now", world.clock.now())

    world.server.script = script
    report = world.run()
    ledger.close()
    assert world.statuses() == ["sent", "skipped", "skipped", "sent"]
    assert {line.reason for line in world.lines()[1:3]} == {"on the do-not-contact list"}
    assert report.exit_code is ExitCode.DONE


# --- before the first message


def test_nobody_agrees_and_nothing_is_sent(tmp_path: Path) -> None:
    """After a no to the plan, the run exits 130, and the list still waits."""
    world = World(tmp_path, crowd(2))
    with pytest.raises(InterruptedRunError):
        world.run(agree=False)
    assert world.server.requests == 0
    assert world.run().sent == 2


def test_a_typo_in_the_template_sends_nothing(tmp_path: Path) -> None:
    """A typo in the template exits 3 before the first message, and no campaign is begun."""
    world = World(tmp_path, crowd(2), template="Hi {{ firstname_ }} {{ nme }}")
    with pytest.raises(RefusedError) as caught:
        world.run()
    assert (caught.value.exit_code, world.server.requests) == (ExitCode.REFUSED, 0)


def test_results_that_cannot_be_written_are_told_before_sending(tmp_path: Path) -> None:
    """When the folder of the results is not there, the run exits 7 and sends nothing."""
    world = World(tmp_path, crowd(2))
    with pytest.raises(StorageError):
        world.run(results=tmp_path / "no such folder" / "r.csv")
    with pytest.raises(UsageError):
        world.run(results=world.path)
    assert world.server.requests == 0


@pytest.mark.parametrize("most", [None, 2])
def test_what_changes_before_the_first_byte_is_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int | None
) -> None:
    """Somebody is put on the do-not-contact list while the connection for the message is made: no
    byte of it leaves, the row is skipped, and the run has sent none the less for it."""
    world = World(tmp_path, crowd(4))
    send, told = Traffic.send, []

    async def late(traffic: Traffic, claim: Claim) -> Outcome:
        if not told:
            told.append(claim.row)
            with closing(world.ledger()) as other, other.write() as connection:
                suppress(connection, [claim.recipient.keys], None, traffic.now())
        return await send(traffic, claim)

    monkeypatch.setattr(Traffic, "send", late)
    report = world.run(now=True, min_gap=0, most=most)
    sent = most or 3
    assert world.received() == [f"person-{number}" for number in range(1, 1 + sent)]
    assert world.statuses() == ["skipped", *["sent"] * sent, *["waiting"] * (3 - sent)]
    assert report.sent == sent
