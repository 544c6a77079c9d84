"""The daily life of a campaign, as whole runs.

Quotas are read first, others use the account, clocks are off, and forecasts come true.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from runner.action.standing import find_line
from runner.errors import ExitCode, RefusedError
from runner.ledger.account import account_state
from runner.ledger.campaign import campaigns
from runner.ledger.record import Status
from runner.rehearsal.endpoint import Answer
from runner.rehearsal.rehearse import rehearse
from runner.result.summary import Summary, summarise
from runner.result.why import why
from runner.sending.clock import ServerClock
from runner.sending.event import ClockOff, ForeignUse, Sending, Sent, UnbelievedLimit, Waiting
from runner.sending.pace import pace_of
from runner.sending.quota import BELIEVABLE, allowance
from runner.show.console import Console
from runner.show.progress import Goal, Progress
from tests.world import MONDAY, World, crowd

OFFICE = {"hours": "09:00-17:00", "days": "mon-fri", "time_zone": "UTC"}


def spend(world: World, count: int, account: str = "") -> None:
    """Send from the account, as another tool or a person does."""
    world.server.use(account, count)


def summary_of(world: World, **options: Any) -> Summary:
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaigns(connection)[0]
    found = summarise(ledger, record, pace_of(record.settings), world.clock.now())
    ledger.close()
    return found


# --- other people's use


def test_a_day_starts_with_the_truth(tmp_path: Path) -> None:
    """When others sent 90 of 100 before the first run, the plan says 10 today, and 10 go. No
    request meets a spent quota."""
    world = World(tmp_path, crowd(30), limit=100)
    spend(world, 90, "acc_1")
    report = world.run(accounts=("acc_1",), now=True, min_gap=0)
    view = world.plans[0].summary.accounts[0]
    assert (view.remaining, view.foreign) == (10, 90)
    assert (report.sent, report.exit_code, world.server.requests) == (10, ExitCode.PAUSED, 10)


def test_an_endpoint_without_quotas_is_asked_once_and_missed_by_nobody(tmp_path: Path) -> None:
    """A quota endpoint that answers 404 is asked once in the whole run, without a word about it.
    The headers of answers do as well."""
    world = World(tmp_path, crowd(5))
    world.server.neighbours = False
    report = world.run(accounts=("acc_1",), now=True, min_gap=1200)
    assert (report.sent, report.exit_code) == (5, ExitCode.DONE)
    # Each neighbour endpoint is asked once: the quota, the conversation, the connection.
    assert len(world.server.lookups) == 3
    assert {type(event) for event in world.events} == {Sending, Sent, Waiting}


def test_the_quota_is_asked_again_after_a_silence_only(tmp_path: Path) -> None:
    """With messages a minute apart, the quota is asked once, before them. With half an hour between
    them, it is asked before each, so that others' use is known."""
    for folder, gap, asked in (("a", 60, 1), ("b", 1800, 6)):
        (tmp_path / folder).mkdir()
        world = World(tmp_path / folder, crowd(6))
        world.run(accounts=("acc_1",), now=True, min_gap=gap)
        assert sum("/quota" in target for target in world.server.lookups) == asked


