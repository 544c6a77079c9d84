"""The acts that came with the console: accounts over all campaigns, the outlook of a list that no
ledger has yet, and what is shown page by page."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.action.accounts import accounts
from runner.action.barring import entry, named
from runner.action.outlook import outlook
from runner.action.people import suppress
from runner.action.standing import summary_of
from runner.campaign.recognise import find_campaign
from runner.errors import InterruptedRunError, UsageError
from runner.ledger.erasure import forget
from runner.ledger.record import Status
from runner.ledger.reply import Reply, latest_replies, note_reply, replies
from runner.ledger.suppression import find_suppressions, suppressions
from tests.world import World, crowd


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"daily_limit": 7},
        {"accounts": ("acc_1", "acc_2", "acc_3")},
        {"accounts": ("acc_1", "acc_2"), "ramp": "2 +3 to 20", "reserve": 5},
        {"days": "mon,wed", "hours": "09:00-10:00", "min_gap": 600},
        {"start_date": "2026-12-24", "holidays": "DE"},
    ],
)
def test_the_outlook_is_what_the_forecast_will_be(tmp_path: Path, options: dict[str, Any]) -> None:
    """Before a list is taken in, its days are foreseen as they are afterwards."""
    world = World(tmp_path, crowd(395))
    campaign = world.campaign(**options)
    ledger = world.ledger()
    before = outlook(ledger, campaign, 395, world.clock.now())
    with pytest.raises(InterruptedRunError):
        world.send(campaign, ledger, agree=False)
    after = summary_of(ledger, find_campaign(ledger, None), world.clock.now())
    ledger.close()
    assert before.days == after.days
    assert (before.limit, before.whole) == (after.limit, True)


def test_the_outlook_counts_what_others_have_sent_today(tmp_path: Path) -> None:
    """The quota that another campaign has used is gone for a new one as well."""
    world = World(tmp_path, crowd(20), limit=30)
    world.run(now=True, min_gap=0)
    ledger = world.ledger()
    campaign = world.campaign(now=True, min_gap=0)
    found = outlook(ledger, campaign, 40, world.clock.now())
    ledger.close()
    assert [count for _, count in found.days] == [10, 30]


def test_accounts_are_counted_over_all_campaigns(tmp_path: Path) -> None:
    """Each account has what it sent today in its quota and in its days, whichever campaign it was,
    and the rows that wait for it."""
    world = World(tmp_path, crowd(10), limit=30)
    world.run(now=True, min_gap=0, accounts=("acc_1", "acc_2"), name="one")
    world.people = crowd(9, start=100)
    world.run(now=True, min_gap=0, accounts=("acc_2",), name="two", most=4)
    ledger = world.ledger()
    found = {one.account: one for one in accounts(ledger, world.clock.now(), UTC)}
    ledger.close()
    told = {name: (one.used, one.remaining, one.waiting) for name, one in found.items()}
    assert told == {"acc_1": (5, 25, 0), "acc_2": (9, 21, 5)}
    assert {name: one.days[-1][1] for name, one in found.items()} == {"acc_1": 5, "acc_2": 9}
    assert all(len(one.days) == 14 for one in found.values())
    assert next(iter(found)) == "acc_2"  # it has rows that wait


def test_replies_page_by_page_are_all_of_them(tmp_path: Path) -> None:
    """The pages, put together, are the replies of each campaign, the newest first."""
    world = World(tmp_path, crowd(12))
    world.run(now=True, min_gap=0)
    ledger, now = world.ledger(), world.clock.now()
    with ledger.write() as connection:
        for delivery in (1, 3, 4, 8, 12):
            at = now.replace(microsecond=delivery * 7919 % 1000)
            note_reply(connection, delivery, Reply(at, f"Answer {delivery}", "urn:li:x"), now)
    with ledger.read() as connection:
        every = replies(connection, 1)
        for most in (1, 2, 5, 9):
            paged = []
            while page := latest_replies(connection, 1, len(paged), most):
                paged += page
            assert paged == [(1, one) for one in every]
        assert latest_replies(connection, None, 0, 9) == [(1, one) for one in every]
        assert latest_replies(connection, 2, 0, 9) == []
    ledger.close()


def test_the_list_page_by_page_is_the_whole_list(tmp_path: Path) -> None:
    """The pages have everyone of the list once, also who was forgotten; a text finds those whose
    name or reason holds it."""
    world = World(tmp_path, crowd(1))
    ledger, now = world.ledger(), world.clock.now()
    people = named([f"linkedin.com/in/p-{n}" for n in range(9)], ["Acme GmbH"], ["acme.com"])
    suppress(ledger, people[:5], "asked us", now)
    suppress(ledger, people[5:], "100%", now)
    forget(ledger, [people[0].keys, people[7].keys], now)
    with ledger.read() as connection:
        whole = {(one.identity, one.reason) for one in suppressions(connection)}
        paged: list[tuple[str | None, str | None]] = []
        while page := find_suppressions(connection, "", len(paged), 3)[1]:
            paged += [(one.identity, one.reason) for one in page]
        count, asked = find_suppressions(connection, "ASKED", 0, 99)
        percent, _ = find_suppressions(connection, "100%", 0, 99)
        nothing, _ = find_suppressions(connection, "1000", 0, 99)
    ledger.close()
    assert len(paged) == len(people)
    assert set(paged) == whole
    assert count == len(asked) == 4
    assert (percent, nothing) == (5, 0)


@given(text=st.text(max_size=30))
def test_whom_an_entry_names_is_a_person_or_an_error(text: str) -> None:
    """Any text names somebody, or is refused in words; what the list shows can be named again."""
    for kind in range(3):
        said: list[list[str]] = [[], [], []]
        said[kind] = [text]
        try:
            (found,) = named(*said)
        except UsageError:
            continue
        assert entry(found.identity).keys[0] == found.keys[0]


def test_uncertain_counts_as_such_after_it_is_taken_back(tmp_path: Path) -> None:
    """The counts are those of a walk over the rows, in whatever state they are."""
    world = World(tmp_path, [*crowd(8), ("", "blank"), ("Twin", "person-2")])
    world.run(now=True, min_gap=0, most=5)
    world.people = [*world.people[:3], *world.people[5:8]]
    world.run(now=True, min_gap=0, most=1)
    statuses = world.statuses()
    ledger = world.ledger()
    summary = summary_of(ledger, find_campaign(ledger, None), world.clock.now())
    ledger.close()
    assert summary.totals.sent == statuses.count(Status.SENT.value)
    assert summary.gone == 2
    assert summary.totals.rows == len(statuses) == 6