def test_a_jump_of_the_servers_count_is_reported_and_planned_around(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """When another tool sends 37 of 60 after ten messages, it is said at once. 13 more go, spread
    out, and no request is refused."""
    world = World(tmp_path, crowd(60), limit=60)

    def other_tool(_fields: dict[str, Any]) -> None:
        if world.server.requests == 10:
            spend(world, 37, "acc_1")

    world.server.script = other_tool
    report = world.run(accounts=("acc_1",), **OFFICE)
    assert (report.sent, world.server.requests, report.exit_code) == (23, 23, ExitCode.PAUSED)
    told = [event for event in world.events if isinstance(event, ForeignUse)]
    assert told == [ForeignUse("acc_1", 37)]
    Progress(Goal(60, 60), Console().tell).event(told[0])
    assert "37 more were sent through ConnectSafely today" in capsys.readouterr().err
    moments = [receipt.at for receipt in world.server.receipts]
    assert min(after - before for before, after in pairwise(moments[10:])) > timedelta(minutes=15)


def test_a_reserve_is_left_to_people(tmp_path: Path) -> None:
    """Of 50 a day, 8 are kept, so 42 go. When others use 20 of them on the next day, 30 go."""
    world = World(tmp_path, crowd(200), limit=50)
    assert world.run(accounts=("acc_1",), reserve=8, **OFFICE).sent == 42
    world.clock.advance_to(MONDAY + timedelta(days=1))
    spend(world, 20, "acc_1")
    assert world.run(accounts=("acc_1",), reserve=8, **OFFICE).sent == 30


# --- clocks


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_off_is_set_right_by_the_server_before_the_first_message(
    tmp_path: Path, hours: int
) -> None:
    """A clock that is five hours off, either way, is told. All goes within the true hours and the
    true day."""
    world = World(tmp_path, crowd(40), limit=30)
    # This computer's clock is that far ahead of the server's.
    world.server.skew = -timedelta(hours=hours)
    world.clock.advance_to(MONDAY + timedelta(hours=2 + hours))  # 08:00 in truth
    world.run(accounts=("acc_1",), stay=True, **OFFICE)
    ahead = [event.ahead for event in world.events if isinstance(event, ClockOff)]
    assert [round(gap / timedelta(hours=1)) for gap in ahead] == [hours]
    true = [receipt.at - timedelta(hours=hours) for receipt in world.server.receipts]
    assert len(true) == 40
    assert all(9 <= moment.hour < 17 for moment in true)
    assert Counter(moment.date() for moment in true) == {
        date(2026, 11, 23): 30,
        date(2026, 11, 24): 10,
    }


def test_clocks_too_far_apart_stop_the_run(tmp_path: Path) -> None:
    """When clocks are three days apart, neither can be believed. The run exits 5, sends nothing,
    and says what to do."""
    world = World(tmp_path, crowd(3))
    world.server.skew = timedelta(days=3)
    report = world.run(accounts=("acc_1",), now=True)
    assert (report.exit_code, report.sent, world.server.requests) == (ExitCode.ENDPOINT, 0, 0)
    assert report.stop is not None
    assert "clock" in report.stop.remedy


def test_small_differences_of_clocks_are_nothing() -> None:
    """A difference of a minute, either way, is left alone, and a larger one is followed once two
    answers agree. An answer without a date changes nothing."""
    now = [MONDAY]
    clock = ServerClock(lambda: now[0])
    for ahead, followed in ((60, 0), (-60, 0), (121, 121), (-7200, -7200), (30, 0)):
        clock.hear(MONDAY - timedelta(seconds=ahead))
        clock.hear(None)
        clock.hear(MONDAY - timedelta(seconds=ahead))
        assert clock.ahead == timedelta(seconds=followed)
        assert clock.now() == MONDAY - timedelta(seconds=followed)
    clock.hear(MONDAY - timedelta(days=2))
    assert clock.in_doubt
    assert clock.is_believable
    clock.hear(MONDAY - timedelta(days=2))
    assert not clock.in_doubt
    assert not clock.is_believable
    assert clock.now() == MONDAY


def test_a_clock_that_several_go_by_is_that_of_all_of_them() -> None:
    """What one of them hears of the vendor's time moves none of them away from the others."""
    clock = ServerClock(lambda: MONDAY)
    clock.follow(lambda own: own + timedelta(minutes=9))
    for _ in range(2):
        clock.hear(MONDAY)
    assert clock.ahead == timedelta(minutes=9)
    assert clock.now() == MONDAY + timedelta(minutes=9)


@pytest.mark.parametrize("at", [1, 7])
@pytest.mark.parametrize("hours", [-30, -5, 1, 5])
def test_one_strange_answer_moves_no_clock(tmp_path: Path, hours: int, at: int) -> None:
    """Three lanes send at once. One answer, whichever it is, shows a time that is hours off. All
    messages go out all the same, and no clock follows that answer."""
    world = World(tmp_path, crowd(30))

    def strange(fields: dict[str, Any]) -> Answer | None:
        if world.server.requests != at:
            return None
        answer = world.server.accept(fields["accountId"], fields, None)
        date = format_datetime(world.clock.now() + timedelta(hours=hours), usegmt=True)
        return replace(answer, headers={**answer.headers, "Date": date})

    world.server.script = strange
    report = world.run(accounts=("acc_1", "acc_2", "acc_3"), now=True)
    assert (report.exit_code, report.sent) == (ExitCode.DONE, 30)
    assert not [event for event in world.events if isinstance(event, ClockOff)]
    first, last = world.server.receipts[0].at, world.server.receipts[-1].at
    assert last - first < timedelta(minutes=30)


# --- numbers that are not ours, or none


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Reset": "{soon}"},
        {"X-RateLimit-Limit": "100", "X-RateLimit-Reset": "{soon}"},
        {"X-RateLimit-Limit": "1000000", "X-RateLimit-Reset": "{soon}"},
        {"X-RateLimit-Remaining": "1000000"},
        {
            "X-RateLimit-Action": "GET_MESSAGES",
            "X-RateLimit-Used": "1",
            "X-RateLimit-Remaining": "499",
        },
        {
            "X-RateLimit-Action": "PROFILE_VIEW",
            "X-RateLimit-Limit": "120",
            "X-RateLimit-Used": "0",
            "X-RateLimit-Remaining": "120",
            "X-RateLimit-Reset": "{soon}",
        },
    ],
)
def test_a_count_of_the_day_outlives_an_answer_without_one(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    """Of 100 a day, others have used 60. One answer gives a reset two hours ahead and no count, or
    the count of another action. 40 go that day, however the run goes on."""
    world = World(tmp_path, crowd(60), limit=100)
    world.server.neighbours = False
    spend(world, 60, "acc_1")

    def told(fields: dict[str, Any]) -> Answer | None:
        if world.server.requests != 40:
            return None
        soon = (world.clock.now() + timedelta(minutes=30)).isoformat()
        answer = world.server.accept(fields["accountId"], fields, None)
        return replace(
            answer,
            headers={name: value.replace("{soon}", soon) for name, value in headers.items()},
        )

    world.server.script = told
    for _ in range(4):
        world.run(accounts=("acc_1",), now=True)
        world.clock.advance_to(world.clock.now() + timedelta(hours=1))
    assert (len(world.server.receipts), world.server.requests) == (40, 40)


@pytest.mark.parametrize("limit", [2_001, 10**6, 10**12])
def test_a_limit_that_is_none_is_not_believed_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: int
) -> None:
    """A server that allows a million a day is not believed: the most that is taken for a limit is,
    less what was used. It is told once."""
    world = World(tmp_path, crowd(6), limit=limit)
    world.server.neighbours = False
    spend(world, limit - 10, "acc_1")
    ledger = world.ledger()
    record = world.send(world.campaign(accounts=("acc_1",), now=True), ledger, most=2)
    assert record.sent == 2
    with ledger.read() as connection:
        state = account_state(connection, "acc_1", 1, world.clock.now())
        left = allowance(state.told, state.charged_after, world.clock.now())
    ledger.close()
    assert (left.limit, left.unbelieved, left.remaining) == (BELIEVABLE, limit, 8)
    report = world.run(accounts=("acc_1",), now=True)
    assert (report.sent, report.exit_code) == (4, ExitCode.DONE)
    told = [event for event in world.events if isinstance(event, UnbelievedLimit)]
    assert set(told) == {UnbelievedLimit("acc_1", limit, BELIEVABLE)}
    assert len(told) == 2  # once in each run
    Progress(Goal(60, 60), Console().tell).event(told[0])
    assert f"{limit:,}" in capsys.readouterr().err


# --- the forecast


@pytest.mark.slow
@pytest.mark.parametrize("accounts", [1, 5])
@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles"])
def test_the_forecast_is_the_optimum_and_what_the_rehearsal_does(
    tmp_path: Path, accounts: int, zone: str
) -> None:
    """The forecast is ceil(rows / daily allowance) days, for one account and for five. The plan's
    days and the rehearsal's days are the same."""
    limit, rows = 6, 27 * accounts
    world = World(tmp_path, crowd(rows), limit=limit)
    names = tuple(f"acc_{number}" for number in range(accounts))
    campaign = world.campaign(
        accounts=names, **{**OFFICE, "time_zone": zone}, results=tmp_path / "out.csv"
    )
    plans = []
    done = rehearse(campaign, MONDAY + timedelta(hours=8), limit=limit, plan=plans.append)
    summary = plans[0].summary
    assert [(day.day, day.sent) for day in done.days] == list(summary.days)
    for view in summary.accounts:
        days = {start.astimezone(summary.zone).date() for start, _ in view.windows}
        assert len(days) == ceil(view.waiting / limit)
    assert len(summary.days) == ceil(rows / (limit * accounts))
    assert done.report.summary.totals.sent == rows


def test_the_forecast_knows_holidays_and_the_ramp(tmp_path: Path) -> None:
    """Over Christmas in Bavaria, with 5 more each day, forecast and rehearsal agree day by day."""
    world = World(tmp_path, crowd(90), start=datetime(2026, 12, 22, 6, tzinfo=UTC))
    campaign = world.campaign(
        accounts=("acc_1",),
        holidays="DE-BY",
        ramp="10 +5 to 30",
        **OFFICE,
        results=tmp_path / "out.csv",
    )
    plans = []
    done = rehearse(campaign, world.start, plan=plans.append)
    days = [(day.day, day.sent) for day in done.days]
    assert days == list(plans[0].summary.days)
    assert days == [
        (date(2026, 12, 22), 10),
        (date(2026, 12, 23), 15),
        (date(2026, 12, 24), 20),
        (date(2026, 12, 28), 25),
        (date(2026, 12, 29), 20),
    ]


def test_why_says_what_a_row_waits_for_and_until_when(tmp_path: Path) -> None:
    """The next row, a row whose turn comes on another day, and a sent row each get one sentence.
    The row's attempts follow."""
    world = World(tmp_path, crowd(30), limit=10)
    world.run(accounts=("acc_1",), **OFFICE)
    world.clock.advance_to(MONDAY + timedelta(hours=14))
    summary = summary_of(world)
    ledger = world.ledger()
    said = {
        row: why(ledger, summary, find_line(ledger, summary.campaign, row)) for row in (2, 12, 27)
    }
    ledger.close()
    assert said[12] == [
        (
            "Row 12 is the next on account acc_1, which goes on at Tue 2026-11-24 09:00 UTC (no "
            "more may go now (10 of 10 used))."
        )
    ]
    turn = (
        "waits for its turn after 15 rows on account acc_1, forecast from Wed 2026-11-25 09:00 "
        "UTC on"
    )
    account = "the account goes on at Tue 2026-11-24 09:00 UTC (no more may go now (10 of 10 used))"
    assert said[27] == [f"Row 27 {turn}; {account}."]
    assert said[2][0] == "Row 2 was sent from account acc_1."
    assert said[2][1] == "Looked at Mon 2026-11-23 08:59 UTC: there was no conversation."
    assert said[2][2].startswith(
        "Attempt 1, Mon 2026-11-23 09:00 UTC: the request left; sent (HTTP 200)"
    )


# --- campaigns that share an account


def test_campaigns_run_one_after_the_other_share_the_days_that_follow(tmp_path: Path) -> None:
    """Of two daily runs without a calendar, each gets its half from the second day on. A campaign
    that is done leaves all to the other."""
    world = World(tmp_path, [], limit=20)
    sent: dict[str, list[int]] = {"first": [], "second": []}
    for _ in range(5):
        for name, rows in (("first", 60), ("second", 25)):
            world.people, world.sheet = (
                crowd(rows, start=0 if name == "first" else 1000),
                f"{name}.csv",
            )
            sent[name].append(world.run(accounts=("acc_1",), now=True, min_gap=0, min_days=0).sent)
        world.clock.advance_to((world.clock.now() + timedelta(days=1)).replace(hour=6))
    assert sent["first"] == [20, 10, 10, 15, 5]
    assert sent["second"] == [0, 10, 10, 5, 0]


def test_a_higher_priority_gets_the_larger_share(tmp_path: Path) -> None:
    """With the priorities 3 and 1 in the two files, 40 a day are shared 3 to 1. The forecast says
    so as well."""
    world = World(tmp_path, [], limit=40)
    sent = {}
    for day in range(2):
        for name, priority in (("first", 3), ("second", 1)):
            world.people, world.sheet = (
                crowd(200, start=0 if name == "first" else 1000),
                f"{name}.csv",
            )
            report = world.run(
                accounts=("acc_1",), now=True, min_gap=0, min_days=0, priority=priority
            )
            sent[day, name] = report.sent
        world.clock.advance_to((world.clock.now() + timedelta(days=1)).replace(hour=6))
    assert (sent[1, "first"], sent[1, "second"]) == (30, 10)
    assert [count for _, count in report.summary.days][:1] == [10]


def test_the_settings_of_the_pace_survive_in_the_ledger(tmp_path: Path) -> None:
    """Status and why forecast with the settings that the campaign was run with."""
    world = World(tmp_path, crowd(3))
    campaign = world.campaign(
        reserve=5,
        ramp="10 +5 to 30",
        priority=2,
        holidays="DE-BY, US",
        daily_limit=9,
        min_gap=45,
        hours="8-24",
        days="mon,wed",
    )
    ledger = world.ledger()

    world.send(campaign, ledger)
    with ledger.read() as connection:
        record = campaigns(connection)[0]
    ledger.close()
    assert pace_of(record.settings) == replace(campaign.pace)
    assert {line.status for line in world.lines()} <= {Status.WAITING, Status.SENT}


def test_rows_that_name_other_accounts_are_told_before_sending(tmp_path: Path) -> None:
    """When a list has an accountId column, the plan says which other accounts rows go from, and how
    many."""
    world = World(
        tmp_path, [("A", "person-a", "acc_9"), ("B", "person-b", ""), ("C", "person-c", "acc_9")]
    )
    world.header = ("First Name", "recipientProfileId", "accountId")
    world.run(accounts=("acc_1",), now=True, min_gap=0)
    notice = (
        "Rows of the list name accounts that the campaign does not, and go from those: acc_9 (2)."
    )
    assert notice in world.plans[0].notices
    assert {receipt.account for receipt in world.server.receipts} == {"acc_1", "acc_9"}


@pytest.mark.slow
def test_a_campaign_that_cannot_send_today_keeps_no_share(tmp_path: Path) -> None:
    """Another campaign that sends on Saturdays only, or has a ramp of its own, leaves to this one
    the share that it cannot use."""
    for number, (options, least) in enumerate([({"days": "sat"}, 20), ({"ramp": "3 +1 to 5"}, 16)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = World(folder, [], limit=20)
        sent = []
        for _ in range(3):
            for name, more in (("second", options), ("first", {})):
                world.people, world.sheet = (
                    crowd(80, start=0 if name == "first" else 1000),
                    f"{name}.csv",
                )
                report = world.run(accounts=("acc_1",), min_days=0, **{**OFFICE, **more})
            sent.append(report.sent)
            world.clock.advance_to((world.clock.now() + timedelta(days=1)).replace(hour=6))
        assert min(sent) >= least


def test_at_most_so_many_in_a_run_holds_for_several_accounts(tmp_path: Path) -> None:
    """Two lanes both ask for their quota before they send. Even so, --max 3 is three, not three
    more for each."""
    world = World(tmp_path, crowd(40))
    original = world.server.look_up
    world.server.look_up = lambda headers, target: replace(original(headers, target), delay=0.2)  # type: ignore[method-assign]
    report = world.run(accounts=("acc_1", "acc_2"), now=True, min_gap=1200, most=3, stay=True)
    assert (report.sent, len(world.server.receipts), report.exit_code) == (3, 3, ExitCode.PAUSED)


def test_a_clock_set_back_a_little_forgets_nothing(tmp_path: Path) -> None:
    """When the clock goes back a minute after a message, its spacing holds. The limit and the use
    are still known."""
    world = World(tmp_path, crowd(6), limit=50)
    world.run(accounts=("acc_1",), now=True, min_gap=600, most=2)
    world.clock.step(-60)
    world.run(accounts=("acc_1",), now=True, min_gap=600, most=1)
    assert world.plans[-1].summary.accounts[0].limit == 50
    # A message that is dated ahead may count twice, but it always counts.
    assert 47 <= world.plans[-1].summary.accounts[0].remaining <= 48
    moments = [receipt.at for receipt in world.server.receipts]
    assert moments[2] - moments[1] >= timedelta(minutes=8)


@pytest.mark.parametrize("rehearsing", [False, True])
def test_a_reserve_that_leaves_nothing_is_refused(tmp_path: Path, rehearsing: bool) -> None:
    """A reserve that leaves nothing exits 3 before anything is sent. A rehearsal is refused as
    well, for it would never end."""
    world = World(tmp_path, crowd(3), limit=10)
    options: dict[str, Any] = {"accounts": ("acc_1",), "reserve": 10}
    with pytest.raises(
        RefusedError,
        match=r"Nothing can ever go from acc_1: all .* \(10\) is kept for others \(reserve 10\)",
    ):
        rehearse(world.campaign(**options), MONDAY, limit=10) if rehearsing else world.run(
            **options
        )
    assert world.server.requests == 0
